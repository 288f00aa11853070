//! What it takes to ask a trained network: figures for 1,000 samples out of windows that were measured.

use super::sweep::Figure;
use crate::library::{EpochRecord, HeadAnswers, Inference, Latency, PhaseEnergy, sum_by_source};
use crate::units::{EnergyFigure, Estimate, HeadProgress, Latencies, Metric};

/// Figures are for so many samples.
pub const SAMPLES: f64 = 1000.0;
/// Windows without which nothing can be said of their spread.
pub const WINDOWS_MIN: usize = 3;
/// Changes of a meter's reading that a window should hold: with fewer, what falls between two of them weighs too much.
const REFRESHES: f64 = 25.0;

/// A window in which a network was asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// Samples that were answered.
    pub samples: u64,
    /// From the first to the last, s.
    pub seconds: f64,
    /// Its energy, by meter.
    pub energies: Vec<PhaseEnergy>,
    /// The same over the parts of the machine.
    pub sum: PhaseEnergy,
    /// How long each batch took.
    pub latencies: Latencies,
}

/// What windows of one batch size come to.
#[derive(Clone, Debug, PartialEq)]
pub struct Summed {
    /// Gross joules for 1,000 samples: mean over the windows, with spread and measurement together.
    pub energy: Option<Figure>,
    /// The same without the idle baseline.
    pub net: Option<Figure>,
    /// All windows together, by meter.
    pub energies: Vec<PhaseEnergy>,
    /// The same over the parts of the machine.
    pub sum: Option<PhaseEnergy>,
    /// Samples that were answered.
    pub samples: u64,
    /// Seconds of all windows.
    pub seconds: f64,
    /// Samples a second.
    pub throughput: f64,
    /// How long answers took.
    pub latency: Latency,
}

/// Seconds of a window where `asked_s` are asked for: as many as the slowest meter needs to change its reading 25 times, if that
/// is more.
pub fn window_s(asked_s: f64, changes_s: impl IntoIterator<Item = f64>) -> f64 {
    let slowest = changes_s.into_iter().filter(|s| s.is_finite());
    asked_s.max(REFRESHES * slowest.fold(0.0, f64::max))
}

/// Joules for 1,000 samples over `windows`, of those that have a reading; `None` where one of them has none.
fn per_thousand(windows: &[Window], of: impl Fn(&Window) -> Option<Estimate>) -> Option<Figure> {
    let figures = windows.iter().enumerate().map(|(index, window)| {
        let energy = of(window).filter(|_| window.samples > 0)?;
        Some((index as u64, energy.scale(SAMPLES / window.samples as f64)))
    });
    Figure::of(figures.collect::<Option<Vec<_>>>()?)
}

/// Whether `windows` are enough: their spread, half the width of the 95 % interval of their mean, is within `interval` of the mean.
/// What the meters are off by in every window alike is not made smaller by more of them, and does not count here. Without any
/// energy, the least number of windows is enough.
pub fn is_enough(windows: &[Window], interval: f64) -> bool {
    if windows.len() < WINDOWS_MIN {
        return false;
    }
    match per_thousand(windows, |window| window.sum.figure.energy_j) {
        None => true,
        Some(figure) => is_within(&figure, interval),
    }
}

/// Whether the spread of a mean is within `interval` of it.
pub fn is_within(figure: &Figure, interval: f64) -> bool {
    let spread = figure.spread.unwrap_or(f64::INFINITY);
    spread <= interval * figure.mean().abs()
}

/// What `windows` of one batch size come to.
pub fn sum_up(windows: &[Window]) -> Summed {
    let samples = windows.iter().map(|window| window.samples).sum();
    let seconds: f64 = windows.iter().map(|window| window.seconds).sum();
    let mut latencies = Latencies::default();
    for window in windows {
        latencies.extend(&window.latencies);
    }
    let quantile = |share| latencies.quantile_s(share);
    let first = windows.first();
    let together = |at: &dyn Fn(&Window) -> Option<PhaseEnergy>| {
        let parts: Vec<PhaseEnergy> = windows.iter().filter_map(at).collect();
        all_together(&parts)
    };
    let meters = first.map_or(0, |window| window.energies.len());
    Summed {
        energy: per_thousand(windows, |window| window.sum.figure.energy_j),
        net: per_thousand(windows, |window| window.sum.net_j),
        energies: (0..meters)
            .filter_map(|at| together(&|window| window.energies.get(at).cloned()))
            .collect(),
        sum: together(&|window| Some(window.sum.clone())),
        samples,
        seconds,
        throughput: if seconds > 0.0 {
            samples as f64 / seconds
        } else {
            0.0
        },
        latency: Latency {
            mean_s: latencies.mean_s(),
            p50_s: quantile(0.5),
            p90_s: quantile(0.9),
            p95_s: quantile(0.95),
            p99_s: quantile(0.99),
            max_s: latencies.max_s(),
        },
    }
}

/// What one meter said of several windows, which share its error.
fn all_together(parts: &[PhaseEnergy]) -> Option<PhaseEnergy> {
    let first = parts.first()?;
    let total = |of: &dyn Fn(&PhaseEnergy) -> Option<Estimate>| {
        let energies: Option<Vec<Estimate>> = parts.iter().map(of).collect();
        let source = first.figure.source.as_str();
        energies.map(|energies| sum_by_source(energies.into_iter().map(|energy| (energy, source))))
    };
    Some(PhaseEnergy {
        figure: EnergyFigure {
            energy_j: total(&|part| part.figure.energy_j),
            covered_s: parts.iter().map(|part| part.figure.covered_s).sum(),
            window_s: parts.iter().map(|part| part.figure.window_s).sum(),
            ..first.figure.clone()
        },
        net_j: total(&|part| part.net_j),
    })
}

/// The latest of `inferences`, which are in that order, of one sample at a time on this device after as many steps.
pub fn of_one<'a>(
    inferences: &'a [Inference],
    machine: &str,
    (device, backend): (&str, &str),
    step: u64,
) -> Option<&'a Inference> {
    inferences.iter().find(|one| {
        one.batch_size == 1
            && one.step == step
            && one.machine == machine
            && one.device == device
            && one.backend == backend
    })
}

/// The value that a run found at `step`, among its evaluations.
pub fn value_of_run(epochs: &[EpochRecord], step: u64) -> Option<f64> {
    let at = epochs.iter().find(|epoch| epoch.step == step);
    at.and_then(|epoch| epoch.test_metric)
}

/// How good the answers of each head are against what a run found at `step`, among its evaluations; `samples` are held out.
pub fn heads_against_run(
    heads: &[HeadProgress],
    epochs: &[EpochRecord],
    step: u64,
    samples: u64,
) -> Vec<HeadAnswers> {
    let at = epochs.iter().find(|epoch| epoch.step == step);
    let of_run = |head: &HeadProgress| {
        let known = at?.heads.iter().find(|known| known.head == head.head);
        known?.value
    };
    heads
        .iter()
        .map(|head| {
            let run_value = of_run(head);
            let both = head.value.zip(run_value);
            HeadAnswers {
                head: head.head.clone(),
                metric: head.metric,
                value: head.value,
                run_value,
                agrees: both.map(|(value, of_run)| agrees(head.metric, value, of_run, samples)),
            }
        })
        .collect()
}

/// Whether answers are as good as the run found them: of shares within one of `samples` or half a percent of them, of other metrics
/// within a percent. Two devices round differently, and a sample on the edge may go either way.
pub fn agrees(metric: Metric, value: f64, of_run: f64, samples: u64) -> bool {
    let tolerance = if metric.is_share() {
        (1.5 / samples.max(1) as f64).max(0.005)
    } else {
        0.01 * of_run.abs()
    };
    (value - of_run).abs() <= tolerance
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Boundary, Grade};

    fn window(joules: f64, half: f64, samples: u64) -> Window {
        let energy = PhaseEnergy {
            figure: EnergyFigure {
                boundary: Boundary::GpuBoard,
                meter: "nvml:0".to_owned(),
                source: "counter".to_owned(),
                grade: Grade::B,
                energy_j: Some(Estimate::plus_minus(joules, half)),
                covered_s: 2.0,
                window_s: 2.0,
            },
            net_j: Some(Estimate::plus_minus(joules / 2.0, half)),
        };
        let mut latencies = Latencies::default();
        latencies.add(2.0);
        Window {
            samples,
            seconds: 2.0,
            energies: vec![energy.clone()],
            sum: energy,
            latencies,
        }
    }

    #[test]
    fn figures_are_those_of_a_thousand_samples() {
        let windows = [
            window(10.0, 0.5, 500),
            window(12.0, 0.6, 500),
            window(8.0, 0.4, 500),
        ];
        let summed = sum_up(&windows);
        let energy = summed.energy.unwrap();
        assert_eq!(energy.mean(), 20.0);
        // Values 20, 24, 16: s = 4, n = 3, t = 4.302653.
        let spread = 4.302_653 * 4.0 / 3.0_f64.sqrt();
        assert!((energy.spread.unwrap() - spread).abs() < 1e-4);
        assert_eq!(energy.measured, Estimate::plus_minus(20.0, 1.0));
        assert!((energy.estimate.high - (20.0 + spread.hypot(1.0))).abs() < 1e-4);
        assert_eq!(summed.net.unwrap().mean(), 10.0);
        assert_eq!((summed.samples, summed.throughput), (1500, 250.0));
        let sum = summed.sum.unwrap().figure;
        assert_eq!(
            (sum.energy_j, sum.window_s),
            (Some(Estimate::plus_minus(30.0, 1.5)), 6.0)
        );
        assert_eq!(summed.energies[0].figure, sum);
        assert_eq!(summed.latency.p50_s, Some(2.0));
    }

    #[test]
    fn windows_are_repeated_until_they_agree() {
        let alike = |count: usize| vec![window(10.0, 3.0, 500); count];
        assert!(!is_enough(&alike(2), 0.02));
        // The meter's own error does not count.
        assert!(is_enough(&alike(3), 0.02));
        let apart = [
            window(10.0, 0.0, 500),
            window(11.0, 0.0, 500),
            window(10.0, 0.0, 500),
        ];
        assert!(!is_enough(&apart, 0.02));
        assert!(is_enough(&apart, 0.2));
        let mut unread = alike(3);
        unread[1].sum.figure.energy_j = None;
        assert!(is_enough(&unread, 0.02));
        assert!(
            sum_up(&unread).energy.is_none(),
            "a mean over some would hide the others"
        );
    }

    #[test]
    fn windows_are_long_enough_for_the_slowest_meter() {
        assert_eq!(window_s(2.0, [0.02, 0.05]), 2.0);
        assert_eq!(window_s(2.0, [0.1, 1.0, f64::NAN]), 25.0);
        assert_eq!(window_s(2.0, []), 2.0);
    }

    #[test]
    fn answers_agree_where_a_sample_on_the_edge_falls_the_other_way() {
        assert!(agrees(Metric::Accuracy, 0.97, 0.9675, 360));
        assert!(!agrees(Metric::Accuracy, 0.95, 0.97, 360));
        assert!(agrees(Metric::Accuracy, 0.9, 1.0, 10));
        assert!(agrees(Metric::Rmse, 3.02, 3.0, 10) && !agrees(Metric::Rmse, 3.1, 3.0, 10));
    }
}
