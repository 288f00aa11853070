//! The cost of Zeus, which weighs energy against time (You, Chung and Chowdhury, NSDI 2023):
//! `η · energy + (1 − η) · max power · time`, in joules.

use serde::Serialize;

use super::setups::SetupResult;

/// Which setup costs least over a range of η.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Choice {
    /// From this η on, 0 to 1.
    pub from: f64,
    /// Up to this η.
    pub to: f64,
    /// Position of the setup.
    pub setup: usize,
}

/// Where the power that weighs time comes from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PowerFrom {
    /// Said by the user.
    Given,
    /// The highest that any trial showed.
    Highest,
    /// The highest mean power of a trial, since peaks are not known.
    HighestMean,
}

/// Joules that `setup` costs at weight `eta` with `max_power_w`. `None` where energy or time is not known.
pub fn cost(setup: &SetupResult, eta: f64, max_power_w: f64) -> Option<f64> {
    let (at_0, at_1) = ends(setup, max_power_w)?;
    Some(eta * at_1 + (1.0 - eta) * at_0)
}

/// Cost at η = 0 and at η = 1.
fn ends(setup: &SetupResult, max_power_w: f64) -> Option<(f64, f64)> {
    let energy_j = setup.energy_j.as_ref()?.mean();
    let time_s = setup.time_s.as_ref()?.mean();
    Some((max_power_w * time_s, energy_j))
}

/// The cheapest setup for every η: the lower envelope of lines, since the cost is linear in η. Only setups that are ranked
/// take part. In order of η, without gaps; empty where no setup is ranked.
pub fn choices(setups: &[SetupResult], max_power_w: f64) -> Vec<Choice> {
    let mut lines: Vec<(usize, f64, f64)> = setups
        .iter()
        .enumerate()
        .filter(|(_, setup)| setup.rank.is_some())
        .filter_map(|(at, setup)| {
            let (at_0, at_1) = ends(setup, max_power_w)?;
            Some((at, at_0, at_1))
        })
        .collect();
    // From the cheapest in time on: a line can only take over where it falls more steeply, so where it is cheaper at 1.
    lines.sort_by(|a, b| {
        a.1.total_cmp(&b.1)
            .then(a.2.total_cmp(&b.2))
            .then(a.0.cmp(&b.0))
    });
    let mut envelope: Vec<Line> = Vec::new();
    for (setup, at_0, at_1) in lines {
        if envelope.last().is_some_and(|last| at_1 >= last.at_1) {
            continue;
        }
        let mut from = 0.0;
        while let Some(last) = envelope.last() {
            // Where the two lines cross: between 0 and 1, since the new one is dearer at 0 and cheaper at 1.
            let (behind, ahead) = (at_0 - last.at_0, last.at_1 - at_1);
            let crossing = behind / (behind + ahead);
            if crossing > last.from {
                from = crossing;
                break;
            }
            envelope.pop();
        }
        envelope.push(Line {
            setup,
            at_0,
            at_1,
            from,
        });
    }
    let ends = envelope.iter().skip(1).map(|line| line.from).chain([1.0]);
    envelope
        .iter()
        .zip(ends)
        .map(|(line, to)| Choice {
            from: line.from,
            to,
            setup: line.setup,
        })
        .collect()
}

/// The cost of a setup over η, and from where on it is the least.
struct Line {
    setup: usize,
    at_0: f64,
    at_1: f64,
    from: f64,
}
