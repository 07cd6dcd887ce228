-- When a show's rules were changed, or the show was last tried to be told of it. Set with the change, cleared once the show's
-- journal has the rules; a row that keeps it was left by a process that died in between, or could not reach the show.
ALTER TABLE show ADD COLUMN rules_due_at timestamptz;
CREATE INDEX show_rules_due ON show (rules_due_at) WHERE rules_due_at IS NOT NULL;
