-- Who did what to what. Rows are appended, never changed, and each carries a hash over the row before and itself, so that a
-- changed, missing or moved row is found (`aisle audit verify`).

-- Ids and words only: nothing here needs to be erased when a person is.
CREATE TABLE audit_log (
    number       bigint PRIMARY KEY CHECK (number >= 1), -- from 1, without gaps
    at           timestamptz NOT NULL,
    severity     text CHECK (severity IN ('notice', 'warning', 'alarm')), -- of a security event; null: an ordinary act
    actor_kind   text NOT NULL,
    actor_id     uuid,
    action       text NOT NULL CHECK (action ~ '^[a-z_]+\.[a-z_]+$'),
    organizer_id uuid,
    object_kind  text,
    object_id    text,
    detail       text NOT NULL, -- JSON, as it was hashed
    person       bytea, -- what audit_person says of this row, as a salted hash; null: nothing
    hash         bytea NOT NULL
);
CREATE INDEX audit_log_organizer ON audit_log (organizer_id, number DESC);
CREATE INDEX audit_log_actor ON audit_log (actor_id, number DESC);
CREATE INDEX audit_log_object ON audit_log (object_id, number DESC);
CREATE INDEX audit_log_security ON audit_log (number DESC) WHERE severity IS NOT NULL;
CREATE INDEX audit_log_at ON audit_log (at);

-- The personal parts beside it. A row is deleted whole, with its salt: then nothing tells from the hash who it was.
CREATE TABLE audit_person (
    number  bigint PRIMARY KEY REFERENCES audit_log,
    salt    bytea NOT NULL,
    name    text,
    email   text, -- as it is compared: small letters
    address text  -- the network address that the request came from
);
CREATE INDEX audit_person_email ON audit_person (email) WHERE email IS NOT NULL;

-- What a running transaction has to say. The trigger moves it into the log at commit, so nobody else ever sees a row here.
-- Unlogged for that reason: after a crash there is nothing in it to be missed.
CREATE UNLOGGED TABLE audit_pending (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    severity     text,
    actor_kind   text NOT NULL,
    actor_id     uuid,
    action       text NOT NULL,
    organizer_id uuid,
    object_kind  text,
    object_id    text,
    detail       text NOT NULL,
    name         text,
    email        text,
    address      text
);

-- A field of a row, so that fields cannot run into each other: its length, its bytes; -1 for none.
CREATE FUNCTION audit_field(value text) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN value IS NULL THEN int4send(-1)
                ELSE int4send(octet_length(convert_to(value, 'UTF8'))) || convert_to(value, 'UTF8') END
$$;

-- At commit, when all other work of the transaction is done: so the lock is held for the commit alone, and nobody who has it
-- waits for anybody's rows. It must be read committed, which is what the server uses: a transaction that sees an older head would
-- meet the primary key and fail.
CREATE FUNCTION audit_chain() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last_number bigint;
    last_hash   bytea;
    moment      timestamptz;
    salt        bytea;
    person      bytea;
BEGIN
    PERFORM pg_advisory_xact_lock(7020107369734); -- a number of ours: whoever appends to the log
    SELECT l.number, l.hash INTO last_number, last_hash FROM audit_log l ORDER BY l.number DESC LIMIT 1;
    last_number := coalesce(last_number, 0) + 1;
    moment := clock_timestamp();
    IF NEW.name IS NOT NULL OR NEW.email IS NOT NULL OR NEW.address IS NOT NULL THEN
        salt := uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid());
        person := sha256(salt || audit_field(NEW.name) || audit_field(NEW.email) || audit_field(NEW.address));
    END IF;
    INSERT INTO audit_log (number, at, severity, actor_kind, actor_id, action, organizer_id, object_kind, object_id, detail, person, hash)
    VALUES (last_number, moment, NEW.severity, NEW.actor_kind, NEW.actor_id, NEW.action, NEW.organizer_id, NEW.object_kind,
            NEW.object_id, NEW.detail, person,
            sha256(coalesce(last_hash, ''::bytea)
                || audit_field(last_number::text)
                || audit_field((extract(epoch FROM moment) * 1000000)::bigint::text)
                || audit_field(NEW.severity) || audit_field(NEW.actor_kind) || audit_field(NEW.actor_id::text)
                || audit_field(NEW.action) || audit_field(NEW.organizer_id::text) || audit_field(NEW.object_kind)
                || audit_field(NEW.object_id) || audit_field(NEW.detail) || audit_field(encode(person, 'hex'))));
    IF person IS NOT NULL THEN
        INSERT INTO audit_person (number, salt, name, email, address)
        VALUES (last_number, salt, NEW.name, NEW.email, NEW.address);
    END IF;
    DELETE FROM audit_pending WHERE id = NEW.id;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER audit_pending_chain AFTER INSERT ON audit_pending
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_chain();

CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is only ever appended to';
END $$;
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_log_not_emptied BEFORE TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
-- A person is forgotten, never rewritten.
CREATE TRIGGER audit_person_unchanged BEFORE UPDATE ON audit_person
    FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();

-- ── Forgetting people ───────────────────────────────────────────────────────────────────────────────────────────────

-- A customer who is to be forgotten and cannot be yet: a show of theirs is still to come, or the law keeps the row until then.
ALTER TABLE customer ADD COLUMN erase_after timestamptz;
CREATE INDEX customer_erase_after ON customer (erase_after) WHERE erase_after IS NOT NULL;

-- When each kind of data was last looked through for what is too old, and how much of it went.
CREATE TABLE retention_run (
    kind         text PRIMARY KEY,
    ran_at       timestamptz NOT NULL,
    erased       bigint NOT NULL, -- by the last run
    erased_total bigint NOT NULL,
    problem      text
);
CREATE INDEX webhook_in_received ON webhook_in (received_at);
CREATE INDEX outbox_says ON outbox (created_at) WHERE payload <> '{}';
