//! The comparison in words: the same in the terminal and in the window.

use super::Mean;
use crate::analysis::sweep::Ratio;
use crate::units::significant;

/// A ratio with its interval.
pub fn in_words(ratio: &Ratio) -> String {
    let estimate = ratio.estimate;
    format!(
        "{} ({} to {})",
        significant(estimate.value, 3),
        significant(estimate.low, 3),
        significant(estimate.high, 3)
    )
}

/// A share over seeds, in per cent.
pub fn accuracy(mean: &Mean) -> String {
    let half = mean
        .half_width
        .map(|half| format!(" ± {:.2}", 100.0 * half));
    format!("{:.2}{} %", 100.0 * mean.mean, half.unwrap_or_default())
}

/// A difference of shares, in percentage points.
pub fn points(mean: &Mean) -> String {
    let half = mean
        .half_width
        .map(|half| format!(" ± {:.2}", 100.0 * half));
    format!(
        "{:+.2}{} points",
        100.0 * mean.mean,
        half.unwrap_or_default()
    )
}

/// What the ratio of the energies says, in a sentence.
pub fn verdict(ratio: &Ratio) -> String {
    let estimate = ratio.estimate;
    let share = |value: f64| format!("{:.0} %", 100.0 * value.abs());
    if ratio.test.is_none() {
        return format!(
            "One seed says nothing of chance: joint training took {} of the energy here.",
            share(estimate.value)
        );
    }
    if estimate.high < 1.0 {
        format!(
            "Joint training saves {} of the energy ({} to {}).",
            share(1.0 - estimate.value),
            share(1.0 - estimate.high),
            share(1.0 - estimate.low)
        )
    } else if estimate.low > 1.0 {
        format!(
            "There is no saving: joint training takes {} more energy ({} to {}).",
            share(estimate.value - 1.0),
            share(estimate.low - 1.0),
            share(estimate.high - 1.0)
        )
    } else {
        "These runs do not tell which takes less energy: the interval includes 1.".to_owned()
    }
}
