//! The heads of a run that learns several labels at once: how good each is, and whether it is where it is to be.

use egui::{Grid, Label, RichText, Sense, Stroke, Ui, vec2};

use crate::gui::live::Live;
use crate::gui::theme::{self, Tokens};
use crate::units::{HeadOutcome, HeadResult, count, significant};

/// Each head as it was last seen; before the first look what is asked for.
fn outcomes(live: &Live) -> Vec<HeadOutcome> {
    let Some(multitask) = &live.setup.multitask else {
        return Vec::new();
    };
    if !live.heads.is_empty() {
        return live.heads.clone();
    }
    let targets = multitask.targets(live.setup.regime.stop.target);
    let heads = multitask.heads.iter().zip(targets);
    heads
        .map(|(head, target)| HeadOutcome {
            last: HeadResult {
                head: head.label.clone(),
                weight: Some(head.weight),
                target,
                ..HeadResult::default()
            },
            ..HeadOutcome::default()
        })
        .collect()
}

/// How many heads there are, how many of them are to reach something, and how many are there; `None` where one label is learnt.
pub fn reached(live: &Live) -> Option<(usize, usize, usize)> {
    let heads = outcomes(live);
    let wanted = heads.iter().filter(|head| head.last.target.is_some());
    let there = heads
        .iter()
        .filter(|head| head.target_reached == Some(true));
    (!heads.is_empty()).then(|| (heads.len(), wanted.count(), there.count()))
}

/// How far a head is from its target, in a few words.
pub fn state(head: &HeadOutcome) -> String {
    let Some(target) = head.last.target else {
        return "no target".to_owned();
    };
    let target = head.last.metric.format(target);
    match (head.target_reached, head.reached_at_step) {
        (Some(true), _) => format!("has reached {target}"),
        (_, Some(_)) => format!("has left {target} again"),
        _ => format!("target {target}"),
    }
}

/// The value of a head, or a dash.
fn value(head: &HeadOutcome) -> String {
    let value = head.last.value;
    value.map_or("–".to_owned(), |value| head.last.metric.format(value))
}

fn number(value: Option<f64>) -> String {
    value.map_or("–".to_owned(), |value| significant(value, 3))
}

/// A line with a figure for each head, in the colour that it has in the plots.
pub fn readouts(ui: &mut Ui, live: &Live) {
    let heads = outcomes(live);
    if heads.is_empty() {
        return;
    }
    let tokens = Tokens::in_ui(ui);
    ui.add_space(theme::GRID);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(theme::GRID, 0.5 * theme::GRID);
        for (at, head) in heads.iter().enumerate() {
            // One head stays on one line.
            let shown = ui.horizontal(|ui| {
                let (rect, _) = ui.allocate_exact_size(vec2(14.0, theme::BODY), Sense::hover());
                let stroke = Stroke::new(2.0, tokens.series(at).0);
                ui.painter().hline(rect.x_range(), rect.center().y, stroke);
                ui.label(RichText::new(&head.last.head).color(tokens.dim));
                ui.label(RichText::new(value(head)).monospace());
                let (sign, colour) = match (head.target_reached, head.reached_at_step) {
                    (Some(true), _) => ("✓ ", tokens.good),
                    (_, Some(_)) => ("! ", tokens.warning),
                    _ => ("", tokens.dim),
                };
                let text = format!("{sign}{}", state(head));
                ui.label(RichText::new(text).small().color(colour));
                ui.add_space(3.0 * theme::GRID);
            });
            let response = shown.response.interact(Sense::hover());
            response.widget_info(|| {
                let text = format!("Head {}: {}, {}", head.last.head, value(head), state(head));
                egui::WidgetInfo::labeled(egui::Role::Label, true, text)
            });
            response.on_hover_ui(|ui| hover(ui, head));
        }
    });
}

fn hover(ui: &mut Ui, head: &HeadOutcome) {
    ui.set_max_width(320.0);
    let last = &head.last;
    ui.label(RichText::new(format!("Head {}", last.head)).text_style(theme::strong()));
    ui.label(format!(
        "held-out samples: {} {}, loss {}",
        last.metric,
        value(head),
        number(last.loss)
    ));
    let trained = last
        .train_value
        .map_or("–".to_owned(), |value| last.metric.format(value));
    ui.label(format!(
        "training samples since the look before: {} {trained}, loss {}",
        last.metric,
        number(last.train_loss)
    ));
    ui.label(format!("weight of its loss: {}", number(last.weight)));
    if let Some(step) = head.reached_at_step {
        ui.label(format!("first at its target after step {}", count(step)));
    }
}

/// All that is known of the heads as a table; nothing where one label is learnt.
pub fn table(ui: &mut Ui, live: &Live) {
    rows(ui, "heads of the run", &outcomes(live));
}

/// Heads as a table, with `id` for what is remembered of it.
pub fn rows(ui: &mut Ui, id: &str, heads: &[HeadOutcome]) {
    let tokens = Tokens::in_ui(ui);
    let Some(first) = heads.first() else { return };
    let metric = first.last.metric;
    let grid = Grid::new(id)
        .striped(true)
        .num_columns(9)
        .spacing(vec2(20.0, 4.0));
    grid.show(ui, |ui| {
        for (name, hint) in [
            ("head", "The label that it foretells"),
            (metric.name(), "Of the held-out samples, at the last look"),
            ("best", "Of the held-out samples, at any look"),
            ("target", "What it is to reach on the held-out samples"),
            ("reached", "The step after which it was first there"),
            (
                "loss",
                "Mean cross-entropy of the held-out samples, without the weight",
            ),
            (
                "train",
                "Its metric over the training samples since the look before",
            ),
            (
                "train loss",
                "Mean cross-entropy over the same, without weight and label smoothing",
            ),
            ("weight", "Factor of its loss: as set, or as learnt by then"),
        ] {
            ui.label(RichText::new(name).small().color(tokens.dim))
                .on_hover_text(hint);
        }
        ui.end_row();
        let percent =
            |value: Option<f64>| value.map_or("–".to_owned(), |value| metric.format(value));
        for head in heads {
            let last = &head.last;
            ui.label(&last.head);
            let reached = match (head.target_reached, head.reached_at_step) {
                (Some(true), Some(step)) => format!("step {}", count(step)),
                (_, Some(step)) => format!("step {}, left again", count(step)),
                (Some(false), None) => "no".to_owned(),
                _ => "–".to_owned(),
            };
            for text in [
                percent(last.value),
                percent(head.best_value),
                last.target
                    .map_or("none".to_owned(), |target| metric.format(target)),
                reached,
                number(last.loss),
                percent(last.train_value),
                number(last.train_loss),
                number(last.weight),
            ] {
                ui.add(Label::new(RichText::new(text).monospace()).extend());
            }
            ui.end_row();
        }
    });
}
