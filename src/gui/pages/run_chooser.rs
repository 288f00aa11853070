//! A choice among the runs of the library, with a search.

use egui::{
    Button, Key, Label, Popup, PopupCloseBehavior, Response, RichText, Role, ScrollArea, Ui,
    WidgetInfo,
};

use crate::gui::jobs::{Lane, Slot};
use crate::gui::state::Shared;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::library::{Filter, ListedRun, Status, sum_of_parts};
use crate::units::estimate;

/// Runs that are listed at once; more are found by the search.
const SHOWN_MAX: u64 = 100;

/// A run that can be chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Offered {
    /// Its identifier.
    pub id: String,
    /// Its name, or its identifier where it has none.
    pub name: String,
    /// Dataset, model, energy, how it ended.
    pub about: String,
    /// Runs with the same differ only in their seed.
    pub group_hash: String,
}

impl Offered {
    /// Of a run of a list.
    pub fn new(listed: &ListedRun) -> Self {
        let run = &listed.run;
        let energy = sum_of_parts(&listed.training).and_then(|sum| sum.figure.energy_j);
        let mut about = vec![run.setup.dataset.clone(), run.setup.model.clone()];
        about.extend(energy.map(|energy| estimate(energy, "J")));
        about.push(format!("seed {}", run.setup.seed));
        match (run.status, run.target_reached) {
            (Status::Completed, Some(true)) => about.push("reached its target".to_owned()),
            (Status::Completed, Some(false)) => about.push("did not reach its target".to_owned()),
            (Status::Completed, None) => {}
            (status, _) => about.push(status.to_string()),
        }
        Self {
            id: run.id.clone(),
            name: run.name.clone().unwrap_or_else(|| run.id.clone()),
            about: about.join(" · "),
            group_hash: run.setup.group_hash.clone(),
        }
    }
}

/// What a search was for: the words, and the state of the library.
type Asked = (String, u64);

/// The button and the list that it opens.
#[derive(Default)]
pub struct RunChooser {
    typed: String,
    asked: Option<Asked>,
    found: Option<Slot<Result<Vec<Offered>, String>>>,
    /// The last list that came round: it stays until the next has.
    shown: Vec<Offered>,
    was_open: bool,
}

impl RunChooser {
    /// Draws a button with `text` on it that is called `name`; the run that was chosen now.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        shared: &mut Shared,
        text: &str,
        name: &str,
    ) -> (Response, Option<Offered>) {
        let width = ui.available_width();
        let button = ui.add_sized([width, theme::CONTROL_HEIGHT], Button::new(text).truncate());
        button.widget_info(|| {
            let mut info = WidgetInfo::labeled(Role::Button, true, name);
            info.current_text_value = Some(text.to_owned());
            info
        });
        let mut chosen = None;
        let open = Popup::menu(&button)
            .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
            .show(|ui| chosen = self.list(ui, shared, name));
        self.was_open = open.is_some();
        if chosen.is_some() {
            self.typed.clear();
        }
        (button, chosen)
    }

    fn list(&mut self, ui: &mut Ui, shared: &mut Shared, name: &str) -> Option<Offered> {
        ui.set_width(440.0_f32.min(ui.ctx().content_rect().width() - 48.0));
        let hint = "Name, dataset, model, device, note";
        let field = widgets::search_field(ui, &mut self.typed, hint).accessible_name("Find a run");
        if !self.was_open {
            field.request_focus();
        }
        self.follow(shared);
        let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        let mut chosen = self.shown.first().filter(|_| is_entered).cloned();
        match self.found.as_ref().and_then(Slot::get) {
            Some(Err(error)) => widgets::problem(ui, error),
            Some(Ok(found)) if found.is_empty() => {
                ui.add(Label::new("No run of the library is called that").wrap());
            }
            _ => {}
        }
        let height = (ui.ctx().content_rect().height() * 0.5).clamp(100.0, 320.0);
        ScrollArea::vertical()
            .id_salt(name)
            .max_height(height)
            // The list comes round after the popup was measured, and makes it grow.
            .min_scrolled_height(height)
            .auto_shrink([false, true])
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                for offered in &self.shown {
                    if row(ui, offered) {
                        chosen = Some(offered.clone());
                    }
                }
            });
        if chosen.is_some() {
            ui.close();
        }
        chosen
    }

    /// Asks the library where the words or its runs are others than before.
    fn follow(&mut self, shared: &mut Shared) {
        if let Some(Ok(found)) = self.found.as_ref().and_then(Slot::get)
            && self.shown != *found
        {
            self.shown.clone_from(found);
        }
        let asked = (self.typed.trim().to_owned(), shared.library_revision);
        let is_asking = |found: &Slot<_>| found.get().is_none() && !found.is_lost();
        if self.asked.as_ref() == Some(&asked) || self.found.as_ref().is_some_and(is_asking) {
            return;
        }
        let filter = Filter {
            text: Some(asked.0.clone()).filter(|text| !text.is_empty()),
            limit: Some(SHOWN_MAX),
            ..Filter::default()
        };
        self.asked = Some(asked);
        let (library, path) = (shared.library.clone(), shared.library_path());
        self.found = Some(shared.jobs.fetch(Lane::Library, move |_| {
            let listed =
                path.and_then(|path| library.with(&path, |library| library.listed(&filter, 0)));
            let offered = |listed: Vec<ListedRun>| listed.iter().map(Offered::new).collect();
            listed.map(offered).map_err(|error| error.to_string())
        }));
    }
}

fn row(ui: &mut Ui, offered: &Offered) -> bool {
    let tokens = Tokens::in_ui(ui);
    let mut text = egui::text::LayoutJob::default();
    let format = |size, colour| egui::TextFormat::simple(egui::FontId::proportional(size), colour);
    text.append(&offered.name, 0.0, format(theme::BODY, tokens.text));
    text.append("\n", 0.0, format(theme::BODY, tokens.text));
    text.append(&offered.about, 0.0, format(theme::CAPTION, tokens.dim));
    let response = ui.add(Button::new(text).frame_when_inactive(false).wrap());
    response.widget_info(|| {
        let name = format!("Run {}: {}", offered.name, offered.about);
        WidgetInfo::labeled(Role::Button, true, name)
    });
    response
        .on_hover_text(RichText::new(format!("{} · {}", offered.id, offered.about)))
        .clicked()
}
