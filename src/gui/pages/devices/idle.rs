use egui::{DragValue, Grid, ProgressBar, RichText, Ui};

use super::{DevicesPage, mono};
use crate::gui::state::Shared;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::protocol::{Device, IdlePower, Source, SourceStatus};
use crate::units::{duration, estimate};

/// How long idle power is measured for, as for a run's baseline.
const SECONDS: f64 = 5.0;

/// The measurement of idle power that goes on, and how long the next one takes.
pub struct Idle {
    duration_s: f64,
    /// For how long it is measured now.
    wanted: Option<f64>,
    at_s: f64,
}

impl Default for Idle {
    fn default() -> Self {
        Self {
            duration_s: SECONDS,
            wanted: None,
            at_s: 0.0,
        }
    }
}

impl Idle {
    /// For how long it is measured now, where it is.
    pub fn wanted(&self) -> Option<f64> {
        self.wanted
    }

    /// Ends it.
    pub fn cancel(&mut self) {
        self.wanted = None;
        self.at_s = 0.0;
    }

    /// It has been measured for so long.
    pub fn has_come_to(&mut self, t_s: f64) {
        self.at_s = t_s;
    }
}

/// Idle power that was measured.
pub struct Measured {
    at: jiff::Zoned,
    duration_s: f64,
    power: Vec<IdlePower>,
}

impl Measured {
    /// Just now, over so many seconds.
    pub fn now(duration_s: f64, power: Vec<IdlePower>) -> Self {
        Self {
            at: jiff::Zoned::now(),
            duration_s,
            power,
        }
    }
}

impl DevicesPage {
    /// Measures the power of the idle machine, and shows what came of it.
    pub(super) fn idle_power(&mut self, ui: &mut Ui, shared: &Shared, device: &Device) {
        widgets::caption(
            ui,
            "What the machine draws while it does nothing, by the meters above. Close other programs first. A run measures its \
             own before it trains; this one is for looking.",
        );
        let is_training = shared.is_busy();
        ui.horizontal(|ui| {
            if self.idle.wanted.is_some() {
                if ui.button("Cancel").clicked() {
                    self.idle.cancel();
                }
                self.progress(ui);
                return;
            }
            let can_measure = !is_training && self.error.is_none();
            ui.add_enabled_ui(can_measure, |ui| {
                let button = ui
                    .button("Measure idle power")
                    .on_hover_text("Reads every meter that is used for this device")
                    .on_disabled_hover_text(if is_training {
                        "A run goes on: the machine is not idle"
                    } else {
                        "The meters do not answer"
                    });
                if button.clicked() {
                    self.idle.wanted = Some(self.idle.duration_s);
                    self.idle.at_s = 0.0;
                }
                ui.label("for");
                let seconds = DragValue::new(&mut self.idle.duration_s)
                    .range(1.0..=3600.0)
                    .speed(0.2)
                    .max_decimals(1)
                    .suffix(" s");
                ui.add(seconds)
                    .accessible_name("Seconds of idle power")
                    .on_hover_text("1 to 3600 seconds; longer gives a narrower interval");
            });
        });
        if let Some(measured) = self.measured.get(&device.identity) {
            let sources = self.found.sources.as_deref().unwrap_or_default();
            results(ui, measured, sources);
        }
    }

    fn progress(&self, ui: &mut Ui) {
        let Some(duration_s) = self.idle.wanted else {
            return;
        };
        let share = (self.idle.at_s / duration_s).clamp(0.0, 1.0) as f32;
        let bar = ProgressBar::new(share)
            .desired_width(160.0)
            .desired_height(2.0 * theme::GRID)
            .fill(Tokens::in_ui(ui).accent);
        ui.add(bar).accessible_name("Idle power");
        ui.label(match self.idle.at_s {
            at_s if at_s > 0.0 => format!(
                "{} of {}",
                duration(at_s.min(duration_s)),
                duration(duration_s)
            ),
            _ => "Trying every meter…".to_owned(),
        });
    }
}

fn results(ui: &mut Ui, measured: &Measured, sources: &[Source]) {
    let tokens = Tokens::in_ui(ui);
    // Rows of text, not of controls.
    ui.spacing_mut().interact_size.y = 0.0;
    Grid::new("idle-power")
        .num_columns(3)
        .spacing([6.0 * theme::GRID, theme::GRID])
        .show(ui, |ui| {
            for idle in &measured.power {
                ui.label(mono(&idle.meter));
                ui.label(mono(&estimate(idle.power_w, "W")));
                let text = format!("{} · grade {}", idle.boundary, idle.grade);
                ui.label(RichText::new(text).color(tokens.dim))
                    .on_hover_text(format!("Grade {}: {}", idle.grade, idle.grade.meaning()));
                ui.end_row();
            }
            let is_silent = |source: &&Source| {
                matches!(source.status, SourceStatus::Used | SourceStatus::CrossCheck)
                    && !measured.power.iter().any(|idle| idle.meter == source.id)
            };
            for source in sources.iter().filter(is_silent) {
                ui.label(mono(&source.id));
                ui.label("no reading");
                ui.end_row();
            }
        });
    if measured.power.is_empty() {
        ui.label("No meter gave a reading.");
    }
    widgets::caption(
        ui,
        format!(
            "Measured at {} over {}. The interval contains the meter's own error and how far the power wandered.",
            measured.at.strftime("%H:%M:%S"),
            duration(measured.duration_s)
        ),
    );
}
