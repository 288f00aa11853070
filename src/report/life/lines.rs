//! Energy of so many uses, from nothing and from what was learnt before: where the lines cross, the pretraining has paid off.

use crate::analysis::lifecycle::{BreakEven, Cost, after_uses};
use crate::analysis::lives::Life;
use crate::report::ink::Ink;
use crate::report::plots::{NAME, SMALL, WIDTH};
use crate::report::scale::Scale;
use crate::report::scene::{Anchor, Scene, Weight};
use crate::report::text::width;
use crate::units::count;

const HEIGHT: f64 = 320.0;
const LEFT: f64 = 72.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 76.0;
const BOTTOM: f64 = 52.0;

/// What the lines are drawn from.
#[derive(Clone, Debug, PartialEq)]
pub struct Lines {
    /// What was learnt before.
    pub pretraining: Cost,
    /// One use of it.
    pub tuned: Cost,
    /// One run from nothing.
    pub scratch: Cost,
    /// Where they cross.
    pub break_even: BreakEven,
}

impl Lines {
    /// Of a life; `None` where nothing can be compared.
    pub fn of(life: &Life) -> Option<Self> {
        Some(Self {
            pretraining: life.pretraining.clone()?,
            tuned: life.training.clone(),
            scratch: life.scratch.clone()?,
            break_even: life.break_even.clone()?,
        })
    }

    /// Joules of `uses` models that started from what was learnt before.
    pub fn with_pretraining_j(&self, uses: f64) -> f64 {
        self.pretraining.energy_j.value + uses * self.tuned.energy_j.value
    }

    /// Joules of as many from nothing.
    pub fn from_nothing_j(&self, uses: f64) -> f64 {
        uses * self.scratch.energy_j.value
    }

    /// Uses up to which the lines are drawn: beyond where they cross, and beyond those that are asked about.
    fn most(&self, uses: u64) -> f64 {
        let crossed = self.break_even.uses.unwrap_or(0.0);
        (2.0 * crossed).max(1.5 * uses as f64).max(10.0)
    }

    /// What `uses` uses come to, in a sentence without its end: each figure with its interval.
    pub fn in_words(&self, uses: u64) -> String {
        after_uses(&self.pretraining, &self.scratch, &self.tuned, uses).in_words()
    }
}

/// `1 use`, `2 uses`.
pub fn uses_in_words(uses: u64) -> String {
    match uses {
        1 => "1 use".to_owned(),
        several => format!("{} uses", count(several)),
    }
}

/// Both lines, where they cross with its interval, and a mark at `uses`.
pub fn lines(found: &Lines, uses: u64) -> Scene {
    let most = found.most(uses);
    let across = Scale::new((0.0, most), (LEFT, WIDTH - RIGHT), false);
    let ends = [found.with_pretraining_j(most), found.from_nothing_j(most)];
    let up = Scale::from_zero(ends.into_iter(), (HEIGHT - BOTTOM, TOP));
    let words = format!("{}. {}", found.break_even.words, found.in_words(uses));
    let mut scene = Scene::new(WIDTH, HEIGHT, format!("Energy by uses: {words}"));
    scene.heading((20.0, 28.0), "Energy by uses of what was learnt before");
    legend(&mut scene, found.break_even.uses_range.is_some());
    axes(&mut scene, &across, &up);
    let line = |each: f64, once: f64| {
        let at = |uses: f64| (across.place(uses), up.place(once + uses * each));
        // Beyond the upper end of the axis a line would bend.
        let top = up_to(each, once, ends[0].max(ends[1])).min(most);
        vec![at(0.0), at(top)]
    };
    let before_j = found.pretraining.energy_j.value;
    for (cost, once, ink) in [
        (&found.scratch, 0.0, Ink::Series(1)),
        (&found.tuned, before_j, Ink::Series(0)),
    ] {
        let (mean, half) = (cost.energy_j.value, cost.spread_j.unwrap_or(0.0));
        if half > 0.0 {
            for each in [(mean - half).max(0.0), mean + half] {
                scene.path(line(each, once), ink, 1.0, true);
            }
        }
        scene.path(line(mean, once), ink, 2.0, false);
    }
    let x = across.place(uses as f64);
    scene.line((x, TOP), (x, HEIGHT - BOTTOM), Ink::Text, 1.0);
    let text = uses_in_words(uses);
    let anchor = if x > WIDTH / 2.0 {
        Anchor::End
    } else {
        Anchor::Start
    };
    let beside = if anchor == Anchor::End { -6.0 } else { 6.0 };
    scene.text((x + beside, TOP + 10.0), text, SMALL, Ink::Text, anchor);
    for (joules, ink) in [
        (found.with_pretraining_j(uses as f64), Ink::Series(0)),
        (found.from_nothing_j(uses as f64), Ink::Series(1)),
    ] {
        scene.circle((x, up.place(joules)), 4.0, ink, Ink::Surface);
    }
    // Last, so that its name lies over every line.
    crossing(&mut scene, found, &across, &up, most);
    scene
}

/// The number of uses at which a line comes to `joules`.
fn up_to(each: f64, once: f64, joules: f64) -> f64 {
    if each > 0.0 {
        (joules - once) / each
    } else {
        f64::INFINITY
    }
}

fn legend(scene: &mut Scene, has_range: bool) {
    let mut x = 20.0;
    for (ink, name, room) in [
        (Ink::Series(0), "with what was learnt before", 210.0),
        (Ink::Series(1), "from nothing", 130.0),
    ] {
        scene.line((x, 46.0), (x + 18.0, 46.0), ink, 2.0);
        scene.text((x + 24.0, 50.0), name, NAME, Ink::Text, Anchor::Start);
        x += room;
    }
    scene.path(vec![(x, 46.0), (x + 18.0, 46.0)], Ink::Dim, 1.0, true);
    let name = "95 % interval of the mean over the runs";
    scene.text((x + 24.0, 50.0), name, NAME, Ink::Dim, Anchor::Start);
    if has_range {
        x += 46.0 + width(name, NAME, Weight::Regular);
        scene.line((x, 46.0), (x + 18.0, 46.0), Ink::Good, 4.0);
        let name = "interval of N*";
        scene.text((x + 24.0, 50.0), name, NAME, Ink::Dim, Anchor::Start);
    }
}

fn axes(scene: &mut Scene, across: &Scale, up: &Scale) {
    let (left, right) = (LEFT, WIDTH - RIGHT);
    for (value, name) in up.marks_in_unit(5) {
        let y = up.place(value);
        scene.line((left, y), (right, y), Ink::Line, 1.0);
        scene.text((left - 8.0, y + 4.0), name, SMALL, Ink::Dim, Anchor::End);
    }
    let unit = format!("Energy ({})", up.unit("J"));
    let middle = (TOP + HEIGHT - BOTTOM) / 2.0;
    scene.upwards((20.0, middle), unit, NAME, Ink::Dim);
    for (value, name) in across.marks(8, 1.0) {
        let x = across.place(value);
        let y = HEIGHT - BOTTOM;
        scene.line((x, y), (x, y + 4.0), Ink::Dim, 1.0);
        scene.text((x, y + 18.0), name, SMALL, Ink::Dim, Anchor::Middle);
    }
    let middle = (left + right) / 2.0;
    let name = "Uses: models that start from it";
    scene.text(
        (middle, HEIGHT - 12.0),
        name,
        NAME,
        Ink::Dim,
        Anchor::Middle,
    );
}

/// Where the lines cross, and between how many uses that lies.
fn crossing(scene: &mut Scene, found: &Lines, across: &Scale, up: &Scale, most: f64) {
    let Some(uses) = found.break_even.uses else {
        return;
    };
    let y = up.place(found.from_nothing_j(uses));
    if let Some((least, last)) = found.break_even.uses_range {
        let last = last.unwrap_or(most).min(most);
        let (low, high) = (across.place(least), across.place(last));
        let foot = HEIGHT - BOTTOM;
        scene.line((low, foot), (high, foot), Ink::Good, 4.0);
    }
    let x = across.place(uses);
    scene.path(vec![(x, y), (x, HEIGHT - BOTTOM)], Ink::Good, 1.0, true);
    scene.diamond((x, y), 6.0, Ink::Good, Ink::Surface);
    let text = format!("N* = {uses:.1}");
    let at = (x + 10.0, y + 16.0);
    let long = 1.1 * width(&text, SMALL, Weight::Regular) + 6.0;
    scene.rect([at.0 - 3.0, at.1 - 11.0, long, 15.0], 2.0, Ink::Surface);
    scene.text(at, text, SMALL, Ink::Good, Anchor::Start);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::lifecycle::break_even;
    use crate::report::scene::Shape;
    use crate::units::{Estimate, estimate};

    /// Runs of one kind that differ by `spread_j` in the mean, on a meter that is 5 % wrong.
    fn cost(energy_j: f64, spread_j: Option<f64>) -> Cost {
        Cost {
            energy_j: Estimate::plus_minus(energy_j, 0.05 * energy_j),
            spread_j,
            seconds: Some(1.0),
            runs: 3,
            source: "RAPL".to_owned(),
        }
    }

    fn found_with(scratch_j: f64, spread_j: Option<f64>) -> Lines {
        let (pretraining, tuned) = (cost(1200.0, None), cost(50.0, spread_j));
        let scratch = cost(scratch_j, spread_j);
        Lines {
            break_even: break_even(&pretraining, &scratch, &tuned),
            pretraining,
            tuned,
            scratch,
        }
    }

    fn found(scratch_j: f64) -> Lines {
        found_with(scratch_j, Some(5.0))
    }

    /// Where a line through two points is at `x`.
    fn at(points: &[(f64, f64)], x: f64) -> f64 {
        let ((x0, y0), (x1, y1)) = (points[0], points[1]);
        y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    }

    #[test]
    fn the_mark_lies_where_the_lines_cross() {
        let scene = lines(&found(110.0), 7);
        let of_means: Vec<&Vec<(f64, f64)>> = scene
            .shapes
            .iter()
            .filter_map(|shape| match shape {
                Shape::Line {
                    points,
                    ink: Ink::Series(_),
                    width,
                    ..
                } if *width > 1.5 && points[0].1 > TOP => Some(points),
                _ => None,
            })
            .collect();
        assert_eq!(of_means.len(), 2);
        let mark = scene.shapes.iter().find_map(|shape| match shape {
            Shape::Polygon { points, .. } => Some((points[0].0, points[1].1)),
            _ => None,
        });
        let (x, y) = mark.unwrap();
        for line in of_means {
            assert!((at(line, x) - y).abs() < 1e-6, "{line:?} {x} {y}");
        }
    }

    #[test]
    fn no_line_strikes_through_the_name_of_the_mark_and_all_that_is_drawn_is_in_the_legend() {
        let scene = lines(&found(110.0), 1);
        let at = |is_it: &dyn Fn(&Shape) -> bool| scene.shapes.iter().rposition(is_it);
        let name = at(&|shape| matches!(shape, Shape::Text { text, .. } if text == "N* = 20.0"));
        let line = at(&|shape| matches!(shape, Shape::Line { .. }));
        assert!(name > line, "{name:?} {line:?}");
        // Its ground hides what is below it.
        let ground = &scene.shapes[name.unwrap() - 1];
        let Shape::Text { at: place, .. } = &scene.shapes[name.unwrap()] else {
            panic!("{ground:?}");
        };
        assert!(
            matches!(ground, Shape::Rect { area: [x, y, wide, high], fill: Ink::Surface, .. }
                if (*x..x + wide).contains(&place.0) && (*y..y + high).contains(&place.1)),
            "{ground:?}"
        );
        let is_named =
            |shape: &Shape| matches!(shape, Shape::Text { text, .. } if text == "interval of N*");
        assert!(at(&is_named).is_some());
        // One use is one.
        let is_one = |shape: &Shape| matches!(shape, Shape::Text { text, .. } if text == "1 use");
        assert!(at(&is_one).is_some());
        // Without an interval there is nothing to name.
        let scene = lines(&found_with(110.0, None), 1);
        assert!(!scene.shapes.iter().any(is_named));
    }

    #[test]
    fn without_a_saving_nothing_is_marked_and_the_words_say_more() {
        let found = found(40.0);
        let scene = lines(&found, 3);
        let is_mark = |shape: &Shape| matches!(shape, Shape::Polygon { .. });
        assert!(!scene.shapes.iter().any(is_mark));
        // 1200 + 3 · 50 against 3 · 40; 3 · 5 for the runs of either side.
        let words = found.in_words(3);
        assert!(
            words.contains("1.350 ± 0.069 kJ with") && words.contains("kJ more than without it"),
            "{words}"
        );
    }

    #[test]
    fn each_figure_has_its_interval_and_no_saving_is_claimed_within_what_runs_differ_by() {
        // 1200 + 100 · 50 against 100 · 110; 5 % for the meter, 100 · 5 for the runs.
        let words = found(110.0).in_words(100);
        let (with, without) = (310.0_f64.hypot(500.0), 550.0_f64.hypot(500.0));
        for figure in [
            estimate(Estimate::plus_minus(6200.0, with), "J"),
            estimate(Estimate::plus_minus(11_000.0, without), "J"),
        ] {
            assert!(words.contains(&figure), "{figure} in {words}");
        }
        // 4800 ± √2 · 500; its ends as wrong as the meter.
        let half = 500.0 * 2.0_f64.sqrt();
        let saved = Estimate {
            value: 4800.0,
            low: 0.95 * (4800.0 - half),
            high: 1.05 * (4800.0 + half),
        };
        let saved = format!("{} saved", estimate(saved, "J"));
        assert!(words.ends_with(&saved), "{saved} in {words}");
        // 1200 + 22 · 50 against 22 · 110, 120 J less, where the runs of both sides differ by 156 J.
        let words = found(110.0).in_words(22);
        assert!(
            words.ends_with("the difference is within what the runs differ by")
                && !words.contains("saved"),
            "{words}"
        );
        // Of one run of each the meter alone is known, and it cannot turn the difference round.
        let words = found_with(110.0, None).in_words(100);
        assert!(
            words.ends_with("4.80 ± 0.24 kJ saved, by one run of each"),
            "{words}"
        );
        // Of another meter it can.
        let mut elsewhere = found_with(110.0, None);
        elsewhere.scratch.source = "NVML".to_owned();
        let words = elsewhere.in_words(21);
        assert!(words.ends_with("within the error of the meters"), "{words}");
    }
}
