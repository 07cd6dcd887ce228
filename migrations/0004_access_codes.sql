-- Access codes, and what a show's rules lacked.

-- A key that is told: it opens a presale, or an allocation. Kept as it is read out (upper case, letters and digits), because staff
-- hand it out again and again; it is no password, and guesses are limited.
CREATE TABLE access_code (
    id            uuid PRIMARY KEY,
    show_id       uuid NOT NULL REFERENCES show,
    code          text NOT NULL CHECK (code ~ '^[A-Z0-9]{4,40}$'),
    allocation_id uuid, -- what it opens; null: the presale
    valid_from    timestamptz NOT NULL,
    valid_until   timestamptz CHECK (valid_until > valid_from),
    places_max    integer CHECK (places_max >= 1), -- held and booked under it together; the show counts
    note          text NOT NULL DEFAULT '',
    version       integer NOT NULL DEFAULT 1,
    ended_at      timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now()
);
-- A code that has ended may be given again; what was taken under the old one is not counted under the new.
CREATE UNIQUE INDEX access_code_stands ON access_code (show_id, code) WHERE ended_at IS NULL;
CREATE INDEX access_code_show ON access_code (show_id, created_at, id);

ALTER TABLE show ADD COLUMN orphan_rule_ends_before_s integer NOT NULL DEFAULT 0 CHECK (orphan_rule_ends_before_s >= 0);
