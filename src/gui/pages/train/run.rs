//! The run that goes on, or the last one of this window: how far it is, what it costs, and its plots.

use egui::{Align, Frame, Label, Layout, ProgressBar, RichText, ScrollArea, Ui, Vec2};

use super::heads;
use crate::gui::commands::{Action, Command};
use crate::gui::live::{Live, Wish};
use crate::gui::state::Shared;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::library::Status;
use crate::setup::{Phase, Setup};
use crate::units::{count, duration, quantity};

/// Height of the strip with progress and buttons, so that nothing jumps when a line comes or goes.
const HEADER_HEIGHT: f32 = 64.0;

/// The strip at the top: what the run does, how much is left, and what can be done with it.
pub fn header(ui: &mut Ui, shared: &mut Shared) {
    let Some(live) = &shared.live else { return };
    let tokens = Tokens::in_ui(ui);
    let mut wanted = Vec::new();
    ui.allocate_ui(Vec2::new(ui.available_width(), HEADER_HEIGHT), |ui| {
        ui.horizontal(|ui| {
            ui.set_min_height(theme::CONTROL_HEIGHT);
            let (title, detail) = headline(live);
            ui.label(RichText::new(title).text_style(theme::strong()));
            if live.missed_target() {
                ui.label(RichText::new("○ target not reached").color(tokens.warning));
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                buttons(ui, live, &mut wanted);
                let detail = RichText::new(detail).color(tokens.dim);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.add(Label::new(detail).truncate());
                });
            });
        });
        let share = live.share_done().unwrap_or(0.0);
        let colour = if live.is_going_on() {
            tokens.accent
        } else {
            tokens.outline
        };
        let bar = ProgressBar::new(share as f32)
            .desired_height(6.0)
            .fill(colour)
            .corner_radius(3.0);
        let response = ui.add(bar);
        response.widget_info(|| {
            let mut info = egui::WidgetInfo::labeled(
                egui::Role::ProgressIndicator,
                true,
                "Progress of the run",
            );
            info.value = Some(share * 100.0);
            info
        });
    });
    if let Some(failure) = failure(live) {
        failed(ui, live, &failure, &mut wanted);
    }
    shared.actions.extend(wanted);
}

/// What the run does, and how much is left.
fn headline(live: &Live) -> (&'static str, String) {
    if let Some(ending) = &live.ending {
        let why = ending
            .summary
            .as_ref()
            .map(|summary| summary.reason_text.clone())
            .unwrap_or_default();
        let title = match (ending.status, &ending.failure) {
            (_, Some(_)) => "Failed",
            (Status::Completed, None) => "Complete",
            _ => "Stopped",
        };
        return (title, why);
    }
    if live.not_started.is_some() {
        return ("Not started", String::new());
    }
    let title = match (live.wish, live.phase) {
        (Some(Wish::Stop), _) => "Stopping after this step",
        (Some(Wish::Pause), _) => "Pausing after this step",
        (None, Some(Phase::Idle)) => "Measuring the idle machine",
        (None, Some(Phase::Load)) => "Loading the dataset",
        (None, Some(Phase::WarmUp)) => "Warming up",
        (None, Some(Phase::Train)) => "Training",
        (None, Some(Phase::Evaluate)) => "Evaluating",
        (None, Some(Phase::Checkpoint)) => "Saving a checkpoint",
        (None, Some(Phase::Pause)) => "Paused",
        (None, None) if live.progress.is_some() => "Training",
        (None, None) if live.warm_up.is_some_and(|warm_up| warm_up.total == 0) => {
            "Checking the device against the CPU"
        }
        (None, None) => "Starting the worker",
    };
    let mut detail = Vec::new();
    if let Some(progress) = &live.progress {
        let epochs = live.setup.regime.stop.epochs;
        detail.push(match epochs {
            Some(epochs) => format!("epoch {} of {epochs}", progress.epoch),
            None => format!("epoch {}", progress.epoch),
        });
    } else if let Some(warm_up) = live
        .warm_up
        .filter(|_| matches!(live.phase, None | Some(Phase::WarmUp)))
    {
        detail.push(warm_up.sentence());
    } else if live.phase == Some(Phase::Idle) {
        detail.push("so that the energy of doing nothing can be taken off".to_owned());
    }
    if let Some(left) = live.left() {
        detail.push(format!("{} left", duration(left.time_s)));
        if let Some(energy_j) = left.energy_j {
            detail.push(format!("{} left", quantity(energy_j.value, "J")));
        }
    }
    (title, detail.join(" · "))
}

fn buttons(ui: &mut Ui, live: &Live, wanted: &mut Vec<Action>) {
    let mut button = |ui: &mut Ui, text: &str, command: Command, enabled: bool| {
        let hint = match command.shortcut() {
            Some(key) => format!("{} ({})", command.hint(), ui.ctx().format_shortcut(&key)),
            None => command.hint().to_owned(),
        };
        if ui
            .add_enabled(enabled, egui::Button::new(text))
            .on_hover_text(hint)
            .clicked()
        {
            wanted.push(Action::Command(command));
        }
    };
    if live.is_going_on() {
        let can = live.control.is_some() && live.wish != Some(Wish::Stop);
        button(ui, "Stop", Command::Stop, live.wish != Some(Wish::Stop));
        let held = live.is_paused() || live.wish == Some(Wish::Pause);
        let trains = live.progress.is_some() || held;
        button(
            ui,
            if held { "Resume" } else { "Pause" },
            Command::PauseOrResume,
            can && trains,
        );
        button(
            ui,
            "Checkpoint",
            Command::Checkpoint,
            can && live.progress.is_some(),
        );
        return;
    }
    button(ui, "Clone setup", Command::CloneSetup, true);
    if let Some(run_id) = &live.run_id {
        if ui
            .button("Show in runs")
            .on_hover_text("Everything that was recorded, and its export")
            .clicked()
        {
            wanted.push(Action::ShowRun(run_id.clone()));
        }
        let is_over = live
            .ending
            .as_ref()
            .is_some_and(|ending| ending.status == Status::Completed);
        if !is_over
            && live.checkpoints > 0
            && ui
                .button("Go on")
                .on_hover_text("Go on from the last checkpoint")
                .clicked()
        {
            wanted.push(Action::ResumeRun(run_id.clone()));
        }
    }
}

fn failure(live: &Live) -> Option<String> {
    let of_ending = live
        .ending
        .as_ref()
        .and_then(|ending| ending.failure.as_ref());
    of_ending
        .map(|failure| failure.message.clone())
        .or_else(|| live.not_started.clone())
}

fn failed(ui: &mut Ui, live: &Live, failure: &str, wanted: &mut Vec<Action>) {
    let tokens = Tokens::in_ui(ui);
    Frame::new()
        .fill(tokens.surface)
        .stroke(egui::Stroke::new(1.0, tokens.error))
        .corner_radius(theme::ROUNDING)
        .inner_margin(12)
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            let died = live
                .ending
                .as_ref()
                .is_some_and(|ending| ending.worker_died);
            let title = if died {
                "The worker died"
            } else {
                "The run failed"
            };
            ui.label(
                RichText::new(title)
                    .text_style(theme::strong())
                    .color(tokens.error),
            );
            ui.add(Label::new(failure).wrap().selectable(true));
            if live.run_id.is_some() {
                widgets::caption(ui, "What was recorded until then is in the library.");
            }
            ui.horizontal(|ui| {
                if ui
                    .button("Start again")
                    .on_hover_text("The same setup from the beginning")
                    .clicked()
                {
                    wanted.push(Action::UseSetup(Box::new(live.setup.clone())));
                    wanted.push(Action::Command(Command::Start));
                }
                if let Some(run_id) = live.run_id.as_ref().filter(|_| live.checkpoints > 0)
                    && ui.button("Go on from the last checkpoint").clicked()
                {
                    wanted.push(Action::ResumeRun(run_id.clone()));
                }
            });
        });
}

/// What waits for its turn.
pub fn queue(ui: &mut Ui, shared: &mut Shared) {
    if shared.queue.is_empty() {
        return;
    }
    let tokens = Tokens::in_ui(ui);
    let mut wanted = None;
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(format!("{} waiting", shared.queue.len())).color(tokens.dim));
        for (index, setup) in shared.queue.iter().enumerate() {
            let text = in_words(setup);
            let button = egui::Button::new(RichText::new(format!("{text}  ×")).small());
            let response = ui
                .add(button)
                .on_hover_text("Click to take it out of the queue");
            response.widget_info(|| {
                egui::WidgetInfo::labeled(
                    egui::Role::Button,
                    true,
                    format!("Take {text} out of the queue"),
                )
            });
            if response.clicked() {
                wanted = Some(index);
            }
        }
    });
    if let Some(index) = wanted {
        shared.ask(Action::Unqueue(index));
    }
}

fn in_words(setup: &Setup) -> String {
    format!(
        "{} · {} · seed {}",
        setup.dataset.name(),
        setup.model.in_words(),
        setup.regime.seed
    )
}

/// Device, data, meters and self-check of the run.
pub fn details(ui: &mut Ui, live: &Live) {
    let tokens = Tokens::in_ui(ui);
    let row = |ui: &mut Ui, name: &str, value: String| {
        ui.label(RichText::new(name).color(tokens.dim));
        ui.add(Label::new(value).wrap().selectable(true));
        ui.end_row();
    };
    egui::Grid::new("run-details").num_columns(2).spacing([16.0, 6.0]).show(ui, |ui| {
        if let Some((device, because)) = &live.device {
            row(ui, "device", format!("{} ({}): {because}", device.name, device.backend));
            if !device.driver.is_empty() {
                row(ui, "driver", device.driver.clone());
            }
        }
        if let Some(data) = &live.data {
            row(ui, "dataset", format!(
                "{}: {} to learn from, {} held out, {}, {} classes",
                data.title, count(data.train as u64), count(data.test as u64), data.input, data.classes.len()
            ));
            row(ui, "model", format!(
                "{} parameters, {} for a training sample",
                count(data.plan.parameters()), quantity(data.plan.training_flop() as f64, "FLOP")
            ));
        }
        if let Some(check) = &live.self_check {
            let word = if check.passed { "passed" } else { "failed: its results are not to be trusted" };
            let difference = check.gradient_difference.map_or("no number".to_owned(), |difference| format!("{difference:.1e}"));
            row(ui, "self-check", format!("{word}; gradients differ from the CPU's by {difference}, {:.1e} is allowed", check.tolerance));
        }
        for meter in &live.meters {
            let what = match meter.role.as_str() {
                "stand-by" => "stands by",
                "cross-check" => "beside the sum",
                _ => "meter",
            };
            row(ui, what, format!("{}: {} · {} · grade {} ({})", meter.boundary, meter.source, meter.device, meter.grade, meter.grade.meaning()));
        }
        if let Some(run_id) = &live.run_id {
            row(ui, "stored as", run_id.clone());
        }
        if let Some(progress) = &live.progress {
            row(ui, "speed", format!("{} samples/s", count(progress.samples_per_s.max(0.0) as u64)));
            row(ui, "steps", count(progress.step));
        }
    });
    if live.setup.multitask.is_some() {
        ui.add_space(2.0 * theme::GRID);
        widgets::section(ui, "Heads");
        ScrollArea::horizontal()
            .id_salt("heads of the run")
            .show(ui, |ui| heads::table(ui, live));
    }
}
