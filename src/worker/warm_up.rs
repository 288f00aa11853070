//! Tells how far the warm-up is: kernels are tuned within single steps, so that a step may take minutes.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::outbox::Outbox;
use crate::device::Tuning;
use crate::protocol::Event;

const EVERY: Duration = Duration::from_millis(500);

/// The progress of one warm-up.
pub struct WarmUp {
    outbox: Outbox,
    tuning: Option<Tuning>,
    total: AtomicU64,
    done: AtomicU64,
    /// Ends the thread that tells, when it is dropped.
    end: Mutex<Option<SyncSender<()>>>,
}

impl WarmUp {
    /// Of a run that keeps tuned kernels in `kernel_cache`; call before anything is tuned.
    pub fn new(outbox: &Outbox, kernel_cache: Option<&Path>) -> Arc<Self> {
        Arc::new(Self {
            outbox: outbox.clone(),
            tuning: kernel_cache.map(Tuning::watch),
            total: AtomicU64::new(0),
            done: AtomicU64::new(0),
            end: Mutex::new(None),
        })
    }

    /// It begins, and is of so many steps.
    pub fn begin(self: &Arc<Self>, total: u64) {
        self.total.store(total, Ordering::Relaxed);
        let (end, ended) = sync_channel(0);
        let told = Arc::clone(self);
        let thread = std::thread::Builder::new()
            .name("joulelab-warm-up".to_owned())
            .spawn(move || {
                while ended.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                    told.tell();
                }
            });
        match thread {
            Ok(_) => *self.end.lock().unwrap_or_else(PoisonError::into_inner) = Some(end),
            // Nothing but the progress is lost.
            Err(error) => tracing::debug!("the warm-up's progress is not told: {error}"),
        }
    }

    /// A step was handed over.
    pub fn step(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// It ends.
    pub fn end(&self) {
        let end = self
            .end
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if end.is_some() {
            self.tell();
        }
    }

    fn tell(&self) {
        self.outbox.offer(Event::WarmUp {
            done: self.done.load(Ordering::Relaxed),
            total: self.total.load(Ordering::Relaxed),
            tuned: self.tuning.as_ref().map_or(0, Tuning::count),
        });
    }
}
