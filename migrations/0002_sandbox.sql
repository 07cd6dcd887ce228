-- The sandbox gateway's own memory. It behaves like a provider outside: nothing else of the house reads these tables.

CREATE TABLE sandbox_payment (
    id          uuid PRIMARY KEY, -- the house's id of the payment, as a provider keeps it in its metadata
    amount      bigint NOT NULL CHECK (amount >= 0),
    currency    text NOT NULL,
    description text NOT NULL DEFAULT '',
    return_path text NOT NULL DEFAULT '/',
    pay_by      timestamptz NOT NULL,
    status      text NOT NULL CHECK (status IN ('open', 'authorized', 'captured', 'declined', 'cancelled')),
    -- The buyer's choice that is acted on later: 'late' and 'late_in_time' wait for the house's cancel, 'twice' for its capture.
    plan        text CHECK (plan IN ('abandon', 'late', 'late_in_time', 'twice')),
    pressed_at  timestamptz, -- when the buyer chose
    paid_at     timestamptz, -- the date of the payment, as the house is told
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);

-- The money that moved: one row a charge. 'twice' makes two of one payment.
CREATE TABLE sandbox_charge (
    provider_ref text PRIMARY KEY,
    payment_id   uuid NOT NULL REFERENCES sandbox_payment,
    amount       bigint NOT NULL,
    at           timestamptz NOT NULL
);
CREATE INDEX sandbox_charge_payment ON sandbox_charge (payment_id);

CREATE TABLE sandbox_refund (
    id           uuid PRIMARY KEY, -- the house's id: the same wish is the same refund
    payment_id   uuid NOT NULL REFERENCES sandbox_payment,
    provider_ref text NOT NULL,
    amount       bigint NOT NULL CHECK (amount > 0),
    created_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sandbox_refund_ref ON sandbox_refund (provider_ref);

-- News for the house, each to be delivered twice, over HTTP and signed, until it is taken.
CREATE TABLE sandbox_webhook (
    id          uuid PRIMARY KEY,
    payment_id  uuid NOT NULL REFERENCES sandbox_payment,
    body        jsonb NOT NULL,
    sends_left  integer NOT NULL DEFAULT 2,
    attempts    integer NOT NULL DEFAULT 0,
    next_try_at timestamptz NOT NULL DEFAULT now(),
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sandbox_webhook_waiting ON sandbox_webhook (next_try_at) WHERE sends_left > 0;
CREATE INDEX sandbox_webhook_payment ON sandbox_webhook (payment_id);
