//! The command line: one file a subcommand.
//!
//! Without a subcommand the window is opened. Depends on `control`, `analysis`, `library`, `protocol`, `data` and `setup`; never on Burn, a graphics API or a meter, which live in
//! workers. Results go to standard output, everything else to standard error.

mod analyse;
mod ask;
mod asking;
mod bar;
mod calibrate;
mod data;
mod data_get;
mod data_info;
mod data_sets;
mod devices;
mod doctor;
mod edit;
mod exit;
mod export;
mod flags;
mod foretold;
mod heads;
mod infer;
mod lifecycle;
mod lineage;
mod logging;
mod manual;
mod meters;
mod multitask;
mod power;
mod run;
mod runs;
mod show;
mod start;
mod summary;
mod sweep;
mod sweep_runs;
mod table;
mod trace;
mod window;
mod wrap;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::control::{self, WorkerCommand};
use crate::library::Library;
use crate::protocol::Knowledge;
pub use exit::{Exit, Failed};

/// Train neural networks on any GPU and see what each choice of the setup costs in energy.
///
/// Without a command the window is opened.
#[derive(Debug, Parser)]
#[command(name = "joulelab", version, about, after_help = exit::HELP, max_term_width = 100)]
pub struct Cli {
    /// Library file, where runs are stored [default: library.sqlite in the platform's data folder]
    #[arg(long, global = true, value_name = "PATH", env = "JOULELAB_LIBRARY")]
    library: Option<PathBuf>,

    /// What to log on standard error: off, error, warn, info, debug, trace, or a filter such as `joulelab=debug`
    /// [default: warn; for the window what its settings say]
    #[arg(long, global = true, value_name = "LEVEL")]
    log: Option<String>,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train a network and measure what it costs
    Run(Box<run::Args>),
    /// Train some steps to see where their time goes: on the host, on the device, waiting
    Trace(Box<trace::Args>),
    /// List every device that can train
    Devices(devices::Args),
    /// Try every power meter: what it reads, how good it is, or why it was refused and how to mend that
    Doctor(doctor::Args),
    /// Compare the meters with a plug meter, so that runs can tell what is drawn at the wall
    Calibrate(Box<calibrate::Args>),
    /// Read every power meter: live, or while another program runs (`joulelab power -- COMMAND`)
    Power(power::Args),
    /// List, download, describe and remove datasets
    Data(data::Args),
    /// Describe a dataset and the model of a setup: sizes, layers, parameters, FLOP
    Info(data_info::Args),
    /// List the runs of the library
    Runs(runs::Args),
    /// Run many setups one after the other, from a sweep file: a grid or a search
    Sweep(Box<sweep::Args>),
    /// List sweeps, or the trials of one
    Sweeps(sweep::ListArgs),
    /// Say what a sweep, or any runs, came to: which setup took the least energy, and how sure that is
    Analyse(Box<analyse::Args>),
    /// Show everything about a run
    Show(show::Args),
    /// Ask the network of a run, and say what 1,000 answers cost
    Infer(infer::Args),
    /// Ask the network of a run about images, rows or texts of your own, and say what an answer costs
    Ask(Box<ask::Args>),
    /// Say what a model's life takes in energy, carbon and money, and when what was learnt before has paid off
    Lifecycle(Box<lifecycle::Args>),
    /// Compare one network for several tasks with a network for each, at equal targets
    Multitask(multitask::Args),
    /// Delete runs
    Delete(edit::DeleteArgs),
    /// Bring deleted runs back
    Restore(edit::RestoreArgs),
    /// Set the note, name or tags of a run
    Note(edit::NoteArgs),
    /// Write runs as CSV
    Export(export::Args),
    /// Print a completion script for a shell
    Completions(manual::CompletionArgs),
    /// Print the manual page, in roff
    Man,
    /// Serve a controller over the standard streams (internal)
    #[command(hide = true)]
    Worker,
}

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let is_worker = matches!(cli.command, Some(Command::Worker));
    let log = cli.log.clone().unwrap_or_else(|| match cli.command {
        None => window::log_level(),
        Some(_) => "warn".to_owned(),
    });
    let _log = logging::start(&log, is_worker);
    match dispatch(cli, log) {
        Ok(exit) => exit.into(),
        Err(failed) => {
            eprintln!("joulelab: {}", failed.message);
            failed.exit.into()
        }
    }
}

fn dispatch(cli: Cli, log: String) -> Result<Exit, Failed> {
    let place = Place {
        library: cli.library,
        log,
    };
    match cli.command {
        None => window::run(&place),
        Some(Command::Run(args)) => run::run(*args, &place),
        Some(Command::Trace(args)) => trace::run(&args, &place),
        Some(Command::Devices(args)) => devices::run(&args, &place),
        Some(Command::Doctor(args)) => doctor::run(&args, &place),
        Some(Command::Calibrate(args)) => calibrate::run(&args, &place),
        Some(Command::Power(args)) => power::run(&args, &place),
        Some(Command::Data(args)) => data::run(&args),
        Some(Command::Info(args)) => data_info::run(&args),
        Some(Command::Runs(args)) => runs::run(&args, &place),
        Some(Command::Sweep(args)) => sweep::run(&args, &place),
        Some(Command::Sweeps(args)) => sweep::list(&args, &place),
        Some(Command::Analyse(args)) => analyse::run(&args, &place),
        Some(Command::Show(args)) => show::run(&args, &place),
        Some(Command::Infer(args)) => infer::run(&args, &place),
        Some(Command::Ask(args)) => ask::run(&args, &place),
        Some(Command::Lifecycle(args)) => lifecycle::run(&args, &place),
        Some(Command::Multitask(args)) => multitask::run(&args, &place),
        Some(Command::Delete(args)) => edit::delete(&args, &place),
        Some(Command::Restore(args)) => edit::restore(&args, &place),
        Some(Command::Note(args)) => edit::note(&args, &place),
        Some(Command::Export(args)) => export::run(&args, &place),
        Some(Command::Completions(args)) => manual::completions(&args),
        Some(Command::Man) => manual::man(),
        Some(Command::Worker) => {
            let code = crate::worker::serve().map_err(|error| {
                Failed::new(
                    Exit::Failure,
                    format!("the worker cannot use its standard streams: {error}"),
                )
            })?;
            Ok(Exit::Worker(code))
        }
    }
}

/// Where the library is.
struct Place {
    library: Option<PathBuf>,
    log: String,
}

impl Place {
    /// The library's file, absolute: the places of checkpoints are stored relative to nothing.
    fn path(&self) -> Result<PathBuf, Failed> {
        match &self.library {
            Some(path) => std::path::absolute(path).map_err(|error| {
                let path = path.display();
                Failed::new(Exit::Usage, format!("--library: {error}: {path}"))
            }),
            None => Ok(Library::default_path()?),
        }
    }

    /// How to start a worker on this machine.
    fn worker(&self) -> Result<WorkerCommand, Failed> {
        Ok(WorkerCommand::local(&self.log)?)
    }

    /// What the library knows of this machine's power; where there is no library yet, or it cannot be read, nothing.
    fn knowledge(&self) -> Knowledge {
        let known = self.path().ok().filter(|path| path.exists()).map(|path| {
            let library = Library::open(path)?;
            control::knowledge(&library)
        });
        known
            .transpose()
            .unwrap_or_else(|error| {
                tracing::warn!("meters are read without what is known of them: {error}");
                None
            })
            .unwrap_or_default()
    }

    /// The library, with runs whose recorder is gone marked as interrupted.
    fn open(&self) -> Result<Library, Failed> {
        let mut library = Library::open(self.path()?)?;
        let (machine, _) = control::here();
        let swept = library.sweep_interrupted(&machine.fingerprint, control::is_alive)?;
        for id in swept {
            tracing::info!("run {id} was interrupted");
        }
        for id in library.mark_interrupted_sweeps(&machine.fingerprint, control::is_alive)? {
            tracing::info!("sweep {id} was interrupted");
        }
        Ok(library)
    }
}
