-- The journal by the page: all that one append brought is one row. A row for each event cost Postgres more than everything else
-- that a hold makes it do; in a rush a page has dozens.
--
-- This takes a table away that a server of before writes to: stop it first. Nothing has been released that did.
CREATE TABLE journal_page (
    show_id uuid NOT NULL,
    seq     bigint NOT NULL, -- its last event's; the one before it, of the same show, ends where this begins
    first   bigint NOT NULL CHECK (first BETWEEN 1 AND seq),
    epoch   bigint NOT NULL,
    at      timestamptz NOT NULL, -- of its last event
    events  text NOT NULL, -- [[how many milliseconds before `at`, event], ...]: text, since nobody but `journal` looks into it here
    PRIMARY KEY (show_id, seq)
);

-- A page of a rush is larger than a row may be, and so it is compressed: the quicker way, where this Postgres has it.
DO $$
BEGIN
    ALTER TABLE journal_page ALTER COLUMN events SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported OR invalid_parameter_value THEN
    NULL;
END
$$;

INSERT INTO journal_page (show_id, seq, first, epoch, at, events)
SELECT show_id, seq, seq, epoch, at, '[[0,' || event::text || ']]' FROM journal ORDER BY show_id, seq;
DROP TABLE journal;

-- The same line by line, for people and for reading. `page` is the page's own number: who asks for lines after a number asks for
-- `page` after it too, and gets the pages by their index.
CREATE VIEW journal AS
SELECT p.show_id, p.first + line.number - 1 AS seq, p.epoch,
       p.at - (line.it->>0)::bigint * interval '1 millisecond' AS at, line.it->1 AS event, p.seq AS page
FROM journal_page p CROSS JOIN LATERAL jsonb_array_elements(p.events::jsonb) WITH ORDINALITY AS line(it, number);
