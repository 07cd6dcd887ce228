-- The house looks at an order before it takes the money, where its rules want that.

ALTER TABLE orders
    -- Orders that are there already were never to be judged, unless they still await their payment.
    ADD COLUMN review          text NOT NULL DEFAULT 'none' CHECK (review IN ('unjudged', 'none', 'flagged', 'wanted',
                                   'accepted', 'refused', 'lapsed', 'withdrawn', 'let_go')),
    ADD COLUMN review_by       timestamptz, -- until when staff decide; set once it was held
    ADD COLUMN review_findings jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN review_reason   text NOT NULL DEFAULT ''; -- staff's words
ALTER TABLE orders ALTER COLUMN review SET DEFAULT 'unjudged';
UPDATE orders SET review = 'unjudged' WHERE state = 'awaiting_payment';
CREATE INDEX orders_in_review ON orders (organizer_id, review_by) WHERE state = 'in_review';

-- What a payment was made with, as a mark that says nothing but "the same".
ALTER TABLE payment
    ADD COLUMN instrument         uuid,
    ADD COLUMN instrument_country text;
CREATE INDEX payment_instrument ON payment (instrument, created_at) WHERE instrument IS NOT NULL;

-- Where an order came from, as keyed hashes: no address can be read from them, and the same one has the same. Kept briefly.
CREATE TABLE order_trace (
    order_id     uuid PRIMARY KEY REFERENCES orders,
    organizer_id uuid NOT NULL REFERENCES organizer,
    address      text, -- of its network; null where that says nothing, as for this machine
    device       text, -- of its browser there
    places       integer NOT NULL,
    at           timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX order_trace_address ON order_trace (organizer_id, address, at) WHERE address IS NOT NULL;
CREATE INDEX order_trace_device ON order_trace (organizer_id, device, at) WHERE device IS NOT NULL;
CREATE INDEX order_trace_at ON order_trace (at);

-- What a house wishes of its rules; without a row they are as the server has them.
CREATE TABLE fraud_rules (
    organizer_id uuid PRIMARY KEY REFERENCES organizer,
    rules        jsonb NOT NULL,
    version      integer NOT NULL DEFAULT 1,
    updated_at   timestamptz NOT NULL DEFAULT now()
);

-- The sandbox's test card.
ALTER TABLE sandbox_payment ADD COLUMN card text;
