//! One run in full: what it reached, what it cost, how well that is known, where it ran.

use std::sync::Arc;

use egui::{Grid, Label, Layout, RichText, ScrollArea, Ui, vec2};

use super::columns::local_time;
use super::lineage::{self, Family};
use super::rows::{Asked, Item};
use super::table::status_sign;
use super::{RunsPage, heads, start};
use crate::gui::commands::Action;
use crate::gui::preferences::EnergyUnit;
use crate::gui::state::{Shared, State};
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{self, written_energy};
use crate::library::{Library, LibraryError, PhaseEnergy, Relation, RunDetails, sum_of_parts};
use crate::protocol;
use crate::setup::StartReport;
use crate::units::{Boundary, Metric, count, duration, estimate};

/// Readings of a meter that a window should have (MLPerf).
const READINGS_WANTED: f64 = 60.0;
/// Readings a second, where the setup does not say.
const RATE_HZ: f64 = 10.0;
/// Width of a column of the summary, points.
const COLUMN: f32 = 340.0;

/// The run that was read.
#[derive(Default)]
pub struct Summary {
    id: String,
    /// Of the list, when it was asked for.
    revision: u64,
    read: Option<Result<Full, String>>,
    /// Uses among which the ancestry is shared; 0 until it is shown.
    uses: u64,
}

/// A run with all that is known of it.
struct Full {
    details: RunDetails,
    stored: Option<protocol::Summary>,
    /// Checkpoints that are still on the disk.
    checkpoints: Vec<(u64, String)>,
    /// What it started from; none for a run from nothing.
    start: Option<StartReport>,
    /// Its ancestors and descendants, where it has some.
    family: Option<Family>,
}

impl Full {
    fn read(library: &Library, id: &str) -> Result<Self, LibraryError> {
        let details = library.details(id)?;
        let stored = details
            .summary
            .as_ref()
            .and_then(|summary| serde_json::from_value(summary.json.clone()).ok());
        // Only the newest are kept; the others have been replaced.
        let kept = details
            .checkpoints
            .iter()
            .filter(|known| std::path::Path::new(&known.path).exists());
        let checkpoints = kept.map(|known| (known.step, known.path.clone())).collect();
        let start = details.start.clone();
        Ok(Self {
            stored,
            checkpoints,
            start: start.and_then(|json| serde_json::from_value(json).ok()),
            family: Family::read(library, &details)?,
            details,
        })
    }
}

/// Draws the summary of the one chosen run.
pub fn show(page: &mut RunsPage, ui: &mut Ui, shared: &mut Shared, chosen: &[Arc<Item>]) {
    let [item] = chosen else {
        let text = match chosen.len() {
            0 => "Choose a run in the table to see everything about it.".to_owned(),
            several => format!(
                "{several} runs are chosen. Choose one for its summary, or look at Curves and Compare."
            ),
        };
        widgets::caption(ui, text);
        return;
    };
    let summary = &mut page.summary;
    if summary.id != item.id() || summary.revision != page.rows.revision {
        if summary.id != item.id() {
            summary.read = None;
        }
        summary.id = item.id().to_owned();
        summary.revision = page.rows.revision;
        let id = summary.id.clone();
        shared.with_library(
            move |library| Full::read(library, &id),
            |state: &mut State, read| {
                let summary = &mut state.pages.runs.summary;
                if read
                    .as_ref()
                    .map_or(true, |full| full.details.run.id == summary.id)
                {
                    summary.read = Some(read.map_err(|error| error.to_string()));
                }
            },
        );
    }
    let uses = &mut summary.uses;
    match &summary.read {
        None => {
            widgets::caption(ui, "Reading the run");
        }
        Some(Err(error)) => widgets::problem(ui, error),
        Some(Ok(full)) => {
            ScrollArea::vertical()
                .id_salt("runs-summary")
                .auto_shrink(false)
                .show(ui, |ui| {
                    let chosen = whole(ui, full, uses, shared.preferences.energy_unit);
                    if let Some(run_id) = chosen {
                        shared.ask(Action::ShowRun(run_id));
                    }
                });
        }
    }
}

/// Uses among which the ancestry is shared at first.
const USES: u64 = 10;

/// Draws the whole of it; the relative that was chosen now.
fn whole(ui: &mut Ui, full: &Full, uses: &mut u64, unit: EnergyUnit) -> Option<String> {
    let tokens = Tokens::in_ui(ui);
    let run = &full.details.run;
    ui.horizontal_wrapped(|ui| {
        ui.add(
            Label::new(RichText::new(run.name.as_deref().unwrap_or(&run.id)).heading())
                .selectable(true),
        );
        let (sign, colour) = status_sign(run.status, &tokens);
        let why = full
            .stored
            .as_ref()
            .map(|stored| format!(": {}", stored.reason_text))
            .unwrap_or_default();
        ui.label(RichText::new(format!("{sign} {}{why}", run.status)).color(colour));
    });
    if let Some(failure) = &run.failure {
        ui.add(
            Label::new(RichText::new(format!("What failed: {failure}")).color(tokens.error))
                .wrap()
                .selectable(true),
        );
        let next = if full.checkpoints.is_empty() {
            "What was recorded until then is kept. There is no checkpoint to go on from; start the setup again with Use setup."
        } else {
            "What was recorded until then is kept. Resume goes on from the last checkpoint."
        };
        widgets::caption(ui, next);
    }
    let told = full.stored.as_ref().map_or(&[][..], |told| &told.heads);
    heads::show(ui, &full.details.epochs, told);
    ui.add_space(theme::GRID);
    let parts: [fn(&mut Ui, &Full, EnergyUnit); 3] = [result, energy, place];
    let columns = ((ui.available_width() / COLUMN) as usize).clamp(1, parts.len());
    ui.columns(columns, |columns| {
        let number = columns.len();
        for (at, part) in parts.into_iter().enumerate() {
            part(&mut columns[at % number], full, unit);
        }
    });
    let mut chosen = None;
    if let Some(report) = &full.start {
        ui.add_space(2.0 * theme::GRID);
        start::show(ui, report);
    }
    if let Some(family) = &full.family {
        ui.add_space(2.0 * theme::GRID);
        if *uses == 0 {
            *uses = USES;
        }
        chosen = lineage::show(ui, family, uses, unit);
    }
    ui.add_space(2.0 * theme::GRID);
    ScrollArea::horizontal()
        .id_salt("runs-summary-phases")
        .show(ui, |ui| phases(ui, &full.details, unit));
    chosen
}

/// With a capital letter at its beginning.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// A line with what it is and what it says.
pub fn line(ui: &mut Ui, name: &str, text: impl Into<String>) {
    let tokens = Tokens::in_ui(ui);
    let text: String = text.into();
    if text.is_empty() {
        return;
    }
    ui.horizontal_top(|ui| {
        let size = vec2(96.0, theme::BODY);
        ui.allocate_ui_with_layout(size, Layout::top_down(egui::Align::Min), |ui| {
            ui.set_min_width(size.x);
            ui.add(Label::new(RichText::new(name).color(tokens.dim)).wrap());
        });
        ui.add(Label::new(text).wrap().selectable(true));
    });
}

fn result(ui: &mut Ui, full: &Full, unit: EnergyUnit) {
    let run = &full.details.run;
    widgets::section(ui, "Result");
    let metric = run.metrics.metric;
    let result = match (run.metrics.final_test_metric, run.metrics.best_test_metric) {
        (Some(last), Some(best)) => {
            let epoch = run
                .metrics
                .best_epoch
                .map(|epoch| format!(" (epoch {epoch})"))
                .unwrap_or_default();
            let of = if metric == Metric::Return {
                "over the last episodes"
            } else {
                "of the held-out samples"
            };
            format!(
                "{} at the end, {} at best{epoch}, {of}",
                metric.format(last),
                metric.format(best)
            )
        }
        _ => "not evaluated".to_owned(),
    };
    line(ui, metric.heading(), result);
    let asked: Asked = serde_json::from_str(&run.setup.json).unwrap_or_default();
    if asked.tasks() > 1 {
        let word = match run.target_reached {
            Some(true) => "every head has reached its own",
            _ => "not every head has reached its own",
        };
        let text = asked.target().map(|_| word);
        line(ui, "Targets", text.unwrap_or("none"));
    } else if let Some(target) = asked.target() {
        let word = if run.target_reached == Some(true) {
            "reached"
        } else {
            "did not reach"
        };
        line(ui, "Target", format!("{word} {}", metric.format(target)));
    }
    let mut nearest = full
        .details
        .ancestors
        .iter()
        .filter(|of| of.generation == 1);
    if let Some(teacher) = nearest.find(|of| of.relation() != Relation::Start) {
        let name = teacher.title.as_deref().unwrap_or(teacher.label());
        line(ui, "Learnt from", name);
    }
    if let Some(best) = full.stored.as_ref().filter(|stored| stored.is_restored)
        && let Some(step) = best.best_step
    {
        let text = format!("those of its best evaluation, after {} steps", count(step));
        line(ui, "Weights", text);
    }
    let number = |value: Option<u64>| value.map_or("no".to_owned(), count);
    let samples = full
        .stored
        .as_ref()
        .map(|stored| format!(", {} samples", count(stored.samples)));
    line(
        ui,
        "Trained",
        format!(
            "{} epochs, {} steps{}",
            number(run.epochs),
            number(run.steps),
            samples.unwrap_or_default()
        ),
    );
    line(
        ui,
        "Model",
        format!("{}, {} parameters", run.setup.model, number(run.parameters)),
    );
    line(ui, "Dataset", run.setup.dataset.clone());
    line(
        ui,
        "Time",
        format!("{} on the run's clock", duration(run.duration_s)),
    );
    let sum = sum_of_parts(&full.details.training);
    let energy_j = sum.as_ref().and_then(|sum| sum.figure.energy_j);
    if let (Some(energy_j), Some(stored)) = (energy_j, &full.stored) {
        if stored.samples > 0 {
            line(
                ui,
                "A sample",
                written_energy(energy_j.scale(1.0 / stored.samples as f64), unit),
            );
        }
        if stored.steps > 0 {
            line(
                ui,
                "A step",
                written_energy(energy_j.scale(1.0 / stored.steps as f64), unit),
            );
        }
    }
    line(ui, "Carbon", carbon(&full.details));
    line(ui, "Tags", run.tags.join(", "));
    line(ui, "Note", run.note.clone().unwrap_or_default());
}

fn carbon(details: &RunDetails) -> String {
    let carbon = details
        .summary
        .as_ref()
        .and_then(|summary| summary.carbon.as_ref());
    let (Some(carbon), Some(basis)) = (carbon, &details.run.carbon) else {
        return "not reckoned".to_owned();
    };
    let place = match (&basis.country, basis.year) {
        (Some(country), Some(year)) => format!("{country} {year}, {}", basis.source),
        (Some(country), None) => format!("{country}, {}", basis.source),
        (None, _) => basis.source.clone(),
    };
    format!(
        "{} · {} · {} g/kWh: {place} · PUE {}",
        estimate(carbon.carbon_g, "gCO2e"),
        carbon.boundary,
        basis.g_per_kwh,
        basis.pue
    )
}

fn energy(ui: &mut Ui, full: &Full, unit: EnergyUnit) {
    let details = &full.details;
    widgets::section(ui, "Energy of training and evaluation");
    if details.training.is_empty() {
        widgets::caption(ui, "No reading: no meter answered.");
    }
    let read = details
        .training
        .iter()
        .filter(|part| part.figure.energy_j.is_some())
        .count();
    let sum = sum_of_parts(&details.training);
    if read > 1
        && let Some(sum) = &sum
    {
        line(ui, Boundary::Components.label(), figure(sum, unit));
    }
    for part in &details.training {
        line(ui, part.figure.boundary.label(), figure(part, unit));
    }
    if let Some(stored) = full
        .stored
        .as_ref()
        .filter(|stored| !stored.missing.is_empty())
    {
        line(
            ui,
            "Missing",
            format!(
                "{} gave no reading and is not in the sum",
                stored.missing.join(", ")
            ),
        );
    }
    for idle in &details.idle_power {
        line(
            ui,
            "Idle power",
            format!(
                "{} · {} · {}",
                estimate(idle.power_w, "W"),
                idle.boundary,
                idle.meter
            ),
        );
    }
    if details.idle_power.is_empty() {
        line(ui, "Idle power", "not measured, so there is no net energy");
    }
    if let Some(sum) = sum {
        let setup: serde_json::Value =
            serde_json::from_str(&details.run.setup.json).unwrap_or_default();
        let rate_hz = setup
            .pointer("/measure/rate_hz")
            .and_then(serde_json::Value::as_f64)
            .unwrap_or(RATE_HZ);
        let readings = sum.figure.window_s * rate_hz;
        if readings < READINGS_WANTED {
            line(
                ui,
                "Mind",
                format!(
                    "only about {readings:.0} readings in {}; {READINGS_WANTED:.0} or more make a figure to rely on: train longer",
                    duration(sum.figure.window_s)
                ),
            );
        }
    }
}

fn figure(part: &PhaseEnergy, unit: EnergyUnit) -> String {
    let gross = part
        .figure
        .energy_j
        .map_or("no reading".to_owned(), |gross| written_energy(gross, unit));
    let net = part
        .net_j
        .map(|net| format!(" · net {}", written_energy(net, unit)))
        .unwrap_or_default();
    format!(
        "{gross}{net} · grade {} ({}) · {} · {:.0} % covered",
        part.figure.grade,
        part.figure.grade.meaning(),
        part.figure.source,
        part.figure.coverage() * 100.0
    )
}

fn place(ui: &mut Ui, full: &Full, _unit: EnergyUnit) {
    let (details, run) = (&full.details, &full.details.run);
    widgets::section(ui, "Where and how");
    line(ui, "Run", run.id.clone());
    line(ui, "Started", local_time(run.started_at));
    line(
        ui,
        "Device",
        format!("{} · {}", run.device.name, run.backend),
    );
    line(
        ui,
        "Driver",
        run.device
            .driver
            .clone()
            .filter(|driver| !driver.is_empty())
            .unwrap_or("none".to_owned()),
    );
    line(
        ui,
        "Machine",
        format!(
            "{} · {} · {}",
            run.machine.hostname.as_deref().unwrap_or("unnamed"),
            run.machine.os,
            run.machine.cpu_model.as_deref().unwrap_or("unknown CPU")
        ),
    );
    let check = details
        .self_check
        .as_ref()
        .map_or("not made".to_owned(), |check| {
            format!(
                "{}. {}. Joulelab {}, {}",
                if check.passed {
                    "Passed"
                } else {
                    "Did not pass"
                },
                widgets::self_check_differences(check),
                check.program_version,
                local_time(check.checked_at)
            )
        });
    line(ui, "Self-check", check);
    for meter in &details.meters {
        let notes = meter
            .info
            .get("notes")
            .and_then(serde_json::Value::as_array);
        let notes: Vec<&str> = notes
            .into_iter()
            .flatten()
            .filter_map(|note| note.as_str())
            .collect();
        let notes = if notes.is_empty() {
            String::new()
        } else {
            format!(" · {}", notes.join("; "))
        };
        line(
            ui,
            "Meter",
            format!(
                "{} · {} · {} · grade {}{notes}",
                meter.id, meter.boundary, meter.source, meter.grade
            ),
        );
    }
    if full.checkpoints.is_empty() {
        line(ui, "Checkpoints", "none on the disk");
    }
    for (step, path) in &full.checkpoints {
        line(ui, "Checkpoint", format!("step {} · {path}", count(*step)));
    }
    line(
        ui,
        "Setup",
        format!("{} (without seed {})", run.setup.hash, run.setup.group_hash),
    );
    line(ui, "Program", format!("Joulelab {}", run.program_version));
}

fn phases(ui: &mut Ui, details: &RunDetails, unit: EnergyUnit) {
    let tokens = Tokens::in_ui(ui);
    widgets::section(ui, "Phases");
    Grid::new("runs-phases")
        .striped(true)
        .spacing(vec2(20.0, 6.0))
        .show(ui, |ui| {
            for name in [
                "phase", "time", "covers", "gross", "net", "covered", "grade",
            ] {
                ui.label(RichText::new(name).small().color(tokens.dim));
            }
            ui.end_row();
            for total in &details.totals {
                let mut is_first = true;
                for energy in &total.energies {
                    ui.label(if is_first { total.phase.as_str() } else { "" });
                    ui.label(
                        RichText::new(if is_first {
                            duration(total.duration_s)
                        } else {
                            String::new()
                        })
                        .monospace(),
                    );
                    is_first = false;
                    let figure = &energy.figure;
                    ui.label(figure.boundary.label());
                    let gross = figure
                        .energy_j
                        .map_or("no reading".to_owned(), |gross| written_energy(gross, unit));
                    ui.label(RichText::new(gross).monospace());
                    let net = energy
                        .net_j
                        .map_or("no baseline".to_owned(), |net| written_energy(net, unit));
                    ui.label(RichText::new(net).monospace());
                    ui.label(
                        RichText::new(format!("{:.0} %", figure.coverage() * 100.0)).monospace(),
                    );
                    ui.label(figure.grade.letter())
                        .on_hover_text(figure.grade.meaning());
                    ui.end_row();
                }
                if total.energies.is_empty() {
                    ui.label(&total.phase);
                    ui.label(RichText::new(duration(total.duration_s)).monospace());
                    ui.label(RichText::new("no meter").color(tokens.dim));
                    ui.end_row();
                }
            }
        });
}
