//! Reference values are those of SciPy 1.17.1 and NumPy, computed apart from this program, unless another source is named.

use joulelab::analysis::statistics::distributions::{
    f_upper, normal_quantile, normal_two_sided, t_quantile, t_two_sided,
};
use joulelab::analysis::statistics::{
    fit, fit_with_last, holm, kendall, mean_interval, paired, spearman, welch,
};

use crate::common::{close, near};

#[test]
fn distributions_are_scipys() {
    // scipy.stats.t.ppf(0.975, ν)
    for (freedom, known) in [
        (1.0, 12.706_204_736_174_694),
        (2.0, 4.302_652_729_749_462),
        (2.5, 3.574_654_842_003_681_7),
        (3.0, 3.182_446_305_283_707_8),
        (10.0, 2.228_138_851_986_274),
        (30.0, 2.042_272_456_301_237_8),
    ] {
        assert!(near(t_quantile(0.975, freedom), known, 1e-8), "{freedom}");
    }
    // 2 · scipy.stats.t.sf
    assert!(close(t_two_sided(2.5, 4.0), 0.066_766_544_811_988_14));
    assert!(near(
        t_two_sided(-40.0, 3.0),
        3.438_068_078_915_850_6e-5,
        1e-8
    ));
    // scipy.stats.f.sf
    assert!(close(f_upper(3.5, 2.0, 9.0), 0.075_084_686_279_296_9));
    assert!(near(
        f_upper(19.0, 3.0, 12.0),
        7.484_477_303_459_877e-5,
        1e-8
    ));
    // scipy.stats.norm.ppf and 2 · sf
    assert!(close(normal_quantile(0.975), 1.959_963_984_540_054));
    assert!(close(normal_two_sided(1.2), 0.230_139_340_443_416_44));
    assert!(near(
        normal_two_sided(-8.0),
        1.244_192_114_854_348e-15,
        1e-6
    ));
    assert!(t_quantile(1.5, 3.0).is_nan() && t_quantile(0.5, 0.0).is_nan());
}

/// The extra hours of sleep of Student's own paper (Biometrika 6, 1908), with which R's help for `t.test` goes.
const SLEEP: [[f64; 10]; 2] = [
    [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0],
    [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
];

#[test]
fn welchs_test_is_that_of_r() {
    // R: t.test(extra ~ group, data = sleep): t = -1.8608, df = 17.776, p = 0.07939, interval -3.3654832 to 0.2054832.
    let found = welch(&SLEEP[0], &SLEEP[1]).unwrap();
    assert!(close(found.t, -1.860_813_467_486_852_6));
    assert!(close(found.freedom, 17.776_473_516_178_488));
    assert!(near(found.p, 0.079_394_140_187_358_3, 1e-8));
    let half = found.half_width(0.95);
    assert!(near(
        found.difference - half,
        -3.365_483_230_711_710_4,
        1e-7
    ));
    assert!(near(
        found.difference + half,
        0.205_483_230_711_710_43,
        1e-6
    ));
    assert_eq!(welch(&[1.0], &[1.0, 2.0]), None);
}

#[test]
fn the_paired_test_is_that_of_r() {
    // R: t.test(extra ~ group, paired = TRUE): t = -4.0621, df = 9, p = 0.002833, interval -2.4598858 to -0.7001142.
    let pairs: Vec<(f64, f64)> = SLEEP[0].into_iter().zip(SLEEP[1]).collect();
    let found = paired(&pairs).unwrap();
    assert!(close(found.t, -4.062_127_683_382_037));
    assert!(near(found.p, 0.002_832_890_197_384_273, 1e-8));
    assert!(near(
        found.difference - found.half_width(0.95),
        -2.459_885_763_276_983,
        1e-7
    ));
    assert_eq!(paired(&[(1.0, 2.0)]), None);
}

#[test]
fn what_has_no_spread_is_equal_or_different_for_certain() {
    let same = paired(&[(1.0, 1.0), (2.0, 2.0)]).unwrap();
    assert_eq!((same.p, same.half_width(0.95)), (1.0, 0.0));
    let other = paired(&[(2.0, 1.0), (3.0, 2.0)]).unwrap();
    assert_eq!((other.p, other.difference), (0.0, 1.0));
}

#[test]
fn holms_correction_is_that_of_r() {
    // R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") = 0.03 0.06 0.06 0.02
    let found = holm(&[0.01, 0.04, 0.03, 0.005]);
    for (found, known) in found.iter().zip([0.03, 0.06, 0.06, 0.02]) {
        assert!(close(*found, known), "{found} {known}");
    }
    assert_eq!(holm(&[0.9, 0.8]), [1.0, 1.0]);
    assert!(holm(&[]).is_empty());
}

fn pairs(x: &[f64], y: &[f64]) -> Vec<(f64, f64)> {
    x.iter().copied().zip(y.iter().copied()).collect()
}

#[test]
fn rank_correlations_are_scipys() {
    // The examples in the documentation of scipy.stats.spearmanr and scipy.stats.kendalltau.
    let found = spearman(&pairs(
        &[1.0, 2.0, 3.0, 4.0, 5.0],
        &[5.0, 6.0, 7.0, 8.0, 7.0],
    ))
    .unwrap();
    assert!(close(found.value, 0.820_782_681_668_123_3));
    assert!(near(found.p, 0.088_587_005_313_543_84, 1e-8));
    let ties = pairs(&[12.0, 2.0, 1.0, 12.0, 2.0], &[1.0, 4.0, 7.0, 1.0, 0.0]);
    let found = kendall(&ties).unwrap();
    assert!(close(found.value, -0.471_404_520_791_031_6));
    assert!(near(found.p, 0.282_745_459_932_774_67, 1e-8));
    // Hollander and Wolfe (1973), page 187, as in R's help for cor.test: tau 0.4444, rho 0.6.
    let colour = pairs(
        &[44.4, 45.9, 41.9, 53.3, 44.7, 44.1, 50.7, 45.2, 60.1],
        &[2.6, 3.1, 2.5, 5.0, 3.6, 4.0, 5.2, 2.8, 3.8],
    );
    let (rho, tau) = (spearman(&colour).unwrap(), kendall(&colour).unwrap());
    assert!(close(rho.value, 0.6) && near(rho.p, 0.087_622_829_041_402_49, 1e-8));
    assert!(close(tau.value, 4.0 / 9.0) && near(tau.p, 0.095_292_838_023_456_64, 1e-8));
}

#[test]
fn many_ties_are_scipys_too() {
    let x = [
        2, 3, 4, 5, 0, 0, 4, 5, 1, 1, 5, 2, 1, 4, 1, 2, 3, 3, 0, 0, 5, 4, 5, 3, 4, 1, 2, 4, 0, 1,
        0, 2, 5, 0, 2, 2, 5, 1, 3, 1,
    ];
    let y = [
        0, 3, 0, 1, 2, 2, 0, 4, 3, 4, 0, 3, 1, 2, 4, 1, 3, 0, 1, 4, 2, 2, 1, 0, 2, 3, 2, 3, 1, 3,
        3, 4, 2, 0, 3, 2, 4, 2, 1, 0,
    ];
    let pairs: Vec<(f64, f64)> = x
        .into_iter()
        .map(f64::from)
        .zip(y.into_iter().map(f64::from))
        .collect();
    let (rho, tau) = (spearman(&pairs).unwrap(), kendall(&pairs).unwrap());
    assert!(close(rho.value, -0.108_454_326_050_059) && near(rho.p, 0.505_319_137_766_189_9, 1e-8));
    assert!(
        close(tau.value, -0.089_321_722_854_005_78) && near(tau.p, 0.481_640_773_926_992, 1e-8)
    );
}

#[test]
fn intervals_of_correlations_follow_their_formulas() {
    let x: Vec<f64> = (0..20).map(f64::from).collect();
    let y: Vec<f64> = (0..20).map(|at| f64::from((at * 7) % 20)).collect();
    let (rho, tau) = (
        spearman(&pairs(&x, &y)).unwrap(),
        kendall(&pairs(&x, &y)).unwrap(),
    );
    let by_hand = |r: f64, variance: f64| {
        let half = 1.959_963_984_540_054 * variance.sqrt();
        ((r.atanh() - half).tanh(), (r.atanh() + half).tanh())
    };
    for (found, known) in [
        (
            rho.interval.unwrap(),
            by_hand(rho.value, (1.0 + rho.value.powi(2) / 2.0) / 17.0),
        ),
        (tau.interval.unwrap(), by_hand(tau.value, 0.437 / 16.0)),
    ] {
        assert!(close(found.0, known.0) && close(found.1, known.1));
    }
    // A perfect order, one that does not vary, and too few.
    assert_eq!(spearman(&pairs(&x, &x)).unwrap().value, 1.0);
    assert_eq!(kendall(&pairs(&x, &x)).unwrap().value, 1.0);
    assert_eq!(spearman(&pairs(&x, &[3.0; 20])), None);
    assert_eq!(kendall(&pairs(&x, &[3.0; 20])), None);
    assert_eq!(kendall(&pairs(&[1.0, 2.0], &[1.0, 2.0])), None);
    assert_eq!(
        spearman(&pairs(&[1.0, f64::NAN, 3.0], &[1.0, 2.0, 3.0])),
        None
    );
}

#[test]
fn least_squares_are_numpys() {
    // Two axes of three levels with gaps; constant, levels 2 and 3 of each.
    let a = [0, 0, 0, 1, 1, 1, 1, 2, 2];
    let b = [0, 1, 1, 0, 0, 1, 2, 2, 1];
    let values = [2.0, 3.5, 3.1, 4.2, 4.0, 5.9, 7.1, 9.3, 7.4];
    let rows: Vec<Vec<usize>> = a
        .iter()
        .zip(&b)
        .map(|(a, b)| {
            let mut row = vec![0];
            row.extend((*a > 0).then_some(*a));
            row.extend((*b > 0).then_some(*b + 2));
            row
        })
        .collect();
    let found = fit(5, &rows, &values);
    let known = [
        1.881_818_18,
        2.277_272_73,
        4.186_363_64,
        1.477_272_73,
        3.086_363_64,
    ];
    for (found, known) in found.coefficients.iter().zip(known) {
        assert!(near(*found, known, 1e-8), "{found} {known}");
    }
    assert!(near(found.residual, 0.260_909_090_909_091_26, 1e-9));
    assert_eq!(found.freedom, 4);
    // Estimated marginal means of the first axis with their standard errors.
    let third = 1.0 / 3.0;
    for (weights, mean, error) in [
        (
            [1.0, 0.0, 0.0, third, third],
            3.403_030_303_030_301_5,
            0.168_318_262_969_944_82,
        ),
        (
            [1.0, 1.0, 0.0, third, third],
            5.680_303_030_303_031_5,
            0.132_135_633_074_532_05,
        ),
        (
            [1.0, 0.0, 1.0, third, third],
            7.589_393_939_393_938,
            0.192_939_539_100_706_55,
        ),
    ] {
        assert!(near(found.value(&weights), mean, 1e-9));
        assert!(near(found.standard_error(&weights).unwrap(), error, 1e-9));
    }
    // F of either axis beyond the other.
    for (last, f) in [
        ([1, 2], 134.503_484_320_557_33),
        ([3, 4], 70.911_730_545_876_78),
    ] {
        let found = fit_with_last(5, &rows, &values, &last);
        let error = found.residual / found.freedom as f64;
        assert!(near(
            (found.residual_without_last - found.residual) / 2.0 / error,
            f,
            1e-8
        ));
    }
    assert!(near(
        f_upper(134.503_484_320_557_33, 2.0, 4.0),
        0.000_214_670_573_793_070_6,
        1e-7
    ));
}

#[test]
fn a_column_that_follows_from_others_is_left_out() {
    let rows = vec![vec![0], vec![0, 1, 2], vec![0], vec![0, 1, 2]];
    let found = fit(3, &rows, &[1.0, 3.0, 1.0, 3.0]);
    assert_eq!(found.dropped, [false, false, true]);
    assert!(near(found.coefficients[1], 2.0, 1e-12) && found.residual < 1e-20);
    assert_eq!(found.freedom, 2);
}

#[test]
fn an_interval_holds_the_truth_as_often_as_it_says() {
    let mut normal = crate::common::normals(11);
    let held = (0..2000)
        .filter(|_| {
            let found = mean_interval((0..4).map(|_| 10.0 + normal())).unwrap();
            (found.mean - 10.0).abs() <= found.half_width.unwrap()
        })
        .count();
    assert!((1860..1940).contains(&held), "{held} of 2000 at 95 %");
}
