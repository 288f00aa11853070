use egui::{ComboBox, DragValue, Id, Key, PopupCloseBehavior, ScrollArea, Ui};

use super::field;
use crate::analysis::{countries, lookup};
use crate::gui::theme;
use crate::gui::widgets;
use crate::setup::MeasureSetup;
use crate::units::significant;

/// Points of the list of countries.
const WIDTH: f32 = 260.0;
/// Points of the part of the list that is seen at once.
const LIST_HEIGHT: f32 = 260.0;
const WORLD: &str = "World mean";

/// Choice of the country, by searching.
#[derive(Default)]
pub struct CountryField {
    typed: String,
    was_open: bool,
}

impl CountryField {
    /// Shows where the electricity comes from, and what the site adds.
    pub fn show(&mut self, ui: &mut Ui, measure: &mut MeasureSetup) {
        let intensity = lookup(measure.country.as_deref());
        let name = match &intensity {
            Ok(known) => known.country.clone().unwrap_or_else(|| WORLD.to_owned()),
            Err(_) => measure.country.clone().unwrap_or_default(),
        };
        field(
            ui,
            "Country",
            "Whose electricity the machine runs on",
            |ui, label| {
                self.choose(ui, name, &mut measure.country, label);
            },
        );
        match &intensity {
            Ok(known) => {
                let year = known
                    .year
                    .map(|year| format!(", {year}"))
                    .unwrap_or_default();
                widgets::caption(
                    ui,
                    format!(
                        "{} g CO₂e/kWh{year}. {}.",
                        significant(known.g_per_kwh, 3),
                        capital(&known.source)
                    ),
                );
            }
            Err(error) => widgets::problem(ui, &capital(&error.to_string())),
        }
        field(
            ui,
            "PUE",
            "Power usage effectiveness: what the site draws for each watt of the machine, cooling and supply included",
            |ui, label| {
                let pue = DragValue::new(&mut measure.pue)
                    .range(1.0..=10.0)
                    .speed(0.01)
                    .min_decimals(2)
                    .max_decimals(3);
                ui.add(pue).labelled_by(label);
            },
        );
        widgets::caption(
            ui,
            "1 at a desk; a data centre publishes its own, 1.1 to 1.6 as a rule. Carbon = energy × PUE × intensity.",
        );
    }

    /// The choice alone, with `name` on it, labelled by `label`.
    pub fn choose(&mut self, ui: &mut Ui, name: String, country: &mut Option<String>, label: Id) {
        let combo = ComboBox::from_id_salt("country")
            .width(WIDTH.min(ui.available_width()))
            .height(LIST_HEIGHT + 80.0)
            .truncate()
            .selected_text(name)
            .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
            .show_ui(ui, |ui| self.list(ui, country));
        self.was_open = combo.inner.is_some();
        combo.response.labelled_by(label);
    }

    fn list(&mut self, ui: &mut Ui, country: &mut Option<String>) {
        ui.set_min_width(WIDTH);
        let name = "Find a country";
        let search = widgets::search_field(ui, &mut self.typed, name).accessible_name(name);
        if !self.was_open {
            self.typed.clear();
            search.request_focus();
        }
        let found = matching(&self.typed);
        let is_entered = search.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        let mut chosen = found.first().copied().filter(|_| is_entered);
        ScrollArea::vertical()
            .max_height(LIST_HEIGHT)
            .auto_shrink([false, true])
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = theme::GRID;
                for (code, name) in &found {
                    let is_current = country.as_deref() == *code;
                    let row = ui.selectable_label(is_current, *name);
                    if is_current && !self.was_open {
                        row.scroll_to_me(Some(egui::Align::Center));
                    }
                    if row.clicked() {
                        chosen = Some((*code, *name));
                    }
                }
                if found.is_empty() {
                    widgets::caption(ui, "No country with a figure is called that");
                }
            });
        if let Some((code, _)) = chosen {
            *country = code.map(str::to_owned);
            ui.close();
        }
    }
}

/// The world and the countries whose name contains what was typed, or whose code it is.
fn matching(typed: &str) -> Vec<(Option<&'static str>, &'static str)> {
    let typed = typed.trim().to_lowercase();
    let world = std::iter::once((None, WORLD));
    let known = countries().iter().map(|(code, name)| (Some(*code), *name));
    world
        .chain(known)
        .filter(|(code, name)| {
            name.to_lowercase().contains(&typed)
                || code.is_some_and(|code| code.eq_ignore_ascii_case(&typed))
        })
        .collect()
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_found_by_part_of_its_name_or_its_code() {
        assert_eq!(matching("")[0], (None, WORLD));
        assert_eq!(matching("DEU"), [(Some("DEU"), "Germany")]);
        assert!(matching("german").contains(&(Some("DEU"), "Germany")));
        assert!(matching("atlantis").is_empty());
    }
}
