//! Energy counters of Apple silicon: names, units and sums on made-up reports, in the layout of those that macOS gives.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::sleep,
    time::{Duration, Instant},
};

use joulelab::{
    power::{
        Discovery, Integrator, Level, Options, Part, Role, SourceReport, Status, TrainingGpu,
        apple::{Channel, Counter, Group, Rail, Reports, Sample, Totals, counter, nanojoules_per},
        discover,
    },
    units::Boundary,
};

fn channel(name: &str, unit: &str, added: i64) -> Channel {
    Channel {
        group: "Energy Model".to_owned(),
        subgroup: String::new(),
        name: name.to_owned(),
        unit: unit.to_owned(),
        added,
    }
}

fn clpc(name: &str, added: i64) -> Channel {
    Channel {
        group: "CLPC".to_owned(),
        subgroup: "Energy Counters".to_owned(),
        ..channel(name, "nJ", added)
    }
}

const fn own(rail: Rail) -> Counter {
    Counter {
        rail,
        group: Group::EnergyModel,
    }
}

const CPU: Counter = own(Rail::Cpu);
const GPU: Counter = own(Rail::Gpu);
const ANE: Counter = own(Rail::Ane);
const DRAM: Counter = own(Rail::Dram);

#[test]
fn only_wholes_count_and_by_their_exact_names() {
    let of = |name: &str| counter(&channel(name, "mJ", 1));
    assert_eq!(of("CPU Energy"), Some((CPU, 0)));
    assert_eq!(of("DIE_1_CPU Energy"), Some((CPU, 1)));
    assert_eq!(of("GPU Energy"), Some((GPU, 0)));
    assert_eq!(of("ANE"), Some((ANE, 0)));
    assert_eq!(of("ANE0"), Some((ANE, 1)));
    assert_eq!(of("ANE0_1"), Some((ANE, 2)));
    assert_eq!(of("DRAM0_0"), Some((DRAM, 2)));
    let parts = [
        "",
        "CPU",
        "cpu energy",
        "ECPU Energy",
        "EACC_CPU",
        "PACC1_CPU0_SRAM",
        "DIE__CPU Energy",
        "DIE_0_PACC_CPU Energy",
        "PCPU1DTL2b",
        "GPU",
        "GPU0_0",
        "GPU SRAM",
        "GPU SRAM0_0",
        "GPU Energy ",
        "ANE0_SRAM",
        "ANE_",
        "DRAMx",
        "DRAM0_",
        "DCS0_0",
        "AMCC0_0",
        "apciec2 Energy",
        "PCIe Port 0 Energy",
    ];
    for name in parts {
        assert_eq!(of(name), None, "{name}");
    }
    let other = Channel {
        group: "PMP".to_owned(),
        ..channel("CPU Energy", "mJ", 1)
    };
    assert_eq!(counter(&other), None);
    let states = Channel {
        subgroup: "Performance States".to_owned(),
        ..clpc("CPU Energy", 1)
    };
    assert_eq!(counter(&states), None);
}

#[test]
fn units_are_those_of_the_sample() {
    assert_eq!(nanojoules_per("mJ"), Some(1_000_000));
    assert_eq!(nanojoules_per(" uJ "), Some(1_000));
    assert_eq!(nanojoules_per("µJ"), Some(1_000));
    assert_eq!(nanojoules_per("μJ"), Some(1_000));
    assert_eq!(nanojoules_per("nJ"), Some(1));
    for unit in ["", "J", "MJ", "mj", "events", "24Mticks"] {
        assert_eq!(nanojoules_per(unit), None, "{unit}");
    }
    // Side by side, and another one in the next sample.
    let mut totals = Totals::default();
    totals.add(&[
        channel("CPU Energy", "mJ", 2_000),
        channel("GPU Energy", "nJ", 356_994_777),
        channel("ANE0", "uJ", 5),
        channel("EACC_CPU", "mJ", 9_000),
    ]);
    assert_eq!(totals.nanojoules(CPU), Ok(2_000_000_000));
    assert_eq!(totals.nanojoules(GPU), Ok(356_994_777));
    assert_eq!(totals.nanojoules(ANE), Ok(5_000));
    assert!(totals.nanojoules(DRAM).is_err());
    totals.add(&[
        channel("CPU Energy", "nJ", 7),
        channel("GPU Energy", "mJ", 1),
        channel("ANE0", "uJ", 0),
    ]);
    assert_eq!(totals.nanojoules(CPU), Ok(2_000_000_007));
    assert_eq!(totals.nanojoules(GPU), Ok(357_994_777));
}

#[test]
fn dies_are_added_and_a_whole_is_not_counted_beside_its_dies() {
    let mut totals = Totals::default();
    totals.add(&[
        channel("DIE_1_CPU Energy", "mJ", 250),
        channel("DIE_0_CPU Energy", "mJ", 100),
        channel("DRAM0_0", "mJ", 3),
        channel("DRAM", "mJ", 10),
        channel("DRAM0", "mJ", 4),
    ]);
    assert_eq!(totals.nanojoules(CPU), Ok(350_000_000));
    assert_eq!(
        totals.channels(CPU),
        ["DIE_0_CPU Energy", "DIE_1_CPU Energy"]
    );
    assert_eq!(totals.nanojoules(DRAM), Ok(10_000_000));
    // A sample in another order says the same.
    totals.add(&[
        channel("DRAM0", "mJ", 4),
        channel("DRAM", "mJ", 10),
        channel("DRAM0_0", "mJ", 3),
        channel("DIE_0_CPU Energy", "mJ", 1),
        channel("DIE_1_CPU Energy", "mJ", 1),
    ]);
    assert_eq!(totals.nanojoules(CPU), Ok(352_000_000));
    assert_eq!(totals.nanojoules(DRAM), Ok(20_000_000));
}

#[test]
fn what_cannot_be_told_starts_the_counter_again() {
    let two = |first: i64, second: i64| {
        [
            channel("DIE_0_CPU Energy", "mJ", first),
            channel("DIE_1_CPU Energy", "mJ", second),
        ]
    };
    let bad: [Vec<Channel>; 6] = [
        // A die is gone: the sum would be too small.
        two(5, 5)[..1].to_vec(),
        // All are.
        vec![channel("GPU Energy", "nJ", 1)],
        // It fell, as after sleep; IOReport's sign for no value; a leap that no number holds.
        two(5, -1).to_vec(),
        two(i64::MIN, 5).to_vec(),
        two(i64::MAX, 5).to_vec(),
        // A unit that is none.
        vec![
            channel("DIE_0_CPU Energy", "mJ", 5),
            channel("DIE_1_CPU Energy", "ticks", 5),
        ],
    ];
    for sample in bad {
        let mut totals = Totals::default();
        totals.add(&two(400, 600));
        assert_eq!(totals.nanojoules(CPU), Ok(1_000_000_000));
        totals.add(&sample);
        let said = totals.nanojoules(CPU).expect_err("no reading");
        assert!(!said.is_empty(), "{sample:?}");
        // The same channels as at first, twice: whatever happened, the second of them counts.
        totals.add(&two(1, 1));
        totals.add(&two(2, 1));
        let later = totals.nanojoules(CPU).expect("a reading again");
        assert!(
            (3_000_000..=5_000_000).contains(&later),
            "{later} {sample:?}"
        );
    }
}

/// A chip that draws a constant power, and publishes as `Chip::period` says.
struct Chip {
    began: Instant,
    watts: BTreeMap<&'static str, (f64, bool)>,
    /// Energy is published in batches of this many seconds; 0 with every sample.
    period_s: f64,
    told: BTreeMap<&'static str, i64>,
    system_w: Option<Result<f64, String>>,
    broken: Arc<AtomicBool>,
}

impl Reports for Chip {
    fn sample(&mut self) -> Result<Sample, String> {
        if self.broken.load(Ordering::Relaxed) {
            return Err("the subscription is gone".to_owned());
        }
        let now_s = self.began.elapsed().as_secs_f64();
        let published_s = if self.period_s > 0.0 {
            (now_s / self.period_s).floor() * self.period_s
        } else {
            now_s
        };
        let mut channels = Vec::new();
        for (name, (watts, of_clpc)) in &self.watts {
            let counts = (watts * published_s * 1e9) as i64;
            let told = self.told.entry(name).or_insert(counts);
            let added = counts - *told;
            *told = counts;
            channels.push(if *of_clpc {
                clpc(name.strip_prefix("clpc ").unwrap_or(name), added)
            } else {
                channel(name, "nJ", added)
            });
        }
        Ok(Sample {
            channels,
            system_w: self.system_w.clone(),
        })
    }
}

fn options(
    watts: &[(&'static str, f64)],
    system_w: Option<Result<f64, String>>,
    broken: &Arc<AtomicBool>,
) -> Options {
    let watts: BTreeMap<_, _> = watts
        .iter()
        .map(|(name, watts)| (*name, (*watts, name.starts_with("clpc "))))
        .collect();
    let broken = broken.clone();
    Options {
        sysfs_root: "/nowhere".into(),
        nvml_library: Some("/nowhere/libnvidia-ml.so".into()),
        cpu_name: Some("Apple M2 Max".to_owned()),
        cpu_load: Some(Arc::new(|| Some(0.25))),
        memory_bytes: Some(32 << 30),
        gpu: Some(TrainingGpu {
            name: "Apple M2 Max".to_owned(),
            integrated: true,
            pci: None,
            busy: Arc::new(|| Some(1.0)),
            work: None,
        }),
        energy_reports: Some(Arc::new(move || {
            Ok(Box::new(Chip {
                began: Instant::now(),
                watts: watts.clone(),
                period_s: 0.0,
                told: BTreeMap::new(),
                system_w: system_w.clone(),
                broken: broken.clone(),
            }))
        })),
        ..Options::default()
    }
}

const ALL: [(&str, f64); 5] = [
    ("CPU Energy", 12.0),
    ("GPU Energy", 30.0),
    ("DRAM", 4.0),
    ("ANE", 0.0),
    ("EACC_CPU", 99.0),
];

fn parts(discovery: &Discovery) -> Vec<&str> {
    discovery
        .parts()
        .map(|part| part.info().id.as_str())
        .collect()
}

fn report<'a>(discovery: &'a Discovery, id: &str) -> &'a SourceReport {
    let found = discovery.report.iter().find(|report| report.id == id);
    found.unwrap_or_else(|| panic!("no {id} in {:#?}", discovery.report))
}

fn reason(report: &SourceReport) -> &str {
    match &report.status {
        Status::Available { reason } | Status::Refused { reason, .. } => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_parts_of_the_chip_are_added_once_each() {
    let discovery = discover(&options(&ALL, Some(Ok(61.5)), &Arc::default()));
    assert_eq!(parts(&discovery), ["apple:cpu", "apple:gpu", "apple:dram"]);
    for part in discovery.parts() {
        assert_eq!(part.info().boundary, Boundary::Soc);
    }
    let covers: Vec<_> = discovery
        .parts()
        .flat_map(|part| part.info().covers.clone())
        .collect();
    assert_eq!(
        covers,
        [Part::processors(), Part::training_gpu(), Part::memory()]
    );
    for beside in ["apple:ane", "apple:system"] {
        assert_eq!(
            report(&discovery, beside).status,
            Status::CrossCheck,
            "{beside}"
        );
    }
    assert_eq!(
        report(&discovery, "apple:system").raw.as_deref(),
        Some("61.5 W")
    );
    // Models of what is counted stand by, and the graphics' own counter is the reason that there is none of them.
    let of = "apple:cpu".to_owned();
    assert_eq!(
        report(&discovery, "model:cpu").status,
        Status::StandBy { of }
    );
    assert!(reason(report(&discovery, "model:gpu")).contains("apple:gpu"));
    assert!(discovery.account.iter().all(|line| line.meter.is_some()));
}

#[test]
fn a_figure_that_does_not_contain_the_graphics_does_not_say_so() {
    let discovery = discover(&options(&[("CPU Energy", 12.0)], None, &Arc::default()));
    assert_eq!(parts(&discovery), ["apple:cpu", "model:memory"]);
    let said = reason(report(&discovery, "model:gpu"));
    assert!(said.contains("does not contain them"), "{said}");
}

#[test]
fn graphics_are_no_part_where_the_processor_trains() {
    let mut options = options(&ALL, None, &Arc::default());
    options.gpu = None;
    let discovery = discover(&options);
    assert_eq!(parts(&discovery), ["apple:cpu", "apple:dram"]);
    assert!(reason(report(&discovery, "apple:gpu")).contains("runs on the processor"));
    options.every_gpu = true;
    assert!(parts(&discover(&options)).contains(&"apple:gpu"));
}

#[test]
fn where_the_chips_own_counter_stands_the_drivers_goes_first() {
    let both = [("CPU Energy", 12.0), ("clpc CPU Energy", 11.0)];
    let role = |watts: &[(&'static str, f64)], id: &str| {
        let discovery = discover(&options(watts, None, &Arc::default()));
        let planned = discovery
            .meters
            .iter()
            .find(|planned| planned.info().id == id);
        planned.map(|planned| planned.role.clone())
    };
    assert_eq!(role(&both, "apple:cpu"), Some(Role::Part));
    let of = |of: &str| Some(Role::StandBy { of: of.to_owned() });
    assert_eq!(role(&both, "apple:cpu:clpc"), of("apple:cpu"));
    // As macOS 27 does to programs without Apple's permission.
    let stands = [("CPU Energy", 0.0), ("clpc CPU Energy", 11.0)];
    assert_eq!(role(&stands, "apple:cpu:clpc"), Some(Role::Part));
    assert_eq!(role(&stands, "apple:cpu"), of("apple:cpu:clpc"));
}

#[test]
fn readings_are_what_the_chip_draws_and_a_broken_one_says_why() {
    let broken = Arc::new(AtomicBool::new(false));
    let mut discovery = discover(&options(&ALL, Some(Ok(61.5)), &broken));
    let mut read = |id: &str| {
        let planned = discovery
            .meters
            .iter_mut()
            .find(|planned| planned.info().id == id);
        planned.expect("it is read").read()
    };
    let began = Instant::now();
    let first = read("apple:gpu").expect("a reading").level;
    sleep(Duration::from_millis(200));
    let later = read("apple:gpu").expect("a reading").level;
    let elapsed_s = began.elapsed().as_secs_f64();
    let (Level::Counts(first), Level::Counts(later)) = (first, later) else {
        panic!("power of a counter");
    };
    let watts = (later - first) as f64 * 1e-9 / elapsed_s;
    assert!((20.0..40.0).contains(&watts), "{watts} W");
    assert_eq!(
        read("apple:system").expect("a reading").level,
        Level::Watts(61.5)
    );

    broken.store(true, Ordering::Relaxed);
    sleep(Duration::from_millis(50));
    let error = read("apple:cpu").expect_err("no reading").to_string();
    assert!(error.contains("the subscription is gone"), "{error}");
    broken.store(false, Ordering::Relaxed);
    sleep(Duration::from_millis(50));
    assert!(read("apple:cpu").is_ok());
}

#[test]
fn a_machine_without_such_reports_is_modelled() {
    let mut options = options(&ALL, None, &Arc::default());
    options.energy_reports = Some(Arc::new(|| Err("no IOReport channels found".to_owned())));
    let discovery = discover(&options);
    assert_eq!(parts(&discovery), ["model:cpu", "model:memory"]);
    assert!(reason(report(&discovery, "apple")).contains("no IOReport channels found"));
    // A thread that dies does not take the program along, and is no endless wait.
    options.energy_reports = Some(Arc::new(|| panic!("as a driver does")));
    let began = Instant::now();
    let discovery = discover(&options);
    assert!(reason(report(&discovery, "apple")).contains("its thread has ended"));
    assert!(began.elapsed() < Duration::from_secs(2));
}

#[test]
fn samples_are_shared_by_a_round() {
    let taken = Arc::new(Mutex::new(0));
    struct Counting(Arc<Mutex<u32>>);
    impl Reports for Counting {
        fn sample(&mut self) -> Result<Sample, String> {
            let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            *taken += 1;
            let channels = ["CPU Energy", "GPU Energy", "DRAM"];
            Ok(Sample {
                channels: channels.map(|name| channel(name, "mJ", 1)).to_vec(),
                system_w: None,
            })
        }
    }
    let mut options = options(&ALL, None, &Arc::default());
    let of_reports = taken.clone();
    options.energy_reports = Some(Arc::new(move || Ok(Box::new(Counting(of_reports.clone())))));
    let mut discovery = discover(&options);
    let taken = || *taken.lock().unwrap_or_else(PoisonError::into_inner);
    sleep(Duration::from_millis(50));
    let before = taken();
    for planned in discovery.meters.iter_mut().take(3) {
        planned.read().expect("a reading");
    }
    assert_eq!(taken() - before, 1);
}

/// Integrates `totals` of a chip that draws `watts` and publishes every two seconds, read every second from 0 on.
fn integrate(publishes: impl Fn(u32) -> Option<i64>, seconds: u32) -> Integrator {
    let discovery = discover(&options(&ALL, None, &Arc::default()));
    let cpu = discovery.parts().next().expect("the cores").info().clone();
    let mut integrator = Integrator::new(&cpu, 1.0);
    let mut totals = Totals::default();
    for second in 0..=seconds {
        let added = publishes(second).unwrap_or(0);
        totals.add(&[channel("CPU Energy", "mJ", added)]);
        let counts = totals.nanojoules(CPU).expect("a reading");
        integrator.push(f64::from(second), Level::Counts(counts));
    }
    integrator
}

#[test]
fn batches_of_two_seconds_are_covered_and_their_edges_are_in_the_interval() {
    // 10 W: 20 J every other second.
    let mut integrator = integrate(
        |second| (second > 0 && second % 2 == 0).then_some(20_000),
        60,
    );
    let from = joulelab::power::Mark::default();
    let to = integrator.mark(60.0);
    let figure = integrator.figure(&from, &to);
    let energy = figure.energy_j.expect("an energy");
    assert!((energy.value - 600.0).abs() < 1e-6, "{energy:?}");
    assert!((figure.covered_s - 60.0).abs() < 1e-6, "{figure:?}");
    // An edge between two batches: a second's 10 J are not published yet, and are in the interval.
    let mut integrator = integrate(
        |second| (second > 0 && second % 2 == 0).then_some(20_000),
        61,
    );
    let to = integrator.mark(61.0);
    let energy = integrator.figure(&from, &to).energy_j.expect("an energy");
    assert!(energy.value < 610.0 && energy.high >= 610.0, "{energy:?}");
}

#[test]
fn a_counter_that_stands_still_is_missing() {
    let integrator = integrate(|_| None, 60);
    let figure = integrator.figure(&joulelab::power::Mark::default(), &integrator.now());
    assert_eq!(figure.energy_j, None);
    assert!(figure.covered_s < 1.0, "{figure:?}");
    // It stops after half of the time: the rest is not covered, and is not taken for 0 W.
    let mut integrator = integrate(|second| (1..=30).contains(&second).then_some(10_000), 60);
    let to = integrator.mark(60.0);
    let figure = integrator.figure(&joulelab::power::Mark::default(), &to);
    assert!((figure.covered_s - 30.0).abs() < 1e-6, "{figure:?}");
    let watts = figure.mean_power_w().expect("a power").value;
    assert!((watts - 10.0).abs() < 1e-6, "{watts}");
}
