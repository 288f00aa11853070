use std::fmt::Write as _;

use super::figures::{choices_in_words, rows};
use super::ink::{Ink, Theme, hex};
use super::plots::Plot;
use super::svg::{Colours, escaped, svg};
use crate::analysis::sweep::words::{p_value, times};
use crate::analysis::sweep::{Analysis, Verdict};
use crate::units::quantity;

/// Rows of a table that are written out; the CSV has them all.
const ROWS_MAX: usize = 200;

const STYLE: &str = include_str!("page.css");

/// The analysis as one page that needs nothing else: style and pictures are in it. It follows the reader's choice of a light
/// or a dark theme, and prints on white. `made` says by what and when it was made.
pub fn html(analysis: &Analysis, title: &str, made: &str, plots: &[Plot]) -> String {
    let mut out = String::new();
    let title = escaped(title);
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>\n:root{{color-scheme:light dark;{}}}\n\
         @media (prefers-color-scheme: dark){{:root{{{}}}}}\n@media print{{:root{{color-scheme:light;{}}}}}\n{STYLE}</style>\n\
         </head><body><main>\n<header><h1>{title}</h1>\n<p class=\"headline\">{}</p>\n",
        variables(Theme::Light),
        variables(Theme::Dark),
        variables(Theme::Light),
        sentence(&analysis.headline)
    );
    if !analysis.noise.is_empty() {
        let _ = writeln!(out, "<p>{}</p>", sentence(&analysis.noise));
    }
    let _ = writeln!(
        out,
        "<p class=\"dim\">{} trials of {} setups · {}</p>",
        analysis.trials,
        analysis.setups.len(),
        escaped(&analysis.kind.in_words())
    );
    if !analysis.sources.is_empty() {
        let _ = writeln!(
            out,
            "<p class=\"dim\">Measured by: {}</p>",
            escaped(&analysis.sources.join("; "))
        );
    }
    out.push_str("</header>\n");
    if !analysis.warnings.is_empty() {
        out.push_str("<ul class=\"warnings\">\n");
        for warning in &analysis.warnings {
            let _ = writeln!(out, "<li>{}</li>", escaped(warning));
        }
        out.push_str("</ul>\n");
    }
    let (first, rest) = plots.split_at(plots.len().min(1));
    pictures(&mut out, first);
    setups(&mut out, analysis);
    costs(&mut out, analysis);
    pictures(&mut out, rest);
    comparisons(&mut out, analysis);
    correlations(&mut out, analysis);
    let _ = write!(
        out,
        "<footer class=\"dim\">{} Intervals are 95 %: over seeds by Student’s t, in quadrature with the measurement’s own.\
         </footer>\n</main></body></html>\n",
        escaped(made)
    );
    out
}

/// A sentence whose signs of per cent stay with their figures.
fn sentence(text: &str) -> String {
    escaped(text).replace(" %", "&nbsp;%")
}

fn variables(theme: Theme) -> String {
    let mut out = String::new();
    for ink in Ink::THEMED {
        if let Some(name) = ink.variable() {
            let _ = write!(out, "--{name}:{};", hex(ink.rgb(theme)));
        }
    }
    let canvas = match theme {
        Theme::Light => "#FBFBFC",
        Theme::Dark => "#0E1116",
    };
    let _ = write!(out, "--canvas:{canvas}");
    out
}

fn pictures(out: &mut String, plots: &[Plot]) {
    for plot in plots {
        let _ = writeln!(
            out,
            "<figure>{}</figure>",
            svg(&plot.scene, Colours::Page).trim_end()
        );
    }
}

fn table(
    out: &mut String,
    heading: &str,
    header: &[(&str, bool)],
    rows: &[Vec<String>],
    classes: &[&str],
) {
    let _ = write!(
        out,
        "<section><h2>{heading}</h2>\n<div class=\"table\"><table><thead><tr>"
    );
    for (name, is_number) in header {
        let _ = write!(out, "<th{}>{}</th>", number(*is_number), escaped(name));
    }
    out.push_str("</tr></thead><tbody>\n");
    for (at, row) in rows.iter().take(ROWS_MAX).enumerate() {
        let class = classes.get(at).copied().unwrap_or_default();
        let class = match class {
            "" => String::new(),
            class => format!(" class=\"{class}\""),
        };
        let _ = write!(out, "<tr{class}>");
        for (cell, (_, is_number)) in row.iter().zip(header) {
            let _ = write!(out, "<td{}>{}</td>", number(*is_number), escaped(cell));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
    if rows.len() > ROWS_MAX {
        let _ = writeln!(
            out,
            "<p class=\"dim\">… and {} more; the CSV has them all.</p>",
            rows.len() - ROWS_MAX
        );
    }
    out.push_str("</section>\n");
}

fn number(is_number: bool) -> &'static str {
    if is_number { " class=\"number\"" } else { "" }
}

fn setups(out: &mut String, analysis: &Analysis) {
    let rows = rows(analysis);
    let metric = analysis.kind.metric.heading();
    let header = [
        ("", true),
        ("Setup", false),
        ("Seeds", false),
        ("Energy", true),
        ("× best", true),
        ("Time", true),
        (metric, true),
        ("J/step", true),
        ("J/sample", true),
        ("J/update", true),
        ("Power", true),
        ("Front", false),
    ];
    let classes: Vec<&str> = analysis
        .setups
        .iter()
        .map(|setup| match setup.rank {
            Some(1) => "best",
            Some(_) => "",
            None => "unranked",
        })
        .collect();
    let cells: Vec<Vec<String>> = rows
        .into_iter()
        .map(|row| {
            let front = if row.on_front { "●" } else { "" }.to_owned();
            vec![
                row.rank,
                row.setup,
                row.standing,
                row.energy,
                row.times,
                row.time,
                row.quality,
                row.per_step,
                row.per_sample,
                row.per_update,
                row.power,
                front,
            ]
        })
        .collect();
    table(out, "Setups", &header, &cells, &classes);
}

fn costs(out: &mut String, analysis: &Analysis) {
    let Some(costs) = &analysis.costs else { return };
    let choices = choices_in_words(analysis);
    if choices.is_empty() {
        return;
    }
    let _ = write!(
        out,
        "<section><h2>Energy against time</h2>\n<p>Cost η · energy + (1 − η) · {} · time; the cheapest setup:</p><ul>\n",
        escaped(&quantity(costs.max_power_w, "W"))
    );
    for choice in choices {
        let _ = writeln!(out, "<li>{}</li>", escaped(&choice));
    }
    out.push_str("</ul></section>\n");
}

fn comparisons(out: &mut String, analysis: &Analysis) {
    if analysis.comparisons.list.is_empty() {
        return;
    }
    let rows: Vec<Vec<String>> = analysis
        .comparisons
        .list
        .iter()
        .map(|one| {
            let verdict = match one.verdict {
                Verdict::Differ => "differ",
                Verdict::WithinNoise => "within noise",
                Verdict::SingleSeed => "single seed",
            };
            vec![
                analysis.setups[one.more].label.clone(),
                analysis.setups[one.less].label.clone(),
                times(one.ratio.estimate),
                one.p.map_or_else(String::new, p_value),
                verdict.to_owned(),
            ]
        })
        .collect();
    let header = [
        ("More", false),
        ("Less", false),
        ("Ratio", true),
        ("Corrected p", true),
        ("Verdict", false),
    ];
    table(out, "Differences", &header, &rows, &[]);
}

fn correlations(out: &mut String, analysis: &Analysis) {
    if analysis.correlations.is_empty() {
        return;
    }
    let coefficient = |found: &crate::analysis::statistics::Correlation| match found.interval {
        Some((low, high)) => format!("{:.2} [{low:.2}, {high:.2}]", found.value),
        None => format!("{:.2}", found.value),
    };
    let rows: Vec<Vec<String>> = analysis
        .correlations
        .iter()
        .map(|row| {
            vec![
                row.stand_in.title().to_owned(),
                row.measure.title().to_owned(),
                row.spearman.count.to_string(),
                coefficient(&row.spearman),
                p_value(row.spearman.p),
                coefficient(&row.kendall),
                p_value(row.kendall.p),
            ]
        })
        .collect();
    let header = [
        ("Stand-in", false),
        ("With", false),
        ("Setups", true),
        ("Spearman’s ρ", true),
        ("p", true),
        ("Kendall’s τ-b", true),
        ("p", true),
    ];
    table(out, "Rank correlations", &header, &rows, &[]);
}
