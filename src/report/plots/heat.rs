use super::{NAME, SMALL, fitted, provenance, width};
use crate::analysis::sweep::{Analysis, HeatMap};
use crate::report::ink::Ink;
use crate::report::scene::{Anchor, Scene};
use crate::units::quantity;

const TOP: f64 = 62.0;

/// Cells of two axes; what did not get there is said in words and has no colour.
pub(super) fn heat(analysis: &Analysis, map: &HeatMap) -> Option<Scene> {
    let (x, y) = (&analysis.axes[map.x], &analysis.axes[map.y]);
    let (columns, rows) = (x.levels.len(), y.levels.len());
    let (mut least, mut most) = (f64::INFINITY, 0.0_f64);
    for mean in map.cells.iter().filter_map(|cell| cell.mean) {
        least = least.min(mean);
        most = most.max(mean);
    }
    if map.cells.iter().all(|cell| cell.setups == 0) {
        return None;
    }
    let longest = x
        .levels
        .iter()
        .map(|level| width(level, SMALL))
        .fold(0.0, f64::max);
    let cell_width = (longest + 12.0).clamp(68.0, 110.0);
    let cell_height = 40.0;
    let label = y
        .levels
        .iter()
        .map(|level| width(level, SMALL))
        .fold(20.0, f64::max)
        .min(140.0);
    let left = 20.0 + 20.0 + label + 10.0;
    let others = analysis.axes.len() > 2;
    let title = format!("Energy by {} and {}", x.name, y.name);
    let caption = match others {
        true => format!(
            "{} · geometric mean over the other axes",
            provenance(analysis)
        ),
        false => provenance(analysis),
    };
    let needed = 20.0 + width(&caption, SMALL).max(width(&title, 14.0) * 1.08) + 20.0;
    let full = (left + cell_width * columns as f64 + 24.0)
        .max(needed)
        .max(340.0);
    let bottom = TOP + cell_height * rows as f64;
    let mut scene = Scene::new(
        full,
        bottom + 56.0,
        format!("{title}, {}", provenance(analysis)),
    );
    scene.heading((20.0, 28.0), title);
    scene.text((20.0, 46.0), caption, SMALL, Ink::Dim, Anchor::Start);
    scene.upwards((32.0, (TOP + bottom) / 2.0), y.name.clone(), NAME, Ink::Dim);
    let middle = left + cell_width * columns as f64 / 2.0;
    scene.text(
        (middle, bottom + 40.0),
        x.name.clone(),
        NAME,
        Ink::Dim,
        Anchor::Middle,
    );
    for (at, level) in x.levels.iter().enumerate() {
        let place = (left + cell_width * (at as f64 + 0.5), bottom + 18.0);
        scene.text(
            place,
            fitted(level, SMALL, cell_width - 4.0),
            SMALL,
            Ink::Text,
            Anchor::Middle,
        );
    }
    for (row, level) in y.levels.iter().enumerate() {
        // The lowest level at the bottom, as on an axis.
        let top = TOP + cell_height * (rows - 1 - row) as f64;
        let place = (left - 10.0, top + cell_height / 2.0 + 4.0);
        scene.text(
            place,
            fitted(level, SMALL, label),
            SMALL,
            Ink::Text,
            Anchor::End,
        );
        for column in 0..columns {
            let cell = map.cells[row * columns + column];
            let place = (left + cell_width * column as f64, top);
            let area = [
                place.0 + 1.0,
                place.1 + 1.0,
                cell_width - 2.0,
                cell_height - 2.0,
            ];
            let centre = place.0 + cell_width / 2.0;
            let Some(mean) = cell.mean else {
                scene.rect(area, 3.0, Ink::Raised);
                let text = match (cell.setups, cell.not_reached) {
                    (0, _) => "–",
                    (_, 0) => "missing",
                    _ => "not reached",
                };
                scene.text((centre, top + 24.0), text, 10.0, Ink::Dim, Anchor::Middle);
                continue;
            };
            let share = match most / least > 1.0 {
                true => (mean / least).ln() / (most / least).ln(),
                false => 0.5,
            };
            scene.rect(area, 3.0, Ink::Heat(share));
            let is_best = mean <= least;
            let partly = cell.not_reached > 0;
            let y = if is_best || partly {
                top + 19.0
            } else {
                top + 24.0
            };
            scene.text(
                (centre, y),
                quantity(mean, "J"),
                NAME,
                Ink::OnHeat(share),
                Anchor::Middle,
            );
            let note = match (is_best, partly) {
                (_, true) => format!("{} of {} reached", cell.ranked, cell.setups),
                (true, false) => "least".to_owned(),
                (false, false) => continue,
            };
            scene.text(
                (centre, top + 32.0),
                note,
                9.0,
                Ink::OnHeat(share),
                Anchor::Middle,
            );
        }
    }
    Some(scene)
}
