use super::{NAME, SMALL, WIDTH, fitted, provenance};
use crate::analysis::sweep::{Analysis, Figure, SetupResult};
use crate::report::ink::Ink;
use crate::report::scale::Scale;
use crate::report::scene::{Anchor, Scene};

const TOP: f64 = 74.0;
const HEIGHT: f64 = 300.0;
/// Setups of the front that are named below the panels.
const NAMED_MAX: usize = 12;
/// Points up to which all have their intervals; beyond, only the front.
const INTERVALS_MAX: usize = 16;

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
    let named = analysis.front.len().min(NAMED_MAX);
    let names_top = TOP + HEIGHT + 76.0;
    let height = names_top + 18.0 * named.div_ceil(2) as f64 + 8.0;
    let description = format!(
        "Energy against {metric} and against time; {} of {} setups are on the front.",
        analysis.front.len(),
        ranked.len()
    );
    let mut scene = Scene::new(WIDTH, height, description);
    scene.heading((20.0, 28.0), "Energy against quality and time");
    let caption = format!(
        "{} · thin lines are 95 % intervals{}",
        provenance(analysis),
        if ranked.len() > INTERVALS_MAX {
            ", of the front"
        } else {
            ""
        }
    );
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
    names(&mut scene, analysis, names_top);
    panel(0.0).draw(&mut scene, analysis, &ranked, &quality);
    panel(WIDTH / 2.0).draw(&mut scene, analysis, &ranked, &time);
    Some(scene)
}

/// Which setup each number of the front stands for.
fn names(scene: &mut Scene, analysis: &Analysis, top: f64) {
    let count = analysis.front.len().min(NAMED_MAX);
    let rows = count.div_ceil(2);
    for (at, setup) in analysis.front.iter().take(NAMED_MAX).enumerate() {
        let left = 20.0 + (at / rows) as f64 * WIDTH / 2.0;
        let y = top + 18.0 * (at % rows) as f64;
        scene.diamond((left + 6.0, y - 4.0), 5.0, Ink::Accent, Ink::Surface);
        scene.text(
            (left + 16.0, y),
            (at + 1).to_string(),
            SMALL,
            Ink::Text,
            Anchor::Start,
        );
        let label = fitted(&analysis.setups[*setup].label, SMALL, WIDTH / 2.0 - 64.0);
        scene.text((left + 34.0, y), label, SMALL, Ink::Text, Anchor::Start);
    }
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
        let on_front = |at: usize| analysis.front.contains(&at);
        // Those that are beaten lie behind and step back, so that the front can be read among them.
        let (first, beaten): (Vec<_>, Vec<_>) = points.iter().partition(|(at, ..)| on_front(*at));
        let behind = beaten
            .into_iter()
            .filter(|_| points.len() <= INTERVALS_MAX)
            .map(|point| (point, Ink::Line));
        let before = first.into_iter().map(|point| (point, Ink::Dim));
        for ((_, energy, other), ink) in behind.chain(before) {
            let (px, py) = (x.place(energy.mean()), y.place(other.mean()));
            let [low, _, high] = ends(energy);
            scene.line((x.place(low), py), (x.place(high), py), ink, 1.0);
            let [low, _, high] = ends(other);
            scene.line((px, y.place(low)), (px, y.place(high)), ink, 1.0);
        }
        self.front(scene, &points, (&x, &y), upwards.less_is_better);
        for (_, energy, other) in points.iter().filter(|(at, ..)| !on_front(*at)) {
            let place = (x.place(energy.mean()), y.place(other.mean()));
            scene.circle(place, 3.5, Ink::Surface, Ink::Dim);
        }
        for (_, energy, other) in points.iter().filter(|(at, ..)| on_front(*at)) {
            let place = (x.place(energy.mean()), y.place(other.mean()));
            scene.diamond(place, 5.5, Ink::Accent, Ink::Surface);
        }
        for (number, at) in (1..).zip(analysis.front.iter().take(NAMED_MAX)) {
            let Some((_, energy, other)) = points.iter().find(|(of, ..)| of == at) else {
                continue;
            };
            let place = (x.place(energy.mean()) + 8.0, y.place(other.mean()) - 7.0);
            scene.text(place, number.to_string(), SMALL, Ink::Text, Anchor::Start);
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
