use crate::data::Labels;

/// Mean and deviation of the numbers that are to be foretold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// Mean over the training part.
    pub mean: f64,
    /// Deviation over the training part; 1 where all are the same, and for tasks without numbers.
    pub deviation: f64,
}

impl Scale {
    /// That of the training part's labels.
    pub fn of(labels: &Labels) -> Self {
        let none = Self {
            mean: 0.0,
            deviation: 1.0,
        };
        let Labels::Numbers(numbers) = labels else {
            return none;
        };
        let count = numbers.len().max(1) as f64;
        let mean = numbers.iter().map(|&x| f64::from(x)).sum::<f64>() / count;
        let squares = numbers.iter().map(|&x| (f64::from(x) - mean).powi(2));
        let deviation = (squares.sum::<f64>() / count).sqrt();
        if deviation > 0.0 {
            Self { mean, deviation }
        } else {
            Self { mean, ..none }
        }
    }

    pub(super) fn apply(self, number: f32) -> f32 {
        ((f64::from(number) - self.mean) / self.deviation) as f32
    }
}
