//! Adapters and meters: what this machine can train on, what measures it, and why something does not.

mod account;
mod adapters;
mod checks;
mod detail;
mod idle;
mod look;
mod meters;

use std::collections::BTreeMap;

use egui::{Align, CentralPanel, Frame, Layout, Margin, RichText, ScrollArea, Ui};

use crate::gui::commands::Command;
use crate::gui::state::Shared;
use crate::gui::theme;
use crate::gui::widgets;
use crate::protocol::{AccountLine, Device, MeterNow, Source};
use checks::Checks;
use idle::{Idle, Measured};
use look::{Look, Purpose, Subject, Told};

/// Points from which devices and what is known of one stand beside each other.
const WIDE: f32 = 800.0;
/// Points of the list of devices where it stands at the left.
const LIST_WIDTH: f32 = 276.0;
/// Points at the right that the scroll bar has to itself.
const RIM: i8 = 4;

/// The page.
pub struct DevicesPage {
    /// Identity of the device that is shown; the one that `auto` means until one is chosen.
    chosen: Option<String>,
    /// The device that `auto` means, and why.
    auto: Option<(String, String)>,
    /// Whether readings are wanted.
    live: bool,
    look: Option<Look>,
    serial: u64,
    found: Found,
    /// Why the last look failed.
    error: Option<String>,
    checks: Checks,
    idle: Idle,
    /// Idle power that was measured, by device.
    measured: BTreeMap<String, Measured>,
}

/// What is known of the meters of a device.
#[derive(Default)]
struct Found {
    /// Identity of that device.
    device: Option<String>,
    sources: Option<Vec<Source>>,
    account: Vec<AccountLine>,
    now: Vec<MeterNow>,
}

impl Default for DevicesPage {
    fn default() -> Self {
        Self {
            chosen: None,
            auto: None,
            live: true,
            look: None,
            serial: 0,
            found: Found::default(),
            error: None,
            checks: Checks::default(),
            idle: Idle::default(),
            measured: BTreeMap::new(),
        }
    }
}

impl DevicesPage {
    /// Draws the page.
    pub fn show(&mut self, ui: &mut Ui, shared: &mut Shared) {
        self.checks.keep_up(shared);
        self.learn_from_run(shared);
        self.keep_looking(shared);
        let frame = Frame::new().inner_margin(Margin {
            right: RIM,
            ..Margin::same(theme::PANEL_MARGIN)
        });
        CentralPanel::default().frame(frame).show(ui, |ui| {
            header(ui, shared);
            match shared.devices.clone() {
                None => {
                    widgets::caption(ui, "Looking for devices…");
                }
                Some(Err(error)) => no_answer(ui, shared, &error),
                Some(Ok(devices)) if devices.is_empty() => nothing(ui, shared),
                Some(Ok(devices)) => self.devices(ui, shared, &devices),
            }
        });
    }

    fn devices(&mut self, ui: &mut Ui, shared: &mut Shared, devices: &[Device]) {
        if ui.available_width() < WIDE {
            ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                beside_bar(ui);
                self.list(ui, devices);
                ui.add_space(2.0 * theme::GRID);
                self.detail(ui, shared, devices);
            });
            return;
        }
        let size = ui.available_size();
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = theme::GRID;
            let top_down = Layout::top_down(Align::Min);
            ui.allocate_ui_with_layout([LIST_WIDTH, size.y].into(), top_down, |ui| {
                ScrollArea::vertical()
                    .id_salt("devices")
                    .auto_shrink(false)
                    .show(ui, |ui| {
                        beside_bar(ui);
                        self.list(ui, devices);
                    });
            });
            ui.allocate_ui_with_layout(ui.available_size(), top_down, |ui| {
                ScrollArea::vertical()
                    .id_salt("device")
                    .auto_shrink(false)
                    .show(ui, |ui| {
                        beside_bar(ui);
                        self.detail(ui, shared, devices);
                    });
            });
        });
    }

    /// The device that is shown: the chosen one, else the one that `auto` means.
    fn shown<'a>(&self, devices: &'a [Device]) -> Option<&'a Device> {
        let wanted = self
            .chosen
            .as_ref()
            .or(self.auto.as_ref().map(|auto| &auto.0))?;
        devices.iter().find(|device| device.identity == *wanted)
    }

    /// The page is no longer shown: nothing is read for it.
    pub fn leave(&mut self) {
        self.look = None;
        self.idle.cancel();
        self.found.now.clear();
    }

    /// Forgets what was read; it is read again when the page is shown.
    pub fn refresh(&mut self) {
        self.leave();
        self.auto = None;
        self.found = Found::default();
        self.error = None;
        self.measured.clear();
        self.checks = Checks::default();
    }

    /// Takes in what look number `serial` told.
    pub fn take(&mut self, serial: u64, told: Told) {
        let Some(look) = self.look.as_ref().filter(|look| look.serial == serial) else {
            return;
        };
        let purpose = look.subject.purpose;
        match told {
            Told::Device(identity, because) => {
                if look.subject.wish == "auto" {
                    self.auto = Some((identity.clone(), because));
                }
                if self.found.device.as_ref() != Some(&identity) {
                    self.found = Found::default();
                }
                self.found.device = Some(identity);
            }
            Told::Sources(sources, account) => {
                self.found.sources = Some(sources);
                self.found.account = account;
            }
            Told::Readings(t_s, now) => {
                if matches!(purpose, Purpose::Idle { .. }) {
                    self.idle.has_come_to(t_s);
                }
                self.found.now = now;
            }
            Told::Idle(duration_s, power) => {
                if let Some(device) = &self.found.device {
                    self.measured
                        .insert(device.clone(), Measured::now(duration_s, power));
                }
            }
            Told::End(error) => {
                if matches!(purpose, Purpose::Idle { .. }) {
                    self.idle.cancel();
                }
                self.found.now.clear();
                self.error = error;
                self.look = None;
            }
        }
    }

    /// A run that took `auto` tells as well what that means.
    fn learn_from_run(&mut self, shared: &Shared) {
        if let Some(live) = &shared.live
            && live.setup.device == "auto"
            && let Some((device, because)) = &live.device
            && self.auto.is_none()
        {
            self.auto = Some((device.identity.clone(), because.clone()));
        }
    }

    /// Begins and ends looks, so that what is wanted is looked at and nothing else.
    fn keep_looking(&mut self, shared: &mut Shared) {
        let wanted = self.wanted(shared);
        match (&self.look, wanted) {
            (Some(look), Some(subject)) if look.subject == subject => look.seen(),
            (_, Some(subject)) => {
                self.serial += 1;
                self.found.now.clear();
                let worker = shared.options.worker.clone();
                let library = shared.library_path().ok();
                match Look::start(self.serial, subject, worker, library, shared.jobs.sender()) {
                    Ok(look) => self.look = Some(look),
                    Err(error) => self.error = Some(error.to_string()),
                }
            }
            (Some(_), None) => {
                self.look = None;
                self.found.now.clear();
            }
            (None, None) => {}
        }
    }

    fn wanted(&mut self, shared: &Shared) -> Option<Subject> {
        let devices = shared.devices.as_ref()?.as_ref().ok()?;
        // Whatever reads a meter during a run is part of what the run measures.
        if shared.is_busy() {
            self.idle.cancel();
            return None;
        }
        if self.error.is_some() {
            return None;
        }
        let shown = self.shown(devices);
        let is_known = self.found.sources.is_some()
            && shown.is_some_and(|shown| self.found.device.as_ref() == Some(&shown.identity));
        let purpose = match self.idle.wanted() {
            Some(duration_s) => Purpose::Idle { duration_s },
            None if self.live => Purpose::Live,
            None if is_known => return None,
            None => Purpose::Once,
        };
        // A look at `auto` stays one when it has told which device that is.
        let is_auto = shown.is_none_or(|shown| {
            let auto = self.auto.as_ref().map(|auto| &auto.0);
            auto == Some(&shown.identity)
        });
        let wish = match shown {
            Some(shown) if !is_auto => shown.index.to_string(),
            _ => "auto".to_owned(),
        };
        Some(Subject {
            wish,
            measure: shared.preferences.setup.measure.clone(),
            purpose,
        })
    }
}

/// Leaves the margin to the scroll bar.
fn beside_bar(ui: &mut Ui) {
    ui.spacing_mut().item_spacing.x = 2.0 * theme::GRID;
    let margin = f32::from(theme::PANEL_MARGIN - RIM);
    ui.set_max_width(ui.available_width() - margin);
}

fn header(ui: &mut Ui, shared: &mut Shared) {
    ui.horizontal(|ui| {
        beside_bar(ui);
        ui.heading("Devices");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let refresh = Command::RefreshDevices;
            if ui
                .button(refresh.label())
                .on_hover_text(refresh.hint())
                .clicked()
            {
                shared.command(refresh);
            }
        });
    });
    ui.add_space(theme::GRID);
}

fn no_answer(ui: &mut Ui, shared: &mut Shared, error: &str) {
    let text = format!(
        "{error}\n\nNo run was touched. A graphics driver that crashes can cause this; the log on the Settings page may say \
         more."
    );
    widgets::empty_state(ui, "The devices could not be listed", &text, |ui| {
        if widgets::primary_button(ui, "Try again").clicked() {
            shared.command(Command::RefreshDevices);
        }
    });
}

fn nothing(ui: &mut Ui, shared: &mut Shared) {
    let text = "Neither a graphics adapter nor the processor answered. Install the driver of the graphics card, then look \
                again.";
    widgets::empty_state(ui, "No device", text, |ui| {
        if widgets::primary_button(ui, "Look again").clicked() {
            shared.command(Command::RefreshDevices);
        }
    });
}

/// Text in figures of one width, for what may be copied letter by letter.
fn mono(text: &str) -> RichText {
    RichText::new(text).monospace()
}
