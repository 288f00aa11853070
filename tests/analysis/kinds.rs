use joulelab::analysis::sweep::{Options, analyse, groups};
use joulelab::units::{Boundary, Grade, Metric};

use crate::common::*;

#[test]
fn other_kinds_are_never_put_together_in_silence() {
    let base = [batch(16, &[100.0, 101.0]), batch(32, &[200.0, 201.0])].concat();
    let changes: [fn(&mut joulelab::analysis::sweep::Trial); 6] = [
        |trial| trial.metric = Metric::BitsPerCharacter,
        |trial| trial.target = Some(0.9),
        |trial| trial.energy.as_mut().unwrap().grade = Grade::C,
        |trial| trial.energy.as_mut().unwrap().simulated = true,
        |trial| trial.energy.as_mut().unwrap().boundary = Boundary::Wall,
        |trial| trial.energy.as_mut().unwrap().parts.push(Boundary::Dram),
    ];
    for change in changes {
        let mut trials = base.clone();
        // It would be the cheapest by far.
        let mut odd = batch(64, &[1.0]).remove(0);
        change(&mut odd);
        trials.push(odd);
        let analysis = analysed(&trials);
        assert_eq!((analysis.trials, analysis.groups.len()), (4, 2));
        assert_eq!(analysis.setups[0].label, "batch 16");
        let said = analysis
            .warnings
            .iter()
            .any(|warning| warning.starts_with("1 trial is of another kind and left out"));
        assert!(said, "{:?}", analysis.warnings);
        let other = Options {
            group: 1,
            ..Options::default()
        };
        assert_eq!(analyse(&trials, &other).unwrap().trials, 1);
        assert!(analyse(&trials, &Options { group: 2, ..other }).is_none());
    }
}

#[test]
fn simulated_figures_say_so() {
    let mut trials = [batch(16, &[100.0]), batch(32, &[200.0])].concat();
    for trial in &mut trials {
        trial.energy.as_mut().unwrap().simulated = true;
    }
    let analysis = analysed(&trials);
    assert!(analysis.warnings[0].starts_with("The energies are simulated"));
    assert!(analysis.kind.in_words().ends_with("grade B · simulated"));
}

#[test]
fn trials_without_a_reading_join_those_they_belong_to_and_count_as_missing() {
    let mut trials = [batch(16, &[100.0, 100.0]), batch(32, &[200.0, 200.0])].concat();
    trials[3].energy = None;
    trials[3].to_target.as_mut().unwrap().gross_j = None;
    assert_eq!(groups(&trials).len(), 1);
    let analysis = analysed(&trials);
    let setup = &analysis.setups[1];
    assert_eq!((setup.label.as_str(), setup.rank), ("batch 32", None));
    assert!(
        analysis
            .warnings
            .iter()
            .any(|warning| warning.contains("finished without an energy"))
    );
}

#[test]
fn the_group_with_the_most_results_comes_first_and_real_before_simulated() {
    let mut trials = [batch(16, &[100.0]), batch(32, &[200.0])].concat();
    trials[0].energy.as_mut().unwrap().simulated = true;
    let found = groups(&trials);
    assert!(!found[0].kind.measured.as_ref().unwrap().simulated);
}

#[test]
fn gaps_models_and_devices_are_warned_of() {
    let mut trials = [batch(16, &[100.0]), batch(32, &[200.0])].concat();
    trials[1].device = "another".into();
    for trial in &mut trials {
        let energy = trial.energy.as_mut().unwrap();
        energy.grade = Grade::E;
        energy.coverage = 0.5;
    }
    let text = analysed(&trials).warnings.join("\n");
    for part in [
        "modelled (grade E",
        "covered less than 95 %",
        "ran on 2 devices",
        "have a single seed",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}
