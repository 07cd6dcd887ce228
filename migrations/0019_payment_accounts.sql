-- Where a house's money is collected: accounts of its own at payment providers.

CREATE TABLE payment_account (
    id           uuid PRIMARY KEY,
    organizer_id uuid NOT NULL REFERENCES organizer,
    provider     text NOT NULL CHECK (provider IN ('stripe', 'razorpay')),
    name         text NOT NULL,
    sealed       text NOT NULL,  -- its keys, under a server key, bound to this row's id
    key_shown    text NOT NULL,  -- the beginning and the end of the key, by which people tell it from others
    live         boolean NOT NULL, -- real money
    has_webhook_secret boolean NOT NULL,
    methods      text[] NOT NULL,
    enabled      boolean NOT NULL,
    position     integer NOT NULL, -- the smallest is offered first
    last_test    jsonb,          -- what came of the last test of its keys
    version      integer NOT NULL DEFAULT 1, -- grows with every change; who has built a client of an older one builds it anew
    archived_at  timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX payment_account_organizer ON payment_account (organizer_id, position, created_at);

-- The method that the buyer chose. What was paid until now was paid at the sandbox, by its card.
ALTER TABLE payment
    ADD COLUMN method   text NOT NULL DEFAULT 'card',
    ADD COLUMN asked_at timestamptz; -- when a browser that came back last made us ask its provider

-- What an attempt of ours is called at Razorpay, which does not find an order by our id for sure, nor closes one.
CREATE TABLE razorpay_order (
    payment_id  uuid PRIMARY KEY,
    account_id  uuid NOT NULL REFERENCES payment_account,
    order_ref   text,        -- null: it was closed before it began
    amount      bigint NOT NULL DEFAULT 0,
    currency    text NOT NULL DEFAULT '',
    method      text NOT NULL DEFAULT '',
    description text NOT NULL DEFAULT '',
    closed_at   timestamptz, -- our page lets nobody pay it any more
    created_at  timestamptz NOT NULL DEFAULT now()
);

-- Why a piece of news asked for nothing to be done.
ALTER TABLE webhook_in ADD COLUMN note text;
