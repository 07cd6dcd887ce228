-- Server keys are rotated while servers run. One that was rotated (retired_at) verifies on, until it is ended.
ALTER TABLE server_key DROP CONSTRAINT IF EXISTS server_key_purpose_check;
ALTER TABLE server_key
    ADD COLUMN ended_at timestamptz CHECK (ended_at IS NULL OR retired_at IS NOT NULL);
