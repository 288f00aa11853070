//! Work off the window's thread: each lane is a thread with a short queue; a job's result is a change to the state, made
//! on the window's thread when it comes round.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::state::State;
use crate::control;
use crate::library::{Library, LibraryError};

/// egui draws two frames for a wish without delay and one for a wish with the smallest; what the window draws during a
/// run is measured.
const ONE_FRAME: Duration = Duration::from_millis(1);

/// A change to the state.
pub type Change = Box<dyn FnOnce(&mut State) + Send>;
type Work = Box<dyn FnOnce(&Progress) -> Change + Send>;

/// Jobs that may wait in one lane.
const JOBS_WAITING: usize = 64;
/// Results that may wait for the window.
const CHANGES_WAITING: usize = 256;

/// Which thread does a job; jobs of one lane are done one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Short reads and edits of the library.
    Library,
    /// Long work with files and the library: exports, imports.
    Files,
    /// Questions to workers: devices, meters.
    Worker,
    /// Starting the workers of runs.
    Run,
    /// Dialogs of the platform, one at a time.
    Dialog,
    /// Datasets and their pictures.
    Data,
    /// Getting datasets.
    Download,
    /// Asking trained networks.
    Ask,
    /// Checks, forecasts and analyses of sweeps.
    Analysis,
}

impl Lane {
    const ALL: [(Self, &'static str); 9] = [
        (Self::Library, "joulelab-gui-library"),
        (Self::Files, "joulelab-gui-files"),
        (Self::Worker, "joulelab-gui-worker"),
        (Self::Run, "joulelab-gui-run"),
        (Self::Dialog, "joulelab-gui-dialog"),
        (Self::Data, "joulelab-gui-data"),
        (Self::Download, "joulelab-gui-download"),
        (Self::Ask, "joulelab-gui-ask"),
        (Self::Analysis, "joulelab-gui-analysis"),
    ];
}

/// How far a job is; shared by the job and whoever shows it.
#[derive(Debug, Default)]
pub struct Progress {
    thousandths: AtomicU32,
    cancelled: AtomicBool,
}

impl Progress {
    /// Says how much is done, 0 to 1.
    pub fn set(&self, share: f64) {
        self.thousandths
            .store((share.clamp(0.0, 1.0) * 1000.0) as u32, Ordering::Relaxed);
    }

    /// How much is done, 0 to 1; `None` where the job does not say.
    pub fn share(&self) -> Option<f32> {
        match self.thousandths.load(Ordering::Relaxed) {
            0 => None,
            thousandths => Some(thousandths as f32 / 1000.0),
        }
    }

    /// Asks the job to end.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// What [`Self::cancel`] sets, for work that looks at it by itself.
    pub fn cancel_flag(&self) -> &AtomicBool {
        &self.cancelled
    }

    /// Whether somebody asked the job to end.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

/// A job that waits or is being done and is worth showing.
#[derive(Clone, Debug)]
pub struct Shown {
    id: u64,
    /// What it does, for people.
    pub title: String,
    /// How far it is.
    pub progress: Arc<Progress>,
}

struct Queued {
    work: Work,
    progress: Arc<Progress>,
    shown: Option<u64>,
}

/// The lanes.
pub struct Jobs {
    lanes: Vec<(Lane, SyncSender<Queued>)>,
    changes: Receiver<Change>,
    sender: SyncSender<Change>,
    ctx: egui::Context,
    shown: Arc<Mutex<Vec<Shown>>>,
    next_id: u64,
}

impl Jobs {
    /// Starts the lanes; `ctx` is woken when something is done.
    ///
    /// # Errors
    /// Where the system gives no threads.
    pub fn start(ctx: &egui::Context) -> std::io::Result<Self> {
        let (sender, changes) = sync_channel(CHANGES_WAITING);
        let shown = Arc::new(Mutex::new(Vec::new()));
        let lanes = Lane::ALL
            .into_iter()
            .map(|(lane, name)| {
                let (queue, waiting) = sync_channel::<Queued>(JOBS_WAITING);
                let (sender, ctx, shown) = (sender.clone(), ctx.clone(), Arc::clone(&shown));
                std::thread::Builder::new()
                    .name(name.to_owned())
                    .spawn(move || work_through(&waiting, &sender, &ctx, &shown))?;
                Ok((lane, queue))
            })
            .collect::<std::io::Result<_>>()?;
        Ok(Self {
            lanes,
            changes,
            sender,
            ctx: ctx.clone(),
            shown,
            next_id: 0,
        })
    }

    /// Does `work` in a lane and then makes the change that it gives. Where the lane's queue is full the job is dropped,
    /// which a message says: something that never comes round must not stop the window.
    pub fn run(&mut self, lane: Lane, work: impl FnOnce(&Progress) -> Change + Send + 'static) {
        self.queue(lane, None, Box::new(work));
    }

    /// Does `work` in a lane; what it gives can be looked at in the slot once it has come round. For parts of the window
    /// that do not know their own place in the state.
    pub fn fetch<T: Send + Sync + 'static>(
        &mut self,
        lane: Lane,
        work: impl FnOnce(&Progress) -> T + Send + 'static,
    ) -> Slot<T> {
        let slot = Arc::new(OnceLock::new());
        let filled = Arc::clone(&slot);
        self.run(lane, move |progress| {
            let value = work(progress);
            Box::new(move |_: &mut State| {
                // There is one job a slot, so nothing was in it.
                let _ = filled.set(value);
            })
        });
        Slot(slot)
    }

    /// As [`Self::run`], and shown with its title, progress and a way to cancel it; for whoever shows it, too.
    pub fn run_shown(
        &mut self,
        lane: Lane,
        title: impl Into<String>,
        work: impl FnOnce(&Progress) -> Change + Send + 'static,
    ) -> Arc<Progress> {
        self.queue(lane, Some(title.into()), Box::new(work))
    }

    fn queue(&mut self, lane: Lane, title: Option<String>, work: Work) -> Arc<Progress> {
        self.next_id += 1;
        let progress = Arc::new(Progress::default());
        let shown = title.map(|title| {
            let progress = Arc::clone(&progress);
            self.list().push(Shown {
                id: self.next_id,
                title,
                progress,
            });
            self.next_id
        });
        let job = Queued {
            work,
            progress: Arc::clone(&progress),
            shown,
        };
        let queue = self.lanes.iter().find(|(known, _)| *known == lane);
        if let Some((_, queue)) = queue
            && let Err(TrySendError::Full(job) | TrySendError::Disconnected(job)) =
                queue.try_send(job)
        {
            tracing::error!("no room for a job in {lane:?}");
            self.say_it_was_dropped();
            self.list().retain(|shown| Some(shown.id) != job.shown);
        }
        progress
    }

    /// Nobody should believe that something was done which was not.
    fn say_it_was_dropped(&self) {
        let told = self.sender.try_send(Box::new(|state| {
            state
                .shared
                .toasts
                .error("Too much is being done already; the last thing was not, so try it again");
        }));
        if told.is_err() {
            tracing::error!("and no room to say so in the window");
        }
    }

    /// What waits or is being done and is worth showing.
    pub fn shown(&self) -> Vec<Shown> {
        self.list().clone()
    }

    fn list(&self) -> std::sync::MutexGuard<'_, Vec<Shown>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The changes that came round.
    pub fn done(&self) -> impl Iterator<Item = Change> + '_ {
        self.changes.try_iter()
    }

    /// Something that can send changes from any thread, such as the feed of a run.
    pub fn sender(&self) -> Sender {
        Sender {
            changes: self.sender.clone(),
            ctx: self.ctx.clone(),
        }
    }
}

/// What a job is to bring.
#[derive(Debug)]
pub struct Slot<T>(Arc<OnceLock<T>>);

impl<T> Slot<T> {
    /// What the job brought, once it has come round.
    pub fn get(&self) -> Option<&T> {
        self.0.get()
    }

    /// Whether nothing will come any more: the job found no room or ended with a fault.
    pub fn is_lost(&self) -> bool {
        self.get().is_none() && Arc::strong_count(&self.0) == 1
    }
}

/// Sends changes from any thread and wakes the window.
#[derive(Clone)]
pub struct Sender {
    changes: SyncSender<Change>,
    ctx: egui::Context,
}

impl Sender {
    /// Hands over a change; waits while the window has many to make. `false` once there is no window.
    pub fn send(&self, change: impl FnOnce(&mut State) + Send + 'static) -> bool {
        let sent = self.changes.send(Box::new(change)).is_ok();
        self.ctx.request_repaint_after(ONE_FRAME);
        sent
    }
}

fn work_through(
    waiting: &Receiver<Queued>,
    sender: &SyncSender<Change>,
    ctx: &egui::Context,
    shown: &Mutex<Vec<Shown>>,
) {
    while let Ok(job) = waiting.recv() {
        let Queued {
            work,
            progress,
            shown: id,
        } = job;
        // A fault in a job must not take its lane with it: what comes after would never be done.
        let change = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&progress)))
            .unwrap_or_else(|_| {
                Box::new(|state: &mut State| {
                    state
                        .shared
                        .toasts
                        .error("something went wrong inside the program; the log says where");
                })
            });
        shown
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|shown| Some(shown.id) != id);
        if sender.send(change).is_err() {
            return;
        }
        ctx.request_repaint();
    }
}

/// How often runs are looked for whose recorder is gone.
const SWEEP_EVERY: Duration = Duration::from_secs(5);

/// The library as jobs reach it: opened once and kept, opened anew where it could not be.
#[derive(Clone, Default)]
pub struct SharedLibrary(Arc<Mutex<Option<OpenLibrary>>>);

struct OpenLibrary {
    library: Library,
    swept_at: Instant,
}

impl OpenLibrary {
    fn open(path: &Path) -> Result<Self, LibraryError> {
        let mut open = Self {
            library: Library::open(path)?,
            swept_at: Instant::now(),
        };
        open.sweep()?;
        Ok(open)
    }

    /// Marks runs and sweeps whose recorder is gone as interrupted.
    fn sweep(&mut self) -> Result<(), LibraryError> {
        let (machine, _) = control::here();
        self.library
            .sweep_interrupted(&machine.fingerprint, control::is_alive)?;
        self.library
            .mark_interrupted_sweeps(&machine.fingerprint, control::is_alive)?;
        self.swept_at = Instant::now();
        Ok(())
    }
}

impl SharedLibrary {
    /// Does `work` with the library at `path`.
    ///
    /// # Errors
    /// Where it cannot be opened, and as `work`.
    pub fn with<T>(
        &self,
        path: &Path,
        work: impl FnOnce(&mut Library) -> Result<T, LibraryError>,
    ) -> Result<T, LibraryError> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut open = match slot.take().filter(|open| open.library.path() == path) {
            Some(open) => open,
            None => OpenLibrary::open(path)?,
        };
        if open.swept_at.elapsed() > SWEEP_EVERY {
            open.sweep()?;
        }
        work(&mut slot.insert(open).library)
    }
}
