-- What prices are made of: lists that are valid for a while, fees and taxes of a house, promo codes.

-- A price list of a show that is valid from a moment until another, before the prices of its table.
CREATE TABLE price_list (
    show_id     uuid NOT NULL REFERENCES show,
    position    integer NOT NULL, -- of two that are valid at once, the first
    name        text NOT NULL,
    valid_from  timestamptz,
    valid_until timestamptz CHECK (valid_until > valid_from),
    prices      jsonb NOT NULL, -- [{"price_level", "ticket_type", "amount"}]
    PRIMARY KEY (show_id, position)
);

-- What a house adds to its prices, and which taxes are in them; without a row: nothing.
CREATE TABLE price_rules (
    organizer_id uuid PRIMARY KEY REFERENCES organizer,
    rules        jsonb NOT NULL,
    version      integer NOT NULL DEFAULT 1,
    updated_at   timestamptz NOT NULL DEFAULT now()
);

-- What the cheapest ticket of a show's default type costs, all fees and taxes in it, and when: for lists and search, which
-- cannot ask the rules for each row. Written with whatever it follows from.
CREATE TABLE show_price_from (
    show_id     uuid NOT NULL REFERENCES show,
    position    integer NOT NULL,
    valid_from  timestamptz, -- null: always was
    valid_until timestamptz, -- null: always will be
    amount      bigint NOT NULL,
    PRIMARY KEY (show_id, position)
);
INSERT INTO show_price_from (show_id, position, amount)
SELECT c.show_id, 0, min(c.amount)
FROM price c JOIN ticket_type t ON t.show_id = c.show_id AND t.key = c.ticket_type
WHERE t.is_default GROUP BY c.show_id;

-- A code that changes prices. Kept as it is read out (upper case, letters and digits).
CREATE TABLE promo_code (
    id               uuid PRIMARY KEY,
    organizer_id     uuid NOT NULL REFERENCES organizer,
    code             text NOT NULL CHECK (code ~ '^[A-Z0-9]{3,40}$'),
    discount         jsonb NOT NULL,
    only_for         jsonb NOT NULL,
    valid_from       timestamptz,
    valid_until      timestamptz CHECK (valid_until > valid_from),
    uses_max         integer CHECK (uses_max >= 1), -- in all
    per_customer_max integer CHECK (per_customer_max >= 1),
    note             text NOT NULL DEFAULT '',
    uses             integer NOT NULL DEFAULT 0 CHECK (uses >= 0), -- orders that have it and have not ended without a sale
    version          integer NOT NULL DEFAULT 1,
    archived_at      timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX promo_code_stands ON promo_code (organizer_id, code) WHERE archived_at IS NULL;
CREATE INDEX promo_code_organizer ON promo_code (organizer_id, created_at, id);

-- An order with a code: counted from the moment it is made until it ends without a sale.
CREATE TABLE promo_use (
    order_id    uuid PRIMARY KEY REFERENCES orders,
    promo_code  uuid NOT NULL REFERENCES promo_code,
    customer_id uuid NOT NULL REFERENCES customer,
    returned_at timestamptz, -- since when it counts no more
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX promo_use_customer ON promo_use (promo_code, customer_id) WHERE returned_at IS NULL;

-- By which price list a ticket was sold; null: by the show's table.
ALTER TABLE order_line ADD COLUMN price_list text;
