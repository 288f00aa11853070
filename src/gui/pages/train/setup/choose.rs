//! The choice of a dataset.

use egui::{ComboBox, Id, RichText, Ui};

use super::SetupPanel;
use super::model;
use crate::data;
use crate::gui::sets::{Sets, Shown};
use crate::gui::state::Shared;
use crate::gui::theme::Tokens;
use crate::gui::widgets;
use crate::setup::{Change, DatasetSetup, Setup};
use crate::units::bytes;

/// The sets in the order in which they are offered, by where they come from.
const GROUPS: [(&str, &[&str]); 4] = [
    ("Part of the program", &["digits", "breast-cancer"]),
    (
        "Made by the program",
        &["shapes", "modular-addition", "sequence-copy", "cartpole"],
    ),
    (
        "Published, to be downloaded once",
        &[
            "mnist",
            "fashion-mnist",
            "kmnist",
            "emnist",
            "cifar10",
            "cifar100",
        ],
    ),
    (
        "Files of yours",
        &["folder", "csv", "text", "text-csv", "idx"],
    ),
];

/// Name of a dataset for people.
pub fn title(name: &str) -> &str {
    match name {
        "digits" => "Handwritten digits",
        "breast-cancer" => "Breast cancer (table)",
        "shapes" => "Rendered shapes",
        "mnist" => "MNIST",
        "fashion-mnist" => "Fashion-MNIST",
        "kmnist" => "KMNIST",
        "emnist" => "EMNIST",
        "cifar10" => "CIFAR-10",
        "cifar100" => "CIFAR-100",
        "idx" => "MNIST-like (IDX)",
        "folder" => "Images in folders",
        "csv" => "Table (CSV)",
        "text" => "Text",
        "text-csv" => "Texts, classes (CSV)",
        "modular-addition" => "Modular addition",
        "sequence-copy" => "Copying sequences",
        "cartpole" => "CartPole",
        other => other,
    }
}

fn hint(name: &str) -> &str {
    match name {
        "digits" => "1,797 pictures of 8×8 pixels, shipped with the program; trains in seconds",
        "breast-cancer" => "569 tumours with 30 measured features each, shipped with the program",
        "shapes" => "Pictures painted by the program: as many, as large and as noisy as you like",
        "idx" => "MNIST, Fashion-MNIST and the like, from a folder of yours",
        "folder" => "PNG and JPEG images of yours, in a folder for each class",
        "csv" => "A table of yours with what is to be learnt in one of its columns",
        "text" => "A text of yours, whose next character is to be foretold",
        "text-csv" => "Texts of yours with their classes, in a table",
        "modular-addition" => {
            "Every sum of two numbers modulo a third; models may grasp it long after they know the examples"
        }
        "sequence-copy" => "Random symbols to be remembered and written again",
        "cartpole" => "A pole to balance on a cart, by trial and reward",
        other => data::registry::recipe(other).map_or("", |recipe| recipe.what.as_str()),
    }
}

impl SetupPanel {
    /// The row with the choice; another set brings the model that can learn from it.
    pub(super) fn choose_dataset(&mut self, ui: &mut Ui, setup: &mut Setup, shared: &mut Shared) {
        let before = setup.dataset.name();
        let mut name = before;
        super::strong_row(ui, "Dataset", "What is learnt from", |ui, label| {
            menu(ui, label, &mut name, &shared.sets);
        });
        self.use_dataset(name, setup, shared);
    }

    /// Puts the set called `name` into the setup, with the options that it had when it was last turned away from, and what
    /// follows from it for model and regime.
    pub(super) fn use_dataset(&mut self, name: &str, setup: &mut Setup, shared: &mut Shared) {
        let before = setup.dataset.name();
        if name == before {
            return;
        }
        let other = self.kept.datasets.get(name).cloned();
        let Some(other) = other.or_else(|| DatasetSetup::from_name(name).ok()) else {
            return;
        };
        self.adapt_regime(name, setup);
        self.kept.heads.turn(&mut setup.multitask, before, name);
        let kinds = [setup.dataset.sample_kind(), other.sample_kind()];
        let left = std::mem::replace(&mut setup.dataset, other);
        self.kept.datasets.insert(before, left);
        let mut told = Vec::new();
        if let Err(why) = model::suits(setup.model.kind(), kinds[1]) {
            self.use_model(kinds[1].default_model().kind(), setup);
            let now = model::title(setup.model.kind());
            told.push(format!("{why} The model is now: {now}."));
        }
        if kinds[0] != kinds[1]
            && name != "cartpole"
            && let Some(target) = setup.regime.stop.target.take()
        {
            told.push(format!(
                "The target of {target} was taken out, as it was one of another task."
            ));
        }
        if !told.is_empty() {
            shared.toasts.info(told.join(" "));
        }
    }

    /// The regime with what the set called `name` starts from, as the command line has it, and without what the set before
    /// started from.
    fn adapt_regime(&self, name: &str, setup: &mut Setup) {
        let mut change = Change::default();
        change.set("dataset.name", name);
        if let Ok(changed) = change.apply(setup) {
            setup.regime = changed.regime;
        }
    }
}

fn menu(ui: &mut Ui, label: Id, name: &mut &'static str, sets: &Sets) {
    let combo = ComboBox::from_id_salt("dataset.name")
        .width(ui.available_width())
        .height(560.0)
        .truncate();
    let response = combo.selected_text(title(name)).show_ui(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for (at, (group, names)) in GROUPS.into_iter().enumerate() {
            if at > 0 {
                ui.add_space(8.0);
            }
            widgets::caption(ui, group);
            for known in names {
                let of_setup = DatasetSetup::NAMES.into_iter().find(|name| name == known);
                if let Some(known) = of_setup {
                    item(ui, known, name, sets);
                }
            }
        }
    });
    response.response.labelled_by(label);
}

fn item(ui: &mut Ui, known: &'static str, name: &mut &'static str, sets: &Sets) {
    let is_chosen = *name == known;
    let tokens = Tokens::in_ui(ui);
    let note = note(known, sets);
    let mut button = egui::Button::selectable(is_chosen, title(known));
    let mut said = title(known).to_owned();
    if let Some(note) = &note {
        button = button.right_text(RichText::new(note).small().color(tokens.dim));
        said = format!("{said}, {note}");
    }
    let response = ui.add(button);
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, is_chosen, &said));
    if response.on_hover_text(hint(known)).clicked() {
        *name = known;
    }
}

/// Where a set that can be downloaded is.
fn note(name: &str, sets: &Sets) -> Option<String> {
    let size = || {
        sets.recipe(name)
            .map(|recipe| bytes(recipe.download_bytes()))
    };
    Some(match sets.shown(name) {
        Shown::Here => {
            sets.recipe(name)?;
            "on the disk".to_owned()
        }
        Shown::Unknown => return None,
        Shown::Unreadable(_) => "cannot be looked for".to_owned(),
        Shown::Missing(_, data::State::Begun(_), _) => format!("begun, {}", size()?),
        Shown::Missing(_, data::State::Damaged, _) => "not whole".to_owned(),
        Shown::Missing(..) => format!("not downloaded, {}", size()?),
        Shown::OnItsWay(..) => "being downloaded".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_is_offered_once_with_a_name_and_a_hint() {
        let offered: Vec<&str> = GROUPS
            .iter()
            .flat_map(|(_, names)| names.iter().copied())
            .collect();
        for name in DatasetSetup::NAMES {
            assert_eq!(
                offered.iter().filter(|known| **known == name).count(),
                1,
                "{name}"
            );
            assert_ne!(title(name), name);
            assert!(!hint(name).is_empty(), "{name}");
        }
        assert_eq!(offered.len(), DatasetSetup::NAMES.len());
    }
}
