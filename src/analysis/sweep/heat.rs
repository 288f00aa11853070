//! Two axes against each other.

use serde::Serialize;

use super::axes::Axis;
use super::effects::Measure;
use super::setups::{SetupResult, Standing};

/// Axes of which every pair is shown; beyond, only those of the first of them.
const AXES_MAX: usize = 6;

/// A measure over two axes, all others averaged.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HeatMap {
    /// Of what.
    pub measure: Measure,
    /// Position of the axis across.
    pub x: usize,
    /// Position of the axis upwards.
    pub y: usize,
    /// Cells, row by row, each of the levels of `x` within each level of `y`.
    pub cells: Vec<Cell>,
}

/// One combination of two levels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Cell {
    /// Setups that were tried.
    pub setups: usize,
    /// Setups with a figure: ranked ones.
    pub ranked: usize,
    /// Setups of which not every seed reached the target.
    pub not_reached: usize,
    /// Mean of those with a figure, geometric but for the metric; `None` where there are none.
    pub mean: Option<f64>,
}

/// A heat map for each pair of axes; the axis with more levels goes across.
pub fn heat_maps(measure: Measure, setups: &[SetupResult], axes: &[Axis]) -> Vec<HeatMap> {
    let count = axes.len().min(AXES_MAX);
    let mut maps = Vec::new();
    for a in 0..count {
        for b in a + 1..count {
            let (x, y) = match axes[a].levels.len() >= axes[b].levels.len() {
                true => (a, b),
                false => (b, a),
            };
            maps.push(heat_map(measure, setups, axes, (x, y)));
        }
    }
    maps
}

fn heat_map(
    measure: Measure,
    setups: &[SetupResult],
    axes: &[Axis],
    (x, y): (usize, usize),
) -> HeatMap {
    let width = axes[x].levels.len();
    let mut cells = vec![(Cell::default(), 0.0); width * axes[y].levels.len()];
    for setup in setups {
        let (cell, sum) = &mut cells[setup.levels[y] * width + setup.levels[x]];
        cell.setups += 1;
        if matches!(setup.standing, Standing::NotReached | Standing::Partly) {
            cell.not_reached += 1;
        }
        let value = measure
            .of(setup)
            .and_then(|figure| measure.to_sum(figure.mean()));
        if let Some(value) = value {
            cell.ranked += 1;
            *sum += value;
        }
    }
    let cells = cells
        .into_iter()
        .map(|(mut cell, sum)| {
            cell.mean = (cell.ranked > 0).then(|| measure.of_sum(sum / cell.ranked as f64));
            cell
        })
        .collect();
    HeatMap {
        measure,
        x,
        y,
        cells,
    }
}
