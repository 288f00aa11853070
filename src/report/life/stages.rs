//! What share each stage has of energy, carbon and cost: a bar for each quantity.

use crate::analysis::lifecycle::{LifeCycle, Stage};
use crate::report::ink::Ink;
use crate::report::plots::{NAME, SMALL, WIDTH};
use crate::report::scene::{Anchor, Scene, Weight};
use crate::report::text::width;
use crate::units::{quantity, significant};

const ROW: f64 = 30.0;
const BAR: f64 = 20.0;
const TOP: f64 = 68.0;
const LEFT: f64 = 150.0;
const RIGHT: f64 = 130.0;

/// Name of a quantity, what each stage has of it, and how a sum of it is written.
type Quantity = (&'static str, Vec<f64>, String);

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
    for (at, (name, parts, written)) in bars.into_iter().enumerate() {
        let y = TOP + ROW * at as f64;
        let baseline = y + BAR / 2.0 + 4.0;
        scene.text((LEFT - 12.0, baseline), name, NAME, Ink::Text, Anchor::End);
        let whole: f64 = parts.iter().sum();
        let mut x = LEFT;
        for (stage, part) in parts.into_iter().enumerate() {
            let share = if whole > 0.0 { part / whole } else { 0.0 };
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
        scene.text((end, baseline), written, SMALL, Ink::Text, Anchor::Start);
    }
    scene
}

fn quantities(life: &LifeCycle) -> Vec<Quantity> {
    let of = |of: &dyn Fn(&Stage) -> f64| -> Vec<f64> { life.stages.iter().map(of).collect() };
    let sum = |parts: &[f64]| parts.iter().sum::<f64>();
    let energy = of(&|stage| stage.energy_j.value);
    let operational = of(&|stage| stage.operational_g.value);
    let mut bars: Vec<Quantity> = Vec::new();
    let total = quantity(sum(&energy), "J");
    bars.push(("Energy", energy, total));
    let grams = |parts: &[f64]| quantity(sum(parts), "gCO2e");
    let total = grams(&operational);
    if life.assumptions.embodied.is_some() {
        let embodied = of(&|stage| stage.embodied_g.unwrap_or(0.0));
        let both = operational.iter().zip(&embodied);
        let both: Vec<f64> = both.map(|(one, other)| one + other).collect();
        bars.push(("Operational carbon", operational, total));
        let total = grams(&embodied);
        bars.push(("Embodied carbon", embodied, total));
        let total = grams(&both);
        bars.push(("All carbon", both, total));
    } else {
        bars.push(("Operational carbon", operational, total));
    }
    if life.assumptions.price_per_kwh.is_some() {
        let cost = of(&|stage| stage.cost.map_or(0.0, |cost| cost.value));
        let total = format!(
            "{} {}",
            significant(sum(&cost), 3),
            life.assumptions.currency
        );
        bars.push(("Electricity", cost, total));
    }
    bars
}

fn description(life: &LifeCycle) -> String {
    let shares: Vec<String> = life
        .stages
        .iter()
        .map(|stage| {
            format!(
                "{} {:.1} % of the energy and {:.1} % of the carbon",
                stage.name,
                100.0 * stage.energy_share,
                100.0 * stage.carbon_share
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

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::lifecycle::{Assumptions, Cost, life_cycle};
    use crate::report::scene::Shape;
    use crate::units::Estimate;

    #[test]
    fn each_stage_is_as_long_as_its_share() {
        let cost = |joules: f64| Cost {
            energy_j: Estimate::exact(joules),
            spread_j: None,
            seconds: 1.0,
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
}
