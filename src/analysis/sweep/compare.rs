//! Which setups differ, and which differences are within noise.

use serde::Serialize;

use super::ratio::{Ratio, Shared, ratio};
use super::setups::{Meters, SetupResult};
use crate::analysis::statistics::holm;

/// Setups up to which all pairs are compared; beyond, each with the best.
const ALL_PAIRS_MAX: usize = 30;

/// Below this factor a difference of single seeds means nothing: epochs to a target vary by 6 to 25 % between seeds.
pub const SINGLE_SEED_FACTOR: f64 = 1.3;

/// Level of the tests.
pub const LEVEL: f64 = 0.05;

/// What a comparison came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// They differ: the corrected p-value is below the level and the interval leaves out 1.
    Differ,
    /// The difference is within noise.
    WithinNoise,
    /// One of them has a single seed: nothing can be tested. Below 1.3 times, the difference means nothing.
    SingleSeed,
}

/// Two setups, the one that took more first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Position of the setup that took more.
    pub more: usize,
    /// Position of the one that took less.
    pub less: usize,
    /// How much more.
    pub ratio: Ratio,
    /// p-value corrected for the number of comparisons by Holm's method.
    pub p: Option<f64>,
    /// What it comes to.
    pub verdict: Verdict,
}

/// Comparisons of a family, whose p-values are corrected together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparisons {
    /// Whether every pair is in; else each setup is compared with the best.
    pub all_pairs: bool,
    /// The comparisons, in order of the setups' ranks.
    pub list: Vec<Comparison>,
}

/// What two setups' measurements have in common.
pub fn shared(a: &SetupResult, b: &SetupResult, meters: &Meters) -> Shared {
    match (a.meters.as_slice(), b.meters.as_slice()) {
        ([one], [other]) if one == other => Shared {
            common: meters.common.get(*one).copied().unwrap_or_default(),
            same_meter: true,
        },
        _ => Shared {
            common: (0.0, 0.0),
            same_meter: false,
        },
    }
}

/// How much more energy the setup at `more` took than the one at `less`.
pub fn energy_ratio(
    setups: &[SetupResult],
    more: usize,
    less: usize,
    meters: &Meters,
) -> Option<Ratio> {
    let (a, b) = (&setups[more], &setups[less]);
    ratio(
        a.energy_j.as_ref()?,
        b.energy_j.as_ref()?,
        shared(a, b, meters),
    )
}

/// Compares the energies of the setups that are ranked; they come first in `setups`, in order.
pub fn comparisons(setups: &[SetupResult], meters: &Meters) -> Comparisons {
    let ranked = setups.iter().filter(|setup| setup.rank.is_some()).count();
    let all_pairs = ranked <= ALL_PAIRS_MAX;
    let firsts = if all_pairs { ranked } else { ranked.min(1) };
    let mut list: Vec<Comparison> = (0..firsts)
        .flat_map(|less| (less + 1..ranked).map(move |more| (more, less)))
        .filter_map(|(more, less)| {
            let ratio = energy_ratio(setups, more, less, meters)?;
            Some(Comparison {
                more,
                less,
                p: ratio.test.map(|test| test.p),
                ratio,
                verdict: Verdict::SingleSeed,
            })
        })
        .collect();
    let p_values: Vec<f64> = list.iter().filter_map(|comparison| comparison.p).collect();
    let mut corrected = holm(&p_values).into_iter();
    for comparison in &mut list {
        let Some(p) = comparison.p.and_then(|_| corrected.next()) else {
            continue;
        };
        comparison.p = Some(p);
        let leaves_out_1 = comparison.ratio.estimate.low > 1.0;
        comparison.verdict = match p < LEVEL && leaves_out_1 {
            true => Verdict::Differ,
            false => Verdict::WithinNoise,
        };
    }
    Comparisons { all_pairs, list }
}
