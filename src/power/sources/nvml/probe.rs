//! Watches cards for a moment: how often they publish, and whether counter and polled power tell the same story.

use std::time::{Duration, Instant};

use super::{card::Card, handle::Handle};

/// Cards that publish often are watched for so long at least, so that counter and power can be compared.
const AT_LEAST_S: f64 = 0.3;
/// Then this many updates are enough …
const ENOUGH: usize = 7;
/// … and after this time this many: a period is 20 to 100 ms.
const USUAL_S: f64 = 0.6;
const FEW: usize = 3;
/// Longer nothing is watched.
const AT_MOST_S: f64 = 1.2;
/// Power that is a mean over the last second is compared with the counter over that second.
const MEAN_S: f64 = 1.0;
/// Time between two looks.
const LOOK: Duration = Duration::from_millis(1);
/// Where there is a counter, power is asked less often: it costs a driver call, and each delays the next look.
const POWER_EVERY_S: f64 = 0.005;
/// Counter and polled power that differ by more than this factor are flagged; 1.7 has been reported at idle.
const DISAGREEMENT: f64 = 1.3;
/// Below this no card's power says anything, in watts.
const NOTHING_W: f64 = 0.5;

/// What a card published while it was watched.
#[derive(Default)]
pub(in crate::power) struct Probe {
    counter: Track,
    power: Track,
    watched_s: f64,
    is_averaged: bool,
}

/// The values of one quantity.
#[derive(Default)]
struct Track {
    /// Time in seconds and value of every look.
    seen: Vec<(f64, f64)>,
    /// Those with a value other than at the look before.
    updates: Vec<(f64, f64)>,
}

impl Track {
    fn see(&mut self, t_s: f64, value: f64) {
        let before = self.seen.last().map(|(_, value)| value.to_bits());
        if before.is_some_and(|before| before != value.to_bits()) {
            self.updates.push((t_s, value));
        }
        self.seen.push((t_s, value));
    }

    /// Time between updates, where at least three were seen: the mean of those near the median, since a look may come
    /// late, and an update may be missed or bring the same value once more.
    fn refresh_s(&self) -> Option<f64> {
        let pairs = self.updates.windows(2);
        let mut steps: Vec<f64> = pairs.map(|pair| pair[1].0 - pair[0].0).collect();
        steps.sort_by(f64::total_cmp);
        if steps.len() < FEW - 1 {
            return None;
        }
        let median_s = steps[steps.len() / 2];
        let near = steps
            .iter()
            .filter(|step_s| (0.5 * median_s..=1.5 * median_s).contains(*step_s));
        let (sum_s, count) = near.fold((0.0, 0.0), |(sum_s, count), step_s| {
            (sum_s + step_s, count + 1.0)
        });
        Some(sum_s / count)
    }

    /// Mean of what was seen from `from_s` to `to_s`.
    fn mean(&self, from_s: f64, to_s: f64) -> Option<f64> {
        let seen = self
            .seen
            .iter()
            .filter(|(t_s, _)| (from_s..=to_s).contains(t_s));
        let (sum, count) = seen.fold((0.0, 0.0), |(sum, count), (_, value)| {
            (sum + value, count + 1.0)
        });
        (count > 0.0).then(|| sum / count)
    }
}

/// Watches all `cards` at once, for up to 1.2 s; one answer each.
pub(super) fn watch(cards: &[(&Card, &Handle)]) -> Vec<Probe> {
    let mut probes: Vec<Probe> = cards
        .iter()
        .map(|(card, _)| Probe {
            is_averaged: card.is_averaged && card.has_counter && card.has_power,
            ..Probe::default()
        })
        .collect();
    let start = Instant::now();
    loop {
        let mut watching = false;
        for ((card, handle), probe) in cards.iter().zip(&mut probes) {
            if !probe.is_done(card.has_counter) {
                probe.look(card, handle, start);
                watching = true;
            }
        }
        if !watching {
            return probes;
        }
        std::thread::sleep(LOOK);
    }
}

impl Probe {
    fn look(&mut self, card: &Card, handle: &Handle, start: Instant) {
        let device = handle.device();
        let now_s = || start.elapsed().as_secs_f64();
        if card.has_counter
            && let Ok(mj) = device.total_energy_consumption()
        {
            self.counter.see(now_s(), mj as f64 / 1e3);
        }
        let asked_s = self
            .power
            .seen
            .last()
            .map_or(f64::NEG_INFINITY, |(t_s, _)| *t_s);
        let due = !card.has_counter || now_s() - asked_s >= POWER_EVERY_S;
        if card.has_power
            && due
            && let Ok(mw) = device.power_usage()
        {
            self.power.see(now_s(), f64::from(mw) / 1e3);
        }
        self.watched_s = now_s();
    }

    fn is_done(&self, has_counter: bool) -> bool {
        let track = if has_counter {
            &self.counter
        } else {
            &self.power
        };
        let (updates, watched_s) = (track.updates.len(), self.watched_s);
        let known =
            watched_s >= AT_LEAST_S && updates >= ENOUGH || watched_s >= USUAL_S && updates >= FEW;
        known && !self.is_averaged || watched_s >= AT_MOST_S
    }

    /// Whether it was seen how often the card publishes, so that it need not be watched again.
    pub fn is_conclusive(&self, has_counter: bool) -> bool {
        let track = if has_counter {
            &self.counter
        } else {
            &self.power
        };
        track.refresh_s().is_some()
    }

    /// How often the counter moves, in seconds.
    pub fn counter_refresh_s(&self) -> Option<f64> {
        self.counter.refresh_s()
    }

    /// How often polled power changes, in seconds. A steady power may be published twice with the same value, so this is
    /// an upper bound; `None` where it did not change at all.
    pub fn power_refresh_s(&self) -> Option<f64> {
        self.power.refresh_s()
    }

    /// A note, where the counter and polled power tell different stories.
    pub fn disagreement(&self) -> Option<String> {
        let watched_s = self.watched_s;
        let Some(((first_s, _), last)) = self
            .counter
            .updates
            .first()
            .zip(self.counter.updates.last())
        else {
            let polled_w = self.power.mean(0.0, watched_s)?;
            return (!self.counter.seen.is_empty() && polled_w > NOTHING_W).then(|| {
                format!(
                    "counter and polled power disagree at the start: the counter stood still for {watched_s:.1} s while \
                     {polled_w:.0} W were polled"
                )
            });
        };
        let from_s = if self.is_averaged {
            last.0 - MEAN_S
        } else {
            *first_s
        };
        let mut updates = self.counter.updates.iter();
        let first = updates.find(|(t_s, _)| *t_s >= from_s)?;
        let counted_w = (last.1 - first.1) / (last.0 - first.0);
        let polled_w = if self.is_averaged {
            self.power.seen.last()?.1
        } else {
            self.power.mean(first.0, last.0)?
        };
        let ratio = counted_w / polled_w;
        let agrees = (1.0 / DISAGREEMENT..=DISAGREEMENT).contains(&ratio);
        let known = self.counter.updates.len() >= FEW && ratio.is_finite();
        (known && counted_w > 0.0 && !agrees).then(|| {
            format!(
                "counter and polled power disagree at the start: {counted_w:.0} W counted, {polled_w:.0} W polled \
                 (flagged above a factor of {DISAGREEMENT})"
            )
        })
    }
}
