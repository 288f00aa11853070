//! The mean over runs of one setup, with its interval.

use super::Run;
use super::choice::{Choice, Split};
use super::sequence::{Sequence, sequence, value_at};
use crate::analysis::mean_interval;
use crate::gui::pages::runs::view::group_key;

/// Points of a mean over runs.
const MEAN_POINTS: usize = 200;

/// What means were made of.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct MeansOf {
    pub(super) runs: Vec<String>,
    pub(super) revision: u64,
    pub(super) choice: Choice,
}

/// The mean of several runs of one setup.
pub(super) struct Mean {
    pub(super) name: String,
    pub(super) is_train: bool,
    pub(super) colour: usize,
    pub(super) points: Vec<MeanPoint>,
}

pub(super) struct MeanPoint {
    pub(super) x: f64,
    pub(super) mean: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// Means over the runs of each setup, at places that all of them reached; between two points a run is a straight line.
pub(super) fn means(runs: &[Run<'_>], choice: &Choice) -> Vec<Mean> {
    let mut groups: Vec<(String, Vec<&Run<'_>>)> = Vec::new();
    for run in runs {
        let key = group_key(run.item);
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, runs)) => runs.push(run),
            None => groups.push((key, vec![run])),
        }
    }
    let head = choice.head(runs);
    let mut found = Vec::new();
    for (colour, (_, runs)) in groups.iter().enumerate() {
        for is_train in choice.splits() {
            let sequences: Vec<Sequence<'_>> = runs
                .iter()
                .filter_map(|run| sequence(run.curves(), choice, head.as_deref(), *is_train))
                .collect();
            let split = match (
                choice.metric.has_splits() && choice.split == Split::Both,
                is_train,
            ) {
                (true, true) => ", training",
                (true, false) => ", held-out",
                _ => "",
            };
            let first = runs[0].item;
            let name = match sequences.len() {
                0 => continue,
                1 => format!("{}{split}", first.name()),
                several => format!(
                    "{} on {}, n = {several}{split}",
                    first.listed.run.setup.model,
                    first.dataset()
                ),
            };
            found.push(Mean {
                name,
                is_train: *is_train,
                colour,
                points: mean_points(&sequences),
            });
        }
    }
    found
}

fn mean_points(sequences: &[Sequence<'_>]) -> Vec<MeanPoint> {
    let from = sequences
        .iter()
        .map(|of| (of.x)(0))
        .fold(f64::NEG_INFINITY, f64::max);
    let to = sequences
        .iter()
        .map(|of| (of.x)(of.len - 1))
        .fold(f64::INFINITY, f64::min);
    if from.is_nan() || to.is_nan() || from > to {
        return Vec::new();
    }
    // Where all runs have the same few places, as evaluations have, those are taken and nothing is made up between them.
    let first = &sequences[0];
    let places: Vec<f64> = if first.len <= MEAN_POINTS {
        (0..first.len)
            .map(|at| (first.x)(at))
            .filter(|x| (from..=to).contains(x))
            .collect()
    } else {
        (0..MEAN_POINTS)
            .map(|at| from + (to - from) * at as f64 / (MEAN_POINTS - 1) as f64)
            .collect()
    };
    let mean_at = |x: f64| {
        let found = mean_interval(sequences.iter().map(|of| value_at(of, x)))?;
        let width = found.half_width.unwrap_or(0.0);
        Some(MeanPoint {
            x,
            mean: found.mean,
            low: found.mean - width,
            high: found.mean + width,
        })
    };
    places.into_iter().filter_map(mean_at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(points: &'static [(f64, f64)]) -> Sequence<'static> {
        Sequence {
            len: points.len(),
            x: Box::new(|at| points[at].0),
            y: Box::new(|at| points[at].1),
            low_high: None,
        }
    }

    #[test]
    fn means_stand_where_all_runs_have_been() {
        let runs = [
            line(&[(0.0, 1.0), (10.0, 3.0), (20.0, 5.0)]),
            line(&[(0.0, 3.0), (20.0, 5.0), (30.0, 9.0)]),
        ];
        let points = mean_points(&runs);
        let found: Vec<(f64, f64)> = points.iter().map(|point| (point.x, point.mean)).collect();
        assert_eq!(found, [(0.0, 2.0), (10.0, 3.5), (20.0, 5.0)]);
        assert!(points[0].low < 2.0 && points[0].high > 2.0);
    }
}
