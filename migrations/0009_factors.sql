-- Second factors, passkeys, and sign-in by other houses.

-- A secret that an authenticator app shares with us; sealed. Until its first code was shown it is only a beginning.
CREATE TABLE totp (
    user_id      uuid PRIMARY KEY REFERENCES app_user ON DELETE CASCADE,
    sealed       bytea NOT NULL,
    last_step    bigint NOT NULL DEFAULT 0, -- of the newest code that was taken: it and those before it are used up
    created_at   timestamptz NOT NULL DEFAULT now(),
    confirmed_at timestamptz
);

-- Codes on paper, each good once. They have 80 random bits: a plain hash hides them.
CREATE TABLE recovery_code (
    user_id uuid NOT NULL REFERENCES app_user ON DELETE CASCADE,
    hash    bytea NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (user_id, hash)
);

CREATE TABLE passkey (
    id            uuid PRIMARY KEY,
    user_id       uuid NOT NULL REFERENCES app_user ON DELETE CASCADE,
    credential_id bytea NOT NULL UNIQUE,
    credential    jsonb NOT NULL,
    counter       bigint NOT NULL DEFAULT 0, -- as the authenticator counts; 0 where it does not
    name          text NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    last_used_at  timestamptz
);
CREATE INDEX passkey_user ON passkey (user_id, created_at);

-- The question for a second factor, open for some minutes to who has shown the first.
CREATE TABLE second_factor_challenge (
    hash       bytea PRIMARY KEY,
    user_id    uuid NOT NULL REFERENCES app_user ON DELETE CASCADE,
    how        text NOT NULL, -- what was shown first
    tries      integer NOT NULL DEFAULT 0,
    expires_at timestamptz NOT NULL
);
CREATE INDEX second_factor_challenge_expires ON second_factor_challenge (expires_at);

-- Guesses that could be tried for ever: codes of the app, and the password of who is signed in. Over all challenges.
CREATE TABLE guess (
    user_id  uuid NOT NULL REFERENCES app_user ON DELETE CASCADE,
    what     text NOT NULL,
    tries    integer NOT NULL DEFAULT 0, -- in a row without a right one
    tried_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, what)
);

-- What the server must remember between the two halves of a passkey's ceremony.
CREATE TABLE passkey_ceremony (
    hash       bytea PRIMARY KEY,
    user_id    uuid REFERENCES app_user ON DELETE CASCADE, -- who registers
    challenge  bytea REFERENCES second_factor_challenge ON DELETE CASCADE, -- which question is answered by it
    state      jsonb NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX passkey_ceremony_expires ON passkey_ceremony (expires_at);

-- Somebody's account at another house, by which they sign in here.
CREATE TABLE linked_account (
    id           uuid PRIMARY KEY,
    user_id      uuid NOT NULL REFERENCES app_user ON DELETE CASCADE,
    provider     text NOT NULL,
    subject      text NOT NULL, -- the provider's own id of them
    email        text,          -- as the provider last said it, for its owner to recognise
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    UNIQUE (provider, subject)
);
CREATE INDEX linked_account_user ON linked_account (user_id);

-- Whose members must have a second factor: roles of the house.
ALTER TABLE organizer ADD COLUMN mfa_required_for text[] NOT NULL DEFAULT '{}'
    CHECK (mfa_required_for <@ ARRAY['organizer', 'box_office', 'scanner']);
