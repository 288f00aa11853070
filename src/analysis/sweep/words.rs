//! What a sweep came to, in sentences.

use super::compare::{SINGLE_SEED_FACTOR, Verdict};
use super::ratio::Ratio;
use super::setups::SetupResult;
use super::{Analysis, Extremes};
use crate::units::{Estimate, significant};

/// `4.8× [4.1, 5.5]`: as many digits as the interval supports, and one more than none.
pub fn times(estimate: Estimate) -> String {
    let Estimate { value, low, high } = estimate;
    let width = (value - low).max(high - value);
    if width <= 0.0 || !width.is_finite() {
        return format!("{}×", significant(value, 3));
    }
    // One digit of the width, two where the first is a 1.
    let magnitude = width.log10().floor();
    let digits = if width / 10_f64.powf(magnitude) < 2.0 {
        2
    } else {
        1
    };
    // No fewer than two of the ratio itself: `1× [0, 5]` would say less than is known.
    let of_value = 1 - value.abs().max(f64::MIN_POSITIVE).log10().floor() as i32;
    let places = (digits - 1 - magnitude as i32).max(of_value).clamp(0, 3) as usize;
    format!("{value:.places$}× [{low:.places$}, {high:.places$}]")
}

/// A p-value for people.
pub fn p_value(p: f64) -> String {
    match p {
        _ if p.is_nan() => "p unknown".to_owned(),
        _ if p < 0.001 => "p < 0.001".to_owned(),
        _ if p < 0.01 => format!("p = {p:.3}"),
        _ => format!("p = {p:.2}"),
    }
}

/// The sentence of the result: how much more the worst setup took than the best.
pub fn headline(analysis: &Analysis) -> String {
    let Some(extremes) = &analysis.extremes else {
        return without_extremes(analysis);
    };
    let Extremes {
        best, worst, ratio, ..
    } = extremes;
    let (best, worst) = (&analysis.setups[*best], &analysis.setups[*worst]);
    let compared = analysis
        .comparisons
        .list
        .iter()
        .find(|one| (one.more, one.less) == (extremes.worst, extremes.best));
    let verdict = verdict(ratio, extremes.verdict, compared.and_then(|one| one.p));
    format!(
        "{} took {} the energy of {}{}.{verdict}",
        capital(&worst.label),
        times(ratio.estimate),
        best.label,
        purpose(analysis, worst, best),
    )
}

/// ` to reach 97 %`, or what the two came to where nothing was to be reached.
fn purpose(analysis: &Analysis, worst: &SetupResult, best: &SetupResult) -> String {
    let metric = analysis.kind.metric;
    if let Some(target) = analysis.kind.target {
        return format!(" to reach {}", analysis.kind.target_in_words(target));
    }
    match (&worst.quality, &best.quality) {
        (Some(of_worst), Some(of_best)) => format!(
            ", and came to {} against {}",
            metric.format(of_worst.mean()),
            metric.format_named(of_best.mean())
        ),
        _ => String::new(),
    }
}

/// What must be said of the ratio; `p` is corrected for the number of comparisons.
fn verdict(ratio: &Ratio, verdict: Verdict, p: Option<f64>) -> String {
    match verdict {
        Verdict::Differ => String::new(),
        Verdict::WithinNoise => {
            let p = p.map_or_else(String::new, |p| format!(" (corrected {})", p_value(p)));
            // The interval is of these two alone; they were picked among many.
            match ratio.estimate.low > 1.0 {
                true => format!(
                    " Among so many pairs chance makes such a difference too{p}: it is within noise until more seeds tell."
                ),
                false => format!(" That difference is within noise{p}."),
            }
        }
        Verdict::SingleSeed if ratio.estimate.value < SINGLE_SEED_FACTOR => {
            format!(" With a single seed, a difference below {SINGLE_SEED_FACTOR} times means nothing.")
        }
        Verdict::SingleSeed => {
            " A single seed says nothing of the spread: the interval is that of the measurement alone.".to_owned()
        }
    }
}

fn without_extremes(analysis: &Analysis) -> String {
    let ranked: Vec<&SetupResult> = analysis
        .setups
        .iter()
        .filter(|setup| setup.rank.is_some())
        .collect();
    let target = analysis
        .kind
        .target
        .map(|target| format!(" reached {}", analysis.kind.target_in_words(target)));
    match (ranked.as_slice(), target) {
        ([only], Some(target)) => format!(
            "Only {}{target} with every seed, so there is nothing to compare it with.",
            only.label
        ),
        ([only], None) => format!("Only {} has finished with its energy measured.", only.label),
        (_, Some(target)) => format!("No setup{target} with every seed."),
        (_, None) => "No setup has finished with its energy measured.".to_owned(),
    }
}

/// Which of the differences are within noise, in a sentence or two.
pub fn noise(analysis: &Analysis) -> String {
    let list = &analysis.comparisons.list;
    if list.is_empty() {
        return String::new();
    }
    let count = |verdict: Verdict| list.iter().filter(|one| one.verdict == verdict).count();
    let (differ, within) = (count(Verdict::Differ), count(Verdict::WithinNoise));
    let untested = count(Verdict::SingleSeed);
    let mut text = String::new();
    if differ + within > 0 {
        let family = match analysis.comparisons.all_pairs {
            true => "pairs of setups",
            false => "setups that were compared with the best",
        };
        text = format!(
            "Of {} {family}, {differ} {} and {within} {} within noise (t-tests at 5 %, corrected by Holm's method).",
            differ + within,
            if differ == 1 { "differs" } else { "differ" },
            if within == 1 { "is" } else { "are" },
        );
        let best = list
            .iter()
            .filter(|one| one.less == 0 && one.verdict == Verdict::WithinNoise);
        let near: Vec<&str> = best
            .map(|one| analysis.setups[one.more].label.as_str())
            .collect();
        if let Some(best) = analysis.setups.first().filter(|_| !near.is_empty()) {
            let shown = 3.min(near.len());
            let more = match near.len() - shown {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            text.push_str(&format!(
                " {} cannot be told apart from {}{more}.",
                capital(&best.label),
                near[..shown].join("; ")
            ));
        }
    }
    if untested > 0 {
        let blank = if text.is_empty() { "" } else { " " };
        text.push_str(&format!(
            "{blank}{untested} {} a single seed on a side and cannot be tested; three seeds or more can.",
            if untested == 1 { "comparison has" } else { "comparisons have" }
        ));
    }
    text
}

/// With a capital letter.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
