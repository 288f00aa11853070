use egui::{Frame, Label, Response, RichText, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo};

use super::DevicesPage;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::protocol::Device;

impl DevicesPage {
    /// The devices, one of which is chosen.
    pub(super) fn list(&mut self, ui: &mut Ui, devices: &[Device]) {
        let shown = self.shown(devices).map(|device| device.identity.clone());
        for device in devices {
            let is_shown = shown.as_ref() == Some(&device.identity);
            let auto = self
                .auto
                .as_ref()
                .filter(|(identity, _)| *identity == device.identity);
            let because = auto.map(|(_, because)| because.as_str());
            if row(ui, device, is_shown, because).clicked() && !is_shown {
                self.chosen = Some(device.identity.clone());
                self.error = None;
                self.found.now.clear();
            }
        }
        if !devices.iter().any(is_hardware) {
            ui.add_space(theme::GRID);
            widgets::caption(
                ui,
                "No graphics adapter was found, so runs train on the processor. Where this machine has a graphics card, install \
                 its driver (on Linux with Vulkan: mesa-vulkan-drivers for AMD and Intel, the vendor's own for NVIDIA), check \
                 with `vulkaninfo --summary`, and look again.",
            );
        }
    }
}

fn row(ui: &mut Ui, device: &Device, is_shown: bool, auto: Option<&str>) -> Response {
    let tokens = Tokens::in_ui(ui);
    let (fill, rim) = if is_shown {
        (tokens.raised, tokens.accent)
    } else {
        (tokens.surface, tokens.line)
    };
    let inner = Frame::new()
        .fill(fill)
        .stroke(Stroke::new(1.0, rim))
        .corner_radius(theme::ROUNDING)
        .inner_margin(10)
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = theme::GRID;
            let name = RichText::new(&device.name).text_style(theme::strong());
            ui.add(Label::new(name).truncate());
            let text = format!("{} · {}", kind(&device.kind), device.backend);
            let below = RichText::new(text).small().color(tokens.dim);
            ui.add(Label::new(below).truncate());
            // Chips are of the height of their text, not of a control.
            ui.spacing_mut().interact_size.y = 0.0;
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = theme::GRID;
                widgets::chip(ui, &format!("number {}", device.index), tokens.dim);
                if auto.is_some() {
                    widgets::chip(ui, "auto", tokens.accent_text);
                }
                if device.kind == "software" {
                    widgets::chip(ui, "only if asked for", tokens.dim);
                }
            });
        });
    let response = inner.response.interact(Sense::click());
    response.widget_info(|| {
        let name = format!("{} ({})", device.name, device.backend);
        WidgetInfo::selected(Role::Button, true, is_shown, name)
    });
    if response.has_focus() {
        let rim = Stroke::new(2.0, tokens.accent);
        let rect = response.rect;
        ui.painter()
            .rect_stroke(rect, theme::ROUNDING, rim, StrokeKind::Inside);
    }
    response.on_hover_ui(|ui| {
        ui.label(&device.name);
        ui.label(format!("`--device {}` on the command line", device.index));
        if let Some(because) = auto {
            let because = if because.is_empty() { "" } else { ": " }.to_owned() + because;
            ui.label(format!("This is what the device “auto” means{because}"));
        }
        if device.kind == "software" {
            ui.label(
                "Computed on the processor, slower than its own backend: never taken by itself.",
            );
        }
    })
}

/// What kind of device it is, for people.
pub(super) fn kind(kind: &str) -> &str {
    match kind {
        "discrete-gpu" => "Graphics card",
        "integrated-gpu" => "Integrated graphics",
        "virtual-gpu" => "Virtual graphics card",
        "software" => "Software adapter",
        "cpu" => "Processor",
        _ => "Other adapter",
    }
}

fn is_hardware(device: &Device) -> bool {
    matches!(
        device.kind.as_str(),
        "discrete-gpu" | "integrated-gpu" | "virtual-gpu" | "other"
    )
}
