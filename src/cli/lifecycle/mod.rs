//! `joulelab lifecycle`: what a model's life takes, and when what was learnt before has paid off.

mod assumed;
mod text;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::sweep_runs::OfSetup;
use super::{Exit, Failed, Place, show, sweep_runs};
use crate::analysis::lives::{self, Life, LifeError};
use crate::library::{Inference, Library, RunDetails, export};
use crate::report::{LifeOutput, Theme, life_files};
use assumed::assumptions;
use text::text;

/// Arguments of `joulelab lifecycle`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Runs of the model, one for each seed: identifiers, their beginnings, or names
    #[arg(required_unless_present = "sweep")]
    runs: Vec<String>,

    /// Runs to the same target from nothing, to tell when what was learnt before has paid off; may be given several times
    #[arg(long, value_name = "RUN", num_args = 1..)]
    scratch: Vec<String>,

    /// A sweep with both: each setup that starts from something against the one that starts from nothing
    #[arg(long, conflicts_with_all = ["runs", "scratch"])]
    sweep: Option<String>,

    /// Models among which what was learnt before is shared
    #[arg(long, value_name = "NUMBER")]
    uses: Option<u64>,

    /// Samples that the model is asked about in its life, such as 1e6
    #[arg(long, value_name = "NUMBER")]
    inferences: Option<f64>,

    /// Samples asked at once: which of the figures of `joulelab infer` counts
    #[arg(long, value_name = "SIZE", default_value_t = 1)]
    batch_size: u64,

    /// Country whose mean carbon intensity is used [default: as the run]
    #[arg(long, conflicts_with = "intensity")]
    country: Option<String>,

    /// Carbon intensity of the electricity in gCO2e/kWh
    #[arg(long, value_name = "GRAMS")]
    intensity: Option<f64>,

    /// Power usage effectiveness of the site, 1 or more [default: as the run]
    #[arg(long)]
    pue: Option<f64>,

    /// Price of a kilowatt-hour
    #[arg(long, value_name = "PRICE")]
    price: Option<f64>,

    /// Currency of the price [default: EUR]
    #[arg(long)]
    currency: Option<String>,

    /// What was made for it: accelerator, server, laptop, or none [default: by the run's device]
    #[arg(long, value_name = "CLASS")]
    device_class: Option<String>,

    /// kgCO2e of making the device, in place of the class's
    #[arg(long, value_name = "KILOGRAMS")]
    embodied: Option<f64>,

    /// Years that the device is used
    #[arg(long, value_name = "YEARS")]
    service_life: Option<f64>,

    /// TOML file with assumptions, all or some of those that `--json` prints; flags win
    #[arg(long, value_name = "FILE")]
    assumptions: Option<PathBuf>,

    /// Print JSON
    #[arg(long)]
    json: bool,

    /// Write the table of stages as CSV to this file, `-` for standard output; of a sweep a file for each setup, with its number
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,

    /// Write stages and assumptions as Markdown to this file, `-` for standard output
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

/// Says what a model's life takes.
pub fn run(args: &Args, place: &Place) -> Result<Exit, Failed> {
    check(args)?;
    let library = place.open()?;
    let to_json = |life: &Life| {
        serde_json::to_value(life).map_err(|error| Failed::new(Exit::Failure, error.to_string()))
    };
    let Some(sweep) = &args.sweep else {
        let runs = details(&library, &args.runs)?;
        let scratch = details(&library, &args.scratch)?;
        let life = life(args, &runs, &scratch)?;
        write(args, &[("The life of a model".to_owned(), &life)])?;
        match args.json {
            true => show::print_json(&to_json(&life)?)?,
            false if to_stdout(args).is_some() => {}
            false => show::print(&text(args, &life))?,
        }
        return Ok(Exit::Success);
    };
    let (started, scratch) = of_sweep(&library, sweep)?;
    let told = started
        .into_iter()
        .map(|setup| Ok((setup.label, life(args, &setup.runs, &scratch)?)));
    let told = told.collect::<Result<Vec<_>, Failed>>()?;
    let of_each: Vec<_> = told
        .iter()
        .map(|(label, life)| (label.clone(), life))
        .collect();
    write(args, &of_each)?;
    if to_stdout(args).is_some() {
        return Ok(Exit::Success);
    }
    let mut json = Vec::new();
    for (label, life) in &told {
        if args.json {
            json.push(serde_json::json!({ "setup": label, "life": to_json(life)? }));
        } else {
            show::print(&format!("{label}\n\n{}\n", text(args, life)))?;
        }
    }
    if args.json {
        show::print_json(&serde_json::json!({ "setups": json }))?;
    }
    Ok(Exit::Success)
}

/// The option whose `-` stands for standard output, where there is one.
fn to_stdout(args: &Args) -> Option<&'static str> {
    let outputs = [("--csv", &args.csv), ("--markdown", &args.markdown)];
    let to_stdout = |(_, path): &(_, &Option<PathBuf>)| path.as_deref().is_some_and(is_dash);
    Some(outputs.into_iter().find(to_stdout)?.0)
}

fn is_dash(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn check(args: &Args) -> Result<(), Failed> {
    let usage = |message: String| Err(Failed::new(Exit::Usage, message));
    if args.plots.as_deref().is_some_and(is_dash) {
        return usage(
            "--plots -: plots are several files; name the folder that they are to lie in"
                .to_owned(),
        );
    }
    let Some(option) = to_stdout(args) else {
        return Ok(());
    };
    if option == "--csv" && args.markdown.as_deref().is_some_and(is_dash) {
        return usage("--csv - and --markdown - cannot both go to standard output".to_owned());
    }
    if args.json {
        return usage(format!(
            "--json and {option} - cannot both go to standard output"
        ));
    }
    Ok(())
}

/// Writes the files that were asked for, of several lives each with its number, and says where to standard error. `-` is standard output.
fn write(args: &Args, lives: &[(String, &Life)]) -> Result<(), Failed> {
    let asked = [
        (LifeOutput::Csv, &args.csv),
        (LifeOutput::Markdown, &args.markdown),
        (LifeOutput::Plots, &args.plots),
    ];
    let theme = if args.dark { Theme::Dark } else { Theme::Light };
    let asked = asked
        .iter()
        .filter_map(|(output, path)| Some((*output, path.as_ref()?)));
    let mut places = Vec::new();
    let mut files = Vec::new();
    let mut printed: Vec<String> = Vec::new();
    for (output, path) in asked {
        if is_dash(path) && output == LifeOutput::Csv && lives.len() > 1 {
            return Err(Failed::new(
                Exit::Usage,
                format!(
                    "--csv -: there are {} setups with a table each, and one table alone fits into standard output; name a file",
                    lives.len()
                ),
            ));
        }
        for ((title, life), number) in lives.iter().zip(1..) {
            let place = match lives.len() {
                1 => path.clone(),
                _ => numbered(path, number),
            };
            let made = life_files(output, &place, life, title, theme)?;
            if is_dash(path) {
                let texts = made.iter().map(|(_, bytes)| String::from_utf8_lossy(bytes));
                printed.extend(texts.map(Cow::into_owned));
            } else {
                files.extend(made);
                places.push(place);
            }
        }
    }
    export::write_files(&files, args.force)?;
    show::print(&printed.join("\n"))?;
    for place in places {
        eprintln!("wrote {}", place.display());
    }
    Ok(())
}

/// `life.csv` as `life-2.csv`.
fn numbered(path: &Path, number: usize) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let ending = path.extension().map(|ending| ending.to_string_lossy());
    path.with_file_name(match ending {
        Some(ending) => format!("{stem}-{number}.{ending}"),
        None => format!("{stem}-{number}"),
    })
}

fn life(args: &Args, runs: &[RunDetails], scratch: &[RunDetails]) -> Result<Life, Failed> {
    let first = runs.first().ok_or_else(|| failed(LifeError::NoRun))?;
    let assumptions = assumptions(args, first)?;
    let of_size = |one: &&Inference| one.batch_size == args.batch_size;
    let inference = first.inferences.iter().find(of_size);
    lives::life(runs, scratch, inference, &assumptions).map_err(failed)
}

/// The setups that start from something, and the runs of the one that does not.
fn of_sweep(library: &Library, sweep: &str) -> Result<(Vec<OfSetup>, Vec<RunDetails>), Failed> {
    let (started, mut scratch): (Vec<_>, Vec<_>) = sweep_runs::by_setup(library, sweep)?
        .into_iter()
        .partition(|setup| setup.runs.iter().any(|run| !run.ancestors.is_empty()));
    let usage = |message: String| Failed::new(Exit::Usage, message);
    if started.is_empty() {
        return Err(usage(format!(
            "no setup of sweep {sweep} starts from what was learnt before: there is nothing to be paid off"
        )));
    }
    if scratch.len() > 1 {
        let labels: Vec<String> = scratch.into_iter().map(|setup| setup.label).collect();
        return Err(usage(format!(
            "several setups of sweep {sweep} start from nothing ({}); name runs, and those to compare them with by --scratch",
            labels.join("; ")
        )));
    }
    let scratch = scratch.pop().map(|setup| setup.runs).unwrap_or_default();
    Ok((started, scratch))
}

fn details(library: &Library, given: &[String]) -> Result<Vec<RunDetails>, Failed> {
    let details = given.iter().map(|run| library.details(run));
    Ok(details.collect::<Result<_, _>>()?)
}

fn failed(error: LifeError) -> Failed {
    let exit = match &error {
        LifeError::NoEnergy { .. } | LifeError::UnknownAncestor { .. } => Exit::Failure,
        LifeError::NoRun
        | LifeError::Twice { .. }
        | LifeError::OneSeed { .. }
        | LifeError::TwoModels { .. }
        | LifeError::OtherVersion { .. }
        | LifeError::TwoLives { .. }
        | LifeError::Assumption(_) => Exit::Usage,
    };
    Failed::new(exit, error.to_string())
}
