-- Tickets of an order are given for another order.

ALTER TABLE show
    ADD COLUMN exchange_until_s  integer CHECK (exchange_until_s >= 0), -- tickets may be exchanged until so long before; null: never
    ADD COLUMN exchange_fee_kept bigint NOT NULL DEFAULT 0 CHECK (exchange_fee_kept >= 0); -- so much of each ticket is kept

-- What the show said when the order was made.
ALTER TABLE order_hold
    ADD COLUMN exchange_until_s  integer,
    ADD COLUMN exchange_fee_kept bigint;

ALTER TABLE order_line DROP CONSTRAINT order_line_kind_check;
ALTER TABLE order_line ADD CONSTRAINT order_line_kind_check
    CHECK (kind IN ('ticket', 'fee', 'tax', 'discount', 'voucher', 'exchange'));

-- Written with the new order. It ends with that: 'sold' revokes the tickets, 'off' leaves them as they were. 'done' is the old
-- order's own word: its lines are given, and what they are worth beyond the credit is on its way back.
CREATE TABLE order_exchange (
    new_order_id uuid PRIMARY KEY REFERENCES orders,
    old_order_id uuid NOT NULL REFERENCES orders,
    state        text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'sold', 'off', 'done')),
    lines        uuid[] NOT NULL,   -- of the old order
    kept         bigint[] NOT NULL, -- how much of each
    worth        bigint NOT NULL CHECK (worth >= 0),
    credit       bigint NOT NULL CHECK (credit BETWEEN 0 AND worth), -- what the new order takes of it
    returned     bigint NOT NULL DEFAULT 0 CHECK (returned BETWEEN 0 AND credit), -- what has come back of that
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    CHECK (new_order_id <> old_order_id),
    CHECK (cardinality(lines) > 0 AND cardinality(lines) = cardinality(kept))
);
CREATE INDEX order_exchange_old ON order_exchange (old_order_id, created_at);
