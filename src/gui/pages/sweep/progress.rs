//! A stored sweep while it goes on, or where it was left: how far it is, what runs now, and every trial.

use egui::{Label, ProgressBar, RichText, Ui};

use super::SweepPage;
use super::begin::Asked;
use super::grid;
use super::stored::Read;
use crate::analysis::forecast::Expected;
use crate::analysis::trials::{Spent, ToCome, spent, to_come};
use crate::control;
use crate::gui::commands::{Action, Command};
use crate::gui::live::Wish;
use crate::gui::pages::runs::status_sign;
use crate::gui::preferences::EnergyUnit;
use crate::gui::state::Shared;
use crate::gui::sweeps::{LiveSweep, Now};
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{self, KeyFigure, energy_in_parts, written_energy};
use crate::library::{Status, TrialStatus};
use crate::setup::Phase;
use crate::setup::sweep::SearcherSetup;
use crate::units::{count, duration, quantity};

/// Trials that failed which are named.
const FAILED_SHOWN: usize = 5;
/// Width from which four figures stand beside each other, points.
const FOUR_FIGURES: f32 = 640.0;

/// What the sweep is called, how it stands, and what can be done with it.
pub fn header(page: &mut SweepPage, ui: &mut Ui, shared: &mut Shared) {
    let Some(read) = &page.stored.read else {
        return;
    };
    let tokens = Tokens::in_ui(ui);
    let own = own(read, shared);
    let is_going_on = own.is_some_and(LiveSweep::is_going_on);
    let mut wanted = Vec::new();
    let (mut asked, mut edit) = (None, None);
    ui.horizontal_wrapped(|ui| {
        ui.add(Label::new(RichText::new(read.title()).heading()).wrap());
        let (sign, colour) = status_sign(status(read, own), &tokens);
        let text = format!("{sign} {}", standing(read, own));
        widgets::chip(ui, &text, colour);
    });
    if let Some(about) = read.sweep.as_ref().map(|sweep| sweep.about.as_str())
        && !about.is_empty()
    {
        widgets::caption(ui, about);
    }
    ui.horizontal_wrapped(|ui| {
        if let Some(own) = own.filter(|own| own.is_going_on()) {
            buttons(ui, own, &mut wanted);
        } else if read.record.status != Status::Completed && read.record.status != Status::Running {
            let free = super::begin::is_free(shared);
            let button = ui
                .add_enabled_ui(free.is_ok(), |ui| widgets::primary_button(ui, "Take it up"))
                .inner
                .on_hover_text(Command::TakeUpSweep.hint());
            let button = match &free {
                Ok(()) => button,
                Err(why) => button.on_disabled_hover_text(why),
            };
            if button.clicked() {
                wanted.push(Action::Command(Command::TakeUpSweep));
            }
        }
        if let Some(sweep) = &read.sweep {
            let hint = "Put it into the editor, to be changed and begun as another one";
            if ui.button("Edit as new").on_hover_text(hint).clicked() {
                edit = Some(sweep.clone());
            }
        }
        if !is_going_on && read.record.status != Status::Running {
            let hint = "Take it out of the list; its runs stay in the library";
            if ui.button("Take out…").on_hover_text(hint).clicked() {
                let name = read.title().to_owned();
                asked = Some(Asked::Remove(read.record.id.clone(), name));
            }
        }
    });
    // A grid ranks nothing; what it came to is its result.
    if let Some(found) = read
        .record
        .found
        .as_ref()
        .and_then(|found| found["text"].as_str())
        && read.record.searcher != "grid"
    {
        ui.add(
            Label::new(format!("Found: {found}"))
                .wrap()
                .selectable(true),
        );
    }
    if let Some(failure) = &read.record.failure {
        widgets::problem(ui, failure);
    }
    shared.actions.extend(wanted);
    if asked.is_some() {
        page.asked = asked;
    }
    if let Some(sweep) = edit {
        page.edit(&sweep);
    }
}

fn buttons(ui: &mut Ui, own: &LiveSweep, wanted: &mut Vec<Action>) {
    let is_ending = own.wish == Some(Wish::Stop);
    let can = own.control.is_some() && !is_ending;
    let held = own.is_held();
    for (text, command, is_possible, hint) in [
        (
            if held { "Resume" } else { "Pause" },
            Command::PauseOrResume,
            can,
            if held {
                "Go on with the next run"
            } else {
                "Hold after the run that is going on: a pause within one would be in its figures"
            },
        ),
        (
            "Stop",
            Command::Stop,
            !is_ending,
            "End after the step that is going on; everything is kept, and it can be taken up",
        ),
    ] {
        let hint = match command.shortcut() {
            Some(key) => format!("{hint} ({})", ui.ctx().format_shortcut(&key)),
            None => hint.to_owned(),
        };
        let button = egui::Button::new(text);
        if ui
            .add_enabled(is_possible, button)
            .on_hover_text(hint)
            .clicked()
        {
            wanted.push(Action::Command(command));
        }
    }
}

/// The sweep of this window, where it is the one that is shown.
fn own<'a>(read: &Read, shared: &'a Shared) -> Option<&'a LiveSweep> {
    let own = shared.sweep.as_ref();
    own.filter(|own| own.id.as_deref() == Some(&read.record.id))
}

fn status(read: &Read, own: Option<&LiveSweep>) -> Status {
    match own {
        Some(own) if own.is_going_on() => Status::Running,
        _ => read.record.status,
    }
}

fn standing(read: &Read, own: Option<&LiveSweep>) -> &'static str {
    if let Some(own) = own.filter(|own| own.is_going_on()) {
        return match (own.wish, own.is_paused) {
            (Some(Wish::Stop), _) => "Stopping after this step",
            (Some(Wish::Pause), false) => "Pausing after this run",
            (_, true) => "Paused",
            (None, false) => "Going on",
        };
    }
    match read.record.status {
        Status::Running => "Going on in another program",
        Status::Completed => "Complete",
        Status::Stopped => "Stopped",
        Status::Interrupted => "Interrupted",
        Status::Failed => "Failed",
    }
}

/// How far it is, and every trial.
pub fn show(page: &mut SweepPage, ui: &mut Ui, shared: &mut Shared) {
    let Some(read) = &page.stored.read else {
        return;
    };
    let own = own(read, shared);
    let unit = shared.preferences.energy_unit;
    let known = read.trials.len() as u64;
    let total = own.map_or(0, |own| own.total).max(known);
    let over = read.over() as u64;
    bar(ui, read, over, total);
    let left = total.saturating_sub(over);
    let (spent, to_come) = page.grid.sums(page.stored.revision, || {
        (spent(&read.trials), to_come(&read.trials, left))
    });
    figures(ui, &spent, to_come.filter(|_| left > 0), unit);
    forecast(ui, read, unit);
    let mut shown_run = None;
    if let Some(own) = own {
        for now in &own.now {
            running(ui, read, now, unit);
        }
    }
    ui.add_space(theme::GRID);
    if let Some(run_id) = grid::show(&mut page.grid, ui, read, page.stored.revision, unit) {
        shown_run = Some(run_id);
    }
    failures(ui, read);
    if let Some(run_id) = shown_run {
        shared.ask(Action::ShowRun(run_id));
    }
}

fn bar(ui: &mut Ui, read: &Read, over: u64, total: u64) {
    let tokens = Tokens::in_ui(ui);
    let share = over as f64 / total.max(1) as f64;
    let is_over = read.record.status == Status::Completed;
    let bar = ProgressBar::new(share as f32)
        .desired_height(6.0)
        .fill(if is_over {
            tokens.outline
        } else {
            tokens.accent
        })
        .corner_radius(3.0);
    let response = ui.add(bar);
    response.widget_info(|| {
        let role = egui::Role::ProgressIndicator;
        let mut info = egui::WidgetInfo::labeled(role, true, "Progress of the sweep");
        info.value = Some(share * 100.0);
        info
    });
    let at_most = match read.sweep.as_ref().map(|sweep| &sweep.searcher) {
        Some(SearcherSetup::SuccessiveHalving(_) | SearcherSetup::Zeus(_)) if !is_over => {
            "at most "
        }
        _ => "",
    };
    let text = format!(
        "{} of {at_most}{} trials are over",
        count(over),
        count(total)
    );
    widgets::caption(ui, text);
}

fn figures(ui: &mut Ui, spent: &Spent, to_come: Option<ToCome>, unit: EnergyUnit) {
    let (energy, spread) = match spent.energy_j {
        Some(energy) => energy_in_parts(energy, unit),
        None => ("–".to_owned(), String::new()),
    };
    let simulated = if spent.simulated { "simulated, " } else { "" };
    let without = match spent.without {
        0 => String::new(),
        1 => "; 1 run has none".to_owned(),
        several => format!("; {several} runs have none"),
    };
    let mut all = vec![
        KeyFigure {
            name: "Energy of its runs",
            value: energy,
            spread,
            below: format!("{simulated}training and evaluation{without}"),
        },
        KeyFigure {
            name: "Time of its runs",
            value: duration(spent.time_s),
            spread: String::new(),
            below: "training and evaluation".to_owned(),
        },
    ];
    if let Some(to_come) = to_come {
        let from = match to_come.from {
            1 => "from one trial".to_owned(),
            several => format!("from {several} trials"),
        };
        all.push(KeyFigure {
            name: "Time left, pauses included",
            value: format!("≈ {}", duration(to_come.time_s.value)),
            spread: String::new(),
            below: range(to_come.time_s, &duration) + &from,
        });
        if let Some(energy) = to_come.energy_j {
            let joules = |joules: f64| match unit {
                EnergyUnit::Joules => quantity(joules, "J"),
                EnergyUnit::WattHours => quantity(joules / 3600.0, "Wh"),
            };
            all.push(KeyFigure {
                name: "Energy left",
                value: format!("≈ {}", joules(energy.value)),
                spread: String::new(),
                below: range(energy, &joules) + &from,
            });
        }
    }
    let columns = if ui.available_width() < FOUR_FIGURES {
        2
    } else {
        4
    };
    for row in all.chunks(columns) {
        ui.columns(columns, |columns| {
            for (column, figure) in columns.iter_mut().zip(row) {
                widgets::key_figure(column, figure).on_hover_text(if figure.spread.is_empty() {
                    figure.below.clone()
                } else {
                    format!("{} {}\n{}", figure.value, figure.spread, figure.below)
                });
            }
        });
    }
}

fn range(expected: Expected, show: &dyn Fn(f64) -> String) -> String {
    match expected.range {
        Some((low, high)) => format!("{} to {}, ", show(low), show(high)),
        None => String::new(),
    }
}

/// What was told before it began, for comparison.
fn forecast(ui: &mut Ui, read: &Read, unit: EnergyUnit) {
    let Some(forecast) = &read.record.forecast else {
        return;
    };
    let of = |path: &str| forecast.pointer(path).and_then(serde_json::Value::as_f64);
    let Some(time_s) = of("/outlook/time_s/value") else {
        return;
    };
    let energy = of("/outlook/energy_j/value").map(|joules| match unit {
        EnergyUnit::Joules => quantity(joules, "J"),
        EnergyUnit::WattHours => quantity(joules / 3600.0, "Wh"),
    });
    let energy = energy.map_or_else(String::new, |energy| format!(" and {energy}"));
    let text = format!(
        "Before it began, about {}{energy} were expected of its runs.",
        duration(time_s)
    );
    widgets::caption(ui, text);
}

/// A trial that is going on.
fn running(ui: &mut Ui, read: &Read, now: &Now, unit: EnergyUnit) {
    let at = read
        .trials
        .iter()
        .position(|trial| trial.number == now.number);
    let Some(at) = at else { return };
    let (trial, label) = (&read.trials[at], &read.labels[at]);
    let tokens = Tokens::in_ui(ui);
    let doing = match now.phase {
        Some(Phase::Idle) => "measuring the idle machine",
        Some(Phase::Load) => "loading the dataset",
        Some(Phase::WarmUp) => "warming up",
        Some(Phase::Train) => "training",
        Some(Phase::Evaluate) => "evaluating",
        Some(Phase::Checkpoint) => "saving a checkpoint",
        Some(Phase::Pause) => "held",
        None if now.progress.is_some() => "training",
        None if trial.number > 1 => "cooling down",
        None => "starting the worker",
    };
    let mut parts = vec![doing.to_owned()];
    if let Some(progress) = &now.progress {
        parts.push(format!("epoch {}", progress.epoch));
    }
    if let Some(value) = now
        .evaluation
        .as_ref()
        .and_then(|evaluation| evaluation.metric)
    {
        parts.push(format!("test {}", now.metric.format_named(value)));
    }
    if let Some(energy) = control::sum_of_parts(&now.training).and_then(|sum| sum.gross.energy_j) {
        parts.push(written_energy(energy, unit));
    }
    if let Some(power_w) = crate::protocol::MeterNow::sum_w(&now.meters) {
        parts.push(quantity(power_w, "W"));
    }
    parts.push(duration(now.began.elapsed().as_secs_f64()));
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = theme::GRID;
        let name = format!("Now trial {}: {label}, seed {}", trial.number, trial.seed);
        ui.label(RichText::new(name).text_style(theme::strong()));
        let rest = RichText::new(format!("· {}", parts.join(" · "))).color(tokens.dim);
        ui.add(Label::new(rest).wrap());
    });
}

fn failures(ui: &mut Ui, read: &Read) {
    let failed = read.count(TrialStatus::Failed);
    if failed == 0 {
        return;
    }
    ui.add_space(theme::GRID);
    let text = match failed {
        1 => "1 trial failed; the others go on without it".to_owned(),
        several => format!("{several} trials failed; the others go on without them"),
    };
    widgets::section(ui, &text);
    let with = read.trials.iter().zip(&read.labels);
    let of = with.filter(|(trial, _)| trial.status == TrialStatus::Failed);
    for (trial, label) in of.take(FAILED_SHOWN) {
        let reason = trial.reason.as_deref().unwrap_or("no reason is known");
        widgets::problem(ui, &format!("Trial {}, {label}: {reason}", trial.number));
    }
    if failed > FAILED_SHOWN {
        widgets::caption(ui, format!("and {} more", failed - FAILED_SHOWN));
    }
}
