use super::distributions::t_quantile;

/// How many figures, their mean, and how far they lie apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    /// How many, at least one.
    pub count: usize,
    /// Their mean.
    pub mean: f64,
    /// Their variance with `n − 1` below; `None` for a single figure.
    pub variance: Option<f64>,
}

impl Moments {
    /// Of `figures`, leaving out what is no number; `None` where nothing is left.
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Option<Self> {
        // Welford's way, which loses no digits where the spread is small beside the mean.
        let (mut count, mut mean, mut squares) = (0_usize, 0.0, 0.0);
        for figure in figures.into_iter().filter(|figure| figure.is_finite()) {
            count += 1;
            let before = figure - mean;
            mean += before / count as f64;
            squares += before * (figure - mean);
        }
        (count > 0).then(|| Self {
            count,
            mean,
            variance: (count > 1).then(|| squares / (count - 1) as f64),
        })
    }

    /// Variance of the mean, s² ÷ n.
    pub fn variance_of_mean(&self) -> Option<f64> {
        self.variance.map(|variance| variance / self.count as f64)
    }
}

/// Mean of several figures with its 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeanInterval {
    /// How many figures.
    pub count: usize,
    /// Their mean.
    pub mean: f64,
    /// Half the width of the interval, by Student's t; `None` for a single figure, which says nothing of the spread.
    pub half_width: Option<f64>,
}

/// Mean and 95 % confidence interval of `figures` under the assumption that they are independent and normal: the mean
/// ± t(0.975, n − 1) · s ÷ √n. `None` where there are none; figures that are no number do not count.
pub fn mean_interval(figures: impl IntoIterator<Item = f64>) -> Option<MeanInterval> {
    let moments = Moments::of(figures)?;
    let half_width = moments
        .variance_of_mean()
        .map(|variance| t_quantile(0.975, (moments.count - 1) as f64) * variance.sqrt());
    Some(MeanInterval {
        count: moments.count,
        mean: moments.mean,
        half_width,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_that_of_the_textbook() {
        // Mean 5, s = √(20/3), n = 4, t = 3.182446.
        let found = mean_interval([2.0, 4.0, 6.0, 8.0]).unwrap();
        assert_eq!((found.count, found.mean), (4, 5.0));
        let known = 3.182_446_305 * (20.0_f64 / 3.0).sqrt() / 2.0;
        assert!((found.half_width.unwrap() - known).abs() < 1e-8);
        assert_eq!(mean_interval([f64::NAN, 3.0]).unwrap().half_width, None);
        assert_eq!(mean_interval([]), None);
    }
}
