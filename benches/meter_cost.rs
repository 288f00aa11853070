//! What the meter thread costs: 10 Hz on a fake management library and a fake sysfs tree of two packages with memory.
//! Prints the share of one core that its thread used; the goal is at most 0.5 %.

#[path = "../tests/support/fake_nvml.rs"]
mod fake_nvml;
#[path = "../tests/support/fake_sysfs.rs"]
mod fake_sysfs;

use std::{sync::Arc, thread::sleep, time::Duration};

use joulelab::power::{Clock, Options, Sampler, SamplerOptions, TrainingGpu, discover};

const GOAL: f64 = 0.005;
const SECONDS: u64 = 20;

fn main() {
    let nvml = fake_nvml::FakeNvml::new("[card]\nname = NVIDIA GeForce RTX 3080\nwatts = 200\n");
    let sysfs = fake_sysfs::FakeSysfs::new();
    sysfs
        .zone("intel-rapl:0", "package-0", 1_000_000)
        .zone("intel-rapl:0:0", "dram", 1_000_000)
        .zone("intel-rapl:1", "package-1", 2_000_000)
        .zone("intel-rapl:1:0", "dram", 2_000_000);
    let discovery = discover(&Options {
        sysfs_root: sysfs.root().to_owned(),
        nvml_library: Some(nvml.path()),
        gpu: Some(TrainingGpu {
            name: "NVIDIA GeForce RTX 3080".to_owned(),
            integrated: false,
            pci: "0000:01:00.0".parse().ok(),
            busy: Arc::new(|| None),
            work: None,
        }),
        ..Options::default()
    });
    let names: Vec<_> = discovery
        .meters
        .iter()
        .map(|meter| meter.info().id.clone())
        .collect();
    let (sampler, samples) =
        Sampler::start(discovery.meters, Clock::new(), SamplerOptions::default())
            .expect("10 Hz is allowed");
    let taker = std::thread::Builder::new()
        .name("taker".to_owned())
        .spawn(move || samples.iter().flatten().count())
        .expect("a thread");
    let run = sampler.open_window("run").expect("the thread runs");
    sleep(Duration::from_secs(SECONDS));
    let figures = sampler.close_window(run).expect("the window is open");
    let end = sampler.stop();
    let samples = taker.join().expect("counting does not panic");
    let share = end.overhead_share;
    println!("meters: {}", names.join(", "));
    println!(
        "samples: {samples} in {SECONDS} s, {} dropped",
        end.dropped_samples
    );
    println!(
        "first figure: {:?}",
        figures.first().and_then(|figure| figure.energy_j)
    );
    println!(
        "meter thread: {:.3} % of one core at 10 Hz (goal: at most {:.1} %): {}",
        share * 100.0,
        GOAL * 100.0,
        if share <= GOAL { "kept" } else { "missed" }
    );
}
