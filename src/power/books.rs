//! The meters that are read and the windows of time over them: all of sampling but the thread, the clock and the pace.
//! The meter thread, sampling without a thread and a recording that is played back share it, so that they agree.

use std::collections::BTreeMap;

use super::{
    Mark, MeterNow, Planned, ReadError, Reading, Sample, WindowId, sampler::Record, slot::Slot,
};
use crate::units::EnergyFigure;

/// An open window of time.
pub(super) struct Window {
    pub label: String,
    /// When it began.
    pub since_s: f64,
    /// One for each slot.
    pub from: Vec<Mark>,
    /// Whether stand-bys are read and told too.
    pub stand_bys: bool,
}

/// Every meter with its totals, and the open windows.
pub(super) struct Books {
    pub slots: Vec<Slot>,
    windows: BTreeMap<WindowId, Window>,
    /// Hears of windows, paces and replacements; of readings the slots tell it.
    pub record: Option<Box<dyn Record>>,
}

impl Books {
    pub(super) fn new(
        meters: Vec<Planned>,
        period_s: f64,
        record: Option<Box<dyn Record>>,
    ) -> Self {
        let slots = meters.into_iter();
        Self {
            slots: slots.map(|meter| Slot::new(meter, period_s)).collect(),
            windows: BTreeMap::new(),
            record,
        }
    }

    /// What was read first is the beginning of everything that is told since the sampler began.
    pub(super) fn begin(&mut self, t_s: f64) {
        for slot in &mut self.slots {
            slot.begin(t_s);
        }
    }

    /// From `t_s` on, a reading is due every `period_s` seconds.
    pub(super) fn set_period(&mut self, t_s: f64, period_s: f64) {
        for slot in &mut self.slots {
            slot.set_period(period_s);
        }
        if let Some(record) = &mut self.record {
            record.paced(t_s, period_s);
        }
    }

    /// What the meter with this index said at `t_s`.
    pub(super) fn take(
        &mut self,
        t_s: f64,
        meter: usize,
        reading: Result<Reading, ReadError>,
        batch: &mut Vec<Sample>,
    ) {
        if let Some(slot) = self.slots.get_mut(meter) {
            slot.take(t_s, meter, reading, batch);
        }
    }

    /// The totals at the readings just made, or at `t_s` where there was none.
    pub(super) fn marks(&mut self, t_s: f64) -> Vec<Mark> {
        self.slots.iter_mut().map(|slot| slot.mark(t_s)).collect()
    }

    /// Nothing was read for the edges that follow, until something is.
    pub(super) fn forget_readings(&mut self) {
        self.slots.iter_mut().for_each(Slot::forget_reading);
    }

    /// The totals at the last readings; changes nothing.
    pub(super) fn totals(&self) -> Vec<Mark> {
        self.slots.iter().map(Slot::total).collect()
    }

    pub(super) fn is_open(&self, id: WindowId) -> bool {
        self.windows.contains_key(&id)
    }

    /// The open windows, oldest first.
    pub(super) fn windows(&self) -> impl ExactSizeIterator<Item = (&WindowId, &Window)> {
        self.windows.iter()
    }

    pub(super) fn open(&mut self, id: WindowId, mut window: Window) {
        for (mark, slot) in window.from.iter_mut().zip(&self.slots) {
            if slot.stands_by() && !window.stand_bys {
                // Its last reading is of an earlier window: should it step in, this one began here all the same.
                mark.t_s = window.since_s;
            }
        }
        if let Some(record) = &mut self.record {
            record.opened(window.since_s, id, &window.label, window.stand_bys);
        }
        self.windows.insert(id, window);
    }

    /// `None` where no such window is open.
    pub(super) fn close(&mut self, t_s: f64, id: WindowId) -> Option<Window> {
        let window = self.windows.remove(&id)?;
        tracing::debug!(label = window.label, t_s, "window closed");
        if let Some(record) = &mut self.record {
            record.closed(t_s, id);
        }
        Some(window)
    }

    /// Figures between two lists of marks; of stand-bys only where they have stepped in, or where `stand_bys` asks.
    pub(super) fn figures(&self, from: &[Mark], to: &[Mark], stand_bys: bool) -> Vec<EnergyFigure> {
        let pairs = self.slots.iter().zip(from.iter().zip(to));
        pairs
            .filter_map(|(slot, (from, to))| slot.figure(from, to, stand_bys))
            .collect()
    }

    pub(super) fn stand_bys_are_read(&self) -> bool {
        self.windows.values().any(|window| window.stand_bys)
    }

    /// `by`, which was just read, takes the place of `meter`.
    pub(super) fn replace(&mut self, t_s: f64, meter: usize, by: usize, reason: &str) {
        let since = self.slots[by].step_in(t_s);
        let id = self.slots[by].info().id.clone();
        self.slots[meter].retire(reason, &id);
        if let Some(record) = &mut self.record {
            record.replaced(since.t_s, meter, by, reason);
        }
    }

    /// How each meter stands, since the oldest open window began (the run), else since the sampler began.
    pub(super) fn now(&self, totals: &[Mark]) -> Vec<MeterNow> {
        let oldest = self.windows.first_key_value().map(|(_, window)| window);
        let starts: Vec<Mark> = match oldest {
            Some(window) => window.from.clone(),
            None => self.slots.iter().map(Slot::start).collect(),
        };
        let pairs = self.slots.iter().zip(starts.iter().zip(totals));
        pairs
            .filter_map(|(slot, (from, to))| {
                let figure = slot.figure(from, to, false)?;
                Some(slot.now(&figure))
            })
            .collect()
    }
}
