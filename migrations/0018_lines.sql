-- Fees, taxes and discounts know the ticket that they belong to, and every line how much of it is tax.

ALTER TABLE order_line
    ADD COLUMN of_line uuid REFERENCES order_line, -- goes back with it; null: a ticket, or what is the whole order's
    ADD COLUMN tax     bigint NOT NULL DEFAULT 0;  -- how much of the amount it is
