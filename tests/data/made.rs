//! Sets that are made: addition, copying, the pole on a cart.

use std::collections::HashSet;

use joulelab::{
    data::{self, Dataset, Labels},
    setup::{
        CartPoleSetup, DatasetSetup, InputShape, Metric, ModularAdditionSetup, SequenceCopySetup,
        Setup, Task,
    },
};

use crate::parts::{answers, classes, samples, tokens};

fn load(setup: &DatasetSetup) -> Dataset {
    let set = data::load(setup).unwrap();
    assert_eq!(data::describe(setup).unwrap(), set.info);
    assert_eq!(
        (set.train.len(), set.test.len()),
        (set.info.train_samples, set.info.test_samples)
    );
    set
}

fn addition(modulus: usize) -> ModularAdditionSetup {
    ModularAdditionSetup {
        modulus,
        ..ModularAdditionSetup::default()
    }
}

#[test]
fn every_sum_is_there_once_and_right() {
    for modulus in [2, 7, 97, 1000] {
        let set = load(&DatasetSetup::ModularAddition(addition(modulus)));
        assert_eq!(
            set.info.input,
            InputShape::Tokens {
                length: 4,
                vocabulary: modulus + 2
            }
        );
        assert_eq!(
            (set.info.task, set.info.outputs().numbers),
            (Task::Classification, modulus)
        );
        let p = modulus as u16;
        let mut pairs = HashSet::new();
        for part in [&set.train, &set.test] {
            for (sample, sum) in tokens(part).chunks(4).zip(classes(part, 0)) {
                let [a, plus, b, equals] = sample else {
                    panic!("{sample:?}")
                };
                assert_eq!((*plus, *equals), (p, p + 1));
                assert!(*a < p && *b < p);
                assert_eq!(
                    (u32::from(*a) + u32::from(*b)) % u32::from(p),
                    u32::from(*sum)
                );
                assert!(pairs.insert((*a, *b)), "{a} + {b} twice");
            }
        }
        assert_eq!(pairs.len(), modulus * modulus);
        assert_eq!(set.info.feature_bytes, (pairs.len() * 8) as u64);
        // A class by value is called by its value.
        assert_eq!(set.info.classes()[modulus - 1], (modulus - 1).to_string());
    }
}

#[test]
fn the_share_and_the_seed_decide_which_sums_are_held_out() {
    let mut setup = addition(97);
    let set = load(&DatasetSetup::ModularAddition(setup.clone()));
    assert_eq!((set.train.len(), set.test.len()), (4704, 4705));
    setup.test_fraction = 0.7;
    let other = load(&DatasetSetup::ModularAddition(setup.clone()));
    assert_eq!((other.train.len(), other.test.len()), (2823, 6586));
    setup.split_seed = 1;
    let seeded = load(&DatasetSetup::ModularAddition(setup));
    assert_ne!(seeded.test, other.test);
}

#[test]
fn sequences_are_asked_for_after_the_delimiter_and_nowhere_else() {
    let setup = SequenceCopySetup {
        symbols: 5,
        length: 6,
        samples: 300,
        ..SequenceCopySetup::default()
    };
    let set = load(&DatasetSetup::SequenceCopy(setup));
    assert_eq!(
        set.info.input,
        InputShape::Tokens {
            length: 13,
            vocabulary: 7
        }
    );
    assert_eq!(
        (set.info.task, set.info.task.metric()),
        (Task::Sequence, Metric::Accuracy)
    );
    let outputs = set.info.outputs();
    assert_eq!((outputs.numbers, outputs.answers(set.info.input)), (7, 13));
    let mut symbols = HashSet::<u16>::new();
    for part in [&set.train, &set.test] {
        for (sample, answer) in tokens(part).chunks(13).zip(answers(part).chunks(13)) {
            let (sequence, rest) = sample.split_at(6);
            assert!(sequence.iter().all(|symbol| *symbol < 5));
            assert_eq!(rest, [5, 6, 6, 6, 6, 6, 6]);
            assert_eq!(answer[..7], [Labels::NOT_ASKED; 7]);
            assert_eq!(&answer[7..], sequence);
            symbols.extend(sequence);
        }
    }
    assert_eq!(symbols.len(), 5);
    assert_eq!((set.train.len(), set.test.len()), (240, 60));
}

#[test]
fn no_sequence_is_in_both_parts_even_where_few_are_possible() {
    // Half of the 3⁴ = 81 there are: drawn at random, many would come twice.
    let setup = SequenceCopySetup {
        symbols: 3,
        length: 4,
        samples: 40,
        ..SequenceCopySetup::default()
    };
    let set = load(&DatasetSetup::SequenceCopy(setup));
    let all = samples(&set);
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), 40);
}

#[test]
fn sequences_are_the_same_by_seed_and_evenly_spread() {
    let of = |seed| {
        let setup = SequenceCopySetup {
            samples: 2000,
            seed,
            ..SequenceCopySetup::default()
        };
        load(&DatasetSetup::SequenceCopy(setup))
    };
    let set = of(3);
    assert_eq!(of(3).train, set.train);
    assert_ne!(of(4).train, set.train);
    // Results of stored runs depend on it; a change of library must not change it in silence.
    assert_eq!(tokens(&set.train)[..10], [7, 7, 6, 4, 2, 4, 7, 5, 0, 4]);
    let mut counts = [0_u32; 8];
    for answer in answers(&set.train)
        .iter()
        .filter(|token| **token != Labels::NOT_ASKED)
    {
        counts[usize::from(*answer)] += 1;
    }
    // 2000 expected of each; the deviation of such a count is 42.
    assert!(
        counts.iter().all(|count| (1750..2250).contains(count)),
        "{counts:?}"
    );
}

#[test]
fn the_pole_on_a_cart_has_no_samples_but_all_else() {
    let setup = DatasetSetup::CartPole(CartPoleSetup::default());
    let set = load(&setup);
    assert_eq!(set.info.input, InputShape::Features(4));
    assert_eq!(
        (set.info.task, set.info.classes()),
        (
            Task::Reinforcement,
            &["left".to_owned(), "right".to_owned()][..]
        )
    );
    assert!(set.train.is_empty() && set.test.is_empty());
    // What is seen is left as it is.
    assert_eq!(
        (set.normalisation.mean, set.normalisation.std),
        (vec![0.0; 4], vec![1.0; 4])
    );
    assert!(set.info.provenance.source.contains("500 steps"));
    // No batch of samples is asked for where there are none.
    let setup = Setup {
        dataset: setup,
        model: joulelab::setup::ModelSetup::Mlp(joulelab::setup::MlpSetup::default()),
        ..Setup::default()
    };
    let plan = setup.validate_with(&set.info.counts()).unwrap();
    assert!(plan.parameters() > 0);
}
