//! What share each stage has of energy, carbon and cost: a bar for each quantity.

use crate::analysis::lifecycle::{LifeCycle, Stage};
use crate::report::ink::Ink;
use crate::report::plots::{NAME, SMALL, WIDTH};
use crate::report::scene::{Anchor, Scene, Weight};
use crate::report::text::width;
use crate::units::{Estimate, estimate, money, quantity};

const ROW: f64 = 30.0;
const BAR: f64 = 20.0;
const TOP: f64 = 68.0;
const LEFT: f64 = 150.0;
const RIGHT: f64 = 216.0;

/// A quantity, and what the stages have of it.
struct Quantity {
    name: &'static str,
    /// What each stage has; none where that of one is not known, since there are no shares then.
    parts: Option<Vec<Estimate>>,
    /// How a sum is written.
    written: fn(Estimate, &LifeCycle) -> String,
}

/// Stacked bars by stage.
pub fn stages(life: &LifeCycle) -> Scene {
    let bars = quantities(life);
    let height = TOP + ROW * bars.len() as f64 + 8.0;
    let mut scene = Scene::new(WIDTH, height, description(life));
    scene.heading((20.0, 28.0), "Shares of the stages");
    let mut x = 20.0;
    for (at, stage) in life.stages.iter().enumerate() {
        scene.rect([x, 42.0, 12.0, 12.0], 2.0, Ink::Series(at));
        let name = capital(&stage.name);
        x += 18.0;
        scene.text((x, 52.0), name.clone(), NAME, Ink::Text, Anchor::Start);
        x += 1.1 * width(&name, NAME, Weight::Regular) + 24.0;
    }
    let room = WIDTH - LEFT - RIGHT;
    for (at, bar) in bars.into_iter().enumerate() {
        let y = TOP + ROW * at as f64;
        let baseline = y + BAR / 2.0 + 4.0;
        let before = (LEFT - 12.0, baseline);
        scene.text(before, bar.name, NAME, Ink::Text, Anchor::End);
        let Some(parts) = bar.parts else {
            let text = "not known: a stage lacks its time";
            scene.text((LEFT, baseline), text, SMALL, Ink::Dim, Anchor::Start);
            continue;
        };
        // Meters are wrong in all stages alike, and the stages may share them: the widths add up.
        let whole = parts
            .iter()
            .copied()
            .fold(Estimate::ZERO, Estimate::plus_same_source);
        let mut x = LEFT;
        for (stage, part) in parts.into_iter().enumerate() {
            let share = if whole.value > 0.0 {
                part.value / whole.value
            } else {
                0.0
            };
            let long = room * share;
            // A ground between two parts tells them apart without their colours.
            scene.rect([x, y, (long - 1.0).max(0.0), BAR], 2.0, Ink::Series(stage));
            let text = format!("{} {:.1} %", initial(&life.stages[stage]), 100.0 * share);
            if 1.1 * width(&text, SMALL, Weight::Regular) + 8.0 < long {
                let middle = x + long / 2.0;
                scene.text(
                    (middle, baseline),
                    text,
                    SMALL,
                    Ink::Surface,
                    Anchor::Middle,
                );
            }
            x += long;
        }
        let end = LEFT + room + 12.0;
        let written = (bar.written)(whole, life);
        scene.text((end, baseline), written, SMALL, Ink::Text, Anchor::Start);
    }
    scene
}

fn quantities(life: &LifeCycle) -> Vec<Quantity> {
    let bar = |name, of: &dyn Fn(&Stage) -> Option<Estimate>, written| Quantity {
        name,
        parts: life.stages.iter().map(of).collect(),
        written,
    };
    let joules = |sum: Estimate, _: &LifeCycle| estimate(sum, "J");
    let grams = |sum: Estimate, _: &LifeCycle| estimate(sum, "gCO2e");
    let made = |stage: &Stage| stage.embodied_g.map(Estimate::exact);
    let mut bars = vec![
        bar("Energy", &|stage| Some(stage.energy_j), joules),
        bar(
            "Operational carbon",
            &|stage| Some(stage.operational_g),
            grams,
        ),
    ];
    if life.assumptions.embodied.is_some() {
        // Of what is assumed there is no interval.
        let assumed = |sum: Estimate, _: &LifeCycle| quantity(sum.value, "gCO2e");
        bars.push(bar("Embodied carbon", &made, assumed));
        let both = |stage: &Stage| Some(stage.operational_g.plus_same_source(made(stage)?));
        bars.push(bar("All carbon", &both, grams));
    }
    if life.assumptions.price_per_kwh.is_some() {
        bars.push(bar("Electricity", &|stage| stage.cost, |sum, life| {
            money(sum, &life.assumptions.currency)
        }));
    }
    bars
}

fn description(life: &LifeCycle) -> String {
    let shares: Vec<String> = life
        .stages
        .iter()
        .map(|stage| {
            let of_carbon = stage.carbon_share.map_or_else(
                || "a share of the carbon that is not known".to_owned(),
                |share| format!("{:.1} % of the carbon", 100.0 * share),
            );
            format!(
                "{} {:.1} % of the energy and {of_carbon}",
                stage.name,
                100.0 * stage.energy_share,
            )
        })
        .collect();
    format!("Shares of the stages: {}", shares.join("; "))
}

fn initial(stage: &Stage) -> String {
    stage
        .name
        .chars()
        .take(1)
        .collect::<String>()
        .to_uppercase()
}

/// `text` with a capital letter at its beginning.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::lifecycle::{Assumptions, Cost, embodied, life_cycle};
    use crate::report::scene::Shape;

    #[test]
    fn each_stage_is_as_long_as_its_share() {
        let cost = |joules: f64| Cost {
            energy_j: Estimate::exact(joules),
            spread_j: None,
            seconds: Some(1.0),
            runs: 1,
            source: "RAPL".to_owned(),
        };
        let assumptions = Assumptions {
            uses: 4,
            ..Assumptions::default()
        };
        // 1200 J ÷ 4 and 100 J: three quarters and one.
        let life = life_cycle(&assumptions, Some(&cost(1200.0)), &cost(100.0), None).unwrap();
        let scene = stages(&life);
        let bars: Vec<f64> = scene
            .shapes
            .iter()
            .filter_map(|shape| match shape {
                Shape::Rect {
                    area: [_, y, width, _],
                    ..
                } if *y >= TOP => Some(*width + 1.0),
                _ => None,
            })
            .collect();
        let room = WIDTH - LEFT - RIGHT;
        // Energy and operational carbon; nothing is asked of making the device, nor of a price.
        let expected = [0.75, 0.25, 0.75, 0.25].map(|share| share * room);
        assert_eq!(bars.len(), expected.len());
        for (found, expected) in bars.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
        assert!(
            scene
                .description
                .contains("pretraining 75.0 % of the energy")
        );
    }

    #[test]
    fn totals_and_costs_have_intervals_in_a_size_that_can_be_read() {
        let cost = |joules: f64| Cost {
            energy_j: Estimate::within_factor(joules, 2.0),
            spread_j: None,
            seconds: Some(1.0),
            runs: 1,
            source: "load model".to_owned(),
        };
        let assumptions = Assumptions {
            price_per_kwh: Some(0.3),
            g_per_kwh: 360.0,
            embodied: Some(embodied("server").unwrap()),
            ..Assumptions::default()
        };
        let life = life_cycle(&assumptions, Some(&cost(1200.0)), &cost(400.0), None).unwrap();
        let scene = stages(&life);
        let written = |wanted: &str| {
            let is_it = |shape: &Shape| matches!(shape, Shape::Text { text, .. } if text == wanted);
            assert!(scene.shapes.iter().any(is_it), "{wanted}: {scene:?}");
        };
        written("1.6 kJ (0.8 to 3.2)");
        // Times 360 g ÷ 3.6 MJ, and 0.3 ÷ 3.6 MJ.
        written("160 mgCO2e (80 to 320)");
        written("130 millionths EUR (70 to 270)");
        // 2500 kg ÷ 6 years for 2 s: 26.4 mg, which is assumed and has none.
        written("26.4 mgCO2e");
        written("190 mgCO2e (110 to 350)");
    }

    #[test]
    fn carbon_that_is_not_known_has_no_bar() {
        let cost = |seconds| Cost {
            energy_j: Estimate::exact(100.0),
            spread_j: None,
            seconds,
            runs: 1,
            source: "RAPL".to_owned(),
        };
        let assumptions = Assumptions {
            embodied: Some(embodied("server").unwrap()),
            ..Assumptions::default()
        };
        let bars = |before_s| {
            let life = life_cycle(&assumptions, Some(&cost(before_s)), &cost(Some(2.0)), None);
            let scene = stages(&life.unwrap());
            let is_bar =
                |shape: &&Shape| matches!(shape, Shape::Rect { area, .. } if area[1] >= TOP);
            let count = scene.shapes.iter().filter(is_bar).count();
            (count, scene.description.contains("not known"))
        };
        // Energy, operational, embodied and all carbon, of two stages each.
        assert_eq!(bars(Some(1.0)), (8, false));
        assert_eq!(bars(None), (4, true));
    }
}
