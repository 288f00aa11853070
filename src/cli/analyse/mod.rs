//! `joulelab analyse`: what a sweep, or any runs, say about energy.

mod accuracy;
mod output;
mod terminal;

use std::path::PathBuf;

use serde_json::Value;

use super::runs::FilterFlags;
use super::{Exit, Failed, Place, show};
use crate::analysis::lineage::Ancestry;
use crate::analysis::sweep::{self, Analysis, Options, Trial, analyse};
use crate::data::Operations;
use crate::library::Library;

/// Arguments of `joulelab analyse`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Sweep: identifier, its beginning, or name
    #[arg(conflicts_with_all = ["runs", "forecasts"])]
    sweep: Option<String>,

    /// Analyse these runs, or all that the filters let through, instead of a sweep
    #[arg(long, value_name = "RUN", num_args = 0..)]
    runs: Option<Vec<String>>,

    #[command(flatten)]
    filter: FilterFlags,

    /// Say how good the forecasts of earlier runs were
    #[arg(long, conflicts_with_all = ["runs", "html", "markdown", "plots", "csv"])]
    forecasts: bool,

    /// Judge all runs by this value of the metric, such as 0.97, after the fact
    #[arg(long, value_name = "VALUE", allow_negative_numbers = true)]
    target: Option<f64>,

    /// How much of the energy of a run's ancestors counts: own (none), whole, or shared among a number of uses, such as 10
    #[arg(long, value_name = "HOW", default_value = "own", value_parser = super::lineage::ancestry)]
    ancestry: Ancestry,

    /// Weight of energy against time: 1 is energy alone, 0 time alone
    #[arg(long, default_value_t = 0.5, allow_negative_numbers = true)]
    eta: f64,

    /// Power that weighs time, in watts [default: the highest that a run showed]
    #[arg(long, value_name = "WATTS", allow_negative_numbers = true)]
    max_power: Option<f64>,

    /// Which kind of trials, where they cannot be compared with each other, from 1 on [default: the largest]
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    group: usize,

    /// Print JSON
    #[arg(long)]
    json: bool,

    /// Write the table of setups as CSV to this file, or `-` for standard output
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,

    /// Write a page that needs nothing else to this file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Write Markdown to this file, with its figures in a folder beside it
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,

    /// Write every plot as SVG and PNG to this folder
    #[arg(long, value_name = "FOLDER")]
    plots: Option<PathBuf>,

    /// Draw PNGs on a dark ground
    #[arg(long)]
    dark: bool,

    /// Replace files that are there
    #[arg(long)]
    force: bool,
}

/// Says what a sweep came to.
pub fn run(args: &Args, place: &Place) -> Result<Exit, Failed> {
    check(args)?;
    let library = place.open()?;
    if args.forecasts {
        return accuracy::run(&library, args.json);
    }
    let (title, trials) = trials(args, &library)?;
    let options = Options {
        eta: args.eta,
        max_power_w: args.max_power,
        group: args.group - 1,
    };
    let Some(analysis) = analyse(&trials, &options) else {
        return Err(nothing(args, &trials));
    };
    output::write(args, &title, &analysis)?;
    if args.json {
        show::print_json(&crate::report::json(&analysis))?;
    } else if args
        .csv
        .as_deref()
        .is_none_or(|path| path.as_os_str() != "-")
    {
        show::print(&terminal::text(&analysis))?;
    }
    Ok(Exit::Success)
}

fn check(args: &Args) -> Result<(), Failed> {
    let usage = |message: String| Err(Failed::new(Exit::Usage, message));
    if args.sweep.is_none() && args.runs.is_none() && !args.forecasts && args.filter.is_empty() {
        return usage(
            "name a sweep, or give --runs for all runs, --runs RUN … for some, or a filter such as --tag; `joulelab analyse --help` \
             tells more"
                .to_owned(),
        );
    }
    if !(0.0..=1.0).contains(&args.eta) {
        return usage(format!(
            "--eta {}: allowed is 0 (time alone) to 1 (energy alone)",
            args.eta
        ));
    }
    if let Some(power_w) = args
        .max_power
        .filter(|power_w| !(*power_w > 0.0 && power_w.is_finite()))
    {
        return usage(format!(
            "--max-power {power_w}: allowed is a number of watts above 0"
        ));
    }
    if let Some(target) = args.target.filter(|target| !target.is_finite()) {
        return usage(format!(
            "--target {target}: allowed is a number, such as 0.97"
        ));
    }
    if args.group == 0 {
        return usage("--group 0: kinds are counted from 1 on".to_owned());
    }
    let to_stdout = args
        .csv
        .as_deref()
        .is_some_and(|path| path.as_os_str() == "-");
    if to_stdout && args.json {
        return usage("--json and --csv - cannot both go to standard output".to_owned());
    }
    let others = [
        ("--html", &args.html),
        ("--markdown", &args.markdown),
        ("--plots", &args.plots),
    ];
    let is_dash =
        |path: &Option<PathBuf>| path.as_ref().is_some_and(|path| path.as_os_str() == "-");
    if let Some((option, _)) = others.into_iter().find(|(_, path)| is_dash(path)) {
        return usage(format!(
            "{option} -: of an analysis the CSV alone goes to standard output; name a place"
        ));
    }
    Ok(())
}

/// The trials that are meant, and what to call them.
fn trials(args: &Args, library: &Library) -> Result<(String, Vec<Trial>), Failed> {
    let mut operations = Operations::default();
    let mut macs = |setup: &Value| operations.macs(setup);
    let (title, mut trials) = match &args.sweep {
        Some(given) => {
            let sweep = library.sweep(given)?;
            let records = library.trials(&sweep.id)?;
            let mut ids: Vec<String> = records
                .iter()
                .filter_map(|record| record.run_id.clone())
                .collect();
            ids.sort();
            ids.dedup();
            let runs = library.listed_ids(&ids)?;
            let title = sweep
                .name
                .clone()
                .unwrap_or_else(|| format!("Sweep {}", sweep.id));
            (title, sweep::from_sweep(&records, &runs, &mut macs))
        }
        None => {
            let chosen = args.runs.as_deref().unwrap_or_default();
            let runs = if chosen.is_empty() {
                library.listed(&args.filter.filter()?, 0)?
            } else {
                let ids = chosen
                    .iter()
                    .map(|given| library.run(given).map(|run| run.id))
                    .collect::<Result<Vec<_>, _>>()?;
                library.listed_ids(&ids)?
            };
            let title = format!("{} runs", runs.len());
            (title, sweep::from_runs(&runs, &mut macs))
        }
    };
    if let Some(target) = args.target {
        for trial in &mut trials {
            let epochs = match &trial.run {
                Some(run) => library.epochs(run)?,
                None => Vec::new(),
            };
            sweep::retarget(trial, target, &epochs);
        }
    }
    let title = match args.ancestry {
        Ancestry::Own => title,
        other => format!("{title}, {}", other.in_words()),
    };
    if args.ancestry != Ancestry::Own {
        for trial in &mut trials {
            if let Some(run) = trial.run.clone() {
                sweep::with_ancestry(trial, &library.ancestors(&run)?, args.ancestry);
            }
        }
    }
    Ok((title, trials))
}

fn nothing(args: &Args, trials: &[Trial]) -> Failed {
    if trials.is_empty() {
        return Failed::new(
            Exit::Storage,
            "there is no run to analyse here, or none that fits",
        );
    }
    let kinds = sweep::groups(trials).len();
    let group = args.group;
    Failed::new(
        Exit::Usage,
        format!("--group {group}: there are {kinds} kinds of trials here, from 1 on"),
    )
}

/// What an analysis is of, for a report's foot.
fn made() -> String {
    let now = jiff::Timestamp::now();
    format!(
        "Made by Joulelab {} at {now:.0}.",
        env!("CARGO_PKG_VERSION")
    )
}

/// Words that the terminal and the reports share.
fn standing(analysis: &Analysis) -> String {
    format!(
        "{} trials of {} setups · {}",
        analysis.trials,
        analysis.setups.len(),
        analysis.kind.in_words()
    )
}
