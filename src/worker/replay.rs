//! A recording of meters, computed again.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use super::convert;
use super::outbox::Outbox;
use crate::power::recording::{self, Replay, ReplayError};
use crate::protocol::{
    Event, Failure, FailureKind, LostMeter, PhaseEnergy, Replayed, ReplayedWindow, WindowEnergy,
};

/// Tells the windows of the recording in `file`, one by one, and all of it.
pub fn replay(outbox: &Outbox, file: &Path) {
    if let Err(error) = tell(outbox, file) {
        let message = match &error {
            ReplayError::Open { .. } => error.to_string(),
            _ => format!("{error}: {}", file.display()),
        };
        outbox.send(Event::Failed(Failure {
            kind: FailureKind::Storage,
            message,
        }));
    }
}

fn tell(outbox: &Outbox, file: &Path) -> Result<(), ReplayError> {
    let opened = File::open(file).map_err(|error| ReplayError::Open {
        error,
        path: file.to_owned(),
    })?;
    let mut replay = Replay::new(BufReader::new(opened))?;
    let header = replay.header().clone();
    outbox.send(Event::Meters {
        meters: header
            .meters
            .iter()
            .map(|meter| convert::meter(&meter.info, &meter.role))
            .collect(),
        refused: Vec::new(),
    });
    while let Some(window) = replay.next_window()? {
        outbox.send(Event::ReplayedWindow(told(
            window,
            header.began_s,
            Vec::new(),
        )));
    }
    let all = replay.finish(Vec::new());
    let lost = all.meters.iter().filter_map(|meter| {
        Some(LostMeter {
            meter: meter.id.clone(),
            reason: meter.lost.clone()?,
        })
    });
    outbox.send(Event::Replayed(Replayed {
        date: header.date,
        program_version: header.program,
        rate_hz: header.rate_hz,
        whole: told(all.whole, header.began_s, lost.collect()),
        readings: all.readings,
        lost_lines: all.lost,
        end: all.end,
        cut_off: all.cut_off,
    }));
    Ok(())
}

fn told(window: recording::ReplayedWindow, began_s: f64, lost: Vec<LostMeter>) -> ReplayedWindow {
    ReplayedWindow {
        label: window.label,
        from_s: window.from_s - began_s,
        to_s: window.to_s - began_s,
        closed: window.closed,
        window: WindowEnergy {
            energies: convert::energies(&window.figures, None),
            sum: PhaseEnergy {
                gross: window.sum.figure,
                net_j: None,
            },
            missing: window.sum.missing,
            lost,
        },
    }
}
