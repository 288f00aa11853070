//! `joulelab lifecycle`: what a model's life takes, and when what was learnt before has paid off.

use std::path::PathBuf;

use super::table::Table;
use super::{Exit, Failed, Place, show};
use crate::analysis;
use crate::analysis::lifecycle::{
    Assumptions, BreakEven, Cost, Embodied, LifeCycle, Serving, break_even, embodied, life_cycle,
};
use crate::library::{Library, RunDetails, sum_by_source, sum_of_parts};
use crate::units::{Estimate, duration, estimate, quantity, significant};

/// Arguments of `joulelab lifecycle`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Runs of the model, one for each seed: identifiers, their beginnings, or names
    #[arg(required = true)]
    runs: Vec<String>,

    /// Runs to the same target from nothing, to tell when what was learnt before has paid off; may be given several times
    #[arg(long, value_name = "RUN", num_args = 1..)]
    scratch: Vec<String>,

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
}

/// Says what a model's life takes.
pub fn run(args: &Args, place: &Place) -> Result<Exit, Failed> {
    let library = place.open()?;
    let runs = details(&library, &args.runs)?;
    let scratch = details(&library, &args.scratch)?;
    let assumptions = assumptions(args, &runs[0])?;
    let training = cost(&runs)?;
    let before = before(&runs)?;
    let serving = serving(args, &runs[0]);
    let life = life_cycle(&assumptions, before.as_ref(), &training, serving.as_ref())
        .map_err(|error| Failed::new(Exit::Usage, error.to_string()))?;
    let paid_off = if scratch.is_empty() {
        None
    } else {
        Some(pays_off(before.as_ref(), &training, &runs, &scratch))
    };
    if args.json {
        let (even, reason) = match &paid_off {
            Some(Ok(even)) => (Some(even), None),
            Some(Err(reason)) => (None, Some(reason)),
            None => (None, None),
        };
        show::print_json(&serde_json::json!({
            "life_cycle": life,
            "training": training,
            "pretraining": before,
            "break_even": even,
            "no_break_even": reason,
        }))?;
    } else {
        show::print(&text(
            args,
            &life,
            &training,
            serving.is_some(),
            paid_off.as_ref(),
        ))?;
    }
    Ok(Exit::Success)
}

fn details(library: &Library, given: &[String]) -> Result<Vec<RunDetails>, Failed> {
    let details = given.iter().map(|run| library.details(run));
    Ok(details.collect::<Result<_, _>>()?)
}

/// What runs took in the mean, with their seconds of training and evaluation.
fn cost(runs: &[RunDetails]) -> Result<Cost, Failed> {
    let each = runs.iter().map(|run| {
        let sum = sum_of_parts(&run.training).map(|sum| sum.figure);
        let known = sum.and_then(|figure| Some((figure.energy_j?, figure.window_s, figure.source)));
        known.ok_or_else(|| {
            let message = format!("run {} has no energy: no meter answered", run.run.id);
            Failed::new(Exit::Failure, message)
        })
    });
    let each = each.collect::<Result<Vec<_>, Failed>>()?;
    Cost::of(&each).ok_or_else(|| Failed::new(Exit::Usage, "no run is named"))
}

/// What went into the weights that the runs started from, which must be the same for all.
fn before(runs: &[RunDetails]) -> Result<Option<Cost>, Failed> {
    let labels = |run: &RunDetails| -> Vec<String> {
        run.ancestors
            .iter()
            .map(|ancestor| ancestor.label().to_owned())
            .collect()
    };
    let first = labels(&runs[0]);
    if let Some(other) = runs.iter().find(|run| labels(run) != first) {
        return Err(Failed::new(
            Exit::Usage,
            format!(
                "runs {} and {} did not start from the same: their lives are two",
                runs[0].run.id, other.run.id
            ),
        ));
    }
    if first.is_empty() {
        return Ok(None);
    }
    let mut parts = Vec::new();
    for ancestor in &runs[0].ancestors {
        let (energy_j, source) = ancestor.energy();
        let Some(energy_j) = energy_j else {
            let label = ancestor.label();
            let message = format!(
                "what went into {label} is not known: its energy was not measured, or is not stated (start.file_energy_j)"
            );
            return Err(Failed::new(Exit::Failure, message));
        };
        parts.push((energy_j, source));
    }
    let mut sources: Vec<&str> = parts.iter().map(|(_, source)| source.as_str()).collect();
    sources.sort_unstable();
    sources.dedup();
    let source = sources.join(" + ");
    let energy_j = sum_by_source(
        parts
            .iter()
            .map(|(energy, source)| (*energy, source.as_str())),
    );
    let seconds = runs[0]
        .ancestors
        .iter()
        .filter_map(|ancestor| ancestor.duration_s)
        .sum();
    Ok(Cost::of(&[(energy_j, seconds, source)]))
}

/// What a sample takes, by the latest figures of this batch size.
fn serving(args: &Args, run: &RunDetails) -> Option<Serving> {
    let found = run
        .inferences
        .iter()
        .find(|one| one.batch_size == args.batch_size)?;
    Some(Serving {
        energy_j: found.energy_j?.scale(1e-3),
        spread_j: found.spread_j.map(|spread| spread * 1e-3),
        seconds: 1.0 / found.throughput.max(f64::MIN_POSITIVE),
        source: found.sum.as_ref()?.figure.source.clone(),
    })
}

/// When what was learnt before has paid off, or why that cannot be told.
fn pays_off(
    before: Option<&Cost>,
    training: &Cost,
    runs: &[RunDetails],
    scratch: &[RunDetails],
) -> Result<BreakEven, String> {
    let Some(before) = before else {
        return Err("the runs started from nothing: there is nothing to be paid off".to_owned());
    };
    let target = |run: &RunDetails| {
        let setup: serde_json::Value = serde_json::from_str(&run.run.setup.json).ok()?;
        setup.pointer("/regime/stop/target")?.as_f64()
    };
    let wanted = target(&runs[0]);
    for run in runs.iter().chain(scratch) {
        let id = &run.run.id;
        if wanted.is_none() || target(run) != wanted {
            return Err(format!(
                "run {id} has no target, or another one: only energies to the same target can be compared (--target of `run`)"
            ));
        }
        if run.run.target_reached != Some(true) {
            return Err(format!(
                "run {id} did not reach the target: what it would have taken is not known; train it longer, or lower the target of all"
            ));
        }
    }
    if let Some(run) = scratch.iter().find(|run| !run.ancestors.is_empty()) {
        return Err(format!(
            "run {} of --scratch did not start from nothing",
            run.run.id
        ));
    }
    let scratch = cost(scratch).map_err(|failed| failed.message)?;
    Ok(break_even(before, &scratch, training))
}

/// Defaults, what the run had, the file, the flags: each wins over those before it.
fn assumptions(args: &Args, run: &RunDetails) -> Result<Assumptions, Failed> {
    let usage = |message: String| Failed::new(Exit::Usage, message);
    let mut found = Assumptions::default();
    if let Some(basis) = &run.run.carbon {
        found.g_per_kwh = basis.g_per_kwh;
        found.intensity_source = match &basis.country {
            Some(country) => format!("{country}: {}", basis.source),
            None => basis.source.clone(),
        };
        found.pue = basis.pue;
    }
    let class = match run.run.device.kind.as_str() {
        "discrete-gpu" => "accelerator",
        "integrated-gpu" => "laptop",
        _ => "server",
    };
    let by_class = |class: &str| embodied(class).map_err(|error| usage(error.to_string()));
    found.embodied = Some(by_class(class)?);
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

fn text(
    args: &Args,
    life: &LifeCycle,
    training: &Cost,
    is_served: bool,
    paid_off: Option<&Result<BreakEven, String>>,
) -> String {
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
    match paid_off {
        Some(Ok(even)) => line(even.words.clone()),
        Some(Err(reason)) => line(format!(
            "when the pretraining pays off cannot be told: {reason}"
        )),
        None => {}
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
