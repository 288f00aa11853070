//! Training with a setup, and what is heard of it.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use burn::tensor::Device;
use joulelab::data;
use joulelab::setup::{Change, Phase, Setup};
use joulelab::train::{
    Evaluation, Job, Observer, Outcome, Predictions, Progress, Saved, Signal, Work, train,
};
use serde_json::Value;

/// The setup that names the environment and changes these fields.
pub fn setup(fields: &[(&str, Value)]) -> Setup {
    let mut change = Change::default();
    change.set("dataset.name", "cartpole");
    for (path, value) in fields {
        change.set(path, value.clone());
    }
    change
        .apply(&Setup::default())
        .expect("the tests name fields that exist")
}

/// What is to happen once so many steps are done.
pub type Script = Box<dyn FnMut(u64) -> Signal>;

/// Notes everything.
#[derive(Default)]
pub struct Recorder {
    pub begun: Vec<Phase>,
    pub ended: Vec<Phase>,
    pub progress: Vec<Progress>,
    pub evaluations: Vec<Evaluation>,
    pub saved: Vec<Saved>,
    pub worked: Vec<(Option<Phase>, Work)>,
    pub energy_j: Option<f64>,
    pub script: Option<Script>,
    /// Steps done in train phases.
    pub updates: u64,
}

impl Recorder {
    /// Work in the train phases.
    pub fn trained(&self) -> impl Iterator<Item = Work> {
        let train =
            |(phase, work): &(Option<Phase>, Work)| (*phase == Some(Phase::Train)).then_some(*work);
        self.worked.iter().filter_map(train)
    }

    fn now(&self) -> Option<Phase> {
        (self.begun.len() > self.ended.len()).then(|| self.begun[self.begun.len() - 1])
    }
}

impl Observer for Recorder {
    fn begin(&mut self, phase: Phase) {
        assert_eq!(self.now(), None, "phases do not overlap");
        self.begun.push(phase);
    }

    fn end(&mut self, phase: Phase) {
        assert_eq!(self.now(), Some(phase));
        self.ended.push(phase);
    }

    fn progress(&mut self, progress: &Progress) {
        self.progress.push(progress.clone());
    }

    fn evaluated(&mut self, evaluation: &Evaluation) {
        self.evaluations.push(evaluation.clone());
    }

    fn predicted(&mut self, _: Predictions) {
        panic!("a policy takes nothing for a class");
    }

    fn saved(&mut self, saved: &Saved) {
        self.saved.push(saved.clone());
    }

    fn worked(&mut self, work: Work) {
        let phase = self.now();
        if phase == Some(Phase::Train) && matches!(work, Work::Update { .. }) {
            self.updates += 1;
        }
        self.worked.push((phase, work));
    }

    fn signal(&mut self) -> Signal {
        let updates = self.updates;
        self.script
            .as_mut()
            .map_or(Signal::Continue, |script| script(updates))
    }

    fn wait_while_paused(&mut self) {}

    fn energy_used_j(&mut self) -> Option<f64> {
        self.energy_j
    }
}

/// The CPU backend has one generator of random numbers for the whole process: networks that are made at the same time take
/// numbers from each other, so that one trains at a time.
static ONE: Mutex<()> = Mutex::new(());

/// Trains on the CPU.
pub fn run(setup: &Setup) -> (Outcome, Recorder) {
    run_with(setup, None, None, Recorder::default())
}

/// Trains on the CPU, with a folder for checkpoints and one to go on from.
pub fn run_with(
    setup: &Setup,
    checkpoints: Option<&Path>,
    resume: Option<PathBuf>,
    mut recorder: Recorder,
) -> (Outcome, Recorder) {
    let counts = data::describe(&setup.dataset)
        .expect("the environment needs no files")
        .counts();
    let job = Job {
        plan: setup
            .validate_with(&counts)
            .expect("the setups of these tests are possible"),
        setup: setup.clone(),
        device: Device::flex(),
        compiles: false,
        on_processor: true,
        checkpoints: checkpoints.map(Path::to_owned),
        resume,
        until: None,
    };
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let outcome = train(job, &mut recorder).expect("the CPU does not fail");
    (outcome, recorder)
}
