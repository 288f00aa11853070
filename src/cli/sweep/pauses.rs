//! The pauses between runs, before a sweep and after it.

use crate::library::TrialRecord;
use crate::setup::sweep::CoolDown;
use crate::units::duration;

/// What happens between two of `runs` runs; `None` where nothing does.
pub fn ahead(plan: CoolDown, runs: u64) -> Option<String> {
    let between = runs.saturating_sub(1) as f64;
    match plan {
        CoolDown::None => None,
        CoolDown::Fixed { seconds } => Some(format!(
            "{} between two runs, {} in all",
            duration(seconds),
            duration(seconds * between)
        )),
        CoolDown::NearIdle { within, at_most_s } => Some(format!(
            "until power is within {:.0} % of the idle machine’s, {} at most between two runs, {} in all; none where no \
             sensor answers",
            within * 100.0,
            duration(at_most_s),
            duration(at_most_s * between)
        )),
    }
}

/// What the pauses of `trials` came to; `None` where there was none.
pub fn after(trials: &[TrialRecord]) -> Option<String> {
    let made = || trials.iter().filter_map(|trial| trial.cool_down.as_ref());
    let waited_s: f64 = made().map(|pause| pause.waited_s).sum();
    let count = made().filter(|pause| pause.waited_s > 0.0).count();
    let hot = made().filter(|pause| pause.reached == Some(false)).count();
    if count == 0 {
        // Why there was none is the same for all of them, as where no sensor answers.
        return made().last().map(|pause| pause.text.clone());
    }
    let still = match hot {
        0 => String::new(),
        1 => "; after 1 of them the machine was not at rest".to_owned(),
        hot => format!("; after {hot} of them the machine was not at rest"),
    };
    let pauses = if count == 1 { "1 pause" } else { "pauses" };
    Some(match count {
        1 => format!("{pauses} of {}{still}", duration(waited_s)),
        _ => format!("{count} {pauses}, {} in all{still}", duration(waited_s)),
    })
}
