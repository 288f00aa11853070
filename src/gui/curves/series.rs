//! A series of points that stays as small as it has to, however long a run goes on.

/// Points that a series holds; beyond, every second one is dropped and from then on every second one is taken.
pub(super) const POINTS_MAX: usize = 1 << 20;

/// A bounded series of points in order of time.
#[derive(Clone, Debug)]
pub struct Series<T> {
    points: Vec<T>,
    stride: u64,
    taken: u64,
}

impl<T> Default for Series<T> {
    fn default() -> Self {
        Self {
            points: Vec::new(),
            stride: 1,
            taken: 0,
        }
    }
}

impl<T> Series<T> {
    /// Adds a point.
    pub fn push(&mut self, point: T) {
        if self.taken.is_multiple_of(self.stride) {
            if self.points.len() >= POINTS_MAX {
                let mut keep = false;
                self.points.retain(|_| {
                    keep = !keep;
                    keep
                });
                self.stride *= 2;
            }
            self.points.push(point);
        }
        self.taken += 1;
    }

    /// Leaves out the points that `keep` refuses.
    pub fn retain(&mut self, keep: impl FnMut(&T) -> bool) {
        self.points.retain(keep);
    }

    /// The points.
    pub fn points(&self) -> &[T] {
        &self.points
    }
}
