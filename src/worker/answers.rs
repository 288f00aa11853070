//! Questions that need no run: which devices there are, which meters answer.

use super::busy::Busy;
use super::known::Known;
use super::{convert, wall};
use crate::device;
use crate::power;
use crate::protocol::{Event, Failure, FailureKind, Knowledge, WallReadings};
use crate::setup::MeasureSetup;

use super::outbox::Outbox;

/// Lists every device.
pub fn devices(outbox: &Outbox) {
    let devices = device::list().iter().map(convert::device).collect();
    outbox.send(Event::Devices { devices });
}

/// Tries every meter for the device that `wish` means.
pub fn doctor(outbox: &Outbox, wish: &str, measure: &MeasureSetup, knowledge: &Knowledge) {
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
    let known = Known::of(knowledge, &chosen.entry);
    let options = known.options(&chosen.entry, measure, &Busy::default());
    let mut found = power::discover(&options);
    known.remark(&mut found);
    let wall = wall::report(&knowledge.walls, &chosen.entry.identity(), &found);
    outbox.send(convert::sources(&found, wall));
}

/// Puts a line through readings of a plug meter.
pub fn fit_wall(outbox: &Outbox, readings: WallReadings) {
    outbox.send(match wall::fit(readings) {
        Ok(line) => Event::WallLine(Box::new(line)),
        Err(failure) => Event::Failed(failure),
    });
}
