//! What a regime makes of the weights.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, FloatDType, Tensor};
use joulelab::data;
use joulelab::models::{Network, Samples};
use joulelab::setup::{ModelSetup, OptimiserSetup, Setup, VitSetup};
use joulelab::train::{Batches, Feed, Feeding, Residence, Scale, Targets};

use crate::common::{Ear, adapter, alone, run, run_on, saved_network, small};
use crate::reference::{Parameter, State, step};

/// Reads a network's numbers, or their gradients.
#[derive(Default)]
struct Read<'a> {
    path: Vec<String>,
    gradients: Option<&'a GradientsParams>,
    found: Vec<Parameter>,
}

impl ModuleVisitor for Read<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = match self.gradients {
            None => param.val(),
            Some(gradients) => gradients.get::<D>(param.id).unwrap(),
        };
        self.found.push(Parameter {
            path: self.path.join("."),
            shape: tensor.dims().to_vec(),
            values: tensor.into_data().iter::<f64>().collect(),
        });
    }
}

fn numbers(network: &Network) -> Vec<Parameter> {
    let mut read = Read::default();
    network.valid().visit(&mut read);
    read.found
}

fn worst(a: &[Parameter], b: &[Parameter]) -> f64 {
    assert_eq!(a.len(), b.len());
    let pairs = a.iter().zip(b).flat_map(|(a, b)| {
        assert_eq!((&a.path, &a.shape), (&b.path, &b.shape));
        a.values.iter().zip(&b.values)
    });
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// The network that a run of `setup` ends with: the file `name` of its last checkpoint.
fn trained(setup: &Setup, name: &str) -> Vec<Parameter> {
    let folder = tempfile::tempdir().unwrap();
    let mut ear = Ear::default();
    run(setup, Some(folder.path()), None, &mut ear).unwrap();
    numbers(&saved_network(setup, &ear.saved.last().unwrap().path, name))
}

fn initial(setup: &Setup, device: &Device) -> Network {
    let info = data::describe(&setup.dataset).unwrap();
    let plan = setup.validate_with(&info.counts()).unwrap();
    let seed = setup.regime.seed;
    Network::new(
        &setup.model,
        info.input,
        info.outputs(),
        &plan,
        seed,
        device,
    )
}

/// The digits as a run of `setup` takes them.
fn feed(setup: &Setup, device: &Device) -> Feed {
    let data = data::load(&setup.dataset).unwrap();
    let (input, target) = (data.info.input, data.info.target);
    let scale = Scale::of(&data.train.labels);
    let steps = setup.steps_per_epoch(data.train.len()) as u64;
    let batches = Batches::new(
        data.train,
        input,
        target,
        scale,
        &data.normalisation,
        Residence::Normalised,
        device,
    );
    Feed::new(batches, Feeding::of(&setup.regime, steps), input)
}

/// The gradient of the mean cross-entropy of a batch.
fn gradients(network: &Network, samples: Samples, targets: Targets) -> Vec<Parameter> {
    let Targets::Classes(classes) = targets else {
        panic!("digits have classes")
    };
    let shares = log_softmax(network.forward(samples), 1);
    let [count, _] = shares.dims();
    let loss = shares.gather(1, classes.reshape([count, 1])).mean().neg();
    let found = GradientsParams::from_grads(loss.backward(), network);
    let mut read = Read {
        gradients: Some(&found),
        ..Read::default()
    };
    network.visit(&mut read);
    read.found
}

/// `network` with other numbers.
struct Fill(std::vec::IntoIter<Parameter>);

impl burn::module::ModuleMapper for Fill {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let values = self.0.next().unwrap().values;
        param.map(|old| {
            let data = burn::tensor::TensorData::new(values, old.shape()).convert::<f32>();
            Tensor::from_data(data, &old.device()).require_grad()
        })
    }
}

const EVERY_OPTIMISER: [&str; 8] = [
    "sgd", "adam", "adamw", "rmsprop", "adagrad", "lion", "muon", "lamb",
];

#[test]
fn the_list_of_optimisers_is_whole() {
    assert_eq!(EVERY_OPTIMISER, OptimiserSetup::KINDS);
}

/// Three steps of each optimiser, by Joulelab and by the papers' formulas on plain numbers.
#[test]
fn every_optimiser_steps_as_its_paper_says() {
    let _alone = alone();
    for kind in EVERY_OPTIMISER {
        let kind_is = format!("regime.optimiser.kind={kind}");
        let changes = [
            "model.hidden=[16,12]",
            "regime.learning_rate=0.01",
            "regime.optimiser.weight_decay=0.05",
            &kind_is,
        ];
        let setup = small(&changes, 3);
        let device = Device::flex().autodiff();
        let mut network = initial(&setup, &device);
        let mut expected = numbers(&network);
        let mut states = vec![State::default(); expected.len()];
        let mut feed = feed(&setup, &device);
        for index in 0..3 {
            let batch = feed.batch(index).unwrap();
            let found = gradients(&network, batch.samples, batch.targets);
            for ((parameter, gradient), state) in expected.iter_mut().zip(&found).zip(&mut states) {
                // 256 → 16 is the first matrix, 12 → 10 the last.
                let by_muon = parameter.shape == [16, 12];
                let rate = setup.regime.learning_rate;
                let optimiser = &setup.regime.optimiser;
                step(optimiser, parameter, &gradient.values, state, rate, by_muon);
            }
            network = network.map(&mut Fill(expected.clone().into_iter()));
        }
        let start = numbers(&initial(&setup, &device));
        let found = trained(&setup, "network.bpk");
        assert!(worst(&start, &found) > 1e-3, "{kind} moves");
        let worst = worst(&expected, &found);
        // Steps are about as large as the learning rate; 32 bits give six digits of what they are made of, and the
        // iteration of Muon makes little of that larger.
        assert!(worst < 2e-5, "{kind}: off by {worst}");
    }
}

/// What a run ends with, uninterrupted and stopped half way, to the last bit.
fn assert_resumes(setup: &Setup, device: &Device, compiles: bool, what: &str) {
    let whole_in = tempfile::tempdir().unwrap();
    let mut whole = Ear::default();
    let on = |ear: &mut Ear, folder: &std::path::Path, resume| {
        run_on(setup, device.clone(), compiles, Some(folder), resume, ear).unwrap()
    };
    on(&mut whole, whole_in.path(), None);

    let parts_in = tempfile::tempdir().unwrap();
    let mut first = Ear {
        stop_at: Some(3),
        ..Ear::default()
    };
    let outcome = on(&mut first, parts_in.path(), None);
    assert_eq!(outcome.steps, 3, "{what}");
    let mut second = Ear::default();
    let resume = first.saved.last().unwrap().path.clone();
    let outcome = on(&mut second, parts_in.path(), Some(resume));
    assert_eq!(outcome.steps, 7, "{what}");

    let mut names = vec!["network.bpk"];
    names.extend(setup.regime.ema.as_ref().map(|_| "averaged.bpk"));
    for name in names {
        let last = |ear: &Ear| {
            let path = &ear.saved.last().unwrap().path;
            numbers(&saved_network(setup, path, name))
        };
        assert_eq!(worst(&last(&whole), &last(&second)), 0.0, "{what}: {name}");
    }
    let last = |ear: &Ear| ear.evaluations.last().unwrap().loss.to_bits();
    assert_eq!(last(&whole), last(&second), "{what}");
}

#[test]
fn every_optimiser_goes_on_from_a_checkpoint_as_if_never_stopped() {
    let _alone = alone();
    for kind in EVERY_OPTIMISER {
        let kind_is = format!("regime.optimiser.kind={kind}");
        let setup = small(&["model.hidden=[16,12]", &kind_is], 7);
        assert_resumes(&setup, &Device::flex(), false, kind);
    }
}

/// Batch normalisation and dropout, averaging, accumulation, augmentation and 16 bits, all at once.
const EVERYTHING: [&str; 10] = [
    "model.kind=cnn",
    "model.channels=[4,6]",
    "model.dropout=0.2",
    "regime.optimiser.kind=muon",
    "regime.micro_batch_size=8",
    "regime.ema.decay=0.9",
    "regime.precision=f16",
    "regime.augmentation.crop_padding=2",
    "regime.augmentation.cutout=4",
    "regime.augmentation.mixup=0.3",
];

fn everything(steps: u64) -> Setup {
    let mut change = joulelab::setup::Change::default();
    for assignment in EVERYTHING {
        change.assign(assignment).unwrap();
    }
    change.set("regime.batch_size", 32);
    change.set("regime.stop.steps", steps);
    change.set("regime.evaluation.every_steps", steps);
    let setup = change.apply(&Setup::default()).unwrap();
    setup.validate().unwrap();
    setup
}

#[test]
fn a_regime_of_everything_goes_on_from_a_checkpoint_as_if_never_stopped() {
    let _alone = alone();
    assert_resumes(&everything(7), &Device::flex(), false, "everything");
}

#[test]
fn a_seed_gives_the_same_weights_again_and_another_one_others() {
    let _alone = alone();
    let setup = everything(4);
    let once = trained(&setup, "averaged.bpk");
    assert_eq!(worst(&once, &trained(&setup, "averaged.bpk")), 0.0);
    let mut other = setup.clone();
    other.regime.seed = 1;
    assert!(worst(&once, &trained(&other, "averaged.bpk")) > 1e-3);
}

#[test]
fn accumulated_gradients_are_those_of_the_whole_batch() {
    let _alone = alone();
    for optimiser in ["sgd", "adam"] {
        let optimiser = format!("regime.optimiser.kind={optimiser}");
        let changes = [
            optimiser.as_str(),
            "regime.gradient_clipping.kind=norm",
            "regime.gradient_clipping.max=0.5",
        ];
        let whole = trained(&small(&changes, 4), "network.bpk");
        for micro in ["16", "8", "1"] {
            let micro = format!("regime.micro_batch_size={micro}");
            let parts = [&changes[..], &[micro.as_str()]].concat();
            let found = worst(&whole, &trained(&small(&parts, 4), "network.bpk"));
            assert!(found < 1e-5, "{optimiser}, {micro}: off by {found}");
        }
    }
}

/// The average by its formula, from the weights after each of the first steps; running statistics are averaged too.
#[test]
fn averaged_weights_follow_their_formula_and_are_what_is_evaluated() {
    let _alone = alone();
    let decay = 0.25;
    let changes = ["model.normalisation=batch", "regime.ema.decay=0.25"];
    let device = Device::flex();
    let mut expected = numbers(&initial(&small(&changes, 1), &device));
    for steps in 1..=4_u32 {
        let setup = small(&changes, steps.into());
        let t = f64::from(steps - 1);
        let kept = f64::min(decay, (1.0 + t) / (10.0 + t));
        for (average, now) in expected.iter_mut().zip(trained(&setup, "network.bpk")) {
            for (average, now) in average.values.iter_mut().zip(now.values) {
                *average = kept * *average + (1.0 - kept) * now;
            }
        }
        let found = trained(&setup, "averaged.bpk");
        let off = worst(&expected, &found);
        assert!(off < 1e-6, "after {steps} steps: off by {off}");
        assert!(worst(&found, &trained(&setup, "network.bpk")) > 1e-4);
    }
    let is_statistic = |p: &&Parameter| p.path.contains("running");
    assert_eq!(expected.iter().filter(is_statistic).count(), 2);

    let setup = small(&changes, 4);
    let folder = tempfile::tempdir().unwrap();
    let mut ear = Ear::default();
    run(&setup, Some(folder.path()), None, &mut ear).unwrap();
    let path = &ear.saved.last().unwrap().path;
    let told = ear.evaluations.last().unwrap().loss;
    let loss_of = |name| held_out_loss(&setup, &saved_network(&setup, path, name));
    assert!((told - loss_of("averaged.bpk")).abs() < 1e-5);
    assert!((told - loss_of("network.bpk")).abs() > 1e-4);
}

fn held_out_loss(setup: &Setup, network: &Network) -> f64 {
    let data = data::load(&setup.dataset).unwrap();
    let (input, target, count) = (data.info.input, data.info.target, data.test.len());
    let scale = Scale::of(&data.test.labels);
    let batches = Batches::new(
        data.test,
        input,
        target,
        scale,
        &data.normalisation,
        Residence::Normalised,
        &Device::flex(),
    );
    let order = batches.order((0..count as u32).collect());
    let batch = batches.batch(&order, 0, count, None).unwrap();
    let Targets::Classes(classes) = batch.targets else {
        panic!("digits have classes")
    };
    let shares = log_softmax(network.valid().forward(batch.samples), 1);
    let loss = shares.gather(1, classes.reshape([count, 1])).mean().neg();
    loss.into_data().iter::<f64>().next().unwrap()
}

#[test]
fn sixteen_bits_learn_as_well_as_thirty_two() {
    let _alone = alone();
    let accuracy = |precision: &str, device: &Device, compiles: bool, steps: u64| {
        let precision = format!("regime.precision={precision}");
        let setup = small(&["regime.learning_rate=0.005", &precision], steps);
        let mut ear = Ear::default();
        run_on(&setup, device.clone(), compiles, None, None, &mut ear).unwrap();
        ear.evaluations.last().unwrap().metric
    };
    let mut devices = vec![("flex", Device::flex(), false)];
    devices.extend(adapter().map(|device| ("adapter", device, true)));
    for (name, device, compiles) in devices {
        if !device.supports_dtype(FloatDType::F16) {
            eprintln!("skipped: {name} has no 16-bit floats");
            continue;
        }
        let steps = 200;
        let full = accuracy("f32", &device, compiles, steps);
        let half = accuracy("f16", &device, compiles, steps);
        assert!(full > 0.85, "{name}: {full}");
        assert!((full - half).abs() < 0.03, "{name}: f32 {full}, f16 {half}");
    }
}

/// Attention, its normalisation and its softmax among them.
#[test]
fn a_network_with_attention_learns_in_sixteen_bits_too() {
    let _alone = alone();
    let loss = |precision: &str| {
        let precision = format!("regime.precision={precision}");
        let mut setup = small(&[&precision], 60);
        setup.model = ModelSetup::Vit(VitSetup {
            patch: 4,
            depth: 2,
            width: 32,
            heads: 2,
            ..VitSetup::default()
        });
        let mut ear = Ear::default();
        run_on(&setup, Device::flex(), false, None, None, &mut ear).unwrap();
        ear.evaluations.last().unwrap().loss
    };
    let (full, half) = (loss("f32"), loss("f16"));
    assert!(full < 2.0, "{full}: it has learnt something");
    assert!((full - half).abs() < 0.05 * full, "f32 {full}, f16 {half}");
}

/// A batch of one with the first scale, 2¹⁶: the gradient of the answers is nearly 2¹⁶, and that of the weights of the first
/// layer, which is the samples times it, has no room in 16 bits.
#[test]
fn a_step_that_overflows_is_skipped_and_halves_the_scale() {
    let _alone = alone();
    let changes = [
        "regime.precision=f16",
        "regime.batch_size=1",
        "model.hidden=[]",
    ];
    let setup = small(&changes, 1);
    let folder = tempfile::tempdir().unwrap();
    let mut ear = Ear::default();
    run(&setup, Some(folder.path()), None, &mut ear).unwrap();
    let path = &ear.saved.last().unwrap().path;
    let scale = || {
        let state = std::fs::read_to_string(path.join("state.json")).unwrap();
        serde_json::from_str::<serde_json::Value>(&state).unwrap()["loss_scale"].clone()
    };
    assert_eq!(scale()["scale"], 32768.0);
    assert_eq!(scale()["good_steps"], 0.0);
    let before = numbers(&initial(&setup, &Device::flex()));
    assert_eq!(
        worst(
            &before,
            &numbers(&saved_network(&setup, path, "network.bpk"))
        ),
        0.0
    );

    // A batch of 32 divides the gradient by 32.
    let fitting = small(&["regime.precision=f16", "model.hidden=[]"], 2);
    let moved = worst(&before, &trained(&fitting, "network.bpk"));
    assert!(moved > 1e-3, "{moved}");
}
