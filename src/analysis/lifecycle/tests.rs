//! Break-evens and stages by hand, and assumptions that are refused.

use super::assumptions::TABLE;
use super::*;
use crate::units::Estimate;

fn cost(joules: &[f64], source: &str) -> Cost {
    let runs: Vec<(Estimate, Option<f64>, String)> = joules
        .iter()
        .map(|joules| {
            (
                Estimate::plus_minus(*joules, joules / 8.0),
                Some(10.0),
                source.to_owned(),
            )
        })
        .collect();
    Cost::of(&runs).unwrap()
}

#[test]
fn pretraining_pays_off_by_the_formula() {
    let pretrain = cost(&[900.0], "RAPL");
    // Means 120 and 60; s = 10 and 5, n = 3, t = 4.302653.
    let scratch = cost(&[110.0, 120.0, 130.0], "RAPL");
    let finetune = cost(&[55.0, 60.0, 65.0], "RAPL");
    let found = break_even(&pretrain, &scratch, &finetune);
    assert_eq!((found.saving_j, found.uses), (60.0, Some(15.0)));
    let half = (4.302_653 / 3.0_f64.sqrt()) * 10.0_f64.hypot(5.0);
    let (least, most) = found.uses_range.unwrap();
    // The meters' common error cancels.
    assert!((least - 900.0 / (60.0 + half)).abs() < 1e-4, "{least}");
    assert!(
        (most.unwrap() - 900.0 / (60.0 - half)).abs() < 1e-3,
        "{most:?}"
    );
    // Of another meter it does not.
    let elsewhere = break_even(&cost(&[900.0], "NVML"), &scratch, &finetune);
    assert!(elsewhere.uses_range.unwrap().0 < least);
}

#[test]
fn plain_words_where_nothing_is_saved_or_nobody_can_tell() {
    let pretrain = cost(&[900.0], "RAPL");
    let dearer = break_even(
        &pretrain,
        &cost(&[50.0, 52.0], "RAPL"),
        &cost(&[60.0, 61.0], "RAPL"),
    );
    assert_eq!((dearer.uses, dearer.uses_range), (None, None));
    assert!(
        dearer.words.contains("nothing is saved") && dearer.words.contains("never"),
        "{}",
        dearer.words
    );
    let unsure = break_even(
        &pretrain,
        &cost(&[10.0, 200.0], "RAPL"),
        &cost(&[90.0, 100.0], "RAPL"),
    );
    assert_eq!(unsure.uses, Some(90.0));
    assert_eq!(unsure.uses_range.unwrap().1, None);
    assert!(unsure.words.contains("may never"), "{}", unsure.words);
    let scratch = cost(&[110.0, 120.0, 130.0], "RAPL");
    let on_one_side = break_even(&pretrain, &scratch, &cost(&[60.0], "RAPL"));
    assert!(
        on_one_side.words.contains("there is one alone"),
        "{}",
        on_one_side.words
    );
    let both = break_even(&pretrain, &scratch, &cost(&[55.0, 60.0], "RAPL"));
    assert!(!both.words.contains("alone"), "{}", both.words);
    let single = break_even(&pretrain, &cost(&[120.0], "RAPL"), &cost(&[60.0], "RAPL"));
    assert_eq!((single.uses, single.uses_range), (Some(15.0), None));
    assert!(single.words.contains("one run of each"), "{}", single.words);
}

fn assumptions() -> Assumptions {
    Assumptions {
        g_per_kwh: 500.0,
        pue: 1.5,
        price_per_kwh: Some(0.3),
        embodied: Some(Embodied {
            kg_co2e: 365.25,
            service_life_years: 4.0,
            source: "made up".to_owned(),
        }),
        uses: 4,
        inferences: 1e6,
        ..Assumptions::default()
    }
}

#[test]
fn stages_are_right_to_the_digit() {
    let before = cost(&[7.2e6], "RAPL");
    let training = cost(&[1.8e6], "RAPL");
    let serving = Serving {
        energy_j: Estimate::plus_minus(0.9, 0.05),
        spread_j: Some(0.1),
        seconds: 0.001,
        source: "RAPL".to_owned(),
    };
    let life = life_cycle(&assumptions(), Some(&before), &training, Some(&serving)).unwrap();
    let by = |of: &dyn Fn(&Stage) -> f64| life.stages.iter().map(of).collect::<Vec<_>>();
    assert_eq!(by(&|stage| stage.energy_j.value), [1.8e6, 1.8e6, 0.9e6]);
    // 0.5 kWh × 1.5 × 500 g/kWh.
    assert_eq!(
        by(&|stage| stage.operational_g.value),
        [375.0, 375.0, 187.5]
    );
    assert_eq!(
        by(&|stage| (stage.cost.unwrap().value * 1e9).round() / 1e9),
        [0.225, 0.225, 0.1125]
    );
    // 365.25 kg ÷ (4 · 365.25 d) is 250 g a day: 2.5 s, 10 s and 1000 s of it.
    let embodied = by(&|stage| stage.embodied_g.unwrap());
    for (found, seconds) in embodied.iter().zip([2.5, 10.0, 1000.0]) {
        assert!((found - 250.0 * seconds / 86_400.0).abs() < 1e-9, "{found}");
    }
    assert_eq!(by(&|stage| stage.energy_share), [0.4, 0.4, 0.2]);
    let shares: Option<f64> = life.stages.iter().map(|stage| stage.carbon_share).sum();
    assert!((shares.unwrap() - 1.0).abs() < 1e-12);
    // 3.6 MJ of learning by 0.9 J a sample, 0.8 to 1.0.
    let found = life.inferences_as_training.unwrap();
    assert!(
        (found.value - 4e6).abs() < 1e-3 && (found.low - 3.6e6).abs() < 1e-3,
        "{found:?}"
    );
    assert!((found.high - 4.5e6).abs() < 1e-3, "{found:?}");
}

#[test]
fn what_is_not_known_is_missing_and_never_nought() {
    let timed = (Estimate::exact(5.0), Some(10.0), "RAPL".to_owned());
    let stated = (Estimate::exact(15.0), None, "stated".to_owned());
    let before = Cost::of(&[timed.clone(), stated]).unwrap();
    assert_eq!((before.energy_j.value, before.seconds), (10.0, None));
    let training = Cost::of(&[timed]).unwrap();
    let told = |assumptions: &Assumptions| {
        life_cycle(assumptions, Some(&before), &training, None).unwrap()
    };
    let life = told(&assumptions());
    let [pretraining, trained] = life.stages.as_slice() else {
        panic!("{life:?}");
    };
    assert_eq!((pretraining.seconds, pretraining.embodied_g), (None, None));
    assert!(trained.seconds == Some(10.0) && trained.embodied_g.is_some());
    // A share of what is not known is not known, not even that of the other stage.
    assert_eq!(
        (pretraining.carbon_share, trained.carbon_share),
        (None, None)
    );
    assert!(pretraining.energy_share > 0.0);
    assert!(
        life.unknown()
            .unwrap()
            .contains("how long pretraining took is not known")
    );
    // Left out is another thing: operational carbon is all there is.
    let left_out = told(&Assumptions {
        embodied: None,
        ..assumptions()
    });
    assert!(
        left_out
            .stages
            .iter()
            .all(|stage| stage.carbon_share.is_some())
    );
}

#[test]
fn assumptions_that_cannot_be_are_named() {
    let training = cost(&[1.0], "RAPL");
    let refused = |change: &dyn Fn(&mut Assumptions)| {
        let mut assumptions = assumptions();
        change(&mut assumptions);
        life_cycle(&assumptions, None, &training, None)
            .unwrap_err()
            .to_string()
    };
    assert!(refused(&|a| a.pue = 0.5).contains("pue"));
    assert!(refused(&|a| a.uses = 0).contains("uses"));
    assert!(refused(&|a| a.g_per_kwh = f64::NAN).contains("g_per_kwh"));
    assert!(
        refused(&|a| a.embodied.as_mut().unwrap().service_life_years = 0.0)
            .contains("service_life")
    );
    let words = embodied("labtop").unwrap_err().to_string();
    assert!(
        words.contains("did you mean `laptop`") && words.contains("server"),
        "{words}"
    );
}

#[test]
fn every_class_of_the_table_has_figures_and_a_source() {
    for class in ["accelerator", "server", "laptop"] {
        let found = embodied(class).unwrap();
        assert!(found.kg_co2e > 0.0 && found.service_life_years > 0.0 && !found.source.is_empty());
    }
    assert_eq!(
        csv::Reader::from_reader(TABLE.as_bytes())
            .records()
            .filter(Result::is_ok)
            .count(),
        3
    );
}
