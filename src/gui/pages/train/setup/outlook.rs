//! What the setup of the panel will take, from earlier runs of its device.

use egui::{Response, Ui};

use crate::analysis::forecast::{Basis, FOR_INTERVAL, Forecast, PastRun, Planned, forecast};
use crate::control;
use crate::gui::preferences::EnergyUnit;
use crate::gui::state::{Shared, State};
use crate::gui::widgets::{self, expected_energy};
use crate::library::{Filter, Status};
use crate::protocol::Device;
use crate::units::duration;

/// Runs that are looked at, from the newest on.
const RUNS_MAX: u64 = 200;

/// Which runs count: those of a device, as of a revision of the library.
type Asked = (u64, String);

/// Earlier runs of the chosen device, read again when device or library change.
#[derive(Default)]
pub struct Outlook {
    asked: Option<Asked>,
    past: Option<(Asked, Result<Vec<PastRun>, String>)>,
}

impl Outlook {
    /// Reads the earlier runs of `device` where that has not been done.
    pub fn follow(&mut self, shared: &mut Shared, device: Option<&Device>) {
        let Some(device) = device else { return };
        let asked = (shared.library_revision, device.identity.clone());
        if self.asked.as_ref() == Some(&asked) {
            return;
        }
        self.asked = Some(asked.clone());
        let filter = Filter {
            status: vec![Status::Completed],
            device: Some(device.name.clone()),
            limit: Some(RUNS_MAX),
            ..Filter::default()
        };
        let identity = device.identity.clone();
        shared.with_library(
            move |library| {
                let (machine, _) = control::here();
                let rows = library.runs(&filter)?;
                let of_device = rows.iter().filter(|row| {
                    row.run.device.identity == identity
                        && row.run.machine.fingerprint == machine.fingerprint
                });
                Ok(of_device.filter_map(PastRun::of).collect())
            },
            move |state: &mut State, past| {
                let outlook = &mut state.pages.train.setup.outlook;
                if outlook.asked.as_ref() == Some(&asked) {
                    outlook.past = Some((asked, past.map_err(|error| error.to_string())));
                }
            },
        );
    }

    /// One line on what `planned` will take on `device`, and how that is told.
    pub fn show(
        &self,
        ui: &mut Ui,
        planned: Option<&Planned<'_>>,
        device: Option<&Device>,
        unit: EnergyUnit,
    ) -> Response {
        let known = self
            .past
            .as_ref()
            .filter(|((_, of), _)| device.is_some_and(|device| device.identity == *of));
        if device.is_none() {
            return widgets::caption(ui, "No forecast: the device is not known yet.");
        }
        let (Some(planned), Some((_, past))) = (planned, known) else {
            return widgets::caption(ui, " ");
        };
        let past = match past {
            Ok(past) => past,
            Err(error) => {
                let response = widgets::caption(ui, "No forecast: the library cannot be read");
                return response.on_hover_text(error);
            }
        };
        match forecast(planned, past) {
            Some(forecast) => {
                let response = widgets::caption(ui, line(&forecast, unit));
                response.on_hover_ui(|ui| explain(ui, &forecast))
            }
            None => widgets::caption(
                ui,
                "No forecast: no basis yet. The first run on this device gives one.",
            )
            .on_hover_text(
                "Time and energy are told from completed runs of the same device in this library.",
            ),
        }
    }
}

/// `About 25.0 s · 360 ± 60 J, from 3 earlier runs`.
fn line(forecast: &Forecast, unit: EnergyUnit) -> String {
    let about = if forecast.may_end_earlier {
        "At most about"
    } else {
        "About"
    };
    let energy = match forecast.energy_j {
        Some(energy_j) => expected_energy(energy_j.value, energy_j.range, unit),
        None => "energy was not measured".to_owned(),
    };
    let runs = match forecast.runs {
        1 => "one earlier run".to_owned(),
        several => format!("{several} earlier runs"),
    };
    let kind = if forecast.basis == Basis::Operations {
        " of other setups"
    } else {
        ""
    };
    format!(
        "{about} {} · {energy}, from {runs}{kind}",
        duration(forecast.time_s.value)
    )
}

fn explain(ui: &mut Ui, forecast: &Forecast) {
    ui.set_max_width(380.0);
    ui.label("Time and gross energy of training and evaluation; loading, warm-up and the idle baseline come on top.");
    let (rate, range) = match forecast.basis {
        Basis::Alike => (
            "From completed runs on this device with the same dataset, model and batch size: their geometric mean a step, \
             times the steps to come.",
            match forecast.runs {
                1 => "One run tells nothing of the spread, so there is no interval.",
                2..FOR_INTERVAL => "The interval is from the least to the greatest of them.",
                _ => {
                    "The interval is where one more run lies with 95 % confidence: the mean of logarithms ± t · s · √(1 + 1/n)."
                }
            },
        ),
        Basis::Operations => (
            "No completed run on this device was alike, so other runs are taken: the geometric mean of their time and energy a \
             floating-point operation, times the operations to come. That can be far off.",
            "The interval is from the least to the greatest of them.",
        ),
    };
    ui.label(rate);
    ui.label(range);
    if let Some((low, high)) = forecast.time_s.range.filter(|(low, high)| high > low) {
        ui.label(format!("Time: {} to {}", duration(low), duration(high)));
    }
    if forecast.may_end_earlier {
        ui.label("The target or early stopping may end the run before.");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::forecast::Expected;

    #[test]
    fn a_forecast_reads_as_a_sentence() {
        let mut forecast = Forecast {
            time_s: Expected {
                value: 25.0,
                range: None,
            },
            energy_j: Some(Expected {
                value: 360.0,
                range: Some((300.0, 420.0)),
            }),
            runs: 3,
            basis: Basis::Alike,
            may_end_earlier: false,
        };
        assert_eq!(
            line(&forecast, EnergyUnit::Joules),
            "About 25.0 s · 360 ± 60 J, from 3 earlier runs"
        );
        forecast.energy_j = Some(Expected {
            value: 800.0,
            range: Some((400.0, 1200.0)),
        });
        assert!(line(&forecast, EnergyUnit::Joules).contains("800 ± 400 J"));
        forecast.energy_j = Some(Expected {
            value: 66.8,
            range: Some((33.9, 132.0)),
        });
        assert!(line(&forecast, EnergyUnit::Joules).contains("67 J (34 to 132)"));
        forecast.energy_j = Some(Expected {
            value: 66.8,
            range: None,
        });
        assert!(line(&forecast, EnergyUnit::Joules).contains("· 66.8 J"));
        forecast.energy_j = None;
        assert!(line(&forecast, EnergyUnit::Joules).contains("not measured"));
    }
}
