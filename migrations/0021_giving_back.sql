-- Under what a customer may give tickets back, what is kept of them, refunds of a whole show, and tickets that were passed on.

ALTER TABLE show
    -- {"steps": [{"until_s", "back_bp"}], "fee_kept", "fees_back"}; null: all of it goes back until `cancel_until_s` before the
    -- start. Where it is set, `cancel_until_s` is the end of its last step.
    ADD COLUMN cancellation     jsonb,
    ADD COLUMN transfer_until_s integer CHECK (transfer_until_s >= 0); -- tickets may be passed on until so long before; null: never

-- What the show's policy was, and when it was to begin, when the order was made.
ALTER TABLE order_hold
    ADD COLUMN cancellation jsonb,
    ADD COLUMN starts_at    timestamptz;
UPDATE order_hold h
SET starts_at = s.starts_at,
    cancellation = jsonb_build_object('steps', CASE WHEN s.cancel_until_s IS NULL THEN '[]'::jsonb
        ELSE jsonb_build_array(jsonb_build_object('until_s', s.cancel_until_s, 'back_bp', 10000)) END,
        'fee_kept', 0, 'fees_back', true)
FROM show s WHERE s.id = h.show_id;

-- How much of a line was not given back with it.
ALTER TABLE order_line ADD COLUMN kept bigint NOT NULL DEFAULT 0;

ALTER TABLE refund DROP CONSTRAINT refund_status_check;
ALTER TABLE refund ADD CONSTRAINT refund_status_check CHECK (status IN ('pending', 'succeeded', 'failed', 'by_hand', 'again'));
ALTER TABLE refund
    ADD COLUMN owed boolean NOT NULL DEFAULT false, -- the provider had recorded it, and it failed later: the books owe it
    ADD COLUMN note text NOT NULL DEFAULT '';       -- how it was given back by hand, in the words of staff

-- All orders of a show are to be given back.
CREATE TABLE refund_job (
    id           uuid PRIMARY KEY,
    show_id      uuid NOT NULL REFERENCES show,
    organizer_id uuid NOT NULL REFERENCES organizer,
    reason       text NOT NULL,
    started_by   uuid REFERENCES app_user ON DELETE SET NULL,
    state        text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'paused', 'done')),
    created_at   timestamptz NOT NULL DEFAULT now(),
    done_at      timestamptz
);
-- One at a time; who starts it twice has the one.
CREATE UNIQUE INDEX refund_job_once ON refund_job (show_id) WHERE state <> 'done';
CREATE INDEX refund_job_show ON refund_job (show_id, created_at DESC);

-- How far it is with each order. Whoever dies with one leaves it to the next, when its time has come.
CREATE TABLE refund_job_order (
    job_id      uuid NOT NULL REFERENCES refund_job,
    order_id    uuid NOT NULL REFERENCES orders,
    state       text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'refunded', 'ended', 'nothing', 'failed')),
    problem     text,
    attempts    integer NOT NULL DEFAULT 0,
    next_try_at timestamptz NOT NULL DEFAULT now(),
    done_at     timestamptz,
    PRIMARY KEY (job_id, order_id)
);
CREATE INDEX refund_job_order_due ON refund_job_order (next_try_at) WHERE state = 'waiting';
CREATE INDEX refund_job_order_state ON refund_job_order (job_id, state, done_at);

-- Tickets that were passed on to somebody else.
ALTER TABLE ticket
    ADD COLUMN holder_id uuid REFERENCES customer, -- who has it now; null: who bought it
    ADD COLUMN issue     integer NOT NULL DEFAULT 0 CHECK (issue >= 0), -- grows with each passing on: codes and links of an older one have ended
    ADD COLUMN passed_on_at timestamptz;
CREATE INDEX ticket_holder ON ticket (holder_id) WHERE holder_id IS NOT NULL;
