use super::pyramid::Pyramid;

/// A line smoothed by an exponential mean without its bias towards zero at the start: the mean of the values so far,
/// each with the weight `factor` to the power of its age (Kingma and Ba, 2015, section 3).
#[derive(Clone, Debug)]
pub struct Smoothed {
    factor: f64,
    mean: f64,
    weight: f64,
    values: Vec<f64>,
    /// Over the smoothed values.
    pub pyramid: Pyramid,
}

impl Smoothed {
    /// Nothing yet; `factor` from 0, which leaves a line as it is, to below 1.
    pub fn new(factor: f64) -> Self {
        Self {
            factor,
            mean: 0.0,
            weight: 0.0,
            values: Vec::new(),
            pyramid: Pyramid::default(),
        }
    }

    /// By how much it is smoothed.
    pub fn factor(&self) -> f64 {
        self.factor
    }

    /// Takes in the points up to `len`. A gap stays a gap.
    pub fn extend(&mut self, len: usize, y: impl Fn(usize) -> f64) {
        self.values.reserve(len.saturating_sub(self.values.len()));
        for at in self.values.len()..len {
            let value = y(at);
            if !value.is_finite() {
                self.values.push(f64::NAN);
                continue;
            }
            self.mean = self.factor * self.mean + (1.0 - self.factor) * value;
            self.weight = self.factor * self.weight + (1.0 - self.factor);
            self.values.push(self.mean / self.weight);
        }
        let values = &self.values;
        self.pyramid.extend(len, |at| values[at]);
    }

    /// The smoothed values.
    pub fn values(&self) -> &[f64] {
        &self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smoothing_keeps_a_constant_from_its_first_point_and_its_gaps() {
        let line = [4.0, 4.0, f64::NAN, 4.0];
        let mut smoothed = Smoothed::new(0.9);
        smoothed.extend(2, |at| line[at]);
        smoothed.extend(4, |at| line[at]);
        let values = smoothed.values();
        assert!(values[2].is_nan());
        assert!([0, 1, 3].iter().all(|at| (values[*at] - 4.0).abs() < 1e-12));
    }
}
