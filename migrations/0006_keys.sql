-- Machines beside people, what they book, and who is asked into a house.

-- A key of another shop, or a scanner at the door. Of what it shows only a hash is kept.
CREATE TABLE machine (
    id           uuid PRIMARY KEY,
    organizer_id uuid NOT NULL REFERENCES organizer,
    kind         text NOT NULL CHECK (kind IN ('key', 'device')),
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    prefix       text NOT NULL,          -- its first letters, by which people recognise it
    hash         bytea NOT NULL UNIQUE,
    scopes       text[] NOT NULL,
    show_id      uuid REFERENCES show,   -- a device of one show only
    made_by      uuid REFERENCES app_user ON DELETE SET NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,            -- to the minute
    expires_at   timestamptz,
    revoked_at   timestamptz
);
CREATE INDEX machine_organizer ON machine (organizer_id, kind, created_at);

-- A booking that a shop made with its key and its own money: no order of ours. Written before the show is asked, so that no
-- such booking can be without its row; the places are in the show's journal.
CREATE TABLE key_booking (
    booking_id   uuid PRIMARY KEY,
    organizer_id uuid NOT NULL REFERENCES organizer,
    show_id      uuid NOT NULL REFERENCES show,
    hold_id      uuid NOT NULL,
    machine_id   uuid NOT NULL REFERENCES machine,
    reference    text NOT NULL,          -- the shop's own number for it
    created_at   timestamptz NOT NULL DEFAULT now(),
    UNIQUE (show_id, hold_id)
);

-- Somebody is asked into a house. The link's token is an HMAC of the id, so a copy of this table makes none.
CREATE TABLE invitation (
    id               uuid PRIMARY KEY,
    organizer_id     uuid NOT NULL REFERENCES organizer,
    email            text NOT NULL,
    email_normalized text NOT NULL,
    role             text NOT NULL CHECK (role IN ('organizer', 'box_office', 'scanner')),
    invited_by       uuid REFERENCES app_user ON DELETE SET NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    expires_at       timestamptz NOT NULL,
    accepted_at      timestamptz,
    withdrawn_at     timestamptz
);
CREATE INDEX invitation_organizer ON invitation (organizer_id, created_at);
