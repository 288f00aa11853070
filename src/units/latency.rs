use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The shortest time that is told from shorter ones, s.
const SHORTEST_S: f64 = 1e-9;
/// How much longer the times of a class may be than those of the class before.
const RATIO: f64 = 1.005;

/// How long things took: counts in classes, each 0.5 % longer than the one before, so that a quantile is known to a
/// quarter of a percent however many there are; and, exactly, their number, sum, least and greatest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Latencies {
    /// By class: `floor(ln(t ÷ 1 ns) ÷ ln 1.005)`.
    #[serde(with = "pairs")]
    classes: BTreeMap<u32, u64>,
    count: u64,
    sum_s: f64,
    min_s: Option<f64>,
    max_s: Option<f64>,
}

impl Latencies {
    /// Adds one of `seconds`; what is no time is left out.
    pub fn add(&mut self, seconds: f64) {
        if !seconds.is_finite() || seconds < 0.0 {
            return;
        }
        let ratio = (seconds / SHORTEST_S).max(1.0);
        let class = (ratio.ln() / RATIO.ln()).floor() as u32;
        *self.classes.entry(class).or_default() += 1;
        self.count += 1;
        self.sum_s += seconds;
        self.min_s = Some(self.min_s.map_or(seconds, |min| min.min(seconds)));
        self.max_s = Some(self.max_s.map_or(seconds, |max| max.max(seconds)));
    }

    /// Adds all of `others`.
    pub fn extend(&mut self, others: &Self) {
        for (class, count) in &others.classes {
            *self.classes.entry(*class).or_default() += count;
        }
        self.count += others.count;
        self.sum_s += others.sum_s;
        let either = |a: Option<f64>, b: Option<f64>, pick: fn(f64, f64) -> f64| match (a, b) {
            (Some(a), Some(b)) => Some(pick(a, b)),
            (a, b) => a.or(b),
        };
        self.min_s = either(self.min_s, others.min_s, f64::min);
        self.max_s = either(self.max_s, others.max_s, f64::max);
    }

    /// How many.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their mean, s.
    pub fn mean_s(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum_s / self.count as f64)
    }

    /// The greatest, s.
    pub fn max_s(&self) -> Option<f64> {
        self.max_s
    }

    /// The time that a share `quantile` (0 to 1) of them do not exceed, s: the middle of its class, within the least and the
    /// greatest.
    pub fn quantile_s(&self, quantile: f64) -> Option<f64> {
        let (min_s, max_s) = (self.min_s?, self.max_s?);
        let wanted = (quantile.clamp(0.0, 1.0) * self.count as f64)
            .ceil()
            .max(1.0) as u64;
        // Of these it is known which they are.
        if wanted == 1 {
            return Some(min_s);
        }
        if wanted == self.count {
            return Some(max_s);
        }
        let mut seen = 0;
        for (class, count) in &self.classes {
            seen += count;
            if seen >= wanted {
                let middle = SHORTEST_S * RATIO.powf(f64::from(*class) + 0.5);
                return Some(middle.clamp(min_s, max_s));
            }
        }
        Some(max_s)
    }
}

/// Classes as a list of pairs: within a tagged message, the keys of a JSON object cannot be read as numbers.
mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(
        classes: &BTreeMap<u32, u64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let pairs: Vec<(u32, u64)> = classes
            .iter()
            .map(|(class, count)| (*class, *count))
            .collect();
        pairs.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<u32, u64>, D::Error> {
        let pairs = Vec::<(u32, u64)>::deserialize(deserializer)?;
        Ok(pairs.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_sorted_times() {
        let (mut whole, mut first, mut second) = (
            Latencies::default(),
            Latencies::default(),
            Latencies::default(),
        );
        // 1 ms to 1 s in no order.
        let times: Vec<f64> = (0..1000)
            .map(|i| f64::from((i * 617) % 1000 + 1) / 1000.0)
            .collect();
        for (index, time) in times.iter().enumerate() {
            whole.add(*time);
            if index % 3 == 0 {
                &mut first
            } else {
                &mut second
            }
            .add(*time);
        }
        for (quantile, exact) in [(0.5, 0.5), (0.9, 0.9), (0.95, 0.95), (0.99, 0.99)] {
            let found = whole.quantile_s(quantile).unwrap();
            assert!((found / exact - 1.0).abs() < 0.0026, "{quantile}: {found}");
        }
        assert_eq!(
            (whole.quantile_s(0.0), whole.quantile_s(1.0)),
            (Some(0.001), Some(1.0))
        );
        assert!((whole.mean_s().unwrap() - 0.5005).abs() < 1e-12);
        first.extend(&second);
        assert_eq!(
            (first.classes, first.count, first.max_s),
            (whole.classes, 1000, Some(1.0))
        );
    }

    #[test]
    fn there_is_no_quantile_of_nothing() {
        let mut none = Latencies::default();
        none.add(f64::NAN);
        none.add(-1.0);
        assert_eq!(
            (none.quantile_s(0.5), none.mean_s(), none.count()),
            (None, None, 0)
        );
    }
}
