use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};
use joulelab::data::{self, Dataset};
use joulelab::models::Network;
use joulelab::setup::plan::Plan;
use joulelab::setup::{Change, Phase, Setup, StartReport};
use joulelab::train::{
    Evaluation, Job, Observer, Outcome, Predictions, Progress, Saved, Signal, StartFrom,
    TrainError, Work, train_from,
};

/// Whoever draws random numbers on the CPU backend must be alone: it has one generator for the whole process.
pub fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Digit and parity of the digits, in batches of 32.
pub const BOTH: &str = "multitask.heads=[{\"label\":\"digit\"},{\"label\":\"parity\"}]";

/// A run of `steps` steps of an MLP of 16 on the digits, looked at every `steps` steps.
pub fn small(changes: &[&str], steps: u64) -> Setup {
    let mut change = Change::default();
    change.set("model.kind", "mlp");
    change.set("model.hidden", serde_json::json!([16]));
    change.set("regime.batch_size", 32);
    change.set("regime.stop.steps", steps);
    change.set("regime.evaluation.every_steps", steps);
    for assignment in changes {
        change.assign(assignment).unwrap();
    }
    change.apply(&Setup::default()).unwrap()
}

/// The layers of a setup's model for its data.
pub fn plan(setup: &Setup) -> Plan {
    let info = data::describe(&setup.dataset).unwrap();
    setup.validate_with(&info.counts()).unwrap()
}

/// The network of a setup, as it is before the first step.
pub fn untrained(setup: &Setup, device: &Device) -> Network {
    let info = data::describe(&setup.dataset).unwrap();
    let (input, outputs, seed) = (info.input, info.outputs(), setup.regime.seed);
    Network::new(&setup.model, input, outputs, &plan(setup), seed, device)
}

/// The network that a checkpoint holds, on the CPU.
pub fn saved(setup: &Setup, folder: &Path, file: &str) -> Network {
    let bytes = std::fs::read(folder.join(file)).unwrap();
    let bytes = burn::tensor::Bytes::from_bytes_vec(bytes);
    let record = burn::store::ModuleRecord::from_bytes(bytes).unwrap();
    let network = untrained(setup, &Device::flex());
    network.try_load_record(record).unwrap()
}

/// Hears what a run tells.
#[derive(Default)]
pub struct Ear {
    pub report: Option<StartReport>,
    pub predictions: Vec<Predictions>,
    pub saved: Vec<Saved>,
    pub evaluations: Vec<Evaluation>,
    pub progress: Vec<Progress>,
    /// Stops after so many steps.
    pub stop_at: Option<u64>,
    /// Saves after so many steps, and leaves after one more.
    pub save_and_leave_at: Option<u64>,
    pub steps: u64,
}

impl Observer for Ear {
    fn begin(&mut self, _: Phase) {}
    fn end(&mut self, phase: Phase) {
        if phase == Phase::WarmUp {
            // Its steps do not count.
            self.steps = 0;
        }
    }
    fn started(&mut self, report: &StartReport) {
        self.report = Some(report.clone());
    }
    fn progress(&mut self, progress: &Progress) {
        self.progress.push(progress.clone());
    }
    fn evaluated(&mut self, evaluation: &Evaluation) {
        self.evaluations.push(evaluation.clone());
    }
    fn predicted(&mut self, predictions: Predictions) {
        self.predictions.push(predictions);
    }
    fn saved(&mut self, saved: &Saved) {
        self.saved.push(saved.clone());
    }
    fn worked(&mut self, work: Work) {
        self.steps += u64::from(work == Work::Step);
    }
    fn signal(&mut self) -> Signal {
        match self.save_and_leave_at {
            Some(at) if self.steps == at => return Signal::Checkpoint,
            Some(at) if self.steps > at => return Signal::Leave,
            _ => {}
        }
        match self.stop_at {
            Some(stop_at) if self.steps >= stop_at => Signal::Stop,
            _ => Signal::Continue,
        }
    }
    fn wait_while_paused(&mut self) {}
    fn energy_used_j(&mut self) -> Option<f64> {
        None
    }
}

/// Trains on the CPU.
pub fn run(
    setup: &Setup,
    start: Option<&StartFrom>,
    checkpoints: &Path,
    resume: Option<PathBuf>,
    ear: &mut Ear,
) -> Result<Outcome, TrainError> {
    let job = Job {
        setup: setup.clone(),
        plan: plan(setup),
        device: Device::flex(),
        compiles: false,
        on_processor: true,
        checkpoints: Some(checkpoints.to_owned()),
        resume,
        until: None,
    };
    train_from(job, start, ear)
}

/// A run from its beginning to its end: what it came to, what it told, and its network.
pub fn trained(setup: &Setup) -> (Outcome, Ear, Network) {
    let folder = tempfile::tempdir().unwrap();
    let mut ear = Ear::default();
    let outcome = run(setup, None, folder.path(), None, &mut ear).unwrap();
    let network = saved(setup, &ear.saved.last().unwrap().path, "network.bpk");
    (outcome, ear, network)
}

/// The dataset of a setup.
pub fn dataset(setup: &Setup) -> Dataset {
    data::load(&setup.dataset).unwrap()
}

/// Every parameter of `network` by name, or its gradient.
pub fn numbers(network: &Network, gradients: Option<&GradientsParams>) -> Vec<(String, Vec<f64>)> {
    struct All<'a>(Option<&'a GradientsParams>, Vec<Vec<f64>>);
    impl ModuleVisitor for All<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let tensor = match self.0 {
                None => param.val().inner(),
                // What a loss does not depend on has none.
                Some(gradients) => gradients
                    .get::<D>(param.id)
                    .unwrap_or_else(|| param.val().inner().zeros_like()),
            };
            self.1.push(tensor.into_data().iter::<f64>().collect());
        }
    }
    let mut all = All(gradients, Vec::new());
    network.visit(&mut all);
    let names = network.parameters().into_iter().map(|of| of.name);
    names.zip(all.1).collect()
}
