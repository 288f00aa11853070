//! A model's life as text.

use super::Args;
use crate::analysis::lives::Life;
use crate::cli::table::Table;
use crate::report::uses_of_it;
use crate::units::{Estimate, duration, estimate, money, quantity};

/// Stages, when the pretraining pays off, and everything that was assumed.
pub(super) fn text(args: &Args, told: &Life) -> String {
    let (life, training) = (&told.life_cycle, &told.training);
    let is_served = life.stages.iter().any(|stage| stage.name == "serving");
    let assumed = &life.assumptions;
    let mut table = Table::new([
        "stage",
        "energy",
        "share",
        "time",
        "operational",
        "embodied",
        "share",
        "electricity",
    ])
    .right(&[1, 2, 3, 4, 5, 6, 7]);
    let share = |share: f64| format!("{:.1} %", 100.0 * share);
    for stage in &life.stages {
        let embodied = stage
            .embodied_g
            .map_or("-".to_owned(), |g| quantity(g, "g"));
        let cost = stage
            .cost
            .map_or("-".to_owned(), |cost| money(cost, &assumed.currency));
        table.push([
            stage.name.clone(),
            estimate(stage.energy_j, "J"),
            share(stage.energy_share),
            stage.seconds.map_or("-".to_owned(), duration),
            estimate(stage.operational_g, "g"),
            embodied,
            stage.carbon_share.map_or("-".to_owned(), share),
            cost,
        ]);
    }
    let mut text = format!("{table}\n");
    let mut line = |words: String| text.push_str(&format!("{words}\n"));
    line(format!(
        "training is the mean of {} {}, by {}",
        training.runs,
        if training.runs == 1 { "run" } else { "runs" },
        training.source
    ));
    match life.inferences_as_training {
        Some(Estimate { value, low, high }) => line(format!(
            "asking has taken as much as learning after {} samples ({} to {})",
            quantity(value, ""),
            quantity(low, ""),
            if high.is_finite() {
                quantity(high, "")
            } else {
                "no end".to_owned()
            },
        )),
        None if !is_served => line(format!(
            "what asking takes is not known: `joulelab infer RUN -b {}` measures it",
            args.batch_size
        )),
        None => line("asking took no energy that could be measured".to_owned()),
    }
    if let Some(even) = &told.break_even {
        line(even.words.clone());
    }
    if let Some(reason) = &told.no_break_even {
        line(format!(
            "when the pretraining pays off cannot be told: {reason}"
        ));
    }
    for remark in &told.remarks {
        line(remark.clone());
    }
    line("\nassumptions (--assumptions FILE, or flags)".to_owned());
    line(format!(
        "  {} g/kWh: {}",
        assumed.g_per_kwh, assumed.intensity_source
    ));
    line(format!("  PUE {}", assumed.pue));
    match &assumed.embodied {
        Some(embodied) => line(format!(
            "  {} kgCO2e over {} years: {}",
            embodied.kg_co2e, embodied.service_life_years, embodied.source
        )),
        None => line("  what making the device took is left out".to_owned()),
    }
    match assumed.price_per_kwh {
        Some(price) => line(format!("  {price} {}/kWh", assumed.currency)),
        None => line("  no price (--price)".to_owned()),
    }
    line(format!(
        "  {}, {} samples asked about",
        uses_of_it(assumed.uses),
        quantity(assumed.inferences, "")
    ));
    text
}
