use super::{
    Profile,
    faults::{Fault, Faults},
};
use crate::power::{
    Clock, ErrorRule, Extra, Kind, Level, Meter, MeterInfo, Origin, Part, ReadError, Reading,
};
use crate::units::{Boundary, Grade};

/// A meter of a made-up device: it reads as the real thing would, and the truth is known.
///
/// What it draws is a function of the time on its clock, so a meter that is read late or seldom has missed nothing that a
/// real one would not have missed.
#[derive(Clone)]
pub struct SimulatedMeter {
    info: MeterInfo,
    clock: Clock,
    profile: Profile,
    sensor: Sensor,
    /// It publishes a new value this often, in seconds.
    refresh_s: f64,
    /// What the sensor says is the truth times 1 + this.
    error: f64,
    faults: Faults,
    /// When it was made, on its clock: its faults go by the time since then.
    made_s: f64,
}

/// How a simulated meter comes to its readings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Sensor {
    /// It counts energy.
    Counter {
        joules_per_count: f64,
        wrap_counts: Option<u64>,
    },
    /// It tells the mean power of the time before it, in seconds.
    Mean { over_s: f64 },
    /// It says the same at all times, as a model does that knows nothing.
    Constant { watts: f64 },
}

/// A simulated meter before its clock runs.
pub(super) struct Draft {
    pub id: String,
    /// How it measures, after `simulated `.
    pub source: &'static str,
    pub device: &'static str,
    pub boundary: Boundary,
    pub covers: Part,
    pub profile: Profile,
    pub sensor: Sensor,
    /// It publishes a new value this often, in seconds; above 0.
    pub refresh_s: f64,
    /// No such device draws more, in watts.
    pub max_power_w: f64,
    /// What the sensor says is the truth times 1 + this.
    pub error: f64,
    pub faults: Faults,
}

impl Draft {
    pub(super) fn start(self, clock: Clock) -> SimulatedMeter {
        let (kind, grade, rule) = match self.sensor {
            Sensor::Counter {
                joules_per_count,
                wrap_counts,
            } => {
                let kind = Kind::Counter {
                    joules_per_count,
                    wrap_counts,
                };
                (kind, Grade::B, ErrorRule::COUNTER)
            }
            Sensor::Mean { .. } => (Kind::Power, Grade::C, ErrorRule::POLLED),
            Sensor::Constant { .. } => (Kind::Power, Grade::E, ErrorRule::DESIGN_POWER),
        };
        // A value is as old as the last refresh, and the mean it tells older still.
        let age_s = match self.sensor {
            Sensor::Mean { over_s } => Some(self.refresh_s.max(over_s)),
            Sensor::Counter { .. } => Some(self.refresh_s),
            Sensor::Constant { .. } => None,
        };
        let mut notes = vec![format!(
            "made up: mean {:.1} W, at most {:.1} W; nothing of it is drawn",
            self.profile.mean_w(),
            self.profile.peak_w()
        )];
        if self.error.abs() > 0.0 {
            notes.push(format!(
                "reads {:+.1} % beside its own truth",
                100.0 * self.error
            ));
        }
        notes.extend(self.faults.in_words());
        SimulatedMeter {
            info: MeterInfo {
                id: self.id,
                source: format!("simulated {}", self.source),
                device: format!("simulated {}", self.device),
                boundary: self.boundary,
                covers: vec![self.covers],
                origin: Origin::Simulated,
                grade,
                kind,
                refresh_s: age_s,
                every_s: 0.0,
                error: rule,
                max_power_w: self.max_power_w,
                notes,
                pci: None,
            },
            made_s: clock.now_s(),
            clock,
            profile: self.profile,
            sensor: self.sensor,
            refresh_s: self.refresh_s,
            error: self.error,
            faults: self.faults,
        }
    }
}

impl SimulatedMeter {
    /// Joules that the made-up device draws between two times on the meter's clock, in seconds.
    pub fn truth_j(&self, from_s: f64, to_s: f64) -> f64 {
        self.profile.energy_j(to_s) - self.profile.energy_j(from_s)
    }

    /// What it draws, for asking after the meter has been given away.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The same meter for another part of the machine.
    #[must_use]
    pub fn covering(mut self, part: Part) -> Self {
        self.info.covers = vec![part];
        self
    }

    /// When the value was published that shows at `t_s`.
    fn published_s(&self, t_s: f64) -> f64 {
        (t_s / self.refresh_s).floor() * self.refresh_s
    }

    /// What shows at `t_s`; a counter counts from `origin_s`.
    fn level(&self, t_s: f64, origin_s: f64) -> Level {
        let to_s = self.published_s(t_s);
        match self.sensor {
            Sensor::Constant { watts } => Level::Watts(watts),
            Sensor::Mean { over_s } => {
                let from_s = (to_s - over_s).max(0.0);
                let mean_w = if to_s > from_s {
                    self.truth_j(from_s, to_s) / (to_s - from_s)
                } else {
                    self.profile.power_w(to_s)
                };
                Level::Watts(mean_w * (1.0 + self.error))
            }
            Sensor::Counter {
                joules_per_count,
                wrap_counts,
            } => {
                let joules = self.truth_j(origin_s, to_s).max(0.0) * (1.0 + self.error);
                let counts = (joules / joules_per_count) as u64;
                Level::Counts(wrap_counts.map_or(counts, |wrap| counts % wrap.max(1)))
            }
        }
    }
}

impl Meter for SimulatedMeter {
    fn info(&self) -> &MeterInfo {
        &self.info
    }

    fn read(&mut self) -> Result<Reading, ReadError> {
        let now_s = self.clock.now_s();
        let age_s = now_s - self.made_s;
        // A counter that has jumped counts from there on.
        let origin_s = self
            .faults
            .jumped_s(age_s)
            .map_or(0.0, |at_s| self.made_s + at_s);
        let level = match self.faults.at(age_s) {
            None | Some((Fault::Jump, _)) => self.level(now_s, origin_s),
            Some((Fault::Freeze, since_s)) => self.level(self.made_s + since_s, origin_s),
            Some((Fault::Vanish, _)) => {
                return Err(ReadError::Driver {
                    device: self.info.device.clone(),
                    reason: "simulated: the device has vanished".to_owned(),
                });
            }
            Some((fault, _)) => match (fault, self.level(now_s, origin_s)) {
                (Fault::Nan, Level::Watts(_)) => Level::Watts(f64::NAN),
                (Fault::Absurd, Level::Watts(_)) => Level::Watts(1e12),
                (Fault::Absurd, Level::Counts(counts)) => Level::Counts(counts ^ (1 << 60)),
                (_, level) => level,
            },
        };
        let busy = self.profile.power_w(now_s) / self.profile.peak_w().max(f64::MIN_POSITIVE);
        let extras = match self.info.boundary {
            Boundary::GpuBoard if !matches!(self.sensor, Sensor::Constant { .. }) => {
                vec![Extra::new("utilization", 100.0 * busy.clamp(0.0, 1.0), "%")]
            }
            _ => Vec::new(),
        };
        Ok(Reading { level, extras })
    }
}
