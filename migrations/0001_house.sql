-- The whole house in its first form. Expand, then contract: a later migration adds, and takes away only what no running
-- version of the server reads any more.
--
-- Money is bigint minor units beside a three-letter currency. Moments are timestamptz. Ids come from the server.

-- ── The platform ────────────────────────────────────────────────────────────────────────────────────────────────────

-- What the house as a whole is set to: name, currency, locale, time zone, demo, set-up token.
CREATE TABLE setting (
    key         text PRIMARY KEY,
    value       jsonb NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT now()
);

-- Keys that sign tokens, links, tickets and webhooks. `sealed` is encrypted with the installation's secret.
CREATE TABLE server_key (
    kid         text PRIMARY KEY,
    purpose     text NOT NULL CHECK (purpose IN ('hold_token', 'order_token', 'link', 'ticket', 'sandbox_webhook')),
    sealed      bytea NOT NULL,
    public      bytea,
    created_at  timestamptz NOT NULL DEFAULT now(),
    retired_at  timestamptz
);
CREATE UNIQUE INDEX server_key_current ON server_key (purpose) WHERE retired_at IS NULL;

-- ── People of the house ─────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE organizer (
    id          uuid PRIMARY KEY,
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    external_id text,
    metadata    jsonb NOT NULL DEFAULT '{}',
    version     integer NOT NULL DEFAULT 1,
    archived_at timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE app_user (
    id               uuid PRIMARY KEY,
    email            text NOT NULL,
    email_normalized text NOT NULL UNIQUE,
    name             text NOT NULL,
    password_hash    text,
    is_admin         boolean NOT NULL DEFAULT false,
    disabled_at      timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE membership (
    user_id      uuid NOT NULL REFERENCES app_user,
    organizer_id uuid NOT NULL REFERENCES organizer,
    role         text NOT NULL CHECK (role IN ('organizer', 'box_office', 'scanner')),
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, organizer_id)
);

-- What proves who somebody is: a browser's session, or a bearer token made on the command line. Only hashes are kept.
CREATE TABLE access_token (
    id           uuid PRIMARY KEY,
    user_id      uuid NOT NULL REFERENCES app_user,
    kind         text NOT NULL CHECK (kind IN ('session', 'bearer')),
    hash         bytea NOT NULL UNIQUE,
    label        text NOT NULL DEFAULT '',
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    expires_at   timestamptz,
    revoked_at   timestamptz
);
CREATE INDEX access_token_user ON access_token (user_id);

-- ── The catalogue ───────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE venue (
    id           uuid PRIMARY KEY,
    organizer_id uuid NOT NULL REFERENCES organizer,
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    address      text NOT NULL DEFAULT '',
    city         text NOT NULL,
    country      text NOT NULL DEFAULT '',
    time_zone    text NOT NULL,
    external_id  text,
    metadata     jsonb NOT NULL DEFAULT '{}',
    version      integer NOT NULL DEFAULT 1,
    archived_at  timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX venue_organizer ON venue (organizer_id);

CREATE TABLE plan (
    id           uuid PRIMARY KEY,
    organizer_id uuid NOT NULL REFERENCES organizer,
    venue_id     uuid REFERENCES venue,
    name         text NOT NULL,
    version      integer NOT NULL DEFAULT 1,
    archived_at  timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX plan_organizer ON plan (organizer_id);

-- An immutable version of a plan: the open seating-plan JSON as it was imported.
CREATE TABLE plan_version (
    id         uuid PRIMARY KEY,
    plan_id    uuid NOT NULL REFERENCES plan,
    number     integer NOT NULL,
    document   jsonb NOT NULL,
    seats      integer NOT NULL,
    places     integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (plan_id, number)
);

-- A number for each seat guid and each area id, given once in a plan's life and never reused: the journal names seats by it.
CREATE TABLE plan_seat_number (
    plan_id   uuid NOT NULL REFERENCES plan,
    seat_guid text NOT NULL,
    number    integer NOT NULL,
    PRIMARY KEY (plan_id, seat_guid),
    UNIQUE (plan_id, number)
);
CREATE TABLE plan_area_number (
    plan_id uuid NOT NULL REFERENCES plan,
    area_id text NOT NULL,
    number  integer NOT NULL,
    PRIMARY KEY (plan_id, area_id),
    UNIQUE (plan_id, number)
);

CREATE TABLE production (
    id           uuid PRIMARY KEY,
    organizer_id uuid NOT NULL REFERENCES organizer,
    title        text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    subtitle     text NOT NULL DEFAULT '',
    kind         text NOT NULL,
    genre        text NOT NULL DEFAULT '',
    language     text NOT NULL DEFAULT '',
    summary      text NOT NULL DEFAULT '',
    description  text NOT NULL DEFAULT '',
    duration_min integer CHECK (duration_min > 0),
    age_min      integer CHECK (age_min >= 0),
    credits      jsonb NOT NULL DEFAULT '[]',
    poster_seed  bigint NOT NULL DEFAULT 0,
    external_id  text,
    metadata     jsonb NOT NULL DEFAULT '{}',
    version      integer NOT NULL DEFAULT 1,
    archived_at  timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    search       tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('simple', subtitle || ' ' || genre), 'B')
        || setweight(to_tsvector('simple', summary), 'C') || setweight(to_tsvector('simple', description), 'D')
    ) STORED
);
CREATE INDEX production_organizer ON production (organizer_id);
CREATE INDEX production_search ON production USING gin (search);

-- A show. Its rules are the wish of the house; the show's own journal is what is in force, and is brought in line at every
-- change and at every activation. Its state lives in the journal and is read from show_summary.
CREATE TABLE show (
    id                   uuid PRIMARY KEY,
    organizer_id         uuid NOT NULL REFERENCES organizer,
    production_id        uuid NOT NULL REFERENCES production,
    venue_id             uuid NOT NULL REFERENCES venue,
    plan_version_id      uuid NOT NULL REFERENCES plan_version,
    currency             text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    starts_at            timestamptz NOT NULL,
    doors_at             timestamptz,
    on_sale_at           timestamptz,
    sales_end_at         timestamptz,
    hold_ttl_s           integer NOT NULL DEFAULT 480 CHECK (hold_ttl_s >= 1),
    extend_max_s         integer NOT NULL DEFAULT 1200 CHECK (extend_max_s >= hold_ttl_s),
    pay_within_s         integer NOT NULL DEFAULT 600 CHECK (pay_within_s >= 1),
    seats_per_hold_max   integer NOT NULL DEFAULT 10 CHECK (seats_per_hold_max >= 1),
    holds_per_buyer_max  integer CHECK (holds_per_buyer_max >= 1),
    places_per_buyer_max integer CHECK (places_per_buyer_max >= 1),
    orphan_rule          text NOT NULL DEFAULT 'off' CHECK (orphan_rule IN ('off', 'lenient', 'strict')),
    cancel_until_s       integer CHECK (cancel_until_s >= 0), -- customers may cancel until so long before the start; null: never
    external_id          text,
    metadata             jsonb NOT NULL DEFAULT '{}',
    version              integer NOT NULL DEFAULT 1,
    archived_at          timestamptz,
    created_at           timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX show_production ON show (production_id, starts_at);
CREATE INDEX show_venue ON show (venue_id, starts_at);
CREATE INDEX show_starts ON show (starts_at, id);
CREATE INDEX show_organizer ON show (organizer_id, starts_at);

CREATE TABLE ticket_type (
    show_id     uuid NOT NULL REFERENCES show,
    key         text NOT NULL CHECK (key ~ '^[a-z0-9_-]{1,40}$'),
    id          uuid NOT NULL UNIQUE,
    name        text NOT NULL,
    description text NOT NULL DEFAULT '',
    is_default  boolean NOT NULL DEFAULT false,
    position    integer NOT NULL,
    PRIMARY KEY (show_id, key)
);
CREATE UNIQUE INDEX ticket_type_default ON ticket_type (show_id) WHERE is_default;

-- The key that a show's price table gives to one category of its plan.
CREATE TABLE price_level (
    show_id  uuid NOT NULL REFERENCES show,
    key      text NOT NULL CHECK (key ~ '^[a-z0-9_-]{1,40}$'),
    name     text NOT NULL,
    category text NOT NULL,
    color    text NOT NULL CHECK (color ~ '^#[0-9a-fA-F]{6}$'),
    position integer NOT NULL,
    PRIMARY KEY (show_id, key),
    UNIQUE (show_id, category)
);

CREATE TABLE price (
    show_id     uuid NOT NULL,
    price_level text NOT NULL,
    ticket_type text NOT NULL,
    amount      bigint NOT NULL CHECK (amount >= 0),
    PRIMARY KEY (show_id, price_level, ticket_type),
    FOREIGN KEY (show_id, price_level) REFERENCES price_level (show_id, key) ON DELETE CASCADE,
    FOREIGN KEY (show_id, ticket_type) REFERENCES ticket_type (show_id, key) ON DELETE CASCADE
);

-- ── The shows' own tables: written by the journal, read by everybody ────────────────────────────────────────────────

-- A server process and its lease, on this database's clock.
CREATE TABLE node (
    id          uuid PRIMARY KEY,
    name        text NOT NULL,
    started_at  timestamptz NOT NULL DEFAULT now(),
    lease_until timestamptz NOT NULL
);

-- Who may write a show's journal. Every append locks this row and compares the epoch.
CREATE TABLE show_owner (
    show_id     uuid PRIMARY KEY,
    node_id     uuid NOT NULL REFERENCES node,
    epoch       bigint NOT NULL,
    handed_over boolean NOT NULL DEFAULT false, -- the owner let go on purpose; anybody may acquire
    acquired_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX show_owner_node ON show_owner (node_id);

CREATE TABLE journal (
    show_id uuid NOT NULL,
    seq     bigint NOT NULL CHECK (seq >= 1),
    epoch   bigint NOT NULL,
    at      timestamptz NOT NULL,
    event   jsonb NOT NULL,
    PRIMARY KEY (show_id, seq)
);

CREATE TABLE snapshot (
    show_id  uuid NOT NULL,
    seq      bigint NOT NULL,
    epoch    bigint NOT NULL,
    taken_at timestamptz NOT NULL,
    image    bytea NOT NULL,
    PRIMARY KEY (show_id, seq)
);

-- What lists and search need to know of a show without waking it.
CREATE TABLE show_summary (
    show_id        uuid PRIMARY KEY,
    seq            bigint NOT NULL,
    state          text NOT NULL CHECK (state IN ('draft', 'published', 'paused', 'cancelled', 'moved', 'ended')),
    public_message text,
    next_deadline  timestamptz,
    counts         jsonb NOT NULL, -- {"Premium": {"available": 10, "held": 0, "booked": 2, "blocked": 0}}, by category
    available      bigint NOT NULL,
    places         bigint NOT NULL,
    updated_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX show_summary_deadline ON show_summary (next_deadline) WHERE next_deadline IS NOT NULL;

-- ── Orders and money ────────────────────────────────────────────────────────────────────────────────────────────────

-- The only home of a customer's personal data.
CREATE TABLE customer (
    id               uuid PRIMARY KEY,
    organizer_id     uuid NOT NULL REFERENCES organizer,
    email            text NOT NULL,
    email_normalized text NOT NULL,
    name             text NOT NULL,
    locale           text NOT NULL DEFAULT 'en',
    erased_at        timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organizer_id, email_normalized)
);

-- An order and the state of its saga. Never deleted.
CREATE TABLE orders (
    id                 uuid PRIMARY KEY,
    number             text NOT NULL UNIQUE,
    organizer_id       uuid NOT NULL REFERENCES organizer,
    customer_id        uuid NOT NULL REFERENCES customer,
    state              text NOT NULL CHECK (state IN ('awaiting_payment', 'in_review', 'authorized', 'booked', 'captured',
                           'confirmed', 'expired', 'refunding', 'refunded', 'partially_refunded', 'cancelled')),
    total              bigint NOT NULL CHECK (total >= 0),
    currency           text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    pay_by             timestamptz,
    accept_equal_seats boolean NOT NULL DEFAULT false,
    terms_version      text,
    external_id        text,
    metadata           jsonb NOT NULL DEFAULT '{}',
    -- The worker's own: when this order wants to be looked at again. Null: it rests.
    next_step_at       timestamptz,
    attempts           integer NOT NULL DEFAULT 0,
    last_problem       text,
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now(),
    confirmed_at       timestamptz
);
CREATE INDEX orders_organizer ON orders (organizer_id, created_at DESC);
CREATE INDEX orders_customer ON orders (customer_id, created_at DESC);
CREATE INDEX orders_next_step ON orders (next_step_at) WHERE next_step_at IS NOT NULL;

-- The holds that an order pays for: n holds of n shows. The saga loops over them and undoes whole.
CREATE TABLE order_hold (
    order_id   uuid NOT NULL REFERENCES orders,
    show_id    uuid NOT NULL REFERENCES show,
    hold_id    uuid NOT NULL,
    booking_id uuid NOT NULL, -- given with the intent, so that a repeated Book is the same Book
    position   integer NOT NULL,
    PRIMARY KEY (order_id, hold_id)
);
CREATE INDEX order_hold_hold ON order_hold (show_id, hold_id);

CREATE TABLE order_line (
    id          uuid PRIMARY KEY,
    order_id    uuid NOT NULL REFERENCES orders,
    position    integer NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('ticket', 'fee', 'tax', 'discount')),
    label       text NOT NULL,
    show_id     uuid REFERENCES show,
    hold_id     uuid,
    seat_guid   text,
    section     text,
    row_label   text,
    seat_label  text,
    area_id     text,
    price_level text,
    ticket_type text,
    quantity    integer NOT NULL DEFAULT 1 CHECK (quantity >= 1),
    amount      bigint NOT NULL, -- of the whole line
    cancelled_at timestamptz,
    UNIQUE (order_id, position)
);

-- One attempt to pay an order.
CREATE TABLE payment (
    id             uuid PRIMARY KEY, -- also our id in the provider's metadata
    order_id       uuid NOT NULL REFERENCES orders,
    attempt        integer NOT NULL,
    provider       text NOT NULL,
    account        text NOT NULL DEFAULT 'default',
    method_kind    text NOT NULL CHECK (method_kind IN ('authorise_then_capture', 'paid_at_once')),
    status         text NOT NULL CHECK (status IN ('starting', 'pending', 'authorized', 'captured', 'declined', 'cancelling', 'cancelled', 'refunded')),
    amount         bigint NOT NULL CHECK (amount >= 0),
    currency       text NOT NULL,
    provider_ref   text,
    checkout_url   text,
    -- When the buyer paid, by the provider's clock: late money is judged by it.
    paid_at        timestamptz,
    next_check_at  timestamptz,
    last_problem   text,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    UNIQUE (order_id, attempt)
);
CREATE UNIQUE INDEX payment_provider_ref ON payment (provider, account, provider_ref) WHERE provider_ref IS NOT NULL;
CREATE INDEX payment_next_check ON payment (next_check_at) WHERE next_check_at IS NOT NULL;

CREATE TABLE refund (
    id           uuid PRIMARY KEY, -- also the idempotency key at the provider
    order_id     uuid NOT NULL REFERENCES orders,
    payment_id   uuid NOT NULL REFERENCES payment,
    -- Why, as a word: one payment has at most one refund of each cause, so a repeated decision is the same refund.
    cause        text NOT NULL,
    amount       bigint NOT NULL CHECK (amount > 0),
    currency     text NOT NULL,
    status       text NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed')),
    reason       text NOT NULL DEFAULT '',
    provider_ref text,
    attempts     integer NOT NULL DEFAULT 0,
    next_try_at  timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    settled_at   timestamptz,
    UNIQUE (payment_id, cause)
);
CREATE INDEX refund_order ON refund (order_id);
CREATE INDEX refund_next_try ON refund (next_try_at) WHERE next_try_at IS NOT NULL;

-- What providers told us, stored before they get their 2xx. Replayable.
CREATE TABLE webhook_in (
    provider     text NOT NULL,
    account      text NOT NULL,
    event_id     text NOT NULL,
    body         bytea NOT NULL,
    received_at  timestamptz NOT NULL DEFAULT now(),
    processed_at timestamptz,
    attempts     integer NOT NULL DEFAULT 0,
    last_problem text,
    PRIMARY KEY (provider, account, event_id)
);
CREATE INDEX webhook_in_waiting ON webhook_in (received_at) WHERE processed_at IS NULL;

-- The books: double entry. Rows are appended, never changed; each transaction sums to zero in its currency.
CREATE TABLE ledger_transaction (
    id           uuid PRIMARY KEY,
    organizer_id uuid NOT NULL REFERENCES organizer,
    order_id     uuid REFERENCES orders,
    kind         text NOT NULL,
    -- What this transaction books, so that booking it twice is impossible: 'capture:<payment>', 'refund:<refund>', …
    source       text NOT NULL UNIQUE,
    at           timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ledger_transaction_order ON ledger_transaction (order_id);
CREATE TABLE ledger_entry (
    transaction_id uuid NOT NULL REFERENCES ledger_transaction,
    position       integer NOT NULL,
    account        text NOT NULL,
    show_id        uuid REFERENCES show,
    amount         bigint NOT NULL, -- debit positive, credit negative
    currency       text NOT NULL,
    PRIMARY KEY (transaction_id, position)
);
CREATE INDEX ledger_entry_account ON ledger_entry (account);

CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is only ever appended to';
END $$;
CREATE TRIGGER ledger_transaction_append_only BEFORE UPDATE OR DELETE ON ledger_transaction
    FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only();
CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OR DELETE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only();

CREATE FUNCTION ledger_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM ledger_entry WHERE transaction_id = NEW.transaction_id GROUP BY currency HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'ledger transaction % does not balance', NEW.transaction_id;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_entry_balances AFTER INSERT ON ledger_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_balances();

-- ── Tickets ─────────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE ticket (
    id          uuid PRIMARY KEY,
    order_id    uuid NOT NULL REFERENCES orders,
    line_id     uuid NOT NULL REFERENCES order_line,
    position    integer NOT NULL, -- within the line: an area's line has as many tickets as its quantity
    show_id     uuid NOT NULL REFERENCES show,
    booking_id  uuid NOT NULL,
    seat_guid   text,
    area_id     text,
    status      text NOT NULL CHECK (status IN ('valid', 'suspended', 'revoked')),
    issued_at   timestamptz NOT NULL DEFAULT now(),
    UNIQUE (line_id, position)
);
CREATE INDEX ticket_order ON ticket (order_id);
-- The second fence below the show: a seat has at most one ticket that admits.
CREATE UNIQUE INDEX ticket_seat_once ON ticket (show_id, seat_guid) WHERE seat_guid IS NOT NULL AND status <> 'revoked';

-- ── Telling people ──────────────────────────────────────────────────────────────────────────────────────────────────

-- "Send this", written with the change that made it true.
CREATE TABLE outbox (
    id           uuid PRIMARY KEY,
    kind         text NOT NULL,
    -- Says the same thing once: 'order_confirmation:<order>'.
    dedup        text NOT NULL UNIQUE,
    payload      jsonb NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    next_try_at  timestamptz NOT NULL DEFAULT now(),
    attempts     integer NOT NULL DEFAULT 0,
    done_at      timestamptz,
    last_problem text
);
CREATE INDEX outbox_waiting ON outbox (next_try_at) WHERE done_at IS NULL;

-- Mails, as they were sent, or kept in the mailbox where no SMTP is configured.
CREATE TABLE mail (
    id           uuid PRIMARY KEY,
    outbox_id    uuid UNIQUE REFERENCES outbox,
    organizer_id uuid REFERENCES organizer,
    recipient    text NOT NULL,
    subject      text NOT NULL,
    text_body    text NOT NULL,
    html_body    text NOT NULL,
    status       text NOT NULL CHECK (status IN ('kept', 'sent', 'failed')),
    created_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX mail_created ON mail (created_at DESC, id);
CREATE TABLE mail_attachment (
    mail_id      uuid NOT NULL REFERENCES mail ON DELETE CASCADE,
    name         text NOT NULL,
    content_type text NOT NULL,
    body         bytea NOT NULL,
    PRIMARY KEY (mail_id, name)
);

-- ── The same request twice ──────────────────────────────────────────────────────────────────────────────────────────

-- Answers of mutating calls other than a show's commands, kept for 24 hours in the transaction of the work.
CREATE TABLE idempotency (
    scope        text NOT NULL,
    route        text NOT NULL,
    key          text NOT NULL,
    request_hash bytea NOT NULL,
    status       smallint,
    answer       jsonb,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (scope, route, key)
);
CREATE INDEX idempotency_created ON idempotency (created_at);
