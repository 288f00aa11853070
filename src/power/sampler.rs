use std::{
    borrow::Cow,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use super::{Clock, IdleBaseline, MeterInfo, Place, Planned, ReadError, Reading, sampling};
use crate::units::EnergyFigure;

/// How long an edge may take before the caller stops waiting: a driver hangs then.
const EDGE_TIMEOUT: Duration = Duration::from_secs(10);
/// Batches that may wait for their receiver before samples are dropped.
const BATCHES: usize = 32;

/// How to sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SamplerOptions {
    /// Readings of every meter per second, 1 to 100.
    pub rate_hz: f64,
}

impl Default for SamplerOptions {
    fn default() -> Self {
        Self { rate_hz: 10.0 }
    }
}

impl SamplerOptions {
    /// Seconds between two rounds of readings.
    pub(super) fn period_s(&self) -> Result<f64, SamplerError> {
        if (1.0..=100.0).contains(&self.rate_hz) {
            Ok(1.0 / self.rate_hz)
        } else {
            Err(SamplerError::Rate {
                given: self.rate_hz,
            })
        }
    }
}

/// What can go wrong with the meter thread.
#[derive(Debug, thiserror::Error)]
pub enum SamplerError {
    /// The rate is out of bounds.
    #[error("sampling rate: `{given}` is not possible; allowed: 1 to 100 Hz")]
    Rate {
        /// What was asked for.
        given: f64,
    },
    /// No thread.
    #[error("cannot start the meter thread: {0}")]
    Thread(#[from] std::io::Error),
    /// The thread is gone.
    #[error("the meter thread has ended")]
    Ended,
    /// A meter's driver hangs.
    #[error("a meter did not answer within {} s: its driver may hang", EDGE_TIMEOUT.as_secs())]
    TimedOut,
    /// No such window is open.
    #[error("window {0:?} is not open")]
    UnknownWindow(WindowId),
}

/// One raw sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// When, in seconds on the process's clock.
    pub t_s: f64,
    /// Index of the meter in [`Sampler::meters`].
    pub meter: usize,
    /// `power`, `energy` (since the sampler began), or one of the meter's own.
    pub metric: Cow<'static, str>,
    /// How much.
    pub value: f64,
    /// In which unit, written as UCUM does.
    pub unit: Cow<'static, str>,
}

/// An open window of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WindowId(pub(super) u64);

/// What an edge gave: the figures of the windows that it closed and the names of those that it opened, each in the
/// order asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// When the meters were read, in seconds on the process's clock.
    pub t_s: f64,
    /// One list for each closed window, with one figure for each meter that counted in it.
    pub closed: Vec<Vec<EnergyFigure>>,
    /// One for each opened window.
    pub opened: Vec<WindowId>,
}

/// State of everything at the last reading.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// When, in seconds on the process's clock.
    pub t_s: f64,
    /// One for each meter that is read; stand-bys are not among them until they step in.
    pub meters: Vec<MeterNow>,
    /// Raw samples that were dropped because nobody took them in time; the energy is not touched by that.
    pub dropped_samples: u64,
    /// Share of one core that the meter thread used so far, 0 to 1.
    pub overhead_share: f64,
    /// Rounds of readings a second: as asked for, or fewer where they would cost too much.
    pub rate_hz: f64,
}

/// State of one meter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MeterNow {
    /// Which meter.
    pub id: String,
    /// Latest power in watts.
    pub power_w: Option<f64>,
    /// Joules since the oldest open window began (the run), else since the sampler began.
    pub energy_j: Option<f64>,
    /// Seconds of the same stretch without a reading.
    pub uncovered_s: f64,
    /// Readings that failed so far.
    pub failed_reads: u64,
    /// Readings that were not credible so far.
    pub dropped_reads: u64,
    /// Why the meter is no longer read, if so, and which has taken its place.
    pub lost: Option<String>,
    /// Whether it is part of the sum over the machine now: a part, or one that has taken another's place, until its own
    /// is taken.
    pub in_sum: bool,
    /// Mean time that a reading takes, in seconds.
    pub read_s: Option<f64>,
}

/// What the thread and its owner share.
#[derive(Default)]
pub(super) struct Shared {
    pub snapshot: Snapshot,
    /// Figures so far of each open window.
    pub so_far: Vec<(WindowId, Vec<EnergyFigure>)>,
}

pub(super) enum Command {
    Edge {
        close: Vec<WindowId>,
        open: Vec<String>,
        stand_bys: bool,
        /// Nobody waits for the answer any more after this.
        until: Instant,
        reply: SyncSender<Result<Edge, SamplerError>>,
    },
    Stop,
}

/// Hears of everything that the meters say, in the meter thread: it must be quick.
pub trait Record: Send {
    /// A reading, at `t_s` on the process's clock, of the meter with this index in [`Sampler::meters`].
    fn reading(&mut self, t_s: f64, meter: usize, reading: &Result<Reading, ReadError>);

    /// A window begins; with `stand_bys`, those are read and told in it too.
    fn opened(&mut self, t_s: f64, window: WindowId, label: &str, stand_bys: bool);

    /// A window ends.
    fn closed(&mut self, t_s: f64, window: WindowId);

    /// From here on a round of readings is due every `period_s` seconds. Told before the first reading, and whenever the
    /// pace changes.
    fn paced(&mut self, t_s: f64, period_s: f64);

    /// The meter with the index `by` has taken the place of the one with the index `meter`, for this `reason`.
    fn replaced(&mut self, t_s: f64, meter: usize, by: usize, reason: &str);
}

/// The thread that reads the meters.
pub struct Sampler {
    control: SyncSender<Command>,
    shared: Arc<Mutex<Shared>>,
    thread: Option<JoinHandle<()>>,
    meters: Vec<MeterInfo>,
    places: Vec<Place>,
    /// Time of the last readings when an edge was waited for in vain: a driver hangs until there are later ones.
    hung_s: Mutex<Option<f64>>,
}

impl Sampler {
    /// Starts the thread. The receiver gets batches of raw samples about twice a second; where it is slow, samples are
    /// dropped and counted, and the energy goes on.
    ///
    /// # Errors
    /// Where the rate is out of bounds or the system gives no thread.
    pub fn start<M: Into<Planned>>(
        meters: Vec<M>,
        clock: Clock,
        options: SamplerOptions,
    ) -> Result<(Self, Receiver<Vec<Sample>>), SamplerError> {
        let meters = meters.into_iter().map(Into::into).collect();
        Self::start_recorded(meters, clock, options, None)
    }

    /// As [`Self::start`], and tells `record` of everything that the meters say.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_recorded(
        meters: Vec<Planned>,
        clock: Clock,
        options: SamplerOptions,
        record: Option<Box<dyn Record>>,
    ) -> Result<(Self, Receiver<Vec<Sample>>), SamplerError> {
        let period_s = options.period_s()?;
        let infos: Vec<MeterInfo> = meters.iter().map(|meter| meter.info().clone()).collect();
        let places = meters.iter().map(Planned::place).collect();
        let shared = Arc::new(Mutex::new(Shared::default()));
        let (control, commands) = mpsc::sync_channel(16);
        let (sink, samples) = mpsc::sync_channel(BATCHES);
        let mut sampling = sampling::Sampling::new(
            meters,
            clock,
            period_s,
            Arc::clone(&shared),
            Some(sink),
            record,
        );
        let thread = std::thread::Builder::new()
            .name("joulelab-meter".to_owned())
            .spawn(move || sampling.run(&commands))?;
        let sampler = Self {
            control,
            shared,
            thread: Some(thread),
            meters: infos,
            places,
            hung_s: Mutex::new(None),
        };
        Ok((sampler, samples))
    }

    /// What is read or stands by, in the order of the figures.
    pub fn meters(&self) -> &[MeterInfo] {
        &self.meters
    }

    /// Where each meter sits and what it is read for, in the same order.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Opens a window. All meters are read at once and the caller waits for that, so the edge is exact.
    ///
    /// # Errors
    /// Where the thread has ended or a driver hangs.
    pub fn open_window(&self, label: &str) -> Result<WindowId, SamplerError> {
        let edge = self.edge(&[], &[label])?;
        edge.opened.first().copied().ok_or(SamplerError::Ended)
    }

    /// Closes a window: one figure for each meter.
    ///
    /// # Errors
    /// As [`Sampler::open_window`], and where the window is not open.
    pub fn close_window(&self, id: WindowId) -> Result<Vec<EnergyFigure>, SamplerError> {
        let mut edge = self.edge(&[id], &[])?;
        edge.closed.pop().ok_or(SamplerError::Ended)
    }

    /// Closes and opens windows at one and the same reading, so that contiguous windows share their edge and add up
    /// exactly. Windows may nest and overlap as they like.
    ///
    /// # Errors
    /// As [`Sampler::close_window`]; then nothing is closed or opened.
    pub fn edge(&self, close: &[WindowId], open: &[&str]) -> Result<Edge, SamplerError> {
        self.edge_of(close, open, false)
    }

    /// As [`Self::edge`]; in windows that are opened with `stand_bys`, those are read and told too.
    fn edge_of(
        &self,
        close: &[WindowId],
        open: &[&str],
        stand_bys: bool,
    ) -> Result<Edge, SamplerError> {
        let (reply, answer) = mpsc::sync_channel(1);
        let command = Command::Edge {
            close: close.to_vec(),
            open: open.iter().map(|&label| label.to_owned()).collect(),
            stand_bys,
            until: Instant::now() + EDGE_TIMEOUT,
            reply,
        };
        let read_s = self.snapshot().t_s;
        let mut hung_s = self.hung_s.lock().unwrap_or_else(PoisonError::into_inner);
        if *hung_s == Some(read_s) {
            // It has not answered since it was waited for last: waiting again would only hold up the training.
            return Err(SamplerError::TimedOut);
        }
        *hung_s = None;
        // Never waited for here: where a driver hangs, the queue fills up.
        self.control
            .try_send(command)
            .map_err(|error| match error {
                TrySendError::Full(_) => SamplerError::TimedOut,
                TrySendError::Disconnected(_) => SamplerError::Ended,
            })?;
        match answer.recv_timeout(EDGE_TIMEOUT) {
            Ok(edge) => edge,
            Err(RecvTimeoutError::Timeout) => {
                *hung_s = Some(self.snapshot().t_s);
                Err(SamplerError::TimedOut)
            }
            Err(RecvTimeoutError::Disconnected) => Err(SamplerError::Ended),
        }
    }

    /// The state at the last reading; cheap.
    pub fn snapshot(&self) -> Snapshot {
        lock(&self.shared).snapshot.clone()
    }

    /// Figures so far of an open window, as of the last reading; nothing is read for it.
    ///
    /// # Errors
    /// Where the window is not open.
    pub fn peek(&self, id: WindowId) -> Result<Vec<EnergyFigure>, SamplerError> {
        let shared = lock(&self.shared);
        let open = shared.so_far.iter().find(|(open, _)| *open == id);
        open.map(|(_, figures)| figures.clone())
            .ok_or(SamplerError::UnknownWindow(id))
    }

    /// Measures the idle power of every meter, stand-bys included, for `duration_s` seconds, in five slices whose scatter is kept. Blocks;
    /// `keep_going` is asked several times a second and ends it early.
    ///
    /// # Errors
    /// As [`Sampler::edge`].
    pub fn measure_idle(
        &self,
        duration_s: f64,
        keep_going: &dyn Fn() -> bool,
    ) -> Result<IdleBaseline, SamplerError> {
        const SLICES: u32 = 5;
        let slice = Duration::from_secs_f64(duration_s.clamp(0.0, 3600.0)) / SLICES;
        let mut slices = Vec::new();
        let mut open = self.edge_of(&[], &["idle", "idle slice"], true)?.opened;
        for _ in 0..SLICES {
            let until = Instant::now() + slice;
            while keep_going() && Instant::now() < until {
                let rest = until.saturating_duration_since(Instant::now());
                std::thread::sleep(rest.min(Duration::from_millis(50)));
            }
            let edge = self.edge_of(&open[1..], &["idle slice"], true)?;
            slices.extend(edge.closed);
            open.truncate(1);
            open.extend(edge.opened);
            if !keep_going() {
                break;
            }
        }
        let closed = self.edge_of(&open, &[], true)?.closed;
        let whole = closed.first().ok_or(SamplerError::Ended)?;
        Ok(IdleBaseline::new(&self.meters, whole, &slices))
    }

    /// Ends the thread and gives its last state. Open windows are forgotten. A thread that hangs in a driver is left
    /// behind after 10 s.
    pub fn stop(mut self) -> Snapshot {
        self.join();
        self.snapshot()
    }

    /// Tells the thread to end; the receiver of samples ends when it has. Open windows are forgotten.
    pub fn halt(&self) {
        // Refused only where the thread has ended, or hangs with a full queue before it.
        let _ = self.control.try_send(Command::Stop);
    }

    fn join(&mut self) {
        self.halt();
        let Some(thread) = self.thread.take() else {
            return;
        };
        let until = Instant::now() + EDGE_TIMEOUT;
        while !thread.is_finished() {
            if Instant::now() >= until {
                tracing::warn!("the meter thread hangs in a driver and is left behind");
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        // A panic in a meter was printed where it happened; its thread is gone either way.
        let _ = thread.join();
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        self.join();
    }
}

/// The shared state; a panic elsewhere leaves it whole, since it is only ever replaced piece by piece.
pub(super) fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
