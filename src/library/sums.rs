//! What energies come to: at one boundary, and over the parts of a machine.

use super::records::{Meter, PhaseEnergy};
use crate::units::{Boundary, EnergyFigure, Estimate, Grade};

/// The one figure for `boundary` among `energies`, which are of one phase or of several of one name.
///
/// A figure that is a sum already (its meter joins others by ` + `) stands for all. Otherwise the best grade of each
/// device counts, and devices add up; where one of them has no reading, neither has the sum. A meter that stood by and
/// took the place of another adds to it: the two are of different times.
pub fn at_boundary(
    energies: &[PhaseEnergy],
    boundary: Boundary,
    meters: &[Meter],
) -> Option<PhaseEnergy> {
    let here = || {
        energies
            .iter()
            .filter(move |energy| energy.figure.boundary == boundary)
    };
    let sums = here().filter(|energy| energy.figure.meter.contains(" + "));
    if let Some(sum) = sums.min_by_key(|energy| energy.figure.grade) {
        return Some(sum.clone());
    }
    // Each of these is about the whole machine: they are looked at beside each other and never add up.
    if boundary.is_whole() {
        return here().min_by_key(|energy| rank(energy)).cloned();
    }
    let mut devices: Vec<(&str, &PhaseEnergy)> = Vec::new();
    for energy in here() {
        let succeeded = here()
            .any(|other| stood_by(&other.figure.meter, meters) && other.figure.energy_j.is_some());
        if succeeded && energy.figure.energy_j.is_none() {
            continue;
        }
        if stood_by(&energy.figure.meter, meters) {
            devices.push((&energy.figure.meter, energy));
            continue;
        }
        let device = device_of(&energy.figure.meter, meters);
        match devices.iter_mut().find(|(known, _)| *known == device) {
            Some((_, best)) if rank(energy) < rank(best) => *best = energy,
            Some(_) => {}
            None => devices.push((device, energy)),
        }
    }
    let parts: Vec<&PhaseEnergy> = devices.into_iter().map(|(_, energy)| energy).collect();
    match parts.as_slice() {
        [] => None,
        [only] => Some((*only).clone()),
        several if several.iter().any(|part| part.figure.energy_j.is_none()) => {
            Some(unread(boundary, several))
        }
        several => Some(sum(boundary, several)),
    }
}

/// A figure with a reading before one without, then by grade.
fn rank(energy: &PhaseEnergy) -> (bool, Grade) {
    (energy.figure.energy_j.is_none(), energy.figure.grade)
}

/// Whether `meter` is one that takes the place of others when they end.
fn stood_by(meter: &str, meters: &[Meter]) -> bool {
    let known = meters.iter().find(|known| known.id == meter);
    known.is_some_and(Meter::stood_by)
}

/// What `meter` measures; a meter that is not listed, or names no device, stands for itself.
fn device_of<'a>(meter: &'a str, meters: &'a [Meter]) -> &'a str {
    meters
        .iter()
        .find(|known| known.id == meter)
        .and_then(|known| known.device.as_deref())
        .unwrap_or(meter)
}

/// The sum over the parts of the machine that had a reading, with boundary [`Boundary::Components`]; `None` where there
/// are no parts. Which parts had none is for the caller to show.
///
/// What contains other parts (system, wall, other sums) is not added. All else is: a worker tells of figures that share
/// no hardware at the same time. No net energy where any of the added parts has none.
pub fn sum_of_parts(energies: &[PhaseEnergy]) -> Option<PhaseEnergy> {
    let has_reading = |energy: &&PhaseEnergy| energy.figure.energy_j.is_some();
    let mut parts: Vec<&PhaseEnergy> = Vec::new();
    for energy in energies {
        let adds = !energy.figure.boundary.is_whole();
        // A meter that stands for two boundaries is one meter.
        let twice = parts
            .iter()
            .any(|part| part.figure.meter == energy.figure.meter);
        if adds && !twice {
            parts.push(energy);
        }
    }
    let read: Vec<&PhaseEnergy> = parts.iter().copied().filter(has_reading).collect();
    match (parts.as_slice(), read.as_slice()) {
        ([], _) => None,
        (parts, []) => Some(unread(Boundary::Components, parts)),
        (_, read) => Some(sum(Boundary::Components, read)),
    }
}

/// The sum of `parts`, each with its source: linear within one, in quadrature among several.
pub fn sum_by_source<'a>(parts: impl Iterator<Item = (Estimate, &'a str)>) -> Estimate {
    let mut sums: Vec<(&str, Estimate)> = Vec::new();
    for (energy, source) in parts {
        match sums.iter_mut().find(|(known, _)| *known == source) {
            Some((_, sum)) => *sum = sum.plus_same_source(energy),
            None => sums.push((source, energy)),
        }
    }
    Estimate::sum_independent(sums.into_iter().map(|(_, sum)| sum))
}

/// `parts` added up, all of which have a reading: linearly within one source, whose error is systematic, and in
/// quadrature across sources. The grade is the worst of those that make up a tenth of the sum or more, the coverage that
/// of the part covered least.
fn sum(boundary: Boundary, parts: &[&PhaseEnergy]) -> PhaseEnergy {
    let total = |of: fn(&PhaseEnergy) -> Option<Estimate>| {
        let mut by_source: Vec<(&str, Estimate)> = Vec::new();
        for part in parts {
            let (source, energy) = (part.figure.source.as_str(), of(part)?);
            match by_source.iter_mut().find(|(known, _)| *known == source) {
                Some((_, sum)) => *sum = sum.plus_same_source(energy),
                None => by_source.push((source, energy)),
            }
        }
        Some(Estimate::sum_independent(
            by_source.into_iter().map(|(_, sum)| sum),
        ))
    };
    let mut figure = joined(boundary, parts);
    figure.energy_j = total(|part| part.figure.energy_j);
    let weights = parts.iter().map(|part| {
        let energy_j = part.figure.energy_j.map_or(0.0, |energy| energy.value);
        (part.figure.grade, energy_j)
    });
    figure.grade = Grade::of_sum(weights);
    figure.covered_s = covered_s(parts, figure.window_s);
    PhaseEnergy {
        figure,
        net_j: total(|part| part.net_j),
    }
}

/// Seconds covered of the part covered least. Figures of one boundary whose times add up to no more than the window are
/// taken to have followed each other, as those of a meter and of the one that took its place do.
fn covered_s(parts: &[&PhaseEnergy], window_s: f64) -> f64 {
    let of = |boundary: Boundary| {
        parts
            .iter()
            .filter(move |part| part.figure.boundary == boundary)
            .map(|part| part.figure.covered_s)
    };
    let boundaries = Boundary::ALL.into_iter().filter(|&one| of(one).count() > 0);
    boundaries
        .map(|boundary| {
            let together_s: f64 = of(boundary).sum();
            let followed = of(boundary).count() > 1 && together_s <= 1.01 * window_s;
            let least_s = of(boundary).fold(f64::INFINITY, f64::min);
            if followed {
                together_s.min(window_s)
            } else {
                least_s
            }
        })
        .fold(window_s, f64::min)
}

/// That `parts` have no sum.
fn unread(boundary: Boundary, parts: &[&PhaseEnergy]) -> PhaseEnergy {
    PhaseEnergy {
        figure: EnergyFigure {
            covered_s: 0.0,
            ..joined(boundary, parts)
        },
        net_j: None,
    }
}

/// The provenance of `parts` together, without an energy.
fn joined(boundary: Boundary, parts: &[&PhaseEnergy]) -> EnergyFigure {
    let join = |of: fn(&EnergyFigure) -> &str| {
        let mut texts: Vec<&str> = Vec::new();
        for text in parts.iter().map(|part| of(&part.figure)) {
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        texts.join(" + ")
    };
    let figures = || parts.iter().map(|part| &part.figure);
    EnergyFigure {
        boundary,
        meter: join(|figure| &figure.meter),
        source: join(|figure| &figure.source),
        grade: figures()
            .map(|figure| figure.grade)
            .max()
            .unwrap_or(Grade::F),
        energy_j: None,
        covered_s: figures()
            .min_by(|a, b| a.coverage().total_cmp(&b.coverage()))
            .map_or(0.0, |figure| figure.covered_s),
        window_s: figures().map(|figure| figure.window_s).fold(0.0, f64::max),
    }
}
