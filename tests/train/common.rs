use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use burn::tensor::Device;
use joulelab::data::{Features, Labels, Normalisation, Split};
use joulelab::device::{self, DeviceKind};
use joulelab::models::Network;
use joulelab::setup::{InputShape, Phase, Setup};
use joulelab::train::{
    Evaluation, Job, Observer, Outcome, Predictions, Progress, Saved, Signal, TrainError, Work,
    train,
};

/// Hears everything that a run tells.
#[derive(Default)]
pub struct Ear {
    pub evaluations: Vec<Evaluation>,
    pub saved: Vec<Saved>,
    /// Asks for a stop after so many steps.
    pub stop_at: Option<u64>,
    /// Steps so far.
    pub steps: u64,
    /// Whether the warm-up may be short.
    pub is_warm: bool,
}

impl Observer for Ear {
    fn begin(&mut self, _: Phase) {}

    fn end(&mut self, phase: Phase) {
        if phase == Phase::WarmUp {
            // Its steps do not count.
            self.steps = 0;
        }
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
    }

    fn is_warm(&mut self) -> bool {
        self.is_warm
    }

    fn signal(&mut self) -> Signal {
        if self.stop_at.is_some_and(|stop_at| self.steps >= stop_at) {
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

/// Whoever draws random numbers on the CPU backend must be alone: it has one generator for the whole process.
pub fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Trains on the CPU.
pub fn run(
    setup: &Setup,
    checkpoints: Option<&Path>,
    resume: Option<PathBuf>,
    ear: &mut Ear,
) -> Result<Outcome, TrainError> {
    run_on(setup, Device::flex(), false, checkpoints, resume, ear)
}

/// Trains on a device.
pub fn run_on(
    setup: &Setup,
    device: Device,
    compiles: bool,
    checkpoints: Option<&Path>,
    resume: Option<PathBuf>,
    ear: &mut Ear,
) -> Result<Outcome, TrainError> {
    let info = joulelab::data::describe(&setup.dataset).unwrap();
    let plan = setup.validate_with(&info.counts()).unwrap();
    let job = Job {
        setup: setup.clone(),
        plan,
        device,
        compiles,
        // As if it were a graphics card, so that images lie on it as bytes.
        on_processor: !compiles,
        checkpoints: checkpoints.map(Path::to_owned),
        resume,
        until: None,
    };
    train(job, ear)
}

/// A small run: digits, an MLP of 16, `steps` steps of 32 samples; saved at the end, looked at every `steps` steps.
pub fn small(changes: &[&str], steps: u64) -> Setup {
    let mut change = joulelab::setup::Change::default();
    change.set("model.kind", "mlp");
    change.set("model.hidden", serde_json::json!([16]));
    change.set("regime.batch_size", 32);
    change.set("regime.stop.steps", steps);
    change.set("regime.evaluation.every_steps", steps);
    for assignment in changes {
        change.assign(assignment).unwrap();
    }
    let setup = change.apply(&Setup::default()).unwrap();
    setup.validate().unwrap();
    setup
}

/// The first graphics adapter, software ones too; a missing one is a failure where the variable asks for that. A device can
/// be opened once a process.
pub fn adapter() -> Option<Device> {
    static OPENED: OnceLock<Option<Device>> = OnceLock::new();
    let opened = OPENED.get_or_init(|| {
        let entry = device::list()
            .into_iter()
            .find(|entry| !matches!(entry.kind, DeviceKind::Cpu | DeviceKind::Other))?;
        // Tuning takes minutes: what was tuned is kept beside the build, for the next time.
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kernels");
        device::use_kernel_cache(&kept, &entry);
        device::open(&entry).ok().map(|opened| opened.device)
    });
    if opened.is_none() {
        let required =
            std::env::var("JOULELAB_TEST_ADAPTER").is_ok_and(|value| value == "required");
        assert!(!required, "no graphics adapter that Burn can open");
        eprintln!("skipped: no graphics adapter");
    }
    opened.clone()
}

/// Images of noise, 3 × 9 × 7: neither square nor a whole number of words.
pub const NOISE: InputShape = InputShape::Image {
    channels: 3,
    height: 9,
    width: 7,
};

/// `samples` images of noise in four classes.
pub fn noise(samples: usize) -> (Split, Normalisation) {
    let mut state = 12345_u32;
    let mut byte = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let split = Split {
        features: Features::U8((0..samples * NOISE.len()).map(|_| byte()).collect()),
        labels: Labels::Classes(vec![(0..samples).map(|i| (i % 4) as u16).collect()]),
    };
    let normalisation = Normalisation {
        mean: vec![120.0, 100.5, 90.25],
        std: vec![60.0, 70.5, 80.75],
    };
    (split, normalisation)
}

/// The weights that a checkpoint holds, as a network of `setup` on the CPU.
pub fn saved_network(setup: &Setup, folder: &Path, file: &str) -> Network {
    use burn::module::Module;
    let info = joulelab::data::describe(&setup.dataset).unwrap();
    let plan = setup.validate_with(&info.counts()).unwrap();
    let network = Network::new(
        &setup.model,
        info.input,
        info.outputs(),
        &plan,
        setup.regime.seed,
        &Device::flex(),
    );
    let bytes = std::fs::read(folder.join(file)).unwrap();
    let record =
        burn::store::ModuleRecord::from_bytes(burn::tensor::Bytes::from_bytes_vec(bytes)).unwrap();
    network.try_load_record(record).unwrap()
}
