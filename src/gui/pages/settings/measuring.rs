use egui::{DragValue, TextEdit, Ui};

use super::field;
use crate::gui::state::Shared;
use crate::gui::theme;
use crate::gui::widgets;
use crate::setup::{MeasureSetup, Setup};
use crate::units::significant;

/// Points of a field for a power.
const POWER_WIDTH: f32 = 88.0;
/// Points of such a field with its name and unit.
const POWER_FIELD_WIDTH: f32 = 150.0;

/// How runs that are set up from now on are measured.
pub fn show(ui: &mut Ui, shared: &mut Shared) {
    let measure = &mut shared.preferences.setup.measure;
    field(
        ui,
        "Sampling rate",
        "How often each meter is read during a run",
        |ui, label| {
            let rate = DragValue::new(&mut measure.rate_hz)
                .range(1.0..=100.0)
                .speed(0.2)
                .max_decimals(1)
                .suffix(" Hz");
            ui.add(rate).labelled_by(label);
        },
    );
    widgets::caption(
        ui,
        "Of setups from now on, 1 to 100 Hz. Energy counters need no more than 10 Hz; polled power follows quick changes \
         better with more, and reading takes processor time.",
    );
}

/// A power that the user knows better than the tables do.
struct Power {
    name: &'static str,
    /// Of the field in a setup.
    path: &'static str,
    hint: &'static str,
    of: fn(&mut MeasureSetup) -> &mut Option<f64>,
}

const POWERS: [Power; 4] = [
    Power {
        name: "CPU at full load",
        path: "measure.cpu_tdp_w",
        hint: "Of all processors together; for the load model, where no counter of the processor answers",
        of: |measure| &mut measure.cpu_tdp_w,
    },
    Power {
        name: "CPU idle",
        path: "measure.cpu_idle_w",
        hint: "Of all processors together, as measured on this machine; with the power at full load it makes the model grade D",
        of: |measure| &mut measure.cpu_idle_w,
    },
    Power {
        name: "GPU at full load",
        path: "measure.gpu_board_w",
        hint: "Of the whole board; for the load model, where the card has no sensor",
        of: |measure| &mut measure.gpu_board_w,
    },
    Power {
        name: "GPU idle",
        path: "measure.gpu_idle_w",
        hint: "Of the whole board, as measured on this machine; with the power at full load it makes the model grade D",
        of: |measure| &mut measure.gpu_idle_w,
    },
];

/// What is typed into a field.
#[derive(Default)]
struct Typed {
    text: String,
    /// What is wrong with it.
    problem: Option<String>,
    is_edited: bool,
}

/// Powers that the user knows better than the tables do.
#[derive(Default)]
pub struct Powers([Typed; POWERS.len()]);

impl Powers {
    /// Shows a field for each.
    pub fn show(&mut self, ui: &mut Ui, measure: &mut MeasureSetup) {
        widgets::caption(
            ui,
            "Only for models, where no meter answers; empty where a value from the tables is to be used.",
        );
        for (pair, typed) in POWERS.chunks(2).zip(self.0.chunks_mut(2)) {
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = 4.0 * theme::GRID;
                for (power, typed) in pair.iter().zip(typed) {
                    ui.vertical(|ui| {
                        ui.set_width(POWER_FIELD_WIDTH);
                        typed.show(ui, power, measure);
                    });
                }
            });
        }
    }
}

impl Typed {
    fn show(&mut self, ui: &mut Ui, power: &Power, measure: &mut MeasureSetup) {
        if !self.is_edited {
            let value = *(power.of)(measure);
            self.text = value.map(|watts| significant(watts, 4)).unwrap_or_default();
        }
        field(ui, power.name, power.hint, |ui, label| {
            ui.horizontal(|ui| {
                let edit = TextEdit::singleline(&mut self.text)
                    .desired_width(POWER_WIDTH)
                    .hint_text("tables")
                    .clip_text(true);
                let edit = ui.add(edit).labelled_by(label).on_hover_text(power.hint);
                ui.label("W");
                if edit.changed() {
                    self.is_edited = true;
                    self.problem = take(power, &self.text, measure).err();
                }
                // What cannot be stays to be mended; what can is written as it was understood.
                if !edit.has_focus() && self.problem.is_none() {
                    self.is_edited = false;
                }
            });
            if let Some(problem) = &self.problem {
                widgets::problem(ui, problem);
            }
        });
    }
}

/// Puts what was typed into the setup, where it can be.
fn take(power: &Power, text: &str, measure: &mut MeasureSetup) -> Result<(), String> {
    let text = text.trim().trim_end_matches(['W', 'w']).trim_end();
    let watts = match text {
        "" => None,
        text => Some(
            text.parse::<f64>()
                .map_err(|_| format!("`{text}` is no number; watts, such as 65"))?,
        ),
    };
    let mut candidate = measure.clone();
    *(power.of)(&mut candidate) = watts;
    let setup = Setup {
        measure: candidate.clone(),
        ..Setup::default()
    };
    if let Err(problems) = setup.validate() {
        let own = problems
            .0
            .iter()
            .find(|problem| problem.field == power.path);
        return Err(match own.or(problems.0.first()) {
            Some(problem) if problem.field == power.path => format!("Allowed: {}", problem.allowed),
            Some(problem) => format!("With this, {problem}"),
            None => "Not possible".to_owned(),
        });
    }
    *measure = candidate;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_power_that_can_be_is_taken() {
        let mut measure = MeasureSetup::default();
        let [full, idle, ..] = &POWERS;
        assert_eq!(take(full, " 65 W ", &mut measure), Ok(()));
        assert_eq!(measure.cpu_tdp_w, Some(65.0));
        for wrong in ["-1", "0", "many", "inf", "NaN", "20000"] {
            assert!(take(full, wrong, &mut measure).is_err(), "{wrong}");
        }
        let error = take(idle, "70", &mut measure).expect_err("more than at full load");
        assert!(error.contains("65"), "{error}");
        assert_eq!(measure.cpu_idle_w, None);
        assert_eq!(take(full, "", &mut measure), Ok(()));
        assert_eq!(measure.cpu_tdp_w, None);
    }
}
