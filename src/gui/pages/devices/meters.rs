use egui::{Align, Label, Layout, RichText, Ui};
use egui_extras::{Column, TableBuilder, TableRow};

use super::{DevicesPage, account::account, mono};
use crate::gui::state::Shared;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::protocol::{Device, MeterNow, Source, SourceStatus};
use crate::units::{quantity, significant};

/// Height of a row of two lines, points.
const ROW: f32 = 36.0;
/// Height of the names of the columns, points.
const HEADER: f32 = 20.0;
/// Points of the columns whose text has a known length: grade, refresh, reading, status.
const COLUMNS: [f32; 4] = [44.0, 72.0, 84.0, 64.0];

impl DevicesPage {
    /// Every meter that was tried for the device, with its reading.
    pub(super) fn meters(&mut self, ui: &mut Ui, shared: &Shared, device: &Device) {
        let is_training = shared.is_busy();
        ui.checkbox(&mut self.live, "Live readings").on_hover_text(
            "Reading the meters keeps a worker and the card's driver awake, which takes a little energy itself",
        );
        widgets::caption(ui, self.state_of_readings(is_training));
        if let Some(error) = self.error.clone() {
            self.failure(ui, &error);
        }
        let is_known = self.found.device.as_ref() == Some(&device.identity);
        let Some(sources) = self.found.sources.as_ref().filter(|_| is_known) else {
            if self.error.is_none() {
                ui.label(if is_training {
                    "The meters of this device are tried when the run is over."
                } else {
                    "Trying every meter…"
                });
            }
            return;
        };
        let is_read = self.look.is_some() && !self.found.now.is_empty();
        let now = is_read.then_some(self.found.now.as_slice());
        account(ui, &self.found.account, now);
        table(ui, sources, now);
        for source in sources {
            explain(
                ui,
                source,
                self.found.now.iter().find(|now| now.meter == source.id),
            );
        }
    }

    fn state_of_readings(&self, is_training: bool) -> &'static str {
        match (is_training, self.live) {
            (true, _) => {
                "Stopped while a run goes on: reading would cost energy in what is measured. The run's own readings are on the \
                 Train page."
            }
            (false, true) => {
                "Twice a second while this page is open. They stop when you leave it or a run begins, since reading would cost \
                 energy in what is measured."
            }
            (false, false) => {
                "Off. The column “at discovery” holds what was read when the meters were tried."
            }
        }
    }
}

fn table(ui: &mut Ui, sources: &[Source], now: Option<&[MeterNow]>) {
    let [grade, refresh, reading, status] = COLUMNS;
    let tokens = Tokens::in_ui(ui);
    TableBuilder::new(ui)
        .id_salt("meters")
        .vscroll(false)
        .cell_layout(Layout::left_to_right(Align::Center))
        .column(Column::remainder().at_least(72.0).clip(true))
        .column(Column::remainder().at_least(72.0).clip(true))
        .column(Column::exact(grade))
        .column(Column::exact(refresh))
        .column(Column::exact(reading))
        .column(Column::exact(status))
        .header(HEADER, |mut row| {
            let reading = if now.is_some() { "Now" } else { "At discovery" };
            for name in ["Meter", "Covers", "Grade", "Refresh", reading, "Status"] {
                row.col(|ui| {
                    let text = RichText::new(name).small().color(tokens.dim);
                    ui.add(Label::new(text).truncate());
                });
            }
        })
        .body(|mut body| {
            for source in sources {
                let now = now.map(|now| now.iter().find(|now| now.meter == source.id));
                body.row(ROW, |mut row| cells(&mut row, source, now, &tokens));
            }
        });
}

fn cells(
    row: &mut TableRow<'_, '_>,
    source: &Source,
    now: Option<Option<&MeterNow>>,
    tokens: &Tokens,
) {
    row.col(|ui| two_lines(ui, mono(&source.id), &source.device, tokens));
    row.col(|ui| {
        let boundary = RichText::new(source.boundary.label());
        two_lines(ui, boundary, &source.source, tokens);
    });
    row.col(|ui| {
        ui.label(mono(source.grade.letter())).on_hover_text(format!(
            "Grade {}: {}",
            source.grade,
            source.grade.meaning()
        ));
    });
    row.col(|ui| match source.refresh_s {
        Some(refresh_s) => {
            ui.label(mono(&quantity(refresh_s, "s")))
                .on_hover_text("How often the source gives a new value");
        }
        None => {
            ui.label(RichText::new("not known").color(tokens.dim));
        }
    });
    row.col(|ui| {
        let text = reading(source, now);
        let colour = if text.is_some() {
            tokens.text
        } else {
            tokens.dim
        };
        let text = RichText::new(text.as_deref().unwrap_or("no reading")).color(colour);
        let text = if colour == tokens.text {
            text.monospace()
        } else {
            text
        };
        ui.add(Label::new(text).truncate());
    });
    row.col(|ui| {
        let (word, colour) = match (&source.status, now.flatten()) {
            (_, Some(now)) if now.lost.is_some() => ("Lost", tokens.error),
            (SourceStatus::Used, _) => ("Used", tokens.good),
            (SourceStatus::CrossCheck, _) => ("Beside", tokens.good),
            (SourceStatus::StandBy { .. }, Some(_)) => ("Stepped in", tokens.warning),
            (SourceStatus::StandBy { .. }, None) => ("Stands by", tokens.dim),
            (SourceStatus::Available { .. }, _) => ("Not used", tokens.dim),
            (SourceStatus::Refused { .. }, _) => ("Refused", tokens.warning),
        };
        ui.label(RichText::new(word).color(colour));
    });
}

/// What the meter says: now, where it is being read, else when it was tried.
fn reading(source: &Source, now: Option<Option<&MeterNow>>) -> Option<String> {
    match now {
        Some(Some(now)) => now.power_w.map(|power_w| power_now(&source.id, power_w)),
        Some(None) if matches!(source.status, SourceStatus::Used | SourceStatus::CrossCheck) => {
            None
        }
        _ => source.raw.clone(),
    }
}

/// Power that the meter `id` tells now: that of a model is an estimate, of no more than two digits.
pub(super) fn power_now(id: &str, power_w: f64) -> String {
    if id.starts_with("model:") {
        format!("≈ {} W", significant(power_w, 2))
    } else {
        quantity(power_w, "W")
    }
}

fn two_lines(ui: &mut Ui, first: RichText, second: &str, tokens: &Tokens) {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        ui.add(Label::new(first).truncate());
        let second = RichText::new(second).small().color(tokens.dim);
        ui.add(Label::new(second).truncate());
    });
}

/// Why a source is not read, how to mend that, and what else should be known.
fn explain(ui: &mut Ui, source: &Source, now: Option<&MeterNow>) {
    let lost = now.and_then(|now| now.lost.as_deref());
    let reason = match &source.status {
        SourceStatus::Used => lost.map(str::to_owned),
        SourceStatus::CrossCheck => Some(match lost {
            Some(lost) => lost.to_owned(),
            None => "contains other parts, so it is never added to them".to_owned(),
        }),
        SourceStatus::StandBy { of } => Some(format!("read if {of} gives nothing more")),
        SourceStatus::Available { reason } | SourceStatus::Refused { reason, .. } => {
            Some(reason.clone())
        }
    };
    if reason.is_none() && source.notes.is_empty() {
        return;
    }
    let tokens = Tokens::in_ui(ui);
    ui.separator();
    ui.label(mono(&source.id));
    if let Some(reason) = reason {
        let word = match &source.status {
            _ if lost.is_some() => "Lost",
            SourceStatus::Used => "Used",
            SourceStatus::CrossCheck => "Beside the sum",
            SourceStatus::StandBy { .. } => "Stands by",
            SourceStatus::Available { .. } => "Not used",
            SourceStatus::Refused { .. } => "Refused",
        };
        ui.add(Label::new(format!("{word}: {reason}")).wrap());
    }
    if let SourceStatus::Refused {
        remedy: Some(remedy),
        ..
    } = &source.status
    {
        self::remedy(ui, &source.id, remedy);
    }
    for note in &source.notes {
        ui.add(Label::new(RichText::new(note).small().color(tokens.dim)).wrap());
    }
}

/// How to mend it, to be copied: a rule or a command must be taken over letter by letter.
fn remedy(ui: &mut Ui, id: &str, remedy: &str) {
    ui.horizontal(|ui| {
        ui.label("To mend that:");
        let copy = ui
            .button("Copy")
            .on_hover_text("Put this text on the clipboard");
        if copy.clicked() {
            ui.ctx().copy_text(remedy.to_owned());
        }
        copy.accessible_name(format!("Copy the remedy for {id}"));
    });
    let tokens = Tokens::in_ui(ui);
    egui::Frame::new()
        .fill(tokens.well)
        .corner_radius(theme::ROUNDING)
        .inner_margin(8)
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.add(Label::new(mono(remedy)).wrap().selectable(true));
        });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Boundary, Grade};

    #[test]
    fn a_meter_without_a_reading_shows_none_of_earlier() {
        let source = Source {
            id: "nvml:0".to_owned(),
            source: "NVML".to_owned(),
            device: "GPU".to_owned(),
            boundary: Boundary::GpuBoard,
            grade: Grade::B,
            raw: Some("70.0 W".to_owned()),
            refresh_s: None,
            status: SourceStatus::Used,
            notes: Vec::new(),
        };
        let now = |power_w| MeterNow {
            meter: "nvml:0".to_owned(),
            power_w,
            in_sum: true,
            lost: None,
        };
        assert_eq!(reading(&source, None).as_deref(), Some("70.0 W"));
        assert_eq!(reading(&source, Some(Some(&now(None)))), None);
        assert_eq!(reading(&source, Some(None)), None);
        let live = reading(&source, Some(Some(&now(Some(71.26)))));
        assert_eq!(live.as_deref(), Some("71.3 W"));
        assert_eq!(power_now("model:cpu", 18.72), "≈ 19 W");
    }
}
