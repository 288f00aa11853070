//! Where the run ran: device, machine, meters, checkpoints, setup, program.

use egui::Ui;

use super::{Full, line};
use crate::gui::pages::runs::columns::local_time;
use crate::gui::preferences::EnergyUnit;
use crate::gui::widgets;
use crate::units::count;

pub(super) fn place(ui: &mut Ui, full: &Full, _unit: EnergyUnit) {
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
