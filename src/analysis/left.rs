use crate::setup::StopSetup;
use crate::units::Estimate;

/// What a run that is going on still needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Left {
    /// Seconds of training and evaluation.
    pub time_s: f64,
    /// Joules of training and evaluation, where any were measured.
    pub energy_j: Option<Estimate>,
}

/// What is left when `share` (0 to 1) of a run has taken `elapsed_s` seconds and `energy` joules of training and
/// evaluation, at the pace so far: both times `(1 − share) ÷ share`. Warm-up and idle time must not be in either.
///
/// Nothing before the first hundredth, when one slow step would decide.
pub fn left(share: f64, elapsed_s: f64, energy: Option<Estimate>) -> Option<Left> {
    const SHARE_MIN: f64 = 0.01;
    if !(SHARE_MIN..=1.0).contains(&share) {
        return None;
    }
    let factor = (1.0 - share) / share;
    Some(Left {
        time_s: elapsed_s * factor,
        energy_j: energy.map(|energy| energy.scale(factor)),
    })
}

/// How much of a run is done, 0 to 1: by the bound of `stop` that is nearest. `steps_max` is the number of steps after
/// which it ends at the latest. `None` where only the accuracy can end it.
pub fn share_done(
    stop: &StopSetup,
    step: u64,
    steps_max: Option<u64>,
    elapsed_s: f64,
    energy: Option<Estimate>,
) -> Option<f64> {
    let by_steps = steps_max.map(|max| step as f64 / max.max(1) as f64);
    let by_energy = stop
        .energy_j
        .zip(energy)
        .map(|(budget_j, used)| used.value / budget_j);
    let by_time = stop.time_s.map(|budget_s| elapsed_s / budget_s);
    [by_steps, by_energy, by_time]
        .into_iter()
        .flatten()
        .reduce(f64::max)
        .map(|share| share.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_follows_the_pace_so_far() {
        let left_now = left(0.25, 10.0, Some(Estimate::plus_minus(100.0, 5.0)));
        assert_eq!(
            left_now,
            Some(Left {
                time_s: 30.0,
                energy_j: Some(Estimate::plus_minus(300.0, 15.0)),
            })
        );
        assert_eq!(left(0.001, 10.0, None), None);
        assert_eq!(left(1.0, 10.0, None).map(|left| left.time_s), Some(0.0));
        assert_eq!(left(f64::NAN, 10.0, None), None);
    }
}
