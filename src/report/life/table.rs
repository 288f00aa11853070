//! The life of a model as a table and as text.

use std::fmt::Write as _;
use std::io::Write;

use super::lines::uses_in_words;
use super::stages::capital;
use crate::analysis::lifecycle::Assumptions;
use crate::analysis::lives::Life;
use crate::library::export::{Cells, ExportError};
use crate::report::markdown::plain;
use crate::units::{duration, estimate, money, quantity};

/// Format and version, in the first column.
const SCHEMA: &str = "life/1";

const HEADER: [&str; 22] = [
    "schema",
    "stage",
    "energy_j",
    "energy_low_j",
    "energy_high_j",
    "energy_share",
    "time_s",
    "operational_g",
    "operational_low_g",
    "operational_high_g",
    "embodied_g",
    "carbon_share",
    "electricity_cost",
    "electricity_low_cost",
    "electricity_high_cost",
    "currency",
    "g_per_kwh",
    "pue",
    "embodied_kg",
    "service_life_years",
    "uses",
    "inferences",
];

/// Writes a row for each stage to `out`, with what was assumed.
///
/// # Errors
/// Where `out` cannot be written.
pub fn csv(life: &Life, out: &mut dyn Write) -> Result<u64, ExportError> {
    let mut cells = Cells::new(out);
    for name in HEADER {
        cells.text(name)?;
    }
    cells.end_header()?;
    let assumed = &life.life_cycle.assumptions;
    let embodied = assumed.embodied.as_ref();
    for stage in &life.life_cycle.stages {
        cells.text(SCHEMA)?;
        cells.text(&stage.name)?;
        cells.estimate(Some(stage.energy_j))?;
        cells.number(Some(stage.energy_share))?;
        cells.number(stage.seconds)?;
        cells.estimate(Some(stage.operational_g))?;
        cells.number(stage.embodied_g)?;
        cells.number(stage.carbon_share)?;
        cells.estimate(stage.cost)?;
        let currency = stage.cost.map(|_| assumed.currency.as_str());
        cells.maybe_text(currency)?;
        cells.number(Some(assumed.g_per_kwh))?;
        cells.number(Some(assumed.pue))?;
        cells.number(embodied.map(|embodied| embodied.kg_co2e))?;
        cells.number(embodied.map(|embodied| embodied.service_life_years))?;
        cells.count(assumed.uses)?;
        cells.number(Some(assumed.inferences))?;
        cells.end_row()?;
    }
    cells.finish()
}

/// Stages, when the pretraining pays off, and everything that was assumed.
pub fn markdown(life: &Life, title: &str) -> String {
    let cycle = &life.life_cycle;
    let assumed = &cycle.assumptions;
    let mut out = format!(
        "# {}\n\n| stage | energy | share | time | operational | embodied | share of the carbon | electricity |\n|---|---|---|---|---|---|---|---|\n",
        plain(title)
    );
    let share = |share: f64| format!("{:.1} %", 100.0 * share);
    for stage in &cycle.stages {
        let embodied = stage
            .embodied_g
            .map_or("-".to_owned(), |g| quantity(g, "g"));
        let currency = plain(&assumed.currency);
        let cost = stage
            .cost
            .map_or("-".to_owned(), |cost| money(cost, &currency));
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {embodied} | {} | {cost} |",
            stage.name,
            estimate(stage.energy_j, "J"),
            share(stage.energy_share),
            stage.seconds.map_or("-".to_owned(), duration),
            estimate(stage.operational_g, "g"),
            stage.carbon_share.map_or("-".to_owned(), share),
        );
    }
    let mut paragraph = |text: &str| {
        let _ = write!(out, "\n{}\n", plain(text));
    };
    let (runs, source) = (life.training.runs, &life.training.source);
    let what = if runs == 1 { "run" } else { "runs" };
    paragraph(&format!(
        "Training is the mean of {runs} {what}, by {source}."
    ));
    for remark in &life.remarks {
        paragraph(&format!("{}.", capital(remark)));
    }
    if let Some(even) = &life.break_even {
        paragraph(&format!("In energy, {}.", even.words));
    }
    if let Some(reason) = &life.no_break_even {
        paragraph(&format!(
            "When the pretraining pays off cannot be told: {reason}."
        ));
    }
    out.push_str("\n## Assumptions\n\n");
    for line in assumptions(assumed) {
        let _ = writeln!(out, "- {}", plain(&line));
    }
    out
}

/// Models among which what was learnt before is shared, in words.
pub fn uses_of_it(uses: u64) -> String {
    format!("{} of what was learnt before", uses_in_words(uses))
}

/// Everything that was assumed, a line each.
fn assumptions(assumed: &Assumptions) -> Vec<String> {
    vec![
        format!(
            "{} gCO2e/kWh: {}",
            assumed.g_per_kwh, assumed.intensity_source
        ),
        format!("PUE {}", assumed.pue),
        match &assumed.embodied {
            Some(embodied) => format!(
                "{} kgCO2e over {} years: {}",
                embodied.kg_co2e, embodied.service_life_years, embodied.source
            ),
            None => "what making the device took is left out".to_owned(),
        },
        match assumed.price_per_kwh {
            Some(price) => format!("{price} {}/kWh", assumed.currency),
            None => "no price".to_owned(),
        },
        uses_of_it(assumed.uses),
        format!(
            "{} samples asked about",
            quantity(assumed.inferences, "").trim_end()
        ),
    ]
}
