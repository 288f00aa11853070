use joulelab::{
    data::{self, Dataset, Split},
    setup::{DatasetSetup, InputShape, SplitSetup},
};

use crate::parts::{classes, pixels, rows};

fn load(name: &str) -> Dataset {
    data::load(&DatasetSetup::from_name(name).unwrap()).unwrap()
}

fn close(a: f64, b: f32) -> bool {
    (a - f64::from(b)).abs() <= 1e-5 * a.abs().max(1e-3)
}

/// Mean and population deviation.
fn moments(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / count;
    let variance = values.map(|x| (x - mean) * (x - mean)).sum::<f64>() / count;
    (mean, variance.sqrt())
}

#[test]
fn digits_are_whole() {
    let set = load("digits");
    let info = &set.info;
    assert_eq!(info.input.to_string(), "1×8×8");
    assert_eq!((info.train_samples, info.test_samples), (1438, 359));
    assert_eq!((set.train.len(), set.test.len()), (1438, 359));
    assert_eq!(info.classes().len(), 10);
    assert_eq!(
        (info.target_label().name.as_str(), info.feature_bytes),
        ("digit", 1797 * 64)
    );
    assert_eq!(info.provenance.licence.as_deref(), Some("CC BY 4.0"));
    for part in [&set.train, &set.test] {
        assert_eq!(pixels(part).len(), part.len() * 64);
        assert!(pixels(part).iter().all(|pixel| *pixel <= 16));
        assert!(pixels(part).contains(&16));
    }
    let mut counts = [0; 10];
    for label in classes(&set.train, 0).iter().chain(classes(&set.test, 0)) {
        counts[usize::from(*label)] += 1;
    }
    // As UCI states for the test part.
    assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
}

#[test]
fn pixels_stay_with_their_labels() {
    // The first image of the file is a zero; with a zero's hole in its middle.
    let set = load("digits");
    let zero: [u8; 16] = [0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0];
    let found = [&set.train, &set.test].into_iter().find_map(|part| {
        let sample = pixels(part)
            .chunks(64)
            .position(|image| image.starts_with(&zero))?;
        Some(classes(part, 0)[sample])
    });
    assert_eq!(found, Some(0));
    // Were labels shifted against images, the nearest class mean would be right in a tenth of the cases.
    let mut means = vec![[0.0_f64; 64]; 10];
    for (image, label) in pixels(&set.train).chunks(64).zip(classes(&set.train, 0)) {
        let count = classes(&set.train, 0)
            .iter()
            .filter(|other| *other == label)
            .count() as f64;
        for (mean, pixel) in means[usize::from(*label)].iter_mut().zip(image) {
            *mean += f64::from(*pixel) / count;
        }
    }
    let right = pixels(&set.test)
        .chunks(64)
        .zip(classes(&set.test, 0))
        .filter(|(image, label)| {
            let distance = |mean: &[f64; 64]| -> f64 {
                mean.iter()
                    .zip(*image)
                    .map(|(m, x)| (m - f64::from(*x)).powi(2))
                    .sum()
            };
            let nearest =
                (0..10).min_by(|a, b| distance(&means[*a]).total_cmp(&distance(&means[*b])));
            nearest == Some(usize::from(**label))
        });
    assert!(right.count() > 359 * 8 / 10);
}

#[test]
fn breast_cancer_is_whole() {
    let set = load("breast-cancer");
    assert_eq!(set.info.input, InputShape::Features(30));
    assert_eq!((set.train.len(), set.test.len()), (455, 114));
    assert_eq!(set.info.classes(), ["malignant", "benign"]);
    assert_eq!(set.info.feature_bytes, 569 * 30 * 4);
    let values = || rows(&set.train).iter().chain(rows(&set.test));
    assert_eq!(values().count(), 569 * 30);
    assert!(values().all(|value| value.is_finite() && *value >= 0.0));
    let malignant = |part: &Split| classes(part, 0).iter().filter(|label| **label == 0).count();
    assert_eq!(malignant(&set.train) + malignant(&set.test), 212);
    // 42.4 of 113.8: the remainders are equal, so the first class has the sample that is left.
    assert_eq!(malignant(&set.test), 43);
}

#[test]
fn normalisation_is_that_of_the_training_part_alone() {
    let set = load("digits");
    let all = |part: &Split| {
        pixels(part)
            .iter()
            .map(|x| f64::from(*x))
            .collect::<Vec<_>>()
    };
    let (mean, std) = moments(all(&set.train).into_iter());
    assert_eq!(
        (set.normalisation.mean.len(), set.normalisation.std.len()),
        (1, 1)
    );
    assert!(close(mean, set.normalisation.mean[0]) && close(std, set.normalisation.std[0]));
    let (whole, _) = moments(all(&set.train).into_iter().chain(all(&set.test)));
    assert!(
        !close(whole, set.normalisation.mean[0]),
        "the check above could not tell a leak"
    );

    let set = load("breast-cancer");
    assert_eq!(
        (set.normalisation.mean.len(), set.normalisation.std.len()),
        (30, 30)
    );
    for feature in 0..30 {
        let column = |part| {
            rows(part)
                .iter()
                .skip(feature)
                .step_by(30)
                .map(|x| f64::from(*x))
        };
        let (mean, std) = moments(column(&set.train));
        assert!(
            close(mean, set.normalisation.mean[feature]),
            "feature {feature}"
        );
        assert!(
            close(std, set.normalisation.std[feature]),
            "feature {feature}"
        );
        let (whole, _) = moments(column(&set.train).chain(column(&set.test)));
        assert!(
            !close(whole, set.normalisation.mean[feature]),
            "feature {feature}"
        );
    }
}

#[test]
fn describing_and_loading_agree() {
    for name in ["digits", "breast-cancer"] {
        let setup = DatasetSetup::from_name(name).unwrap();
        let info = data::describe(&setup).unwrap();
        assert_eq!(info, data::load(&setup).unwrap().info);
        let text = serde_json::to_string(&info).unwrap();
        assert_eq!(serde_json::from_str::<data::DataInfo>(&text).unwrap(), info);
    }
}

#[test]
fn the_split_follows_its_setup() {
    let with = |test_fraction, split_seed| {
        let split = SplitSetup {
            test_fraction,
            split_seed,
        };
        data::load(&DatasetSetup::Digits(split)).unwrap()
    };
    assert_eq!(with(0.5, 0).test.len(), 899);
    assert_eq!(with(0.2, 1).test, with(0.2, 1).test);
    assert_ne!(with(0.2, 1).test, with(0.2, 2).test);
}
