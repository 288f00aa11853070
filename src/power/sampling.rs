//! What happens in the meter thread.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError},
    },
    time::{Duration, Instant},
};

use super::{
    Clock, Extra, Integrator, Mark, Meter, MeterNow, Push, ReadError, Sample, SamplerError,
    Snapshot, WindowId,
    sampler::{Command, Edge, Shared, lock},
};
use crate::units::EnergyFigure;

/// A meter that fails this many times in a row is lost.
const FAILURES: u32 = 10;
/// Samples travel in batches of this length.
const BATCH: Duration = Duration::from_millis(500);

/// A meter with its integrator.
struct Slot {
    meter: Box<dyn Meter>,
    integrator: Integrator,
    /// The totals when the sampler began.
    start: Mark,
    failures_in_row: u32,
    /// When the latest reading was made, if it counts.
    read_s: Option<f64>,
    now: MeterNow,
}

/// State of the meter thread.
pub(super) struct Sampling {
    slots: Vec<Slot>,
    clock: Clock,
    period: Duration,
    shared: Arc<Mutex<Shared>>,
    sink: SyncSender<Vec<Sample>>,
    batch: Vec<Sample>,
    batch_since: Instant,
    dropped_samples: u64,
    windows: BTreeMap<WindowId, (String, Vec<Mark>)>,
    next_window: u64,
    cost: Cost,
}

impl Sampling {
    pub(super) fn new(
        meters: Vec<Box<dyn Meter>>,
        clock: Clock,
        period_s: f64,
        shared: Arc<Mutex<Shared>>,
        sink: SyncSender<Vec<Sample>>,
    ) -> Self {
        let slots = meters.into_iter().map(|meter| Slot {
            integrator: Integrator::new(meter.info(), period_s),
            now: MeterNow {
                id: meter.info().id.clone(),
                ..MeterNow::default()
            },
            start: Mark::default(),
            failures_in_row: 0,
            read_s: None,
            meter,
        });
        Self {
            slots: slots.collect(),
            clock,
            period: Duration::from_secs_f64(period_s),
            shared,
            sink,
            batch: Vec::new(),
            batch_since: Instant::now(),
            dropped_samples: 0,
            windows: BTreeMap::new(),
            next_window: 0,
            cost: Cost::default(),
        }
    }

    /// Reads until told to stop or until nobody is left to tell it.
    pub(super) fn run(&mut self, commands: &Receiver<Command>) {
        self.cost = Cost::start();
        self.read_all();
        for slot in &mut self.slots {
            slot.start = slot.integrator.now();
        }
        self.publish();
        let mut due = Instant::now() + self.period;
        loop {
            let wait = due.saturating_duration_since(Instant::now());
            match commands.recv_timeout(wait) {
                Ok(Command::Edge { close, open, reply }) => {
                    let edge = self.edge(&close, open);
                    self.publish();
                    // Whoever asked may have stopped waiting.
                    let _ = reply.send(edge);
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.read_all();
                    self.publish();
                    due += self.period;
                    // After a pause, go on at the usual pace; readings are not made up for.
                    due = due.max(Instant::now());
                }
                Ok(Command::Stop) | Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.send_batch();
        self.publish();
    }

    fn edge(&mut self, close: &[WindowId], open: Vec<String>) -> Result<Edge, SamplerError> {
        if let Some(unknown) = close.iter().find(|id| !self.windows.contains_key(id)) {
            return Err(SamplerError::UnknownWindow(*unknown));
        }
        self.read_all();
        let t_s = self.clock.now_s();
        let marks: Vec<Mark> = self.slots.iter_mut().map(|slot| slot.mark(t_s)).collect();
        let mut closed = Vec::with_capacity(close.len());
        for id in close {
            // Named twice, a window is closed once.
            if let Some((label, from)) = self.windows.remove(id) {
                tracing::debug!(label, t_s, "window closed");
                closed.push(self.figures(&from, &marks));
            }
        }
        let opened = open.into_iter().map(|label| {
            let id = WindowId(self.next_window);
            self.next_window += 1;
            self.windows.insert(id, (label, marks.clone()));
            id
        });
        Ok(Edge {
            t_s,
            closed,
            opened: opened.collect(),
        })
    }

    fn figures(&self, from: &[Mark], to: &[Mark]) -> Vec<EnergyFigure> {
        let pairs = self.slots.iter().zip(from.iter().zip(to));
        pairs
            .map(|(slot, (from, to))| slot.integrator.figure(from, to))
            .collect()
    }

    fn read_all(&mut self) {
        let began = Instant::now();
        for (index, slot) in self.slots.iter_mut().enumerate() {
            slot.read(index, &self.clock, &mut self.batch);
        }
        self.cost.reads += began.elapsed();
        if self.batch_since.elapsed() >= BATCH {
            self.send_batch();
        }
    }

    fn send_batch(&mut self) {
        self.batch_since = Instant::now();
        if self.batch.is_empty() {
            return;
        }
        match self.sink.try_send(std::mem::take(&mut self.batch)) {
            Ok(()) => {}
            Err(TrySendError::Full(batch)) | Err(TrySendError::Disconnected(batch)) => {
                self.dropped_samples += batch.len() as u64;
            }
        }
    }

    fn publish(&mut self) {
        let t_s = self.clock.now_s();
        let totals: Vec<Mark> = self
            .slots
            .iter()
            .map(|slot| slot.integrator.now())
            .collect();
        let oldest = self.windows.first_key_value().map(|(_, (_, marks))| marks);
        let starts: Vec<Mark> = match oldest {
            Some(marks) => marks.clone(),
            None => self.slots.iter().map(|slot| slot.start).collect(),
        };
        let run = self.figures(&starts, &totals);
        let meters = self.slots.iter().zip(run).map(|(slot, figure)| MeterNow {
            power_w: slot
                .integrator
                .power_w()
                .filter(|_| slot.now.lost.is_none()),
            energy_j: figure.energy_j.map(|energy| energy.value),
            uncovered_s: figure.window_s - figure.covered_s,
            ..slot.now.clone()
        });
        let snapshot = Snapshot {
            t_s,
            meters: meters.collect(),
            dropped_samples: self.dropped_samples,
            overhead_share: self.cost.share(),
        };
        let so_far = self
            .windows
            .iter()
            .map(|(id, (_, marks))| (*id, self.figures(marks, &totals)))
            .collect();
        let mut shared = lock(&self.shared);
        shared.snapshot = snapshot;
        shared.so_far = so_far;
    }
}

impl Slot {
    fn read(&mut self, index: usize, clock: &Clock, batch: &mut Vec<Sample>) {
        self.read_s = None;
        if self.now.lost.is_some() {
            return;
        }
        let before_s = clock.now_s();
        let reading = self.meter.read();
        let t_s = f64::midpoint(before_s, clock.now_s());
        let reading = match reading {
            Ok(reading) => reading,
            Err(ReadError::NotYet) => return,
            Err(error) => {
                self.fail(&error);
                return;
            }
        };
        self.failures_in_row = 0;
        if let Push::Dropped(_) = self.integrator.push(t_s, reading.level) {
            self.now.dropped_reads += 1;
            return;
        }
        self.read_s = Some(t_s);
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
        self.now.failed_reads += 1;
        self.failures_in_row += 1;
        if self.failures_in_row >= FAILURES {
            let reason = format!("{FAILURES} readings in a row failed, the last with: {error}");
            tracing::warn!(meter = self.now.id, reason, "meter lost");
            self.now.lost = Some(reason);
        }
    }

    /// A mark at the reading just made, or at `t_s` where it failed.
    fn mark(&mut self, t_s: f64) -> Mark {
        self.integrator.mark(self.read_s.unwrap_or(t_s))
    }
}

/// What the thread costs.
#[derive(Default)]
struct Cost {
    began: Option<(Instant, Option<f64>)>,
    reads: Duration,
}

impl Cost {
    fn start() -> Self {
        Self {
            began: Some((Instant::now(), thread_cpu_s())),
            reads: Duration::ZERO,
        }
    }

    /// Share of one core since the start: processor time of this thread, or where the system does not tell, time spent
    /// in readings.
    fn share(&self) -> f64 {
        let Some((began, cpu_s)) = self.began else {
            return 0.0;
        };
        let used_s = match (cpu_s, thread_cpu_s()) {
            (Some(before_s), Some(now_s)) => now_s - before_s,
            _ => self.reads.as_secs_f64(),
        };
        let wall_s = began.elapsed().as_secs_f64();
        if wall_s > 0.0 { used_s / wall_s } else { 0.0 }
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
