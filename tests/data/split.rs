use joulelab::{
    data::{
        DataError,
        split::{drawn, held_out, quotas, stratified},
    },
    setup::SplitSetup,
};
use proptest::prelude::*;

fn setup(test_fraction: f64, split_seed: u64) -> SplitSetup {
    SplitSetup {
        test_fraction,
        split_seed,
    }
}

fn count(labels: &[u16], samples: &[usize], class: u16) -> usize {
    samples
        .iter()
        .filter(|sample| labels[**sample] == class)
        .count()
}

proptest! {
    #[test]
    fn parts_are_disjoint_whole_ordered_and_stratified(
        labels in prop::collection::vec(0_u16..12, 1..400),
        test_fraction in 0.001..0.999,
        seed in 0_u64..1000,
    ) {
        let counts: Vec<usize> =
            (0..12).map(|class| labels.iter().filter(|label| **label == class).count()).collect();
        let Ok(parts) = stratified(&labels, &setup(test_fraction, seed)) else {
            prop_assert!(counts.iter().all(|count| *count < 2));
            return Ok(());
        };
        prop_assert!(parts.train.is_sorted() && parts.test.is_sorted());
        let mut all = [parts.train.clone(), parts.test.clone()].concat();
        all.sort_unstable();
        prop_assert_eq!(all, (0..labels.len()).collect::<Vec<_>>());
        prop_assert!(!parts.train.is_empty() && !parts.test.is_empty());
        let mut forced = false;
        for class in 0..12_u16 {
            let (in_set, in_test) = (counts[usize::from(class)], count(&labels, &parts.test, class));
            let in_train = in_set - in_test;
            if in_set >= 2 {
                prop_assert!(in_train > 0 && in_test > 0);
            } else {
                prop_assert_eq!(in_test, 0);
            }
            let ideal = in_set as f64 * test_fraction;
            forced |= ideal < 1.0 || ideal > in_set as f64 - 1.0;
        }
        // Where no class is pushed by the rule that it be in both parts, shares and the total are exact.
        if !forced {
            let total = (labels.len() as f64 * test_fraction).round() as usize;
            prop_assert_eq!(parts.test.len(), total);
            for class in 0..12_u16 {
                let ideal = counts[usize::from(class)] as f64 * test_fraction;
                let given = count(&labels, &parts.test, class) as f64;
                prop_assert!((given - ideal).abs() < 1.0, "class {}: {} for {}", class, given, ideal);
            }
        }
    }
}

#[test]
fn totals_are_dealt_by_largest_remainder() {
    // Ideal: 1.2, 1.8, 3.0 of 6 in all.
    assert_eq!(quotas(&[4, 6, 10], 0.3).unwrap(), [1, 2, 3]);
    // Three equal remainders and one sample to give: the lowest class has it.
    assert_eq!(quotas(&[14, 14, 14], 0.1).unwrap(), [2, 1, 1]);
    // Each class keeps one for testing, so the large one gives up some of its share; single samples are learnt from.
    assert_eq!(quotas(&[94, 2, 2, 1, 0], 0.04).unwrap(), [2, 1, 1, 0, 0]);
    assert_eq!(quotas(&[2, 2, 2], 0.99).unwrap(), [1, 1, 1]);
}

#[test]
fn the_seed_decides() {
    let labels: Vec<u16> = (0..200).map(|i| i % 4).collect();
    let parts = stratified(&labels, &setup(0.25, 1)).unwrap();
    assert_eq!(parts, stratified(&labels, &setup(0.25, 1)).unwrap());
    assert_ne!(parts, stratified(&labels, &setup(0.25, 2)).unwrap());
}

#[test]
fn the_draw_is_fixed_for_all_time() {
    // Results of stored runs depend on it; a change of library must not change it in silence.
    let labels = [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1];
    let test = stratified(&labels, &setup(0.34, 0)).unwrap().test;
    assert_eq!(test, [2, 3, 6, 7]);
}

#[test]
fn sets_that_cannot_be_divided_are_refused() {
    for labels in [&[][..], &[0], &[0, 1, 2]] {
        let error = stratified(labels, &setup(0.5, 0)).unwrap_err();
        assert!(matches!(error, DataError::TooFew { samples, .. } if samples == labels.len()));
    }
}

proptest! {
    #[test]
    fn drawn_parts_are_disjoint_whole_ordered_and_of_the_right_size(
        samples in 2_usize..500,
        test_fraction in 0.001..0.999,
        seed in 0_u64..1000,
    ) {
        let parts = drawn(samples, &setup(test_fraction, seed)).unwrap();
        prop_assert!(parts.train.is_sorted() && parts.test.is_sorted());
        let mut all = [parts.train.clone(), parts.test.clone()].concat();
        all.sort_unstable();
        prop_assert_eq!(all, (0..samples).collect::<Vec<_>>());
        prop_assert_eq!(parts.test.len(), held_out(samples, test_fraction).unwrap());
        let ideal = samples as f64 * test_fraction;
        prop_assert!((parts.test.len() as f64 - ideal).abs() <= 1.0, "{} for {}", parts.test.len(), ideal);
        prop_assert!(!parts.train.is_empty() && !parts.test.is_empty());
    }
}

#[test]
fn samples_without_classes_are_drawn_evenly_and_for_all_time() {
    // Results of stored runs depend on it, as above.
    assert_eq!(drawn(12, &setup(0.34, 0)).unwrap().test, [4, 7, 9, 11]);
    let mut counts = [0_u32; 10];
    for seed in 0..2000 {
        for sample in drawn(10, &setup(0.3, seed)).unwrap().test {
            counts[sample] += 1;
        }
    }
    // 600 expected of each; the deviation of such a count is 20.
    assert!(
        counts.iter().all(|count| (500..700).contains(count)),
        "{counts:?}"
    );
    for samples in [0, 1] {
        let error = drawn(samples, &setup(0.5, 0)).unwrap_err();
        assert!(matches!(error, DataError::TooFewSamples { .. }), "{error}");
    }
}
