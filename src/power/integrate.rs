//! From readings to energy over windows of time; pure, in constant memory.
//!
//! The integrator keeps two running totals, joules and covered seconds. A window is the difference of two [`Mark`]s of
//! these totals, so contiguous windows add up to the whole, value and coverage alike. What was once counted before a
//! mark is never taken back; where a meter was silent at a mark, the stretch before it is lost and counted uncovered.

use super::{
    Level, MeterInfo,
    meter::ASSUMED_REFRESH_S,
    meter::Kind::{Counter, Power},
};
use crate::units::EnergyFigure;

/// A counter may stand still for this many of its refresh periods before its seconds count as missing …
const STILL_REFRESHES: f64 = 10.0;
/// … but at least for this long, since sampling is no faster than that everywhere.
const STILL_AT_LEAST_S: f64 = 1.0;
/// And where the refresh period is unknown, for this long: some sources publish in batches of 2 s.
const STILL_UNKNOWN_S: f64 = 5.0;
/// Power is integrated across at most this many sampling periods; a longer gap stays a gap.
const BRIDGED_PERIODS: f64 = 3.0;
/// A counter that stood still too long and then jumps had counted on unseen if the jump amounts to at least this share
/// of the power before; otherwise it had stopped.
const BATCH_SHARE: f64 = 0.25;

/// What became of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Push {
    /// It counts.
    Taken,
    /// It does not.
    Dropped(Dropped),
}

/// Why a reading was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// Its time is no number, not after the reading before it, or before a mark.
    Time,
    /// It is no number, negative, above the device's possible power, or falls without being a wrap.
    Implausible,
    /// Power from a counter or the other way round.
    WrongKind,
}

/// State of a meter's totals at one moment; two of them make a window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mark {
    /// When, in seconds on the clock of the readings.
    pub t_s: f64,
    /// Joules counted up to then.
    pub energy_j: f64,
    /// Seconds covered up to then.
    pub covered_s: f64,
    /// How old the last published value may be, in seconds: the energy since then is not counted yet.
    lag_s: f64,
    /// The most that was drawn shortly before the mark, in watts, where known.
    power_w: Option<f64>,
}

/// Integrates one meter.
#[derive(Clone, Debug)]
pub struct Integrator {
    info: MeterInfo,
    period_s: f64,
    energy_j: f64,
    covered_s: f64,
    power_w: Option<f64>,
    /// The estimate before `power_w`: just after a jump of the power it says more about what is not published yet.
    power_before_w: Option<f64>,
    /// Last reading that counts.
    last: Option<(f64, Level)>,
    /// Time of the last reading of any kind.
    seen_s: f64,
    /// Time of the latest mark: what comes later must not be older.
    marked_s: f64,
    /// A mark fell here after the last reading: what lies before it is lost.
    cut_s: Option<f64>,
    /// A reading that contradicts the last one; the next one decides between them.
    suspect: Option<(f64, u64)>,
    still: Still,
    /// Time, joules and covered seconds where the latest stretch for `power_w` began.
    anchor: (f64, f64, f64),
}

/// A counter between two movements.
#[derive(Clone, Copy, Debug, Default)]
struct Still {
    /// When the counter last moved.
    since_s: f64,
    /// Seconds since then that were lost to marks.
    lost_s: f64,
    /// From here on, coverage has not been handed out to a finished window.
    open_from_s: f64,
    /// Coverage given since `open_from_s`, taken back if the counter turns out to stand.
    provisional_s: f64,
    /// It has stood too long.
    stalled: bool,
}

impl Still {
    fn from(t_s: f64) -> Self {
        Self {
            since_s: t_s,
            open_from_s: t_s,
            ..Self::default()
        }
    }
}

impl Integrator {
    /// An integrator for readings of the meter described by `info`, taken about every `period_s` seconds.
    pub fn new(info: &MeterInfo, period_s: f64) -> Self {
        Self {
            info: info.clone(),
            period_s,
            energy_j: 0.0,
            covered_s: 0.0,
            power_w: None,
            power_before_w: None,
            last: None,
            seen_s: f64::NEG_INFINITY,
            marked_s: f64::NEG_INFINITY,
            cut_s: None,
            suspect: None,
            still: Still::default(),
            anchor: (0.0, 0.0, 0.0),
        }
    }

    /// Readings are taken about every `period_s` seconds from now on.
    pub fn set_period(&mut self, period_s: f64) {
        self.period_s = period_s;
    }

    /// How long a counter has stood still at `t_s`, in seconds, once that is longer than it should; else 0.
    pub fn stood_still_s(&self, t_s: f64) -> f64 {
        match self.info.kind {
            Counter { .. } if self.still.stalled => (t_s - self.still.since_s).max(0.0),
            _ => 0.0,
        }
    }

    /// Takes a reading made at `t_s`.
    pub fn push(&mut self, t_s: f64, level: Level) -> Push {
        if !t_s.is_finite() || t_s <= self.seen_s || t_s < self.marked_s {
            return Push::Dropped(Dropped::Time);
        }
        match (self.info.kind, level) {
            (Power, Level::Watts(watts)) => self.push_power(t_s, watts),
            (Counter { .. }, Level::Counts(counts)) => self.push_counter(t_s, counts),
            _ => Push::Dropped(Dropped::WrongKind),
        }
    }

    /// The device cannot be asked, and what it draws is not known: the stretch from the last reading to the next stays
    /// uncovered, also where a counter goes on from where it was.
    pub fn interrupt(&mut self) {
        self.last = None;
        self.suspect = None;
        self.cut_s = None;
        self.still = Still::default();
        self.power_w = None;
        self.power_before_w = None;
    }

    /// Latest power in watts: the last polled value, or a counter's mean over its last few refreshes.
    pub fn power_w(&self) -> Option<f64> {
        let standing = matches!(self.info.kind, Counter { .. }) && self.still.stalled;
        self.power_w.filter(|_| !standing)
    }

    /// The totals at the last reading. Changes nothing: for a look while a window is open.
    pub fn now(&self) -> Mark {
        let recent = [self.power_w, self.power_before_w].into_iter().flatten();
        Mark {
            t_s: if self.seen_s.is_finite() {
                self.seen_s
            } else {
                0.0
            },
            energy_j: self.energy_j,
            covered_s: self.covered_s,
            lag_s: self.lag_s(),
            power_w: recent.reduce(f64::max),
        }
    }

    /// Closes the books at `t_s`: a window begins or ends here. Read the meter and push the reading first, with the
    /// same time; without a reading at `t_s`, the stretch since the last one stays uncovered for all windows.
    pub fn mark(&mut self, t_s: f64) -> Mark {
        self.marked_s = self.marked_s.max(t_s);
        if let Some((last_s, _)) = self.last {
            let still = &mut self.still;
            let counted_to_s = if still.stalled {
                still.open_from_s
            } else {
                last_s.max(self.cut_s.unwrap_or(last_s))
            };
            if t_s > counted_to_s {
                still.lost_s += t_s - counted_to_s;
            }
            if t_s > last_s {
                self.cut_s = Some(t_s);
            }
            still.open_from_s = still.open_from_s.max(t_s);
            still.provisional_s = 0.0;
        }
        Mark { t_s, ..self.now() }
    }

    /// Energy, interval and coverage between two marks of this integrator.
    ///
    /// A counter's window gets, beside the error of its grade, at each edge the energy that may not have been published
    /// there: time since the counter last moved (at least one refresh period) × power. Polled power whose refresh
    /// period is known gets one refresh period × power at each edge, since a value may be that old. There is no energy
    /// where nothing was covered, or where a counter has not been seen to move at all.
    pub fn figure(&self, from: &Mark, to: &Mark) -> EnergyFigure {
        let window_s = (to.t_s - from.t_s).max(0.0);
        let covered_s = (to.covered_s - from.covered_s).clamp(0.0, window_s);
        let energy_j = to.energy_j - from.energy_j;
        let mean_w = (covered_s > 0.0).then(|| energy_j / covered_s);
        // Over next to no time a mean may be anything; the device's power is not.
        let likely_w = mean_w.map(|watts| watts.min(self.info.max_power_w));
        let edge_j = |mark: &Mark| mark.lag_s * mark.power_w.or(likely_w).unwrap_or(0.0);
        // A counter that was never seen to move says nothing, not 0 J.
        let known = match self.info.kind {
            Counter { .. } => energy_j > 0.0 || to.power_w.is_some(),
            Power => true,
        };
        EnergyFigure {
            boundary: self.info.boundary,
            meter: self.info.id.clone(),
            source: self.info.source.clone(),
            grade: self.info.grade,
            energy_j: (mean_w.is_some() && known).then(|| {
                let edges_j = edge_j(from) + edge_j(to);
                self.info.error.interval(energy_j, window_s, edges_j)
            }),
            covered_s,
            window_s,
        }
    }

    fn refresh_s(&self) -> f64 {
        match self.info.kind {
            Counter { .. } => self.info.refresh_s.unwrap_or(ASSUMED_REFRESH_S),
            Power => self.info.refresh_s.unwrap_or(0.0),
        }
    }

    /// How long a counter may stand still before its seconds count as missing.
    fn patience_s(&self) -> f64 {
        let own = match self.info.refresh_s {
            Some(refresh_s) => STILL_REFRESHES * refresh_s,
            None => STILL_UNKNOWN_S,
        };
        own.max(STILL_AT_LEAST_S)
            .max(BRIDGED_PERIODS * self.period_s)
    }

    /// How old the published value may be. A stalled counter's seconds are not covered, so what it hides is no part of
    /// the figure.
    fn lag_s(&self) -> f64 {
        let refresh_s = self.refresh_s();
        match (self.info.kind, self.last) {
            (Counter { .. }, Some((last_s, _))) if !self.still.stalled => {
                (last_s - self.still.since_s).max(refresh_s)
            }
            _ => refresh_s,
        }
    }

    fn push_power(&mut self, t_s: f64, watts: f64) -> Push {
        self.seen_s = t_s;
        if !(0.0..=self.info.max_power_w).contains(&watts) {
            return Push::Dropped(Dropped::Implausible);
        }
        if let Some((last_s, Level::Watts(last_w))) = self.last
            && t_s - last_s <= BRIDGED_PERIODS * self.period_s
        {
            let counted_s = t_s - last_s.max(self.cut_s.unwrap_or(last_s));
            self.energy_j += (last_w + watts) / 2.0 * counted_s;
            self.covered_s += counted_s;
        }
        self.last = Some((t_s, Level::Watts(watts)));
        self.power_before_w = self.power_w;
        self.power_w = Some(watts);
        self.cut_s = None;
        Push::Taken
    }

    fn push_counter(&mut self, t_s: f64, counts: u64) -> Push {
        self.seen_s = t_s;
        let Some((last_s, Level::Counts(last_counts))) = self.last else {
            self.restart(t_s, counts);
            return Push::Taken;
        };
        if self.may_have_wrapped_unseen(t_s - last_s) {
            self.restart(t_s, counts);
            return Push::Taken;
        }
        // A batch may hold all the energy since the counter last moved.
        let room_s = t_s - self.still.since_s + self.refresh_s();
        if let Some(step_j) = self.step_j(last_counts, counts, room_s) {
            self.suspect = None;
            self.advance(last_s, t_s, counts, step_j);
            return Push::Taken;
        }
        if let Some((suspect_s, suspect_counts)) = self.suspect {
            let room_s = t_s - suspect_s + self.refresh_s();
            if let Some(step_j) = self.step_j(suspect_counts, counts, room_s) {
                // Two readings agree against the last one: the counter was reset in between, which leaves a gap.
                let cut_s = self.cut_s;
                self.restart(suspect_s, suspect_counts);
                if let Some(cut_s) = cut_s.filter(|cut_s| *cut_s > suspect_s) {
                    self.still.lost_s = cut_s - suspect_s;
                    self.still.open_from_s = cut_s;
                    self.cut_s = Some(cut_s);
                }
                self.advance(suspect_s, t_s, counts, step_j);
                return Push::Taken;
            }
        }
        self.suspect = Some((t_s, counts));
        Push::Dropped(Dropped::Implausible)
    }

    /// Takes a reading as a new origin: what lies before it stays uncovered.
    fn restart(&mut self, t_s: f64, counts: u64) {
        self.last = Some((t_s, Level::Counts(counts)));
        self.suspect = None;
        self.cut_s = None;
        self.still = Still::from(t_s);
        self.anchor = (t_s, self.energy_j, self.covered_s);
    }

    /// Whether the device could have gone round the counter more than half without being seen.
    fn may_have_wrapped_unseen(&self, gap_s: f64) -> bool {
        match self.info.kind {
            Counter {
                joules_per_count,
                wrap_counts: Some(wrap),
            } => gap_s * self.info.max_power_w > 0.5 * wrap as f64 * joules_per_count,
            _ => false,
        }
    }

    /// Joules between two states of the counter, if the device can have used them within `room_s` seconds. A fall is a
    /// wrap where the range is known; where it is not, or where the wrap would need more power than the device can
    /// draw, it is none.
    fn step_j(&self, from: u64, to: u64, room_s: f64) -> Option<f64> {
        let Counter {
            joules_per_count,
            wrap_counts,
        } = self.info.kind
        else {
            return None;
        };
        let counts = if to >= from {
            to - from
        } else {
            wrap_counts?.checked_sub(from)?.checked_add(to)?
        };
        let step_j = counts as f64 * joules_per_count;
        (step_j <= self.info.max_power_w * room_s).then_some(step_j)
    }

    fn advance(&mut self, last_s: f64, t_s: f64, counts: u64, step_j: f64) {
        let new_s = t_s - last_s.max(self.cut_s.unwrap_or(last_s));
        self.last = Some((t_s, Level::Counts(counts)));
        self.cut_s = None;
        if step_j > 0.0 {
            self.move_on(t_s, new_s, step_j);
            return;
        }
        if self.still.stalled {
            return;
        }
        self.covered_s += new_s;
        self.still.provisional_s += new_s;
        if t_s - self.still.since_s > self.patience_s() {
            self.covered_s -= self.still.provisional_s;
            self.still.provisional_s = 0.0;
            self.still.stalled = true;
        }
    }

    /// The counter moved by `step_j` joules; `new_s` is the time since the last reading.
    fn move_on(&mut self, t_s: f64, new_s: f64, step_j: f64) {
        let still = self.still;
        let stood_s = t_s - still.since_s;
        self.energy_j += step_j * (1.0 - still.lost_s / stood_s).clamp(0.0, 1.0);
        self.covered_s += if !still.stalled {
            new_s
        } else if self
            .power_w
            .is_some_and(|before_w| step_j / stood_s >= BATCH_SHARE * before_w)
        {
            t_s - still.open_from_s
        } else {
            new_s
        };
        self.still = Still::from(t_s);
        let (anchor_s, anchor_j, anchor_covered_s) = self.anchor;
        // Over less than two refreshes, a difference says more about the refresh than about the power.
        let span_s = (2.0 * self.refresh_s()).max(0.5 * self.period_s).max(0.02);
        if t_s - anchor_s >= span_s {
            let covered_s = self.covered_s - anchor_covered_s;
            if covered_s > 0.0 {
                self.power_before_w = self.power_w;
                let mean_w = (self.energy_j - anchor_j) / covered_s;
                self.power_w = Some(mean_w.min(self.info.max_power_w));
            }
            self.anchor = (t_s, self.energy_j, self.covered_s);
        }
    }
}
