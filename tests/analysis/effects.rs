use joulelab::analysis::statistics::distributions::f_upper;
use joulelab::analysis::sweep::{Measure, StandIn};
use serde_json::json;

use crate::common::*;

fn grid(of: impl Fn(u64, f64) -> f64) -> Vec<joulelab::analysis::sweep::Trial> {
    let mut trials = Vec::new();
    for size in [16, 32, 64] {
        for rate in [0.01, 0.1] {
            trials.extend(paper(size, rate, &[of(size, rate)]));
        }
    }
    trials
}

#[test]
fn in_a_full_grid_adjusted_means_are_the_plain_ones() {
    // Factors that multiply: 2 for each doubling of the batch, 3 for the rate.
    let analysis = analysed(&grid(|size, rate| {
        size as f64 / 16.0 * 10.0 * if rate > 0.05 { 3.0 } else { 1.0 }
    }));
    let energy = &analysis.effects[0];
    assert!(energy.balanced && energy.left_out == 0);
    let batch = &energy.axes[0];
    let root = 3.0_f64.sqrt();
    for (level, known) in batch
        .levels
        .iter()
        .zip([10.0 * root, 20.0 * root, 40.0 * root])
    {
        assert!(near(level.adjusted.unwrap().value, known, 1e-9));
        assert!(near(level.plain.unwrap(), known, 1e-9));
    }
    assert!(near(batch.span.unwrap(), 4.0, 1e-9));
    assert!(near(energy.axes[1].span.unwrap(), 3.0, 1e-9));
}

#[test]
fn gaps_do_not_pass_one_axis_off_as_another() {
    // Only the rate matters; but the large batch was tried at the dear rate alone.
    let mut trials = grid(|_, rate| if rate > 0.05 { 300.0 } else { 100.0 });
    trials.retain(|trial| {
        trial.axes["regime.batch_size"] != json!(64)
            || trial.axes["regime.learning_rate"] != json!(0.01)
    });
    let analysis = analysed(&trials);
    let energy = &analysis.effects[0];
    assert!(!energy.balanced);
    let batch = &energy.axes[0];
    assert!(near(batch.levels[2].plain.unwrap(), 300.0, 1e-9));
    assert!(near(batch.span.unwrap(), 1.0, 1e-6), "{:?}", batch.span);
    assert!(near(energy.axes[1].span.unwrap(), 3.0, 1e-6));
}

#[test]
fn axes_that_never_vary_apart_have_no_adjusted_means() {
    let trials = [
        paper(16, 0.01, &[100.0]),
        paper(32, 0.02, &[200.0]),
        paper(64, 0.04, &[400.0]),
    ]
    .concat();
    let energy = &analysed(&trials).effects[0];
    for axis in &energy.axes {
        assert!(
            axis.levels
                .iter()
                .all(|level| level.adjusted.is_none() && level.plain.is_some())
        );
        assert_eq!((axis.span, axis.p), (None, None));
    }
}

#[test]
fn the_f_test_is_that_of_an_analysis_of_variance() {
    // exp of a table with additive effects and a little of an interaction; the sums of squares by hand.
    let table = [[1.0, 2.1], [1.5, 2.4], [2.0, 3.2]];
    let mut trials = Vec::new();
    for (row, size) in [16, 32, 64].into_iter().enumerate() {
        for (column, rate) in [0.01, 0.1].into_iter().enumerate() {
            trials.extend(paper(size, rate, &[f64::exp(table[row][column])]));
        }
    }
    let mean = table.iter().flatten().sum::<f64>() / 6.0;
    let of_row = |row: usize| (table[row][0] + table[row][1]) / 2.0 - mean;
    let of_column = |column: usize| (0..3).map(|row| table[row][column]).sum::<f64>() / 3.0 - mean;
    let rows: f64 = (0..3).map(|row| 2.0 * of_row(row).powi(2)).sum();
    let columns: f64 = (0..2).map(|column| 3.0 * of_column(column).powi(2)).sum();
    let mut rest = 0.0;
    for (row, cells) in table.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            rest += (cell - mean - of_row(row) - of_column(column)).powi(2);
        }
    }
    let analysis = analysed(&trials);
    let axes = &analysis.effects[0].axes;
    let (f_rows, f_columns) = (rows / 2.0 / (rest / 2.0), columns / (rest / 2.0));
    assert!(
        near(axes[0].f.unwrap().0, f_rows, 1e-7) && near(axes[1].f.unwrap().0, f_columns, 1e-7)
    );
    assert_eq!((axes[0].f.unwrap().1, axes[0].f.unwrap().2), (2, 2));
    assert!(near(axes[0].share.unwrap(), rows / (rows + rest), 1e-7));
    // Two axes: Holm doubles the smaller p-value.
    let (p_rows, p_columns) = (f_upper(f_rows, 2.0, 2.0), f_upper(f_columns, 1.0, 2.0));
    let (small, large) = (p_rows.min(p_columns), p_rows.max(p_columns));
    let mut found = [axes[0].p.unwrap(), axes[1].p.unwrap()];
    found.sort_by(f64::total_cmp);
    assert!(near(found[0], (2.0 * small).min(1.0), 1e-7));
    assert!(near(found[1], large.max(2.0 * small), 1e-7));
}

#[test]
fn the_metric_is_averaged_as_it_is() {
    let mut trials = grid(|_, _| 100.0);
    for (trial, value) in trials.iter_mut().zip([0.90, 0.92, 0.94, 0.96, 0.98, 1.0]) {
        trial.final_value = Some(value);
    }
    let analysis = analysed(&trials);
    let quality = analysis
        .effects
        .iter()
        .find(|one| one.measure == Measure::Quality)
        .unwrap();
    assert!(near(
        quality.axes[0].levels[0].adjusted.unwrap().value,
        0.91,
        1e-9
    ));
    assert!(near(quality.axes[0].span.unwrap(), 0.08, 1e-9));
}

#[test]
fn many_values_of_an_axis_become_bins() {
    let mut trials = Vec::new();
    for at in 1..=40_u64 {
        trials.extend(seeds(
            &[("regime.learning_rate", json!(at as f64 / 1000.0))],
            &[at as f64],
        ));
    }
    let analysis = analysed(&trials);
    assert_eq!(analysis.setups.len(), 40);
    assert!(analysis.axes[0].binned);
    assert_eq!(analysis.axes[0].levels.len(), 8);
    let levels = &analysis.effects[0].axes[0].levels;
    assert!(levels.iter().all(|level| level.setups == 5));
    assert_eq!(levels[0].level, "0.0010–0.0050");
}

#[test]
fn heat_maps_hold_each_pair_of_axes() {
    let mut trials = grid(|size, rate| size as f64 * rate);
    trials.pop();
    let last = paper(64, 0.1, &[9.0, 9.0]);
    trials.push(last[0].clone());
    trials.push(not_reached(last[1].clone()));
    let analysis = analysed(&trials);
    let map = &analysis.heat_maps[0];
    assert_eq!((map.x, map.y, map.cells.len()), (0, 1, 6));
    // Row of rate 0.1, column of batch 32.
    assert!(near(map.cells[4].mean.unwrap(), 3.2, 1e-9));
    assert_eq!((map.cells[5].mean, map.cells[5].not_reached), (None, 1));
}

#[test]
fn correlations_are_over_setups_and_not_over_runs() {
    let mut trials = Vec::new();
    for (at, size) in [16_u64, 32, 64, 128, 256].into_iter().enumerate() {
        for mut trial in batch(size, &[10.0 * (at + 1) as f64; 3]) {
            trial.parameters = Some(1000 * (at as u64 + 1));
            trial.macs = Some(5000.0);
            trial.flops_per_sample = Some(6000.0);
            trials.push(trial);
        }
    }
    let found = analysed(&trials).correlations;
    let of = |stand_in: StandIn| {
        found
            .iter()
            .find(|one| one.stand_in == stand_in && one.measure == Measure::Energy)
    };
    let parameters = of(StandIn::Parameters).unwrap();
    assert_eq!(
        (parameters.spearman.count, parameters.spearman.value),
        (5, 1.0)
    );
    let macs = of(StandIn::MacsPerParameter).unwrap();
    assert!(near(macs.kendall.value, -1.0, 1e-12));
    // What does not vary says nothing.
    assert!(of(StandIn::Flops).is_none());
}
