//! Goose journeys against any Aisle server, and the audit after the rush.

fn main() {}
