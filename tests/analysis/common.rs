use std::collections::BTreeMap;

use joulelab::analysis::sweep::{Analysis, Options, State, ToTarget, Trial, TrialEnergy, analyse};
use joulelab::units::{Boundary, Estimate, Grade, Metric};
use serde_json::{Value, json};

pub fn close(a: f64, b: f64) -> bool {
    near(a, b, 1e-9)
}

pub fn near(a: f64, b: f64, relative: f64) -> bool {
    (a - b).abs() <= relative * b.abs().max(1e-300)
}

/// Gross energy of a counter: ±5 %, an error of its scale.
pub fn energy(energy_j: f64) -> TrialEnergy {
    TrialEnergy {
        gross_j: Estimate::plus_minus(energy_j, 0.05 * energy_j),
        net_j: Some(Estimate::plus_minus(energy_j / 2.0, 0.05 * energy_j)),
        boundary: Boundary::Components,
        parts: vec![Boundary::GpuBoard],
        meter: "nvml:0".into(),
        source: "NVML energy counter".into(),
        grade: Grade::B,
        simulated: false,
        coverage: 1.0,
    }
}

/// A trial that reached 97 % with `energy_j` joules at 10 W.
pub fn trial(axes: &[(&str, Value)], seed: u64, energy_j: f64) -> Trial {
    let energy = energy(energy_j);
    Trial {
        run: Some(format!("run-{seed}")),
        axes: axes
            .iter()
            .map(|(path, value)| ((*path).to_owned(), value.clone()))
            .collect::<BTreeMap<_, _>>(),
        seed,
        state: State::Finished,
        reason: None,
        device: "machine device".into(),
        metric: Metric::Accuracy,
        target: Some(0.97),
        to_target: Some(ToTarget {
            gross_j: Some(energy.gross_j),
            time_s: energy_j / 10.0,
            steps: Some(100),
        }),
        final_value: Some(0.971),
        best_value: Some(0.972),
        energy: Some(energy),
        time_s: Some(energy_j / 10.0),
        max_power_w: Some(12.0),
        steps: Some(100),
        samples: Some(6400),
        parameters: Some(1000),
        flops_per_sample: Some(6000.0),
        macs: Some(1000.0),
        utilisation: Some(0.5),
    }
}

/// With seeds 1, 2, 3, ….
pub fn seeds(axes: &[(&str, Value)], energies: &[f64]) -> Vec<Trial> {
    (1..)
        .zip(energies)
        .map(|(seed, energy_j)| trial(axes, seed, *energy_j))
        .collect()
}

pub fn batch(size: u64, energies: &[f64]) -> Vec<Trial> {
    seeds(&[("regime.batch_size", json!(size))], energies)
}

/// Batch size and learning rate.
pub fn paper(size: u64, rate: f64, energies: &[f64]) -> Vec<Trial> {
    let axes = [
        ("regime.batch_size", json!(size)),
        ("regime.learning_rate", json!(rate)),
    ];
    seeds(&axes, energies)
}

pub fn not_reached(mut trial: Trial) -> Trial {
    trial.to_target = None;
    trial.final_value = Some(0.5);
    trial
}

/// The same trial of a whole run, without a target.
pub fn whole(mut trial: Trial) -> Trial {
    trial.target = None;
    trial.to_target = None;
    trial
}

pub fn analysed(trials: &[Trial]) -> Analysis {
    analyse(trials, &Options::default()).unwrap()
}

/// Figures that look random and are the same each time, 0 to 1.
pub fn draws(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// About normal: mean 0, deviation 1 (Irwin–Hall of twelve).
pub fn normals(seed: u64) -> impl FnMut() -> f64 {
    let mut draw = draws(seed);
    move || (0..12).map(|_| draw()).sum::<f64>() - 6.0
}
