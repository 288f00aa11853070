//! What a batch costs, by where the images lie and who puts it together, on every device that is there.
//!
//! The ways take turns, so that they meet the same machine. See `benches/README.md`.

use std::error::Error;
use std::time::Instant;

use burn::tensor::Device;
use joulelab::data::{Features, Labels, Normalisation, Split};
use joulelab::device::{DeviceKind, list, open, use_kernel_cache};
use joulelab::setup::{AugmentationSetup, InputShape};
use joulelab::train::{Batches, Feed, Feeding, Residence, Scale};

const ROUNDS: usize = 5;
/// Batches in a measurement.
const BATCHES: u64 = 30;
const BATCH: usize = 128;
const SAMPLES: usize = BATCH * BATCHES as usize;
const SIDE: usize = 32;
const WAYS: [Residence; 3] = [Residence::Pixels, Residence::Kernel, Residence::Streamed];

fn main() -> Result<(), Box<dyn Error>> {
    let crop = AugmentationSetup {
        crop_padding: 4,
        flip: true,
        cutout: 8,
        mixup: 0.0,
    };
    println!(
        "ms for a batch of {BATCH} images of 3 × {SIDE} × {SIDE}, median of {ROUNDS} rounds of {BATCHES}"
    );
    let folder = tempfile::tempdir()?;
    for entry in list() {
        use_kernel_cache(folder.path(), &entry);
        let device = match open(&entry) {
            Ok(opened) if entry.kind != DeviceKind::Cpu => opened.device,
            Ok(_) => continue,
            Err(error) => {
                println!("{error}");
                continue;
            }
        };
        for (name, augmentation) in [
            ("plain", AugmentationSetup::default()),
            ("crop, mirror, cut", crop.clone()),
        ] {
            let mut times = vec![Vec::new(); WAYS.len()];
            for _ in 0..ROUNDS {
                for (way, times) in WAYS.into_iter().zip(&mut times) {
                    times.push(measure(feed(&augmentation, way, &device), &device)?);
                }
            }
            for (way, times) in WAYS.into_iter().zip(&mut times) {
                times.sort_by(f64::total_cmp);
                println!("{}: {name}: {way:?}: {:.3}", entry.name, times[ROUNDS / 2]);
            }
        }
    }
    Ok(())
}

fn feed(augmentation: &AugmentationSetup, residence: Residence, device: &Device) -> Feed {
    let input = InputShape::Image {
        channels: 3,
        height: SIDE,
        width: SIDE,
    };
    let pixels = (0..SAMPLES * input.len()).map(|place| (place * 7919 % 251) as u8);
    let split = Split {
        features: Features::U8(pixels.collect()),
        labels: Labels::Classes(vec![vec![0; SAMPLES]]),
    };
    let normalisation = Normalisation {
        mean: vec![120.0; 3],
        std: vec![60.0; 3],
    };
    let scale = Scale::of(&split.labels);
    let batches = Batches::new(split, input, 0, scale, &normalisation, residence, device);
    let feeding = Feeding {
        seed: 7,
        batch_size: BATCH,
        steps_per_epoch: BATCHES,
        augmentation: augmentation.clone(),
    };
    Feed::new(batches, feeding, input)
}

/// Milliseconds for a batch, from the first that is asked for until the device is done with the last; after three that do not
/// count.
fn measure(mut feed: Feed, device: &Device) -> Result<f64, Box<dyn Error>> {
    for step in 0..3 {
        drop(feed.batch(step)?);
    }
    let wait = || device.sync().map_err(|error| format!("{error:?}"));
    wait()?;
    let begun = Instant::now();
    for step in 0..BATCHES {
        drop(feed.batch(step)?);
    }
    wait()?;
    Ok(begun.elapsed().as_secs_f64() * 1e3 / BATCHES as f64)
}
