//! Questions that need no run: which devices there are, which meters answer.

use super::{convert, session};
use crate::device;
use crate::power;
use crate::protocol::{Event, Failure, FailureKind};
use crate::setup::MeasureSetup;

use super::outbox::Outbox;

/// Lists every device.
pub fn devices(outbox: &Outbox) {
    let devices = device::list().iter().map(convert::device).collect();
    outbox.send(Event::Devices { devices });
}

/// Tries every meter for the device that `wish` means.
pub fn doctor(outbox: &Outbox, wish: &str, measure: &MeasureSetup) {
    let chosen = match device::choose(&device::list(), wish) {
        Ok(chosen) => chosen,
        Err(error) => {
            outbox.send(Event::Failed(Failure {
                kind: FailureKind::Device,
                message: error.to_string(),
            }));
            return;
        }
    };
    outbox.send(Event::Device {
        device: convert::device(&chosen.entry),
        because: chosen.because,
    });
    let options = session::meter_options(&chosen.entry, measure, &session::Busy::default());
    outbox.send(convert::sources(&power::discover(&options)));
}
