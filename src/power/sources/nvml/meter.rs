//! The meters of one card: its energy counter, and its polled power, which takes the counter's place where there is none
//! or where it stops.

use std::sync::Arc;

use super::{
    COUNTER_SOURCE, POWER_SOURCE,
    card::{Card, part_time_sampled},
    handle::Handle,
    metrics::Metrics,
    probe::Probe,
    sleep::Watch,
};
use crate::{
    power::{ErrorRule, Kind, Level, Meter, MeterInfo, Origin, Part, ReadError, Reading},
    units::{Boundary, Grade},
};

/// Above what any one board or module draws today, in watts.
const MAX_BOARD_W: f64 = 3500.0;
/// Polled power that did not change while it was watched is taken to be published this often, in seconds: the slowest
/// that is known of NVIDIA's cards.
const SLOWEST_S: f64 = 0.1;
/// Over how long power is a mean where it is one, in seconds.
const MEAN_S: f64 = 1.0;

/// What a meter reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reads {
    Counter,
    Power,
}

/// One NVIDIA card.
pub(super) struct NvmlMeter {
    handle: Arc<Handle>,
    reads: Reads,
    metrics: Metrics,
    /// Watches the sleep of a card that must not be woken.
    sleep: Option<Watch>,
    info: MeterInfo,
}

impl NvmlMeter {
    /// The meter that reads `reads` of `card`, which covers `part`.
    pub fn new(card: &Card, handle: &Arc<Handle>, reads: Reads, part: Part, probe: &Probe) -> Self {
        let mut info = info(card, reads, part);
        match reads {
            Reads::Counter => {
                info.refresh_s = probe.counter_refresh_s();
                if info.refresh_s.is_none() {
                    info.notes.push(
                        "how often the counter is refreshed could not be seen at the start".into(),
                    );
                }
                info.notes.extend(probe.disagreement());
            }
            Reads::Power => refresh_of_power(&mut info, card, probe),
        }
        Self {
            metrics: Metrics::of(handle),
            handle: Arc::clone(handle),
            reads,
            sleep: None,
            info,
        }
    }

    pub fn note(&mut self, note: impl Into<String>) {
        self.info.notes.push(note.into());
    }

    /// The card is left asleep where it falls asleep.
    pub fn let_sleep(&mut self, watch: Option<Watch>) {
        if watch.as_ref().is_some_and(Watch::may_sleep) {
            self.note(
                "read only while it is awake; reading it may keep it from falling asleep, so that it draws more than \
                 by itself",
            );
        }
        self.sleep = watch;
    }
}

fn refresh_of_power(info: &mut MeterInfo, card: &Card, probe: &Probe) {
    let seen_s = probe.power_refresh_s();
    if seen_s.is_none() {
        info.notes.push(format!(
            "power did not change while it was watched: taken as refreshed every {SLOWEST_S} s"
        ));
    }
    let mut refresh_s = seen_s.unwrap_or(SLOWEST_S);
    if card.is_averaged {
        info.notes.push(
            "power is a mean over the last second: the edges of a window are that uncertain".into(),
        );
        refresh_s = refresh_s.max(MEAN_S);
    }
    info.refresh_s = Some(refresh_s);
}

fn info(card: &Card, reads: Reads, part: Part) -> MeterInfo {
    let module = card.is_module();
    let mut notes = card.notes.clone();
    if module {
        notes.push("the reading covers the whole module, CPU included".into());
    }
    let (source, grade, kind, error) = match reads {
        Reads::Counter => {
            let kind = Kind::Counter {
                joules_per_count: 1e-3,
                wrap_counts: None,
            };
            (COUNTER_SOURCE, Grade::B, kind, ErrorRule::COUNTER)
        }
        Reads::Power => {
            let error = if part_time_sampled(&card.name) {
                notes.push(
                    "the sensor looks about a quarter of the time: wider interval under 1 min"
                        .into(),
                );
                ErrorRule::POLLED_PART_TIME
            } else {
                ErrorRule::POLLED
            };
            (POWER_SOURCE, Grade::C, Kind::Power, error)
        }
    };
    let beside_a_counter = reads == Reads::Power && card.has_counter;
    MeterInfo {
        id: if beside_a_counter {
            format!("{}:power", card.id)
        } else {
            card.id.clone()
        },
        source: source.to_owned(),
        device: card.name.clone(),
        boundary: if module {
            Boundary::Soc
        } else {
            Boundary::GpuBoard
        },
        covers: if module {
            vec![part, Part::processors(), Part::memory()]
        } else {
            vec![part]
        },
        origin: Origin::Sensor,
        grade,
        kind,
        refresh_s: None,
        every_s: 0.0,
        error,
        max_power_w: MAX_BOARD_W,
        notes,
        pci: card.pci,
    }
}

impl Meter for NvmlMeter {
    fn info(&self) -> &MeterInfo {
        &self.info
    }

    fn read(&mut self) -> Result<Reading, ReadError> {
        if self.sleep.as_ref().is_some_and(Watch::is_asleep) {
            return Err(ReadError::Asleep);
        }
        let device = self.handle.device();
        let level = match self.reads {
            Reads::Counter => device.total_energy_consumption().map(Level::Counts),
            Reads::Power => device
                .power_usage()
                .map(|mw| Level::Watts(f64::from(mw) / 1e3)),
        };
        let level = level.map_err(|error| ReadError::Driver {
            device: self.info.device.clone(),
            reason: error.to_string(),
        })?;
        Ok(Reading {
            level,
            extras: self.metrics.read(&self.handle),
        })
    }
}
