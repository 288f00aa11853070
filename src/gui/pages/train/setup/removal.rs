//! A downloaded set that is not needed any more: how much room it takes, and the question before it is removed.

use egui::{Align, Button, Id, Layout, Ui};

use crate::data::State;
use crate::gui::state::Shared;
use crate::gui::theme;
use crate::gui::widgets;
use crate::units::bytes;

/// The question whether a set is to be removed, while it is asked.
#[derive(Default)]
pub struct Removal {
    asked: Option<&'static str>,
}

impl Removal {
    /// What lies on the disk of the set called `name`, with the button that removes it; nothing where nothing does.
    pub fn show(&mut self, ui: &mut Ui, shared: &mut Shared, name: &'static str) {
        let Some(state) = shared.sets.on_disk(name) else {
            return self.asked = None;
        };
        let (size, label) = match state {
            State::Absent => return self.asked = None,
            State::Here(size) => (format!("{} on the disk", bytes(size)), "Remove…"),
            State::Begun(done) => (
                format!("{} on the disk, not all of it", bytes(done)),
                "Remove what is here…",
            ),
            State::Damaged => ("Parts of it on the disk".to_owned(), "Remove what is here…"),
        };
        let is_training = shared.is_training();
        ui.horizontal(|ui| {
            widgets::caption(ui, size);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let button = ui
                    .add_enabled(!is_training, Button::new(label))
                    .on_hover_text("Removes the files of the set from this machine, once you have said so again")
                    .on_disabled_hover_text("A run goes on, which may be reading it");
                if button.clicked() {
                    self.asked = Some(name);
                }
            });
        });
        if self.asked == Some(name) {
            self.ask(ui, shared, name);
        }
    }

    fn ask(&mut self, ui: &mut Ui, shared: &mut Shared, name: &'static str) {
        let Some(recipe) = shared.sets.recipe(name) else {
            return;
        };
        let title = recipe.title.clone();
        let place = match shared.sets.store().folder(recipe) {
            Ok(folder) => folder.display().to_string(),
            Err(error) => error.to_string(),
        };
        let again = bytes(recipe.download_bytes());
        let modal = widgets::dialog(ui, Id::unique("remove a set"));
        let shown = modal.show(ui.ctx(), |ui| {
            ui.set_width(420.0);
            ui.heading(format!("Remove {title} from this machine?"));
            ui.add_space(theme::GRID);
            ui.label(format!(
                "Its files are deleted. Runs and what they measured are kept. To train on it again, {again} are to be \
                 downloaded."
            ));
            widgets::caption(ui, place);
            ui.add_space(3.0 * theme::GRID);
            ui.horizontal(|ui| {
                if widgets::primary_button(ui, "Remove").clicked() {
                    self.asked = None;
                    shared.remove_set(name);
                }
                if ui.button("Keep").clicked() {
                    self.asked = None;
                }
            });
        });
        if shown.should_close() {
            self.asked = None;
        }
    }
}
