//! What a device ran, kernel by kernel, on its own clock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use burn::cubecl::config::{TypeNameFormatLevel, type_name_format};
use burn::cubecl::future::block_on;
use burn::cubecl::logging::{
    LaunchObservation, LaunchObserver, ProfileDuration, TimingMethod, TimingRequest,
};

/// Kernels that are kept at most; a trace is of some steps, not of a run.
const KEPT_MAX: usize = 50_000;

/// Times every kernel that this process launches, from [`Self::start`] to [`Self::end`]. The device is not waited for in
/// between, but each kernel costs the thread that launches it a word with the device's thread: the host is slower meanwhile,
/// the kernels are not.
#[derive(Debug)]
pub struct KernelWatch {
    kept: Arc<Kept>,
    observation: LaunchObservation,
    before: Instant,
}

/// A kernel that the device ran.
#[derive(Clone, Debug, PartialEq)]
pub struct Kernel {
    /// As the kernel calls itself.
    pub name: String,
    /// When it began, since the first one did.
    pub begin: Duration,
    /// When it ended, since the first one began.
    pub end: Duration,
}

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kernels {
    /// In the order of their beginnings.
    pub kernels: Vec<Kernel>,
    /// Launches without a time on the device's clock: the driver gave none, or there were too many.
    pub untimed: u64,
}

#[derive(Default)]
struct Kept {
    measured: Mutex<Vec<(&'static str, ProfileDuration)>>,
    untimed: AtomicU64,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").finish_non_exhaustive()
    }
}

impl KernelWatch {
    /// Begins. `before` is any moment before the device was opened: its clock is counted from a moment after that.
    pub fn start(before: Instant) -> Self {
        let kept = Arc::new(Kept::default());
        Self {
            observation: LaunchObservation::new(Arc::clone(&kept) as Arc<dyn LaunchObserver>),
            kept,
            before,
        }
    }

    /// Ends, once the device has nothing left to do: whoever calls must have waited for that.
    pub fn end(self) -> Kernels {
        drop(self.observation);
        let measured = std::mem::take(&mut *self.kept.lock());
        let mut untimed = self.kept.untimed.load(Ordering::Relaxed);
        let mut spans = Vec::with_capacity(measured.len());
        for (name, profile) in measured {
            match block_on(profile.resolve()) {
                Some(found) => spans.push((
                    name,
                    found.start_duration_since(self.before),
                    found.end_duration_since(self.before),
                )),
                // A window that carried no measurement is none, not one of length zero.
                None => untimed += 1,
            }
        }
        Kernels {
            kernels: ordered(spans),
            untimed,
        }
    }
}

impl Kept {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(&'static str, ProfileDuration)>> {
        self.measured.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count_untimed(&self) {
        self.untimed.fetch_add(1, Ordering::Relaxed);
    }
}

impl LaunchObserver for Kept {
    fn launched(&self, _: &'static str) {}

    fn timing(&self) -> TimingRequest {
        TimingRequest::Deferred
    }

    fn profiled(&self, kernel: &'static str, profile: ProfileDuration) {
        // Time by the host's clock is that of the launch, with whatever was waited for.
        let mut measured = self.lock();
        if profile.timing_method() == TimingMethod::Device && measured.len() < KEPT_MAX {
            measured.push((kernel, profile));
        } else {
            self.count_untimed();
        }
    }

    fn timed(&self, _: &'static str, _: Duration, _: TimingMethod) {
        self.count_untimed();
    }
}

/// Beginning and end of each, in order, since the first began.
fn ordered(mut spans: Vec<(&'static str, Duration, Duration)>) -> Vec<Kernel> {
    spans.sort_by_key(|(_, begin, _)| *begin);
    let first = spans.first().map_or(Duration::ZERO, |(_, begin, _)| *begin);
    let kernel = |(name, begin, end): (&str, Duration, Duration)| Kernel {
        name: type_name_format(name, TypeNameFormatLevel::Short),
        begin: begin.saturating_sub(first),
        end: end.saturating_sub(first),
    };
    spans.into_iter().map(kernel).collect()
}
