//! How fast bytes come in.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Time over which the speed is taken.
const WINDOW: Duration = Duration::from_secs(5);
/// Time between two of the readings that are kept.
const STEP: Duration = Duration::from_millis(200);
/// Before that, a speed would be chance.
const LEAST: Duration = Duration::from_millis(500);

/// The speed of the last seconds.
#[derive(Clone, Debug, Default)]
pub struct PaceOfBytes(VecDeque<(Instant, u64)>);

impl PaceOfBytes {
    /// So many bytes are done now.
    pub fn take(&mut self, done: u64) {
        self.take_at(Instant::now(), done);
    }

    /// Bytes a second; `None` before that is known.
    pub fn bytes_per_s(&self) -> Option<f64> {
        self.bytes_per_s_at(Instant::now())
    }

    fn take_at(&mut self, now: Instant, done: u64) {
        let is_due = |(at, _): &(Instant, u64)| now.saturating_duration_since(*at) >= STEP;
        if self.0.back().is_none_or(is_due) {
            self.0.push_back((now, done));
        }
        let is_old = |(at, _): &(Instant, u64)| now.saturating_duration_since(*at) > WINDOW;
        // One from before the window stays: the speed is taken from there.
        while self.0.get(1).is_some_and(is_old) {
            self.0.pop_front();
        }
    }

    /// Up to now and not to the last reading: where nothing comes, the speed falls.
    fn bytes_per_s_at(&self, now: Instant) -> Option<f64> {
        let (since, before) = self.0.front()?;
        let (_, done) = self.0.back()?;
        let time = now.saturating_duration_since(*since);
        (time >= LEAST).then(|| done.saturating_sub(*before) as f64 / time.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_speed_is_that_of_the_last_seconds_and_falls_where_nothing_comes() {
        let begin = Instant::now();
        let at = |seconds: f64| begin + Duration::from_secs_f64(seconds);
        let mut pace = PaceOfBytes::default();
        // What an earlier attempt left is not speed.
        pace.take_at(at(0.0), 1_000_000);
        assert_eq!(pace.bytes_per_s_at(at(0.1)), None);
        for i in 1..=100 {
            pace.take_at(at(0.1 * f64::from(i)), 1_000_000 + 100 * i as u64);
        }
        let speed = pace
            .bytes_per_s_at(at(10.0))
            .expect("ten seconds are enough");
        assert!((speed - 1000.0).abs() < 50.0, "{speed}");
        // Ten times as fast: after the window, nothing of the slow part is left.
        for i in 1..=60 {
            pace.take_at(at(10.0 + 0.1 * f64::from(i)), 1_010_000 + 1000 * i as u64);
        }
        let speed = pace.bytes_per_s_at(at(16.0)).expect("there is a speed");
        assert!((speed - 10_000.0).abs() < 500.0, "{speed}");
        let later = pace.bytes_per_s_at(at(26.0)).expect("there is a speed");
        assert!(later < speed / 2.0, "{later}");
    }
}
