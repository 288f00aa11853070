//! How figures are put together: the idle baseline taken off, and parts of the machine added up.

use serde::{Deserialize, Serialize};

use super::MeterInfo;
use crate::units::{Boundary, EnergyFigure, Estimate};

/// Idle power of every meter, measured before a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IdleBaseline {
    /// One for each meter.
    pub meters: Vec<IdlePower>,
    /// How long was measured, in seconds.
    pub duration_s: f64,
}

/// Idle power of one meter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IdlePower {
    /// Which meter.
    pub meter: String,
    /// Mean power in watts with the meter's systematic error; `None` where it gave no reading.
    pub power_w: Option<Estimate>,
    /// What is uncertain about the mean beside the systematic error, in watts: how far the idle power wandered between
    /// slices of the time, and the edges of the window.
    pub scatter_w: f64,
}

impl IdleBaseline {
    /// From the figures of a `whole` idle window, one for each of `meters`, and of contiguous `slices` of it.
    pub fn new(meters: &[MeterInfo], whole: &[EnergyFigure], slices: &[Vec<EnergyFigure>]) -> Self {
        let of_meter = |(info, figure): (&MeterInfo, &EnergyFigure)| {
            let slices: Vec<f64> = slices
                .iter()
                .flatten()
                .filter(|slice| slice.meter == info.id)
                .filter_map(|slice| Some(slice.mean_power_w()?.value))
                .collect();
            let Some(mean) = figure.mean_power_w() else {
                return IdlePower {
                    meter: info.id.clone(),
                    power_w: None,
                    scatter_w: 0.0,
                };
            };
            // What a long window would have: the error that the run's own figure shares.
            let shared = info.error.interval(mean.value, f64::INFINITY, 0.0);
            let own_w = (mean.half_width() - shared.half_width()).max(0.0);
            IdlePower {
                meter: info.id.clone(),
                power_w: Some(shared),
                scatter_w: own_w.hypot(deviation(&slices)),
            }
        };
        Self {
            meters: meters.iter().zip(whole).map(of_meter).collect(),
            duration_s: whole
                .iter()
                .map(|figure| figure.window_s)
                .fold(0.0, f64::max),
        }
    }
}

/// Standard deviation of a sample; 0 for fewer than two values.
fn deviation(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    if n < 2.0 {
        return 0.0;
    }
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (squares / (n - 1.0)).sqrt()
}

/// Net energy: gross − idle power × covered time. The meter's systematic error is common to both and shrinks with the
/// difference; the baseline's scatter is added to it. No energy where the meter has no baseline. May be negative within
/// its interval: a machine that is busy elsewhere while idle is measured is not idle.
pub fn net(gross: &EnergyFigure, idle: &IdleBaseline) -> EnergyFigure {
    let idle = idle.meters.iter().find(|idle| idle.meter == gross.meter);
    let energy_j = gross.energy_j.zip(idle).and_then(|(gross_j, idle)| {
        let idle_j = idle.power_w?.scale(gross.covered_s);
        let scatter_j = idle.scatter_w * gross.covered_s;
        let net = gross_j.minus_same_source(idle_j);
        Some(Estimate {
            low: net.low - scatter_j,
            high: net.high + scatter_j,
            ..net
        })
    });
    EnergyFigure {
        energy_j,
        source: format!("{}, idle power taken off", gross.source),
        ..gross.clone()
    }
}

/// A sum over parts of the machine, and what is not in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Components {
    /// The sum, with boundary [`Boundary::Components`]; no energy where no part had any.
    pub figure: EnergyFigure,
    /// Meters without a reading: their energy is missing from the sum, not zero.
    pub missing: Vec<String>,
    /// Meters with a reading that must not be added, each with the reason.
    pub left_out: Vec<(String, String)>,
}

/// Adds up GPU boards, processor packages and memory: linearly within one source, whose error is systematic, in
/// quadrature across sources. The grade is the worst of the parts, the covered time that of the part covered least.
///
/// A figure of a whole chip (`soc`) contains package and memory, so it is added only where there are none of those.
pub fn components(parts: &[EnergyFigure]) -> Components {
    let mut missing = Vec::new();
    let mut left_out = Vec::new();
    let mut added: Vec<(&EnergyFigure, Estimate)> = Vec::new();
    let inside_soc = parts.iter().any(|part| {
        part.energy_j.is_some() && matches!(part.boundary, Boundary::CpuPackage | Boundary::Dram)
    });
    for part in parts {
        let reason = match part.boundary {
            Boundary::Components | Boundary::System | Boundary::Wall => Some("contains the others"),
            Boundary::Soc if inside_soc => Some("contains the processor package"),
            _ if added.iter().any(|(other, _)| other.meter == part.meter) => Some("is in already"),
            _ => None,
        };
        match (reason, part.energy_j) {
            (Some(reason), _) => left_out.push((part.meter.clone(), reason.to_owned())),
            (None, Some(energy_j)) => added.push((part, energy_j)),
            (None, None) => missing.push(part.meter.clone()),
        }
    }
    let mut by_source: Vec<(&str, Estimate)> = Vec::new();
    for (part, energy_j) in &added {
        match by_source
            .iter_mut()
            .find(|(source, _)| *source == part.source)
        {
            Some((_, sum)) => *sum = sum.plus_same_source(*energy_j),
            None => by_source.push((&part.source, *energy_j)),
        }
    }
    let join = |separator: &str, words: Vec<&str>| words.join(separator);
    let least_covered = added
        .iter()
        .min_by(|a, b| a.0.coverage().total_cmp(&b.0.coverage()));
    let figure = EnergyFigure {
        boundary: Boundary::Components,
        meter: join(
            " + ",
            added.iter().map(|(part, _)| part.meter.as_str()).collect(),
        ),
        source: join(" + ", by_source.iter().map(|(source, _)| *source).collect()),
        grade: added
            .iter()
            .map(|(part, _)| part.grade)
            .max()
            .unwrap_or(crate::units::Grade::F),
        energy_j: (!added.is_empty())
            .then(|| Estimate::sum_independent(by_source.iter().map(|(_, sum)| *sum))),
        covered_s: least_covered.map_or(0.0, |(part, _)| part.covered_s),
        window_s: parts.iter().map(|part| part.window_s).fold(0.0, f64::max),
    };
    Components {
        figure,
        missing,
        left_out,
    }
}
