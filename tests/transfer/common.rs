use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use joulelab::models::Network;
use joulelab::setup::plan::plan;
use joulelab::setup::{
    Change, InputShape, ModelSetup, Outputs, Phase, Setup, StartReport, StartSetup,
};
use joulelab::train::{
    Evaluation, Job, Observer, Outcome, Predictions, Progress, Saved, Signal, Sources, StartFrom,
    TrainError, Work, begin, train_with,
};

/// Whoever draws random numbers on the CPU backend must be alone: it has one generator for the whole process.
pub fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file that was made by the real libraries.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/transfer/fixtures")
        .join(name)
}

/// A model by the fields of a setup.
pub fn model(fields: serde_json::Value) -> ModelSetup {
    let change = Change::whole(serde_json::json!({ "model": fields })).unwrap();
    change.apply(&Setup::default()).unwrap().model
}

/// The multilayer perceptron of the fixtures.
pub fn mlp() -> (ModelSetup, InputShape, Outputs) {
    let fields = serde_json::json!({
        "kind": "mlp", "hidden": [6, 4], "normalisation": "batch", "activation": "relu"
    });
    (
        model(fields),
        InputShape::Features(5),
        Outputs::of_sample(3),
    )
}

/// A new network on the CPU.
pub fn network(model: &ModelSetup, input: InputShape, outputs: Outputs) -> Network {
    let plan = plan(model, input, outputs).unwrap();
    Network::new(model, input, outputs, &plan, 1, &Device::flex())
}

/// A new network that starts from a file.
pub fn begun(
    (model, input, outputs): &(ModelSetup, InputShape, Outputs),
    start: StartSetup,
) -> Result<(Network, StartReport), TrainError> {
    begin(&start, None, model, network(model, *input, *outputs))
}

/// From this file, as it is.
pub fn from(path: &Path) -> StartSetup {
    StartSetup {
        file: Some(path.to_owned()),
        ..StartSetup::default()
    }
}

/// Every parameter and running statistic by name, to the bit.
pub fn bits(network: &Network) -> Vec<(String, Vec<u32>)> {
    struct All(Vec<Vec<u32>>);
    impl ModuleVisitor for All {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let data = param.val().into_data();
            self.0.push(data.iter::<f32>().map(f32::to_bits).collect());
        }
    }
    let mut all = All(Vec::new());
    network.visit(&mut all);
    let names = network.parameters().into_iter().map(|of| of.name);
    names.zip(all.0).collect()
}

/// Hears what a run tells of its start and its layers.
#[derive(Default)]
pub struct Ear {
    pub report: Option<StartReport>,
    pub learns: Vec<Vec<String>>,
    /// Sizes of training images, in the order in which they were told.
    pub sizes: Vec<Option<(usize, usize)>>,
    /// Samples that went through a teacher, and in how many batches.
    pub taught: (u64, u64),
    pub saved: Vec<Saved>,
    pub evaluations: Vec<Evaluation>,
    /// Stops after so many steps.
    pub stop_at: Option<u64>,
    /// Steps so far.
    pub steps: u64,
}

impl Observer for Ear {
    fn begin(&mut self, _: Phase) {}
    fn end(&mut self, phase: Phase) {
        if phase == Phase::WarmUp {
            // What it tried there does not count.
            self.learns.clear();
            self.sizes.clear();
            self.taught = (0, 0);
            self.steps = 0;
        }
    }
    fn started(&mut self, report: &StartReport) {
        self.report = Some(report.clone());
    }
    fn learns(&mut self, groups: &[String]) {
        self.learns.push(groups.to_vec());
    }
    fn resized(&mut self, size: Option<(usize, usize)>) {
        self.sizes.push(size);
    }
    fn progress(&mut self, _: &Progress) {}
    fn evaluated(&mut self, evaluation: &Evaluation) {
        self.evaluations.push(evaluation.clone());
    }
    fn predicted(&mut self, _: Predictions) {}
    fn saved(&mut self, saved: &Saved) {
        self.saved.push(saved.clone());
    }
    fn worked(&mut self, work: Work) {
        self.steps += u64::from(work == Work::Step);
        if let Work::Teach { samples, batches } = work {
            self.taught.0 += samples;
            self.taught.1 += batches;
        }
    }
    fn signal(&mut self) -> Signal {
        if self.stop_at.is_some_and(|at| self.steps >= at) {
            Signal::Stop
        } else {
            Signal::Continue
        }
    }
    fn wait_while_paused(&mut self) {}
    fn energy_used_j(&mut self) -> Option<f64> {
        None
    }
}

/// A small run over digits with a convolutional network of two blocks and batch normalisation.
pub fn small(changes: &[&str], steps: u64) -> Setup {
    let mut change = Change::default();
    if !changes
        .iter()
        .any(|change| change.starts_with("model.kind"))
    {
        change.set("model.channels", serde_json::json!([4, 6]));
    }
    change.set("regime.batch_size", 32);
    change.set("regime.stop.steps", steps);
    change.set("regime.evaluation.every_steps", steps);
    for assignment in changes {
        change.assign(assignment).unwrap();
    }
    change.apply(&Setup::default()).unwrap()
}

/// Trains on the CPU.
pub fn run(
    setup: &Setup,
    start: Option<&StartFrom>,
    checkpoints: Option<&Path>,
    resume: Option<PathBuf>,
    ear: &mut Ear,
) -> Result<Outcome, TrainError> {
    let sources = Sources {
        start: start.cloned(),
        teacher: None,
    };
    run_with(setup, &sources, checkpoints, resume, ear)
}

/// Trains on the CPU with the runs that the setup names.
pub fn run_with(
    setup: &Setup,
    sources: &Sources,
    checkpoints: Option<&Path>,
    resume: Option<PathBuf>,
    ear: &mut Ear,
) -> Result<Outcome, TrainError> {
    let info = joulelab::data::describe(&setup.dataset).unwrap();
    let plan = setup.validate_with(&info.counts()).unwrap();
    let job = Job {
        setup: setup.clone(),
        plan,
        device: Device::flex(),
        compiles: false,
        on_processor: true,
        checkpoints: checkpoints.map(Path::to_owned),
        resume,
        until: None,
    };
    train_with(job, sources, ear)
}

/// The network of a setup before its first step.
pub fn untrained(setup: &Setup) -> Network {
    let info = joulelab::data::describe(&setup.dataset).unwrap();
    let plan = setup.validate_with(&info.counts()).unwrap();
    let seed = setup.regime.seed;
    Network::new(
        &setup.model,
        info.input,
        info.outputs(),
        &plan,
        seed,
        &Device::flex(),
    )
}

/// The weights that a checkpoint holds.
pub fn saved(setup: &Setup, folder: &Path, file: &str) -> Network {
    let bytes = std::fs::read(folder.join(file)).unwrap();
    let bytes = burn::tensor::Bytes::from_bytes_vec(bytes);
    let record = burn::store::ModuleRecord::from_bytes(bytes).unwrap();
    untrained(setup).try_load_record(record).unwrap()
}

/// The numbers of a setup's first training batch as the network gets them, with the class of each: `[batch, numbers]`.
pub fn first_batch(setup: &Setup, step: u64) -> (Tensor<2>, Vec<usize>) {
    use joulelab::train::{Batches, Feed, Feeding, Residence, Scale, Targets};
    let data = joulelab::data::load(&setup.dataset).unwrap();
    let steps_per_epoch = setup.steps_per_epoch(data.train.len()) as u64;
    let input = data.info.input;
    let batches = Batches::new(
        data.train,
        input,
        data.info.target,
        Scale {
            mean: 0.0,
            deviation: 1.0,
        },
        &data.normalisation,
        Residence::Normalised,
        &Device::flex(),
    );
    let mut feed = Feed::new(batches, Feeding::of(&setup.regime, steps_per_epoch), input);
    let batch = feed.batch(step).unwrap();
    let (joulelab::models::Samples::Numbers(samples), Targets::Classes(classes)) =
        (batch.samples, batch.targets)
    else {
        panic!("images with classes");
    };
    let classes = classes.into_data();
    let classes = classes.iter::<i64>().map(|class| class as usize).collect();
    (samples, classes)
}

/// Rows of a matrix.
pub fn rows(matrix: Tensor<2>) -> Vec<Vec<f64>> {
    let [_, columns] = matrix.dims();
    let values: Vec<f64> = matrix.into_data().iter::<f64>().collect();
    values.chunks(columns).map(<[f64]>::to_vec).collect()
}

/// Logarithms of the softmax of `scores` divided by `temperature`.
pub fn log_softmax(scores: &[f64], temperature: f64) -> Vec<f64> {
    let scaled: Vec<f64> = scores.iter().map(|score| score / temperature).collect();
    let max = scaled.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = scaled.iter().map(|score| (score - max).exp()).sum();
    scaled.iter().map(|score| score - max - sum.ln()).collect()
}
