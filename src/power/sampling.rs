//! What happens in the meter thread.

use std::{
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError},
    },
    time::{Duration, Instant},
};

use super::{
    Clock, Mark, Planned, Sample, SamplerError, Snapshot, WindowId,
    books::{Books, Window},
    cost::{Cost, Pace},
    part::{covers, overlap},
    sampler::{Command, Edge, Record, Shared, lock},
};

/// Samples travel in batches of this length.
const BATCH: Duration = Duration::from_millis(500);

/// State of the meter thread.
pub(super) struct Sampling {
    books: Books,
    clock: Clock,
    pace: Pace,
    shared: Arc<Mutex<Shared>>,
    /// Where samples go, if anywhere.
    sink: Option<SyncSender<Vec<Sample>>>,
    batch: Vec<Sample>,
    batch_since: Instant,
    dropped_samples: u64,
    next_window: u64,
    cost: Cost,
}

impl Sampling {
    pub(super) fn new(
        meters: Vec<Planned>,
        clock: Clock,
        period_s: f64,
        shared: Arc<Mutex<Shared>>,
        sink: Option<SyncSender<Vec<Sample>>>,
        record: Option<Box<dyn Record>>,
    ) -> Self {
        Self {
            books: Books::new(meters, period_s, record),
            clock,
            pace: Pace::new(period_s),
            shared,
            sink,
            batch: Vec::new(),
            batch_since: Instant::now(),
            dropped_samples: 0,
            next_window: 0,
            cost: Cost::default(),
        }
    }

    /// Reads until told to stop or until nobody is left to tell it.
    pub(super) fn run(&mut self, commands: &Receiver<Command>) {
        let cost = self.cost.of_a_round(&mut self.books.slots);
        self.pace.fit(cost);
        self.cost.start();
        self.begin();
        let mut due = Instant::now() + self.pace.period();
        loop {
            let wait = due.saturating_duration_since(Instant::now());
            match commands.recv_timeout(wait) {
                Ok(Command::Edge {
                    close,
                    open,
                    stand_bys,
                    until,
                    reply,
                }) => {
                    if Instant::now() > until {
                        // Whoever asked has given up; a window that nobody knows of would stay open for good.
                        continue;
                    }
                    let edge = self.edge(&close, open, stand_bys);
                    // Whoever asked may have stopped waiting.
                    let _ = reply.send(edge);
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.round();
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

    /// The first readings.
    pub(super) fn begin(&mut self) {
        self.set_period();
        self.read_all(true);
        self.books.begin(self.clock.now_s());
        self.publish();
    }

    /// One reading of every meter that is due, and what follows from it.
    pub(super) fn round(&mut self) {
        self.read_all(false);
        self.replace_the_lost();
        self.publish();
    }

    fn set_period(&mut self) {
        let period_s = self.pace.period().as_secs_f64();
        self.books.set_period(self.clock.now_s(), period_s);
    }

    /// Closes and opens windows at one reading of every meter.
    pub(super) fn edge(
        &mut self,
        close: &[WindowId],
        open: Vec<String>,
        stand_bys: bool,
    ) -> Result<Edge, SamplerError> {
        if let Some(unknown) = close.iter().find(|id| !self.books.is_open(**id)) {
            return Err(SamplerError::UnknownWindow(*unknown));
        }
        self.read_slots(true, stand_bys || self.books.stand_bys_are_read());
        let t_s = self.clock.now_s();
        let marks: Vec<Mark> = self.books.marks(t_s);
        let mut closed = Vec::with_capacity(close.len());
        for id in close {
            // Named twice, a window is closed once.
            if let Some(window) = self.books.close(t_s, *id) {
                let figures = self.books.figures(&window.from, &marks, window.stand_bys);
                closed.push(figures);
            }
        }
        let mut opened = Vec::with_capacity(open.len());
        for label in open {
            let id = WindowId(self.next_window);
            self.next_window += 1;
            let window = Window {
                label,
                since_s: t_s,
                from: marks.clone(),
                stand_bys,
            };
            self.books.open(id, window);
            opened.push(id);
        }
        self.publish();
        Ok(Edge {
            t_s,
            closed,
            opened,
        })
    }

    fn read_all(&mut self, at_once: bool) {
        self.read_slots(at_once, self.books.stand_bys_are_read());
    }

    fn read_slots(&mut self, at_once: bool, stand_bys: bool) {
        let began = Instant::now();
        let Books { slots, record, .. } = &mut self.books;
        for (index, slot) in slots.iter_mut().enumerate() {
            if slot.is_read() || stand_bys {
                slot.read(index, at_once, &self.clock, &mut self.batch, record);
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
        for at in 0..self.books.slots.len() {
            let Some(reason) = self.books.slots[at].why_it_should_go(t_s) else {
                continue;
            };
            let Some(successor) = self.successor(at) else {
                continue;
            };
            self.books.replace(t_s, at, successor, &reason);
        }
    }

    /// The best stand-by that answers, covers no less than the slot `at`, and shares no hardware with another meter that
    /// is read.
    fn successor(&mut self, at: usize) -> Option<usize> {
        let Books { slots, record, .. } = &mut self.books;
        let lost = slots[at].info().covers.clone();
        (0..slots.len()).find(|&other| {
            let candidate = slots[other].info().covers.clone();
            let free = slots.iter().enumerate().all(|(third, slot)| {
                third == at
                    || third == other
                    || !slot.counts()
                    || !overlap(&slot.info().covers, &candidate)
            });
            let fits = slots[other].stands_by() && covers(&candidate, &lost) && free;
            if fits {
                slots[other].read(other, true, &self.clock, &mut self.batch, record);
            }
            fits && slots[other].has_just_answered()
        })
    }

    fn send_batch(&mut self) {
        self.batch_since = Instant::now();
        let batch = std::mem::take(&mut self.batch);
        let Some(sink) = self.sink.as_ref().filter(|_| !batch.is_empty()) else {
            return;
        };
        match sink.try_send(batch) {
            Ok(()) => {}
            Err(TrySendError::Full(batch)) | Err(TrySendError::Disconnected(batch)) => {
                self.dropped_samples += batch.len() as u64;
            }
        }
    }

    fn publish(&mut self) {
        let t_s = self.clock.now_s();
        let mut totals = self.books.totals();
        for (total, slot) in totals.iter_mut().zip(&self.books.slots) {
            // Of one that is silent, what is open goes on all the same, uncovered.
            let due_s = 2.0 * self.pace.period().as_secs_f64().max(slot.info().every_s);
            if t_s - total.t_s > due_s {
                total.t_s = t_s;
            }
        }
        let snapshot = Snapshot {
            t_s,
            meters: self.books.now(&totals),
            dropped_samples: self.dropped_samples,
            overhead_share: self.cost.share(),
            rate_hz: self.pace.rate_hz(),
        };
        let windows = self.books.windows();
        let so_far = windows
            .map(|(id, window)| {
                let figures = self.books.figures(&window.from, &totals, window.stand_bys);
                (*id, figures)
            })
            .collect();
        let mut shared = lock(&self.shared);
        shared.snapshot = snapshot;
        shared.so_far = so_far;
    }
}
