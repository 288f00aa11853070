//! What Joulelab's training loop costs beyond the training itself: its time for a step against that of a bare Burn loop,
//! and against PyTorch where there is one, with the digits CNN and the MLP 64-128-10 on the CPU.
//!
//! Each round trains from the same seed on the same batches; the two loops take turns, so that both meet the same
//! machine. See `benches/README.md`.

use std::error::Error;
use std::process::Command;
use std::time::{Duration, Instant};

use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Int, Tensor, TensorData};
use joulelab::data::{self, Dataset, Features, Split};
use joulelab::models::{Network, Samples};
use joulelab::setup::{MlpSetup, ModelSetup, Phase, Setup, plan::Plan};
use joulelab::train::{
    Evaluation, Job, Observer, Predictions, Progress, Saved, Signal, Work, optimiser, train,
};
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

/// Joulelab's time for a step as a multiple of the bare loop's.
const GOAL: f64 = 1.02;
/// Turns of PyTorch, each after a share of the pairs.
const TURNS: usize = 3;
/// Pairs of rounds in a turn, one of each loop.
const PAIRS: usize = 5;
/// Before the clock of a bare round starts; Joulelab's loop warms up by itself.
const WARM_UP_STEPS: usize = 2;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/pytorch.py");

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let python = python()?;
    let device = Device::flex();
    let mut cases = [
        // A step of the MLP is much shorter, so that a round needs more of them.
        Case::new("cnn", ModelSetup::default(), 30, true)?,
        Case::new("mlp", ModelSetup::Mlp(MlpSetup::default()), 120, false)?,
    ];
    for _ in 0..TURNS {
        for case in &mut cases {
            case.turn(&device)?;
        }
        if let Some(python) = &python {
            for case in &mut cases {
                case.peer.push(pytorch(python, case)?);
            }
        }
    }
    for case in &cases {
        case.report();
    }
    if python.is_none() {
        println!(
            "PyTorch: not measured; install benches/peers/requirements.txt into a virtual environment and run\n  \
             cargo bench --bench loop_overhead -- --python VENV/bin/python"
        );
    }
    Ok(())
}

/// The interpreter of `--python`, else of the variable PYTHON.
fn python() -> Result<Option<String>> {
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--python" => {
                let path = arguments.next();
                return Ok(Some(path.ok_or("--python needs a path to a Python")?));
            }
            // Cargo adds it to every benchmark.
            "--bench" => {}
            other => return Err(format!("`{other}` is not known, only --python PATH").into()),
        }
    }
    Ok(std::env::var("PYTHON").ok())
}

/// One model with what was measured of it.
struct Case {
    name: &'static str,
    setup: Setup,
    plan: Plan,
    data: Dataset,
    has_goal: bool,
    joulelab: Vec<Round>,
    bare: Vec<Round>,
    peer: Vec<Round>,
}

/// What one training from scratch gave.
#[derive(Clone, Copy)]
struct Round {
    ms_per_step: f64,
    accuracy: f64,
}

impl Case {
    fn new(name: &'static str, model: ModelSetup, epochs: u64, has_goal: bool) -> Result<Self> {
        let mut setup = Setup {
            model,
            ..Setup::default()
        };
        setup.regime.stop.epochs = Some(epochs);
        setup.regime.evaluation.every_epochs = epochs;
        let data = data::load(&setup.dataset)?;
        let plan = setup.validate_with(&data.info.counts())?;
        Ok(Self {
            name,
            setup,
            plan,
            data,
            has_goal,
            joulelab: Vec::new(),
            bare: Vec::new(),
            peer: Vec::new(),
        })
    }

    fn epochs(&self) -> u64 {
        self.setup.regime.stop.epochs.unwrap_or_default()
    }

    fn turn(&mut self, device: &Device) -> Result<()> {
        for pair in 0..PAIRS {
            // Who goes first changes, so that neither always finds the machine as the other left it.
            let own_first = pair % 2 == 0;
            let early = own_first.then(|| joulelab(self, device)).transpose()?;
            let bare = bare(self, device)?;
            let own = early.map_or_else(|| joulelab(self, device), Ok)?;
            eprintln!(
                "{}: joulelab {:.3}, bare burn {:.3} ms/step",
                self.name, own.ms_per_step, bare.ms_per_step
            );
            self.joulelab.push(own);
            self.bare.push(bare);
        }
        Ok(())
    }

    fn report(&self) {
        let steps = self.epochs() as usize * self.setup.steps_per_epoch(self.data.train.len());
        println!(
            "{} {} ({} parameters), batch {}, {} rounds of {steps} steps",
            self.name,
            self.data.info.name,
            self.plan.parameters(),
            self.setup.regime.batch_size,
            self.bare.len(),
        );
        for (who, rounds) in [
            ("joulelab", &self.joulelab),
            ("bare burn", &self.bare),
            ("pytorch", &self.peer),
        ] {
            if let Some(last) = rounds.last() {
                let (least, median, most) = spread(rounds.iter().map(|round| round.ms_per_step));
                println!(
                    "  {who:<10} {median:.3} ms/step ({least:.3} to {most:.3}), test accuracy {:.2} %",
                    last.accuracy * 100.0
                );
            }
        }
        let pairs = self.joulelab.iter().zip(&self.bare);
        let (least, ratio, most) = spread(pairs.map(|(a, b)| a.ms_per_step / b.ms_per_step));
        let verdict = match (self.has_goal, ratio <= GOAL) {
            (false, _) => String::new(),
            (true, true) => format!("; goal at most {GOAL}: kept"),
            (true, false) => format!("; goal at most {GOAL}: missed"),
        };
        println!("  joulelab / bare burn: {ratio:.3} ({least:.3} to {most:.3}){verdict}");
        if !self.peer.is_empty() {
            let turns = self.joulelab.chunks(PAIRS).zip(&self.peer);
            let (least, ratio, most) = spread(turns.map(|(own, peer)| {
                let (_, own, _) = spread(own.iter().map(|round| round.ms_per_step));
                own / peer.ms_per_step
            }));
            println!("  joulelab / pytorch: {ratio:.3} ({least:.3} to {most:.3})");
        }
    }
}

/// Least, median and most.
fn spread(values: impl Iterator<Item = f64>) -> (f64, f64, f64) {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let last = values.len() - 1;
    let median = (values[last / 2] + values[last.div_ceil(2)]) / 2.0;
    (values[0], median, values[last])
}

/// Hears everything, does nothing but time the training phase.
#[derive(Default)]
struct Stopwatch {
    begun: Option<Instant>,
    train: Duration,
}

impl Observer for Stopwatch {
    fn begin(&mut self, phase: Phase) {
        self.begun = (phase == Phase::Train).then(Instant::now);
    }

    fn end(&mut self, _: Phase) {
        self.train += self.begun.take().map_or(Duration::ZERO, |b| b.elapsed());
    }

    fn progress(&mut self, _: &Progress) {}

    fn evaluated(&mut self, _: &Evaluation) {}
    fn predicted(&mut self, _: Predictions) {}

    fn saved(&mut self, _: &Saved) {}
    fn worked(&mut self, _: Work) {}

    fn signal(&mut self) -> Signal {
        Signal::Continue
    }

    fn wait_while_paused(&mut self) {}

    fn energy_used_j(&mut self) -> Option<f64> {
        None
    }
}

fn joulelab(case: &Case, device: &Device) -> Result<Round> {
    let job = Job {
        setup: case.setup.clone(),
        plan: case.plan.clone(),
        device: device.clone(),
        compiles: false,
        on_processor: true,
        checkpoints: None,
        resume: None,
        until: None,
    };
    let mut stopwatch = Stopwatch::default();
    let outcome = train(job, &mut stopwatch)?;
    Ok(Round {
        ms_per_step: ms_per_step(stopwatch.train, outcome.steps),
        accuracy: outcome.final_metric.unwrap_or(f64::NAN),
    })
}

/// The least that training with Burn takes: gather, forward, loss, backward, step. Whatever can be prepared is.
fn bare(case: &Case, device: &Device) -> Result<Round> {
    let regime = &case.setup.regime;
    let autodiff = device.clone().autodiff();
    let (samples, labels) = on_device(&case.data, &case.data.train, &autodiff);
    let per_epoch = case.setup.steps_per_epoch(case.data.train.len());
    let orders: Vec<_> = (0..case.epochs())
        .map(|epoch| order(case.data.train.len(), regime.seed, epoch, &autodiff))
        .collect();
    let loss = CrossEntropyLossConfig::new().init(&autodiff);
    let step = |network: Network, optimiser: &mut ModuleOptimizer, epoch: usize, index: usize| {
        let from = index * regime.batch_size;
        let chosen = orders[epoch].clone().narrow(0, from, regime.batch_size);
        let scores = network.forward(Samples::Numbers(samples.clone().select(0, chosen.clone())));
        let loss = loss.forward(scores, labels.clone().select(0, chosen));
        let gradients = GradientsParams::from_grads(loss.backward(), &network);
        optimiser.step(regime.learning_rate, network, gradients)
    };

    let (mut network, mut optimiser) = fresh(case, &autodiff)?;
    for index in 0..WARM_UP_STEPS {
        network = step(network, &mut optimiser, 0, index);
    }
    let (mut network, mut optimiser) = fresh(case, &autodiff)?;
    device.sync().map_err(|error| format!("{error:?}"))?;
    let begun = Instant::now();
    for epoch in 0..orders.len() {
        for index in 0..per_epoch {
            network = step(network, &mut optimiser, epoch, index);
        }
    }
    device.sync().map_err(|error| format!("{error:?}"))?;
    let elapsed = begun.elapsed();

    let (samples, labels) = on_device(&case.data, &case.data.test, device);
    let count = case.data.test.len();
    let scores = network.valid().forward(Samples::Numbers(samples));
    let right = scores.argmax(1).reshape([count]).equal(labels);
    let share = right.float().mean().into_data();
    Ok(Round {
        ms_per_step: ms_per_step(elapsed, (orders.len() * per_epoch) as u64),
        accuracy: share.iter::<f64>().next().unwrap_or(f64::NAN),
    })
}

fn ms_per_step(elapsed: Duration, steps: u64) -> f64 {
    elapsed.as_secs_f64() * 1e3 / steps as f64
}

/// Network and optimiser as Joulelab's loop starts with them.
fn fresh(case: &Case, device: &Device) -> Result<(Network, ModuleOptimizer)> {
    let network = Network::new(
        &case.setup.model,
        case.data.info.input,
        case.data.info.outputs(),
        &case.plan,
        case.setup.regime.seed,
        device,
    );
    // With the same step, so that only the loops differ.
    let optimiser = optimiser::build(
        &case.setup.regime.optimiser,
        &network,
        &device.clone().without_autodiff(),
    );
    Ok((network, optimiser))
}

/// Normalised samples `[samples, pixels]` and their labels `[samples]`. The digits have a single channel.
fn on_device(data: &Dataset, part: &Split, device: &Device) -> (Tensor<2>, Tensor<1, Int>) {
    let (mean, std) = (data.normalisation.mean[0], data.normalisation.std[0]);
    let normal = |value: f32| (value - mean) / std;
    let values: Vec<f32> = match &part.features {
        Features::U8(values) => values.iter().map(|v| normal(f32::from(*v))).collect(),
        Features::F32(values) => values.iter().map(|v| normal(*v)).collect(),
        // The digits are pixels.
        Features::Tokens(_) => Vec::new(),
    };
    let labels: Vec<i32> = part
        .labels
        .classes(data.info.target)
        .unwrap_or_default()
        .iter()
        .map(|label| i32::from(*label))
        .collect();
    let (count, len) = (part.len(), data.info.input.len());
    (
        Tensor::from_data(TensorData::new(values, [count, len]), device),
        Tensor::from_data(TensorData::new(labels, [count]), device),
    )
}

/// The order in which Joulelab's loop takes the samples in an epoch. Were it another one, the accuracies would differ.
fn order(samples: usize, seed: u64, epoch: u64, device: &Device) -> Tensor<1, Int> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(epoch + 1);
    let mut order: Vec<i32> = (0..samples as i32).collect();
    order.shuffle(&mut rng);
    Tensor::from_data(TensorData::new(order, [samples]), device)
}

/// The same model in PyTorch, in a process of its own, while nothing else runs.
fn pytorch(python: &str, case: &Case) -> Result<Round> {
    let epochs = case.epochs().to_string();
    let output = Command::new(python)
        .args([SCRIPT, "--model", case.name, "--epochs", &epochs])
        .output()
        .map_err(|error| format!("cannot start Python: {error}: {python}"))?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("{SCRIPT} failed ({}):\n{message}", output.status).into());
    }
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let number = |field: &str| {
        answer["models"][case.name][field]
            .as_f64()
            .ok_or_else(|| format!("{SCRIPT} gave no {field} of {}", case.name))
    };
    Ok(Round {
        ms_per_step: number("ms_per_step")?,
        accuracy: number("test_accuracy")?,
    })
}
