use std::{path::Path, sync::Arc};

use joulelab::{
    power::{
        Discovery, ErrorRule, Options, Parameters, SourceReport, Status, TrainingGpu, UDEV_RULE,
        access_refusal, discover, shape,
    },
    units::{Boundary, Grade},
};

use super::{fake_nvml::FakeNvml, fake_sysfs::FakeSysfs};

const CPU: &str = "AMD Ryzen 9 5950X 16-Core Processor";

/// Makes a zone's counter unreadable for everybody, root included: a folder takes its place.
fn break_counter(sysfs: &FakeSysfs, zone: &str) {
    let path = sysfs
        .root()
        .join(format!("class/powercap/{zone}/energy_uj"));
    std::fs::remove_file(&path).expect("the counter was there");
    std::fs::create_dir(&path).expect("a folder in its place");
}

/// Options that touch nothing of the machine that runs the test.
pub(super) fn options(sysfs: &FakeSysfs, nvml: Option<&FakeNvml>) -> Options {
    Options {
        sysfs_root: sysfs.root().to_owned(),
        nvml_library: Some(nvml.map_or("/nowhere/libnvidia-ml.so".into(), FakeNvml::path)),
        cpu_name: Some(CPU.to_owned()),
        cpu_load: Some(Arc::new(|| Some(0.5))),
        ..Options::default()
    }
}

pub(super) fn gpu(name: &str, pci: Option<&str>) -> Option<TrainingGpu> {
    Some(TrainingGpu {
        name: name.to_owned(),
        integrated: false,
        pci: pci.map(|pci| pci.parse().expect("an address")),
        busy: Arc::new(|| Some(1.0)),
        work: None,
    })
}

/// The meters that add up, but for that of the memory's size, which stands in wherever no counter of it is read.
pub(super) fn used(discovery: &Discovery) -> Vec<&str> {
    let meters = discovery.parts();
    let ids = meters.map(|meter| meter.info().id.as_str());
    ids.filter(|id| *id != "model:memory").collect()
}

pub(super) fn report<'a>(discovery: &'a Discovery, id: &str) -> &'a SourceReport {
    let found = discovery.report.iter().find(|report| report.id == id);
    found.unwrap_or_else(|| panic!("no {id} in {:#?}", discovery.report))
}

pub(super) fn why(report: &SourceReport) -> &str {
    match &report.status {
        Status::Used => "used",
        Status::CrossCheck => "cross-check",
        Status::StandBy { of } => of,
        Status::Available { reason } | Status::Refused { reason, .. } => reason,
    }
}

pub(super) fn two_packages() -> FakeSysfs {
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
