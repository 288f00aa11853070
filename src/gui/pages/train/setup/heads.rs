//! Which of a set's labels are learnt: one, or several at once by a head for each.

use std::collections::BTreeMap;

use egui::{Align, ComboBox, Label, Layout, RichText, Ui, Vec2};

use super::form::{Form, Look, small_button};
use super::{SetupPanel, strong_row};
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::setup::plan::Head;
use crate::setup::{HeadSetup, MultitaskSetup, Setup, Weighting};
use crate::units::Metric;

/// Width of the fields of a head, points.
const FIELD: f32 = 70.0;

const PARADIGMS: [(bool, &str, &str); 2] = [
    (
        false,
        "One task",
        "The network learns one label of the samples, which the options of the set name",
    ),
    (
        true,
        "Several tasks at once",
        "One trunk learns several labels of the same samples, by a head for each of them",
    ),
];

const WEIGHTINGS: [(Weighting, &str, &str); 2] = [
    (
        Weighting::Fixed,
        "Fixed: Σ weight · loss",
        "The loss of the network is the sum of the heads' losses, each with the weight beside it",
    ),
    (
        Weighting::Uncertainty,
        "Learnt (uncertainty)",
        "Σ exp(−s) · loss + s/2, where each head's s is learnt with the network (Kendall, Gal and Cipolla 2018): heads that \
         are hard to tell weigh less",
    ),
];

/// Heads that were turned away from, for when they are turned back to.
#[derive(Default)]
pub struct KeptHeads {
    /// By dataset, of sets that were turned away from.
    of_sets: BTreeMap<&'static str, MultitaskSetup>,
    /// By dataset, where one task was chosen in place of several.
    turned_off: BTreeMap<&'static str, MultitaskSetup>,
    /// By label, of the set that is shown.
    each: BTreeMap<String, HeadSetup>,
}

impl KeptHeads {
    /// The set called `before` makes room for the one called `now`, and its heads with it.
    pub fn turn(
        &mut self,
        multitask: &mut Option<MultitaskSetup>,
        before: &'static str,
        now: &str,
    ) {
        if let Some(left) = multitask.take() {
            self.of_sets.insert(before, left);
        }
        *multitask = self.of_sets.remove(now);
        self.each.clear();
    }
}

impl SetupPanel {
    /// One task or several, and which; nothing for a set that has one label. Whether anything was drawn.
    pub(super) fn heads(&mut self, ui: &mut Ui, setup: &mut Setup) -> bool {
        let labels = self.preview.labels(&setup.dataset);
        let known = labels.as_deref().unwrap_or_default();
        if known.len() < 2 && setup.multitask.is_none() {
            return false;
        }
        self.paradigm(ui, setup, known);
        let target = setup.regime.stop.target;
        let kept = &mut self.kept.heads.each;
        let mut form = Form {
            typed: &mut self.typed,
            problems: &self.checked.problems,
        };
        let Some(multitask) = &mut setup.multitask else {
            return true;
        };
        form.problems_at(ui, "multitask");
        heading(ui);
        for label in known {
            head_row(&mut form, ui, multitask, label, (known, target), kept);
        }
        if labels.is_some() {
            strangers(&mut form, ui, multitask, known);
        }
        form.problems_at(ui, "multitask.heads");
        weighting(&mut form, ui, multitask);
        note(ui, multitask, target);
        true
    }

    fn paradigm(&mut self, ui: &mut Ui, setup: &mut Setup, labels: &[Head]) {
        let before = setup.multitask.is_some();
        let mut several = before;
        let hint =
            "What the network is asked about each sample: one thing, or several by one network";
        strong_row(ui, "Tasks", hint, |ui, label| {
            let chosen = PARADIGMS.iter().find(|(of, ..)| *of == several);
            let combo = ComboBox::from_id_salt("multitask")
                .width(ui.available_width())
                .truncate()
                .selected_text(chosen.map_or("", |(_, text, _)| text));
            let response = combo.show_ui(ui, |ui| {
                for (of, text, hint) in PARADIGMS {
                    ui.selectable_value(&mut several, of, text)
                        .on_hover_text(hint);
                }
            });
            response.response.labelled_by(label);
        });
        if several == before {
            return;
        }
        let name = setup.dataset.name();
        setup.multitask = if several {
            let kept = self.kept.heads.turned_off.remove(name);
            let names = labels.iter().map(|label| label.name.as_str());
            Some(kept.unwrap_or_else(|| MultitaskSetup::of_labels(names)))
        } else {
            self.kept
                .heads
                .turned_off
                .extend(setup.multitask.take().map(|left| (name, left)));
            None
        };
    }
}

/// The names of the columns, and what they mean.
fn heading(ui: &mut Ui) {
    let tokens = Tokens::in_ui(ui);
    ui.horizontal(|ui| {
        let caption = |text: &str| RichText::new(text).small().color(tokens.dim);
        let labels = Vec2::new(label_width(ui), ui.spacing().interact_size.y);
        ui.allocate_ui_with_layout(labels, Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_width(labels.x);
            ui.label(caption("label (classes)"))
                .on_hover_text("What a head tells of a sample, and how many answers it has to choose from");
        });
        for (name, hint) in [
            ("weight", "Factor of the head's loss in the sum, above 0"),
            (
                "target",
                "Accuracy on the held-out samples that this head must reach, above 0 to 1, such as 0.97 or 97 %; empty: that of \
                 the regime. The run ends when all heads that have one are there at once.",
            ),
        ] {
            let place = Vec2::new(FIELD, ui.spacing().interact_size.y);
            ui.allocate_ui_with_layout(place, Layout::left_to_right(Align::Center), |ui| {
                ui.set_min_width(FIELD);
                ui.label(caption(name)).on_hover_text(hint);
            });
        }
    });
}

/// What the fields leave for a label, points.
fn label_width(ui: &Ui) -> f32 {
    ui.available_width() - 2.0 * (FIELD + ui.spacing().item_spacing.x)
}

/// One label of `labels`: whether it is learnt, with which weight, up to which target; `of_all` is that of the regime.
fn head_row(
    form: &mut Form<'_>,
    ui: &mut Ui,
    multitask: &mut MultitaskSetup,
    label: &Head,
    (labels, of_all): (&[Head], Option<f64>),
    kept: &mut BTreeMap<String, HeadSetup>,
) {
    let name = &label.name;
    let is_learnt = |head: &HeadSetup| head.label == *name;
    let at = multitask.heads.iter().position(is_learnt);
    let weighting = multitask.weighting;
    let mut wanted = at.is_some();
    ui.horizontal(|ui| {
        let place = Vec2::new(label_width(ui), theme::CONTROL_HEIGHT);
        ui.allocate_ui_with_layout(place, Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_width(place.x);
            let tick = ui.checkbox(&mut wanted, "");
            tick.widget_info(|| {
                let name = format!("Learn {name}");
                egui::WidgetInfo::selected(egui::Role::CheckBox, true, wanted, name)
            });
            ui.add(Label::new(format!("{name} ({})", label.classes)).truncate());
        });
        if let Some((at, head)) = at.and_then(|at| Some((at, multitask.heads.get_mut(at)?))) {
            fields(form, ui, (at, head), weighting, of_all);
        }
    });
    if let Some(at) = at {
        form.problems_under(ui, &format!("multitask.heads.{at}"));
    }
    match (at, wanted) {
        (Some(at), false) => {
            let left = multitask.heads.remove(at);
            kept.insert(name.clone(), left);
        }
        (None, true) => {
            let head = kept.remove(name).unwrap_or_else(|| HeadSetup {
                label: name.clone(),
                ..HeadSetup::default()
            });
            // In the order of the set, whichever was ticked first.
            let place = |head: &HeadSetup| labels.iter().position(|of| of.name == head.label);
            let own = place(&head);
            let behind = |other: &HeadSetup| place(other) > own;
            let at = multitask.heads.iter().position(behind);
            multitask
                .heads
                .insert(at.unwrap_or(multitask.heads.len()), head);
            if weighting == Weighting::Uncertainty {
                even(multitask);
            }
        }
        _ => {}
    }
}

/// Weight and target of head number `at`; without one it has that of the regime.
fn fields(
    form: &mut Form<'_>,
    ui: &mut Ui,
    (at, head): (usize, &mut HeadSetup),
    weighting: Weighting,
    of_all: Option<f64>,
) {
    let named = |field: egui::Response, name: String, value: String| {
        field.widget_info(move || {
            let mut info = egui::WidgetInfo::text_edit(true, "", value.clone(), "");
            info.label = Some(name.clone());
            info
        });
    };
    let path = format!("multitask.heads.{at}.weight");
    if weighting == Weighting::Uncertainty && is_one(head.weight) {
        let place = Vec2::new(FIELD, theme::CONTROL_HEIGHT);
        ui.allocate_ui_with_layout(place, Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_width(FIELD);
            let tokens = Tokens::in_ui(ui);
            ui.label(RichText::new("learnt").color(tokens.dim));
        });
    } else {
        let field = form.field(ui, &Look::new("", &path, ""), FIELD, &mut head.weight);
        named(
            field,
            format!("Weight of {}", head.label),
            head.weight.to_string(),
        );
    }
    let path = format!("multitask.heads.{at}.target");
    let of_all = of_all.map_or_else(String::new, |target| target.to_string());
    let look = Look::new("", &path, "").empty(&of_all);
    let field = form.maybe(ui, &look, FIELD, &mut head.target);
    let written = head
        .target
        .map_or_else(String::new, |target| target.to_string());
    named(field, format!("Target of {}", head.label), written);
}

fn is_one(weight: f64) -> bool {
    (weight - 1.0).abs() < f64::EPSILON
}

/// Heads of labels that the samples do not have.
fn strangers(form: &mut Form<'_>, ui: &mut Ui, multitask: &mut MultitaskSetup, labels: &[Head]) {
    let mut gone = None;
    for (at, head) in multitask.heads.iter().enumerate() {
        if labels.iter().any(|label| label.name == head.label) {
            continue;
        }
        ui.horizontal(|ui| {
            let text = format!("`{}` is no label of this set", head.label);
            widgets::problem(ui, &text);
            if small_button(ui, "−", &format!("Remove the head {}", head.label)) {
                gone = Some(at);
            }
        });
        form.problems_under(ui, &format!("multitask.heads.{at}"));
    }
    if let Some(at) = gone {
        multitask.heads.remove(at);
    }
}

fn weighting(form: &mut Form<'_>, ui: &mut Ui, multitask: &mut MultitaskSetup) {
    let before = multitask.weighting;
    let hint = "How the losses of the heads are added up";
    let look = Look::new("Weights", "multitask.weighting", hint);
    form.choice(ui, look, &mut multitask.weighting, &WEIGHTINGS);
    if multitask.weighting != before && multitask.weighting == Weighting::Uncertainty {
        even(multitask);
    }
}

/// Weights that are learnt begin at 1.
fn even(multitask: &mut MultitaskSetup) {
    for head in &mut multitask.heads {
        head.weight = 1.0;
    }
}

/// When a run of these heads ends by its targets.
fn note(ui: &mut Ui, multitask: &MultitaskSetup, of_all: Option<f64>) {
    let targets = multitask.targets(of_all);
    let own = |head: &HeadSetup| head.target.is_some();
    let text = if targets.iter().all(Option::is_none) {
        "No head has a target: the run ends by another rule.".to_owned()
    } else {
        let each = multitask.heads.iter().zip(&targets);
        let each = each.filter_map(|(head, target)| {
            Some(format!(
                "{} {}",
                head.label,
                Metric::Accuracy.format((*target)?)
            ))
        });
        let each: Vec<String> = each.collect();
        let from = match of_all.is_some() && !multitask.heads.iter().all(own) {
            true => " An empty target is that of the regime.",
            false => "",
        };
        format!("The run ends at {} at once.{from}", each.join(", "))
    };
    widgets::caption(ui, text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_come_back_with_their_set() {
        let mut kept = KeptHeads::default();
        let both = MultitaskSetup::of_labels(["digit", "parity"]);
        let mut multitask = Some(both.clone());
        kept.turn(&mut multitask, "digits", "mnist");
        assert_eq!(multitask, None, "a set has no heads of another's labels");
        kept.turn(&mut multitask, "mnist", "digits");
        assert_eq!(multitask, Some(both));
        multitask = None;
        kept.turn(&mut multitask, "digits", "mnist");
        kept.turn(&mut multitask, "mnist", "digits");
        assert_eq!(multitask, None, "one task stays one task");
    }
}
