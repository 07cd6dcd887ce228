//! The command line of Aisle.

fn main() {}
