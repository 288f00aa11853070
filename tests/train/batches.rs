//! Every way to make a batch gives the same one, which is what the setup says.

use burn::tensor::{Device, Tensor};
use joulelab::data::{Features, Normalisation, Split};
use joulelab::models::Samples;
use joulelab::setup::{AugmentationSetup, InputShape};
use joulelab::train::{Batch, Batches, Feed, Feeding, Residence, Scale, Targets};

use crate::common::{NOISE, adapter, noise};

const SAMPLES: usize = 50;
const BATCH: usize = 16;
const STEPS_PER_EPOCH: u64 = (SAMPLES / BATCH) as u64;

fn feed(augmentation: &AugmentationSetup, residence: Residence, device: &Device) -> Feed {
    let (split, normalisation) = noise(SAMPLES);
    let scale = Scale::of(&split.labels);
    let batches = Batches::new(split, NOISE, 0, scale, &normalisation, residence, device);
    let feeding = Feeding {
        seed: 7,
        batch_size: BATCH,
        steps_per_epoch: STEPS_PER_EPOCH,
        augmentation: augmentation.clone(),
    };
    Feed::new(batches, feeding, NOISE)
}

/// Samples of all of a batch, and what they are to be answered with.
fn read(batch: Batch) -> (Vec<f32>, Vec<i64>) {
    let Samples::Numbers(samples) = batch.samples else {
        panic!("images are numbers")
    };
    let (Targets::Classes(classes) | Targets::Mixed { classes, .. }) = batch.targets else {
        panic!("images have classes")
    };
    let samples = samples.into_data().iter::<f32>().collect();
    (samples, classes.into_data().iter::<i64>().collect())
}

fn steps(mut feed: Feed) -> Vec<(Vec<f32>, Vec<i64>)> {
    (0..2 * STEPS_PER_EPOCH)
        .map(|step| read(feed.batch(step).unwrap()))
        .collect()
}

fn assert_same(a: &[(Vec<f32>, Vec<i64>)], b: &[(Vec<f32>, Vec<i64>)], what: &str) {
    assert_eq!(a.len(), b.len());
    for (step, (a, b)) in a.iter().zip(b).enumerate() {
        assert_eq!(a.1, b.1, "{what}: classes of step {step}");
        let worst = a.0.iter().zip(&b.0).map(|(a, b)| (a - b).abs());
        let worst = worst.fold(0.0, f32::max);
        assert!(worst <= 1e-6, "{what}: step {step} differs by {worst}");
    }
}

fn everything() -> AugmentationSetup {
    AugmentationSetup {
        crop_padding: 2,
        flip: true,
        cutout: 3,
        mixup: 0.4,
    }
}

#[test]
fn every_residence_on_every_device_gives_the_same_batches() {
    let cpu = Device::flex();
    let mut devices = vec![("flex", cpu.clone())];
    devices.extend(adapter().map(|device| ("adapter", device)));
    let plain = AugmentationSetup::default();
    let flip = AugmentationSetup {
        flip: true,
        ..AugmentationSetup::default()
    };
    let cut = AugmentationSetup {
        cutout: 4,
        ..AugmentationSetup::default()
    };
    for augmentation in [plain, flip, cut, everything()] {
        let reference = steps(feed(&augmentation, Residence::Streamed, &cpu));
        for (name, device) in &devices {
            for residence in [Residence::Pixels, Residence::Kernel, Residence::Streamed] {
                let found = steps(feed(&augmentation, residence, device));
                let what = format!("{name} {residence:?} {augmentation:?}");
                assert_same(&reference, &found, &what);
            }
        }
    }
    let normalised = feed(&AugmentationSetup::default(), Residence::Normalised, &cpu);
    let reference = feed(&AugmentationSetup::default(), Residence::Streamed, &cpu);
    assert_same(&steps(reference), &steps(normalised), "normalised");
}

/// Each image of a batch is one of the set, cropped, mirrored and cut as the setup allows, worked out here anew; and all
/// that it allows comes about.
#[test]
fn augmented_images_are_those_that_the_setup_describes() {
    let augmentation = AugmentationSetup {
        mixup: 0.0,
        ..everything()
    };
    let (split, normalisation) = noise(SAMPLES);
    let Features::U8(pixels) = &split.features else {
        panic!("noise has pixels")
    };
    let (mut flips, mut offsets, mut cuts) = (0, std::collections::BTreeSet::new(), 0);
    let mut feed = feed(&augmentation, Residence::Streamed, &Device::flex());
    for step in 0..STEPS_PER_EPOCH {
        let batch = feed.batch(step).unwrap();
        let (samples, classes) = read(batch);
        for (sample, class) in samples.chunks(NOISE.len()).zip(classes) {
            // Zeros are what was cut out; whatever else must be explained by one crop of one image.
            let found = (0..SAMPLES)
                .filter(|i| (i % 4) as i64 == class)
                .find_map(|image| {
                    let image = &pixels[image * NOISE.len()..(image + 1) * NOISE.len()];
                    explain(sample, image, &normalisation)
                });
            let (down, right, flip, cut) = found.expect("no crop of an image of its class");
            offsets.insert((down, right));
            flips += i32::from(flip);
            cuts += i32::from(cut > 0);
            assert!(cut <= 9, "{cut} pixels are cut out");
        }
    }
    let images = (STEPS_PER_EPOCH as usize * BATCH) as i32;
    assert!(
        (images / 4..images * 3 / 4).contains(&flips),
        "{flips} flips"
    );
    assert!(offsets.len() >= 15, "{} of 25 offsets", offsets.len());
    assert_eq!(cuts, images, "every image has its square");
}

/// Crop, whether mirrored, and the number of pixels cut out, by which `sample` comes from `image`.
fn explain(
    sample: &[f32],
    image: &[u8],
    normalisation: &Normalisation,
) -> Option<(i32, i32, bool, usize)> {
    for (down, right) in (-2..=2).flat_map(|down| (-2..=2).map(move |right| (down, right))) {
        for flip in [false, true] {
            let expected = |channel: usize, row: i32, column: i32| {
                let column = if flip { 6 - column } else { column } + right;
                let row = row + down;
                let inside = (0..9).contains(&row) && (0..7).contains(&column);
                let pixel = if inside {
                    image[channel * 63 + (row * 7 + column) as usize]
                } else {
                    0
                };
                (f32::from(pixel) - normalisation.mean[channel]) / normalisation.std[channel]
            };
            let differs = |place: &usize| {
                let (row, column) = ((place / 7) as i32, (place % 7) as i32);
                (0..3).any(|c| (sample[c * 63 + place] - expected(c, row, column)).abs() > 1e-6)
            };
            let cut: Vec<usize> = (0..63).filter(differs).collect();
            let all_zero = cut
                .iter()
                .all(|place| (0..3).all(|c| sample[c * 63 + place] == 0.0));
            let rows = cut.iter().map(|place| place / 7);
            let columns = cut.iter().map(|place| place % 7);
            let span = |values: Vec<usize>| match (values.iter().min(), values.iter().max()) {
                (Some(least), Some(most)) => most - least + 1,
                _ => 0,
            };
            let area = span(rows.collect()) * span(columns.collect());
            if all_zero && area == cut.len() && cut.len() <= 9 {
                return Some((down, right, flip, cut.len()));
            }
        }
    }
    None
}

#[test]
fn a_feed_goes_on_from_any_step() {
    for residence in [Residence::Pixels, Residence::Streamed] {
        let make = || feed(&everything(), residence, &Device::flex());
        let all = steps(make());
        let mut late = make();
        for step in [4, 5, 1, 2, 3] {
            let found = read(late.batch(step).unwrap());
            assert_same(&all[step as usize..=step as usize], &[found], "late");
        }
    }
}

#[test]
fn mixup_mixes_each_sample_and_target_with_its_neighbour() {
    let cpu = Device::flex();
    let plain = AugmentationSetup::default();
    let mixed = AugmentationSetup {
        mixup: 1.0,
        ..AugmentationSetup::default()
    };
    let mut plain = feed(&plain, Residence::Pixels, &cpu);
    let mut mixed = feed(&mixed, Residence::Pixels, &cpu);
    let mut shares = Vec::new();
    for step in 0..STEPS_PER_EPOCH {
        let (samples, classes) = read(plain.batch(step).unwrap());
        let batch = mixed.batch(step).unwrap();
        let Targets::Mixed { others, share, .. } = batch.targets.clone() else {
            panic!("not mixed")
        };
        let (found, own) = read(batch);
        let others: Vec<i64> = others.into_data().iter::<i64>().collect();
        let before = |i: usize| (i + BATCH - 1) % BATCH;
        for i in 0..BATCH {
            assert_eq!((own[i], others[i]), (classes[i], classes[before(i)]));
            for k in 0..NOISE.len() {
                let (a, b) = (
                    samples[i * NOISE.len() + k],
                    samples[before(i) * NOISE.len() + k],
                );
                let expected = f64::from(a) * share + f64::from(b) * (1.0 - share);
                let found = f64::from(found[i * NOISE.len() + k]);
                assert!((found - expected).abs() < 1e-5);
            }
        }
        shares.push(share);
    }
    assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)));
    assert!(
        shares.windows(2).all(|pair| pair[0] != pair[1]),
        "{shares:?}"
    );
}

/// More images than one tensor holds: the second part begins within the set.
#[test]
fn images_of_several_parts_are_gathered_from_each() {
    // 128 MiB hold 32 images of 4 MiB.
    const SIDE: usize = 2048;
    let input = InputShape::Image {
        channels: 1,
        height: SIDE,
        width: SIDE,
    };
    let samples = 34;
    let features = (0..samples).flat_map(|i| vec![i as u8; SIDE * SIDE]);
    let split = Split {
        features: Features::U8(features.collect()),
        labels: joulelab::data::Labels::Classes(vec![vec![0; samples]]),
    };
    let normalisation = Normalisation {
        mean: vec![0.0],
        std: vec![1.0],
    };
    let scale = Scale::of(&split.labels);
    let mut ways = vec![(Device::flex(), Residence::Pixels)];
    ways.extend(adapter().map(|device| (device, Residence::Kernel)));
    for (device, residence) in ways {
        let split = split.clone();
        let batches = Batches::new(split, input, 0, scale, &normalisation, residence, &device);
        let order = batches.order(vec![0, 33, 31, 32, 5]);
        let batch = batches.batch(&order, 0, 5, None).unwrap();
        let Samples::Numbers(found) = batch.samples else {
            panic!("images are numbers")
        };
        let (least, most): (Tensor<2>, Tensor<2>) = (found.clone().min_dim(1), found.max_dim(1));
        let values = |tensor: Tensor<2>| tensor.into_data().iter::<f32>().collect::<Vec<_>>();
        assert_eq!(values(least), [0.0, 33.0, 31.0, 32.0, 5.0], "{residence:?}");
        assert_eq!(values(most), [0.0, 33.0, 31.0, 32.0, 5.0], "{residence:?}");
    }
}
