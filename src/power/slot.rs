//! One meter in the meter thread: its integrator, its health, and whether it counts.

use std::time::{Duration, Instant};

use super::{
    Clock, Extra, Integrator, Mark, MeterInfo, MeterNow, Planned, Push, ReadError, Reading, Role,
    Sample, integrate::Dropped, sampler::Record,
};
use crate::units::EnergyFigure;

/// A meter that fails this many times in a row is lost.
const FAILURES: u32 = 10;
/// A power that is older than so many questions is not that of now.
const STALE: u32 = 3;
/// A counter that has stood still for so long is given up where another source stands by, in seconds.
const STANDSTILL_S: f64 = 10.0;

/// A meter with its integrator.
pub(super) struct Slot {
    planned: Planned,
    integrator: Integrator,
    /// The totals when the sampler began.
    start: Mark,
    state: State,
    failures_in_row: u32,
    absurd_in_row: u32,
    /// Questions since the last reading that counts.
    silent: u32,
    /// When the latest reading was made, if it counts.
    read_s: Option<f64>,
    /// When it was asked last.
    asked_s: f64,
    failed_reads: u64,
    dropped_reads: u64,
    /// Why it is no longer read.
    lost: Option<String>,
    /// Another one has taken its place.
    replaced: bool,
    /// Time that readings took in all, and how many there were.
    took: (Duration, u32),
}

/// Whether a meter counts.
#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// From the beginning.
    Active,
    /// Not yet.
    StandBy,
    /// Since this mark, in place of another.
    SteppedIn(Mark),
}

impl Slot {
    pub(super) fn new(planned: Planned, period_s: f64) -> Self {
        let info = planned.info();
        Self {
            integrator: Integrator::new(info, period_s.max(info.every_s)),
            state: match planned.role {
                Role::StandBy { .. } => State::StandBy,
                Role::Part | Role::CrossCheck => State::Active,
            },
            start: Mark::default(),
            failures_in_row: 0,
            absurd_in_row: 0,
            silent: 0,
            read_s: None,
            asked_s: f64::NEG_INFINITY,
            failed_reads: 0,
            dropped_reads: 0,
            lost: None,
            replaced: false,
            took: (Duration::ZERO, 0),
            planned,
        }
    }

    pub(super) fn info(&self) -> &MeterInfo {
        self.planned.info()
    }

    /// Whether it is read in every round.
    pub(super) fn is_read(&self) -> bool {
        self.lost.is_none() && self.state != State::StandBy
    }

    /// Whether its figures are part of the sum now.
    pub(super) fn counts(&self) -> bool {
        self.is_read() && self.planned.role != Role::CrossCheck
    }

    /// Whether it may step in for another.
    pub(super) fn stands_by(&self) -> bool {
        self.lost.is_none() && self.state == State::StandBy
    }

    /// Whether the reading that was just made counts.
    pub(super) fn has_just_answered(&self) -> bool {
        self.read_s.is_some()
    }

    pub(super) fn set_period(&mut self, period_s: f64) {
        let period_s = period_s.max(self.info().every_s);
        self.integrator.set_period(period_s);
    }

    /// The sampler begins.
    pub(super) fn begin(&mut self, t_s: f64) {
        self.start = self.mark(t_s);
    }

    /// The totals when the sampler began.
    pub(super) fn start(&self) -> Mark {
        self.start
    }

    /// The totals at the last reading.
    pub(super) fn total(&self) -> Mark {
        self.integrator.now()
    }

    /// Asks the meter only to see how long that takes.
    pub(super) fn time_a_reading(&mut self) {
        let began = Instant::now();
        // What it says is of no interest yet, faults included: they show when it counts.
        let _ = self.planned.read();
        self.took.0 += began.elapsed();
        self.took.1 += 1;
    }

    /// One reading, unless the meter is lost, or was read less than its own period ago and need not be read `at_once`.
    pub(super) fn read(
        &mut self,
        index: usize,
        at_once: bool,
        clock: &Clock,
        batch: &mut Vec<Sample>,
        record: &mut Option<Box<dyn Record>>,
    ) {
        self.read_s = None;
        let before_s = clock.now_s();
        // A little early is not too often: rounds are never exactly on time.
        let rested = before_s - self.asked_s >= 0.9 * self.info().every_s;
        if self.lost.is_some() || !(rested || at_once) {
            return;
        }
        self.asked_s = before_s;
        let began = Instant::now();
        let reading = self.planned.read();
        self.took.0 += began.elapsed();
        self.took.1 += 1;
        let t_s = f64::midpoint(before_s, clock.now_s());
        if let Some(record) = record {
            record.reading(t_s, index, &reading);
        }
        self.take(t_s, index, reading, batch);
    }

    /// What the meter said at `t_s`; nothing where it is lost.
    pub(super) fn take(
        &mut self,
        t_s: f64,
        index: usize,
        reading: Result<Reading, ReadError>,
        batch: &mut Vec<Sample>,
    ) {
        self.read_s = None;
        if self.lost.is_some() {
            return;
        }
        self.silent = self.silent.saturating_add(1);
        let reading = match reading {
            Ok(reading) => reading,
            Err(ReadError::NotYet) => return,
            Err(ReadError::Asleep) => {
                self.integrator.interrupt();
                return;
            }
            Err(error) => {
                self.fail(&error);
                return;
            }
        };
        self.failures_in_row = 0;
        if let Push::Dropped(why) = self.integrator.push(t_s, reading.level) {
            self.dropped_reads += 1;
            if why == Dropped::Implausible {
                self.absurd_in_row += 1;
            }
            return;
        }
        self.absurd_in_row = 0;
        self.silent = 0;
        self.read_s = Some(t_s);
        if self.state == State::StandBy {
            // Looked at for its idle power, or to see whether it answers: nothing of it counts yet.
            return;
        }
        let own = [
            self.integrator
                .power_w()
                .map(|watts| Extra::new("power", watts, "W")),
            Some(Extra::new("energy", self.integrator.now().energy_j, "J")),
        ];
        for Extra {
            metric,
            value,
            unit,
        } in own.into_iter().flatten().chain(reading.extras)
        {
            batch.push(Sample {
                t_s,
                meter: index,
                metric,
                value,
                unit,
            });
        }
    }

    fn fail(&mut self, error: &ReadError) {
        self.failed_reads += 1;
        self.failures_in_row += 1;
        if self.failures_in_row >= FAILURES {
            let reason = format!("{FAILURES} readings in a row failed, the last with: {error}");
            self.lose(reason);
        }
    }

    fn lose(&mut self, reason: String) {
        tracing::warn!(meter = self.info().id, reason, "meter lost");
        self.lost = Some(reason);
    }

    /// Why another source should take its place, if so; `None` also for one whose place is taken already.
    pub(super) fn why_it_should_go(&self, t_s: f64) -> Option<String> {
        if self.planned.role == Role::CrossCheck || self.state == State::StandBy {
            return None;
        }
        if let Some(lost) = &self.lost {
            return (!self.replaced).then(|| lost.clone());
        }
        if self.absurd_in_row >= FAILURES {
            return Some(format!(
                "{FAILURES} readings in a row were no power that such a device can draw"
            ));
        }
        let stood_s = self.integrator.stood_still_s(t_s);
        (stood_s >= STANDSTILL_S).then(|| format!("the counter stood still for {stood_s:.0} s"))
    }

    /// It is not read again: `by` has taken its place.
    pub(super) fn retire(&mut self, reason: &str, by: &str) {
        let reason = format!("{reason}; {by} has taken its place");
        tracing::warn!(meter = self.info().id, reason, "meter replaced");
        self.lost = Some(reason);
        self.replaced = true;
        // Windows that end later do not end for it at its last reading: what follows is time that it does not cover.
        self.read_s = None;
    }

    /// From here on it counts: since the mark given. It was read just before.
    pub(super) fn step_in(&mut self, t_s: f64) -> Mark {
        let mark = self.mark(t_s);
        self.state = State::SteppedIn(mark);
        self.start = mark;
        mark
    }

    /// The reading just made is not of the edge that follows.
    pub(super) fn forget_reading(&mut self) {
        self.read_s = None;
    }

    /// A mark at the reading just made, or at `t_s` where it failed.
    pub(super) fn mark(&mut self, t_s: f64) -> Mark {
        self.integrator.mark(self.read_s.unwrap_or(t_s))
    }

    /// Energy between two marks; of a stand-by from where it stepped in, and none where it did not, unless `stand_bys`
    /// asks for that of all.
    pub(super) fn figure(&self, from: &Mark, to: &Mark, stand_bys: bool) -> Option<EnergyFigure> {
        match self.state {
            State::StandBy if !stand_bys => None,
            State::SteppedIn(since) if since.t_s > from.t_s && !stand_bys => {
                let figure = self.integrator.figure(&since, to);
                let window_s = (to.t_s - from.t_s).max(0.0);
                Some(EnergyFigure { window_s, ..figure })
            }
            _ => Some(self.integrator.figure(from, to)),
        }
    }

    /// How it stands, with the figure of the stretch that is shown.
    pub(super) fn now(&self, figure: &EnergyFigure) -> MeterNow {
        let (took, readings) = self.took;
        MeterNow {
            id: self.info().id.clone(),
            power_w: self
                .integrator
                .power_w()
                .filter(|_| self.lost.is_none() && self.silent <= STALE),
            energy_j: figure.energy_j.map(|energy| energy.value),
            uncovered_s: figure.window_s - figure.covered_s,
            failed_reads: self.failed_reads,
            dropped_reads: self.dropped_reads,
            lost: self.lost.clone(),
            in_sum: self.planned.role != Role::CrossCheck && !self.replaced,
            read_s: (readings > 0).then(|| took.as_secs_f64() / f64::from(readings)),
        }
    }
}
