//! The loop over what the worker tells and the user wishes, with a transaction now and then.

use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use super::create::{keep_forecast, keep_self_check};
use super::{End, RunEvent, Session};
use crate::control::record;
use crate::control::run_control::{CHECKPOINT, KILL, PAUSE, RESUME, STOP};
use crate::library::{Library, PhaseEnergy};
use crate::protocol::{Command, Event, FailureKind};

/// Time between two transactions.
const STORE_EVERY: Duration = Duration::from_millis(500);
/// How often wishes of the user are looked for.
const TICK: Duration = Duration::from_millis(50);
/// How long a library that cannot be written is tried again before the run is ended.
const STORE_PATIENCE: Duration = Duration::from_secs(30);

impl Session<'_> {
    /// Listens until the run is over or cannot go on; `trained` is the energy of earlier workers.
    pub(super) fn listen(&mut self, library: &mut Library, trained: &[PhaseEnergy]) -> End {
        let mut stored = Instant::now();
        let mut failing_since: Option<Instant> = None;
        loop {
            self.obey();
            match self.worker.events.recv_timeout(TICK) {
                Ok(event) => {
                    if let Some(end) = self.hear(event, library, trained) {
                        return end;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return End::WorkerGone,
            }
            if stored.elapsed() < STORE_EVERY && !std::mem::take(&mut self.store_now) {
                continue;
            }
            stored = Instant::now();
            let Some(recorder) = &mut self.recorder else {
                continue;
            };
            match recorder.store(library) {
                Ok(()) => failing_since = None,
                Err(error) => {
                    // Another program may hold the library for a moment, or the disk may be freed.
                    let since = *failing_since.get_or_insert_with(Instant::now);
                    if error.is_permanent() || since.elapsed() > STORE_PATIENCE {
                        return End::Library(error);
                    }
                    tracing::warn!("the record is late: {error}");
                }
            }
        }
    }

    fn obey(&mut self) {
        let wishes = self.wishes.take();
        for (wish, command) in [
            (PAUSE, Command::Pause),
            (RESUME, Command::Resume),
            (CHECKPOINT, Command::Checkpoint),
            (STOP, Command::Stop),
        ] {
            if wishes & wish != 0 {
                self.worker.send(&command);
            }
        }
        if wishes & KILL != 0 {
            self.killed = true;
            self.worker.kill();
        }
    }

    fn hear(
        &mut self,
        event: Event,
        library: &mut Library,
        trained: &[PhaseEnergy],
    ) -> Option<End> {
        match &event {
            Event::Device { device, .. } => {
                if self
                    .resumes_on
                    .as_ref()
                    .is_some_and(|other| *other != device.identity)
                {
                    let message = format!(
                        "run {} was made on another device ({}); figures of two devices do not add up, so start it anew",
                        self.run_id,
                        self.resumes_on.as_deref().unwrap_or_default()
                    );
                    return Some(End::failed(FailureKind::Device, message));
                }
                self.device = Some(device.clone());
            }
            Event::Data(data) => self.data = Some(data.clone()),
            Event::SelfCheck(check) => match keep_self_check(library, check) {
                Ok(check) => self.self_check = Some(check),
                Err(error) => return Some(End::Library(error)),
            },
            Event::Meters { meters, .. } => {
                let walls = meters.iter().filter_map(|meter| meter.calibration.as_ref());
                self.calibration = walls.map(|wall| wall.id.clone()).next();
                if let Err(end) = self.create(library, record::meters(meters), trained) {
                    return Some(end);
                }
            }
            Event::Learnt { .. } => self.learnt = Some(event.clone()),
            _ => {}
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.take(&event);
        }
        let forecast = self
            .outlook
            .as_mut()
            .and_then(|outlook| outlook.take(&event));
        if let Some(forecast) = forecast {
            keep_forecast(library, &self.run_id, &forecast);
        }
        self.tell(RunEvent::Worker(Box::new(event.clone())));
        // A run that is resumed goes on from here, so what led here should be in the library.
        self.store_now = matches!(event, Event::Saved(_));
        match event {
            Event::Finished(summary) => {
                self.is_free = self.terms.stays;
                Some(End::Finished(summary))
            }
            Event::Failed(failure) => {
                // As the worker does: it stays where it refused a setup before it measured.
                let refused = failure.kind == FailureKind::Setup && self.recorder.is_none();
                self.is_free = self.terms.stays && refused;
                Some(End::Failed(failure))
            }
            _ => None,
        }
    }
}
