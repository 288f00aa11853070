//! A steady load for a device while its meters are read: matrices are multiplied, over and over, to no other end.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::busy::{Busy, Costs};
use super::controls::Controls;
use super::known::Known;
use super::learn::{Done, Learn};
use super::outbox::Outbox;
use super::watch::{EVERY, Watching, all_answer};
use super::{convert, session, task, wall};
use crate::device::{self, Mill};
use crate::power::{self, Clock};
use crate::protocol::{Event, Failure, FailureKind, Knowledge};
use crate::setup::MeasureSetup;
use crate::train::Work;

/// The longest window, and the longest load before it, s.
const SECONDS_MAX: f64 = 3600.0;
/// The longest that a stop waits while the device rests.
const NAP: Duration = Duration::from_millis(50);

/// A device to be kept busy.
pub struct Load {
    /// Which, as in a setup.
    pub device: String,
    /// How to measure.
    pub measure: MeasureSetup,
    /// Seconds of load before the window.
    pub settle_s: f64,
    /// Seconds of the window.
    pub duration_s: f64,
    /// Share of the time in which the device is busy; at 0 it is not even opened.
    pub share: f64,
    /// Where tuned kernels are kept.
    pub kernel_cache: Option<PathBuf>,
    /// What is known of the machine's power from earlier.
    pub knowledge: Knowledge,
}

impl Load {
    /// Works on a thread of its own; the process ends with it.
    pub fn start(self, outbox: Outbox, controls: Arc<Controls>) {
        task::start(
            "joulelab-train",
            outbox,
            controls,
            move |outbox, controls| self.run(outbox, controls),
        );
    }

    fn run(self, outbox: &Outbox, controls: &Controls) -> Result<(), Failure> {
        self.check()?;
        let chosen = session::choose(&self.device)?;
        let entry = &chosen.entry;
        outbox.send(Event::Device {
            device: convert::device(entry),
            because: chosen.because.clone(),
        });
        if let Some(folder) = &self.kernel_cache {
            device::use_kernel_cache(folder, entry);
        }
        let busy = Busy::default();
        let known = Known::of(&self.knowledge, entry);
        let mut found = power::discover(&known.options(entry, &self.measure, &busy));
        known.remark(&mut found);
        let at_wall = wall::report(&self.knowledge.walls, &entry.identity(), &found);
        outbox.send(convert::sources(&found, at_wall));
        outbox.send(convert::meters(&found, self.measure.rate_hz, None));
        all_answer(&self.measure, &found)?;
        let mut learn = Learn::new(entry, &found);
        let mut watching =
            Watching::start(found, Clock::new(), self.measure.rate_hz, None, outbox)?;

        busy.set_share(self.share);
        let mill = (self.share > 0.0)
            .then(|| {
                let opened = device::open(entry).map_err(session::failure(FailureKind::Device))?;
                Mill::new(&opened, &|| !controls.is_stopped())
                    .map_err(session::failure(FailureKind::Device))
            })
            .transpose()?;
        if let Some(mill) = &mill {
            busy.count(Costs {
                step_flop: mill.turn_flop(),
                step_bytes: mill.turn_bytes(),
                ..Costs::default()
            });
        }
        let turns = Turns {
            mill: mill.as_ref(),
            share: self.share,
            busy: &busy,
            controls,
        };
        turns.go_on(self.settle_s, &watching)?;
        if controls.is_stopped() {
            return Ok(());
        }
        learn.busy();
        watching.open_window()?;
        turns.go_on(self.duration_s, &watching)?;
        // What was cut short is not what was asked for.
        if controls.is_stopped() {
            return Ok(());
        }
        let energies = watching.close_window()?;
        let busy = learn.busy();
        learn.stretch(&energies, busy);
        // Multiplying matrices is another kind of work than training: it tells of the processors only.
        if let Some(learnt) = learn.finish(Done::default()) {
            outbox.send(learnt);
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Failure> {
        let rules = [
            (
                (0.0..=SECONDS_MAX).contains(&self.settle_s),
                "settle_s",
                self.settle_s,
                "0 to 3600 s",
            ),
            (
                self.duration_s > 0.0 && self.duration_s <= SECONDS_MAX,
                "duration_s",
                self.duration_s,
                "above 0 to 3600 s",
            ),
            (
                (0.0..=1.0).contains(&self.share),
                "share",
                self.share,
                "0 to 1",
            ),
        ];
        match rules.into_iter().find(|(holds, ..)| !holds) {
            None => Ok(()),
            Some((_, field, given, allowed)) => Err(Failure {
                kind: FailureKind::Setup,
                message: format!("load: {field} is `{given}`; allowed: {allowed}"),
            }),
        }
    }
}

/// Work and rest in turns.
struct Turns<'a> {
    mill: Option<&'a Mill>,
    share: f64,
    busy: &'a Busy,
    controls: &'a Controls,
}

impl Turns<'_> {
    /// For `seconds`, or until it is stopped.
    fn go_on(&self, seconds: f64, watching: &Watching<'_>) -> Result<(), Failure> {
        let until = Instant::now() + Duration::from_secs_f64(seconds);
        let mut due = Instant::now() + EVERY;
        let mut tell = || {
            if Instant::now() >= due {
                watching.tell();
                due = Instant::now() + EVERY;
            }
        };
        while Instant::now() < until && !self.controls.is_stopped() {
            let begun = Instant::now();
            let mut rest_until = until;
            if let Some(mill) = self.mill {
                mill.turn().map_err(session::failure(FailureKind::Device))?;
                self.busy.worked(Work::Step);
                let rest = begun.elapsed().mul_f64((1.0 - self.share) / self.share);
                rest_until = until.min(Instant::now() + rest);
            }
            tell();
            while Instant::now() < rest_until && !self.controls.is_stopped() {
                let left = rest_until.saturating_duration_since(Instant::now());
                std::thread::sleep(left.min(NAP));
                tell();
            }
        }
        Ok(())
    }
}
