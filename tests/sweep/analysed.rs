//! From a sweep file to its analysis, with a meter of known power: every figure is computed here once more.

use serde_json::Value;

use crate::joulelab::{Joulelab, number};
use crate::running::{BASE, swept, trials};

/// Student's t at 97.5 % with two degrees of freedom (any printed table: 4.303).
const T_OF_THREE_SEEDS: f64 = 4.302_652_729_749_462;

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * b.abs().max(1e-12)
}

/// The figures of the trials with this batch size, in the order of their seeds.
fn of_batch(swept: &Value, batch: u64, pointer: &str) -> Vec<f64> {
    let mut found: Vec<(u64, f64)> = trials(swept)
        .iter()
        .filter(|trial| trial["values"][0]["value"] == batch)
        .map(|trial| {
            let seed = trial["seed"].as_u64().expect("a seed");
            (seed, number(trial, pointer))
        })
        .collect();
    found.sort_by_key(|(seed, _)| *seed);
    found.into_iter().map(|(_, figure)| figure).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Half the interval of the mean of three.
fn half_width(values: &[f64]) -> f64 {
    let middle = mean(values);
    let squares: f64 = values.iter().map(|value| (value - middle).powi(2)).sum();
    T_OF_THREE_SEEDS * (squares / 2.0 / 3.0).sqrt()
}

#[test]
fn the_analysis_of_known_energies_is_right_to_the_digit() {
    let joulelab = Joulelab::new();
    let swept = swept(
        &joulelab,
        &format!(
            "name = \"known\"\nrepeats = 3\ncool_down = {{ kind = \"none\" }}\n{BASE}[base.regime.stop]\nsteps = 200\n\
             [[axes]]\nfield = \"regime.batch_size\"\nvalues = [16, 256]\n"
        ),
    );
    let analysis = joulelab.json(&["analyse", "known", "--json"]);
    assert_eq!(analysis["trials"], 6);
    let setups = analysis["setups"].as_array().expect("setups");
    let mut by_energy = Vec::new();
    for setup in setups {
        let batch = setup["axes"]["regime.batch_size"].as_u64().expect("a size");
        let energies = of_batch(&swept, batch, "/result/energy_j/value");
        let seconds = of_batch(&swept, batch, "/result/time_s");
        assert!(close(
            number(setup, "/energy_j/estimate/value"),
            mean(&energies)
        ));
        let spread = half_width(&energies);
        assert!((number(setup, "/energy_j/spread") - spread).abs() < 1e-9 * mean(&energies));
        assert!(close(
            number(setup, "/time_s/estimate/value"),
            mean(&seconds)
        ));
        // 200 steps of so many samples each.
        let per_step: Vec<f64> = energies.iter().map(|energy| energy / 200.0).collect();
        assert!(close(
            number(setup, "/j_per_step/estimate/value"),
            mean(&per_step)
        ));
        let parameters = number(setup, "/parameters");
        assert!(close(
            number(setup, "/j_per_update/estimate/value"),
            mean(&per_step) / parameters
        ));
        // The meter's own interval, which is common to the seeds, in quadrature with theirs.
        let lows = of_batch(&swept, batch, "/result/energy_j/low");
        let below = (mean(&energies) - mean(&lows)).hypot(spread);
        let low = (mean(&energies) - below).max(0.0);
        assert!((number(setup, "/energy_j/estimate/low") - low).abs() < 1e-9 * mean(&energies));
        by_energy.push((mean(&energies), batch));
    }
    by_energy.sort_by(|a, b| a.0.total_cmp(&b.0));
    let ranks: Vec<u64> = setups
        .iter()
        .map(|setup| setup["rank"].as_u64().expect("all are ranked"))
        .collect();
    assert_eq!(ranks, [1, 2]);
    assert_eq!(setups[0]["axes"]["regime.batch_size"], by_energy[0].1);
    let ratio = number(&analysis, "/extremes/ratio/estimate/value");
    assert!(close(ratio, by_energy[1].0 / by_energy[0].0));
    // The same three seeds: pairs of relative differences, by hand.
    let (more, less) = (
        of_batch(&swept, by_energy[1].1, "/result/energy_j/value"),
        of_batch(&swept, by_energy[0].1, "/result/energy_j/value"),
    );
    let differences: Vec<f64> = more
        .iter()
        .zip(&less)
        .map(|(a, b)| a / mean(&more) - b / mean(&less))
        .collect();
    let half = half_width(&differences);
    let low = number(&analysis, "/extremes/ratio/estimate/low");
    // What the meter leaves uncertain of a ratio widens it, and never narrows it.
    assert!(low <= ratio * (-half).exp() * (1.0 + 1e-9), "{low}");
    assert_eq!(analysis["extremes"]["ratio"]["paired"], true);
    let text = joulelab.stdout(&["analyse", "known"]);
    assert!(
        text.contains("simulated") && text.contains("2 setups"),
        "{text}"
    );
}

#[test]
fn energy_to_the_target_counts_and_what_missed_it_is_never_cheap() {
    let joulelab = Joulelab::new();
    let sweep = format!(
        "name = \"missed\"\ntarget = 0.8\nrepeats = 2\ncool_down = {{ kind = \"none\" }}\n{BASE}[base.regime.stop]\n\
         epochs = 30\n[[axes]]\nfield = \"regime.learning_rate\"\nvalues = [0.01, 0.0000001]\n"
    );
    let path = crate::running::write(&joulelab, &sweep);
    let path = path.to_str().expect("text");
    joulelab.stdout(&["sweep", path, "-q"]);
    let swept = joulelab.json(&["sweeps", "missed", "--json"]);
    let analysis = joulelab.json(&["analyse", "missed", "--json"]);
    assert_eq!(analysis["kind"]["target"], 0.8);
    let setups = analysis["setups"].as_array().expect("setups");
    let reached = &setups[0];
    assert_eq!(
        (&reached["rank"], &reached["reached"]),
        (&1.into(), &2.into())
    );
    let energies: Vec<f64> = trials(&swept)
        .iter()
        .filter(|trial| trial["status"] == "done")
        .map(|trial| number(trial, "/result/energy_j/value"))
        .collect();
    assert_eq!(energies.len(), 2);
    assert!(close(
        number(reached, "/energy_j/estimate/value"),
        mean(&energies)
    ));
    let missed = &setups[1];
    assert!(missed["rank"].is_null() && missed["energy_j"].is_null());
    assert_eq!(missed["not_reached"], 2);
    assert_eq!(missed["standing"], "not-reached");
    let csv = joulelab.stdout(&["analyse", "missed", "--csv", "-"]);
    assert!(csv.contains(",not reached,"), "{csv}");
}
