//! The heads of a run that learns several labels at once: what they came to, and evaluation by evaluation.

use egui::{CollapsingHeader, Grid, RichText, ScrollArea, Ui, vec2};

use crate::analysis::multitask::outcomes;
use crate::gui::pages::train::heads;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::library::EpochRecord;
use crate::units::{HeadOutcome, HeadResult, Metric, count, significant};

/// Evaluations that are shown; beyond, the last ones.
const EVALUATIONS_MAX: usize = 500;

/// Draws them; `told` is what the run said at its end. Nothing for a run of one label.
pub fn show(ui: &mut Ui, epochs: &[EpochRecord], told: &[HeadOutcome]) {
    let by_epochs;
    let all = if told.is_empty() {
        by_epochs = outcomes(epochs);
        &by_epochs
    } else {
        told
    };
    if all.is_empty() {
        return;
    }
    ui.add_space(theme::GRID);
    widgets::section(ui, "Heads");
    ScrollArea::horizontal()
        .id_salt("runs-heads")
        .show(ui, |ui| heads::rows(ui, "runs-heads", all));
    let title = RichText::new("Heads by evaluation").color(Tokens::in_ui(ui).dim);
    CollapsingHeader::new(title)
        .id_salt("runs-heads-by-evaluation")
        .show_unindented(ui, |ui| {
            let left_out = epochs.len().saturating_sub(EVALUATIONS_MAX);
            if left_out > 0 {
                let text = format!(
                    "The first {} evaluations are left out here; an export of epochs has them.",
                    count(left_out as u64)
                );
                widgets::caption(ui, text);
            }
            ScrollArea::horizontal()
                .id_salt("runs-heads-by-evaluation")
                .show(ui, |ui| by_evaluation(ui, &epochs[left_out..]));
        });
}

fn by_evaluation(ui: &mut Ui, epochs: &[EpochRecord]) {
    let tokens = Tokens::in_ui(ui);
    let Some(first) = epochs.iter().find(|epoch| !epoch.heads.is_empty()) else {
        return;
    };
    let caption = |text: &str| RichText::new(text).small().color(tokens.dim);
    let percent = |metric: Metric, value: Option<f64>| {
        value.map_or("–".to_owned(), |value| metric.format(value))
    };
    let number = |value: Option<f64>| value.map_or("–".to_owned(), |value| significant(value, 3));
    let cells = |head: &HeadResult| {
        [
            percent(head.metric, head.train_value),
            percent(head.metric, head.value),
            number(head.train_loss),
            number(head.loss),
            number(head.weight),
        ]
    };
    Grid::new("runs-heads-by-evaluation")
        .striped(true)
        .spacing(vec2(16.0, 4.0))
        .show(ui, |ui| {
            for name in ["epoch", "step"] {
                ui.label(caption(name));
            }
            for head in &first.heads {
                for (of, hint) in [
                    (
                        "train",
                        "Accuracy over the training samples since the evaluation before",
                    ),
                    ("test", "Accuracy on the held-out samples"),
                    (
                        "train loss",
                        "Cross-entropy of the training samples, without weight and label smoothing",
                    ),
                    (
                        "test loss",
                        "Cross-entropy of the held-out samples, without the weight",
                    ),
                    ("weight", "Factor of its loss: as set, or as learnt by then"),
                ] {
                    ui.label(caption(&format!("{} {of}", head.head)))
                        .on_hover_text(hint);
                }
            }
            ui.end_row();
            for epoch in epochs.iter().filter(|epoch| !epoch.heads.is_empty()) {
                let place = [count(epoch.epoch), count(epoch.step)];
                for text in place.into_iter().chain(epoch.heads.iter().flat_map(cells)) {
                    ui.label(RichText::new(text).monospace());
                }
                ui.end_row();
            }
        });
}
