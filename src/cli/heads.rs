//! What the heads of a run came to that learns several labels at once.

use super::table::Table;
use crate::library::RunDetails;
use crate::protocol::Summary;
use crate::units::{HeadOutcome, HeadResult};

/// Each head of a stored run with its target: as the run ended or, while it goes on, as it was last seen.
pub fn of(details: &RunDetails) -> Vec<HeadOutcome> {
    let stored: Option<Summary> = details
        .summary
        .as_ref()
        .and_then(|summary| serde_json::from_value(summary.json.clone()).ok());
    if let Some(summary) = stored.filter(|summary| !summary.heads.is_empty()) {
        return summary.heads;
    }
    let mut outcomes: Vec<HeadOutcome> = Vec::new();
    for epoch in &details.epochs {
        let heads = epoch.heads.iter().enumerate();
        outcomes = heads
            .map(|(at, head)| HeadOutcome::after(outcomes.get(at), head.clone(), epoch.step))
            .collect();
    }
    outcomes
}

/// Lines of a summary: a head's name, and what it came to.
pub fn lines(details: &RunDetails) -> Vec<(String, String)> {
    let line = |head: HeadOutcome| {
        let (last, best) = (value(&head.last), head.best_value);
        let best = best.map_or("-".to_owned(), |best| head.last.metric.format(best));
        let mut text = format!("{} {last} at the end, {best} at best", head.last.metric);
        if let Some(target) = head.last.target {
            let word = match (head.target_reached, head.reached_at_step) {
                (Some(true), Some(step)) => format!("reached, first after step {step}"),
                (_, Some(step)) => format!("left again, reached after step {step}"),
                (..) => "not reached".to_owned(),
            };
            text.push_str(&format!(
                " · target {} {word}",
                head.last.metric.format(target)
            ));
        }
        if let Some(weight) = head.last.weight {
            text.push_str(&format!(" · weight {weight:.3}"));
        }
        (format!("  {}", head.last.head), text)
    };
    of(details).into_iter().map(line).collect()
}

/// A table of the heads by evaluation; empty where there is one label.
pub fn table(details: &RunDetails) -> String {
    let Some(first) = details.epochs.iter().find(|epoch| !epoch.heads.is_empty()) else {
        return String::new();
    };
    let names = first.heads.iter().map(|head| head.head.clone());
    let head = ["epoch".to_owned(), "step".to_owned()].into_iter();
    let columns = head.chain(names).collect();
    let mut table = Table::with(columns).all_right();
    for epoch in details
        .epochs
        .iter()
        .filter(|epoch| !epoch.heads.is_empty())
    {
        let place = [epoch.epoch.to_string(), epoch.step.to_string()];
        table.push_row(
            place
                .into_iter()
                .chain(epoch.heads.iter().map(value))
                .collect(),
        );
    }
    format!("\nheld-out accuracy by head\n{table}")
}

/// The last value of a head, for people.
pub fn value(head: &HeadResult) -> String {
    let value = head.value;
    value.map_or("-".to_owned(), |value| head.metric.format(value))
}
