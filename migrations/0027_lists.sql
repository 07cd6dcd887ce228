-- What was read whole at a million bookings (docs/DATABASE.md has the figures), and indices that no query needed.

-- The desk's lists, newest first, with whatever filter: a page of them is the end of this.
CREATE INDEX orders_created ON orders (created_at DESC, id DESC);
CREATE INDEX payment_created ON payment (created_at DESC, id DESC);

-- Who has this address, in whatever house: guests who look for their orders, an account whose address was just proven, somebody who
-- is to be forgotten. The unique key begins with the house.
CREATE INDEX customer_email ON customer (email_normalized);

-- Shows that are awake, or were when their owner died: asked for each time somebody looks for shows to be woken.
CREATE INDEX show_owner_awake ON show_owner (show_id) WHERE NOT handed_over;

-- A house has a dozen accounts and each is in a good part of the entries: whoever asks for one reads them by their transactions.
DROP INDEX ledger_entry_account;
-- The desk goes by `payment_idle` now; a payment of an order is found by (order_id, attempt).
DROP INDEX payment_captured;
