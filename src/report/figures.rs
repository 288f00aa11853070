//! The table of setups, in words, for the terminal, a page and Markdown alike.

use crate::analysis::sweep::{Analysis, Figure, SetupResult};
use crate::units::{Estimate, duration, estimate};

/// One setup in the table. Empty cells are missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Position, or a dash where it is not ranked.
    pub rank: String,
    /// The setup.
    pub setup: String,
    /// How it stands, with seeds.
    pub standing: String,
    /// Energy with its interval.
    pub energy: String,
    /// How many times the best's.
    pub times: String,
    /// Time with its interval.
    pub time: String,
    /// The metric with its interval.
    pub quality: String,
    /// Energy a step.
    pub per_step: String,
    /// Energy a training sample.
    pub per_sample: String,
    /// Energy for each update of a parameter.
    pub per_update: String,
    /// Mean power.
    pub power: String,
    /// Whether no other beats it.
    pub on_front: bool,
}

/// A row for each setup, in order.
pub fn rows(analysis: &Analysis) -> Vec<Row> {
    let best = analysis.setups.first().filter(|best| best.rank.is_some());
    let least = best
        .and_then(|best| best.energy_j.as_ref())
        .map(Figure::mean);
    analysis
        .setups
        .iter()
        .enumerate()
        .map(|(at, setup)| row(analysis, setup, least, analysis.front.contains(&at)))
        .collect()
}

fn row(analysis: &Analysis, setup: &SetupResult, least: Option<f64>, on_front: bool) -> Row {
    let joules = |figure: &Option<Figure>| {
        figure
            .as_ref()
            .map_or_else(String::new, |figure| estimate(figure.estimate, "J"))
    };
    let metric = analysis.kind.metric;
    let quality = setup.quality.as_ref().map_or_else(String::new, |figure| {
        let Estimate { value, low, high } = figure.estimate;
        let half = (high - low) / 2.0;
        match half > 0.0 {
            true => format!(
                "{} ± {}",
                metric.format(value).trim_end_matches(" %"),
                metric.format(half)
            ),
            false => metric.format(value),
        }
    });
    let ranked_energy = setup.energy_j.as_ref().filter(|_| setup.rank.is_some());
    Row {
        rank: setup
            .rank
            .map_or_else(|| "–".to_owned(), |rank| rank.to_string()),
        setup: setup.label.clone(),
        standing: standing(setup, analysis.kind.target.is_some()),
        energy: joules(&setup.energy_j),
        times: ranked_energy
            .zip(least)
            .filter(|(_, least)| *least > 0.0)
            .map_or_else(String::new, |(figure, least)| {
                format!("{:.2}", figure.mean() / least)
            }),
        time: setup.time_s.as_ref().map_or_else(String::new, time),
        quality,
        per_step: joules(&setup.j_per_step),
        per_sample: joules(&setup.j_per_sample),
        per_update: joules(&setup.j_per_update),
        power: setup
            .mean_power_w
            .map_or_else(String::new, |power_w| crate::units::quantity(power_w, "W")),
        on_front,
    }
}

/// `3 of 3`, with what became of the rest.
fn standing(setup: &SetupResult, has_target: bool) -> String {
    let mut text = format!("{} of {}", setup.reached, setup.trials);
    let others = [
        (
            setup.not_reached,
            if has_target {
                "not reached"
            } else {
                "not finished"
            },
        ),
        (setup.failed, "failed"),
        (setup.pruned, "given up"),
        (setup.unfinished, "not over"),
    ];
    for (count, what) in others.into_iter().filter(|(count, _)| *count > 0) {
        text.push_str(&format!(", {count} {what}"));
    }
    text
}

fn time(figure: &Figure) -> String {
    match figure.spread {
        // Minutes and hours have no digits behind a point.
        Some(spread) if spread > 0.0 && figure.mean() < 60.0 => estimate(figure.estimate, "s"),
        Some(spread) if spread > 0.0 => {
            format!("{} ± {}", duration(figure.mean()), duration(spread))
        }
        _ => duration(figure.mean()),
    }
}

/// Which setup costs least at which weight of energy, a sentence a range.
pub fn choices_in_words(analysis: &Analysis) -> Vec<String> {
    let Some(costs) = &analysis.costs else {
        return Vec::new();
    };
    costs
        .choices
        .iter()
        .map(|choice| {
            let label = &analysis.setups[choice.setup].label;
            match (choice.from <= 0.0, choice.to >= 1.0) {
                (true, true) => format!("at any η: {label}"),
                (true, false) => format!("η up to {:.2}: {label}", choice.to),
                (false, true) => format!("η from {:.2}: {label}", choice.from),
                (false, false) => format!("η from {:.2} to {:.2}: {label}", choice.from, choice.to),
            }
        })
        .collect()
}
