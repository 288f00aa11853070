//! Completions and the manual page, made from the same description as the arguments.

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Cli, Exit, Failed};

/// Arguments of `joulelab completions`.
#[derive(Debug, clap::Args)]
pub struct CompletionArgs {
    /// Which shell
    shell: Shell,
}

/// Prints a completion script.
pub fn completions(args: &CompletionArgs) -> Result<Exit, Failed> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "joulelab", &mut script);
    super::show::print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Success)
}

/// Prints the manual page.
pub fn man() -> Result<Exit, Failed> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page)?;
    super::show::print(&String::from_utf8_lossy(&page))?;
    Ok(Exit::Success)
}
