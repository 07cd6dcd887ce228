-- What the orders' saga remembers between two steps.

ALTER TABLE orders
    ADD COLUMN request_hash  bytea,  -- of the request that made it: the same key with another body is refused
    ADD COLUMN pay_within_ms bigint, -- one for all its holds
    ADD COLUMN paid_with     uuid REFERENCES payment, -- the payment that the seats are sold for; any other is given back
    ADD COLUMN saga_version  bigint NOT NULL DEFAULT 0; -- grows with each change: who saw an older one looks again

-- How far each hold has come.
ALTER TABLE order_hold
    ADD COLUMN state text NOT NULL DEFAULT 'intended'
        CHECK (state IN ('intended', 'paying', 'booked', 'lost', 'open', 'ended', 'returned')),
    ADD COLUMN seats text[] NOT NULL DEFAULT '{}', -- as they were when the payment began: late money buys these
    ADD COLUMN areas jsonb NOT NULL DEFAULT '[]';

-- Wanted back by its buyer, and not yet given back.
ALTER TABLE order_line ADD COLUMN giving_back boolean NOT NULL DEFAULT false;
