//! `joulelab lifecycle`: what a model's life takes, and when what was learnt before has paid off.

use std::path::{Path, PathBuf};

use super::sweep_runs::OfSetup;
use super::table::Table;
use super::{Exit, Failed, Place, show, sweep_runs};
use crate::analysis;
use crate::analysis::lifecycle::{Assumptions, Embodied, embodied};
use crate::analysis::lives::{self, Life, LifeError};
use crate::library::{Inference, Library, RunDetails, export};
use crate::report::{LifeOutput, Theme, life_files};
use crate::units::{Estimate, duration, estimate, quantity, significant};

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

    /// TOML file with assumptions, as `--json` prints them; flags win
    #[arg(long, value_name = "FILE")]
    assumptions: Option<PathBuf>,

    /// Print JSON
    #[arg(long)]
    json: bool,

    /// Write the table of stages as CSV to this file; of a sweep a file for each setup, with its number
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,

    /// Write stages and assumptions as Markdown to this file
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

/// Writes the files that were asked for, of several lives each with its number, and says where to standard error.
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
    for (output, path) in asked {
        for ((title, life), number) in lives.iter().zip(1..) {
            let place = match lives.len() {
                1 => path.clone(),
                _ => numbered(path, number),
            };
            files.extend(life_files(output, &place, life, title, theme)?);
            places.push(place);
        }
    }
    export::write_files(&files, args.force)?;
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
        LifeError::NoRun | LifeError::TwoLives { .. } | LifeError::Assumption(_) => Exit::Usage,
    };
    Failed::new(exit, error.to_string())
}

/// Defaults, what the run had, the file, the flags: each wins over those before it.
fn assumptions(args: &Args, run: &RunDetails) -> Result<Assumptions, Failed> {
    let usage = |message: String| Failed::new(Exit::Usage, message);
    let by_class = |class: &str| embodied(class).map_err(|error| usage(error.to_string()));
    let mut found = lives::assumptions(run).map_err(|error| usage(error.to_string()))?;
    if let Some(path) = &args.assumptions {
        found = from_file(&found, path)?;
    }
    match args.device_class.as_deref() {
        Some("none") => found.embodied = None,
        Some(class) => found.embodied = Some(by_class(class)?),
        None => {}
    }
    if args.embodied.is_some() || args.service_life.is_some() {
        let known = found.embodied.take();
        let years = known.as_ref().map_or(6.0, |known| known.service_life_years);
        let kg = known.as_ref().map_or(0.0, |known| known.kg_co2e);
        let source = known.map(|known| known.source).unwrap_or_default();
        found.embodied = Some(Embodied {
            kg_co2e: args.embodied.unwrap_or(kg),
            service_life_years: args.service_life.unwrap_or(years),
            source: format!("changed by a flag; before: {source}"),
        });
    }
    if let Some(country) = &args.country {
        let intensity =
            analysis::lookup(Some(country)).map_err(|error| usage(error.to_string()))?;
        found.g_per_kwh = intensity.g_per_kwh;
        found.intensity_source = intensity.source;
    }
    if let Some(intensity) = args.intensity {
        found.g_per_kwh = intensity;
        found.intensity_source = "given by a flag".to_owned();
    }
    found.pue = args.pue.unwrap_or(found.pue);
    found.price_per_kwh = args.price.or(found.price_per_kwh);
    found.currency = args.currency.clone().unwrap_or(found.currency);
    found.uses = args.uses.unwrap_or(found.uses);
    found.inferences = args.inferences.unwrap_or(found.inferences);
    Ok(found)
}

/// `found` with the fields that a file names.
fn from_file(found: &Assumptions, path: &std::path::Path) -> Result<Assumptions, Failed> {
    let wrong = |message: String| {
        Failed::new(
            Exit::Usage,
            format!("--assumptions: {message}: {}", path.display()),
        )
    };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let given: serde_json::Value =
        toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let mut fields = serde_json::to_value(found).map_err(|error| wrong(error.to_string()))?;
    if let (Some(fields), Some(given)) = (fields.as_object_mut(), given.as_object()) {
        fields.extend(given.clone());
    }
    serde_json::from_value(fields).map_err(|error| wrong(error.to_string()))
}

fn text(args: &Args, told: &Life) -> String {
    let (life, training) = (&told.life_cycle, &told.training);
    let is_served = life.stages.iter().any(|stage| stage.name == "serving");
    let assumed = &life.assumptions;
    let mut table = Table::new([
        "stage",
        "energy",
        "share",
        "time",
        "operational",
        "embodied",
        "share",
        "electricity",
    ])
    .right(&[1, 2, 3, 4, 5, 6, 7]);
    let share = |share: f64| format!("{:.1} %", 100.0 * share);
    for stage in &life.stages {
        let embodied = stage
            .embodied_g
            .map_or("-".to_owned(), |g| quantity(g, "g"));
        let cost = stage.cost.map_or("-".to_owned(), |cost| {
            format!("{} {}", significant(cost.value, 3), assumed.currency)
        });
        table.push([
            stage.name.clone(),
            estimate(stage.energy_j, "J"),
            share(stage.energy_share),
            duration(stage.seconds),
            estimate(stage.operational_g, "g"),
            embodied,
            share(stage.carbon_share),
            cost,
        ]);
    }
    let mut text = format!("{table}\n");
    let mut line = |words: String| text.push_str(&format!("{words}\n"));
    line(format!(
        "training is the mean of {} runs, by {}",
        training.runs, training.source
    ));
    match life.inferences_as_training {
        Some(Estimate { value, low, high }) => line(format!(
            "asking has taken as much as learning after {} samples ({} to {})",
            quantity(value, ""),
            quantity(low, ""),
            if high.is_finite() {
                quantity(high, "")
            } else {
                "no end".to_owned()
            },
        )),
        None if !is_served => line(format!(
            "what asking takes is not known: `joulelab infer RUN -b {}` measures it",
            args.batch_size
        )),
        None => line("asking took no energy that could be measured".to_owned()),
    }
    if let Some(even) = &told.break_even {
        line(even.words.clone());
    }
    if let Some(reason) = &told.no_break_even {
        line(format!(
            "when the pretraining pays off cannot be told: {reason}"
        ));
    }
    line("\nassumptions (--assumptions FILE, or flags)".to_owned());
    line(format!(
        "  {} g/kWh: {}",
        assumed.g_per_kwh, assumed.intensity_source
    ));
    line(format!("  PUE {}", assumed.pue));
    match &assumed.embodied {
        Some(embodied) => line(format!(
            "  {} kgCO2e over {} years: {}",
            embodied.kg_co2e, embodied.service_life_years, embodied.source
        )),
        None => line("  what making the device took is left out".to_owned()),
    }
    match assumed.price_per_kwh {
        Some(price) => line(format!("  {price} {}/kWh", assumed.currency)),
        None => line("  no price (--price)".to_owned()),
    }
    line(format!(
        "  {} uses of what was learnt before, {} samples asked about",
        assumed.uses,
        quantity(assumed.inferences, "")
    ));
    text
}
