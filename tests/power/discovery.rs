use std::{path::Path, sync::Arc, thread::sleep, time::Duration};

use joulelab::{
    power::{
        Clock, Discovery, ErrorRule, Kind, Options, Parameters, Sampler, SamplerOptions,
        SourceReport, Status, TrainingGpu, UDEV_RULE, access_refusal, discover, shape,
    },
    units::{Boundary, Grade},
};

use super::{fake_nvml::FakeNvml, fake_sysfs::FakeSysfs};

const CPU: &str = "AMD Ryzen 9 5950X 16-Core Processor";
const CARD: &str = "[card]\nname = NVIDIA GeForce RTX 3080\npci = 00000000:0A:00.0\n";

/// Makes a zone's counter unreadable for everybody, root included: a folder takes its place.
fn break_counter(sysfs: &FakeSysfs, zone: &str) {
    let path = sysfs
        .root()
        .join(format!("class/powercap/{zone}/energy_uj"));
    std::fs::remove_file(&path).expect("the counter was there");
    std::fs::create_dir(&path).expect("a folder in its place");
}

/// An NVIDIA display device with its power state, `active` or `suspended`.
fn nvidia_card(sysfs: &FakeSysfs, address: &str, runtime_status: &str) {
    let folder = format!("bus/pci/devices/{address}");
    sysfs
        .write(&format!("{folder}/vendor"), "0x10de\n")
        .write(&format!("{folder}/class"), "0x030000\n")
        .write(
            &format!("{folder}/power/runtime_status"),
            &format!("{runtime_status}\n"),
        );
}

/// Options that touch nothing of the machine that runs the test.
fn options(sysfs: &FakeSysfs, nvml: Option<&FakeNvml>) -> Options {
    Options {
        sysfs_root: sysfs.root().to_owned(),
        nvml_library: Some(nvml.map_or("/nowhere/libnvidia-ml.so".into(), FakeNvml::path)),
        cpu_name: Some(CPU.to_owned()),
        cpu_load: Some(Arc::new(|| Some(0.5))),
        ..Options::default()
    }
}

fn gpu(name: &str, pci: Option<&str>) -> Option<TrainingGpu> {
    Some(TrainingGpu {
        name: name.to_owned(),
        integrated: false,
        pci: pci.map(|pci| pci.parse().expect("an address")),
        busy: Arc::new(|| Some(1.0)),
        work: None,
    })
}

/// The meters that add up, but for that of the memory's size, which stands in wherever no counter of it is read.
fn used(discovery: &Discovery) -> Vec<&str> {
    let meters = discovery.parts();
    let ids = meters.map(|meter| meter.info().id.as_str());
    ids.filter(|id| *id != "model:memory").collect()
}

fn report<'a>(discovery: &'a Discovery, id: &str) -> &'a SourceReport {
    let found = discovery.report.iter().find(|report| report.id == id);
    found.unwrap_or_else(|| panic!("no {id} in {:#?}", discovery.report))
}

fn why(report: &SourceReport) -> &str {
    match &report.status {
        Status::Used => "used",
        Status::CrossCheck => "cross-check",
        Status::StandBy { of } => of,
        Status::Available { reason } | Status::Refused { reason, .. } => reason,
    }
}

fn two_packages() -> FakeSysfs {
    let sysfs = FakeSysfs::new();
    sysfs
        .write("class/powercap/intel-rapl/enabled", "1\n")
        .zone("intel-rapl:0", "package-0", 1_000_000)
        .zone("intel-rapl:0:0", "core", 500_000)
        .zone("intel-rapl:0:1", "uncore", 100_000)
        .zone("intel-rapl:0:2", "dram", 300_000)
        .zone("intel-rapl:1", "package-1", 1_000_000)
        .zone("intel-rapl:1:0", "dram", 300_000)
        .zone("intel-rapl:2", "psys", 9_000_000)
        .zone("intel-rapl-mmio:0", "package-0", 1_000_000);
    sysfs
}

#[test]
fn packages_and_dram_are_used_once_and_nothing_nested() {
    let found = discover(&options(&two_packages(), None));
    assert_eq!(
        used(&found),
        [
            "rapl:package-0",
            "rapl:package-0:dram",
            "rapl:package-1",
            "rapl:package-1:dram"
        ]
    );
    for (id, reason) in [
        ("rapl:package-0:core", "core is contained in package-0"),
        ("rapl:package-0:uncore", "uncore is contained in package-0"),
        ("model:gpu", "training runs on the processor"),
        ("rapl:psys", "cross-check"),
        ("rapl:package-0 (intel-rapl-mmio)", "rapl:package-0"),
        ("model:cpu", "rapl:package-0"),
        ("model:memory", "rapl:package-0:dram"),
    ] {
        let report = report(&found, id);
        assert_ne!(report.status, Status::Used, "{report:?}");
        assert!(why(report).contains(reason), "{report:?}");
    }
    let dram = report(&found, "rapl:package-1:dram");
    assert_eq!((dram.boundary, dram.grade), (Boundary::Dram, Grade::B));
    assert_eq!(dram.raw.as_deref(), Some("300000 µJ"));
    let json = serde_json::to_string(&found.report).unwrap();
    assert_eq!(
        serde_json::from_str::<Vec<SourceReport>>(&json).unwrap(),
        found.report
    );
}

#[test]
fn a_package_that_is_shown_twice_counts_once() {
    let sysfs = FakeSysfs::new();
    sysfs
        .zone("intel-rapl:0", "package-0-die-0", 123_456_789)
        .zone("intel-rapl:1", "package-0-die-1", 123_456_789)
        .zone("intel-rapl:2", "package-1-die-0", 987_654_321)
        .zone("intel-rapl:3", "package-1-die-1", 555_555_555);
    let found = discover(&options(&sysfs, None));
    assert_eq!(
        used(&found),
        [
            "rapl:package-0-die-0",
            "rapl:package-1-die-0",
            "rapl:package-1-die-1"
        ]
    );
    assert!(why(report(&found, "rapl:package-0-die-1")).contains("shown twice"));
}

#[test]
fn an_unreadable_counter_is_refused_and_its_mirror_or_the_model_steps_in() {
    let sysfs = two_packages();
    break_counter(&sysfs, "intel-rapl:0");
    let found = discover(&options(&sysfs, None));
    assert!(
        used(&found).contains(&"rapl:package-0"),
        "the mirror is used"
    );
    let refused = found.report.iter().any(|report| {
        report.id == "rapl:package-0" && matches!(report.status, Status::Refused { .. })
    });
    assert!(refused, "{:#?}", found.report);

    let sysfs = FakeSysfs::new();
    sysfs.zone("intel-rapl:0", "package-0", 1);
    break_counter(&sysfs, "intel-rapl:0");
    assert_eq!(used(&discover(&options(&sysfs, None))), ["model:cpu"]);
    sysfs.zone("intel-rapl:1", "package-1", 1);
    sysfs.write("class/powercap/intel-rapl:1/energy_uj", "n/a\n");
    let found = discover(&options(&sysfs, None));
    assert!(why(report(&found, "rapl:package-1")).contains("`n/a`"));
}

#[test]
fn a_counter_closed_to_users_comes_with_an_opt_in_rule() {
    let path = Path::new("/sys/class/powercap/intel-rapl:0/energy_uj");
    let refusal = access_refusal(std::io::ErrorKind::PermissionDenied, path);
    assert!(refusal.reason.contains("CVE-2020-8694"));
    assert!(refusal.reason.ends_with("energy_uj"));
    assert!(refusal.remedy.unwrap().contains(UDEV_RULE));
    assert!(UDEV_RULE.contains("RUN+=") && !UDEV_RULE.contains("MODE="));
    let other = access_refusal(std::io::ErrorKind::NotFound, path);
    assert_eq!(other.remedy, None);
}

#[test]
fn a_virtual_machine_is_told_so_and_the_model_takes_all_sockets() {
    let sysfs = FakeSysfs::new();
    sysfs
        .write("class/dmi/id/sys_vendor", "QEMU\n")
        .write(
            "devices/system/cpu/cpu0/topology/physical_package_id",
            "0\n",
        )
        .write(
            "devices/system/cpu/cpu1/topology/physical_package_id",
            "1\n",
        );
    let mut found = discover(&options(&sysfs, None));
    assert!(why(report(&found, "rapl")).contains("virtual machine (QEMU)"));
    assert_eq!(used(&found), ["model:cpu"]);
    let info = found.meters[0].info();
    assert_eq!(
        (info.grade, info.error),
        (Grade::E, ErrorRule::DESIGN_POWER)
    );
    assert!(
        info.notes[0].contains("210 W (2 × 105 W"),
        "{:?}",
        info.notes
    );
    let reading = found.meters[0].read().unwrap();
    let idle_w = 0.15 * 210.0;
    let expected_w = idle_w + (210.0 - idle_w) * (1.0 - 0.5_f64.powf(1.4));
    let joulelab::power::Level::Watts(watts) = reading.level else {
        panic!("a model gives power")
    };
    assert!((watts - expected_w).abs() < 1e-9);
}

#[test]
fn a_models_grade_says_how_its_points_are_known() {
    let table = || Some((100.0, "table".to_owned()));
    let guess = || (60.0, "guess".to_owned());
    let grade = |full, idle, known| {
        let parameters = Parameters::choose(full, idle, known, guess());
        (parameters.grade, parameters.full_w, parameters.idle_w)
    };
    assert_eq!(
        grade(Some(80.0), Some(10.0), table()),
        (Grade::D, 80.0, 10.0)
    );
    assert_eq!(grade(Some(80.0), None, table()), (Grade::E, 80.0, 12.0));
    assert_eq!(grade(None, Some(20.0), table()), (Grade::E, 100.0, 20.0));
    assert_eq!(grade(None, None, None), (Grade::F, 60.0, 9.0));
    assert_eq!(
        grade(Some(f64::NAN), Some(-1.0), table()),
        (Grade::E, 100.0, 15.0)
    );
    assert_eq!(grade(Some(50.0), Some(70.0), None), (Grade::D, 50.0, 50.0));
    assert_eq!(
        (shape(-1.0), shape(0.0), shape(1.0), shape(7.0)),
        (0.0, 0.0, 1.0, 1.0)
    );
}

#[test]
fn the_card_that_trains_is_matched_by_pci_address_and_counts() {
    let script = format!(
        "driver = 535.1\n[card]\nname = NVIDIA T4\npci = 00000000:01:00.0\n{CARD}watts = 150\nrefresh_ms = 20\n"
    );
    let nvml = FakeNvml::new(&script);
    let sysfs = two_packages();
    let mut options = options(&sysfs, Some(&nvml));
    options.gpu = gpu("NVIDIA GeForce RTX 3080", Some("0000:0a:00.0"));
    let found = discover(&options);
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
    let refresh_s = info.refresh_s.expect("a refresh period");
    assert!((0.015..0.1).contains(&refresh_s), "{refresh_s}");
    assert_eq!(info.notes, ["driver 535.1"]);
    assert!(why(report(&found, "nvml:0")).contains("not the GPU that trains"));
    let of = "nvml:1".to_owned();
    assert_eq!(report(&found, "model:gpu").status, Status::StandBy { of });

    let (sampler, samples) =
        Sampler::start(found.meters, Clock::new(), SamplerOptions { rate_hz: 20.0 }).unwrap();
    let window = sampler.open_window("train").unwrap();
    sleep(Duration::from_millis(1500));
    let figures = sampler.close_window(window).unwrap();
    let energy = figures[0].energy_j.unwrap();
    assert!(energy.covers(150.0 * figures[0].window_s), "{figures:?}");
    assert!((energy.value / figures[0].window_s - 150.0).abs() < 15.0);
    // The package counters stand still in this tree: missing, not 0 J.
    assert_eq!(figures[1].energy_j, None);
    sampler.stop();
    let seen: Vec<_> = samples
        .iter()
        .flatten()
        .filter(|sample| sample.meter == 0)
        .collect();
    for (metric, unit, value) in [("utilization", "%", 87.0), ("temperature", "Cel", 61.0)] {
        let sample = seen
            .iter()
            .find(|sample| sample.metric == metric)
            .expect(metric);
        assert_eq!((sample.value, &*sample.unit), (value, unit));
    }
}

#[test]
fn polled_power_where_there_is_no_counter() {
    let script = "[card]\nname = NVIDIA GeForce GTX 1080\ncounter = no\nwatts = 90\n";
    let nvml = FakeNvml::new(script);
    let sysfs = FakeSysfs::new();
    let mut options = options(&sysfs, Some(&nvml));
    options.gpu = gpu("NVIDIA GeForce GTX 1080", None);
    let found = discover(&options);
    let info = found.meters[0].info();
    assert_eq!((info.id.as_str(), info.grade), ("nvml:0", Grade::C));
    assert_eq!((info.kind, info.error), (Kind::Power, ErrorRule::POLLED));
    assert!(
        info.notes.iter().any(|note| note.contains("by its name")),
        "{:?}",
        info.notes
    );
    assert_eq!(report(&found, "nvml:0").raw.as_deref(), Some("90000 mW"));

    nvml.rewrite("[card]\nname = NVIDIA A100-SXM4-40GB\ncounter = no\n");
    sleep(Duration::from_millis(100));
    options.gpu = gpu("NVIDIA A100-SXM4-40GB", Some("01:00.0"));
    let found = discover(&options);
    assert_eq!(found.meters[0].info().error, ErrorRule::POLLED_PART_TIME);
}

#[test]
fn an_ambiguous_match_attributes_nothing() {
    let nvml = FakeNvml::new(&format!("{CARD}{}", CARD.replace("0A", "0B")));
    let sysfs = FakeSysfs::new();
    let mut options = options(&sysfs, Some(&nvml));
    options.gpu = gpu("NVIDIA GeForce RTX 3080", None);
    let found = discover(&options);
    assert_eq!(used(&found), ["model:cpu", "model:gpu"]);
    for id in ["nvml:0", "nvml:1"] {
        assert!(why(report(&found, id)).contains("attributed to none"));
    }
    options.gpu = gpu("NVIDIA GeForce RTX 3080", Some("0000:0c:00.0"));
    let other = discover(&options);
    assert!(why(report(&other, "nvml:0")).contains("sits at 0000:0c:00.0, and this is not it"));
    let model = found.parts().last().unwrap().info();
    assert!(model.notes[1].contains("upper bound"));
}

#[test]
fn cards_without_a_reading_are_refused_and_the_enforced_limit_feeds_the_model() {
    let refused = [
        (
            "counter = no\npower = no\nlimit_watts = 80\n",
            "neither energy counter",
            80.0,
        ),
        ("mig = yes\n", "MIG", 320.0),
        ("fail = yes\n", "neither energy counter", 320.0),
    ];
    for (lines, reason, board_w) in refused {
        let nvml = FakeNvml::new(&format!("{CARD}{lines}"));
        let sysfs = FakeSysfs::new();
        let mut options = options(&sysfs, Some(&nvml));
        options.gpu = gpu("NVIDIA GeForce RTX 3080", Some("0000:0a:00.0"));
        let found = discover(&options);
        assert_eq!(used(&found), ["model:cpu", "model:gpu"], "{lines}");
        let report = report(&found, "nvml:0");
        assert!(matches!(report.status, Status::Refused { .. }));
        assert!(
            why(report).contains(reason) || lines.contains("fail"),
            "{report:?}"
        );
        assert_eq!(
            found.parts().last().unwrap().info().max_power_w,
            board_w,
            "{lines}"
        );
    }
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
}

#[test]
fn counter_and_power_that_disagree_are_flagged() {
    let nvml = FakeNvml::new(&format!("{CARD}watts = 17\nreported_watts = 10\n"));
    let sysfs = FakeSysfs::new();
    let mut options = options(&sysfs, Some(&nvml));
    options.gpu = gpu("NVIDIA GeForce RTX 3080", Some("0000:0a:00.0"));
    let found = discover(&options);
    let notes = &found.meters[0].info().notes;
    assert!(
        notes.iter().any(|note| note.contains("disagree")),
        "{notes:?}"
    );
}

#[test]
fn a_library_that_is_missing_or_without_driver_says_how_to_mend_that() {
    let sysfs = FakeSysfs::new();
    let found = discover(&options(&sysfs, None));
    assert!(why(report(&found, "nvml")).contains("not there"));
    let nvml = FakeNvml::new("init = no\n");
    let found = discover(&options(&sysfs, Some(&nvml)));
    let Status::Refused { reason, remedy } = &report(&found, "nvml").status else {
        panic!("refused")
    };
    assert!(reason.contains("not loaded") && remedy.is_some());
}

#[test]
fn sleeping_cards_are_left_asleep_unless_one_is_to_train() {
    let nvml = FakeNvml::new(CARD);
    let sysfs = FakeSysfs::new();
    nvidia_card(&sysfs, "0000:0a:00.0", "suspended");
    let mut options = options(&sysfs, Some(&nvml));
    let found = discover(&options);
    assert!(why(report(&found, "nvml")).contains("sleeps"));
    options.gpu = gpu("NVIDIA GeForce RTX 3080", Some("0000:0a:00.0"));
    assert_eq!(used(&discover(&options))[0], "nvml:0");
    options.gpu = None;
    nvidia_card(&sysfs, "0000:0a:00.0", "active");
    assert!(why(report(&discover(&options), "nvml:0")).contains("no GPU trains"));
}

#[test]
fn an_integrated_gpu_is_not_counted_beside_its_package() {
    let sysfs = two_packages();
    let mut options = options(&sysfs, None);
    options.gpu = gpu("Intel(R) UHD Graphics 620", None).map(|gpu| TrainingGpu {
        integrated: true,
        ..gpu
    });
    let found = discover(&options);
    assert!(!used(&found).contains(&"model:gpu"));
    assert!(why(report(&found, "model:gpu")).contains("contains it"));
}
