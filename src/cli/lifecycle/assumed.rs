//! What is assumed: defaults, what the run had, the file, the flags; each wins over those before it.

use std::path::Path;

use super::Args;
use crate::analysis;
use crate::analysis::lifecycle::{Assumptions, GivenAssumptions, GivenEmbodied, embodied};
use crate::analysis::lives;
use crate::cli::{Exit, Failed};
use crate::library::RunDetails;

/// What is assumed of the life of `run`'s model.
pub(super) fn assumptions(args: &Args, run: &RunDetails) -> Result<Assumptions, Failed> {
    let mut found = lives::assumptions(run).map_err(|error| usage(error.to_string()))?;
    if let Some(path) = &args.assumptions {
        found = read(path)?.over(found, &path.display().to_string());
    }
    match args.device_class.as_deref() {
        Some("none") => found.embodied = None,
        Some(class) => {
            let of_class = embodied(class).map_err(|error| usage(error.to_string()))?;
            found.embodied = Some(of_class);
        }
        None => {}
    }
    if found.embodied.is_none() && args.embodied.is_none() && args.service_life.is_some() {
        return Err(usage(
            "--service-life: what making the device took is left out; give it with --embodied, or another --device-class"
                .to_owned(),
        ));
    }
    Ok(flags(args)?.over(found, "a flag"))
}

fn usage(message: String) -> Failed {
    Failed::new(Exit::Usage, message)
}

fn flags(args: &Args) -> Result<GivenAssumptions, Failed> {
    let of_country = args
        .country
        .as_ref()
        .map(|country| analysis::lookup(Some(country)))
        .transpose()
        .map_err(|error| usage(error.to_string()))?;
    let g_per_kwh = of_country.as_ref().map(|found| found.g_per_kwh);
    let is_made = args.embodied.is_some() || args.service_life.is_some();
    Ok(GivenAssumptions {
        g_per_kwh: args.intensity.or(g_per_kwh),
        intensity_source: of_country.map(|found| found.source),
        pue: args.pue,
        price_per_kwh: args.price,
        currency: args.currency.clone(),
        embodied: is_made.then_some(GivenEmbodied {
            kg_co2e: args.embodied,
            service_life_years: args.service_life,
            source: None,
        }),
        uses: args.uses,
        inferences: args.inferences,
    })
}

/// The fields that a file names.
fn read(path: &Path) -> Result<GivenAssumptions, Failed> {
    let wrong = |message: String| {
        let place = path.display();
        usage(format!("--assumptions {place}: {}", message.trim_end()))
    };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    toml::from_str(&text).map_err(|error| wrong(error.to_string()))
}
