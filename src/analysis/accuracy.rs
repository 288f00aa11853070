//! How good forecasts were.

use serde::Serialize;

use super::statistics::Moments;
use crate::library::JudgedForecast;

/// Forecasts of one kind, and what came of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Accuracy {
    /// How they were told: `alike`, `operations` or `profile`.
    pub basis: String,
    /// From how much of the run on they were made, 0 to 1: 0 before it.
    pub share_from: f64,
    /// Of the seconds.
    pub time: Errors,
    /// Of the joules; `None` where none were forecast.
    pub energy: Option<Errors>,
}

/// How far forecasts were off, relative to what came.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Errors {
    /// Forecasts.
    pub count: usize,
    /// Mean of `forecast ÷ truth − 1`: above 0 where too much is foretold.
    pub mean: f64,
    /// Median of its size.
    pub median_size: f64,
    /// Forecasts with an interval.
    pub with_interval: usize,
    /// Those of them whose interval held what came.
    pub held: usize,
}

/// Bounds of the shares of a run by which forecasts are put together.
const SHARES: [f64; 4] = [0.0, f64::MIN_POSITIVE, 0.2, 0.4];

/// The errors of forecasts by how they were told and when. Simulated energies judge nothing; their runs' seconds do.
pub fn accuracy(judged: &[JudgedForecast]) -> Vec<Accuracy> {
    let mut kinds: Vec<(&str, usize)> = judged.iter().map(kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
        .into_iter()
        .filter_map(|of| {
            let those = || judged.iter().filter(|one| kind(one) == of);
            let time = errors(
                those().map(|one| (one.forecast.time_s, one.forecast.time_range_s, one.time_s)),
            )?;
            let energy = errors(those().filter(|one| !one.simulated).filter_map(|one| {
                let forecast = &one.forecast;
                Some((
                    forecast.energy_j?,
                    forecast.energy_range_j,
                    one.energy_j?.value,
                ))
            }));
            Some(Accuracy {
                basis: of.0.to_owned(),
                share_from: if of.1 <= 1 { 0.0 } else { SHARES[of.1] },
                time,
                energy,
            })
        })
        .collect()
}

fn kind(judged: &JudgedForecast) -> (&str, usize) {
    let share = judged.forecast.share;
    let at = SHARES.iter().rposition(|from| share >= *from).unwrap_or(0);
    (&judged.forecast.basis, at)
}

/// Of forecasts with their intervals and what came.
fn errors(figures: impl Iterator<Item = (f64, Option<(f64, f64)>, f64)>) -> Option<Errors> {
    let (mut relative, mut with_interval, mut held) = (Vec::new(), 0, 0);
    for (forecast, range, truth) in figures.filter(|(_, _, truth)| *truth > 0.0) {
        relative.push(forecast / truth - 1.0);
        if let Some((low, high)) = range {
            with_interval += 1;
            held += usize::from((low..=high).contains(&truth));
        }
    }
    let moments = Moments::of(relative.iter().copied())?;
    let mut sizes: Vec<f64> = relative.iter().map(|error| error.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let middle = sizes.len() / 2;
    Some(Errors {
        count: moments.count,
        mean: moments.mean,
        median_size: match sizes.len() % 2 {
            0 => (sizes[middle - 1] + sizes[middle]) / 2.0,
            _ => sizes[middle],
        },
        with_interval,
        held,
    })
}
