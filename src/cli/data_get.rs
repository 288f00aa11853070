//! Getting a dataset, with a progress bar; an interrupt stops it at once.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::{Exit, Failed, data, show};
use crate::data::download::{self, Doing, GetError, Got, Options, Progress};
use crate::data::{State, Store};
use crate::units::bytes;

/// Time between two lines where there is no terminal to draw a bar on.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Arguments of `joulelab data get`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name of the dataset; `joulelab data list` shows all
    name: String,

    /// Take the files from this folder instead of downloading them; they are found by name or size, and checked
    #[arg(long, value_name = "FOLDER")]
    from: Option<PathBuf>,

    /// Print what came of it as JSON
    #[arg(long)]
    json: bool,

    /// No progress
    #[arg(long, short = 'q')]
    quiet: bool,
}

/// Gets a dataset.
pub fn run(args: &Args, store: &Store) -> Result<Exit, Failed> {
    let recipe = data::known(&args.name)?;
    let cancel = Arc::new(AtomicBool::new(false));
    let handler = {
        let cancel = Arc::clone(&cancel);
        move || cancel.store(true, Ordering::Relaxed)
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        tracing::warn!("an interrupt will end the program without a word: {error}");
    }
    let mut bar = Bar::new(args.quiet);
    let mut report = |progress: Progress<'_>| bar.show(&progress);
    let got = match &args.from {
        Some(folder) => download::get_from_folder(recipe, store, folder, &cancel, &mut report),
        None => download::get(recipe, store, &Options::default(), &cancel, &mut report),
    };
    bar.bar.finish_and_clear();
    let got = got.map_err(|error| match error {
        GetError::Cancelled => cancelled(&recipe.name, store.state(recipe).ok()),
        other => other.into(),
    })?;
    let (state, folder) = (store.state(recipe)?, store.folder(recipe)?);
    if args.json {
        show::print_json(&serde_json::json!({
            "name": recipe.name,
            "was_here": got == Got::WasHere,
            "folder": folder,
            "state": state,
        }))?;
        return Ok(Exit::Success);
    }
    if !args.quiet {
        let how = match got {
            Got::WasHere => "was here already, and its files are sound",
            Got::Now => "is here now",
        };
        let licence = recipe.licence.as_deref().unwrap_or("none stated");
        eprintln!(
            "{} {how}: {}\nlicence {licence}; credit {}\ntrain with it: joulelab run -d {}",
            recipe.title,
            folder.display(),
            recipe.credit,
            recipe.name,
        );
    }
    Ok(Exit::Success)
}

fn cancelled(name: &str, state: Option<State>) -> Failed {
    let kept = match state {
        Some(State::Begun(done)) => format!("; {} are kept", bytes(done)),
        _ => String::new(),
    };
    Failed::new(
        Exit::Interrupted,
        format!("stopped{kept}; `joulelab data get {name}` goes on from there"),
    )
}

/// Shows how it goes on.
struct Bar {
    bar: ProgressBar,
    is_terminal: bool,
    quiet: bool,
    doing: Option<(Doing, u64)>,
    last_line: Option<Instant>,
}

impl Bar {
    fn new(quiet: bool) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let bar = if is_terminal && !quiet {
            ProgressBar::new(0)
        } else {
            ProgressBar::hidden()
        };
        bar.set_style(
            ProgressStyle::with_template(
                "{bar:24.yellow} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} {eta} {wide_msg}",
            )
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("━╸─"),
        );
        Self {
            bar,
            is_terminal,
            quiet,
            doing: None,
            last_line: None,
        }
    }

    fn show(&mut self, progress: &Progress<'_>) {
        // Speed and time left are of what is being done now.
        if self.doing != Some((progress.doing, progress.total)) {
            self.doing = Some((progress.doing, progress.total));
            self.bar.set_length(progress.total);
            self.bar.reset();
            self.bar.set_position(progress.done);
            self.bar.reset_eta();
        }
        let doing = match progress.doing {
            Doing::Downloading => "downloading",
            Doing::Checking => "checking",
            Doing::Unpacking => "unpacking",
            Doing::Copying => "copying",
        };
        self.bar.set_position(progress.done);
        self.bar.set_message(format!("{doing} {}", progress.file));
        let is_due = self
            .last_line
            .is_none_or(|last| last.elapsed() >= LINE_EVERY);
        if !self.is_terminal && !self.quiet && is_due {
            let (done, total) = (bytes(progress.done), bytes(progress.total));
            eprintln!("{doing} {}: {done} of {total}", progress.file);
            self.last_line = Some(Instant::now());
        }
    }
}
