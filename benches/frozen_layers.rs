//! What a training step costs where some groups of layers are frozen, against a step in which all learn, and against what the
//! count of operations says. All take turns within a round, so that they meet the same machine; what counts are the ratios. See
//! `benches/README.md`.

use std::error::Error;

use burn::tensor::Device;
use joulelab::setup::{Change, Phase, Setup};
use joulelab::train::{
    Evaluation, Job, Observer, Predictions, Progress, Saved, Signal, Work, train,
};

const ROUNDS: usize = 5;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Hears nothing.
struct Deaf;

impl Observer for Deaf {
    fn begin(&mut self, _: Phase) {}
    fn end(&mut self, _: Phase) {}
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

/// A setup that is over after some steps.
fn setup(fields: &[&str], layers: &str, steps: u64) -> Result<Setup> {
    let mut change = Change::default();
    change.set("regime.stop.steps", steps);
    change.set("regime.evaluation.every_steps", steps);
    for assignment in fields.iter().chain([&layers]) {
        change.assign(assignment)?;
    }
    Ok(change.apply(&Setup::default())?)
}

/// Seconds of a step.
fn step_s(setup: &Setup) -> Result<f64> {
    let info = joulelab::data::describe(&setup.dataset)?;
    let job = Job {
        setup: setup.clone(),
        plan: setup.validate_with(&info.counts())?,
        device: Device::flex(),
        compiles: false,
        on_processor: true,
        checkpoints: None,
        resume: None,
        until: None,
    };
    let outcome = train(job, &mut Deaf)?;
    Ok(outcome.train_s / outcome.steps as f64)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() -> Result<()> {
    let cases: [(&str, &[&str], u64); 3] = [
        (
            "cnn 64-128 on 8×8",
            &["model.channels=[64,128]", "regime.batch_size=128"],
            20,
        ),
        (
            "mlp 1024-1024",
            &[
                "model.kind=mlp",
                "model.hidden=[1024,1024]",
                "regime.batch_size=256",
            ],
            30,
        ),
        (
            "resnet-18, width 16, on 32×32",
            &[
                "dataset.name=shapes",
                "dataset.samples=320",
                "dataset.size=32",
                "model.kind=resnet",
                "model.width=16",
                "regime.batch_size=32",
            ],
            6,
        ),
    ];
    println!(
        "{:<32}{:<22}{:>10}{:>10}{:>10}",
        "model", "learns", "ms a step", "of all", "by FLOP"
    );
    for (name, fields, steps) in cases {
        let first = if name.starts_with("mlp") {
            "hidden.0"
        } else {
            "blocks.0"
        };
        let frozen = format!("regime.layers.frozen=[\"{first}\"]");
        let ways = [
            ("all", "regime.layers.train=all".to_owned()),
            ("head", "regime.layers.train=head".to_owned()),
            ("all but one group", frozen),
        ];
        let setups = ways.iter().map(|(_, layers)| setup(fields, layers, steps));
        let setups = setups.collect::<Result<Vec<Setup>>>()?;
        let mut times = vec![Vec::new(); setups.len()];
        for _ in 0..ROUNDS {
            for (setup, times) in setups.iter().zip(&mut times) {
                times.push(step_s(setup)?);
            }
        }
        let info = joulelab::data::describe(&setups[0].dataset)?;
        let plan = setups[0].validate_with(&info.counts())?;
        for (index, (way, _)) in ways.iter().enumerate() {
            let ratios = times[index].iter().zip(&times[0]);
            let ratio = median(ratios.map(|(time, all)| time / all).collect());
            let flop = setups[index].training_flop(&plan) as f64 / plan.training_flop() as f64;
            let time = 1000.0 * median(times[index].clone());
            println!("{name:<32}{way:<22}{time:>10.2}{ratio:>10.2}{flop:>10.2}");
        }
    }
    Ok(())
}
