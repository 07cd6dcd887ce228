-- When a piece of a provider's news is tried next. It was told by when it had come and how often it was tried; so one that was an hour
-- old was tried ten times within seconds, and given up.
ALTER TABLE webhook_in ADD COLUMN next_try_at timestamptz NOT NULL DEFAULT now() + interval '3 seconds';
-- What was given up so is tried again.
UPDATE webhook_in SET attempts = 0 WHERE processed_at IS NULL;
DROP INDEX webhook_in_waiting;
CREATE INDEX webhook_in_waiting ON webhook_in (next_try_at) WHERE processed_at IS NULL;

-- As it was, with news that nobody could settle, and with a refund that failed though another went well after it.
CREATE OR REPLACE VIEW money_work AS
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
    WHERE p.id IN (SELECT c.id FROM payment c WHERE c.idle AND c.status = 'captured'
                   UNION SELECT f.payment_id FROM refund f WHERE f.status = 'failed')
      AND p.status IN ('captured', 'refunded') AND p.id IS DISTINCT FROM o.paid_with AND p.amount - r.back - r.lost > 0
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
      -- One that was tried anew, for the same tickets, is told of by the newer one. Whatever else went back since, this is owed.
      AND (r.owed OR r.cause NOT LIKE 'cancel:%' OR NOT EXISTS (
          SELECT 1 FROM refund later WHERE later.payment_id = r.payment_id AND later.created_at > r.created_at
          AND later.cause LIKE 'cancel:%' AND split_part(later.cause, ':', 2) = split_part(r.cause, ':', 2)))
    UNION ALL
    -- Until so much was kept of tickets that were given back without money, or no ticket is left.
    SELECT 'refunded_elsewhere', o.organizer_id, o.id, r.id::text, r.status, r.amount, r.currency, r.created_at, p.provider,
           substr(r.cause, 11)
    FROM refund r JOIN orders o ON o.id = r.order_id JOIN payment p ON p.id = r.payment_id
    WHERE r.cause LIKE 'elsewhere:%' AND r.status IN ('succeeded', 'by_hand') AND o.paid_with = p.id
      AND EXISTS (SELECT 1 FROM order_line l WHERE l.order_id = o.id AND l.kind = 'ticket' AND l.cancelled_at IS NULL)
      AND (SELECT sum(f.amount) FROM refund f
           WHERE f.payment_id = p.id AND f.cause LIKE 'elsewhere:%' AND f.status IN ('succeeded', 'by_hand'))
        > (SELECT coalesce(sum(l.kept), 0) FROM order_line l
           WHERE l.order_id = o.id AND l.cancelled_at IS NOT NULL AND l.kept > 0)
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
    -- News that waits for more than an hour to be settled: what only it tells (a claim, what somebody gave back) nobody here knows yet.
    SELECT 'provider_silent',
           coalesce((SELECT a.organizer_id FROM payment_account a WHERE a.id::text = w.account),
                    (SELECT min(g.id::text)::uuid FROM organizer g WHERE g.archived_at IS NULL HAVING count(*) = 1)),
           NULL, w.provider || '/' || w.account || '/' || w.event_id, 'news', NULL, NULL, w.received_at, w.provider,
           w.event_id || coalesce(': ' || w.last_problem, '')
    FROM webhook_in w WHERE w.processed_at IS NULL AND w.received_at < now() - interval '1 hour'
    UNION ALL
    SELECT 'order_stuck', o.organizer_id, o.id, o.id::text, coalesce(o.last_problem, ''), o.total, o.currency, o.updated_at, NULL,
           o.last_problem
    FROM orders o WHERE o.attempts >= 8
    UNION ALL
    -- The database refuses such a transaction; one that is there all the same was written past it. This looks at two days and at
    -- what was found before.
    SELECT 'ledger_unbalanced', t.organizer_id, t.order_id, t.id::text, e.amount::text, e.amount, e.currency, t.at, NULL, t.source
    FROM (SELECT id, organizer_id, order_id, at, source FROM ledger_transaction WHERE at > now() - interval '2 days'
          UNION ALL
          SELECT l.id, l.organizer_id, l.order_id, l.at, l.source
          FROM ledger_unbalanced u JOIN ledger_transaction l ON l.id = u.transaction_id
          WHERE l.at <= now() - interval '2 days') t
    CROSS JOIN LATERAL (SELECT sum(amount) AS amount, currency FROM ledger_entry WHERE transaction_id = t.id
                        GROUP BY currency HAVING sum(amount) <> 0) e
)
SELECT md5(kind || '|' || subject || '|' || cause)::uuid AS id, kind, organizer_id, order_id, subject, cause,
       amount::bigint AS amount, currency, since, provider, detail
FROM found;
