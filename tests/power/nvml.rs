//! NVIDIA cards: which are read, what of, and which are left alone; with the fake library loaded by the real binding.

use std::{thread::sleep, time::Duration};

use joulelab::{
    power::{
        Clock, Discovery, ErrorRule, Kind, MeterInfo, Options, Part, Role, Sample, Sampler,
        SamplerOptions, Status, Watched, components, discover,
    },
    units::{Boundary, EnergyFigure, Grade},
};

use super::{
    discovery::{gpu, options, report, two_packages, used, why},
    fake_nvml::FakeNvml,
    fake_sysfs::FakeSysfs,
};

pub(super) const NAME: &str = "NVIDIA GeForce RTX 3080";
pub(super) const CARD: &str = "[card]\nname = NVIDIA GeForce RTX 3080\npci = 00000000:0A:00.0\n";

/// An NVIDIA display device with its power state, `active` or `suspended`, and its chip.
fn nvidia_card(sysfs: &FakeSysfs, address: &str, runtime_status: &str, chip: &str) {
    let folder = format!("bus/pci/devices/{address}");
    sysfs
        .write(&format!("{folder}/vendor"), "0x10de\n")
        .write(&format!("{folder}/class"), "0x030000\n")
        .write(&format!("{folder}/device"), &format!("{chip}\n"))
        .write(&format!("{folder}/power/control"), "auto\n")
        .write(
            &format!("{folder}/power/runtime_status"),
            &format!("{runtime_status}\n"),
        );
}

/// Options for a run on the card at `0000:0a:00.0`.
pub(super) fn training(sysfs: &FakeSysfs, nvml: &FakeNvml) -> Options {
    Options {
        gpu: gpu(NAME, Some("0000:0a:00.0")),
        ..options(sysfs, Some(nvml))
    }
}

/// Options for reading every card of a machine where none trains.
pub(super) fn every_gpu(sysfs: &FakeSysfs, nvml: &FakeNvml) -> Options {
    Options {
        every_gpu: true,
        ..options(sysfs, Some(nvml))
    }
}

/// A script of several cards, each with these lines; the first at `0000:01:00.0`.
pub(super) fn several<'a>(cards: impl IntoIterator<Item = &'a str>) -> String {
    let cards = cards
        .into_iter()
        .enumerate()
        .map(|(at, lines)| format!("[card]\npci = 00000000:{:02x}:00.0\n{lines}\n", at + 1));
    cards.collect()
}

pub(super) fn info<'a>(found: &'a Discovery, id: &str) -> &'a MeterInfo {
    let mut meters = found.meters.iter().map(|planned| planned.info());
    let info = meters.find(|info| info.id == id);
    info.unwrap_or_else(|| panic!("no {id} in {:#?}", found.report))
}

fn notes(found: &Discovery, id: &str) -> String {
    info(found, id).notes.join("; ")
}

pub(super) fn sampler(found: Discovery) -> (Sampler, std::sync::mpsc::Receiver<Vec<Sample>>) {
    let options = SamplerOptions { rate_hz: 20.0 };
    Sampler::start(found.meters, Clock::new(), options).expect("a sampler")
}

pub(super) fn of<'a>(figures: &'a [EnergyFigure], id: &str) -> &'a EnergyFigure {
    let figure = figures.iter().find(|figure| figure.meter == id);
    figure.unwrap_or_else(|| panic!("no {id} in {figures:#?}"))
}

/// The energy of a figure, which must be that of `watts` over the seconds that it covers.
pub(super) fn energy_of(figure: &EnergyFigure, watts: f64) -> f64 {
    let energy = figure.energy_j.expect("an energy");
    let mean_w = energy.value / figure.covered_s;
    assert!(
        (mean_w - watts).abs() < 0.1 * watts,
        "{mean_w} W of {figure:?}"
    );
    energy.value
}

#[test]
fn the_card_that_trains_is_matched_by_pci_address_and_counts() {
    let script = format!(
        "driver = 535.1\n[card]\nname = NVIDIA T4\npci = 00000000:01:00.0\n{CARD}watts = 150\nlimit_watts = 320\n"
    );
    let nvml = FakeNvml::new(&script);
    let sysfs = two_packages();
    let found = discover(&training(&sysfs, &nvml));
    assert_eq!(used(&found)[0], "nvml:1");
    let info = found.meters[0].info().clone();
    assert_eq!((info.grade, info.boundary), (Grade::B, Boundary::GpuBoard));
    assert!(matches!(
        info.kind,
        Kind::Counter {
            wrap_counts: None,
            ..
        }
    ));
    assert_eq!(info.notes, ["driver 535.1, library 12.550.54.14"]);
    assert!(why(report(&found, "nvml:0")).contains("not the GPU that trains"));
    // Polled power of the same card before the model.
    for id in ["nvml:1:power", "model:gpu"] {
        let of = "nvml:1".to_owned();
        assert_eq!(report(&found, id).status, Status::StandBy { of });
    }
    let stand_by = found
        .meters
        .iter()
        .filter(|meter| matches!(&meter.role, Role::StandBy { of } if of == "nvml:1"));
    let stand_by: Vec<&str> = stand_by.map(|meter| meter.info().id.as_str()).collect();
    assert_eq!(stand_by, ["nvml:1:power", "model:gpu"]);

    let (sampler, samples) = sampler(found);
    let window = sampler.open_window("train").unwrap();
    sleep(Duration::from_millis(1500));
    let figures = sampler.close_window(window).unwrap();
    let energy = figures[0].energy_j.unwrap();
    assert!(energy.covers(150.0 * figures[0].window_s), "{figures:?}");
    energy_of(&figures[0], 150.0);
    // The package counters stand still in this tree: missing, not 0 J.
    assert_eq!(figures[1].energy_j, None);
    sampler.stop();
    let seen: Vec<Sample> = samples
        .iter()
        .flatten()
        .filter(|sample| sample.meter == 0)
        .collect();
    for (metric, unit, value) in [
        ("utilization", "%", 87.0),
        ("memory_utilization", "%", 42.0),
        ("temperature", "Cel", 61.0),
        ("sm_clock", "MHz", 1710.0),
        ("memory_clock", "MHz", 9501.0),
        ("power_limit", "W", 320.0),
        ("throttle_reasons", "1", 0.0),
    ] {
        let mut of_metric = seen.iter().filter(|sample| sample.metric == metric);
        let sample = of_metric.next().expect(metric);
        assert_eq!((sample.value, &*sample.unit), (value, unit), "{metric}");
        // Once a second: in 1.5 s, with the rounds before the window, no more than three times.
        assert!(of_metric.count() <= 2, "{metric}");
    }
    // What the card does not tell is left out.
    for metric in ["memory_power", "module_power", "instant_power"] {
        assert!(
            seen.iter().all(|sample| sample.metric != metric),
            "{metric}"
        );
    }
}

#[test]
fn every_card_with_a_reading_is_read_where_other_programs_are_measured() {
    let script = format!(
        "{CARD}watts = 100\n[card]\nname = NVIDIA T400\npci = 00000000:0B:00.0\ncounter = no\npower = no\n\
         {}counter = no\nwatts = 40\n",
        CARD.replace("0A", "0C")
    );
    let nvml = FakeNvml::new(&script);
    let sysfs = two_packages();
    for trains in [None, gpu(NAME, Some("0000:0c:00.0"))] {
        let found = discover(&Options {
            gpu: trains.clone(),
            every_gpu: true,
            ..options(&sysfs, Some(&nvml))
        });
        assert_eq!(used(&found)[..2], ["nvml:0", "nvml:2"]);
        for (id, address) in [("nvml:0", "0a:00.0"), ("nvml:2", "0c:00.0")] {
            let part = Part::card(address.parse().unwrap());
            assert_eq!(info(&found, id).covers, [part], "{id}");
        }
        assert!(why(report(&found, "nvml:1")).contains("neither energy counter"));
        let (sampler, _samples) = sampler(found);
        let window = sampler.open_window("window").unwrap();
        sleep(Duration::from_millis(1200));
        let figures = sampler.close_window(window).unwrap();
        let sum_j =
            energy_of(of(&figures, "nvml:0"), 100.0) + energy_of(of(&figures, "nvml:2"), 40.0);
        let cards: Vec<EnergyFigure> = figures
            .into_iter()
            .filter(|figure| figure.boundary == Boundary::GpuBoard)
            .collect();
        let sum = components(&cards, sampler.places());
        assert!(
            (sum.figure.energy_j.unwrap().value - sum_j).abs() < 1e-6,
            "{sum:?}"
        );
        assert_eq!(sum.left_out, []);
    }
}

#[test]
fn a_card_that_was_watched_once_is_not_watched_again() {
    let nvml = FakeNvml::new(CARD);
    let sysfs = FakeSysfs::new();
    let options = training(&sysfs, &nvml);
    let refresh_s = |options: &Options| {
        let found = discover(options);
        info(&found, used(&found)[0]).refresh_s.map(f64::to_bits)
    };
    let first = refresh_s(&options);
    assert!(first.is_some());
    // A period that is measured anew is another one in its last digits.
    assert_eq!(refresh_s(&options), first);
    let anew = Options {
        watched: Watched::default(),
        ..options
    };
    assert_ne!(refresh_s(&anew), first);
}

#[test]
fn a_unique_name_stands_in_for_an_address_and_an_ambiguous_one_attributes_nothing() {
    let script = format!(
        "{CARD}{}[card]\nname = NVIDIA T4\npci = 00000000:01:00.0\n",
        CARD.replace("0A", "0B")
    );
    let nvml = FakeNvml::new(&script);
    let sysfs = FakeSysfs::new();
    let named = |name: &str, pci: Option<&str>, every_gpu: bool| {
        discover(&Options {
            gpu: gpu(name, pci),
            every_gpu,
            ..options(&sysfs, Some(&nvml))
        })
    };
    let found = named("nvidia t4", None, false);
    assert_eq!(used(&found), ["nvml:2", "model:cpu"]);
    assert!(notes(&found, "nvml:2").contains("by its name"));
    assert_eq!(info(&found, "nvml:2").covers, [Part::training_gpu()]);

    let found = named(NAME, None, false);
    assert_eq!(used(&found), ["model:cpu", "model:gpu"]);
    for id in ["nvml:0", "nvml:1"] {
        assert!(why(report(&found, id)).contains("attributed to none"));
    }
    let model = found.parts().last().unwrap().info();
    assert!(model.notes[1].contains("upper bound"));
    // One of the two is in the sum already, as a model: neither is added to that.
    let found = named(NAME, None, true);
    assert_eq!(used(&found), ["nvml:2", "model:cpu", "model:gpu"]);
    for id in ["nvml:0", "nvml:1"] {
        assert_eq!(report(&found, id).status, Status::CrossCheck);
        assert!(notes(&found, id).contains("attributed to none"));
    }
    // A name that only another interface gives: any card may be the one.
    let found = named("NVIDIA GeForce RTX 3080/PCIe/SSE2", None, true);
    assert_eq!(used(&found), ["model:cpu", "model:gpu"]);
    let found = named("AMD Radeon RX 6800", None, true);
    assert_eq!(
        used(&found),
        ["nvml:0", "nvml:1", "nvml:2", "model:cpu", "model:gpu"]
    );

    let other = named(NAME, Some("0000:0c:00.0"), false);
    assert!(why(report(&other, "nvml:0")).contains("sits at 0000:0c:00.0, and this is not it"));
}

#[test]
fn polled_power_where_there_is_no_counter() {
    let script =
        "[card]\nname = NVIDIA GeForce GTX 1080\ncounter = no\nwatts = 90\narchitecture = 4\n";
    let nvml = FakeNvml::new(script);
    let sysfs = FakeSysfs::new();
    let mut options = options(&sysfs, Some(&nvml));
    options.gpu = gpu("NVIDIA GeForce GTX 1080", None);
    let found = discover(&options);
    let info_of = |found: &Discovery| info(found, "nvml:0").clone();
    let pascal = info_of(&found);
    assert_eq!(pascal.grade, Grade::C);
    assert_eq!(
        (pascal.kind, pascal.error),
        (Kind::Power, ErrorRule::POLLED)
    );
    // A power that does not change says nothing of how often it is published; the edges are there all the same.
    assert_eq!(pascal.refresh_s, Some(0.1));
    let text = pascal.notes.join("; ");
    for note in [
        "by its name",
        "no energy counter",
        "did not change while it was watched",
    ] {
        assert!(text.contains(note), "{text}");
    }
    assert_eq!(report(&found, "nvml:0").raw.as_deref(), Some("90000 mW"));

    // Name and NVIDIA's number of the architecture, whether it looks part of the time, and how old a value may be.
    let cards = [
        ("NVIDIA A100-SXM4-40GB", 7, true, 0.1),
        ("NVIDIA H100 PCIe", 9, true, 1.0),
        ("NVIDIA RTX A500 Laptop GPU", 7, false, 1.0),
        ("NVIDIA Of Later Days", 11, false, 1.0),
        ("Tesla P100-PCIE-16GB", 4, false, 0.1),
    ];
    let lines = cards.map(|(name, architecture, ..)| {
        format!("name = {name}\narchitecture = {architecture}\ncounter = no\nwatts = 200")
    });
    let nvml = FakeNvml::new(&several(lines.iter().map(String::as_str)));
    let found = discover(&every_gpu(&sysfs, &nvml));
    let rule_of = |part_time| match part_time {
        true => ErrorRule::POLLED_PART_TIME,
        false => ErrorRule::POLLED,
    };
    for (at, (name, _, part_time, refresh_s)) in cards.into_iter().enumerate() {
        let id = format!("nvml:{at}");
        let info = info(&found, &id);
        assert_eq!(
            (info.error, info.refresh_s),
            (rule_of(part_time), Some(refresh_s)),
            "{name}"
        );
        assert_eq!(
            notes(&found, &id).contains("mean over the last second"),
            refresh_s > 0.5
        );
    }
    let (sampler, _samples) = sampler(found);
    let window = sampler.open_window("short").unwrap();
    sleep(Duration::from_millis(1200));
    let figures = sampler.close_window(window).unwrap();
    for (at, (name, _, part_time, refresh_s)) in cards.into_iter().enumerate() {
        let figure = of(&figures, &format!("nvml:{at}"));
        let energy_j = energy_of(figure, 200.0);
        let half_j = figure.energy_j.unwrap().high - energy_j;
        let share = if part_time { 0.25 } else { 0.10 };
        let expected_j = share * energy_j + 2.0 * refresh_s * 200.0;
        assert!(
            (half_j - expected_j).abs() < 0.02 * expected_j,
            "{name}: {half_j} {expected_j}"
        );
    }
}

#[test]
fn throttling_and_powers_of_parts_are_told_and_never_added() {
    // Mask, then what it is told as: for want of power, for heat, for another cause.
    let masks = [
        (0x0, [0.0, 0.0, 0.0]),
        // Idle, and clocks that a user has set.
        (0x3, [0.0, 0.0, 0.0]),
        (0x4, [1.0, 0.0, 0.0]),
        (0x20, [0.0, 1.0, 0.0]),
        (0x8 | 0x40, [0.0, 1.0, 0.0]),
        (0x8 | 0x80, [1.0, 0.0, 0.0]),
        (0x8, [0.0, 0.0, 1.0]),
        (0x10 | 0x4, [1.0, 0.0, 1.0]),
    ];
    let lines = masks.map(|(mask, _)| {
        format!(
            "watts = 200\nthrottle = {mask}\ninstant_watts = 205\naverage_watts = 201\nmemory_watts = 55\n\
             module_watts = 390"
        )
    });
    let nvml = FakeNvml::new(&several(lines.iter().map(String::as_str)));
    let sysfs = FakeSysfs::new();
    let mut found = discover(&every_gpu(&sysfs, &nvml));
    for (planned, (mask, told)) in found.meters.iter_mut().zip(masks) {
        let reading = planned.read().unwrap();
        let value = |metric: &str| {
            let extra = reading.extras.iter().find(|extra| extra.metric == metric);
            let extra = extra.unwrap_or_else(|| panic!("no {metric}"));
            (extra.value, &*extra.unit)
        };
        assert_eq!(value("throttle_reasons"), (f64::from(mask), "1"));
        let kinds = ["throttled_power", "throttled_thermal", "throttled_other"];
        assert_eq!(kinds.map(value), told.map(|kind| (kind, "1")), "{mask:#x}");
        for (metric, watts) in [
            ("instant_power", 205.0),
            ("average_power", 201.0),
            ("memory_power", 55.0),
            ("module_power", 390.0),
        ] {
            assert_eq!(value(metric), (watts, "W"));
        }
    }
    let (sampler, _samples) = sampler(found);
    let window = sampler.open_window("train").unwrap();
    sleep(Duration::from_millis(600));
    let figures = sampler.close_window(window).unwrap();
    energy_of(of(&figures, "nvml:0"), 200.0);
    energy_of(&components(&figures[..1], sampler.places()).figure, 200.0);
}

#[test]
fn a_module_whose_counter_covers_the_cpu_has_no_second_cpu_meter() {
    let nvml = FakeNvml::new("[card]\nname = NVIDIA GH200 480GB\n");
    let sysfs = FakeSysfs::new();
    let mut options = options(&sysfs, Some(&nvml));
    options.gpu = gpu("NVIDIA GH200 480GB", Some("0000:01:00.0"));
    let found = discover(&options);
    assert_eq!(used(&found), ["nvml:0"]);
    assert_eq!(found.meters[0].info().boundary, Boundary::Soc);
    // What its power covers is not known, so it does not stand in for the whole.
    assert!(
        found
            .report
            .iter()
            .all(|report| report.id != "nvml:0:power")
    );
}

#[test]
fn sleeping_cards_are_left_asleep_unless_one_is_to_train() {
    let sysfs = FakeSysfs::new();
    let log = sysfs.root().join("log");
    let nvml = FakeNvml::new(&format!("log = {}\n{CARD}", log.display()));
    nvidia_card(&sysfs, "0000:0a:00.0", "suspended", "0x2206");
    let mut options = options(&sysfs, Some(&nvml));
    let found = discover(&options);
    assert!(why(report(&found, "nvml")).contains("sleeps"));
    assert!(!log.exists(), "it was opened");
    // The only card, and an NVIDIA card trains: it wakes for that anyway.
    for pci in [Some("0000:0a:00.0"), None] {
        options.gpu = gpu(NAME, pci);
        assert_eq!(used(&discover(&options))[0], "nvml:0");
    }
    assert!(log.exists());
    options.gpu = None;
    nvidia_card(&sysfs, "0000:0a:00.0", "active", "0x2206");
    assert!(why(report(&discover(&options), "nvml:0")).contains("no GPU trains"));
}

#[test]
fn where_one_card_sleeps_only_the_others_are_opened() {
    let sysfs = FakeSysfs::new();
    let log = sysfs.root().join("log");
    let other = CARD.replace("0A", "0B");
    let nvml = FakeNvml::new(&format!(
        "log = {}\n{CARD}{other}watts = 70\n",
        log.display()
    ));
    nvidia_card(&sysfs, "0000:0a:00.0", "suspended", "0x2206");
    nvidia_card(&sysfs, "0000:0b:00.0", "active", "0x2206");
    let mut options = options(&sysfs, Some(&nvml));
    options.every_gpu = true;
    let found = discover(&options);
    assert_eq!(used(&found), ["nvml:1", "model:cpu"]);
    let sleeping = report(&found, "nvml:0000:0a:00.0");
    assert!(matches!(sleeping.status, Status::Refused { .. }));
    assert!(why(sleeping).contains("asking would wake it"));
    assert_eq!(sleeping.notes, [""; 0]);
    let opened = std::fs::read_to_string(&log).unwrap();
    assert!(
        opened.contains("0B:00.0") && !opened.contains("0A:00.0"),
        "{opened}"
    );

    // The name alone does not tell the one that trains from the one that sleeps, which has the same chip.
    options.every_gpu = false;
    options.gpu = gpu(NAME, None);
    let found = discover(&options);
    assert_eq!(used(&found), ["model:cpu", "model:gpu"]);
    assert!(why(report(&found, "nvml:1")).contains("a card that sleeps has the same chip"));
    nvidia_card(&sysfs, "0000:0a:00.0", "suspended", "0x1eb8");
    assert_eq!(used(&discover(&options))[0], "nvml:1");
    // By its address, the card that trains may be woken, and the other one stays as it is.
    options.gpu = gpu(NAME, Some("0a:00.0"));
    assert_eq!(used(&discover(&options))[0], "nvml:0");

    // Some drivers wake every card when the library is loaded; then that is said.
    options.gpu = None;
    let status = sysfs
        .root()
        .join("bus/pci/devices/0000:0a:00.0/power/runtime_status");
    nvml.rewrite(&format!("wakes = {}\n{CARD}{other}", status.display()));
    sleep(Duration::from_millis(60));
    let found = discover(&options);
    assert!(report(&found, "nvml:0000:0a:00.0").notes[0].contains("woke up while"));
}

#[test]
fn a_card_that_falls_asleep_is_missing_until_it_wakes() {
    let sysfs = FakeSysfs::new();
    let status = |address: &str, status: &str| nvidia_card(&sysfs, address, status, "0x2206");
    status("0000:0a:00.0", "active");
    status("0000:0b:00.0", "active");
    let nvml = FakeNvml::new(&format!(
        "{CARD}watts = 80\n{}watts = 30\n",
        CARD.replace("0A", "0B")
    ));
    let mut options = options(&sysfs, Some(&nvml));
    options.every_gpu = true;
    options.gpu = gpu(NAME, Some("0a:00.0"));
    let found = discover(&options);
    assert!(notes(&found, "nvml:1").contains("only while it is awake"));
    assert!(!notes(&found, "nvml:0").contains("only while it is awake"));
    let (sampler, _samples) = sampler(found);
    let window = sampler.open_window("window").unwrap();
    sleep(Duration::from_millis(700));
    // The one that trains is read whatever its state: it does not sleep while it works.
    status("0000:0a:00.0", "suspended");
    status("0000:0b:00.0", "suspended");
    sleep(Duration::from_millis(1000));
    let now = sampler.snapshot();
    let now = now
        .meters
        .iter()
        .find(|meter| meter.id == "nvml:1")
        .unwrap();
    assert_eq!((now.power_w, &now.lost, now.failed_reads), (None, &None, 0));
    let asleep = sampler.edge(&[], &["asleep"]).unwrap().opened;
    sleep(Duration::from_millis(200));
    let none = sampler.edge(&asleep, &[]).unwrap().closed;
    assert_eq!(of(&none[0], "nvml:1").energy_j, None);
    status("0000:0b:00.0", "active");
    sleep(Duration::from_millis(700));
    let figures = sampler.close_window(window).unwrap();
    let (trains, slept) = (of(&figures, "nvml:0"), of(&figures, "nvml:1"));
    assert!(trains.coverage() > 0.99, "{trains:?}");
    let missing_s = slept.window_s - slept.covered_s;
    assert!((1.1..1.6).contains(&missing_s), "{slept:?}");
    energy_of(slept, 30.0);
}
