-- What happens to money after the sale: claims of buyers' banks, the list of what somebody must look at, and what providers say
-- that they have paid out.

-- What a house wishes of tickets whose payment is disputed; without a row they are only marked.
CREATE TABLE dispute_rules (
    organizer_id uuid PRIMARY KEY REFERENCES organizer,
    tickets      text NOT NULL CHECK (tickets IN ('flag', 'suspend')),
    version      integer NOT NULL DEFAULT 1,
    updated_at   timestamptz NOT NULL DEFAULT now()
);

-- A claim that a buyer made at their bank against one payment.
CREATE TABLE dispute (
    id           uuid PRIMARY KEY, -- follows from the provider and its name for it
    order_id     uuid NOT NULL REFERENCES orders,
    payment_id   uuid NOT NULL REFERENCES payment,
    provider_ref text NOT NULL,
    state        text NOT NULL CHECK (state IN ('opened', 'won', 'lost')),
    amount       bigint NOT NULL CHECK (amount >= 0),
    currency     text NOT NULL,
    fee          bigint NOT NULL DEFAULT 0 CHECK (fee >= 0),
    suspends     boolean NOT NULL,
    opened_at    timestamptz NOT NULL,
    decided_at   timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    CHECK ((state = 'opened') = (decided_at IS NULL))
);
CREATE INDEX dispute_order ON dispute (order_id);
CREATE INDEX dispute_unsettled ON dispute (opened_at) WHERE state <> 'won';

-- News about a payment that we know nothing of: what it said, as far as somebody must know who looks into it.
ALTER TABLE webhook_in
    ADD COLUMN stray          text, -- what happened to that payment; null: it is about one of ours, or was not read
    ADD COLUMN stray_ref      text,
    ADD COLUMN stray_amount   bigint,
    ADD COLUMN stray_currency text;
CREATE INDEX webhook_in_stray ON webhook_in (received_at) WHERE stray IS NOT NULL;

-- The sandbox's own claims.
CREATE TABLE sandbox_dispute (
    id           text PRIMARY KEY,
    payment_id   uuid NOT NULL REFERENCES sandbox_payment,
    provider_ref text NOT NULL,
    amount       bigint NOT NULL,
    state        text NOT NULL CHECK (state IN ('opened', 'won', 'lost')),
    updated_at   timestamptz NOT NULL DEFAULT now()
);

-- The list reads these; each is few among many.
CREATE INDEX refund_unsettled ON refund (created_at) WHERE status <> 'succeeded';
CREATE INDEX payment_unsettled ON payment (updated_at) WHERE status IN ('starting', 'pending', 'cancelling', 'authorized');
CREATE INDEX payment_captured ON payment (order_id) WHERE status IN ('captured', 'refunded');
CREATE INDEX orders_troubled ON orders (updated_at) WHERE attempts >= 8;
-- Reports read these.
CREATE INDEX orders_confirmed ON orders (confirmed_at) WHERE confirmed_at IS NOT NULL;
CREATE INDEX order_line_cancelled ON order_line (cancelled_at) WHERE cancelled_at IS NOT NULL;
CREATE INDEX ledger_transaction_at ON ledger_transaction (at);

-- What somebody must look at, with the same id for the same cause. `cause` is what makes it new again once it was closed.
CREATE VIEW money_work AS
WITH found AS (
    -- Money that is here and has bought nothing, until it has gone back.
    SELECT CASE WHEN o.paid_with IS NOT NULL THEN 'duplicate'
                WHEN p.currency = o.currency AND p.amount > o.total THEN 'overpaid'
                ELSE 'underpaid' END AS kind,
           o.organizer_id, o.id AS order_id, p.id::text AS subject, p.amount::text AS cause,
           p.amount - r.back - r.lost AS amount, p.currency, coalesce(p.paid_at, p.updated_at) AS since, p.provider,
           p.provider_ref AS detail
    FROM payment p JOIN orders o ON o.id = p.order_id
    CROSS JOIN LATERAL (
        SELECT (SELECT coalesce(sum(f.amount), 0) FROM refund f WHERE f.payment_id = p.id AND f.status = 'succeeded') AS back,
               (SELECT coalesce(sum(d.amount), 0) FROM dispute d WHERE d.payment_id = p.id AND d.state = 'lost') AS lost) r
    -- Also what was given back once, and came back.
    WHERE p.status IN ('captured', 'refunded') AND p.id IS DISTINCT FROM o.paid_with AND p.amount - r.back - r.lost > 0
      AND (p.amount <> o.total OR p.currency <> o.currency OR o.paid_with IS NOT NULL)
    UNION ALL
    SELECT 'captured_without_order',
           -- Whose account was told; of one for all of them, the house where there is only one.
           coalesce((SELECT a.organizer_id FROM payment_account a WHERE a.id::text = w.account),
                    (SELECT min(g.id::text)::uuid FROM organizer g WHERE g.archived_at IS NULL HAVING count(*) = 1)),
           NULL, w.provider || '/' || w.account || '/' || w.event_id, coalesce(w.stray_ref, ''), w.stray_amount, w.stray_currency,
           w.received_at, w.provider, w.stray_ref
    FROM webhook_in w WHERE w.stray IN ('authorized', 'captured')
    UNION ALL
    -- Those of money that bought nothing are in the list by that money.
    SELECT 'refund_failed', o.organizer_id, o.id, r.id::text, r.status, r.amount, r.currency, coalesce(r.settled_at, r.created_at),
           p.provider, r.reason
    FROM refund r JOIN orders o ON o.id = r.order_id JOIN payment p ON p.id = r.payment_id
    WHERE r.status = 'failed' AND r.cause NOT IN ('duplicate', 'amount')
      AND p.amount > (SELECT coalesce(sum(f.amount), 0) FROM refund f WHERE f.payment_id = p.id AND f.status = 'succeeded')
                   + (SELECT coalesce(sum(d.amount), 0) FROM dispute d WHERE d.payment_id = p.id AND d.state = 'lost')
      -- One that was tried anew is told of by the newer one.
      AND NOT EXISTS (SELECT 1 FROM refund later WHERE later.payment_id = r.payment_id AND later.amount >= r.amount
                      AND later.created_at > r.created_at)
    UNION ALL
    SELECT CASE d.state WHEN 'opened' THEN 'dispute_open' ELSE 'dispute_lost' END, o.organizer_id, o.id, d.id::text, d.state,
           d.amount, d.currency, coalesce(d.decided_at, d.opened_at), p.provider, d.provider_ref
    FROM dispute d JOIN orders o ON o.id = d.order_id JOIN payment p ON p.id = d.payment_id
    WHERE d.state = 'opened'
       OR (d.state = 'lost' AND EXISTS (
            SELECT 1 FROM order_line l JOIN show s ON s.id = l.show_id
            WHERE l.order_id = o.id AND l.cancelled_at IS NULL AND l.kind = 'ticket' AND o.paid_with = d.payment_id
              AND s.starts_at > now()))
    UNION ALL
    SELECT 'provider_silent', o.organizer_id, o.id, p.id::text, p.status, p.amount, p.currency, p.updated_at, p.provider,
           p.last_problem
    FROM payment p JOIN orders o ON o.id = p.order_id
    WHERE p.updated_at < now() - interval '30 minutes'
      AND (p.status IN ('starting', 'cancelling')
           OR (p.status IN ('pending', 'authorized') AND o.state <> 'in_review' AND o.pay_by < now() - interval '30 minutes'))
    UNION ALL
    SELECT 'provider_silent', o.organizer_id, o.id, r.id::text, r.status, r.amount, r.currency, r.created_at, p.provider,
           o.last_problem
    FROM refund r JOIN orders o ON o.id = r.order_id JOIN payment p ON p.id = r.payment_id
    WHERE r.status = 'pending' AND r.created_at < now() - interval '1 hour'
      AND NOT EXISTS (SELECT 1 FROM dispute d WHERE d.payment_id = p.id AND d.state = 'opened')
    UNION ALL
    SELECT 'order_stuck', o.organizer_id, o.id, o.id::text, coalesce(o.last_problem, ''), o.total, o.currency, o.updated_at, NULL,
           o.last_problem
    FROM orders o WHERE o.attempts >= 8
    UNION ALL
    -- The database refuses such a transaction; one that is there all the same was written past it. The ledger's report sums
    -- everything, this looks at a month.
    SELECT 'ledger_unbalanced', t.organizer_id, t.order_id, t.id::text, sum(e.amount)::text, sum(e.amount), e.currency, t.at, NULL,
           t.source
    FROM ledger_transaction t JOIN ledger_entry e ON e.transaction_id = t.id
    WHERE t.at > now() - interval '32 days'
    GROUP BY t.id, e.currency HAVING sum(e.amount) <> 0
)
SELECT md5(kind || '|' || subject || '|' || cause)::uuid AS id, kind, organizer_id, order_id, subject, cause,
       amount::bigint AS amount, currency, since, provider, detail
FROM found;

-- Somebody has looked at it, and says what they did. What is closed comes back by itself once its cause is another.
CREATE TABLE money_work_done (
    id           uuid PRIMARY KEY, -- as in money_work
    kind         text NOT NULL,
    organizer_id uuid REFERENCES organizer,
    order_id     uuid REFERENCES orders,
    note         text NOT NULL,
    by_user      uuid REFERENCES app_user ON DELETE SET NULL,
    at           timestamptz NOT NULL DEFAULT now()
);

-- A file in which a provider says what it has collected, kept and paid out.
CREATE TABLE payout_run (
    id           uuid PRIMARY KEY,
    organizer_id uuid NOT NULL REFERENCES organizer,
    file_hash    bytea NOT NULL,
    file_name    text NOT NULL DEFAULT '',
    format       text NOT NULL,
    provider     text NOT NULL,
    first_day    date NOT NULL,
    last_day     date NOT NULL,
    by_user      uuid REFERENCES app_user ON DELETE SET NULL,
    at           timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organizer_id, file_hash)
);
CREATE INDEX payout_run_newest ON payout_run (organizer_id, at DESC);

CREATE TABLE payout_line (
    run_id     uuid NOT NULL REFERENCES payout_run,
    position   integer NOT NULL, -- in the file from 1; what the file lacks comes after it
    result     text NOT NULL CHECK (result IN ('matched', 'unknown', 'different', 'known', 'missing')),
    key        text,    -- what the provider calls the line: booked once in a house, in whatever file; null for what the file lacks
    kind       text NOT NULL,
    reference  text NOT NULL,
    gross      bigint NOT NULL,
    fee        bigint NOT NULL,
    net        bigint NOT NULL,
    paid_out   bigint NOT NULL DEFAULT 0, -- how much of it went to the bank
    ours       bigint,  -- the amount that we have
    currency   text NOT NULL,
    day        date NOT NULL,
    order_id   uuid REFERENCES orders,
    payment_id uuid REFERENCES payment,
    refund_id  uuid REFERENCES refund,
    PRIMARY KEY (run_id, position)
);
CREATE INDEX payout_line_payment ON payout_line (payment_id) WHERE payment_id IS NOT NULL;

-- What was booked already, of whatever file.
CREATE TABLE payout_booked (
    organizer_id uuid NOT NULL REFERENCES organizer,
    provider     text NOT NULL,
    key          text NOT NULL,
    run_id       uuid NOT NULL REFERENCES payout_run,
    PRIMARY KEY (organizer_id, provider, key)
);
