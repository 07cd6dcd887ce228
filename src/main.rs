//! The command line of Aisle.

use std::process::ExitCode;

/// A seventh of a rush's time went into the system's own allocator: a request is a few hundred small pieces, made by one thread and
/// often let go by another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    aisle::cli::main()
}
