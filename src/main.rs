//! The `joulelab` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    joulelab::cli::main()
}
