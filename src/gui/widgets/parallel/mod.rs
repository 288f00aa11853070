//! Parallel axes: a line a row through figures and words. A stretch of an axis that is drawn over, or set by its two
//! figures, narrows the rows.
//!
//! | part | what it does |
//! |---|---|
//! | `axis` | what an axis counts, and where on it each row is |
//! | `draw` | axes and lines; the pointer |
//! | `bounds` | the same without a pointer |
//! | `words` | values of a setup as one would write them |

mod axis;
mod bounds;
mod draw;
mod words;

use std::collections::BTreeMap;

use egui::Ui;

use self::bounds::bounds;
use self::draw::plot;
use crate::gui::preferences::EnergyUnit;
use crate::gui::widgets;

pub use self::axis::{ParallelAxis, Shown};
pub use self::words::{plain, written};

/// The axes and what was drawn over them.
#[derive(Default)]
pub struct Parallel {
    axes: Vec<ParallelAxis>,
    /// By name of the axis: from where to where.
    brushes: BTreeMap<String, (f64, f64)>,
    drag_from: Option<(usize, f64)>,
}

/// What is drawn along the axes.
pub struct Rows<'a> {
    /// How many.
    pub count: usize,
    /// The name of each, for people.
    pub name: &'a dyn Fn(usize) -> &'a str,
    /// What they are: `Runs`.
    pub what: &'a str,
}

impl Parallel {
    /// Whether anything was drawn over.
    pub fn is_brushed(&self) -> bool {
        !self.brushes.is_empty()
    }

    /// Forgets what was drawn over.
    pub fn clear(&mut self) {
        self.brushes.clear();
    }

    /// What was drawn over: by name of the axis from where to where, 0 below to 1 above.
    pub fn brushes(&self) -> &BTreeMap<String, (f64, f64)> {
        &self.brushes
    }

    /// Takes what was drawn over elsewhere.
    pub fn brush(&mut self, brushes: BTreeMap<String, (f64, f64)>) {
        self.brushes = brushes;
    }

    /// Takes other axes, of which those on which no row has a place are left out; what was drawn over axes that are still there
    /// stays.
    pub fn set(&mut self, axes: Vec<ParallelAxis>) {
        self.axes = axes;
        self.axes.retain(ParallelAxis::is_known);
        let names: Vec<&str> = self.axes.iter().map(|axis| axis.name.as_str()).collect();
        self.brushes
            .retain(|name, _| names.contains(&name.as_str()));
    }

    /// Whether nothing that was drawn over leaves the row out.
    pub fn lets_through(&self, row: usize) -> bool {
        self.axes.iter().all(|axis| {
            self.brushes.get(&axis.name).is_none_or(|(low, high)| {
                axis.places
                    .get(row)
                    .copied()
                    .flatten()
                    .is_some_and(|place| {
                        // A hair's breadth more, so that a figure that was typed in is let through itself.
                        (low - 1e-9..=high + 1e-9).contains(&place)
                    })
            })
        })
    }
}

/// Draws the axes; where the choice was narrowed or widened, the rows that are chosen now. `below` is drawn under the axes.
pub fn show(
    parallel: &mut Parallel,
    ui: &mut Ui,
    rows: &Rows<'_>,
    unit: EnergyUnit,
    height: f32,
    below: impl FnOnce(&mut Ui),
) -> Option<Vec<usize>> {
    let before = parallel.brushes.clone();
    let mut is_cleared = false;
    ui.horizontal_wrapped(|ui| {
        widgets::section(ui, "Setups and results");
        if parallel.is_brushed()
            && ui
                .button("Clear")
                .on_hover_text("Choose all of them again")
                .clicked()
        {
            is_cleared = true;
        }
    });
    if parallel.axes.is_empty() {
        widgets::caption(ui, "Nothing to show yet.");
        return None;
    }
    plot(parallel, ui, rows, unit, height - 64.0);
    below(ui);
    bounds(parallel, ui, unit);
    if is_cleared {
        parallel.brushes.clear();
    }
    if parallel.brushes == before || parallel.drag_from.is_some() {
        return None;
    }
    Some(
        (0..rows.count)
            .filter(|row| parallel.lets_through(*row))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_that_holds_nothing_is_left_out_and_one_value_has_one_mark() {
        let axis = |name: &str, values: &[Option<f64>]| {
            ParallelAxis::of_figures(name, values, Shown::Plain)
        };
        let mut parallel = Parallel::default();
        parallel.set(vec![
            axis("empty", &[None, None]),
            axis("single", &[Some(0.9), None]),
            axis("several", &[Some(1.0), Some(2.0)]),
        ]);
        let of = |axis: &ParallelAxis| (axis.name.clone(), axis.marks(EnergyUnit::Joules));
        let marks: Vec<(String, Vec<(f64, String)>)> = parallel.axes.iter().map(of).collect();
        assert_eq!(
            marks,
            [
                ("single".to_owned(), vec![(0.5, "0.9".to_owned())]),
                (
                    "several".to_owned(),
                    vec![(0.0, "1".to_owned()), (1.0, "2".to_owned())]
                ),
            ]
        );
    }

    #[test]
    fn what_is_drawn_over_narrows_the_choice_and_missing_values_fall_out() {
        let axis = |name: &str, values: &[Option<f64>]| {
            ParallelAxis::of_figures(name, values, Shown::Plain)
        };
        let mut parallel = Parallel {
            axes: vec![
                axis("a", &[Some(0.1), Some(0.5), None]),
                axis("b", &[Some(0.9), Some(0.2), Some(0.9)]),
            ],
            ..Parallel::default()
        };
        let through = |parallel: &Parallel| {
            (0..3)
                .filter(|run| parallel.lets_through(*run))
                .collect::<Vec<_>>()
        };
        assert_eq!(through(&parallel), [0, 1, 2]);
        parallel.brushes.insert("a".into(), (0.0, 1.0));
        assert_eq!(through(&parallel), [0, 1]);
        parallel.brushes.insert("b".into(), (0.5, 1.0));
        assert_eq!(through(&parallel), [0]);
    }
}
