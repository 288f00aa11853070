//! The cells as buttons, or as one area: what they are called, what is said of each, which was chosen.

use egui::{
    EventFilter, Key, Pos2, Rect, Response, RichText, Role, Sense, Stroke, StrokeKind, Ui,
    WidgetInfo,
};

use super::marks::words;
use super::plan::Plan;
use crate::gui::pages::sweep::stored::Read;
use crate::gui::preferences::EnergyUnit;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{self, written_energy};
use crate::library::TrialRecord;
use crate::units::{count, duration};

/// The cells as the pointer and the keyboard find them.
pub(super) struct Cells<'a> {
    pub(super) read: &'a Read,
    pub(super) places: &'a [usize],
    pub(super) plan: Plan,
    pub(super) origin: Pos2,
    pub(super) unit: EnergyUnit,
}

impl Cells<'_> {
    fn trial(&self, at: usize) -> (&TrialRecord, &str) {
        let trial = self.places[at];
        (&self.read.trials[trial], &self.read.labels[trial])
    }

    /// What a cell says in a line.
    fn name(&self, at: usize) -> String {
        let (trial, label) = self.trial(at);
        let mut text = format!(
            "Trial {}: {label}, seed {}: {}",
            trial.number,
            trial.seed,
            words(trial.status)
        );
        if let Some(energy) = trial.result.as_ref().and_then(|result| result.energy_j) {
            text.push_str(&format!(", {}", written_energy(energy, self.unit)));
        }
        text
    }

    fn hover(&self, ui: &mut Ui, at: usize) {
        let (trial, label) = self.trial(at);
        ui.set_max_width(360.0);
        ui.label(RichText::new(label).text_style(theme::strong()));
        let rung = match trial.rung {
            0 => String::new(),
            rung => format!(", rung {}", rung + 1),
        };
        ui.label(format!(
            "Trial {}, seed {}{rung}: {}",
            trial.number,
            trial.seed,
            words(trial.status)
        ));
        if let Some(result) = &trial.result {
            match result.energy_j {
                Some(energy) => {
                    let simulated = if result.simulated { ", simulated" } else { "" };
                    let grade = result.grade.map_or_else(String::new, |grade| {
                        format!(" · grade {grade}: {}", grade.meaning())
                    });
                    ui.label(format!(
                        "{}{simulated}{grade}",
                        written_energy(energy, self.unit)
                    ));
                }
                None => {
                    ui.label("No energy was measured");
                }
            }
            if let Some(value) = result.value {
                let text = format!(
                    "{} after {}",
                    result.metric.format_named(value),
                    duration(result.time_s)
                );
                ui.label(text);
            }
        }
        if let Some(cooled) = trial
            .cool_down
            .as_ref()
            .filter(|cooled| cooled.waited_s > 0.0)
        {
            ui.label(format!(
                "Paused {} before it: {}",
                duration(cooled.waited_s),
                cooled.text
            ));
        }
        if let Some(reason) = &trial.reason {
            ui.label(reason);
        }
        if trial.run_id.is_some() {
            widgets::caption(ui, "Click to show its run.");
        }
    }

    /// Each cell is a button.
    pub(super) fn buttons(&self, ui: &mut Ui) -> Option<String> {
        let mut chosen = None;
        let id = ui.scope_id().with("sweep-trials");
        for at in 0..self.places.len() {
            let rect = self.plan.cell(self.origin, at);
            let (trial, _) = self.trial(at);
            let response = ui.interact(rect, id.with(trial.number), Sense::click());
            response.widget_info(|| WidgetInfo::labeled(Role::Button, true, self.name(at)));
            self.rim(ui, &response, at);
            if response.clicked() {
                chosen = trial.run_id.clone();
            }
            if response.gained_focus() {
                response.scroll_to_me(None);
            }
            response.on_hover_ui(|ui| self.hover(ui, at));
        }
        chosen
    }

    /// One area for all cells: the pointer and the arrow keys choose among them.
    pub(super) fn one_area(&self, ui: &mut Ui, rect: Rect, cursor: &mut usize) -> Option<String> {
        let response = ui.interact(rect, ui.scope_id().with("sweep-trials"), Sense::click());
        let last = self.places.len() - 1;
        let under = response.hover_pos().and_then(|at| {
            let at = (at - self.origin) / self.plan.side;
            let cell = at.y as usize * self.plan.columns + at.x as usize;
            (cell <= last).then_some(cell)
        });
        let has_focus = response.has_focus();
        if has_focus {
            let filter = EventFilter {
                horizontal_arrows: true,
                vertical_arrows: true,
                ..EventFilter::default()
            };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
            for (key, by) in [
                (Key::ArrowRight, 1),
                (Key::ArrowLeft, -1),
                (Key::ArrowDown, self.plan.columns as isize),
                (Key::ArrowUp, -(self.plan.columns as isize)),
            ] {
                if ui.input(|input| input.key_pressed(key)) {
                    *cursor = cursor.saturating_add_signed(by).min(last);
                }
            }
        }
        response.widget_info(|| {
            let name = match has_focus {
                true => self.name(*cursor),
                false => format!("{} trials: arrow keys choose one", count(last as u64 + 1)),
            };
            WidgetInfo::labeled(Role::Button, true, name)
        });
        if has_focus {
            self.rim(ui, &response, *cursor);
        }
        if let Some(at) = under {
            let tokens = Tokens::in_ui(ui);
            let rect = self.plan.cell(self.origin, at).expand(1.0);
            let stroke = Stroke::new(1.5, tokens.text);
            ui.painter()
                .rect_stroke(rect, 1.0, stroke, StrokeKind::Outside);
        }
        let clicked = response.clicked();
        if let Some(at) = under {
            response.on_hover_ui_at_pointer(|ui| self.hover(ui, at));
        }
        let at = clicked.then(|| under.unwrap_or(*cursor))?;
        self.trial(at).0.run_id.clone()
    }

    fn rim(&self, ui: &Ui, response: &Response, at: usize) {
        let tokens = Tokens::in_ui(ui);
        let colour = match (response.has_focus(), response.hovered()) {
            (true, _) => tokens.accent_text,
            (false, true) => tokens.text,
            (false, false) => return,
        };
        let rect = self.plan.cell(self.origin, at);
        let stroke = Stroke::new(2.0, colour);
        ui.painter()
            .rect_stroke(rect, 2.0, stroke, StrokeKind::Outside);
    }
}
