use std::path::PathBuf;

use super::runs::FilterFlags;
use super::{Exit, Failed, Place, show};
use crate::library::export::{self, Format, Options};
use crate::units::count;

/// Arguments of `joulelab export`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Format: samples, epochs, runs or codecarbon
    #[arg(long, short = 'f')]
    format: String,

    /// File to write, or `-` for standard output
    #[arg(long, short = 'o', value_name = "FILE")]
    out: PathBuf,

    /// Replace the file if there is one
    #[arg(long)]
    force: bool,

    /// Runs: identifiers, their beginnings, or names; without any, all that the filters let through
    runs: Vec<String>,

    #[command(flatten)]
    filter: FilterFlags,
}

/// Writes runs as CSV.
pub fn run(args: &Args, place: &Place) -> Result<Exit, Failed> {
    let format = Format::from_id(&args.format)
        .map_err(|error| Failed::new(Exit::Usage, error.to_string()))?;
    let library = place.open()?;
    let runs = if args.runs.is_empty() {
        library.run_ids(&args.filter.filter()?)?
    } else {
        args.runs
            .iter()
            .map(|given| library.run(given).map(|run| run.id))
            .collect::<Result<_, _>>()?
    };
    let options = Options::default();
    let rows = if args.out.as_os_str() == "-" {
        let mut out = std::io::stdout().lock();
        match export::write(&library, format, &runs, &options, &mut out) {
            // A reader that has gone away, as `head` does, is no fault.
            Err(error) if show::is_broken_pipe(&error) => return Ok(Exit::Success),
            rows => rows?,
        }
    } else {
        export::write_file(&library, format, &runs, &options, &args.out, args.force)?
    };
    eprintln!("{} rows of {} runs", count(rows), count(runs.len() as u64));
    Ok(Exit::Success)
}
