-- The name that an order was made under, which is printed on its tickets. The customer's own would do, but that is one for all that was
-- ever bought under an address, and whoever types somebody's address must not rename them. Null: an order from before, which goes by its
-- customer's. Goes with the customer, as their name does.
ALTER TABLE orders ADD COLUMN buyer_name text;
