use super::{NAME, SMALL, WIDTH, fitted, provenance};
use crate::analysis::sweep::{Analysis, Figure, SetupResult};
use crate::report::ink::Ink;
use crate::report::scale::Scale;
use crate::report::scene::{Anchor, Scene};

const TOP: f64 = 74.0;
const HEIGHT: f64 = 300.0;

/// Energy across, metric and time upwards, a panel each; the front in three figures marked, those of it that are on the
/// front of the panel's own two joined.
pub(super) fn scatter(analysis: &Analysis) -> Option<Scene> {
    let ranked: Vec<usize> = (0..analysis.setups.len())
        .filter(|at| analysis.setups[*at].rank.is_some())
        .collect();
    if ranked.len() < 2 {
        return None;
    }
    let metric = analysis.kind.metric;
    let height = TOP + HEIGHT + 70.0;
    let description = format!(
        "Energy against {metric} and against time; {} of {} setups are on the front.",
        analysis.front.len(),
        ranked.len()
    );
    let mut scene = Scene::new(WIDTH, height, description);
    scene.heading((20.0, 28.0), "Energy against quality and time");
    let caption = format!("{} · lines are 95 % intervals", provenance(analysis));
    scene.text((20.0, 46.0), caption, SMALL, Ink::Dim, Anchor::Start);
    legend(&mut scene);

    let (factor, unit) = metric.shown();
    let panel = |left: f64| Panel {
        left: left + 50.0,
        right: left + WIDTH / 2.0 - 24.0,
        top: TOP,
        bottom: TOP + HEIGHT,
    };
    let quality = Upwards {
        name: format!("{}{}", metric.heading(), unit_in_brackets(unit.trim())),
        of: |setup| setup.quality.as_ref(),
        factor: Some(factor),
        less_is_better: !metric.higher_is_better(),
    };
    let time = Upwards {
        name: "Time".to_owned(),
        of: |setup| setup.time_s.as_ref(),
        factor: None,
        less_is_better: true,
    };
    panel(0.0).draw(&mut scene, analysis, &ranked, &quality);
    panel(WIDTH / 2.0).draw(&mut scene, analysis, &ranked, &time);
    Some(scene)
}

fn unit_in_brackets(unit: &str) -> String {
    match unit {
        "" => String::new(),
        unit => format!(" ({unit})"),
    }
}

fn legend(scene: &mut Scene) {
    let y = 28.0;
    scene.diamond((WIDTH - 222.0, y - 4.0), 5.0, Ink::Accent, Ink::Surface);
    scene.text(
        (WIDTH - 212.0, y),
        "no other beats it",
        SMALL,
        Ink::Dim,
        Anchor::Start,
    );
    scene.circle((WIDTH - 100.0, y - 4.0), 3.5, Ink::Surface, Ink::Dim);
    scene.text((WIDTH - 90.0, y), "beaten", SMALL, Ink::Dim, Anchor::Start);
}

struct Upwards {
    name: String,
    of: fn(&SetupResult) -> Option<&Figure>,
    /// By how much figures are multiplied to be shown; `None` for seconds with a prefix.
    factor: Option<f64>,
    less_is_better: bool,
}

struct Panel {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl Panel {
    fn draw(&self, scene: &mut Scene, analysis: &Analysis, ranked: &[usize], upwards: &Upwards) {
        let points: Vec<(usize, &Figure, &Figure)> = ranked
            .iter()
            .filter_map(|at| {
                let setup = &analysis.setups[*at];
                Some((*at, setup.energy_j.as_ref()?, (upwards.of)(setup)?))
            })
            .collect();
        let ends = |figure: &Figure| [figure.estimate.low, figure.mean(), figure.estimate.high];
        // Intervals that reach far are cut rather than squeezing all points into a corner.
        let x = Scale::around(
            points.iter().map(|(_, x, _)| x.mean()),
            (self.left, self.right),
            true,
        );
        let y = Scale::around(
            points.iter().map(|(_, _, y)| y.mean()),
            (self.bottom, self.top),
            upwards.factor.is_none(),
        );
        self.axes(scene, &x, &y, upwards);
        for (_, energy, other) in points.iter().filter(|_| points.len() <= 60) {
            let (px, py) = (x.place(energy.mean()), y.place(other.mean()));
            let [low, _, high] = ends(energy);
            scene.line((x.place(low), py), (x.place(high), py), Ink::Line, 1.5);
            let [low, _, high] = ends(other);
            scene.line((px, y.place(low)), (px, y.place(high)), Ink::Line, 1.5);
        }
        self.front(scene, &points, (&x, &y), upwards.less_is_better);
        let on_front = |at: usize| analysis.front.contains(&at);
        for (_, energy, other) in points.iter().filter(|(at, ..)| !on_front(*at)) {
            let place = (x.place(energy.mean()), y.place(other.mean()));
            scene.circle(place, 3.5, Ink::Surface, Ink::Dim);
        }
        for (_, energy, other) in points.iter().filter(|(at, ..)| on_front(*at)) {
            let place = (x.place(energy.mean()), y.place(other.mean()));
            scene.diamond(place, 5.5, Ink::Accent, Ink::Surface);
        }
        // The names of a few of the front, from the cheapest on, where they do not run into each other.
        let mut taken: Vec<(f64, f64)> = Vec::new();
        for (at, energy, other) in points.iter().filter(|(at, ..)| on_front(*at)).take(8) {
            let place = (x.place(energy.mean()), y.place(other.mean()));
            if taken
                .iter()
                .any(|near| (near.1 - place.1).abs() < 16.0 && (near.0 - place.0).abs() < 110.0)
            {
                continue;
            }
            taken.push(place);
            let label = fitted(&analysis.setups[*at].label, 10.0, 120.0);
            let (dx, anchor) = match place.0 > (self.left + self.right) / 2.0 {
                true => (-9.0, Anchor::End),
                false => (9.0, Anchor::Start),
            };
            scene.text(
                (place.0 + dx, place.1 - 6.0),
                label,
                10.0,
                Ink::Text,
                anchor,
            );
        }
    }

    fn axes(&self, scene: &mut Scene, x: &Scale, y: &Scale, upwards: &Upwards) {
        for (value, name) in x.marks_in_unit(4) {
            let at = x.place(value);
            scene.line((at, self.top), (at, self.bottom), Ink::Line, 1.0);
            scene.text(
                (at, self.bottom + 18.0),
                name,
                SMALL,
                Ink::Dim,
                Anchor::Middle,
            );
        }
        let marks = match upwards.factor {
            Some(factor) => y.marks(5, factor),
            None => y.marks_in_unit(5),
        };
        for (value, name) in marks {
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
        let name = match upwards.factor {
            Some(_) => upwards.name.clone(),
            None => format!("{} ({})", upwards.name, y.unit("s")),
        };
        scene.text(
            (self.left - 30.0, self.top - 10.0),
            name,
            NAME,
            Ink::Text,
            Anchor::Start,
        );
        let middle = (self.left + self.right) / 2.0;
        let energy = format!("Energy ({})", x.unit("J"));
        scene.text(
            (middle, self.bottom + 42.0),
            energy,
            NAME,
            Ink::Text,
            Anchor::Middle,
        );
    }

    /// Steps along what nothing beats in the panel's own two figures.
    fn front(
        &self,
        scene: &mut Scene,
        points: &[(usize, &Figure, &Figure)],
        (x, y): (&Scale, &Scale),
        less_is_better: bool,
    ) {
        let sign = if less_is_better { -1.0 } else { 1.0 };
        let pairs: Vec<(f64, f64)> = points
            .iter()
            .map(|(_, energy, other)| (energy.mean(), sign * other.mean()))
            .collect();
        let mut steps: Vec<(f64, f64)> = Vec::new();
        for at in crate::analysis::pareto_front(&pairs) {
            let place = (x.place(points[at].1.mean()), y.place(points[at].2.mean()));
            if let Some(last) = steps.last() {
                steps.push((place.0, last.1));
            }
            steps.push(place);
        }
        if steps.len() > 1 {
            scene.path(steps, Ink::Accent, 1.5, true);
        }
    }
}
