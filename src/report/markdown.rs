use std::fmt::Write as _;

use super::figures::{Row, choices_in_words, rows};
use super::plots::Plot;
use crate::analysis::sweep::words::{p_value, times};
use crate::analysis::sweep::{Analysis, Verdict};
use crate::units::{estimate, quantity};

/// Comparisons and setups that are written out; the CSV has them all.
const ROWS_MAX: usize = 100;

/// The analysis as Markdown. `figures` are the plots with the address of each one's picture, relative to the file.
pub fn markdown(analysis: &Analysis, title: &str, figures: &[(Plot, String)]) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "# {}\n\n**{}**\n\n",
        plain(title),
        plain(&analysis.headline)
    );
    if !analysis.noise.is_empty() {
        let _ = write!(out, "{}\n\n", plain(&analysis.noise));
    }
    let _ = write!(
        out,
        "{} trials of {} setups: {}.\n\n",
        analysis.trials,
        analysis.setups.len(),
        plain(&analysis.kind.in_words())
    );
    if !analysis.sources.is_empty() {
        let _ = write!(
            out,
            "Measured by: {}.\n\n",
            plain(&analysis.sources.join("; "))
        );
    }
    for warning in &analysis.warnings {
        let _ = writeln!(out, "> {}\n", plain(warning));
    }
    setups(&mut out, analysis);
    costs(&mut out, analysis);
    comparisons(&mut out, analysis);
    effects(&mut out, analysis);
    correlations(&mut out, analysis);
    if !figures.is_empty() {
        out.push_str("## Figures\n\n");
    }
    for (plot, address) in figures {
        let address = address.replace(' ', "%20");
        let _ = write!(out, "![{}]({address})\n\n", plain(&plot.scene.description));
    }
    out
}

fn setups(out: &mut String, analysis: &Analysis) {
    out.push_str("## Setups\n\n");
    let table = rows(analysis);
    let header = [
        "", "setup", "seeds", "energy", "× best", "time", "metric", "J/step", "J/sample", "power",
        "front",
    ];
    write_header(out, &header);
    for row in table.iter().take(ROWS_MAX) {
        write_row(out, &cells(row));
    }
    more(out, table.len());
}

fn cells(row: &Row) -> [String; 11] {
    let Row {
        rank,
        setup,
        standing,
        energy,
        times,
        time,
        quality,
        per_step,
        per_sample,
        power,
        ..
    } = row.clone();
    let front = if row.on_front { "●" } else { "" }.to_owned();
    [
        rank, setup, standing, energy, times, time, quality, per_step, per_sample, power, front,
    ]
}

fn costs(out: &mut String, analysis: &Analysis) {
    let Some(costs) = &analysis.costs else { return };
    let choices = choices_in_words(analysis);
    if choices.is_empty() {
        return;
    }
    let _ = write!(
        out,
        "## Energy against time\n\nCost η · energy + (1 − η) · {} · time; the cheapest setup:\n\n",
        quantity(costs.max_power_w, "W")
    );
    for choice in choices {
        let _ = writeln!(out, "- {}", plain(&choice));
    }
    out.push('\n');
}

fn comparisons(out: &mut String, analysis: &Analysis) {
    let list = &analysis.comparisons.list;
    if list.is_empty() {
        return;
    }
    out.push_str("## Differences\n\n");
    write_header(out, &["more", "less", "ratio", "corrected p", "verdict"]);
    for one in list.iter().take(ROWS_MAX) {
        let verdict = match one.verdict {
            Verdict::Differ => "differ",
            Verdict::WithinNoise => "within noise",
            Verdict::SingleSeed => "single seed",
        };
        write_row(
            out,
            &[
                analysis.setups[one.more].label.clone(),
                analysis.setups[one.less].label.clone(),
                times(one.ratio.estimate),
                one.p.map_or_else(String::new, p_value),
                verdict.to_owned(),
            ],
        );
    }
    more(out, list.len());
}

fn effects(out: &mut String, analysis: &Analysis) {
    for effects in &analysis.effects {
        let name = match effects.measure {
            crate::analysis::sweep::Measure::Quality => analysis.kind.metric.title(),
            other => other.title(),
        };
        let _ = write!(out, "## Main effects on {name}\n\n");
        if !effects.balanced {
            out.push_str("The grid has gaps; means are adjusted for the other axes.\n\n");
        }
        write_header(
            out,
            &[
                "axis",
                "level",
                "setups",
                "left out",
                "mean",
                "adjusted mean",
                "p",
                "share",
            ],
        );
        for effect in &effects.axes {
            for (at, level) in effect.levels.iter().enumerate() {
                let first = |text: String| if at == 0 { text } else { String::new() };
                write_row(
                    out,
                    &[
                        first(analysis.axes[effect.axis].name.clone()),
                        level.level.clone(),
                        level.setups.to_string(),
                        level.left_out.to_string(),
                        level.plain.map_or_else(String::new, |value| {
                            shown(analysis, effects.measure, value)
                        }),
                        level
                            .adjusted
                            .map_or_else(String::new, |value| match effects.measure {
                                crate::analysis::sweep::Measure::Quality => {
                                    analysis.kind.metric.format(value.value)
                                }
                                other => estimate(value, other.unit()),
                            }),
                        first(effect.p.map_or_else(String::new, p_value)),
                        first(
                            effect.share.map_or_else(String::new, |share| {
                                format!("{:.0} %", share * 100.0)
                            }),
                        ),
                    ],
                );
            }
        }
        out.push('\n');
    }
}

fn shown(analysis: &Analysis, measure: crate::analysis::sweep::Measure, value: f64) -> String {
    match measure {
        crate::analysis::sweep::Measure::Quality => analysis.kind.metric.format(value),
        other => quantity(value, other.unit()),
    }
}

fn correlations(out: &mut String, analysis: &Analysis) {
    if analysis.correlations.is_empty() {
        return;
    }
    out.push_str("## Rank correlations with energy\n\n");
    write_header(
        out,
        &[
            "stand-in",
            "with",
            "setups",
            "Spearman’s ρ",
            "p",
            "Kendall’s τ-b",
            "p",
        ],
    );
    for row in &analysis.correlations {
        let coefficient = |found: &crate::analysis::statistics::Correlation| match found.interval {
            Some((low, high)) => format!("{:.2} [{low:.2}, {high:.2}]", found.value),
            None => format!("{:.2}", found.value),
        };
        write_row(
            out,
            &[
                row.stand_in.title().to_owned(),
                row.measure.title().to_owned(),
                row.spearman.count.to_string(),
                coefficient(&row.spearman),
                p_value(row.spearman.p),
                coefficient(&row.kendall),
                p_value(row.kendall.p),
            ],
        );
    }
    out.push('\n');
}

fn write_header(out: &mut String, names: &[&str]) {
    let _ = writeln!(out, "| {} |", names.join(" | "));
    let _ = writeln!(out, "|{}", "---|".repeat(names.len()));
}

fn write_row(out: &mut String, cells: &[String]) {
    let cells: Vec<String> = cells.iter().map(|cell| plain(cell)).collect();
    let _ = writeln!(out, "| {} |", cells.join(" | "));
}

fn more(out: &mut String, all: usize) {
    if all > ROWS_MAX {
        let _ = write!(out, "\n… and {} more.\n", all - ROWS_MAX);
    }
    out.push('\n');
}

/// Text without what Markdown takes for its own.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '!' => {
                out.push('\\');
                out.push(letter);
            }
            '\n' | '\r' => out.push(' '),
            other => out.push(other),
        }
    }
    out
}
