//! What cannot be measured and has to be assumed, and what making a device took by the table that the program ships.

use serde::{Deserialize, Serialize};

use crate::analysis::{CarbonIntensity, WORLD_MEAN_G_PER_KWH};
use crate::units::nearest;

/// `class,kg_co2e,service_life_years,source`; its origin is in `assets/tables/README.md`.
pub(super) const TABLE: &str = include_str!("../../../assets/tables/embodied_carbon.csv");

/// What making a device took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Embodied {
    /// kgCO2e of the device.
    pub kg_co2e: f64,
    /// Years that it is used.
    pub service_life_years: f64,
    /// Whose figures they are, in words.
    pub source: String,
}

/// What cannot be measured: each of it is the user's to change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Assumptions {
    /// gCO2e/kWh.
    pub g_per_kwh: f64,
    /// Whose figure it is.
    pub intensity_source: String,
    /// Power usage effectiveness, 1 to 10.
    pub pue: f64,
    /// Price of a kilowatt-hour; none where no cost is asked for.
    pub price_per_kwh: Option<f64>,
    /// Its currency, for people.
    pub currency: String,
    /// What making the device took; none where that is left out.
    pub embodied: Option<Embodied>,
    /// Models among which what was learnt before is shared, 1 or more.
    pub uses: u64,
    /// Samples that the model is asked about in its life.
    pub inferences: f64,
}

impl Default for Assumptions {
    fn default() -> Self {
        Self {
            g_per_kwh: WORLD_MEAN_G_PER_KWH,
            intensity_source: CarbonIntensity::world_mean().source,
            pue: 1.0,
            price_per_kwh: None,
            currency: "EUR".to_owned(),
            embodied: None,
            uses: 1,
            inferences: 1e6,
        }
    }
}

/// An assumption that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssumptionError {
    /// Out of bounds.
    #[error("{field}: `{given}` is not possible; allowed: {allowed}")]
    Bounds {
        /// Which.
        field: &'static str,
        /// What was given.
        given: String,
        /// What is allowed.
        allowed: &'static str,
    },
    /// No such class of device.
    #[error(
        "unknown device class `{given}`{}; known: {known}",
        nearest.as_ref().map(|name| format!(", did you mean `{name}`?")).unwrap_or_default()
    )]
    Class {
        /// What was given.
        given: String,
        /// The one most like it.
        nearest: Option<String>,
        /// All of them.
        known: String,
    },
}

impl Assumptions {
    /// Checks every figure.
    ///
    /// # Errors
    /// The first that cannot be.
    pub fn check(&self) -> Result<(), AssumptionError> {
        let embodied = self.embodied.as_ref();
        let price = self.price_per_kwh.unwrap_or_default();
        let kg = embodied.map_or(0.0, |embodied| embodied.kg_co2e);
        let years = embodied.map_or(1.0, |embodied| embodied.service_life_years);
        let least = |value: f64| value.is_finite() && value >= 0.0;
        let rules = [
            (
                "g_per_kwh",
                (0.0..=5000.0).contains(&self.g_per_kwh),
                self.g_per_kwh,
                "0 to 5000 gCO2e/kWh",
            ),
            ("pue", (1.0..=10.0).contains(&self.pue), self.pue, "1 to 10"),
            (
                "price_per_kwh",
                least(price),
                price,
                "a finite number, 0 or more",
            ),
            (
                "embodied.kg_co2e",
                least(kg),
                kg,
                "a finite number, 0 or more",
            ),
            (
                "embodied.service_life_years",
                years > 0.0 && years <= 100.0,
                years,
                "above 0 to 100 years",
            ),
            ("uses", self.uses >= 1, self.uses as f64, "1 or more"),
            (
                "inferences",
                least(self.inferences),
                self.inferences,
                "a finite number, 0 or more",
            ),
        ];
        match rules.into_iter().find(|(_, holds, ..)| !holds) {
            None => Ok(()),
            Some((field, _, given, allowed)) => Err(AssumptionError::Bounds {
                field,
                given: given.to_string(),
                allowed,
            }),
        }
    }
}

/// What making a device of `class` took, by the table that the program ships.
///
/// # Errors
/// Where the table has no such class.
pub fn embodied(class: &str) -> Result<Embodied, AssumptionError> {
    let wanted = class.trim().to_lowercase();
    let mut reader = csv::Reader::from_reader(TABLE.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().filter_map(Result::ok).collect();
    let found = rows
        .iter()
        .find(|row| row.get(0) == Some(wanted.as_str()))
        .and_then(|row| {
            Some(Embodied {
                kg_co2e: row.get(1)?.parse().ok()?,
                service_life_years: row.get(2)?.parse().ok()?,
                source: row.get(3)?.to_owned(),
            })
        });
    let classes: Vec<&str> = rows.iter().filter_map(|row| row.get(0)).collect();
    found.ok_or_else(|| AssumptionError::Class {
        given: class.to_owned(),
        nearest: nearest(&wanted, classes.iter().copied()).map(str::to_owned),
        known: classes.join(", "),
    })
}
