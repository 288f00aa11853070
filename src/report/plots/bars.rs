use super::{NAME, SMALL, WIDTH, energy_title, fitted, provenance, width};
use crate::analysis::sweep::{Analysis, SetupResult, Standing};
use crate::report::ink::Ink;
use crate::report::scale::Scale;
use crate::report::scene::{Anchor, Scene};
use crate::units::{Estimate, estimate};

/// Setups up to which all are shown; beyond, the best and the worst.
const ROWS_MAX: usize = 24;
const ROW: f64 = 24.0;
const TOP: f64 = 62.0;

enum Row<'a> {
    Setup(&'a SetupResult),
    Gap(usize),
}

/// A bar for each setup that is ranked, with its interval, the cheapest on top; below them those that did not get there.
pub(super) fn bars(analysis: &Analysis) -> Option<Scene> {
    let (ranked, others): (Vec<&SetupResult>, Vec<&SetupResult>) = analysis
        .setups
        .iter()
        .partition(|setup| setup.rank.is_some());
    if analysis.setups.is_empty() {
        return None;
    }
    let rows: Vec<Row<'_>> = some_of(&ranked).chain(some_of(&others)).collect();
    let label_width = rows
        .iter()
        .map(|row| match row {
            Row::Setup(setup) => width(&setup.label, NAME),
            Row::Gap(_) => 0.0,
        })
        .fold(60.0, f64::max)
        .min(260.0);
    // A page may have to do with a wider font than the one that was measured.
    let left = 20.0 + 1.1 * label_width + 12.0;
    let right = WIDTH - 150.0;
    let height = TOP + ROW * rows.len() as f64 + 56.0;
    let title = energy_title(analysis);
    let mut scene = Scene::new(WIDTH, height, format!("{title}. {}", analysis.headline));
    scene.heading((20.0, 28.0), title);
    let caption = format!("{} · lines are 95 % intervals", provenance(analysis));
    scene.text((20.0, 46.0), caption, SMALL, Ink::Dim, Anchor::Start);

    let figures = ranked
        .iter()
        .filter_map(|setup| Some(setup.energy_j.as_ref()?.estimate));
    let scale = Scale::from_zero(figures.map(|figure| figure.high), (left, right));
    let bottom = TOP + ROW * rows.len() as f64 + 4.0;
    if !ranked.is_empty() {
        for (value, name) in scale.marks_in_unit(5) {
            let x = scale.place(value);
            scene.line((x, TOP - 4.0), (x, bottom), Ink::Line, 1.0);
            scene.text((x, bottom + 16.0), name, SMALL, Ink::Dim, Anchor::Middle);
        }
        let unit = format!("Energy ({})", scale.unit("J"));
        let middle = (left + right) / 2.0;
        scene.text(
            (middle, bottom + 36.0),
            unit,
            NAME,
            Ink::Dim,
            Anchor::Middle,
        );
    }
    for (at, row) in rows.iter().enumerate() {
        let y = TOP + ROW * at as f64;
        match row {
            Row::Setup(setup) => {
                let label = fitted(&setup.label, NAME, label_width);
                let ink = if setup.rank.is_some() {
                    Ink::Text
                } else {
                    Ink::Dim
                };
                scene.text((left - 12.0, y + 16.0), label, NAME, ink, Anchor::End);
                setup_row(
                    &mut scene,
                    setup,
                    &scale,
                    (left, right, y),
                    analysis.kind.target.is_some(),
                );
            }
            Row::Gap(count) => {
                let text = format!("… {count} more …");
                scene.text((left, y + 16.0), text, SMALL, Ink::Dim, Anchor::Start);
            }
        }
    }
    Some(scene)
}

/// All of the setups, or the first and the last with how many are between.
fn some_of<'a>(setups: &[&'a SetupResult]) -> impl Iterator<Item = Row<'a>> {
    let half = ROWS_MAX / 2;
    let rows: Vec<Row<'a>> = if setups.len() <= ROWS_MAX {
        setups.iter().map(|setup| Row::Setup(setup)).collect()
    } else {
        let first = setups[..half].iter().map(|setup| Row::Setup(setup));
        let last = setups[setups.len() - half..]
            .iter()
            .map(|setup| Row::Setup(setup));
        first
            .chain([Row::Gap(setups.len() - 2 * half)])
            .chain(last)
            .collect()
    };
    rows.into_iter()
}

fn setup_row(
    scene: &mut Scene,
    setup: &SetupResult,
    scale: &Scale,
    (left, right, y): (f64, f64, f64),
    has_target: bool,
) {
    let Some((figure, rank)) = setup.energy_j.as_ref().zip(setup.rank) else {
        let seeds = match setup.standing {
            Standing::Partly => format!(" ({} of {})", setup.reached, setup.trials),
            _ => String::new(),
        };
        let text = format!("{}{seeds}", setup.standing.in_words(has_target));
        scene.text((left + 4.0, y + 16.0), text, SMALL, Ink::Dim, Anchor::Start);
        return;
    };
    let Estimate { value, low, high } = figure.estimate;
    let ink = if rank == 1 { Ink::Good } else { Ink::Accent };
    let end = scale.place(value);
    scene.rect([left, y + 5.0, (end - left).max(1.0), ROW - 10.0], 2.0, ink);
    let (low, high) = (scale.place(low), scale.place(high));
    let middle = y + ROW / 2.0;
    if high - low > 1.0 {
        scene.line((low, middle), (high, middle), Ink::Text, 1.5);
        for x in [low, high] {
            scene.line((x, middle - 4.0), (x, middle + 4.0), Ink::Text, 1.5);
        }
    }
    let text = estimate(figure.estimate, "J");
    scene.text(
        (right + 8.0, y + 16.0),
        text,
        SMALL,
        Ink::Text,
        Anchor::Start,
    );
}
