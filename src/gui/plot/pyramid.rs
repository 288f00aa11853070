/// Points in a block of the lowest level.
const BASE: usize = 16;
/// Blocks of one level in a block of the next.
const FAN: usize = 4;

/// What a stretch of a line reaches; `low > high` where nothing in it is a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reach {
    /// Least value.
    pub low: f64,
    /// Greatest value.
    pub high: f64,
    /// Least value above zero, for logarithmic axes.
    pub low_positive: f64,
    /// The value it begins with, if that is a number; kept here, for where it is in memory the rest of the line is not.
    pub first: f64,
    /// The value it ends with.
    pub last: f64,
}

impl Reach {
    /// Of nothing.
    pub const NOTHING: Self = Self {
        low: f64::INFINITY,
        high: f64::NEG_INFINITY,
        low_positive: f64::INFINITY,
        first: f64::NAN,
        last: f64::NAN,
    };

    /// Of one value.
    pub fn of(value: f64) -> Self {
        if !value.is_finite() {
            return Self::NOTHING;
        }
        let low_positive = if value > 0.0 { value } else { f64::INFINITY };
        Self {
            low: value,
            high: value,
            low_positive,
            first: value,
            last: value,
        }
    }

    /// Of both; `other` comes after.
    pub fn and(self, other: Self) -> Self {
        Self {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
            low_positive: self.low_positive.min(other.low_positive),
            first: if self.first.is_nan() {
                other.first
            } else {
                self.first
            },
            last: if other.last.is_nan() {
                self.last
            } else {
                other.last
            },
        }
    }

    /// From where to where, on an axis that shows only what is positive if `log`.
    pub fn shown(self, log: bool) -> Option<(f64, f64)> {
        let low = if log { self.low_positive } else { self.low };
        (low <= self.high).then_some((low, self.high))
    }
}

/// Least and greatest values of ever longer blocks of a line, so that any stretch of it is summed up in a time that does
/// not grow with its length. Points can only be added at the end.
#[derive(Clone, Debug, Default)]
pub struct Pyramid {
    len: usize,
    levels: Vec<Vec<Reach>>,
}

impl Pyramid {
    /// How many points are in it.
    pub fn len(&self) -> usize {
        self.len
    }

    /// How many levels it has.
    pub fn levels(&self) -> usize {
        self.levels.len()
    }

    /// How many points a block of `level` has.
    pub fn block_len(level: usize) -> usize {
        BASE * FAN.pow(level as u32)
    }

    /// How many blocks `level` has.
    pub fn blocks(&self, level: usize) -> usize {
        self.levels[level].len()
    }

    /// How many blocks of the level below are in one.
    pub const FAN: usize = FAN;

    /// Of a block.
    pub fn block(&self, level: usize, at: usize) -> Reach {
        self.levels[level][at]
    }

    /// Takes in the points from where it ends to `len`; those that it has are not looked at again, but for the last
    /// few.
    pub fn extend(&mut self, len: usize, y: impl Fn(usize) -> f64) {
        if len <= self.len {
            return;
        }
        let mut changed = self.len / BASE;
        if self.levels.is_empty() {
            self.levels.push(Vec::new());
        }
        self.levels[0].truncate(changed);
        for block in changed..len.div_ceil(BASE) {
            let points = block * BASE..((block + 1) * BASE).min(len);
            let reach = points.fold(Reach::NOTHING, |reach, at| reach.and(Reach::of(y(at))));
            self.levels[0].push(reach);
        }
        let mut level = 0;
        while self.levels[level].len() > FAN {
            changed /= FAN;
            if self.levels.len() == level + 1 {
                self.levels.push(Vec::new());
                changed = 0;
            }
            let (below, above) = self.levels.split_at_mut(level + 1);
            let (below, above) = (&below[level], &mut above[0]);
            above.truncate(changed);
            let sum =
                |blocks: &[Reach]| blocks.iter().fold(Reach::NOTHING, |sum, one| sum.and(*one));
            above.extend(below[changed * FAN..].chunks(FAN).map(sum));
            level += 1;
        }
        self.len = len;
    }

    /// Of the points from `from` to before `to`.
    pub fn reach(&self, from: usize, to: usize, y: impl Fn(usize) -> f64) -> Reach {
        let to = to.min(self.len);
        let mut at = from;
        let mut reach = Reach::NOTHING;
        while at < to {
            let fits = |level: &usize| {
                let block = Self::block_len(*level);
                at.is_multiple_of(block) && at + block <= to
            };
            match (0..self.levels.len()).rev().find(fits) {
                Some(level) => {
                    let block = Self::block_len(level);
                    reach = reach.and(self.levels[level][at / block]);
                    at += block;
                }
                None => {
                    reach = reach.and(Reach::of(y(at)));
                    at += 1;
                }
            }
        }
        reach
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two that are not a number are not equal.
    fn known(reach: Reach) -> [u64; 5] {
        [
            reach.low,
            reach.high,
            reach.low_positive,
            reach.first,
            reach.last,
        ]
        .map(f64::to_bits)
    }

    #[test]
    fn a_pyramid_that_grew_agrees_with_a_look_at_every_point() {
        let values: Vec<f64> = (0..5000_u64)
            .map(|at| match at.wrapping_mul(2_654_435_761) % 1000 {
                0..20 => f64::NAN,
                value => value as f64 - 400.0,
            })
            .collect();
        let mut pyramid = Pyramid::default();
        for len in [
            1, 15, 16, 17, 64, 65, 300, 301, 1024, 1025, 4096, 4999, 5000,
        ] {
            pyramid.extend(len, |at| values[at]);
            for (from, to) in [(0, len), (len / 3, len / 2 + 1), (len - 1, len), (1, len)] {
                let every = values[from..to.max(from)].iter();
                let expected =
                    every.fold(Reach::NOTHING, |reach, value| reach.and(Reach::of(*value)));
                assert_eq!(
                    known(pyramid.reach(from, to, |at| values[at])),
                    known(expected),
                    "{from}..{to} of {len}"
                );
            }
        }
        assert!(pyramid.blocks(pyramid.levels() - 1) <= FAN);
    }
}
