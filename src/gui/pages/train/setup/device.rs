//! The device that trains.

use egui::{ComboBox, Label, RichText, Ui};

use super::SetupPanel;
use super::form::{Form, Look};
use super::number::Steps;
use crate::gui::commands::Command;
use crate::gui::state::Shared;
use crate::gui::theme::Tokens;
use crate::gui::widgets;
use crate::protocol::Device;
use crate::setup::Setup;

impl SetupPanel {
    /// Device and idle baseline.
    pub(super) fn device(&mut self, ui: &mut Ui, setup: &mut Setup, shared: &mut Shared) {
        let known: &[Device] = match &shared.devices {
            Some(Ok(devices)) => devices,
            _ => &[],
        };
        super::strong_row(ui, "Device", "What trains", |ui, label| {
            let text = written(&setup.device, known);
            let combo = ComboBox::from_id_salt("device")
                .width(ui.available_width())
                .truncate();
            let response = combo.selected_text(text).show_ui(ui, |ui| {
                let wish = &mut setup.device;
                let automatic = ui.selectable_value(wish, "auto".to_owned(), "Automatic");
                automatic.on_hover_text("The best graphics card; the CPU where there is none");
                ui.selectable_value(wish, "cpu".to_owned(), written("cpu", known));
                for device in known.iter().filter(|device| device.kind != "cpu") {
                    let is_meant = means(wish, known)
                        .is_some_and(|meant| meant.index == device.index)
                        && wish != "auto";
                    let response = ui.selectable_label(is_meant, title(device));
                    if response.on_hover_text(details(device)).clicked() {
                        *wish = wish_for(device, known);
                    }
                }
            });
            response.response.labelled_by(label).on_hover_text(
                means(&setup.device, known).map_or_else(|| setup.device.clone(), details),
            );
        });
        let mut look_again = false;
        match &shared.devices {
            None => {
                widgets::caption(ui, "Looking for devices…");
            }
            Some(Err(error)) => {
                widgets::problem(ui, &format!("The devices could not be listed: {error}"));
                widgets::caption(
                    ui,
                    "Training on the CPU may still work. The page Devices says more.",
                );
                look_again = ui.button("Look again").clicked();
            }
            Some(Ok(devices)) => match means(&setup.device, devices) {
                Some(device) if device.kind == "software" => {
                    let tokens = Tokens::in_ui(ui);
                    let text = "This adapter is computed on the processor: its results are right, but “CPU” is faster.";
                    let text = RichText::new(text).small().color(tokens.warning);
                    ui.add(Label::new(text).wrap());
                }
                Some(device) if setup.device == "auto" => {
                    widgets::caption(ui, format!("Now {}", title(device)));
                }
                Some(_) => {}
                None => widgets::problem(
                    ui,
                    &format!(
                        "There is no device “{}” here, or several; choose one.",
                        setup.device
                    ),
                ),
            },
        }
        if look_again {
            shared.command(Command::RefreshDevices);
        }
        let mut form = Form {
            typed: &mut self.typed,
            problems: &self.checked.problems,
        };
        form.problems_at(ui, "device");
        let hint = "Seconds in which the idle machine is measured before the run, so that the run's own energy can be told from \
                    what the machine draws anyway; 0 skips it";
        let look = Look::new("Idle baseline", "measure.idle_s", hint)
            .unit("s")
            .steps(Steps::None);
        form.number(ui, look, &mut setup.measure.idle_s);
    }
}

/// A device's name and how it is reached.
pub fn title(device: &Device) -> String {
    let api = match device.api.as_deref() {
        Some("vulkan") => " · Vulkan",
        Some("metal") => " · Metal",
        Some("dx12") => " · DirectX 12",
        Some("gl") => " · OpenGL",
        _ => "",
    };
    let software = if device.kind == "software" {
        " · software"
    } else {
        ""
    };
    format!("{}{api}{software}", device.name)
}

fn details(device: &Device) -> String {
    let mut text = title(device);
    for part in [
        Some(&device.driver).filter(|driver| !driver.is_empty()),
        device.address.as_ref(),
    ]
    .into_iter()
    .flatten()
    {
        text.push('\n');
        text.push_str(part);
    }
    if device.kind == "software" {
        text.push_str("\nComputed on the processor: slower than the CPU itself");
    }
    text
}

fn written(wish: &str, known: &[Device]) -> String {
    match wish {
        "auto" => "Automatic".to_owned(),
        "cpu" => match means(wish, known) {
            Some(device) => format!("CPU · {}", device.name),
            None => "CPU".to_owned(),
        },
        wish => means(wish, known).map_or_else(|| wish.to_owned(), title),
    }
}

/// How a setup asks for `device`: by its name, which holds on other machines too, where that means it alone.
fn wish_for(device: &Device, known: &[Device]) -> String {
    match means(&device.name, known) {
        Some(meant) if meant.index == device.index => device.name.clone(),
        _ => device.index.to_string(),
    }
}

/// The device that `wish` means, as workers choose it; only they can ask drivers, so their rule is said here again, for
/// the list that they gave.
pub fn means<'a>(wish: &str, known: &'a [Device]) -> Option<&'a Device> {
    let wish = wish.trim();
    let cpu = || known.iter().find(|device| device.kind == "cpu");
    if wish.eq_ignore_ascii_case("auto") {
        let hardware = known
            .iter()
            .filter(|device| kind_rank(device).is_some() && api_rank(device) < 100);
        return hardware
            .min_by_key(|device| (kind_rank(device), api_rank(device)))
            .or_else(cpu);
    }
    if wish.eq_ignore_ascii_case("cpu") {
        return cpu();
    }
    if let Ok(index) = wish.parse::<usize>() {
        return known.iter().find(|device| device.index == index);
    }
    let wanted = wish.to_lowercase();
    let mut fitting: Vec<&Device> = known
        .iter()
        .filter(|device| device.name.to_lowercase().contains(&wanted))
        .collect();
    fitting.sort_by_key(|device| api_rank(device));
    let first = *fitting.first()?;
    let is_one_card = fitting.iter().all(|device| {
        let is_itself = device.index == first.index;
        device.name == first.name
            && device.address == first.address
            && (is_itself || device.api != first.api)
    });
    is_one_card.then_some(first)
}

fn kind_rank(device: &Device) -> Option<u32> {
    match device.kind.as_str() {
        "discrete-gpu" => Some(0),
        "integrated-gpu" => Some(1),
        "virtual-gpu" => Some(2),
        _ => None,
    }
}

fn api_rank(device: &Device) -> u32 {
    match device.api.as_deref() {
        Some("metal") => 0,
        Some("dx12") if cfg!(windows) => 0,
        Some("vulkan") => 1,
        Some("dx12") => 2,
        _ => 100,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(index: usize, name: &str, kind: &str, api: Option<&str>) -> Device {
        Device {
            index,
            name: name.to_owned(),
            kind: kind.to_owned(),
            api: api.map(str::to_owned),
            backend: String::new(),
            driver: String::new(),
            vendor: None,
            address: None,
            identity: String::new(),
        }
    }

    #[test]
    fn wishes_mean_what_they_mean_to_a_worker() {
        let known = [
            device(0, "llvmpipe", "software", Some("vulkan")),
            device(1, "Iris Xe", "integrated-gpu", Some("vulkan")),
            device(2, "GeForce RTX 3080", "discrete-gpu", Some("vulkan")),
            device(3, "GeForce RTX 3080", "discrete-gpu", Some("gl")),
            device(4, "Ryzen 9", "cpu", None),
        ];
        let meant = |wish| means(wish, &known).map(|device| device.index);
        assert_eq!(
            ["auto", "cpu", "1", "rtx", "LLVM", "9", "r", "none such"].map(meant),
            [
                Some(2),
                Some(4),
                Some(1),
                Some(2),
                Some(0),
                None,
                None,
                None
            ]
        );
        assert_eq!(
            means("auto", &known[4..]).map(|device| device.index),
            Some(4)
        );
        assert_eq!(wish_for(&known[2], &known), "GeForce RTX 3080");
        assert_eq!(wish_for(&known[3], &known), "3");
    }
}
