//! Operational carbon: energy × PUE × carbon intensity of the electricity.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::library::CarbonBasis;
use crate::units::{Estimate, nearest};

/// World mean of the carbon intensity of electricity in gCO2e/kWh, for where no country is set (IEA, 2019).
pub const WORLD_MEAN_G_PER_KWH: f64 = 475.0;

const JOULES_PER_KWH: f64 = 3.6e6;

/// `iso3,country,year,gco2e_per_kwh`; its origin is in `assets/tables/README.md`.
const TABLE: &str = include_str!("../../assets/tables/carbon_intensity.csv");
const TABLE_SOURCE: &str = "Ember and Energy Institute via Our World in Data, CC BY 4.0";

/// How much carbon a kilowatt-hour of electricity stands for, and who says so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CarbonIntensity {
    /// gCO2e/kWh, the mean of a year.
    pub g_per_kwh: f64,
    /// ISO 3166 code with three letters; `None` for the world mean or a figure of the user's own.
    pub country_iso3: Option<String>,
    /// Name of the country.
    pub country: Option<String>,
    /// Which year.
    pub year: Option<i16>,
    /// Whose figure it is, in words; says so where it is only the world mean.
    pub source: String,
}

impl CarbonIntensity {
    /// The mean of the world, for where no country is set.
    pub fn world_mean() -> Self {
        Self {
            g_per_kwh: WORLD_MEAN_G_PER_KWH,
            country_iso3: None,
            country: None,
            year: Some(2019),
            source: "world mean, since no country is set (IEA 2019)".to_owned(),
        }
    }

    /// With the PUE, as a run stores it.
    ///
    /// # Errors
    /// As [`operational`].
    pub fn basis(&self, pue: f64) -> Result<CarbonBasis, CarbonError> {
        let valid = Valid::new(self, pue)?;
        Ok(CarbonBasis {
            g_per_kwh: valid.g_per_kwh,
            country_iso3: self.country_iso3.clone(),
            country: self.country.clone(),
            year: self.year,
            source: self.source.clone(),
            pue: valid.pue,
        })
    }
}

/// Why no carbon can be told.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CarbonError {
    /// The table has no such country.
    #[error(
        "unknown country `{given}`{}; give an ISO 3166 code with three letters or an English name",
        nearest.as_ref().map(|name| format!(", did you mean `{name}`?")).unwrap_or_default()
    )]
    UnknownCountry {
        /// What was given.
        given: String,
        /// The code or name that is most like it.
        nearest: Option<String>,
    },
    /// The table has the country with 0 gCO2e/kWh, which is what rounding left of a small grid.
    #[error(
        "the table has no usable carbon intensity for {country}: it says 0 gCO2e/kWh, which no grid has; give one in \
         gCO2e/kWh instead of the country"
    )]
    NoFigure {
        /// The country's name.
        country: String,
    },
    /// A PUE that no data centre can have.
    #[error("pue: `{given}` is not possible; allowed: a number from 1 (no overhead) to 10")]
    Pue {
        /// What was given.
        given: f64,
    },
    /// An intensity that no electricity can have.
    #[error("carbon intensity: `{given}` is not possible; allowed: gCO2e/kWh from 0 to 5000")]
    Intensity {
        /// What was given.
        given: f64,
    },
}

/// Intensity of the electricity of `country`, given by ISO 3166 code with three letters or by name, in any case; of the
/// world where none is given.
///
/// # Errors
/// Where the country is not in the table, with the nearest that is; or is there without a usable figure.
pub fn lookup(country: Option<&str>) -> Result<CarbonIntensity, CarbonError> {
    let Some(given) = country.map(str::trim).filter(|given| !given.is_empty()) else {
        return Ok(CarbonIntensity::world_mean());
    };
    let wanted = folded(given);
    let row = rows()
        .find(|row| row.iso3.eq_ignore_ascii_case(given) || folded(row.country) == wanted)
        .ok_or_else(|| unknown(given))?;
    if row.g_per_kwh <= 0.0 {
        return Err(CarbonError::NoFigure {
            country: row.country.to_owned(),
        });
    }
    Ok(CarbonIntensity {
        g_per_kwh: row.g_per_kwh,
        country_iso3: Some(row.iso3.to_owned()),
        country: Some(row.country.to_owned()),
        year: Some(row.year),
        source: TABLE_SOURCE.to_owned(),
    })
}

/// Every country that [`lookup`] has a figure for, by name: ISO 3166 code with three letters, and English name.
pub fn countries() -> &'static [(&'static str, &'static str)] {
    static COUNTRIES: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
        let mut known: Vec<_> = rows()
            .filter(|row| row.g_per_kwh > 0.0)
            .map(|row| (row.iso3, row.country))
            .collect();
        known.sort_by_key(|(_, name)| *name);
        known
    });
    &COUNTRIES
}

/// A mass of carbon and what it was computed from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CarbonFigure {
    /// gCO2e. The interval is that of the energy: the yearly mean of a grid is taken as it is.
    pub carbon_g: Estimate,
    /// With what electricity.
    pub intensity: CarbonIntensity,
    /// With what power usage effectiveness.
    pub pue: f64,
}

/// Operational carbon of `energy_j` joules: E ÷ 3.6 MJ/kWh × PUE × intensity.
///
/// # Errors
/// Where the PUE is below 1, or it or the intensity cannot be.
pub fn operational(
    energy_j: Estimate,
    intensity: &CarbonIntensity,
    pue: f64,
) -> Result<CarbonFigure, CarbonError> {
    let Valid { g_per_kwh, pue } = Valid::new(intensity, pue)?;
    Ok(CarbonFigure {
        carbon_g: energy_j.scale(pue * g_per_kwh / JOULES_PER_KWH),
        intensity: intensity.clone(),
        pue,
    })
}

/// Factors that were checked.
struct Valid {
    g_per_kwh: f64,
    pue: f64,
}

impl Valid {
    fn new(intensity: &CarbonIntensity, pue: f64) -> Result<Self, CarbonError> {
        let g_per_kwh = intensity.g_per_kwh;
        if !(1.0..=10.0).contains(&pue) {
            return Err(CarbonError::Pue { given: pue });
        }
        if !(0.0..=5000.0).contains(&g_per_kwh) {
            return Err(CarbonError::Intensity { given: g_per_kwh });
        }
        Ok(Self { g_per_kwh, pue })
    }
}

struct Row {
    iso3: &'static str,
    country: &'static str,
    year: i16,
    g_per_kwh: f64,
}

/// The table is a part of the program and has no quoted cells, which a test checks; a line that cannot be read is
/// passed over rather than ending the program.
fn rows() -> impl Iterator<Item = Row> {
    TABLE.lines().skip(1).filter_map(|line| {
        let mut cells = line.split(',');
        Some(Row {
            iso3: cells.next()?,
            country: cells.next()?,
            year: cells.next()?.parse().ok()?,
            g_per_kwh: cells.next()?.trim_end().parse().ok()?,
        })
    })
}

/// Lower case without anything but letters, so that `cote d ivoire` finds `Cote d'Ivoire`.
fn folded(name: &str) -> String {
    name.chars()
        .filter(|letter| letter.is_alphabetic())
        .flat_map(char::to_lowercase)
        .collect()
}

fn unknown(given: &str) -> CarbonError {
    // What is as short as a code is compared with codes, so that `DE` suggests `DEU` and not `Denmark`.
    let by_code = given.chars().count() <= 3;
    let known = rows().map(|row| if by_code { row.iso3 } else { row.country });
    CarbonError::UnknownCountry {
        given: given.to_owned(),
        nearest: nearest(given, known).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_that_is_offered_has_a_figure() {
        assert!(countries().len() > 150);
        for (iso3, name) in countries() {
            let by_code = lookup(Some(iso3)).expect("a figure");
            assert_eq!(by_code.country.as_deref(), Some(*name));
        }
    }

    #[test]
    fn every_line_of_the_table_is_read() {
        assert_eq!(rows().count(), TABLE.lines().count() - 1);
        for row in rows() {
            assert!(row.iso3.len() == 3 && row.iso3.chars().all(|c| c.is_ascii_uppercase()));
            assert!(
                (1990..2100).contains(&row.year) && row.g_per_kwh >= 0.0,
                "{}",
                row.iso3
            );
        }
    }
}
