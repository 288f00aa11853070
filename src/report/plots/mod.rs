//! The plots of an analysis.

mod answers;
mod bars;
mod correlations;
mod effects;
mod heat;
mod scatter;

use super::scene::Scene;
use crate::analysis::sweep::{Analysis, Measure};
pub use answers::{Answers, answers};

/// A plot with a name for its file.
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    /// Lower-case letters, digits and `-`; unique within an analysis.
    pub name: String,
    /// Heading.
    pub title: String,
    /// The picture.
    pub scene: Scene,
}

/// Points across of a plot that can be as wide as it likes.
pub(super) const WIDTH: f64 = 760.0;

/// Size of captions and of figures at marks.
pub(super) const SMALL: f64 = 11.0;

/// Size of names.
pub(super) const NAME: f64 = 12.0;

/// Every plot that has something to show.
pub fn plots(analysis: &Analysis) -> Vec<Plot> {
    let mut plots = Vec::new();
    let mut add = |name: String, title: String, scene: Option<Scene>| {
        plots.extend(scene.map(|scene| Plot { name, title, scene }));
    };
    add(
        "energy".to_owned(),
        energy_title(analysis),
        bars::bars(analysis),
    );
    for map in &analysis.heat_maps {
        let (x, y) = (&analysis.axes[map.x].name, &analysis.axes[map.y].name);
        let name = format!("heat-map-{}-{}", plain(x), plain(y));
        add(
            name,
            format!("Energy by {x} and {y}"),
            heat::heat(analysis, map),
        );
    }
    add(
        "pareto".to_owned(),
        "Energy against quality and time".to_owned(),
        scatter::scatter(analysis),
    );
    for effects in &analysis.effects {
        if matches!(
            effects.measure,
            Measure::EnergyPerStep | Measure::EnergyPerUpdate
        ) {
            continue;
        }
        let measure = match effects.measure {
            Measure::Quality => analysis.kind.metric.title(),
            other => other.title(),
        };
        let name = format!("main-effects-{}", plain(measure));
        let title = format!("Main effects on {measure}");
        add(name, title, effects::effects(analysis, effects));
    }
    add(
        "correlations".to_owned(),
        "Rank correlations with energy".to_owned(),
        correlations::correlations(analysis),
    );
    // Two axes may have one name for people.
    let mut taken: Vec<String> = Vec::new();
    for plot in &mut plots {
        let mut name = plot.name.clone();
        let mut next = 2;
        while taken.contains(&name) {
            name = format!("{}-{next}", plot.name);
            next += 1;
        }
        plot.name.clone_from(&name);
        taken.push(name);
    }
    plots
}

/// What the energies are of.
pub(super) fn energy_title(analysis: &Analysis) -> String {
    match analysis.kind.target {
        Some(target) => format!("Energy to {}", analysis.kind.target_in_words(target)),
        None => "Energy of whole runs".to_owned(),
    }
}

/// For a file's name.
fn plain(name: &str) -> String {
    let mut out = String::new();
    for letter in name.chars() {
        match letter {
            'a'..='z' | '0'..='9' => out.push(letter),
            'A'..='Z' => out.push(letter.to_ascii_lowercase()),
            _ if !out.ends_with('-') && !out.is_empty() => out.push('-'),
            _ => {}
        }
    }
    out.trim_end_matches('-').to_owned()
}

/// `text`, cut to `width` points with an ellipsis.
fn fitted(text: &str, size: f64, width: f64) -> String {
    let measured = |text: &str| super::text::width(text, size, super::scene::Weight::Regular);
    if measured(text) <= width {
        return text.to_owned();
    }
    let mut letters: Vec<char> = text.chars().collect();
    while letters.pop().is_some() {
        let cut: String = letters.iter().collect();
        let cut = format!("{}…", cut.trim_end());
        if measured(&cut) <= width {
            return cut;
        }
    }
    String::new()
}

/// Width of plain text.
fn width(text: &str, size: f64) -> f64 {
    super::text::width(text, size, super::scene::Weight::Regular)
}

/// The line under a plot's heading: what is measured and how well.
fn provenance(analysis: &Analysis) -> String {
    match &analysis.kind.measured {
        Some(measured) => measured.in_words(),
        None => "no energy measured".to_owned(),
    }
}
