//! What was expected of a run, in words: before it begins, and against what came.

use crate::library::{ForecastRecord, JudgedForecast};
use crate::units::{duration, quantity};

/// A forecast from earlier runs: `about 2.4 s (2.1 s to 2.8 s), 41 J; from 5 runs alike`.
pub fn before(forecast: &ForecastRecord) -> String {
    let joules = |joules: f64| quantity(joules, "J");
    let mut parts = vec![about(forecast.time_s, forecast.time_range_s, duration)];
    if let Some(energy_j) = forecast.energy_j {
        parts.push(about(energy_j, forecast.energy_range_j, joules));
    }
    let from = match (forecast.basis.as_str(), forecast.count) {
        ("alike", 1) => "1 run alike".to_owned(),
        ("alike", count) => format!("{count} runs alike"),
        (_, 1) => "1 run of the device, by its operations".to_owned(),
        (_, count) => format!("{count} runs of the device, by their operations"),
    };
    let earlier = match forecast.may_end_earlier {
        true => "; less where it ends before its last epoch",
        false => "",
    };
    format!("about {}; from {from}{earlier}", parts.join(", "))
}

/// How far the forecasts of a run were off: `before it: time +4 %, energy −2 %`, and what was told at shares of it. Simulated
/// joules judge nothing.
pub fn after(judged: &[JudgedForecast]) -> Vec<String> {
    judged.iter().map(one).collect()
}

fn one(judged: &JudgedForecast) -> String {
    let forecast = &judged.forecast;
    let when = match forecast.share {
        share if share > 0.0 => format!("at {:.0} % of it", share * 100.0),
        _ => "before it".to_owned(),
    };
    let mut parts = vec![off(
        "time",
        forecast.time_s,
        forecast.time_range_s,
        judged.time_s,
    )];
    let energy = forecast
        .energy_j
        .zip(judged.energy_j)
        .filter(|_| !judged.simulated);
    if let Some((foretold, came)) = energy {
        parts.push(off("energy", foretold, forecast.energy_range_j, came.value));
    }
    format!("{when}: {}", parts.join(", "))
}

fn about(value: f64, range: Option<(f64, f64)>, written: impl Fn(f64) -> String) -> String {
    match range.filter(|(low, high)| high > low) {
        Some((low, high)) => format!("{} ({} to {})", written(value), written(low), written(high)),
        None => written(value),
    }
}

/// `time +4 % (within its interval)`: above 0 where too much was foretold.
pub fn off(what: &str, foretold: f64, range: Option<(f64, f64)>, came: f64) -> String {
    let held = match range.filter(|(low, high)| high > low) {
        Some((low, high)) if (low..=high).contains(&came) => " (within its interval)",
        Some(_) => " (outside its interval)",
        None => "",
    };
    let percent = (foretold / came - 1.0) * 100.0;
    format!("{what} {}{held}", signed(percent))
}

/// A share in per cent with its sign, a digit more where it is small.
fn signed(percent: f64) -> String {
    match percent.abs() {
        size if !size.is_finite() => "unknown".to_owned(),
        size if size < 9.95 => format!("{percent:+.1} %"),
        _ => format!("{percent:+.0} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Estimate;

    fn forecast(share: f64) -> ForecastRecord {
        ForecastRecord {
            basis: "alike".to_owned(),
            count: 5,
            share,
            time_s: 10.0,
            time_range_s: Some((9.0, 11.0)),
            energy_j: Some(200.0),
            energy_range_j: None,
            may_end_earlier: false,
        }
    }

    #[test]
    fn a_forecast_is_told_with_its_interval_and_what_it_rests_on() {
        let told = before(&forecast(0.0));
        assert_eq!(
            told,
            "about 10.0 s (9.0 s to 11.0 s), 200 J; from 5 runs alike"
        );
    }

    #[test]
    fn an_error_has_its_sign_and_simulated_joules_judge_nothing() {
        let mut judged = JudgedForecast {
            run_id: "a".to_owned(),
            made_at: jiff::Timestamp::UNIX_EPOCH,
            forecast: forecast(0.25),
            time_s: 8.0,
            energy_j: Some(Estimate::exact(202.0)),
            simulated: false,
        };
        assert_eq!(
            after(std::slice::from_ref(&judged)),
            ["at 25 % of it: time +25 % (outside its interval), energy -1.0 %"]
        );
        judged.simulated = true;
        judged.time_s = 10.5;
        judged.forecast.share = 0.0;
        assert_eq!(
            after(&[judged]),
            ["before it: time -4.8 % (within its interval)"]
        );
    }
}
