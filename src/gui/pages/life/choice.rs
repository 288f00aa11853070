//! Which runs, and which record of asking.

use egui::{ComboBox, RichText, Ui};

use super::propose::Proposal;
use super::read::Part;
use super::{Asking, LifePage, inference};
use crate::gui::commands::Action;
use crate::gui::pages::train::setup::form::small_button;
use crate::gui::state::Shared;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::library::{Inference, RunDetails, sum_of_parts};
use crate::units::{count, estimate};

/// Draws it.
pub fn show(page: &mut LifePage, ui: &mut Ui, shared: &mut Shared) {
    widgets::section(ui, "Learnt before");
    before(page, ui, shared);
    ui.add_space(2.0 * theme::GRID);
    let hint = "The model whose life it is: one run for each seed, their mean counts";
    list(page, ui, shared, Part::Model, hint);
    ui.add_space(2.0 * theme::GRID);
    let hint =
        "Runs to the same target without what was learnt before; they tell when it has paid off";
    list(page, ui, shared, Part::Scratch, hint);
    ui.add_space(2.0 * theme::GRID);
    widgets::section(ui, "Asking");
    asking(page, ui);
    if let Some(error) = page.reader.error() {
        widgets::problem(ui, error);
    }
}

fn before(page: &mut LifePage, ui: &mut Ui, shared: &mut Shared) {
    let loaded = page.reader.loaded();
    let ancestors = loaded.and_then(|loaded| loaded.runs.first());
    let ancestors = ancestors.map(|run| run.ancestors.as_slice()).unwrap_or(&[]);
    let kept = page.chosen.before.as_ref();
    let text = match ancestors.first() {
        Some(first) => first.title.as_deref().unwrap_or(first.label()).to_owned(),
        // Without runs nothing else says what it was.
        None => kept
            .filter(|_| page.chosen.runs.is_empty())
            .map_or("Choose a run…".to_owned(), String::clone),
    };
    let lines: Vec<String> = ancestors
        .iter()
        .map(|ancestor| {
            let (energy, _) = ancestor.energy();
            let energy = energy.map_or("energy not known".to_owned(), |energy| {
                estimate(energy, "J")
            });
            let title = ancestor.title.as_deref().unwrap_or(ancestor.label());
            format!("{title} · {energy}")
        })
        .collect();
    let (button, chosen) = page.choosers[0].show(ui, shared, &text, "What was learnt before");
    button.on_hover_text(
        "The run that others started or learnt from. Choosing it proposes those, and runs from nothing to the same target.",
    );
    if let Some(chosen) = chosen {
        page.reader.look(shared, Part::Before, chosen.id);
    }
    for line in lines {
        widgets::caption(ui, line);
    }
    if let Some(note) = &page.reader.note {
        widgets::caption(ui, note);
    }
    offered(page, ui);
}

/// What was proposed, as long as it is what is chosen, and what else started from the same.
fn offered(page: &mut LifePage, ui: &mut Ui) {
    let Some(offer) = &page.offer else {
        return;
    };
    let chosen = &mut page.chosen;
    if let Some(note) = offer.note(&chosen.runs, &chosen.scratch) {
        widgets::caption(ui, note);
    }
    let is_chosen = |one: &&Proposal| one.runs == chosen.runs && one.scratch == chosen.scratch;
    let others: Vec<&Proposal> = offer
        .proposals
        .iter()
        .filter(|one| !is_chosen(one))
        .collect();
    if others.is_empty() {
        return;
    }
    widgets::caption(ui, format!("Started from {} too:", offer.name));
    let mut wanted = None;
    for other in others {
        let button = egui::Button::new(&other.about).truncate();
        let button = ui
            .add(button)
            .on_hover_text("Puts these in the place of the runs below");
        if button.clicked() {
            wanted = Some(other);
        }
    }
    if let Some(wanted) = wanted {
        chosen.propose(wanted);
    }
}

fn list(page: &mut LifePage, ui: &mut Ui, shared: &mut Shared, part: Part, hint: &str) {
    let (title, name, at) = match part {
        Part::Scratch => ("From nothing", "Add a run from nothing", 2),
        _ => ("The model", "Add a run of the model", 1),
    };
    ui.label(RichText::new(title).text_style(theme::strong()))
        .on_hover_text(hint);
    let loaded = page.reader.loaded();
    let known: &[RunDetails] = match (loaded, part) {
        (None, _) => &[],
        (Some(loaded), Part::Scratch) => &loaded.scratch,
        (Some(loaded), _) => &loaded.runs,
    };
    let chosen = match part {
        Part::Scratch => &page.chosen.scratch,
        _ => &page.chosen.runs,
    };
    let mut gone = None;
    for id in chosen {
        let details = known.iter().find(|run| run.run.id == *id);
        let is_gone = loaded.is_some_and(|loaded| loaded.gone.contains(id));
        if row(ui, shared, id, details, is_gone) {
            gone = Some(id.clone());
        }
    }
    if chosen.is_empty() {
        widgets::caption(ui, hint);
    }
    if let Some(id) = gone {
        let chosen = &mut page.chosen;
        let list = match part {
            Part::Scratch => &mut chosen.scratch,
            _ => &mut chosen.runs,
        };
        list.retain(|known| *known != id);
        page.reader.note = None;
    }
    let (button, added) = page.choosers[at].show(ui, shared, "Add a run…", name);
    button.on_hover_text("With it come the runs that differ from it only in their seed");
    if let Some(added) = added {
        page.reader.look(shared, part, added.id);
    }
}

/// A chosen run; whether it is to be taken out.
fn row(
    ui: &mut Ui,
    shared: &mut Shared,
    id: &str,
    details: Option<&RunDetails>,
    is_gone: bool,
) -> bool {
    let tokens = Tokens::in_ui(ui);
    let name = details
        .and_then(|details| details.run.name.as_deref())
        .unwrap_or(id);
    let about = match details {
        Some(details) => {
            let sum = sum_of_parts(&details.training).and_then(|sum| sum.figure.energy_j);
            let energy = sum.map_or("no energy".to_owned(), |energy| estimate(energy, "J"));
            let reached = match details.run.target_reached {
                Some(true) => " · reached its target",
                Some(false) => " · did not reach its target",
                None => " · no target",
            };
            format!("{energy} · seed {}{reached}", details.run.setup.seed)
        }
        None if is_gone => "not in the library any more".to_owned(),
        None => "reading".to_owned(),
    };
    let mut is_out = false;
    ui.horizontal(|ui| {
        let room = ui.available_width() - theme::CONTROL_HEIGHT - ui.spacing().item_spacing.x;
        ui.vertical(|ui| {
            ui.set_width(room);
            ui.spacing_mut().item_spacing.y = 0.0;
            let link = egui::Button::new(name)
                .frame_when_inactive(false)
                .truncate();
            let link = ui.add_enabled(details.is_some(), link);
            link.widget_info(|| {
                let text = format!("Show run {name}: {about}");
                egui::WidgetInfo::labeled(egui::Role::Button, details.is_some(), text)
            });
            if link.on_hover_text("Show it on the Runs page").clicked() {
                shared.ask(Action::ShowRun(id.to_owned()));
            }
            let colour = if is_gone { tokens.error } else { tokens.dim };
            ui.label(RichText::new(&about).small().color(colour));
        });
        is_out = small_button(ui, "−", &format!("Take {name} out"));
    });
    is_out
}

/// The record of `joulelab infer` that counts.
fn asking(page: &mut LifePage, ui: &mut Ui) {
    let loaded = page.reader.loaded();
    let Some(loaded) = loaded.filter(|loaded| !loaded.runs.is_empty()) else {
        widgets::caption(
            ui,
            "What a stored measurement of asking says, once runs are chosen.",
        );
        return;
    };
    let all: Vec<(&RunDetails, &Inference)> = loaded
        .runs
        .iter()
        .flat_map(|run| run.inferences.iter().map(move |one| (run, one)))
        .collect();
    if all.is_empty() {
        let text = "What asking takes was not measured: Cost of answers on the Runs page does it, for one of the model's runs. Serving is left \
                    out until then.";
        widgets::caption(ui, text);
        return;
    }
    let counted = inference(loaded, &page.chosen.asking);
    let text = match (&page.chosen.asking, counted) {
        (Asking::LeftOut, _) => "Left out".to_owned(),
        (_, Some((run, one))) => written(run, one),
        (_, None) => "Choose a record…".to_owned(),
    };
    let mut wanted = page.chosen.asking.clone();
    let combo = ComboBox::from_id_salt("life-asking")
        .width(ui.available_width())
        .truncate()
        .selected_text(text.clone());
    let response = combo.show_ui(ui, |ui| {
        ui.selectable_value(&mut wanted, Asking::LeftOut, "Left out");
        for (run, one) in all {
            let this = Asking::One {
                run: run.run.id.clone(),
                made_at: one.made_at.to_string(),
                batch_size: one.batch_size,
            };
            ui.selectable_value(&mut wanted, this, written(run, one));
        }
    });
    response.response.widget_info(|| {
        let mut info =
            egui::WidgetInfo::labeled(egui::Role::ComboBox, true, "Measurement of asking");
        info.current_text_value = Some(text.clone());
        info
    });
    page.chosen.asking = wanted;
}

fn written(run: &RunDetails, one: &Inference) -> String {
    let energy = one.energy_j.map_or("no energy".to_owned(), |energy| {
        format!("{} for 1,000", estimate(energy, "J"))
    });
    let name = run.run.name.as_deref().unwrap_or(&run.run.id);
    format!(
        "{} at once: {energy} · {name} · {}",
        count(one.batch_size),
        one.device
    )
}
