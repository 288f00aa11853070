//! How figures are put together: the idle baseline taken off, and parts of the machine added up.

use serde::{Deserialize, Serialize};

use super::{MeterInfo, Origin, Place, Role, part::overlap};
use crate::units::{Boundary, EnergyFigure, Estimate, Grade};

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
    /// Whether this is a model that tells its highest power at rest already, as one of memory by its size does: it cannot
    /// show what load adds.
    pub is_flat: bool,
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
                    is_flat: false,
                };
            };
            // What a long window would have: the error that the run's own figure shares.
            let shared = info.error.interval(mean.value, f64::INFINITY, 0.0);
            let own_w = (mean.half_width() - shared.half_width()).max(0.0);
            IdlePower {
                meter: info.id.clone(),
                power_w: Some(shared),
                scatter_w: own_w.hypot(deviation(&slices)),
                is_flat: info.origin == Origin::Model && mean.value >= 0.999 * info.max_power_w,
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
/// its interval: a machine that is busy elsewhere while idle is measured is not idle. Of a model that is flat, the net
/// energy is 0 J, up to as much as the gross figure may be too low: what load adds is not known.
pub fn net(gross: &EnergyFigure, idle: &IdleBaseline) -> EnergyFigure {
    let idle = idle.meters.iter().find(|idle| idle.meter == gross.meter);
    let energy_j = gross.energy_j.zip(idle).and_then(|(gross_j, idle)| {
        let idle_j = idle.power_w?.scale(gross.covered_s);
        let scatter_j = idle.scatter_w * gross.covered_s;
        let net = gross_j.minus_same_source(idle_j);
        let hidden_j = if idle.is_flat {
            gross_j.high - gross_j.value
        } else {
            0.0
        };
        Some(Estimate {
            low: net.low - scatter_j,
            high: net.high.max(hidden_j) + scatter_j,
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

/// Adds up the parts of the machine: linearly within one source, whose error is systematic, in quadrature across
/// sources. The grade is the worst of the parts that make up a tenth of the sum or more, the covered time that of the part covered least.
///
/// `places` says which parts each meter covers. No hardware is counted twice: of two figures that share any, only the
/// better is added, unless one meter stood by for the other and took its place, so that they are of different times. A
/// figure of a meter that is not among `places` is known by its boundary alone: a whole chip (`soc`) contains package and
/// memory.
pub fn components(parts: &[EnergyFigure], places: &[Place]) -> Components {
    let sum = Sum { parts, places };
    let mut missing = Vec::new();
    let mut left_out = Vec::new();
    let mut added: Vec<usize> = Vec::new();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    // The better of two that share hardware; among equals what is inside a chip before the whole of it, then the first.
    order.sort_by_key(|&at| (parts[at].grade, parts[at].boundary == Boundary::Soc));
    for at in order {
        let part = &parts[at];
        match (sum.obstacle(at, &added), part.energy_j) {
            (Some(reason), _) => left_out.push((at, (part.meter.clone(), reason))),
            (None, Some(_)) => added.push(at),
            (None, None) if sum.is_stand_by(at) => {}
            (None, None) => missing.push(at),
        }
    }
    // Where another meter took over, the part is covered in part, not missing.
    missing.retain(|&at| !added.iter().any(|&other| sum.succeeds(other, at)));
    for list in [&mut added, &mut missing] {
        list.sort_unstable();
    }
    left_out.sort_by_key(|(at, _)| *at);
    let mut by_source: Vec<(&str, Estimate)> = Vec::new();
    for &at in &added {
        let part = &parts[at];
        let Some(energy_j) = part.energy_j else {
            continue;
        };
        match by_source
            .iter_mut()
            .find(|(source, _)| *source == part.source)
        {
            Some((_, sum)) => *sum = sum.plus_same_source(energy_j),
            None => by_source.push((&part.source, energy_j)),
        }
    }
    let meters: Vec<&str> = added.iter().map(|&at| parts[at].meter.as_str()).collect();
    let sources: Vec<&str> = by_source.iter().map(|(source, _)| *source).collect();
    let window_s = parts.iter().map(|part| part.window_s).fold(0.0, f64::max);
    let covered_s = added
        .iter()
        .map(|&at| sum.covered_s(at, &added))
        .reduce(f64::min);
    let figure = EnergyFigure {
        boundary: Boundary::Components,
        meter: meters.join(" + "),
        source: sources.join(" + "),
        grade: Grade::of_sum(added.iter().map(|&at| {
            let energy_j = parts[at].energy_j.map_or(0.0, |energy| energy.value);
            (parts[at].grade, energy_j)
        })),
        energy_j: (!added.is_empty())
            .then(|| Estimate::sum_independent(by_source.iter().map(|(_, sum)| *sum))),
        covered_s: covered_s.unwrap_or(0.0).min(window_s),
        window_s,
    };
    Components {
        figure,
        missing: missing
            .into_iter()
            .map(|at| parts[at].meter.clone())
            .collect(),
        left_out: left_out.into_iter().map(|(_, entry)| entry).collect(),
    }
}

/// The figures of one stretch of time, and where their meters sit.
struct Sum<'a> {
    parts: &'a [EnergyFigure],
    places: &'a [Place],
}

impl Sum<'_> {
    fn place(&self, at: usize) -> Option<&Place> {
        let meter = &self.parts[at].meter;
        self.places.iter().find(|place| place.meter == *meter)
    }

    fn is_stand_by(&self, at: usize) -> bool {
        self.place(at)
            .is_some_and(|place| matches!(place.role, Role::StandBy { .. }))
    }

    /// Whether both places are known and share hardware.
    fn share(&self, a: usize, b: usize) -> bool {
        match (self.place(a), self.place(b)) {
            (Some(a), Some(b)) => overlap(&a.covers, &b.covers),
            _ => false,
        }
    }

    /// Whether one of two meters took the place of the other, or both that of a third: their figures are then of
    /// different times.
    fn succeeds(&self, a: usize, b: usize) -> bool {
        self.share(a, b) && (self.is_stand_by(a) || self.is_stand_by(b))
    }

    /// Why the figure may not be added to those of `added`, if so.
    fn obstacle(&self, at: usize, added: &[usize]) -> Option<String> {
        let part = &self.parts[at];
        if part.boundary.is_whole() {
            return Some("contains the others".to_owned());
        }
        let place = self.place(at);
        if place.is_some_and(|place| place.role == Role::CrossCheck) {
            return Some("is read beside the others".to_owned());
        }
        let inside = |boundary: Boundary| matches!(boundary, Boundary::CpuPackage | Boundary::Dram);
        added.iter().find_map(|&other| {
            let taken = &self.parts[other];
            let chip = part.boundary == Boundary::Soc && inside(taken.boundary)
                || taken.boundary == Boundary::Soc && inside(part.boundary);
            if taken.meter == part.meter {
                Some("is in already".to_owned())
            } else if self.share(at, other) {
                (!self.succeeds(at, other)).then(|| format!("shares hardware with {}", taken.meter))
            } else {
                let unknown = place.is_none() || self.place(other).is_none();
                (chip && unknown).then(|| format!("shares hardware with {}", taken.meter))
            }
        })
    }

    /// Seconds covered of the part that the figure at `at` is about, by all that followed each other there.
    fn covered_s(&self, at: usize, added: &[usize]) -> f64 {
        added
            .iter()
            .filter(|&&other| other == at || self.succeeds(other, at))
            .map(|&other| self.parts[other].covered_s)
            .sum()
    }
}
