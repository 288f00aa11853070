use std::collections::HashSet;

use joulelab::{
    data::{self, Dataset, Split},
    setup::{DatasetSetup, ShapesLabel, ShapesSetup},
};

use crate::parts::{classes, pixels};

/// Small, in colour and without noise unless a test says otherwise.
fn options() -> ShapesSetup {
    ShapesSetup {
        channels: 3,
        samples: 360,
        noise: 0.0,
        ..ShapesSetup::default()
    }
}

fn load(setup: &ShapesSetup) -> Dataset {
    data::load(&DatasetSetup::Shapes(setup.clone())).unwrap()
}

/// FNV-1a.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// What a simple look at a noiseless 28×28 colour image tells.
struct Seen {
    colour: u16,
    radius: f64,
    /// Measures of the outline that don't depend on its size.
    outline: [f64; 3],
}

fn look(image: &[u8]) -> Seen {
    let rgb = |i: usize| [0, 1, 2].map(|channel| f64::from(image[channel * 784 + i]));
    // Only the shape has a strong colour.
    let spread = |[r, g, b]: [f64; 3]| r.max(g).max(b) - r.min(g).min(b);
    let inside = |x: usize, y: usize| x < 28 && y < 28 && spread(rgb(y * 28 + x)) > 65.0;
    let points: Vec<(usize, usize)> = (0..784)
        .map(|i| (i % 28, i / 28))
        .filter(|(x, y)| inside(*x, *y))
        .collect();
    let area = points.len() as f64;
    let sum = points.iter().fold([0.0; 3], |sum, (x, y)| {
        let pixel = rgb(y * 28 + x);
        [0, 1, 2].map(|channel| sum[channel] + pixel[channel] / area)
    });
    let palette = [
        [215., 45., 40.],
        [45., 165., 65.],
        [45., 85., 215.],
        [235., 205., 50.],
    ];
    let colour = nearest(&palette, &sum);

    let middle =
        |of: fn(&(usize, usize)) -> usize| points.iter().map(of).sum::<usize>() as f64 / area;
    let (mx, my) = (middle(|p| p.0), middle(|p| p.1));
    let distances = points
        .iter()
        .map(|(x, y)| (*x as f64 - mx).hypot(*y as f64 - my));
    let radius = distances.clone().fold(0.0, f64::max);
    let edge = points
        .iter()
        .filter(|(x, y)| {
            let around = [
                (x + 1, *y),
                (x.wrapping_sub(1), *y),
                (*x, y + 1),
                (*x, y.wrapping_sub(1)),
            ];
            around.iter().any(|(x, y)| !inside(*x, *y))
        })
        .count() as f64;
    let spread = distances.map(|d| d * d).sum::<f64>() / area;
    let outline = [
        area / (radius * radius),
        3.0 * spread / (radius * radius),
        edge * edge / area / 8.0,
    ];
    Seen {
        colour,
        radius,
        outline,
    }
}

fn nearest(means: &[[f64; 3]], point: &[f64; 3]) -> u16 {
    let distance =
        |mean: &[f64; 3]| -> f64 { mean.iter().zip(point).map(|(a, b)| (a - b).powi(2)).sum() };
    let order = |a: &usize, b: &usize| distance(&means[*a]).total_cmp(&distance(&means[*b]));
    (0..means.len()).min_by(order).unwrap() as u16
}

fn looks(split: &Split) -> Vec<Seen> {
    pixels(split).chunks(3 * 784).map(look).collect()
}

/// Share of samples for which `guess` is the label of `column`.
fn accuracy(split: &Split, column: usize, guess: impl Fn(&Seen) -> u16) -> f64 {
    let seen = looks(split);
    let right = seen
        .iter()
        .zip(classes(split, column))
        .filter(|(seen, label)| guess(seen) == **label);
    right.count() as f64 / split.len() as f64
}

#[test]
fn every_label_can_be_seen_in_the_pixels() {
    let set = load(&options());
    assert!(accuracy(&set.test, 1, |seen| seen.colour) > 0.95);

    let size = |seen: &Seen| match seen.radius {
        ..5.8 => 0,
        ..8.8 => 1,
        _ => 2,
    };
    assert!(accuracy(&set.test, 2, size) > 0.85);

    let seen = looks(&set.train);
    let means: Vec<[f64; 3]> = (0..5)
        .map(|class| {
            let members: Vec<&Seen> = seen
                .iter()
                .zip(classes(&set.train, 0))
                .filter(|(_, label)| **label == class)
                .map(|(s, _)| s)
                .collect();
            [0, 1, 2]
                .map(|i| members.iter().map(|s| s.outline[i]).sum::<f64>() / members.len() as f64)
        })
        .collect();
    // Chance is 0.2; triangle, cross and star are close in these three measures where they are small.
    assert!(accuracy(&set.test, 0, |seen| nearest(&means, &seen.outline)) > 0.6);
}

#[test]
fn with_one_channel_colours_are_greys() {
    let set = load(&ShapesSetup {
        channels: 1,
        ..options()
    });
    assert_eq!(
        set.info.labels[1].classes,
        ["black", "dark grey", "light grey", "white"]
    );
    // The middle of the image lies within every large shape.
    let large = (0..set.train.len()).filter(|i| classes(&set.train, 2)[*i] == 2);
    for i in large {
        let middle = pixels(&set.train)[i * 784 + 14 * 28 + 14];
        let grey = match middle {
            ..29 => 0,
            29..128 => 1,
            128..226 => 2,
            _ => 3,
        };
        assert_eq!(grey, classes(&set.train, 1)[i], "image {i}: {middle}");
    }
}

#[test]
fn every_label_is_balanced_in_both_parts() {
    for samples in [120, 1000, 3601] {
        let set = load(&ShapesSetup {
            size: 16,
            channels: 1,
            samples,
            ..options()
        });
        assert_eq!(set.train.len() + set.test.len(), samples);
        for (column, label) in set.info.labels.iter().enumerate() {
            for part in [&set.train, &set.test] {
                let count = |class| {
                    classes(part, column)
                        .iter()
                        .filter(|l| **l == class)
                        .count()
                };
                let counts: Vec<usize> = (0..label.classes.len() as u16).map(count).collect();
                assert_eq!(counts.iter().sum::<usize>(), part.len());
                let [least, most] = [counts.iter().min(), counts.iter().max()].map(Option::unwrap);
                assert!(most - least <= 2, "{}: {counts:?}", label.name);
            }
        }
    }
}

#[test]
fn the_same_options_give_the_same_pixels_for_all_time() {
    let setup = ShapesSetup {
        noise: 0.1,
        samples: 120,
        ..options()
    };
    let set = load(&setup);
    assert_eq!(checksum(pixels(&set.train)), CHECKSUM);
    assert_ne!(
        pixels(&set.train),
        pixels(&load(&ShapesSetup { seed: 1, ..setup }).train)
    );
}
const CHECKSUM: u64 = 15_010_855_035_679_680_518;

#[test]
fn an_image_does_not_depend_on_how_many_there_are() {
    // With so many, more than one thread renders where there are several cores.
    let [few, many] = [120, 2400].map(|samples| {
        let set = load(&ShapesSetup {
            size: 16,
            channels: 1,
            samples,
            ..options()
        });
        let parts = [&set.train, &set.test];
        let images = parts.into_iter().flat_map(|part| pixels(part).chunks(256));
        images.map(<[u8]>::to_vec).collect::<HashSet<_>>()
    });
    assert_eq!(
        (few.len(), many.len()),
        (120, 2400),
        "no two images are the same"
    );
    assert!(few.is_subset(&many));
}

#[test]
fn noise_changes_pixels_but_nothing_else() {
    let clean = load(&options());
    let noisy = load(&ShapesSetup {
        noise: 0.1,
        ..options()
    });
    assert_eq!(clean.train.labels, noisy.train.labels);
    let differences: Vec<f64> = pixels(&clean.train)
        .iter()
        .zip(pixels(&noisy.train))
        // Where nothing is cut off at black or white.
        .filter(|(a, _)| (100..156).contains(*a))
        .map(|(a, b)| f64::from(*b) - f64::from(*a))
        .collect();
    let count = differences.len() as f64;
    let mean = differences.iter().sum::<f64>() / count;
    let deviation = (differences.iter().map(|d| d * d).sum::<f64>() / count).sqrt();
    assert!(
        mean.abs() < 0.2 && (deviation - 25.5).abs() < 0.3,
        "{mean} {deviation}"
    );
}

#[test]
fn the_label_to_learn_changes_the_target_alone() {
    let sets = ShapesLabel::ALL.map(|label| load(&ShapesSetup { label, ..options() }));
    for (set, (name, classes)) in sets.iter().zip([("shape", 5), ("colour", 4), ("size", 3)]) {
        assert_eq!(set.info.target_label().name, name);
        assert_eq!(set.info.classes().len(), classes);
        assert_eq!((&set.train, &set.test), (&sets[0].train, &sets[0].test));
    }
}

#[test]
fn describing_renders_nothing_and_agrees() {
    for (samples, test_fraction) in [(120, 0.001), (361, 0.2), (1000, 0.77)] {
        let setup = DatasetSetup::Shapes(ShapesSetup {
            size: 17,
            samples,
            test_fraction,
            ..options()
        });
        assert_eq!(
            data::describe(&setup).unwrap(),
            data::load(&setup).unwrap().info
        );
    }
    let huge = ShapesSetup {
        samples: 900_000,
        ..options()
    };
    let info = data::describe(&DatasetSetup::Shapes(huge)).unwrap();
    assert_eq!(
        (info.test_samples, info.feature_bytes),
        (180_000, 2_116_800_000)
    );
}
