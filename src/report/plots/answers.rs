//! What answers cost by how many are asked at once: energy and latency, a line for each run.

use super::{NAME, SMALL, WIDTH, fitted};
use crate::library::Inference;
use crate::report::ink::Ink;
use crate::report::scale::Scale;
use crate::report::scene::{Anchor, Scene};
use crate::units::{Estimate, count};

const TOP: f64 = 74.0;
const HEIGHT: f64 = 230.0;
/// Lines that are told apart; further runs are left out.
const LINES_MAX: usize = 6;

/// What was measured of a run.
#[derive(Clone, Copy, Debug)]
pub struct Answers<'a> {
    /// Its name.
    pub name: &'a str,
    /// By samples at once, ascending.
    pub measured: &'a [Inference],
}

/// Two panels: joules for 1,000 answers with their intervals, and latency from what half of the answers to what 95 % of them take.
/// `None` where nothing was measured.
pub fn answers(runs: &[Answers<'_>]) -> Option<Scene> {
    let runs: Vec<&Answers<'_>> = runs
        .iter()
        .filter(|run| !run.measured.is_empty())
        .take(LINES_MAX)
        .collect();
    if runs.is_empty() {
        return None;
    }
    let legend = if runs.len() > 1 {
        18.0 * runs.len() as f64 + 8.0
    } else {
        0.0
    };
    let height = TOP + HEIGHT + 52.0 + legend;
    let description = format!(
        "Energy for 1,000 answers and latency of a batch by samples at once, of {}",
        runs.iter()
            .map(|run| run.name)
            .collect::<Vec<_>>()
            .join(", ")
    );
    let mut scene = Scene::new(WIDTH, height, description);
    scene.heading((20.0, 28.0), "Answers by samples at once");
    let caption = "upright lines: 95 % interval of the energy; from what half of the batches take to what 95 % take";
    scene.text((20.0, 46.0), caption, SMALL, Ink::Dim, Anchor::Start);
    let energy = |one: &Inference| one.energy_j;
    let latency = |one: &Inference| {
        let (low, high) = (one.latency.p50_s?, one.latency.p95_s?);
        Some(Estimate {
            value: low,
            low,
            high,
        })
    };
    let panel = |left: f64, name, unit| Panel {
        left: left + 58.0,
        right: left + WIDTH / 2.0 - 20.0,
        name,
        unit,
    };
    panel(0.0, "Energy for 1,000 answers", "J").draw(&mut scene, &runs, energy);
    panel(WIDTH / 2.0, "Latency of a batch", "s").draw(&mut scene, &runs, latency);
    if runs.len() > 1 {
        for (at, run) in runs.iter().enumerate() {
            let y = TOP + HEIGHT + 66.0 + 18.0 * at as f64;
            let ink = Ink::Series(at);
            scene.path(vec![(20.0, y - 4.0), (44.0, y - 4.0)], ink, 2.0, at >= 4);
            let name = fitted(run.name, SMALL, WIDTH - 80.0);
            scene.text((52.0, y), name, SMALL, Ink::Text, Anchor::Start);
        }
    }
    Some(scene)
}

struct Panel {
    left: f64,
    right: f64,
    name: &'static str,
    unit: &'static str,
}

impl Panel {
    fn draw(
        &self,
        scene: &mut Scene,
        runs: &[&Answers<'_>],
        of: impl Fn(&Inference) -> Option<Estimate>,
    ) {
        let bottom = TOP + HEIGHT;
        let all = || runs.iter().flat_map(|run| run.measured);
        let sizes = all().map(|one| one.batch_size as f64);
        let x = Scale::around(sizes, (self.left + 14.0, self.right - 8.0), true);
        let figures = all().filter_map(&of);
        let ends = figures.flat_map(|figure| [figure.low.max(0.0), figure.value, figure.high]);
        let ends: Vec<f64> = ends.filter(|end| *end > 0.0).collect();
        let y = Scale::around(ends.iter().copied(), (bottom, TOP), true);
        let name = format!("{} ({})", self.name, y.unit(self.unit));
        scene.text(
            (self.left - 42.0, TOP - 10.0),
            name,
            NAME,
            Ink::Text,
            Anchor::Start,
        );
        for (value, name) in y.marks_in_unit(5) {
            let at = y.place(value);
            scene.line((self.left, at), (self.right, at), Ink::Line, 1.0);
            scene.text(
                (self.left - 8.0, at + 4.0),
                name,
                SMALL,
                Ink::Dim,
                Anchor::End,
            );
        }
        // Sizes that were asked for are the marks: there are no others between them.
        let mut marks: Vec<u64> = all().map(|one| one.batch_size).collect();
        marks.sort_unstable();
        marks.dedup();
        let mut free_from = f64::NEG_INFINITY;
        for size in marks {
            let at = x.place(size as f64);
            let half = 4.0 * count(size).len() as f64;
            if at - half < free_from {
                continue;
            }
            free_from = at + half + 6.0;
            scene.text(
                (at, bottom + 18.0),
                count(size),
                SMALL,
                Ink::Dim,
                Anchor::Middle,
            );
        }
        let middle = (self.left + self.right) / 2.0;
        scene.text(
            (middle, bottom + 40.0),
            "Samples at once",
            NAME,
            Ink::Text,
            Anchor::Middle,
        );
        for (at, run) in runs.iter().enumerate() {
            let ink = Ink::Series(at);
            let points = run.measured.iter().filter_map(|one| {
                let figure = of(one)?;
                Some((x.place(one.batch_size as f64), figure))
            });
            let points: Vec<(f64, Estimate)> = points.collect();
            let line = points.iter().map(|(x, figure)| (*x, y.place(figure.value)));
            scene.path(line.collect(), ink, 2.0, at >= 4);
            for (x, figure) in &points {
                let (low, high) = (y.place(figure.low), y.place(figure.high));
                scene.line((*x, low), (*x, high), ink, 1.0);
                scene.circle((*x, y.place(figure.value)), 3.5, ink, Ink::Surface);
            }
        }
    }
}
