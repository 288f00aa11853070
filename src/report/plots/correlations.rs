use super::{NAME, SMALL, WIDTH, energy_title, provenance};
use crate::analysis::sweep::{Analysis, Measure};
use crate::report::ink::Ink;
use crate::report::scale::Scale;
use crate::report::scene::{Anchor, Scene};

const TOP: f64 = 74.0;
const ROW: f64 = 34.0;

/// A row for each stand-in: Spearman's ρ with its interval as a disc, Kendall's τ as a diamond.
pub(super) fn correlations(analysis: &Analysis) -> Option<Scene> {
    let rows = &analysis.correlations;
    if rows.is_empty() {
        return None;
    }
    let bottom = TOP + ROW * rows.len() as f64;
    let mut scene = Scene::new(
        WIDTH,
        bottom + 50.0,
        "Rank correlations of energy with its usual stand-ins.",
    );
    scene.heading((20.0, 28.0), "Rank correlations with energy");
    let caption = format!("{} · lines are 95 % intervals", provenance(analysis));
    scene.text((20.0, 46.0), caption, SMALL, Ink::Dim, Anchor::Start);
    scene.circle((WIDTH - 182.0, 24.0), 4.5, Ink::Series(0), Ink::Surface);
    scene.text(
        (WIDTH - 172.0, 28.0),
        "Spearman’s ρ",
        SMALL,
        Ink::Dim,
        Anchor::Start,
    );
    scene.diamond((WIDTH - 84.0, 24.0), 4.5, Ink::Series(1), Ink::Surface);
    scene.text(
        (WIDTH - 74.0, 28.0),
        "Kendall’s τ",
        SMALL,
        Ink::Dim,
        Anchor::Start,
    );

    let scale = Scale::new((-1.0, 1.0), (300.0, WIDTH - 90.0), false);
    for (value, name) in scale.marks(4, 1.0) {
        let x = scale.place(value);
        let (ink, width) = if value == 0.0 {
            (Ink::Dim, 1.5)
        } else {
            (Ink::Line, 1.0)
        };
        scene.line((x, TOP - 8.0), (x, bottom), ink, width);
        scene.text((x, bottom + 18.0), name, SMALL, Ink::Dim, Anchor::Middle);
    }
    for (at, row) in rows.iter().enumerate() {
        let y = TOP + ROW * at as f64 + ROW / 2.0 - 4.0;
        let of = match row.measure {
            Measure::Energy => energy_title(analysis).to_lowercase(),
            other => other.title().to_owned(),
        };
        scene.text(
            (290.0, y),
            row.stand_in.title(),
            NAME,
            Ink::Text,
            Anchor::End,
        );
        scene.text(
            (290.0, y + 13.0),
            format!("with {of}"),
            10.0,
            Ink::Dim,
            Anchor::End,
        );
        for (correlation, offset, is_spearman) in
            [(row.spearman, -3.0, true), (row.kendall, 6.0, false)]
        {
            let ink = Ink::Series(usize::from(!is_spearman));
            let place = (scale.place(correlation.value), y + offset);
            if let Some((low, high)) = correlation.interval {
                let (low, high) = (scale.place(low), scale.place(high));
                scene.line((low, place.1), (high, place.1), ink, 1.5);
            }
            match is_spearman {
                true => scene.circle(place, 4.5, ink, Ink::Surface),
                false => scene.diamond(place, 4.5, ink, Ink::Surface),
            }
        }
        let text = format!("n = {}", row.spearman.count);
        scene.text((WIDTH - 20.0, y + 5.0), text, SMALL, Ink::Dim, Anchor::End);
    }
    Some(scene)
}
