//! What reading the meters costs, and how fast they may be read for it.

use std::time::{Duration, Instant};

use super::slot::Slot;

/// Reading may take this share of one processor core.
const BUDGET: f64 = 0.005;
/// Below this share of the budget, a pace that was lowered is raised again.
const ROOM: f64 = 0.5;
/// Rounds that are timed before anything is measured.
const ROUNDS: u32 = 5;
/// The slowest pace that is gone down to: an energy window has to hold more than a few readings.
const SLOWEST: Duration = Duration::from_secs(1);
/// Time between two looks at the cost.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// What the meter thread costs.
#[derive(Default)]
pub(super) struct Cost {
    /// When it began.
    began: Option<Moment>,
    /// The last look at it.
    looked: Option<Moment>,
    /// Time spent in readings: stands in where the system does not tell a thread's processor time.
    reads: Duration,
}

/// A time, and the processor time that the thread had used by then.
#[derive(Clone, Copy)]
struct Moment {
    at: Instant,
    used_s: f64,
}

impl Cost {
    /// Begins to count.
    pub(super) fn start(&mut self) {
        let now = self.moment();
        self.began = Some(now);
        self.looked = Some(now);
    }

    /// Counts a round of readings that began at `began`.
    pub(super) fn add_round(&mut self, began: Instant) {
        self.reads += began.elapsed();
    }

    /// Times a few rounds of readings that count for nothing. Gives the seconds of processor time that one takes, and the
    /// share of a core that meters with a pace of their own take; leaves with each slot how long its reading takes.
    pub(super) fn of_a_round(&mut self, slots: &mut [Slot]) -> (f64, f64) {
        let mut slow_share = 0.0;
        let slow = slots
            .iter_mut()
            .filter(|slot| slot.is_read() && slot.info().every_s > 0.0);
        for slot in slow {
            let (before, began) = (self.moment(), Instant::now());
            slot.time_a_reading();
            self.add_round(began);
            slow_share += (self.moment().used_s - before.used_s) / slot.info().every_s;
        }
        let before = self.moment();
        for _ in 0..ROUNDS {
            let began = Instant::now();
            let fast = slots
                .iter_mut()
                .filter(|slot| slot.is_read() && slot.info().every_s <= 0.0);
            for slot in fast {
                slot.time_a_reading();
            }
            self.add_round(began);
        }
        let round_s = (self.moment().used_s - before.used_s) / f64::from(ROUNDS);
        (round_s, slow_share)
    }

    /// Share of one core since the start, 0 to 1.
    pub(super) fn share(&self) -> f64 {
        self.began.map_or(0.0, |began| self.share_since(began))
    }

    /// Share of one core since the last look, once a look is due.
    fn look(&mut self) -> Option<f64> {
        let looked = self.looked?;
        if looked.at.elapsed() < LOOK_EVERY {
            return None;
        }
        let share = self.share_since(looked);
        self.looked = Some(self.moment());
        Some(share)
    }

    fn share_since(&self, since: Moment) -> f64 {
        let now = self.moment();
        let wall_s = now.at.duration_since(since.at).as_secs_f64();
        if wall_s > 0.0 {
            (now.used_s - since.used_s) / wall_s
        } else {
            0.0
        }
    }

    fn moment(&self) -> Moment {
        Moment {
            at: Instant::now(),
            used_s: thread_cpu_s().unwrap_or(self.reads.as_secs_f64()),
        }
    }
}

/// How fast the meters are read: as was asked for, or slower where that costs too much.
pub(super) struct Pace {
    asked: Duration,
    period: Duration,
}

impl Pace {
    pub(super) fn new(period_s: f64) -> Self {
        let asked = Duration::from_secs_f64(period_s);
        Self {
            asked,
            period: asked,
        }
    }

    pub(super) fn period(&self) -> Duration {
        self.period
    }

    pub(super) fn rate_hz(&self) -> f64 {
        1.0 / self.period.as_secs_f64()
    }

    /// Goes as slowly as a round of `round_s` seconds of processor time needs, beside what others take.
    pub(super) fn fit(&mut self, (round_s, slow_share): (f64, f64)) {
        if round_s.is_finite() && round_s > 0.0 {
            let left = (BUDGET - slow_share).max(0.1 * BUDGET);
            self.slow_to(Duration::from_secs_f64((round_s / left).min(60.0)));
        }
    }

    /// Goes slower where the budget was overrun since the last look, and faster again where there is room. Whether the
    /// pace has changed.
    pub(super) fn adapt(&mut self, cost: &mut Cost) -> bool {
        let Some(share) = cost.look() else {
            return false;
        };
        let before = self.period;
        if share > BUDGET {
            self.slow_to(before.mul_f64((1.1 * share / BUDGET).min(10.0)));
        } else if share < ROOM * BUDGET {
            self.period = before.div_f64(1.3).max(self.asked);
        }
        before != self.period
    }

    fn slow_to(&mut self, period: Duration) {
        let slowest = SLOWEST.max(self.asked);
        self.period = period.clamp(self.asked, slowest);
        if self.period > self.asked {
            tracing::info!(
                period_s = self.period.as_secs_f64(),
                "the meters are read less often than asked for: reading them costs too much"
            );
        }
    }
}

/// Seconds that this thread has run on a processor: the first number of the scheduler's own statistics, in nanoseconds.
#[cfg(target_os = "linux")]
fn thread_cpu_s() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: u64 = text.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds as f64 * 1e-9)
}

#[cfg(not(target_os = "linux"))]
fn thread_cpu_s() -> Option<f64> {
    None
}
