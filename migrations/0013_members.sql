-- Members and invitations: one open invitation for an address in a house, and to whose account it led.

ALTER TABLE invitation ADD COLUMN accepted_by uuid REFERENCES app_user ON DELETE CASCADE;
-- Of two who invite the same address at once the second waits for the house's row; this is the fence behind it.
CREATE UNIQUE INDEX invitation_open ON invitation (organizer_id, email_normalized) WHERE accepted_at IS NULL AND withdrawn_at IS NULL;
CREATE INDEX invitation_email ON invitation (email_normalized);
CREATE INDEX invitation_accepted_by ON invitation (accepted_by) WHERE accepted_by IS NOT NULL;
CREATE INDEX invitation_expires ON invitation (expires_at);

-- Who works for a house, and an administrator's list of accounts, newest first.
CREATE INDEX membership_organizer ON membership (organizer_id, created_at, user_id);
CREATE INDEX app_user_created ON app_user (created_at DESC, id DESC);
