//! Telling people: the outbox, mail, the mailbox. Is given what to say.
