//! The command line of Aisle.

use std::process::ExitCode;

fn main() -> ExitCode {
    aisle::cli::main()
}
