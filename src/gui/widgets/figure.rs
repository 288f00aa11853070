use egui::{
    Align, Label, Layout, Response, RichText, Sense, TextStyle, TextWrapMode, Ui, WidgetText,
};

use crate::gui::preferences::EnergyUnit;
use crate::gui::theme::{self, Tokens};
use crate::library::SelfCheck;
use crate::protocol::PhaseEnergy;
use crate::units::{Estimate, duration, estimate, estimate_in_parts, quantity, significant};

/// A large figure as it is written.
#[derive(Clone, Debug, Default)]
pub struct KeyFigure<'a> {
    /// What it is.
    pub name: &'a str,
    /// The value with its unit; a dash where there is none yet.
    pub value: String,
    /// Its interval; empty where there is none.
    pub spread: String,
    /// Where it comes from, or what it means.
    pub below: String,
}

/// Shows a large figure: what it is, the value with its interval, and a line on where it comes from. Takes the whole
/// width, whatever it says, so that nothing beside it moves.
pub fn key_figure(ui: &mut Ui, figure: &KeyFigure<'_>) -> Response {
    let tokens = Tokens::in_ui(ui);
    let dim = |text: &str| RichText::new(text).small().color(tokens.dim);
    let inner = ui.vertical(|ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 2.0;
        ui.add(Label::new(dim(figure.name)).truncate());
        ui.horizontal(|ui| {
            ui.add(
                Label::new(RichText::new(&figure.value).text_style(theme::key_figure())).extend(),
            );
            // On the foot of the large type, not in its middle.
            ui.with_layout(Layout::left_to_right(Align::Max), |ui| {
                // Digits of one width, so that nothing trembles; narrower ones where those have no room.
                let even = dim(&figure.spread).monospace();
                let room = ui.available_width();
                let has_room = galley_width(ui, even.clone()) <= room;
                let spread = if has_room { even } else { dim(&figure.spread) };
                ui.add(Label::new(spread).truncate());
            });
        });
        ui.add(Label::new(dim(&figure.below)).truncate());
    });
    let response = inner.response.interact(Sense::hover());
    response.widget_info(|| {
        let KeyFigure { name, value, .. } = figure;
        egui::WidgetInfo::labeled(egui::Role::Label, true, format!("{name}: {value}"))
    });
    response
}

/// How wide `text` is in one line, points.
fn galley_width(ui: &Ui, text: RichText) -> f32 {
    let mode = Some(TextWrapMode::Extend);
    let text = WidgetText::from(text);
    text.into_galley(ui, mode, f32::INFINITY, TextStyle::Body)
        .size()
        .x
}

/// Energy in the unit that the user chose, in two parts: value and interval.
pub fn energy_in_parts(energy_j: Estimate, unit: EnergyUnit) -> (String, String) {
    match unit {
        EnergyUnit::Joules => estimate_in_parts(energy_j, "J"),
        EnergyUnit::WattHours => estimate_in_parts(energy_j.scale(1.0 / 3600.0), "Wh"),
    }
}

/// Energy that is expected, in joules, with its interval where there is one, in the unit that the user chose.
pub fn expected_energy(value: f64, range: Option<(f64, f64)>, unit: EnergyUnit) -> String {
    match (range, unit) {
        (Some((low, high)), _) if low < high => written_energy(Estimate { value, low, high }, unit),
        (_, EnergyUnit::Joules) => quantity(value, "J"),
        (_, EnergyUnit::WattHours) => quantity(value / 3600.0, "Wh"),
    }
}

/// Energy with its interval in the unit that the user chose.
pub fn written_energy(energy_j: Estimate, unit: EnergyUnit) -> String {
    match unit {
        EnergyUnit::Joules => estimate(energy_j, "J"),
        EnergyUnit::WattHours => estimate(energy_j.scale(1.0 / 3600.0), "Wh"),
    }
}

/// What an energy figure means: shown while the pointer is on it.
pub fn figure_hover(ui: &mut Ui, parts: &[PhaseEnergy], unit: EnergyUnit) {
    ui.set_max_width(420.0);
    ui.label(RichText::new("Energy of training and evaluation").text_style(theme::strong()));
    ui.label("Idle time, loading and warm-up are not in it. Power drawn while the machine does nothing is in the gross figure, \
              not in the net one.");
    for part in parts {
        ui.separator();
        let gross = part
            .gross
            .energy_j
            .map_or("no reading".to_owned(), |gross| written_energy(gross, unit));
        ui.label(
            RichText::new(format!("{}: {gross}", part.gross.boundary)).text_style(theme::strong()),
        );
        if part.gross.boundary.is_whole() {
            ui.label("of the whole machine: beside the sum of the parts, not in it");
        }
        if let Some(net) = part.net_j {
            ui.label(format!(
                "net of the idle machine: {}",
                written_energy(net, unit)
            ));
        }
        ui.label(format!("source: {}", part.gross.source));
        ui.label(format!(
            "grade {}: {}",
            part.gross.grade,
            part.gross.grade.meaning()
        ));
        ui.label(format!(
            "{:.0} % of {} covered by readings",
            part.gross.coverage() * 100.0,
            duration(part.gross.window_s)
        ));
    }
    if parts.is_empty() {
        ui.label("No meter has answered yet.");
    }
    ui.separator();
    ui.label("The range behind a figure is the interval in which the true value lies with about 95 % confidence, by the source's grade.");
}

/// How far loss and gradients were apart, with what is allowed.
pub fn self_check_differences(check: &SelfCheck) -> String {
    let of = |key: &str| match check.differences.get(key).and_then(|value| value.as_f64()) {
        Some(value) => significant(value * 100.0, 2) + " %",
        None => "no number".to_owned(),
    };
    format!(
        "Difference of the loss {}, largest of a gradient {}; allowed {} %",
        of("loss"),
        of("gradient"),
        significant(check.tolerance * 100.0, 2)
    )
}

/// An everyday thing that uses as much energy, and how that was reckoned.
pub fn everyday(energy_j: f64) -> (String, String) {
    // Each row: from how many joules, what, watts of it.
    const LED_W: f64 = 8.0;
    const LAPTOP_W: f64 = 30.0;
    const KETTLE_J_PER_LITRE: f64 = 4186.0 * 80.0 / 0.85;
    if energy_j < 20_000.0 {
        let seconds = energy_j / LED_W;
        (
            format!("≈ {} of an LED lamp", short_duration(seconds)),
            format!(
                "{} ÷ {LED_W:.0} W, the power of an LED lamp as bright as an old 60 W bulb = {}",
                quantity(energy_j, "J"),
                duration(seconds)
            ),
        )
    } else if energy_j < 400_000.0 {
        let seconds = energy_j / LAPTOP_W;
        (
            format!("≈ {} of a laptop", short_duration(seconds)),
            format!(
                "{} ÷ {LAPTOP_W:.0} W, a laptop at work = {}",
                quantity(energy_j, "J"),
                duration(seconds)
            ),
        )
    } else {
        let litres = energy_j / KETTLE_J_PER_LITRE;
        (
            format!("≈ {litres:.1} l of water boiled"),
            format!(
                "{} ÷ {} for a litre: 4,186 J/(kg·K) × 80 K ÷ 85 % efficiency of a kettle = {litres:.2} l",
                quantity(energy_j, "J"),
                quantity(KETTLE_J_PER_LITRE, "J")
            ),
        )
    }
}

fn short_duration(seconds: f64) -> String {
    if seconds < 90.0 {
        format!("{seconds:.0} s")
    } else if seconds < 5400.0 {
        format!("{:.0} min", seconds / 60.0)
    } else {
        format!("{:.1} h", seconds / 3600.0)
    }
}
