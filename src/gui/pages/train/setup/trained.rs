//! Which layers learn, and how fast.

use egui::{Grid, RichText, Ui};

use super::form::{Form, Look, small_button};
use super::number::Steps;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::setup::{FreezeRates, FreezeTimes, FreezingSetup, LayersSetup, TrainedLayers};

const TRAINED: [(TrainedLayers, &str, &str); 4] = [
    (TrainedLayers::All, "All layers", "From the first step"),
    (
        TrainedLayers::Head,
        "The head alone",
        "The layer that answers; the others stay as they were, and their backward pass is not computed",
    ),
    (
        TrainedLayers::Gradual,
        "One group more at a time",
        "At first the head, then one group more at a time towards the samples",
    ),
    (
        TrainedLayers::Freezing,
        "One group less at a time",
        "At first all, then one group less at a time, from the samples to the head: what is frozen has no backward pass",
    ),
];

const TIMES: [(FreezeTimes, &str, &str); 2] = [
    (
        FreezeTimes::Linear,
        "Evenly",
        "One group after the other at equal distances",
    ),
    (
        FreezeTimes::Cubic,
        "By the third power",
        "Groups near the samples freeze sooner",
    ),
];

const RATES: [(FreezeRates, &str, &str); 2] = [
    (
        FreezeRates::Cosine,
        "Fall along a cosine",
        "Of each group to 0 at its own time, beside the schedule; with a constant schedule as FreezeOut has it",
    ),
    (
        FreezeRates::Constant,
        "As the schedule",
        "Until the group freezes",
    ),
];

/// Draws it; `groups` are those of the model, from the samples to the head, as far as they are known.
pub fn rows(form: &mut Form<'_>, ui: &mut Ui, layers: &mut LayersSetup, groups: &[String]) {
    let hint = "Which layers are trained. Those that are not keep their weights to the bit.";
    let look = Look::new("Layers learn", "regime.layers.train", hint);
    form.choice(ui, look, &mut layers.train, &TRAINED);
    match layers.train {
        TrainedLayers::Gradual => stages(form, ui, layers),
        TrainedLayers::Freezing => freezing(form, ui, &mut layers.freezing),
        TrainedLayers::All | TrainedLayers::Head => {}
    }
    let paths = [
        "regime.layers.frozen",
        "regime.layers.rates",
        "regime.layers.rate_decay",
    ];
    form.folded(ui, "Groups of layers", "groups of layers", &paths, |form, ui| {
        let hint = "Factor of each group's learning rate against that of the group behind it, above 0 to 1; the head has 1";
        let look = Look::new("Rate decay", "regime.layers.rate_decay", hint);
        form.number(ui, look, &mut layers.rate_decay);
        if groups.is_empty() {
            widgets::caption(ui, "The groups are known once dataset and model go together.");
        } else {
            table(form, ui, layers, groups);
        }
        strangers(ui, layers, groups);
        form.problems_at(ui, "regime.layers.frozen");
        form.problems_at(ui, "regime.layers.rates");
    });
}

/// When one more group learns.
fn stages(form: &mut Form<'_>, ui: &mut Ui, layers: &mut LayersSetup) {
    const OPTIONS: [(bool, &str, &str); 2] = [(false, "By epochs", ""), (true, "By steps", "")];
    let mut by_steps = layers.unfreeze_steps.is_some();
    let look = Look::new("One more", "regime.layers", "When one group more learns");
    form.choice(ui, look, &mut by_steps, &OPTIONS);
    match (&mut layers.unfreeze_steps, by_steps) {
        (None, true) => layers.unfreeze_steps = Some(100),
        (Some(steps), true) => {
            let hint = "Steps after which one group more learns";
            let look = Look::new("After each", "regime.layers.unfreeze_steps", hint);
            form.number(ui, look.unit("steps").steps(Steps::By(10)), steps);
        }
        (_, false) => {
            layers.unfreeze_steps = None;
            let hint = "Epochs after which one group more learns";
            let look = Look::new("After each", "regime.layers.unfreeze_epochs", hint);
            let look = look.unit("ep.").steps(Steps::By(1));
            form.number(ui, look, &mut layers.unfreeze_epochs);
        }
    }
}

/// When one group less learns.
fn freezing(form: &mut Form<'_>, ui: &mut Ui, freezing: &mut FreezingSetup) {
    let hint = "Share of the run after which the first group learns no more, above 0 to 1; the head learns to the end";
    let look = Look::new("First freezes at", "regime.layers.freezing.from", hint);
    form.number(ui, look, &mut freezing.from);
    let hint = "How the times of the groups between the first and the head follow each other";
    let look = Look::new("Times", "regime.layers.freezing.times", hint);
    form.choice(ui, look, &mut freezing.times, &TIMES);
    let hint = "What becomes of a group's learning rate until it freezes";
    let look = Look::new("Rates", "regime.layers.freezing.rates", hint);
    form.choice(ui, look, &mut freezing.rates, &RATES);
    let hint = "Divides each group's learning rate by its share of the run, so that groups that freeze early go as far as the others";
    let look = Look::new("Scaled", "regime.layers.freezing.scaled", hint);
    form.toggle(ui, look, &mut freezing.scaled);
}

/// A line for each group: whether it learns at all, and the factor of its learning rate.
fn table(form: &mut Form<'_>, ui: &mut Ui, layers: &mut LayersSetup, groups: &[String]) {
    const FIELD: f32 = 84.0;
    let tokens = Tokens::in_ui(ui);
    let grid = Grid::new("groups that learn")
        .num_columns(3)
        .spacing([3.0 * theme::GRID, theme::GRID]);
    grid.show(ui, |ui| {
        for (name, hint) in [
            ("group", "From the samples to the head"),
            ("frozen", "Never learns"),
            ("rate ×", "Factor of the learning rate, above 0"),
        ] {
            ui.label(RichText::new(name).small().color(tokens.dim))
                .on_hover_text(hint);
        }
        ui.end_row();
        for group in groups {
            ui.label(RichText::new(group).monospace().size(theme::CAPTION));
            let mut is_frozen = is_named(layers.frozen.iter(), group);
            let tick = ui.checkbox(&mut is_frozen, "");
            tick.widget_info(|| {
                let name = format!("Freeze {group}");
                egui::WidgetInfo::selected(egui::Role::CheckBox, true, is_frozen, name)
            });
            if tick.changed() {
                freeze(layers, groups, group, is_frozen);
            }
            let path = format!("regime.layers.rates.{group}");
            let look = Look::new("", &path, "");
            let before = rate(layers, group);
            let mut factor = before;
            let field = form.field(ui, &look, FIELD, &mut factor);
            field.widget_info(|| {
                let mut info = egui::WidgetInfo::text_edit(true, "", factor.to_string(), "");
                info.label = Some(format!("Rate of {group}"));
                info
            });
            if factor != before {
                set_rate(layers, group, factor);
            }
            ui.end_row();
        }
    });
    for group in groups {
        form.problems_at(ui, &format!("regime.layers.rates.{group}"));
    }
}

/// Names that are asked for and that this model does not have.
fn strangers(ui: &mut Ui, layers: &mut LayersSetup, groups: &[String]) {
    if groups.is_empty() {
        return;
    }
    let is_strange = |name: &String| !groups.iter().any(|group| names(name, group));
    let strange = layers.frozen.iter().chain(layers.rates.keys());
    let strange: Vec<String> = strange.filter(|name| is_strange(name)).cloned().collect();
    for name in strange {
        ui.horizontal(|ui| {
            let text = format!("`{name}` is no group of this model");
            widgets::problem(ui, &text);
            if small_button(ui, "−", &format!("Remove {name} from the groups")) {
                layers.frozen.retain(|known| *known != name);
                layers.rates.remove(&name);
            }
        });
    }
}

/// Whether `name` names `group`: as a whole, or by the parts that it begins with.
fn names(name: &str, group: &str) -> bool {
    let rest = group.strip_prefix(name);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn is_named<'a>(mut known: impl Iterator<Item = &'a String>, group: &str) -> bool {
    known.any(|name| names(name, group))
}

fn freeze(layers: &mut LayersSetup, groups: &[String], group: &str, is_frozen: bool) {
    if is_frozen {
        return layers.frozen.push(group.to_owned());
    }
    // A name that means several groups is taken apart, so that the others stay as they are.
    let (meant, mut kept): (Vec<String>, Vec<String>) =
        layers.frozen.drain(..).partition(|name| names(name, group));
    let others = groups.iter().filter(|other| {
        other.as_str() != group && is_named(meant.iter(), other) && !is_named(kept.iter(), other)
    });
    let others: Vec<String> = others.cloned().collect();
    kept.extend(others);
    layers.frozen = kept;
}

/// The factor that is asked for by name, without the decay.
fn rate(layers: &LayersSetup, group: &str) -> f64 {
    let named = layers.rates.iter().filter(|(name, _)| names(name, group));
    named
        .max_by_key(|(name, _)| name.len())
        .map_or(1.0, |(_, factor)| *factor)
}

fn set_rate(layers: &mut LayersSetup, group: &str, factor: f64) {
    layers.rates.remove(group);
    if rate(layers, group) != factor {
        layers.rates.insert(group.to_owned(), factor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups() -> Vec<String> {
        ["stem", "blocks.0", "blocks.1", "blocks.10", "head"]
            .map(str::to_owned)
            .to_vec()
    }

    #[test]
    fn one_of_several_frozen_groups_learns_and_the_others_do_not() {
        let mut layers = LayersSetup {
            frozen: vec!["blocks".to_owned()],
            ..LayersSetup::default()
        };
        freeze(&mut layers, &groups(), "blocks.1", false);
        assert_eq!(layers.frozen, ["blocks.0", "blocks.10"]);
        freeze(&mut layers, &groups(), "stem", true);
        assert_eq!(layers.frozen, ["blocks.0", "blocks.10", "stem"]);
    }

    #[test]
    fn a_rate_that_is_as_without_it_is_not_kept() {
        let mut layers = LayersSetup::default();
        set_rate(&mut layers, "blocks.0", 0.5);
        assert_eq!(rate(&layers, "blocks.0"), 0.5);
        set_rate(&mut layers, "blocks.0", 1.0);
        assert!(layers.rates.is_empty());
        layers.rates.insert("blocks".to_owned(), 0.1);
        set_rate(&mut layers, "blocks.1", 1.0);
        assert_eq!(
            (rate(&layers, "blocks.1"), rate(&layers, "blocks.0")),
            (1.0, 0.1)
        );
    }
}
