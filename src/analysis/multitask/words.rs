//! The comparison in words: the same in the terminal and in the window.

use super::{BranchRatio, Mean};
use crate::units::significant;

/// A ratio with its interval, where it has one.
pub fn in_words(ratio: &BranchRatio) -> String {
    let interval = ratio
        .estimate
        .interval()
        .map(|(low, high)| format!(" ({} to {})", significant(low, 3), significant(high, 3)));
    let value = significant(ratio.estimate.value, 3);
    format!("{value}{}", interval.unwrap_or_default())
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
pub fn verdict(ratio: &BranchRatio) -> String {
    let value = ratio.estimate.value;
    let share = |value: f64| format!("{:.0} %", 100.0 * value.abs());
    let Some((low, high)) = ratio.estimate.interval() else {
        return format!(
            "One seed says nothing of chance, so the ratio has no interval: joint training took {} of the energy here.",
            share(value)
        );
    };
    if high < 1.0 {
        format!(
            "Joint training saves {} of the energy ({} to {}).",
            share(1.0 - value),
            share(1.0 - high),
            share(1.0 - low)
        )
    } else if low > 1.0 {
        format!(
            "There is no saving: joint training takes {} more energy ({} to {}).",
            share(value - 1.0),
            share(low - 1.0),
            share(high - 1.0)
        )
    } else {
        "These runs do not tell which takes less energy: the interval includes 1.".to_owned()
    }
}
