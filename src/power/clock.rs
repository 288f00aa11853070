use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

/// Monotonic seconds since the first clock of this process was made. Every clone and every real clock of the process
/// tells the same time, so that phases and samples can be laid over each other.
#[derive(Clone, Debug)]
pub struct Clock(Time);

#[derive(Clone, Debug)]
enum Time {
    Real(Instant),
    /// Bits of an `f64`, in seconds.
    Manual(Arc<AtomicU64>),
}

impl Clock {
    /// The process's clock.
    pub fn new() -> Self {
        static START: OnceLock<Instant> = OnceLock::new();
        Self(Time::Real(*START.get_or_init(Instant::now)))
    }

    /// A clock that stands at 0 s and moves only when told to, for tests and replays.
    pub fn manual() -> Self {
        Self(Time::Manual(Arc::new(AtomicU64::new(0))))
    }

    /// Seconds since the start.
    pub fn now_s(&self) -> f64 {
        match &self.0 {
            Time::Real(start) => start.elapsed().as_secs_f64(),
            Time::Manual(bits) => f64::from_bits(bits.load(Ordering::Acquire)),
        }
    }

    /// Moves a manual clock, and all its clones, by `by_s` seconds; a real one goes its own way and negative steps are
    /// ignored.
    pub fn advance(&self, by_s: f64) {
        if let Time::Manual(bits) = &self.0
            && by_s > 0.0
        {
            let now_s = f64::from_bits(bits.load(Ordering::Acquire));
            bits.store((now_s + by_s).to_bits(), Ordering::Release);
        }
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}
