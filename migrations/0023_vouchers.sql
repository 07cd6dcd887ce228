-- Gift vouchers: money of one currency that a house owes whoever has the code.

CREATE TABLE voucher (
    id           uuid PRIMARY KEY,
    organizer_id uuid NOT NULL REFERENCES organizer,
    hash         bytea NOT NULL, -- SHA-256 of house and code; the code itself nobody keeps
    prefix       text NOT NULL,  -- its first characters, by which people recognise it
    amount       bigint NOT NULL CHECK (amount > 0),
    balance      bigint NOT NULL CHECK (balance BETWEEN 0 AND amount),
    currency     text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    valid_until  timestamptz, -- null: for good
    reason       text NOT NULL DEFAULT '',
    voided_at    timestamptz, -- since when it pays nothing any more
    version      integer NOT NULL DEFAULT 1,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX voucher_hash ON voucher (organizer_id, hash);
CREATE INDEX voucher_organizer ON voucher (organizer_id, created_at, id);

ALTER TABLE order_line DROP CONSTRAINT order_line_kind_check;
ALTER TABLE order_line ADD CONSTRAINT order_line_kind_check CHECK (kind IN ('ticket', 'fee', 'tax', 'discount', 'voucher'));

-- What an order was paid with a voucher: taken with the order, and back where it ends without a sale.
CREATE TABLE voucher_use (
    line_id     uuid PRIMARY KEY REFERENCES order_line,
    order_id    uuid NOT NULL UNIQUE REFERENCES orders,
    voucher_id  uuid NOT NULL REFERENCES voucher,
    amount      bigint NOT NULL CHECK (amount > 0),
    returned_at timestamptz, -- since when it is on the voucher again, because nothing was sold for it
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX voucher_use_voucher ON voucher_use (voucher_id);

-- What has changed a balance; its sum is the balance. The id follows from what it is about, so that nothing moves twice.
CREATE TABLE voucher_movement (
    id         uuid PRIMARY KEY,
    voucher_id uuid NOT NULL REFERENCES voucher,
    kind       text NOT NULL CHECK (kind IN ('issued', 'taken', 'returned', 'given_back', 'voided')),
    amount     bigint NOT NULL CHECK (amount <> 0),
    order_id   uuid REFERENCES orders,
    at         timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX voucher_movement_voucher ON voucher_movement (voucher_id, at, id);

-- Money that goes back goes to a payment, or onto what a voucher had paid.
ALTER TABLE refund ALTER COLUMN payment_id DROP NOT NULL;
ALTER TABLE refund
    ADD COLUMN line_id uuid REFERENCES order_line,
    ADD CONSTRAINT refund_goes_one_way CHECK ((payment_id IS NULL) <> (line_id IS NULL));
CREATE UNIQUE INDEX refund_line_cause ON refund (line_id, cause) WHERE line_id IS NOT NULL;
