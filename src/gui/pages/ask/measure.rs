//! Measuring what answers cost.

use egui::{DragValue, ProgressBar, ScrollArea, TextEdit, Ui};

use super::measured::{Measured, latest, results};
use crate::control::{InferPlan, each_once};
use crate::gui::jobs::{Lane, Slot};
use crate::gui::pages::train::setup::form::sentence;
use crate::gui::state::Shared;
use crate::gui::theme;
use crate::gui::widgets;
use crate::library::LibraryError;

/// Runs whose figures are shown beside each other.
const RUNS_MAX: usize = 6;

/// The view; keeps what was typed in and read.
pub struct Costs {
    sizes: String,
    window_s: f64,
    warm_up_s: f64,
    interval_percent: f64,
    windows: usize,
    /// Of which runs, at which state of the library.
    of: (Vec<String>, u64),
    reading: Option<Slot<Result<Vec<Measured>, String>>>,
    read: Option<Result<Vec<Measured>, String>>,
}

impl Default for Costs {
    fn default() -> Self {
        Self {
            sizes: "1, 32, 256".to_owned(),
            window_s: 2.0,
            warm_up_s: 1.0,
            interval_percent: 2.0,
            windows: 20,
            of: (Vec::new(), 0),
            reading: None,
            read: None,
        }
    }
}

impl Costs {
    /// Draws the view for runs with these identifiers.
    pub fn show(&mut self, ui: &mut Ui, shared: &mut Shared, ids: &[String]) {
        if ids.is_empty() {
            widgets::caption(
                ui,
                "Choose a run in the table to measure what its answers cost, or several to compare them.",
            );
            return;
        }
        self.read(shared, ids);
        ScrollArea::vertical()
            .id_salt("answers-cost")
            .auto_shrink(false)
            .show(ui, |ui| {
                ui.set_max_width(ui.available_width() - 2.0 * theme::GRID);
                self.measure(ui, shared, ids);
                ui.add_space(3.0 * theme::GRID);
                match &self.read {
                    None => {
                        widgets::caption(ui, "Reading the runs");
                    }
                    Some(Err(why)) => widgets::problem(ui, &sentence(why)),
                    Some(Ok(measured)) => results(ui, shared, measured),
                }
                if ids.len() > RUNS_MAX {
                    let text = format!(
                        "Of {} chosen runs the first {RUNS_MAX} are shown.",
                        ids.len()
                    );
                    widgets::caption(ui, text);
                }
            });
    }

    fn read(&mut self, shared: &mut Shared, ids: &[String]) {
        if let Some(slot) = &self.reading
            && (slot.get().is_some() || slot.is_lost())
        {
            self.read = slot.get().cloned();
            self.reading = None;
        }
        let of = (ids.to_vec(), shared.library_revision);
        if self.of == of || self.reading.is_some() {
            return;
        }
        if self.of.0 != of.0 {
            self.read = None;
        }
        self.of = of;
        let ids: Vec<String> = ids.iter().take(RUNS_MAX).cloned().collect();
        let (library, path) = (shared.library.clone(), shared.library_path());
        self.reading = Some(shared.jobs.fetch(Lane::Library, move |_| {
            let read = |library: &mut crate::library::Library| -> Result<_, LibraryError> {
                ids.iter()
                    .map(|id| {
                        let run = library.details(id)?.run;
                        let name = run.name.unwrap_or_else(|| run.id.clone());
                        let latest = latest(library.inferences(id)?);
                        Ok(Measured {
                            id: id.clone(),
                            name,
                            latest,
                        })
                    })
                    .collect()
            };
            path.and_then(|path| library.with(&path, read))
                .map_err(|error| error.to_string())
        }));
    }

    fn measure(&mut self, ui: &mut Ui, shared: &mut Shared, ids: &[String]) {
        widgets::section(ui, "Measure what answers cost");
        let going_on = shared.inferring.as_ref().filter(|one| one.is_going_on());
        if let Some(inferring) = going_on {
            ui.horizontal(|ui| {
                if ui
                    .button("Cancel")
                    .on_hover_text("Batch sizes that are done are kept")
                    .clicked()
                {
                    inferring.progress.cancel();
                }
                let text = if inferring.progress.is_cancelled() {
                    "Ending".to_owned()
                } else {
                    inferring.doing()
                };
                let share = inferring.progress.share().unwrap_or(0.0);
                let width = ui.available_width().min(320.0);
                ui.add(ProgressBar::new(share).desired_width(width).text(text));
            });
            if !ids.contains(&inferring.run_id) {
                widgets::caption(ui, format!("Of run {}.", inferring.run_id));
            }
            return;
        }
        widgets::caption(
            ui,
            "The network is asked about the held-out samples over and over while the meters are read; idle power is measured before. \
             What it took is kept with the run.",
        );
        let plan = self.form(ui);
        let [id] = ids else {
            widgets::caption(
                ui,
                "Choose one run to measure; of several, what was measured stands below.",
            );
            return;
        };
        let is_busy = shared.is_busy();
        let button = ui
            .add_enabled_ui(plan.is_ok() && !is_busy, |ui| {
                widgets::primary_button(ui, "Measure")
            })
            .inner
            .on_disabled_hover_text(match &plan {
                Err(why) => why.clone(),
                Ok(_) => "A run goes on; two would measure each other".to_owned(),
            });
        if let Err(why) = &plan {
            widgets::problem(ui, why);
        }
        if button.clicked()
            && let Ok(plan) = plan
        {
            shared.infer(id.clone(), plan);
        }
        let failed = shared.inferring.as_ref().filter(|one| one.run_id == *id);
        if let Some(Err(why)) = failed.and_then(|one| one.ended.as_ref()) {
            widgets::problem(ui, &sentence(why));
        }
    }

    /// The fields, and what they ask for.
    fn form(&mut self, ui: &mut Ui) -> Result<InferPlan, String> {
        ui.horizontal_wrapped(|ui| {
            let label = ui.label("Samples at once");
            let edit = TextEdit::singleline(&mut self.sizes).desired_width(110.0);
            ui.add(edit)
                .labelled_by(label.id)
                .on_hover_text("Each size by itself, such as 1, 32, 256");
            ui.add_space(2.0 * theme::GRID);
            let mut number = |name: &str, hint: &str, value: DragValue<'_>| {
                let label = ui.label(name);
                ui.add(value).labelled_by(label.id).on_hover_text(hint);
                ui.add_space(2.0 * theme::GRID);
            };
            number(
                "Window",
                "Seconds of a window at least; longer where a meter changes its reading seldom",
                DragValue::new(&mut self.window_s)
                    .range(0.1..=3600.0)
                    .speed(0.05)
                    .suffix(" s"),
            );
            number(
                "Warm-up",
                "Seconds in which the network is asked before the first window of each size",
                DragValue::new(&mut self.warm_up_s)
                    .range(0.0..=3600.0)
                    .speed(0.05)
                    .suffix(" s"),
            );
            number(
                "Interval",
                "Windows are repeated until their spread is within this share of the energy",
                DragValue::new(&mut self.interval_percent)
                    .range(0.1..=100.0)
                    .speed(0.1)
                    .suffix(" %"),
            );
            number(
                "Windows at most",
                "Of each size; 3 or more",
                DragValue::new(&mut self.windows).range(3..=1000),
            );
        });
        let sizes: Result<Vec<usize>, String> = self
            .sizes
            .split([',', ' '])
            .filter(|size| !size.is_empty())
            .map(|size| match size.parse() {
                Ok(size) if size > 0 => Ok(size),
                _ => Err(format!(
                    "Samples at once: `{size}` is no whole number from 1 on"
                )),
            })
            .collect();
        // Progress counts the sizes that there will be.
        let batch_sizes = each_once(sizes?);
        if batch_sizes.is_empty() {
            return Err("Samples at once: name one size at least, such as 1".to_owned());
        }
        Ok(InferPlan {
            batch_sizes,
            window_s: self.window_s,
            warm_up_s: self.warm_up_s,
            interval: self.interval_percent / 100.0,
            windows_max: self.windows,
        })
    }
}
