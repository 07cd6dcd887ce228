-- Accounts that people make for themselves, sessions that can be seen and ended, and one-time links in mails.

-- The purposes are known by the code, which alone writes here; a list of them in two places would have to grow in two places.
ALTER TABLE server_key DROP CONSTRAINT server_key_purpose_check;

ALTER TABLE app_user
    ADD COLUMN email_verified_at   timestamptz, -- null: nobody has shown yet that the address is theirs
    ADD COLUMN locale              text,        -- a BCP 47 tag; null: as the house has it
    ADD COLUMN password_changed_at timestamptz;

-- A session: one sign-in of one person on one device. It is the family of all its refresh tokens.
CREATE TABLE session (
    id           uuid PRIMARY KEY,
    user_id      uuid NOT NULL REFERENCES app_user ON DELETE CASCADE,
    how          text NOT NULL,            -- what proved who they are: 'password', 'set_up', …
    device       text NOT NULL DEFAULT '', -- "Firefox on Linux", to be recognised by its owner
    address      text NOT NULL DEFAULT '', -- where it was used from last
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz NOT NULL DEFAULT now(),
    ended_at     timestamptz,
    ended_why    text,
    CHECK ((ended_at IS NULL) = (ended_why IS NULL))
);
CREATE INDEX session_of_user ON session (user_id, last_used_at DESC);
CREATE INDEX session_ended ON session (ended_at) WHERE ended_at IS NOT NULL;

-- Each is good once; used, it names the one that replaced it. Only hashes are kept.
CREATE TABLE refresh_token (
    hash        bytea PRIMARY KEY,
    session_id  uuid NOT NULL REFERENCES session ON DELETE CASCADE,
    created_at  timestamptz NOT NULL DEFAULT now(),
    used_at     timestamptz,
    replaced_by bytea,
    expires_at  timestamptz NOT NULL
);
CREATE INDEX refresh_token_session ON refresh_token (session_id);
CREATE INDEX refresh_token_expires ON refresh_token (expires_at);

-- What a link in a mail stands for. The link's token is an HMAC over id and kind, so a copy of this table makes none; the row
-- makes it one-time. A registration waits here with its name and its password's hash until its address was shown to be theirs.
CREATE TABLE mail_link (
    id               uuid PRIMARY KEY,
    kind             text NOT NULL CHECK (kind IN ('register', 'reset_password', 'change_email')),
    user_id          uuid REFERENCES app_user ON DELETE CASCADE, -- of 'change_email'
    email            text NOT NULL,
    email_normalized text NOT NULL,
    name             text,
    password_hash    text,
    locale           text,
    created_at       timestamptz NOT NULL DEFAULT now(),
    expires_at       timestamptz NOT NULL,
    used_at          timestamptz
);
CREATE INDEX mail_link_email ON mail_link (email_normalized);
CREATE INDEX mail_link_expires ON mail_link (expires_at);

-- Browsers sign in again, once; tokens made on the command line stay.
DELETE FROM access_token WHERE kind = 'session';
