//! What stands beside the setup until this window has trained something.

use std::path::PathBuf;

use egui::{Label, RichText, Ui};

use crate::gui::commands::{Action, Command};
use crate::gui::jobs::{Lane, Slot};
use crate::gui::pages::run_chooser::Offered;
use crate::gui::state::Shared;
use crate::gui::theme;
use crate::gui::widgets;
use crate::library::Filter;

const FIRST: &str = "A small network learns to read handwritten digits in well under a minute. You will see its loss fall, and the \
                     watts and joules that this takes on your machine, with how well they are known.";

/// What a look into the library depends on.
type Asked = (u64, Option<PathBuf>);

/// A lesson for whom there is no run yet, and the newest run for everybody else.
#[derive(Default)]
pub struct Begin {
    asked: Option<Asked>,
    found: Option<Slot<Option<Offered>>>,
    /// What was found last; nothing until the library was looked into, so that nobody is taken for a newcomer.
    newest: Option<Option<Offered>>,
}

impl Begin {
    /// Draws it.
    pub fn show(&mut self, ui: &mut Ui, shared: &mut Shared) {
        self.follow(shared);
        match &self.newest {
            Some(Some(newest)) => another(ui, shared, newest),
            Some(None) => first(ui, shared),
            None => {}
        }
    }

    /// Looks for the newest run where the library is another than before.
    fn follow(&mut self, shared: &mut Shared) {
        if let Some(slot) = &self.found {
            match slot.get() {
                Some(found) => self.newest = Some(found.clone()),
                None if slot.is_lost() => self.newest = Some(None),
                None => return,
            }
        }
        let library_path = shared.library_path();
        let asked = (shared.library_revision, library_path.as_ref().ok().cloned());
        if self.asked.as_ref() == Some(&asked) {
            return;
        }
        self.asked = Some(asked);
        let filter = Filter {
            limit: Some(1),
            ..Filter::default()
        };
        let library = shared.library.clone();
        self.found = Some(shared.jobs.fetch(Lane::Library, move |_| {
            let listed =
                library_path.and_then(|path| library.with(&path, |it| it.listed(&filter, 0)));
            // A library that cannot be read is told of where its runs are shown.
            listed.ok()?.first().map(Offered::new)
        }));
    }
}

fn first(ui: &mut Ui, shared: &mut Shared) {
    let start = widgets::empty_state(ui, "Train the first network", FIRST, |ui| {
        let clicked = widgets::primary_button(ui, "Train it now").clicked();
        ui.add_space(theme::GRID);
        let hint = "The panel at the left changes what is trained, and how.";
        ui.add(Label::new(RichText::new(hint).small()).wrap());
        clicked
    });
    if start {
        shared.command(Command::Start);
    }
}

fn another(ui: &mut Ui, shared: &mut Shared, newest: &Offered) {
    let text = "The panel at the left says what is trained, and how. What it takes is shown here as it goes.";
    let show = widgets::empty_state(ui, "Train a network", text, |ui| {
        if widgets::primary_button(ui, "Train it now").clicked() {
            shared.command(Command::Start);
        }
        ui.add_space(2.0 * theme::GRID);
        let about = format!("The newest run: {} ({})", newest.name, newest.about);
        ui.add(Label::new(RichText::new(about).small()).wrap());
        ui.button("Show the newest run").clicked()
    });
    if show {
        shared.ask(Action::ShowRun(newest.id.clone()));
    }
}
