//! Where the time of training steps goes: what the host does in each, what the device runs, and where either waits.

mod perfetto;
mod report;

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::bar::Bar;
use super::flags::SetupFlags;
use super::{Exit, Failed, Place, run, show, start};
use crate::control::{self, Traced};
use crate::protocol::{Device, Stretch};

/// Steps of a stretch, where none are asked for.
const STEPS: u64 = 10;
/// Steps of a stretch at most, as the worker takes them.
const STEPS_MAX: u64 = 100;

/// Arguments of `joulelab trace`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    setup: SetupFlags,

    /// Write the trace for Perfetto (ui.perfetto.dev) or chrome://tracing to this new file
    #[arg(long, short = 'o', value_name = "FILE")]
    out: Option<PathBuf>,

    /// Print the trace as JSON
    #[arg(long)]
    json: bool,

    /// No progress
    #[arg(long, short = 'q')]
    quiet: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Json<'a> {
    device: &'a Device,
    model: Model,
    stretches: &'a [Stretch],
}

#[derive(Serialize)]
struct Model {
    parameters: u64,
}

/// Traces some steps of a setup: of those flags that say when to stop, `--steps` says how many, and the others do nothing.
pub fn run(args: &Args, place: &Place) -> Result<Exit, Failed> {
    let steps = args.setup.steps().unwrap_or(STEPS);
    if !(1..=STEPS_MAX).contains(&steps) {
        return Err(Failed::new(
            Exit::Usage,
            format!("--steps is `{steps}`; a trace is of 1 to {STEPS_MAX} steps"),
        ));
    }
    let setup = args.setup.build()?;
    run::check(&setup)?;
    let teacher = start::teacher(&setup, place)?;
    if let Some(path) = &args.out {
        // Known before anything is trained.
        create(path)?;
    }
    let mut bar = Bar::new(&setup.regime.stop, args.quiet);
    let traced = control::trace(&place.worker()?, &setup, steps, teacher, |event| {
        run::announce(event, &bar);
        bar.take(event);
    });
    bar.finish();
    let traced = match traced {
        Ok(traced) => traced,
        Err(error) => {
            if let Some(path) = &args.out {
                // It holds nothing yet.
                let _ = std::fs::remove_file(path);
            }
            return Err(error.into());
        }
    };
    if let Some(path) = &args.out {
        write(path, &traced)?;
    }
    if args.json {
        show::print_json(&Json {
            device: &traced.device,
            model: Model {
                parameters: traced.data.plan.parameters(),
            },
            stretches: &traced.stretches,
        })?;
    } else {
        show::print(&report::text(&traced))?;
    }
    Ok(Exit::Success)
}

fn create(path: &Path) -> Result<(), Failed> {
    std::fs::File::create_new(path)
        .map(drop)
        .map_err(|error| unwritable(path, &error))
}

fn write(path: &Path, traced: &Traced) -> Result<(), Failed> {
    let text = perfetto::text(traced);
    std::fs::write(path, text).map_err(|error| {
        // Half a trace is none.
        let _ = std::fs::remove_file(path);
        unwritable(path, &error)
    })
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failed {
    let path = path.display();
    Failed::new(
        Exit::Storage,
        format!("the trace cannot be written: {error}: {path}"),
    )
}
