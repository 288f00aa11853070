//! What several runs of one setup say together.

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
    // Welford's way, which loses no digits where the spread is small beside the mean.
    let (mut count, mut mean, mut squares) = (0_usize, 0.0, 0.0);
    for figure in figures.into_iter().filter(|figure| figure.is_finite()) {
        count += 1;
        let before = figure - mean;
        mean += before / count as f64;
        squares += before * (figure - mean);
    }
    let half_width = (count > 1).then(|| {
        let freedom = (count - 1) as f64;
        t_975(count - 1) * (squares / freedom).sqrt() / (count as f64).sqrt()
    });
    (count > 0).then_some(MeanInterval {
        count,
        mean,
        half_width,
    })
}

/// The 97.5 % quantile of Student's t with 1 to 10 degrees of freedom.
const T_975: [f64; 10] = [
    12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281,
];

/// The 97.5 % quantile of Student's t: by table up to 10 degrees of freedom, beyond by the Cornish–Fisher expansion
/// (Abramowitz and Stegun 26.7.5), which is right to four decimals there.
fn t_975(freedom: usize) -> f64 {
    if let Some(known) = freedom.checked_sub(1).and_then(|at| T_975.get(at)) {
        return *known;
    }
    let (z, n) = (1.959_963_985_f64, freedom as f64);
    let g1 = (z.powi(3) + z) / 4.0;
    let g2 = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0;
    let g3 = (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / 384.0;
    let g4 = (79.0 * z.powi(9) + 776.0 * z.powi(7) + 1482.0 * z.powi(5)
        - 1920.0 * z.powi(3)
        - 945.0 * z)
        / 92_160.0;
    z + g1 / n + g2 / n.powi(2) + g3 / n.powi(3) + g4 / n.powi(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_that_of_the_textbook() {
        // Mean 5, s = √(20/3), n = 4, t = 3.1824.
        let found = mean_interval([2.0, 4.0, 6.0, 8.0]).unwrap();
        assert_eq!((found.count, found.mean), (4, 5.0));
        assert!((found.half_width.unwrap() - 3.1824 * (20.0_f64 / 3.0).sqrt() / 2.0).abs() < 1e-9);
        assert_eq!(mean_interval([f64::NAN, 3.0]).unwrap().half_width, None);
        assert_eq!(mean_interval([]), None);
    }

    #[test]
    fn quantiles_beyond_the_table_go_on_from_it() {
        for (freedom, known) in [(11, 2.2010), (20, 2.0860), (30, 2.0423), (100, 1.9840)] {
            assert!((t_975(freedom) - known).abs() < 1e-4, "{freedom}");
        }
    }
}
