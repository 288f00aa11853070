//! Rank correlations: whether two figures rise together, whatever the curve.

use std::cmp::Ordering;

use serde::Serialize;

use super::distributions::{normal_quantile, normal_two_sided, t_two_sided};

/// A rank correlation of `count` pairs, −1 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Correlation {
    /// Pairs.
    pub count: usize,
    /// The coefficient.
    pub value: f64,
    /// 95 % interval; `None` where there are too few pairs for one.
    pub interval: Option<(f64, f64)>,
    /// Two-sided p-value of there being none.
    pub p: f64,
}

/// Spearman's ρ: Pearson's correlation of the ranks, ties at their mean rank. The p-value is by Student's t of
/// `n − 2` degrees of freedom; the interval by Fisher's z with variance `(1 + ρ²/2) ÷ (n − 3)` (Bonett and Wright,
/// Psychometrika 65, 2000). `None` for fewer than three pairs of numbers or where one side does not vary.
pub fn spearman(pairs: &[(f64, f64)]) -> Option<Correlation> {
    let pairs = numbers(pairs);
    let count = pairs.len();
    if count < 3 {
        return None;
    }
    let x = ranks(&pairs, |pair| pair.0);
    let y = ranks(&pairs, |pair| pair.1);
    // Ranks have this mean, ties or not.
    let middle = (count + 1) as f64 / 2.0;
    let sum = |of: &dyn Fn(usize) -> f64| (0..count).map(of).sum::<f64>();
    let xy = sum(&|at| (x[at] - middle) * (y[at] - middle));
    let xx = sum(&|at| (x[at] - middle).powi(2));
    let yy = sum(&|at| (y[at] - middle).powi(2));
    if xx <= 0.0 || yy <= 0.0 {
        return None;
    }
    let value = (xy / (xx * yy).sqrt()).clamp(-1.0, 1.0);
    let freedom = (count - 2) as f64;
    let t = value * (freedom / (1.0 - value * value)).sqrt();
    let variance = (1.0 + value * value / 2.0) / (count as f64 - 3.0);
    Some(Correlation {
        count,
        value,
        interval: (count > 3).then(|| by_fishers_z(value, variance)),
        p: t_two_sided(t, freedom),
    })
}

/// Kendall's τ-b, which allows for ties, by Knight's algorithm (Journal of the American Statistical Association 61, 1966) in
/// O(n log n). The p-value is by the normal approximation with the variance of tied ranks (Kendall, Rank Correlation
/// Methods, 1970); the interval by Fisher's z with variance `0.437 ÷ (n − 4)` (Fieller, Hartley and Pearson,
/// Biometrika 44, 1957). `None` for fewer than three pairs of numbers or where one side does not vary.
pub fn kendall(pairs: &[(f64, f64)]) -> Option<Correlation> {
    let mut pairs = numbers(pairs);
    let count = pairs.len();
    if count < 3 {
        return None;
    }
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let tied_x = Ties::of(pairs.iter().map(|pair| pair.0));
    let tied_both = Ties::of_pairs(&pairs);
    let mut y: Vec<f64> = pairs.iter().map(|pair| pair.1).collect();
    let discordant = exchanges(&mut y, &mut vec![0.0; count]);
    let tied_y = Ties::of(y.iter().copied());

    let n = count as f64;
    let all = n * (n - 1.0) / 2.0;
    let (untied_x, untied_y) = (all - tied_x.pairs, all - tied_y.pairs);
    if untied_x <= 0.0 || untied_y <= 0.0 {
        return None;
    }
    let surplus = all - tied_x.pairs - tied_y.pairs + tied_both.pairs - 2.0 * discordant as f64;
    let value = (surplus / untied_x.sqrt() / untied_y.sqrt()).clamp(-1.0, 1.0);
    let m = n * (n - 1.0);
    let variance = (m * (2.0 * n + 5.0) - tied_x.weighted - tied_y.weighted) / 18.0
        + 2.0 * tied_x.pairs * tied_y.pairs / m
        + tied_x.triples * tied_y.triples / (9.0 * m * (n - 2.0));
    Some(Correlation {
        count,
        value,
        interval: (count > 4).then(|| by_fishers_z(value, 0.437 / (n - 4.0))),
        p: normal_two_sided(surplus / variance.sqrt()),
    })
}

fn numbers(pairs: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let is_number = |pair: &&(f64, f64)| pair.0.is_finite() && pair.1.is_finite();
    pairs.iter().filter(is_number).copied().collect()
}

/// `tanh(atanh(r) ± z · √variance)`.
fn by_fishers_z(r: f64, variance: f64) -> (f64, f64) {
    let half = normal_quantile(0.975) * variance.sqrt();
    let z = r.atanh();
    if z.is_finite() {
        ((z - half).tanh(), (z + half).tanh())
    } else {
        // A perfect order has an interval of no width; that is what the formula says, not what is known.
        (r, r)
    }
}

/// Ranks from 1 on, those of ties being their mean.
fn ranks(pairs: &[(f64, f64)], of: impl Fn(&(f64, f64)) -> f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..pairs.len()).collect();
    order.sort_by(|a, b| of(&pairs[*a]).total_cmp(&of(&pairs[*b])));
    let mut ranks = vec![0.0; pairs.len()];
    let mut begin = 0;
    for tied in order.chunk_by(|a, b| of(&pairs[*a]) == of(&pairs[*b])) {
        let rank = begin as f64 + (tied.len() + 1) as f64 / 2.0;
        for at in tied {
            ranks[*at] = rank;
        }
        begin += tied.len();
    }
    ranks
}

/// Groups of equal figures, of sizes c.
#[derive(Default)]
struct Ties {
    /// Σ c(c − 1) ÷ 2.
    pairs: f64,
    /// Σ c(c − 1)(c − 2).
    triples: f64,
    /// Σ c(c − 1)(2c + 5).
    weighted: f64,
}

impl Ties {
    fn add(&mut self, size: usize) {
        let c = size as f64;
        self.pairs += c * (c - 1.0) / 2.0;
        self.triples += c * (c - 1.0) * (c - 2.0);
        self.weighted += c * (c - 1.0) * (2.0 * c + 5.0);
    }

    /// Of figures in order.
    fn of(sorted: impl Iterator<Item = f64>) -> Self {
        let sorted: Vec<f64> = sorted.collect();
        let mut ties = Self::default();
        for group in sorted.chunk_by(|a, b| a == b) {
            ties.add(group.len());
        }
        ties
    }

    fn of_pairs(sorted: &[(f64, f64)]) -> Self {
        let mut ties = Self::default();
        for group in sorted.chunk_by(|a, b| a == b) {
            ties.add(group.len());
        }
        ties
    }
}

/// Sorts `figures` by merging and counts the pairs that stood in the wrong order.
fn exchanges(figures: &mut [f64], spare: &mut [f64]) -> u64 {
    let length = figures.len();
    if length < 2 {
        return 0;
    }
    let middle = length / 2;
    let mut count = exchanges(&mut figures[..middle], spare);
    count += exchanges(&mut figures[middle..], spare);
    let (mut left, mut right) = (0, middle);
    for place in spare.iter_mut().take(length) {
        let take_right = left == middle
            || right < length && figures[right].total_cmp(&figures[left]) == Ordering::Less;
        if take_right {
            count += (middle - left) as u64;
            *place = figures[right];
            right += 1;
        } else {
            *place = figures[left];
            left += 1;
        }
    }
    figures.copy_from_slice(&spare[..length]);
    count
}
