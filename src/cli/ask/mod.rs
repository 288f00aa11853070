//! `joulelab ask`: what a trained network says of samples of one's own, and what that costs.

mod given;
mod output;

use std::path::PathBuf;
use std::sync::atomic::Ordering;

use super::asking::{self, Conditions, Windows};
use super::infer::announce;
use super::{Exit, Failed, Place, show};
use crate::analysis::inference::of_one;
use crate::analysis::lives::{AsTraining, answers_as_training};
use crate::control::{self, Answered, Asker, Continued, Folders, Taste};
use crate::data::own::{Invert, OwnSample};
use crate::library::{Inference, RunDetails};
use crate::protocol::{Event, InferRequest};
use crate::setup::Setup;

/// Most characters that a text is gone on with.
const CHARACTERS_MAX: usize = 10_000;

/// Arguments of `joulelab ask`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Run: identifier, its beginning, or name
    run: String,

    /// What to ask about: images (PNG, JPEG), CSV files with the columns of the run's table, or text files
    files: Vec<PathBuf>,

    /// A row of the run's table, such as `17.5,red,3`; may be given several times
    #[arg(long = "row", value_name = "CELLS")]
    rows: Vec<String>,

    /// A text; may be given several times
    #[arg(long = "text", value_name = "TEXT")]
    texts: Vec<String>,

    /// Samples of the dataset's held-out part, by number from 1
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',')]
    held_out: Vec<usize>,

    /// Go on with each text for so many characters, where the network foretells them
    #[arg(long = "continue", value_name = "CHARACTERS", default_value_t = 0)]
    characters: usize,

    /// Of what is gone on with: 0 takes the likeliest character, 1 draws as the network says
    #[arg(long, value_name = "NUMBER", default_value_t = 0.8)]
    temperature: f64,

    /// Seed of those draws
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    seed: u64,

    /// Swap bright and dark of images; `auto` does where the set is bright on black and the image's border is bright
    #[arg(long, value_name = "WHEN", default_value = "auto", value_parser = ["auto", "yes", "no"])]
    invert: String,

    /// Classes that are told with their probabilities
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    top: usize,

    /// Measure what an answer costs though a figure of `infer` is stored
    #[arg(long, conflicts_with = "no_cost")]
    measure: bool,

    /// Do not say what an answer costs
    #[arg(long)]
    no_cost: bool,

    #[command(flatten)]
    windows: Windows,

    #[command(flatten)]
    conditions: Conditions,

    /// Print JSON
    #[arg(long)]
    json: bool,

    /// No progress
    #[arg(long, short = 'q')]
    quiet: bool,
}

/// What an answer costs, and where that is known from.
struct Cost {
    inference: Inference,
    /// Whether it was measured earlier, by `joulelab infer`.
    is_stored: bool,
    /// Answers that take as much energy as learning, and what is to be minded.
    as_training: Option<AsTraining>,
}

/// Everything that was found.
struct Found<'a> {
    details: &'a RunDetails,
    asker: &'a Asker,
    samples: &'a [OwnSample],
    answers: &'a [Answered],
    continued: &'a [Continued],
    cost: Option<&'a Cost>,
    top: usize,
}

/// Asks the network of a run.
pub fn run(args: &Args, place: &Place) -> Result<Exit, Failed> {
    check(args)?;
    let library = place.open()?;
    let details = library.details(&args.run)?;
    let setup = args.conditions.setup(&details)?;
    asking::electricity(&setup)?;
    let request = InferRequest {
        setup: setup.clone(),
        checkpoint: asking::checkpoint(library.path(), &details)?,
        kernel_cache: Folders::kernel_cache(),
        knowledge: place.knowledge(),
    };
    let mut asker = Asker::start(&place.worker()?, request, |event| {
        if !args.quiet {
            announce(event);
        }
    })?;
    let invert = match args.invert.as_str() {
        "yes" => Invert::Yes,
        "no" => Invert::No,
        _ => Invert::Auto,
    };
    let given = given::Given {
        files: &args.files,
        rows: &args.rows,
        texts: &args.texts,
        held_out: &args.held_out,
        invert,
        dataset: &setup.dataset,
    };
    let (samples, texts) = given.samples(asker.encoding())?;
    let answers = asker.ask(&samples)?;
    let mut continued = Vec::new();
    if args.characters > 0 {
        let taste = Taste {
            temperature: args.temperature,
            seed: args.seed,
        };
        for text in &texts {
            continued.push(asker.go_on(text, args.characters, taste)?);
        }
    }
    let (cost, is_cut_short) = if args.no_cost {
        (None, false)
    } else {
        cost(args, &details, &setup, &mut asker)?
    };
    let found = Found {
        details: &details,
        asker: &asker,
        samples: &samples,
        answers: &answers,
        continued: &continued,
        cost: cost.as_ref(),
        top: args.top,
    };
    if args.json {
        show::print_json(&output::json(&found))?;
    } else {
        show::print(&output::text(&found))?;
    }
    Ok(if is_cut_short {
        Exit::Interrupted
    } else {
        Exit::Success
    })
}

fn check(args: &Args) -> Result<(), Failed> {
    let is_nothing = args.files.is_empty()
        && args.rows.is_empty()
        && args.texts.is_empty()
        && args.held_out.is_empty();
    asking::check(&[
        (
            !is_nothing,
            "nothing to ask about: name files, or give --row, --text or --held-out",
        ),
        (args.top > 0, "--top: allowed is 1 or more"),
        (
            !args.held_out.contains(&0),
            "--held-out: samples are numbered from 1",
        ),
        (
            args.temperature >= 0.0 && args.temperature.is_finite(),
            "--temperature: allowed is 0 or more",
        ),
        (
            args.characters <= CHARACTERS_MAX,
            "--continue: allowed are 10,000 characters at most",
        ),
    ])?;
    args.windows.check()
}

/// What an answer costs: as it is stored, or by asking the last sample over and over. `None` where it was ended before anything is
/// known; and whether it was.
fn cost(
    args: &Args,
    details: &RunDetails,
    setup: &Setup,
    asker: &mut Asker,
) -> Result<(Option<Cost>, bool), Failed> {
    let (machine, _) = control::here();
    let device = asker.device();
    let stored = of_one(
        &details.inferences,
        &machine.fingerprint,
        (&device.name, &device.backend),
        asker.step(),
    );
    if let Some(inference) = stored.filter(|_| !args.measure) {
        let cost = Cost {
            as_training: answers_as_training(details, inference),
            inference: inference.clone(),
            is_stored: true,
        };
        return Ok((Some(cost), false));
    }
    let intensity = asking::electricity(setup)?;
    let stopped = asking::stop_on_interrupt();
    let mut hear = |event: &Event| {
        if !args.quiet {
            announce(event);
        }
        !stopped.load(Ordering::Relaxed)
    };
    let plan = args.windows.plan(&[1]);
    let inferred = asker.measure(&plan, &mut hear)?;
    let is_cut_short = stopped.load(Ordering::Relaxed);
    let Some(batch) = inferred.batches.first() else {
        return Ok((None, is_cut_short));
    };
    let electricity = (&intensity, setup.measure.pue);
    let inference = control::measured(&inferred, batch, &[], &plan, electricity);
    let cost = Cost {
        as_training: answers_as_training(details, &inference),
        inference,
        is_stored: false,
    };
    Ok((Some(cost), is_cut_short))
}
