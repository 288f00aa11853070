//! When what was learnt before has paid off.

use serde::{Deserialize, Serialize};

use super::Cost;

/// When what was learnt before has paid off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BreakEven {
    /// Joules that each reuse saves: from scratch less with what was learnt before. Below 0 it costs more.
    pub saving_j: f64,
    /// Where that lies; none with a single run on both sides.
    pub saving_range_j: Option<(f64, f64)>,
    /// Uses after which the pretraining is paid off; none where nothing is saved.
    pub uses: Option<f64>,
    /// Its least and its most; the most is none where it may never pay off. None at all with a single run on each side.
    pub uses_range: Option<(f64, Option<f64>)>,
    /// In a sentence.
    pub words: String,
}

/// N* = E_pretrain ÷ (E_scratch − E_finetune), all to the same target.
///
/// The interval of the saving is the difference of the means ± the two half-widths in quadrature; that of N* follows from its ends and
/// those of the pretraining.
pub fn break_even(pretrain: &Cost, scratch: &Cost, finetune: &Cost) -> BreakEven {
    let saving_j = scratch.energy_j.value - finetune.energy_j.value;
    let knows = scratch.spread_j.is_some() || finetune.spread_j.is_some();
    let half = scratch
        .half(&[finetune, pretrain])
        .hypot(finetune.half(&[scratch, pretrain]));
    let range = knows.then_some((saving_j - half, saving_j + half));
    let cost_j = pretrain.energy_j.value;
    let cost_half = pretrain.half(&[scratch, finetune]);
    let uses = (saving_j > 0.0).then(|| cost_j / saving_j);
    let uses_range = range
        .filter(|(_, high)| uses.is_some() && *high > 0.0)
        .map(|(low, high)| {
            let least = (cost_j - cost_half).max(0.0) / high;
            let most = (low > 0.0).then(|| (cost_j + cost_half) / low);
            (least, most)
        });
    let (scratch_j, finetune_j) = (scratch.energy_j.value, finetune.energy_j.value);
    let single = match (&scratch.spread_j, &finetune.spread_j) {
        (None, Some(_)) => {
            "; of runs from scratch there is one alone, and how far others would differ is not in that"
        }
        (Some(_), None) => {
            "; of runs with what was learnt before there is one alone, and how far others would differ is not in that"
        }
        _ => "",
    };
    let words = match (uses, range, uses_range) {
        (None, ..) => format!(
            "nothing is saved: with what was learnt before it took {finetune_j:.4} J, from scratch {scratch_j:.4} J; the pretraining never \
             pays off"
        ),
        (Some(uses), None, _) => format!(
            "the pretraining pays off after {uses:.1} uses, by one run of each; how far other seeds differ is not known"
        ),
        (Some(uses), Some(_), Some((least, Some(most)))) => {
            format!(
                "the pretraining pays off after {uses:.1} uses ({least:.1} to {most:.1}){single}"
            )
        }
        (Some(uses), ..) => format!(
            "the pretraining pays off after {uses:.1} uses by the means, but the runs differ so much that it may never do so; more seeds \
             would tell"
        ),
    };
    BreakEven {
        saving_j,
        saving_range_j: range,
        uses,
        uses_range,
        words,
    }
}
