//! What x axes count, and where moments lie on them.

use super::Curves;

/// What the x axis of a plot counts.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum XAxis {
    /// Steps of the optimiser.
    #[default]
    Step,
    /// Seconds since the run began.
    Time,
    /// Joules of training and evaluation, over the parts of the machine that were metered.
    Energy,
}

impl XAxis {
    /// Every axis.
    pub const ALL: [Self; 3] = [Self::Step, Self::Time, Self::Energy];

    /// Its name with unit.
    pub fn label(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Time => "time in s",
            Self::Energy => "energy in J",
        }
    }
}

impl Curves {
    /// Where a moment lies on an axis; `None` before anything is known there. A moment between two known points lies on
    /// the line between them.
    pub fn x_of_time(&self, t_s: f64, axis: XAxis) -> Option<f64> {
        match axis {
            XAxis::Time => Some(t_s),
            XAxis::Step => {
                let points = self.train.points();
                between(t_s, points.len(), |at| {
                    (points[at].t_s, points[at].step as f64)
                })
            }
            XAxis::Energy => {
                let points = self.energy.points();
                between(t_s, points.len(), |at| {
                    (points[at].t_s, points[at].energy_j.value)
                })
            }
        }
    }
}

/// Straight-line interpolation in `count` points `(t, x)` in order of `t`; clamped at the ends.
fn between(t: f64, count: usize, point: impl Fn(usize) -> (f64, f64)) -> Option<f64> {
    if count == 0 {
        return None;
    }
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low.midpoint(high);
        if point(middle).0 <= t {
            low = middle + 1
        } else {
            high = middle
        }
    }
    if low == 0 {
        return Some(point(0).1);
    }
    let (t0, x0) = point(low - 1);
    if low == count {
        return Some(x0);
    }
    let (t1, x1) = point(low);
    Some(if t1 > t0 {
        x0 + (x1 - x0) * (t - t0) / (t1 - t0)
    } else {
        x1
    })
}
