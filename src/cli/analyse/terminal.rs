//! An analysis for the terminal.

use super::standing;
use crate::analysis::sweep::words::{p_value, times};
use crate::analysis::sweep::{Analysis, Measure, PowerFrom, Verdict};
use crate::cli::table::Table;
use crate::cli::wrap;
use crate::report::{choices_in_words, rows};
use crate::units::quantity;

/// Rows of a table that are printed; the CSV has them all.
const ROWS_MAX: usize = 40;

pub(super) fn text(analysis: &Analysis) -> String {
    let mut out = format!("\n{}", wrap::hanging("", "", &analysis.headline));
    if !analysis.noise.is_empty() {
        out.push_str(&wrap::hanging("", "", &analysis.noise));
    }
    out.push_str(&format!("\n{}\n", standing(analysis)));
    for source in &analysis.sources {
        out.push_str(&format!("measured by {source}\n"));
    }
    for warning in &analysis.warnings {
        out.push_str(&wrap::hanging("warning: ", "         ", warning));
    }
    setups(&mut out, analysis);
    costs(&mut out, analysis);
    differences(&mut out, analysis);
    effects(&mut out, analysis);
    correlations(&mut out, analysis);
    out
}

fn setups(out: &mut String, analysis: &Analysis) {
    let metric = analysis.kind.metric.title();
    let mut table = Table::new([
        "", "setup", "seeds", "energy", "× best", "time", metric, "J/sample", "power", "front",
    ])
    .right(&[0, 3, 4, 5, 6, 7, 8]);
    let rows = rows(analysis);
    let all = rows.len();
    for row in rows.into_iter().take(ROWS_MAX) {
        let front = if row.on_front { "*" } else { "" };
        table.push([
            row.rank,
            row.setup,
            row.standing,
            row.energy,
            row.times,
            row.time,
            row.quality,
            row.per_sample,
            row.power,
            front.to_owned(),
        ]);
    }
    out.push_str(&format!("\n{table}"));
    more(out, all);
}

fn costs(out: &mut String, analysis: &Analysis) {
    let Some(costs) = &analysis.costs else { return };
    let choices = choices_in_words(analysis);
    if choices.is_empty() {
        return;
    }
    let from = match costs.power_from {
        PowerFrom::Given => "as given",
        PowerFrom::Highest => "the highest of any trial",
        PowerFrom::HighestMean => "the highest mean of any trial",
    };
    let power = quantity(costs.max_power_w, "W");
    out.push_str(&format!(
        "\nenergy against time: η · energy + (1 − η) · {power} · time ({power} is {from})\n"
    ));
    if let Some((best, cost_j)) = costs.best {
        let label = &analysis.setups[best].label;
        out.push_str(&format!(
            "  at η = {}: {label}, {}\n",
            costs.eta,
            quantity(cost_j, "J")
        ));
    }
    for choice in choices {
        out.push_str(&format!("  {choice}\n"));
    }
}

fn differences(out: &mut String, analysis: &Analysis) {
    let list = &analysis.comparisons.list;
    if list.is_empty() {
        return;
    }
    out.push_str("\ndifferences from the best\n");
    let mut table = Table::new(["  setup", "ratio", "corrected p", ""]);
    let of_best: Vec<_> = list.iter().filter(|one| one.less == 0).collect();
    for one in of_best.iter().take(ROWS_MAX) {
        let verdict = match one.verdict {
            Verdict::Differ => "",
            Verdict::WithinNoise => "within noise",
            Verdict::SingleSeed => "single seed",
        };
        table.push([
            format!("  {}", analysis.setups[one.more].label),
            times(one.ratio.estimate),
            one.p.map_or_else(String::new, p_value),
            verdict.to_owned(),
        ]);
    }
    out.push_str(&table.to_string());
    more(out, of_best.len());
}

fn effects(out: &mut String, analysis: &Analysis) {
    for effects in &analysis.effects {
        let is_quality = effects.measure == Measure::Quality;
        let name = match is_quality {
            true => analysis.kind.metric.title(),
            false => effects.measure.title(),
        };
        let design = match effects.balanced {
            true => "",
            false => ", adjusted for the other axes since the grid has gaps",
        };
        let left_out = match effects.left_out {
            0 => String::new(),
            1 => "; 1 setup without a figure is left out".to_owned(),
            count => format!("; {count} setups without a figure are left out"),
        };
        out.push_str(&format!("\nmain effects on {name}{design}{left_out}\n"));
        for effect in &effects.axes {
            let axis = &analysis.axes[effect.axis];
            let levels: Vec<String> = effect
                .levels
                .iter()
                .map(|level| {
                    let value = level
                        .adjusted
                        .map(|adjusted| adjusted.value)
                        .or(level.plain);
                    let value = match value {
                        None => "none".to_owned(),
                        Some(value) if is_quality => analysis.kind.metric.format(value),
                        Some(value) => quantity(value, effects.measure.unit()),
                    };
                    format!("{}: {value}", level.level)
                })
                .collect();
            let test = match (effect.p, effect.share) {
                (Some(p), Some(share)) => {
                    format!(" ({}, {:.0} % of the rest)", p_value(p), share * 100.0)
                }
                _ => String::new(),
            };
            let apart = match effect.levels.iter().any(|level| level.adjusted.is_some()) {
                true => "",
                false => " (cannot be told from the other axes: plain means)",
            };
            out.push_str(&format!("  {}{test}{apart}\n", axis.name));
            out.push_str(&wrap::hanging("    ", "    ", &levels.join(" · ")));
        }
    }
}

fn correlations(out: &mut String, analysis: &Analysis) {
    if analysis.correlations.is_empty() {
        return;
    }
    out.push_str("\nrank correlations with energy\n");
    let mut table = Table::new([
        "  stand-in",
        "with",
        "n",
        "Spearman’s ρ",
        "",
        "Kendall’s τ-b",
        "",
    ])
    .right(&[2]);
    for row in &analysis.correlations {
        let coefficient = |found: &crate::analysis::statistics::Correlation| match found.interval {
            Some((low, high)) => format!("{:.2} [{low:.2}, {high:.2}]", found.value),
            None => format!("{:.2}", found.value),
        };
        table.push([
            format!("  {}", row.stand_in.title()),
            row.measure.title().to_owned(),
            row.spearman.count.to_string(),
            coefficient(&row.spearman),
            p_value(row.spearman.p),
            coefficient(&row.kendall),
            p_value(row.kendall.p),
        ]);
    }
    out.push_str(&table.to_string());
}

fn more(out: &mut String, all: usize) {
    if all > ROWS_MAX {
        out.push_str(&format!(
            "… and {} more; --csv has them all\n",
            all - ROWS_MAX
        ));
    }
}
