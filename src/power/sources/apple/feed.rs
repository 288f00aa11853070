//! A thread that asks IOReport when a meter wants to know, so that all meters of a round share one sample and none of them
//! waits for longer than it takes.

use std::{
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        mpsc::{SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use super::{OpenReports, Totals};

/// A sample this young serves the next meter of a round too.
const FRESH: Duration = Duration::from_millis(20);
/// A sample takes a few milliseconds (3.5 ms for the 321 channels of an M1 Ultra, lablup/all-smi #424).
const PATIENCE: Duration = Duration::from_millis(200);
/// Subscribing reads the list of all channels first.
const OPENING: Duration = Duration::from_secs(3);

/// What the last samples amount to.
#[derive(Clone, Default)]
pub(super) struct Seen {
    pub totals: Totals,
    /// Power of the whole machine in watts, by its own controller, or why there is none.
    pub system_w: Option<Result<f64, String>>,
    /// When the last sample was taken.
    at: Option<Instant>,
    /// Why the last attempt failed.
    fault: Option<String>,
    /// How many attempts there were.
    attempts: u64,
    /// The thread is over.
    ended: bool,
}

struct Shared {
    seen: Mutex<Seen>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        // A panic in the thread cannot leave half a sample: it is put in as a whole.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread. It ends when the feed is dropped.
pub(super) struct Feed {
    shared: Arc<Shared>,
    ask: SyncSender<()>,
}

/// Tells whoever waits that the thread is over, however it ended.
struct Ending(Arc<Shared>);

impl Drop for Ending {
    fn drop(&mut self) {
        let mut seen = self.0.lock();
        seen.ended = true;
        self.0.changed.notify_all();
    }
}

impl Feed {
    /// Starts the thread and takes a first sample.
    ///
    /// # Errors
    /// Why there are no samples, in words.
    pub(super) fn start(open: OpenReports) -> Result<Self, String> {
        let shared = Arc::new(Shared {
            seen: Mutex::default(),
            changed: Condvar::new(),
        });
        let (ask, asked) = sync_channel::<()>(1);
        let of_thread = shared.clone();
        thread::Builder::new()
            .name("joulelab-ioreport".to_owned())
            .spawn(move || {
                let ending = Ending(of_thread);
                let shared = &ending.0;
                // What IOReport gives belongs to the thread that asked for it.
                let mut reports = match open() {
                    Ok(reports) => reports,
                    Err(fault) => {
                        shared.lock().fault = Some(fault);
                        return;
                    }
                };
                while asked.recv().is_ok() {
                    let sample = reports.sample();
                    let at = Instant::now();
                    let mut seen = shared.lock();
                    seen.attempts += 1;
                    match sample {
                        Ok(sample) => {
                            seen.totals.add(&sample.channels);
                            seen.system_w = sample.system_w;
                            seen.at = Some(at);
                            seen.fault = None;
                        }
                        Err(fault) => seen.fault = Some(fault),
                    }
                    drop(seen);
                    shared.changed.notify_all();
                }
            })
            .map_err(|error| format!("its thread cannot be started: {error}"))?;
        let feed = Self { shared, ask };
        feed.ask(OPENING, |_| ())?;
        Ok(feed)
    }

    /// Takes `what` from the latest sample, or from a new one where that is too old.
    pub(super) fn read<T>(&self, what: impl FnOnce(&Seen) -> T) -> Result<T, String> {
        let seen = self.shared.lock();
        if seen.at.is_some_and(|at| at.elapsed() < FRESH) && seen.fault.is_none() {
            return Ok(what(&seen));
        }
        drop(seen);
        self.ask(PATIENCE, what)
    }

    fn ask<T>(&self, patience: Duration, what: impl FnOnce(&Seen) -> T) -> Result<T, String> {
        let seen = self.shared.lock();
        let before = seen.attempts;
        match self.ask.try_send(()) {
            // A question is on its way already: its answer is as good.
            Ok(()) | Err(TrySendError::Full(())) => {}
            Err(TrySendError::Disconnected(())) => {
                return Err(seen
                    .fault
                    .clone()
                    .unwrap_or_else(|| "its thread has ended".to_owned()));
            }
        }
        let (seen, waited) = self
            .shared
            .changed
            .wait_timeout_while(seen, patience, |seen| {
                seen.attempts == before && !seen.ended
            })
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(fault) = &seen.fault {
            return Err(fault.clone());
        }
        if waited.timed_out() {
            let waited_s = patience.as_secs_f64();
            return Err(format!("no sample within {waited_s} s"));
        }
        if seen.attempts == before {
            return Err("its thread has ended".to_owned());
        }
        Ok(what(&seen))
    }
}
