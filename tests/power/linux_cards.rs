//! Graphics cards through hwmon: amdgpu, i915 and xe.

use std::{sync::Arc, thread::sleep, time::Duration};

use joulelab::{
    power::{
        Clock, ErrorRule, Extra, Kind, Options, Part, ReadError, Role, Sampler, SamplerOptions,
        Status, TrainingGpu, discover,
    },
    units::{Boundary, Grade},
};

use super::{
    fake_sysfs::FakeSysfs,
    linux_support::{Run, XEON, close, draw, exactly, meter, parts, report, set, why},
};

const RYZEN: &str = "AMD Ryzen 7 7840U w/ Radeon 780M Graphics";
const CARD: &str = "0000:03:00.0";
const APU: &str = "0000:c4:00.0";

/// A device on the PCI bus with the hwmon folder of a driver.
struct Device<'a> {
    sysfs: &'a FakeSysfs,
    folder: String,
}

impl<'a> Device<'a> {
    fn new(sysfs: &'a FakeSysfs, address: &str, vendor: &str, device: &str) -> Self {
        let folder = format!("bus/pci/devices/{address}");
        let made = Self { sysfs, folder };
        made.file("vendor", vendor)
            .file("device", device)
            .file("class", "0x030000")
            .file("power/runtime_status", "active");
        made
    }

    fn amd(sysfs: &'a FakeSysfs, address: &str) -> Self {
        let made = Self::new(sysfs, address, "0x1002", "0x744c");
        made.hwmon("name", "amdgpu");
        made
    }

    fn intel(sysfs: &'a FakeSysfs, address: &str, driver: &str) -> Self {
        let made = Self::new(sysfs, address, "0x8086", "0x56a0");
        made.hwmon("name", driver);
        made
    }

    fn file(&self, name: &str, text: &str) -> &Self {
        self.sysfs
            .write(&format!("{}/{name}", self.folder), &format!("{text}\n"));
        self
    }

    fn hwmon(&self, name: &str, text: &str) -> &Self {
        self.file(&format!("hwmon/hwmon3/{name}"), text)
    }

    fn path(&self, name: &str) -> String {
        format!("{}/hwmon/hwmon3/{name}", self.folder)
    }

    fn falls_asleep(&self) {
        self.file("power/runtime_status", "suspended");
    }
}

fn options(sysfs: &FakeSysfs, cpu_name: &str) -> Options {
    super::linux_support::options(sysfs, cpu_name)
}

fn gpu(name: &str, pci: Option<&str>, integrated: bool) -> Option<TrainingGpu> {
    Some(TrainingGpu {
        name: name.to_owned(),
        integrated,
        pci: pci.map(|pci| pci.parse().expect("an address")),
        busy: Arc::new(|| Some(1.0)),
        work: None,
    })
}

/// A card with its memory's clock, which only cards have.
fn amd_card<'a>(sysfs: &'a FakeSysfs, address: &str) -> Device<'a> {
    let card = Device::amd(sysfs, address);
    card.hwmon("power1_average", "100000000")
        .hwmon("power1_cap", "300000000")
        .hwmon("temp1_input", "56000")
        .hwmon("freq1_input", "2400000000")
        .hwmon("freq2_input", "1250000000")
        .file("gpu_busy_percent", "87");
    card
}

/// An APU: the northbridge's voltage and no clock of the memory.
fn apu<'a>(sysfs: &'a FakeSysfs, address: &str) -> Device<'a> {
    let apu = Device::amd(sysfs, address);
    apu.hwmon("power1_average", "21000000")
        .hwmon("in1_label", "vddnb")
        .hwmon("in1_input", "719");
    apu
}

#[test]
fn an_apu_stands_by_for_its_package_and_takes_its_place_where_that_is_closed() {
    let sysfs = FakeSysfs::new();
    sysfs.zone("intel-rapl:0", "package-0", 1_000_000);
    apu(&sysfs, APU);
    let mut options = options(&sysfs, RYZEN);
    options.gpu = gpu("AMD Radeon 780M Graphics (RADV PHOENIX)", Some(APU), true);
    let id = format!("amdgpu:{APU}");
    let found = discover(&options);
    assert_eq!(parts(&found), ["rapl:package-0", "model:memory"]);
    assert_eq!(why(&found, &id), "rapl:package-0");
    let info = meter(&found, &id).info();
    assert_eq!(info.covers, [Part::processors()]);
    assert_eq!(
        (info.boundary, info.grade),
        (Boundary::CpuPackage, Grade::C)
    );
    assert!(
        info.notes
            .iter()
            .any(|note| note.contains("contains the CPU"))
    );
    let run = Run::start(found);
    let zone = "class/powercap/intel-rapl:0/energy_uj";
    draw(&sysfs, &[(zone, 1_000_000, 20)]);
    std::fs::remove_file(sysfs.root().join(zone)).unwrap();
    let reason = run.wait_for_the_end_of("rapl:package-0");
    assert!(
        reason.ends_with(&format!("{id} has taken its place")),
        "{reason}"
    );
    sleep(Duration::from_millis(400));
    let figures = run.end();
    exactly(figures.energy_j("rapl:package-0"), 20.0);
    exactly(figures.of(&id).mean_power_w().unwrap().value, 21.0);
    let expected = 20.0 + figures.energy_j(&id) + figures.energy_j("model:memory");
    exactly(figures.sum.figure.energy_j.unwrap().value, expected);

    // Closed from the beginning: it is the processors' meter, and nothing of the GPU is added to it.
    sysfs.write(zone, "1\n");
    close(&sysfs, zone);
    let found = discover(&options);
    assert_eq!(parts(&found), [&*id, "model:memory"]);
    assert_eq!(why(&found, "model:cpu"), id);
    assert!(why(&found, "model:gpu").contains("contains it"));
}

#[test]
fn an_apu_answers_for_the_processors_whoever_trains() {
    let sysfs = FakeSysfs::new();
    apu(&sysfs, APU);
    amd_card(&sysfs, CARD);
    let mut options = options(&sysfs, RYZEN);
    let own = format!("amdgpu:{APU}");
    let card = format!("amdgpu:{CARD}");
    let found = discover(&options);
    assert_eq!(parts(&found), [&*own, "model:memory"]);
    assert_eq!(why(&found, &card), "no GPU trains");
    // Two of one maker, no address: the one that is no APU is the card that trains.
    options.gpu = gpu("AMD Radeon RX 7900 XTX (RADV NAVI31)", None, false);
    let found = discover(&options);
    assert_eq!(parts(&found), [&*card, &*own, "model:memory"]);
    let info = meter(&found, &card).info();
    assert!(
        info.notes
            .iter()
            .any(|note| note.contains("only one of its maker"))
    );
    assert_eq!(info.covers, [Part::training_gpu()]);
    options.gpu = gpu("AMD Radeon 780M Graphics (RADV PHOENIX)", None, true);
    let found = discover(&options);
    assert_eq!(parts(&found), [&*own, "model:memory"]);
    options.gpu = gpu("NVIDIA GeForce RTX 4090", None, false);
    let found = discover(&options);
    assert!(why(&found, &card).contains("another one"));
}

#[test]
fn what_may_be_an_apu_is_taken_for_one_and_several_are_not_added() {
    let sysfs = FakeSysfs::new();
    Device::amd(&sysfs, CARD).hwmon("power1_input", "30000000");
    let id = format!("amdgpu:{CARD}");
    let mut options = options(&sysfs, RYZEN);
    let found = discover(&options);
    assert_eq!(parts(&found), [&*id, "model:memory"]);
    let notes = &meter(&found, &id).info().notes;
    assert!(
        notes.iter().any(|note| note.contains("do not tell")),
        "{notes:?}"
    );
    // The graphics driver knows of the card that trains.
    options.gpu = gpu("AMD Radeon R9 Fury", Some(CARD), false);
    let found = discover(&options);
    assert_eq!(parts(&found), [&*id, "model:cpu", "model:memory"]);
    assert_eq!(meter(&found, &id).info().boundary, Boundary::GpuBoard);

    options.gpu = None;
    apu(&sysfs, APU);
    let found = discover(&options);
    assert_eq!(parts(&found), ["model:cpu", "model:memory"]);
    for id in [id, format!("amdgpu:{APU}")] {
        assert_eq!(meter(&found, &id).role, Role::CrossCheck);
    }
}

#[test]
fn a_module_of_processors_gpu_and_memory_has_no_second_meter_of_any() {
    let sysfs = FakeSysfs::new();
    sysfs.zone("intel-rapl:0", "package-0", 1_000_000);
    let module = Device::amd(&sysfs, CARD);
    module
        .file("device", "0x74a0")
        .file("class", "0x120000")
        .hwmon("power1_input", "400000000")
        .hwmon("freq2_input", "1300000000");
    let id = format!("amdgpu:{CARD}");
    let found = discover(&options(&sysfs, "AMD Instinct MI300A Accelerator"));
    // The counter is better, and the module's own power stands by for it.
    assert_eq!(parts(&found), ["rapl:package-0", "model:memory"]);
    assert_eq!(why(&found, &id), "rapl:package-0");
    assert_eq!(meter(&found, &id).info().boundary, Boundary::Soc);
}

#[test]
fn a_card_is_added_to_the_package() {
    let sysfs = FakeSysfs::new();
    sysfs.zone("intel-rapl:0", "package-0", 1_000_000);
    let card = amd_card(&sysfs, CARD);
    let mut options = options(&sysfs, XEON);
    options.gpu = gpu("AMD Radeon RX 7900 XTX", Some(CARD), false);
    let id = format!("amdgpu:{CARD}");
    let found = discover(&options);
    assert_eq!(parts(&found), [&*id, "rapl:package-0", "model:memory"]);
    let info = meter(&found, &id).info().clone();
    assert_eq!((info.kind, info.error), (Kind::Power, ErrorRule::POLLED));
    assert_eq!(info.device, "AMD Radeon RX 7900 XTX");
    assert_eq!(info.covers, [Part::card(CARD.parse().unwrap())]);
    assert_eq!(report(&found, &id).raw.as_deref(), Some("100000000 µW"));
    // The limit that the driver enforces is what the model goes by.
    assert_eq!(meter(&found, "model:gpu").info().max_power_w, 300.0);
    assert_eq!(why(&found, "model:gpu"), id);
    let run = Run::start(found);
    draw(
        &sysfs,
        &[("class/powercap/intel-rapl:0/energy_uj", 1_000_000, 20)],
    );
    let figures = run.end();
    exactly(figures.of(&id).mean_power_w().unwrap().value, 100.0);
    let expected = 20.0 + figures.energy_j(&id) + figures.energy_j("model:memory");
    exactly(figures.sum.figure.energy_j.unwrap().value, expected);

    // With a counter of energy, that goes first, and is exact.
    card.hwmon("energy1_input", "7000000");
    let found = discover(&options);
    let info = meter(&found, &id).info();
    assert_eq!((info.grade, info.error), (Grade::B, ErrorRule::COUNTER));
    let run = Run::start(found);
    draw(&sysfs, &[(&card.path("energy1_input"), 7_000_000, 60)]);
    exactly(run.end().energy_j(&id), 60.0);
}

#[test]
fn a_value_that_stands_for_none_is_no_power() {
    let sysfs = FakeSysfs::new();
    let card = amd_card(&sysfs, CARD);
    let mut options = options(&sysfs, XEON);
    options.gpu = gpu("AMD Radeon RX 7900 XTX", Some(CARD), false);
    let id = format!("amdgpu:{CARD}");
    let mut found = discover(&options);
    let at = found
        .meters
        .iter()
        .position(|meter| meter.info().id == id)
        .unwrap();
    for void in [
        "65535",
        "65535000000",
        "4294967295",
        "16777215255000",
        "18446744073709551615",
    ] {
        set(&sysfs, &card.path("power1_average"), void);
        let said = found.meters[at].read();
        assert!(
            matches!(said, Err(ReadError::Driver { .. })),
            "{void}: {said:?}"
        );
    }
    // Neither in discovery nor in a run does it become energy; the model takes the card's place.
    let other = discover(&options);
    assert_eq!(parts(&other), ["model:cpu", "model:memory", "model:gpu"]);
    assert!(matches!(report(&other, &id).status, Status::Refused { .. }));
    set(&sysfs, &card.path("power1_average"), 100_000_000);
    let run = Run::start(found);
    sleep(Duration::from_millis(300));
    set(&sysfs, &card.path("power1_average"), "65535000000");
    let reason = run.wait_for_the_end_of(&id);
    assert!(reason.contains("model:gpu has taken its place"), "{reason}");
    let figures = run.end();
    exactly(figures.of(&id).mean_power_w().unwrap().value, 100.0);
}

#[test]
fn further_metrics_come_with_their_units_once_a_second() {
    let sysfs = FakeSysfs::new();
    amd_card(&sysfs, CARD);
    let mut options = options(&sysfs, XEON);
    options.gpu = gpu("AMD Radeon RX 7900 XTX", Some(CARD), false);
    let mut found = discover(&options);
    let expected = [
        ("utilization", 87.0, "%"),
        ("temperature", 56.0, "Cel"),
        ("sm_clock", 2400.0, "MHz"),
        ("memory_clock", 1250.0, "MHz"),
        ("power_limit", 300.0, "W"),
    ];
    let extras = found.meters[0].read().unwrap().extras;
    let near = |a: &Extra, b: (&str, f64, &str)| {
        a.metric == b.0 && (a.value - b.1).abs() < 1e-9 && a.unit == b.2
    };
    assert_eq!(extras.len(), expected.len(), "{extras:?}");
    assert!(
        extras.iter().zip(expected).all(|(a, b)| near(a, b)),
        "{extras:?}"
    );
    assert_eq!(found.meters[0].read().unwrap().extras, []);
}

#[test]
fn cards_that_sleep_are_left_asleep_unless_one_is_to_train() {
    let sysfs = FakeSysfs::new();
    let card = amd_card(&sysfs, CARD);
    let arc = Device::intel(&sysfs, "0000:04:00.0", "xe");
    arc.hwmon("energy1_input", "5000000")
        .hwmon("energy1_label", "card");
    let mut options = options(&sysfs, XEON);
    options.every_gpu = true;
    let (amd, xe) = (format!("amdgpu:{CARD}"), "xe:0000:04:00.0");
    let mut found = discover(&options);
    assert_eq!(parts(&found), [&*amd, xe, "model:cpu", "model:memory"]);
    card.falls_asleep();
    arc.falls_asleep();
    // In the middle of watching: not woken, and missing rather than 0 W.
    for meter in &mut found.meters {
        if [xe, &amd].contains(&&*meter.info().id) {
            assert!(matches!(meter.read(), Err(ReadError::Asleep)));
        }
    }
    let found = discover(&options);
    assert_eq!(parts(&found), ["model:cpu", "model:memory"]);
    assert!(why(&found, &amd).contains("sleeps") && why(&found, xe).contains("sleeps"));
    options.gpu = gpu("AMD Radeon RX 7900 XTX", Some(CARD), false);
    let mut found = discover(&options);
    assert_eq!(parts(&found)[0], amd);
    assert!(found.meters[0].read().is_ok());
}

#[test]
fn an_arc_card_on_xe_is_read_as_a_whole() {
    let sysfs = FakeSysfs::new();
    let arc = Device::intel(&sysfs, CARD, "xe");
    // Labels win over the order.
    arc.hwmon("energy1_input", "1000000")
        .hwmon("energy1_label", "pkg")
        .hwmon("energy2_input", "3000000")
        .hwmon("energy2_label", "card")
        .hwmon("temp2_input", "48000")
        .file("tile0/gt0/freq0/act_freq", "2050");
    let mut options = options(&sysfs, XEON);
    options.gpu = gpu(
        "Intel(R) Arc(tm) B580 Graphics (BMG G21)",
        Some(CARD),
        false,
    );
    let (card, chip) = (format!("xe:{CARD}"), format!("xe:{CARD}:package"));
    let mut found = discover(&options);
    assert_eq!(parts(&found), [&*card, "model:cpu", "model:memory"]);
    assert!(why(&found, &chip).contains("contains it already"));
    assert_eq!(why(&found, "model:gpu"), card);
    let info = meter(&found, &card).info().clone();
    assert_eq!((info.grade, info.boundary), (Grade::B, Boundary::GpuBoard));
    let Kind::Counter {
        wrap_counts,
        joules_per_count,
    } = info.kind
    else {
        panic!("a counter")
    };
    // 32 bits of 2^-14 J.
    assert_eq!(
        (wrap_counts, joules_per_count),
        (Some(262_144_000_000), 1e-6)
    );
    let extras = found.meters[0].read().unwrap().extras;
    assert_eq!(
        extras,
        [
            Extra::new("temperature", 48.0, "Cel"),
            Extra::new("sm_clock", 2050.0, "MHz")
        ]
    );
    let run = Run::start(found);
    draw(
        &sysfs,
        &[
            (&arc.path("energy2_input"), 3_000_000, 70),
            (&arc.path("energy1_input"), 1_000_000, 50),
        ],
    );
    let figures = run.end();
    exactly(figures.energy_j(&card), 70.0);
    let models = figures.energy_j("model:cpu") + figures.energy_j("model:memory");
    exactly(figures.sum.figure.energy_j.unwrap().value, 70.0 + models);
}

#[test]
fn a_fall_that_no_register_makes_is_no_energy() {
    let sysfs = FakeSysfs::new();
    let arc = Device::intel(&sysfs, CARD, "i915");
    arc.hwmon("energy1_input", "22000000000000");
    let mut options = options(&sysfs, XEON);
    options.gpu = gpu("Intel(R) Arc(tm) A770 Graphics (DG2)", None, false);
    let id = format!("i915:{CARD}");
    let file = arc.path("energy1_input");
    let run_through = |from_uj: u64, to_uj: u64| {
        set(&sysfs, &file, from_uj);
        let run = Run::start(discover(&options));
        draw(&sysfs, &[(&file, from_uj, 20)]);
        set(&sysfs, &file, to_uj);
        sleep(Duration::from_millis(200));
        draw(&sysfs, &[(&file, to_uj, 10)]);
        run.end().of(&id).clone()
    };
    // 22 MJ to 200 J: a driver that was loaded anew.
    let reset = run_through(22_000_000_000_000, 200_000_000);
    exactly(reset.energy_j.unwrap().value, 30.0);
    assert!(reset.coverage() < 1.0);
    // The bare register goes round.
    let wrapped = run_through(262_144_000_000 - 25_000_000, 3_000_000);
    exactly(wrapped.energy_j.unwrap().value, 20.0 + 5.0 + 3.0 + 10.0);
    exactly(wrapped.covered_s, wrapped.window_s);
}

#[test]
fn a_card_whose_chip_alone_is_metered_says_so() {
    let sysfs = FakeSysfs::new();
    Device::intel(&sysfs, CARD, "xe")
        .hwmon("energy2_input", "1000000")
        .hwmon("energy2_label", "pkg");
    let mut options = options(&sysfs, XEON);
    options.gpu = gpu("Intel(R) Arc(tm) A770 Graphics (DG2)", Some(CARD), false);
    let id = format!("xe:{CARD}:package");
    let found = discover(&options);
    assert_eq!(parts(&found), [&*id, "model:cpu", "model:memory"]);
    let info = meter(&found, &id).info();
    assert_eq!(
        info.covers,
        [Part::card(CARD.parse().unwrap()).inside("package")]
    );
    assert!(
        info.notes
            .iter()
            .any(|note| note.contains("the chip alone"))
    );
    // The model covers no less, so that it can follow.
    assert_eq!(why(&found, "model:gpu"), id);
}

#[test]
fn intel_cards_without_energy_say_why() {
    let sysfs = FakeSysfs::new();
    Device::new(&sysfs, "0000:00:02.0", "0x8086", "0x3ea0");
    Device::new(&sysfs, CARD, "0x8086", "0x56a0");
    Device::intel(&sysfs, "0000:04:00.0", "i915");
    let mut options = options(&sysfs, XEON);
    options.every_gpu = true;
    let found = discover(&options);
    assert_eq!(parts(&found), ["model:cpu", "model:memory"]);
    assert!(why(&found, "intel:0000:00:02.0").contains("uncore"));
    assert!(why(&found, &format!("intel:{CARD}")).contains("no i915 or xe driver"));
    assert!(why(&found, "i915:0000:04:00.0").contains("publishes no energy"));
    options.gpu = gpu("Intel(R) UHD Graphics 620", None, true);
    options.every_gpu = false;
    let found = discover(&options);
    assert!(why(&found, "i915:0000:04:00.0").contains("not the GPU that trains"));
}

#[test]
fn a_card_in_a_run_tells_its_samples() {
    let sysfs = FakeSysfs::new();
    amd_card(&sysfs, CARD);
    let mut options = options(&sysfs, XEON);
    options.gpu = gpu("AMD Radeon RX 7900 XTX", Some(CARD), false);
    let found = discover(&options);
    let rate = SamplerOptions { rate_hz: 20.0 };
    let (sampler, samples) = Sampler::start(found.meters, Clock::new(), rate).unwrap();
    sleep(Duration::from_millis(1500));
    sampler.stop();
    let told: Vec<_> = samples
        .iter()
        .flatten()
        .filter(|sample| sample.meter == 0)
        .collect();
    let of = |metric: &str| told.iter().filter(|sample| sample.metric == metric).count();
    assert!(of("power") > 5, "{}", of("power"));
    assert!(
        (1..=2).contains(&of("power_limit")),
        "{}",
        of("power_limit")
    );
}
