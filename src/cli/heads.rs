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
    crate::analysis::multitask::outcomes(&details.epochs)
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
        if let (Some(value), Some(loss)) = (head.last.train_value, head.last.train_loss) {
            let value = head.last.metric.format(value);
            text.push_str(&format!(" · training {value}, loss {loss:.4}"));
        }
        if let Some(weight) = head.last.weight {
            text.push_str(&format!(" · weight {weight:.3}"));
        }
        (format!("  {}", head.last.head), text)
    };
    of(details).into_iter().map(line).collect()
}

/// Tables of the heads by evaluation, accuracy and loss: over the training samples since the one before, then over the held-out
/// samples. Empty where there is one label.
pub fn table(details: &RunDetails) -> String {
    let with_heads = || {
        details
            .epochs
            .iter()
            .filter(|epoch| !epoch.heads.is_empty())
    };
    let Some(first) = with_heads().next() else {
        return String::new();
    };
    let metric = first.heads[0].metric;
    let percent = |value: Option<f64>| value.map_or("-".to_owned(), |value| metric.format(value));
    let loss = |loss: Option<f64>| loss.map_or("-".to_owned(), |loss| format!("{loss:.4}"));
    let accuracies = |head: &HeadResult| [percent(head.train_value), percent(head.value)];
    let losses = |head: &HeadResult| [loss(head.train_loss), loss(head.loss)];
    let made = |cells: &dyn Fn(&HeadResult) -> [String; 2]| {
        let names = first.heads.iter().flat_map(|head| {
            let name = &head.head;
            [format!("{name} train"), format!("{name} test")]
        });
        let place = ["epoch".to_owned(), "step".to_owned()].into_iter();
        let mut table = Table::with(place.chain(names).collect()).all_right();
        for epoch in with_heads() {
            let place = [epoch.epoch.to_string(), epoch.step.to_string()];
            let cells = epoch.heads.iter().flat_map(cells);
            table.push_row(place.into_iter().chain(cells).collect());
        }
        table
    };
    format!(
        "\n{metric} by head\n{}\nmean cross-entropy by head, without weights\n{}",
        made(&accuracies),
        made(&losses)
    )
}

/// The last value of a head, for people.
pub fn value(head: &HeadResult) -> String {
    let value = head.value;
    value.map_or("-".to_owned(), |value| head.metric.format(value))
}
