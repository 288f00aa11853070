//! Readings of a plug meter, as people type them.

use std::str::FromStr;

/// More is no machine on a plug meter.
const WATTS_MAX: f64 = 100_000.0;

/// One or several readings of one state.
#[derive(Clone, Debug, PartialEq)]
pub struct Watts {
    readings_w: Vec<f64>,
}

impl Watts {
    /// Their mean, W.
    pub fn mean_w(&self) -> f64 {
        self.readings_w.iter().sum::<f64>() / self.readings_w.len() as f64
    }

    /// The readings, W.
    pub fn readings_w(&self) -> &[f64] {
        &self.readings_w
    }

    /// How well the mean is known for all their wandering, relative to it: the standard error s ÷ √n; 0 for a single
    /// reading, of which nothing is known.
    pub fn wander(&self) -> f64 {
        let n = self.readings_w.len() as f64;
        if n < 2.0 {
            return 0.0;
        }
        let mean_w = self.mean_w();
        let squares: f64 = self.readings_w.iter().map(|w| (w - mean_w).powi(2)).sum();
        (squares / (n - 1.0) / n).sqrt() / mean_w
    }
}

impl FromStr for Watts {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let readings_w = text
            .split_whitespace()
            .filter(|word| !word.eq_ignore_ascii_case("w"))
            .map(reading)
            .collect::<Result<Vec<f64>, String>>()?;
        if readings_w.is_empty() {
            return Err(
                "nothing was given; type watts such as 61.5, or several readings such as 61 63 62"
                    .to_owned(),
            );
        }
        Ok(Self { readings_w })
    }
}

fn reading(word: &str) -> Result<f64, String> {
    let number = word.trim_end_matches(['w', 'W']);
    let watts: f64 = number.parse().map_err(|_| {
        if number.contains(',') {
            format!("`{word}`: write a decimal with a point, as in 61.5, and several readings with spaces between")
        } else {
            format!("`{word}` is no power in watts; type a number such as 61.5")
        }
    })?;
    if watts > 0.0 && watts <= WATTS_MAX {
        Ok(watts)
    } else {
        Err(format!(
            "`{word}` cannot be what a machine draws; allowed: above 0 to {WATTS_MAX:.0} W"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_readings_give_a_mean_and_how_well_it_is_known() {
        let watts: Watts = " 60 62W 64 w ".parse().unwrap();
        assert_eq!(watts.readings_w(), [60.0, 62.0, 64.0]);
        assert_eq!(watts.mean_w(), 62.0);
        // s = 2 W.
        assert!((watts.wander() - 2.0 / 3.0_f64.sqrt() / 62.0).abs() < 1e-12);
        assert_eq!("61.5".parse::<Watts>().unwrap().wander(), 0.0);
    }

    #[test]
    fn what_is_no_power_is_told_with_its_reason() {
        for (text, word) in [
            ("", "nothing"),
            ("abc", "no power"),
            ("61,5", "point"),
            ("61 -3", "cannot"),
            ("0", "cannot"),
            ("nan", "cannot"),
            ("1e9", "cannot"),
        ] {
            let error = text.parse::<Watts>().unwrap_err();
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
