use egui::{RichText, Ui};

use crate::gui::state::Shared;
use crate::gui::theme::Tokens;
use crate::gui::widgets;
use crate::library::SelfCheck;
use crate::protocol::Device;

/// Version of this program: a check by another one is done anew.
const PROGRAM_VERSION: &str = env!("CARGO_PKG_VERSION");

/// Self-checks of the library.
#[derive(Default)]
pub struct Checks {
    /// The state of the library that they were asked of.
    revision: u64,
    read: Option<Result<Vec<SelfCheck>, String>>,
}

impl Checks {
    /// Reads them again where the library has changed.
    pub fn keep_up(&mut self, shared: &mut Shared) {
        let revision = shared.library_revision;
        if self.revision == revision {
            return;
        }
        self.revision = revision;
        shared.with_library(
            |library| library.self_checks(),
            move |state, checks| {
                let page = &mut state.pages.devices.checks;
                if page.revision == revision {
                    page.read = Some(checks.map_err(|error| error.to_string()));
                }
            },
        );
    }

    /// What is known of `device`.
    pub fn ui(&self, ui: &mut Ui, device: &Device) {
        let tokens = Tokens::in_ui(ui);
        match &self.read {
            None => {
                widgets::caption(ui, "Reading the library…");
            }
            Some(Err(error)) => widgets::problem(ui, error),
            Some(Ok(checks)) => {
                let (current, other) = latest(checks, device);
                match current {
                    Some(check) => result(ui, check, &tokens),
                    None => {
                        ui.label("Not checked yet: the first run on it does.");
                    }
                }
                if let Some(check) = other {
                    let word = if check.passed { "passed" } else { "failed" };
                    widgets::caption(
                        ui,
                        format!(
                            "Earlier, under other versions: {word} ({})",
                            versions(check)
                        ),
                    );
                }
            }
        }
        widgets::caption(
            ui,
            "One training step is computed on the device and on the processor; loss and gradients must agree. A driver that \
             computes wrongly would otherwise give figures of a network that learns something else.",
        );
    }
}

/// The check that holds for the device as it is, and where there is none, the latest of the others.
fn latest<'a>(
    checks: &'a [SelfCheck],
    device: &Device,
) -> (Option<&'a SelfCheck>, Option<&'a SelfCheck>) {
    let of_device = || {
        checks
            .iter()
            .filter(|check| check.device == device.identity)
    };
    let current = of_device()
        .find(|check| check.driver == device.driver && check.program_version == PROGRAM_VERSION);
    let other = of_device().max_by_key(|check| check.checked_at);
    (current, other.filter(|_| current.is_none()))
}

fn result(ui: &mut Ui, check: &SelfCheck, tokens: &Tokens) {
    let (sign, word, colour) = if check.passed {
        ("✓", "Passed", tokens.good)
    } else {
        ("×", "Failed", tokens.error)
    };
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(format!("{sign} {word}")).color(colour));
        ui.label(widgets::self_check_differences(check));
    });
    widgets::caption(ui, versions(check));
}

fn versions(check: &SelfCheck) -> String {
    let at = check.checked_at.to_zoned(jiff::tz::TimeZone::system());
    let driver = if check.driver.is_empty() {
        "no driver of its own"
    } else {
        &check.driver
    };
    format!(
        "{} · {driver} · Joulelab {}",
        at.strftime("%Y-%m-%d %H:%M"),
        check.program_version
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(driver: &str, version: &str, second: i64) -> SelfCheck {
        SelfCheck {
            device: "vulkan:gpu".to_owned(),
            driver: driver.to_owned(),
            program_version: version.to_owned(),
            passed: true,
            tolerance: 0.01,
            differences: serde_json::json!({}),
            checked_at: jiff::Timestamp::from_second(second).expect("a time"),
        }
    }

    #[test]
    fn only_a_check_under_the_same_driver_and_program_holds() {
        let device = Device {
            index: 0,
            name: "GPU".to_owned(),
            kind: "discrete-gpu".to_owned(),
            api: Some("vulkan".to_owned()),
            backend: "wgpu/vulkan".to_owned(),
            driver: "2".to_owned(),
            vendor: None,
            address: None,
            identity: "vulkan:gpu".to_owned(),
        };
        let old = [check("1", PROGRAM_VERSION, 5), check("2", "0.0.1", 9)];
        let (current, other) = latest(&old, &device);
        assert_eq!(current, None);
        assert_eq!(other, Some(&old[1]));
        let new = [old[0].clone(), check("2", PROGRAM_VERSION, 7)];
        assert_eq!(latest(&new, &device), (Some(&new[1]), None));
    }
}
