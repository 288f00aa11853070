//! Assumptions that are given in part: what is not given stays as it was.

use serde::Deserialize;

use super::{Assumptions, Embodied, embodied};

/// The class whose years of use count where nobody gives any.
const CLASS_OF_YEARS: &str = "server";

/// Some of the [`Assumptions`], as a file gives them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GivenAssumptions {
    /// See [`Assumptions::g_per_kwh`].
    pub g_per_kwh: Option<f64>,
    /// See [`Assumptions::intensity_source`].
    pub intensity_source: Option<String>,
    /// See [`Assumptions::pue`].
    pub pue: Option<f64>,
    /// See [`Assumptions::price_per_kwh`].
    pub price_per_kwh: Option<f64>,
    /// See [`Assumptions::currency`].
    pub currency: Option<String>,
    /// See [`Assumptions::embodied`].
    pub embodied: Option<GivenEmbodied>,
    /// See [`Assumptions::uses`].
    pub uses: Option<u64>,
    /// See [`Assumptions::inferences`].
    pub inferences: Option<f64>,
}

/// Some of [`Embodied`].
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GivenEmbodied {
    /// See [`Embodied::kg_co2e`].
    pub kg_co2e: Option<f64>,
    /// See [`Embodied::service_life_years`].
    pub service_life_years: Option<f64>,
    /// See [`Embodied::source`].
    pub source: Option<String>,
}

impl GivenAssumptions {
    /// `below` with what is given in place of its own. A figure whose source is not given is said to come from `by`: what was below vouched
    /// for another.
    pub fn over(self, below: Assumptions, by: &str) -> Assumptions {
        let of_intensity = || self.g_per_kwh.map(|_| format!("given by {by}"));
        let source = self.intensity_source.clone().or_else(of_intensity);
        Assumptions {
            g_per_kwh: self.g_per_kwh.unwrap_or(below.g_per_kwh),
            intensity_source: source.unwrap_or(below.intensity_source),
            pue: self.pue.unwrap_or(below.pue),
            price_per_kwh: self.price_per_kwh.or(below.price_per_kwh),
            currency: self.currency.unwrap_or(below.currency),
            embodied: match self.embodied {
                None => below.embodied,
                Some(given) => given.over(below.embodied, by),
            },
            uses: self.uses.unwrap_or(below.uses),
            inferences: self.inferences.unwrap_or(below.inferences),
        }
    }
}

impl GivenEmbodied {
    /// The same of what making the device took. `None` where nothing is below and no mass is given: there is nothing to begin with.
    pub fn over(self, below: Option<Embodied>, by: &str) -> Option<Embodied> {
        let Some(below) = below else {
            return self.alone(by);
        };
        let is_changed = self.kg_co2e.is_some() || self.service_life_years.is_some();
        let of_change = || format!("changed by {by}; before: {}", below.source);
        let source = self
            .source
            .or_else(|| is_changed.then(of_change))
            .unwrap_or_else(|| below.source.clone());
        Some(Embodied {
            kg_co2e: self.kg_co2e.unwrap_or(below.kg_co2e),
            service_life_years: self.service_life_years.unwrap_or(below.service_life_years),
            source,
        })
    }

    /// What is given, with nothing below it.
    fn alone(self, by: &str) -> Option<Embodied> {
        let usual = || embodied(CLASS_OF_YEARS).ok();
        let source = match self.service_life_years {
            Some(_) => format!("given by {by}"),
            None => format!("given by {by}; years of use as of the class `{CLASS_OF_YEARS}`"),
        };
        Some(Embodied {
            kg_co2e: self.kg_co2e?,
            service_life_years: self
                .service_life_years
                .or_else(|| Some(usual()?.service_life_years))?,
            source: self.source.unwrap_or(source),
        })
    }
}
