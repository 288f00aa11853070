//! What a network says, as text and as JSON.

use serde_json::{Value, json};

use super::{Cost, Found};
use crate::analysis::inference::SAMPLES;
use crate::analysis::lives::answers_in_words;
use crate::cli::table::Table;
use crate::data::own::{Encoding, OwnSample};
use crate::protocol::{HeadSaid, Saying};
use crate::setup::Task;
use crate::units::{Estimate, count, duration, estimate, significant};

/// Symbols of a sequence that are written out.
const SYMBOLS: usize = 40;

/// Answers as a table, and what one costs.
pub fn text(found: &Found<'_>) -> String {
    let asker = found.asker;
    let mut table = Table::new([
        "asked",
        "label",
        "answer",
        "probability",
        "next",
        "right is",
        "time",
    ])
    .right(&[3, 6]);
    for (sample, answer) in found.samples.iter().zip(found.answers) {
        for (at, said) in answer.iter().enumerate() {
            let first = |text: String| if at == 0 { text } else { String::new() };
            let [what, probability, next] = in_words(asker.encoding(), said, found.top);
            table.push([
                first(sample.name.clone()),
                said.label.clone(),
                what,
                probability,
                next,
                sample.truth.get(&said.label).cloned().unwrap_or_default(),
                first(duration(said.seconds)),
            ]);
        }
    }
    let mut text = format!(
        "run {} after {} steps, asked on {} ({})\n\n{table}",
        found.details.run.id,
        count(asker.step()),
        asker.device().name,
        asker.device().backend
    );
    for sample in found.samples {
        for note in &sample.notes {
            text.push_str(&format!("{}: {note}\n", sample.name));
        }
    }
    if asker.encoding().info.task == Task::Regression {
        let info = &asker.encoding().info;
        let label = &info.target_label().name;
        text.push_str(&format!("answers are in the unit of column `{label}`"));
        let metrics = &found.details.run.metrics;
        if let Some(value) = metrics.final_test_metric {
            let metric = metrics.metric;
            text.push_str(&format!(
                "; over the held-out samples the run had {metric} {}",
                metric.format(value)
            ));
        }
        text.push('\n');
    }
    for (number, continued) in (1..).zip(found.continued) {
        text.push_str(&format!(
            "\ntext {number} goes on, {} answers in {}:\n{}\n",
            count(continued.answers),
            duration(continued.seconds),
            continued.text
        ));
    }
    if let Some(cost) = found.cost {
        text.push('\n');
        text.push_str(&in_words_of_cost(cost));
    }
    text
}

/// The answer, its probability, and the next ones.
fn in_words(encoding: &Encoding, said: &HeadSaid, top: usize) -> [String; 3] {
    match &said.says {
        Saying::Number(value) => [significant(*value, 4), String::new(), String::new()],
        Saying::Classes(shares) => {
            let ranked = ranked(shares, top);
            let names = encoding.classes(&said.label);
            let mut each = ranked
                .iter()
                .map(|(class, share)| (name(names, *class), percent(*share)));
            let (first, probability) = each.next().unwrap_or_default();
            let next: Vec<String> = each
                .map(|(name, share)| format!("{name} {share}"))
                .collect();
            [first, probability, next.join(" · ")]
        }
        Saying::Symbols(each) => {
            let names = encoding.classes(&said.label);
            let words = each.iter().take(SYMBOLS);
            let mut words: Vec<String> = words
                .map(|(class, _)| name(names, usize::from(*class)))
                .collect();
            if each.len() > SYMBOLS {
                words.push("…".to_owned());
            }
            [words.join(" "), String::new(), String::new()]
        }
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

fn name(names: &[String], class: usize) -> String {
    names
        .get(class)
        .cloned()
        .unwrap_or_else(|| class.to_string())
}

/// The likeliest classes with their probabilities.
fn ranked(shares: &[f64], top: usize) -> Vec<(usize, f64)> {
    let mut ranked: Vec<(usize, f64)> = shares.iter().copied().enumerate().collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    ranked.truncate(top);
    ranked
}

fn in_words_of_cost(cost: &Cost) -> String {
    let one = &cost.inference;
    let mut text = String::new();
    let mut line = |words: String| text.push_str(&format!("{words}\n"));
    match (one.energy_j, &one.sum) {
        (Some(energy), Some(sum)) => {
            let net = one.net_j.map_or(String::new(), |net| {
                format!(", {} net", estimate(net.scale(1.0 / SAMPLES), "J"))
            });
            line(format!(
                "an answer costs {}{net}: {} by {}, grade {} ({})",
                estimate(energy.scale(1.0 / SAMPLES), "J"),
                sum.figure.boundary,
                sum.figure.source,
                sum.figure.grade,
                sum.figure.grade.meaning()
            ));
        }
        _ => line(
            "what an answer costs is missing: no meter answered. `joulelab doctor` says why"
                .to_owned(),
        ),
    }
    if let Some(carbon) = one.carbon_g {
        line(format!("1,000 answers: {}", estimate(carbon, "gCO2e")));
    }
    let time = |seconds: Option<f64>| seconds.map_or("missing".to_owned(), duration);
    line(format!(
        "latency {} (half of the answers), {} (95 %), {} (99 %)",
        time(one.latency.p50_s),
        time(one.latency.p95_s),
        time(one.latency.p99_s)
    ));
    line(if cost.is_stored {
        format!(
            "as `joulelab infer` measured on {}, one sample at a time; --measure measures anew",
            one.made_at
        )
    } else {
        format!(
            "measured now: the last sample was asked about {} times, in {} windows of {}, warmed up before; kept nowhere",
            count(one.samples),
            one.windows,
            duration(one.window_s)
        )
    });
    if !one.missing.is_empty() {
        line(format!(
            "missing: {} gave no reading",
            one.missing.join(", ")
        ));
    }
    if one.energy_j.is_some() && !one.interval_reached {
        line(format!(
            "too few windows: their spread is wider than {} % of the energy; --windows allows more, --window longer ones",
            100.0 * one.interval
        ));
    }
    if let Some(as_training) = &cost.as_training {
        line(format!(
            "learning it took {}{}: as much as {} such answers",
            estimate(as_training.learning_j, "J"),
            as_training.before_in_words(),
            answers_in_words(as_training.answers)
        ));
        if let Some(mind) = &as_training.mind {
            line(format!("mind: {mind}"));
        }
    }
    text
}

/// The same for machines.
pub fn json(found: &Found<'_>) -> Value {
    let asker = found.asker;
    let encoding = asker.encoding();
    let answers = found.samples.iter().zip(found.answers);
    let answers: Vec<Value> = answers
        .map(|(sample, heads)| {
            json!({
                "sample": sample.name,
                "seconds": heads.first().map(|said| said.seconds),
                "heads": heads
                    .iter()
                    .map(|said| head(encoding, sample, said, found.top))
                    .collect::<Vec<_>>(),
                "notes": sample.notes,
            })
        })
        .collect();
    let continued: Vec<Value> = found
        .continued
        .iter()
        .map(|one| json!({ "text": one.text, "answers": one.answers, "seconds": one.seconds }))
        .collect();
    let each =
        |of_thousand: Option<Estimate>| of_thousand.map(|energy| energy.scale(1.0 / SAMPLES));
    let cost = found.cost.map(|cost| {
        let one = &cost.inference;
        json!({
            "origin": if cost.is_stored { "stored" } else { "measured" },
            "energy_j": each(one.energy_j),
            "net_j": each(one.net_j),
            "carbon_g": each(one.carbon_g),
            "latency": one.latency,
            "inference": one,
            "as_training": cost.as_training.as_ref().map(|found| found.answers),
            "learning_j": cost.as_training.as_ref().map(|found| found.learning_j),
            "before_j": cost.as_training.as_ref().and_then(|found| found.before_j),
            "mind": cost.as_training.as_ref().and_then(|found| found.mind.as_ref()),
        })
    });
    json!({
        "run": found.details.run.id,
        "step": asker.step(),
        "device": asker.device().name,
        "backend": asker.device().backend,
        "answers": answers,
        "continued": continued,
        "cost": cost,
    })
}

fn head(encoding: &Encoding, sample: &OwnSample, said: &HeadSaid, top: usize) -> Value {
    let names = encoding.classes(&said.label);
    let truth = sample.truth.get(&said.label);
    match &said.says {
        Saying::Number(value) => json!({ "label": said.label, "answer": value, "truth": truth }),
        Saying::Classes(shares) => {
            let ranked = ranked(shares, top);
            let best = ranked.first().map(|(class, _)| name(names, *class));
            let each: Vec<Value> = ranked
                .iter()
                .map(|(class, share)| json!({ "class": name(names, *class), "probability": share }))
                .collect();
            json!({ "label": said.label, "answer": best, "probabilities": each, "truth": truth })
        }
        Saying::Symbols(each) => {
            let each: Vec<Value> = each
                .iter()
                .map(|(class, share)| {
                    json!({ "class": name(names, usize::from(*class)), "probability": share })
                })
                .collect();
            json!({ "label": said.label, "symbols": each, "truth": truth })
        }
    }
}
