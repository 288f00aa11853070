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
    Clock, Mark, Planned, Sample, SamplerError, Snapshot, WindowId,
    cost::{Cost, Pace},
    part::{covers, overlap},
    sampler::{Command, Edge, Record, Shared, lock},
    slot::Slot,
};
use crate::units::EnergyFigure;

/// Samples travel in batches of this length.
const BATCH: Duration = Duration::from_millis(500);

/// An open window of time.
struct Window {
    label: String,
    /// One for each slot.
    from: Vec<Mark>,
    /// Whether stand-bys are read and told too.
    stand_bys: bool,
}

/// State of the meter thread.
pub(super) struct Sampling {
    slots: Vec<Slot>,
    clock: Clock,
    pace: Pace,
    shared: Arc<Mutex<Shared>>,
    sink: SyncSender<Vec<Sample>>,
    record: Option<Box<dyn Record>>,
    batch: Vec<Sample>,
    batch_since: Instant,
    dropped_samples: u64,
    windows: BTreeMap<WindowId, Window>,
    next_window: u64,
    cost: Cost,
}

impl Sampling {
    pub(super) fn new(
        meters: Vec<Planned>,
        clock: Clock,
        period_s: f64,
        shared: Arc<Mutex<Shared>>,
        sink: SyncSender<Vec<Sample>>,
        record: Option<Box<dyn Record>>,
    ) -> Self {
        Self {
            slots: meters
                .into_iter()
                .map(|planned| Slot::new(planned, period_s))
                .collect(),
            clock,
            pace: Pace::new(period_s),
            shared,
            sink,
            record,
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
        let round_s = self.cost.of_a_round(&mut self.slots);
        self.pace.fit(round_s);
        self.set_period();
        self.cost.start();
        self.read_all(true);
        for slot in &mut self.slots {
            slot.begin();
        }
        self.publish();
        let mut due = Instant::now() + self.pace.period();
        loop {
            let wait = due.saturating_duration_since(Instant::now());
            match commands.recv_timeout(wait) {
                Ok(Command::Edge {
                    close,
                    open,
                    stand_bys,
                    reply,
                }) => {
                    let edge = self.edge(&close, open, stand_bys);
                    self.publish();
                    // Whoever asked may have stopped waiting.
                    let _ = reply.send(edge);
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.read_all(false);
                    self.replace_the_lost();
                    self.publish();
                    if self.pace.adapt(&mut self.cost) {
                        self.set_period();
                    }
                    due += self.pace.period();
                    // After a pause, go on at the usual pace; readings are not made up for.
                    due = due.max(Instant::now());
                }
                Ok(Command::Stop) | Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.send_batch();
        self.publish();
    }

    fn set_period(&mut self) {
        let period_s = self.pace.period().as_secs_f64();
        for slot in &mut self.slots {
            slot.set_period(period_s);
        }
    }

    fn edge(
        &mut self,
        close: &[WindowId],
        open: Vec<String>,
        stand_bys: bool,
    ) -> Result<Edge, SamplerError> {
        if let Some(unknown) = close.iter().find(|id| !self.windows.contains_key(id)) {
            return Err(SamplerError::UnknownWindow(*unknown));
        }
        self.read_slots(true, stand_bys || self.stand_bys_are_read());
        let t_s = self.clock.now_s();
        let marks: Vec<Mark> = self.slots.iter_mut().map(|slot| slot.mark(t_s)).collect();
        let mut closed = Vec::with_capacity(close.len());
        for id in close {
            // Named twice, a window is closed once.
            if let Some(window) = self.windows.remove(id) {
                tracing::debug!(label = window.label, t_s, "window closed");
                closed.push(self.figures(&window.from, &marks, window.stand_bys));
                if let Some(record) = &mut self.record {
                    record.closed(t_s, *id);
                }
            }
        }
        let mut opened = Vec::with_capacity(open.len());
        for label in open {
            let id = WindowId(self.next_window);
            self.next_window += 1;
            if let Some(record) = &mut self.record {
                record.opened(t_s, id, &label);
            }
            let from = marks.clone();
            let window = Window {
                label,
                from,
                stand_bys,
            };
            self.windows.insert(id, window);
            opened.push(id);
        }
        Ok(Edge {
            t_s,
            closed,
            opened,
        })
    }

    /// Figures between two lists of marks; of stand-bys only where they have stepped in, or where `stand_bys` asks.
    fn figures(&self, from: &[Mark], to: &[Mark], stand_bys: bool) -> Vec<EnergyFigure> {
        let pairs = self.slots.iter().zip(from.iter().zip(to));
        pairs
            .filter_map(|(slot, (from, to))| slot.figure(from, to, stand_bys))
            .collect()
    }

    fn stand_bys_are_read(&self) -> bool {
        self.windows.values().any(|window| window.stand_bys)
    }

    fn read_all(&mut self, at_once: bool) {
        self.read_slots(at_once, self.stand_bys_are_read());
    }

    fn read_slots(&mut self, at_once: bool, stand_bys: bool) {
        let began = Instant::now();
        for (index, slot) in self.slots.iter_mut().enumerate() {
            if slot.is_read() || stand_bys {
                slot.read(
                    index,
                    at_once,
                    &self.clock,
                    &mut self.batch,
                    &mut self.record,
                );
            }
        }
        self.cost.add_round(began);
        if self.batch_since.elapsed() >= BATCH {
            self.send_batch();
        }
    }

    /// Where a meter has ended and another one stands by for its part, that one takes over.
    fn replace_the_lost(&mut self) {
        let t_s = self.clock.now_s();
        for at in 0..self.slots.len() {
            let Some(reason) = self.slots[at].why_it_should_go(t_s) else {
                continue;
            };
            let Some(successor) = self.successor(at) else {
                continue;
            };
            self.slots[successor].step_in(t_s);
            let by = self.slots[successor].info().id.clone();
            self.slots[at].retire(&reason, &by);
        }
    }

    /// The best stand-by that answers, covers no less than the slot `at`, and shares no hardware with another meter that
    /// is read.
    fn successor(&mut self, at: usize) -> Option<usize> {
        let lost = self.slots[at].info().covers.clone();
        (0..self.slots.len()).find(|&other| {
            let candidate = self.slots[other].info().covers.clone();
            let free = self.slots.iter().enumerate().all(|(third, slot)| {
                third == at
                    || third == other
                    || !slot.counts()
                    || !overlap(&slot.info().covers, &candidate)
            });
            let fits = self.slots[other].stands_by() && covers(&candidate, &lost) && free;
            if fits {
                self.slots[other].read(other, true, &self.clock, &mut self.batch, &mut self.record);
            }
            fits && self.slots[other].has_just_answered()
        })
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
        let totals: Vec<Mark> = self.slots.iter().map(Slot::total).collect();
        let oldest = self.windows.first_key_value().map(|(_, window)| window);
        let starts: Vec<Mark> = match oldest {
            Some(window) => window.from.clone(),
            None => self.slots.iter().map(Slot::start).collect(),
        };
        let pairs = self.slots.iter().zip(starts.iter().zip(&totals));
        let meters = pairs.filter_map(|(slot, (from, to))| {
            let figure = slot.figure(from, to, false)?;
            Some(slot.now(&figure))
        });
        let snapshot = Snapshot {
            t_s,
            meters: meters.collect(),
            dropped_samples: self.dropped_samples,
            overhead_share: self.cost.share(),
            rate_hz: self.pace.rate_hz(),
        };
        let so_far = self
            .windows
            .iter()
            .map(|(id, window)| (*id, self.figures(&window.from, &totals, window.stand_bys)))
            .collect();
        let mut shared = lock(&self.shared);
        shared.snapshot = snapshot;
        shared.so_far = so_far;
    }
}
