//! RAPL under powercap: who is read, who stands by, who is missed, and energies to the digit while a test moves the files
//! of a tree of its own.

use std::{fs, thread::sleep, time::Duration};

use joulelab::{
    power::{Discovery, ErrorRule, Kind, Part, Role, Status, discover},
    units::{Boundary, Grade},
};

use super::{
    fake_sysfs::FakeSysfs,
    linux_support::{Run, XEON, close, draw, exactly, meter, options, parts, report, set, why},
};

const OLD_LAPTOP: &str = "Intel(R) Core(TM) i7-8550U CPU @ 1.80GHz";

/// What an identifier's place in the account says: who answers for which part.
fn answers(discovery: &Discovery) -> Vec<(String, Option<&str>)> {
    let lines = discovery.account.iter();
    lines
        .map(|line| {
            let names: Vec<String> = line.covers.iter().map(ToString::to_string).collect();
            (names.join(" "), line.meter.as_deref())
        })
        .collect()
}

fn set_zone(sysfs: &FakeSysfs, zone: &str, energy_uj: u64) {
    set(
        sysfs,
        &format!("class/powercap/{zone}/energy_uj"),
        energy_uj,
    );
}

/// Logical processors and the packages they are of.
fn topology(sysfs: &FakeSysfs, packages: &[u32]) {
    for (cpu, package) in packages.iter().enumerate() {
        let file = format!("devices/system/cpu/cpu{cpu}/topology/physical_package_id");
        sysfs.write(&file, &format!("{package}\n"));
    }
}

fn zone_file(zone: &str) -> String {
    format!("class/powercap/{zone}/energy_uj")
}

fn laptop() -> FakeSysfs {
    let sysfs = FakeSysfs::new();
    topology(&sysfs, &[0, 0]);
    sysfs
        .zone("intel-rapl:0", "package-0", 1_000_000)
        .zone("intel-rapl:0:0", "core", 500_000)
        .zone("intel-rapl:0:1", "uncore", 100_000)
        .zone("intel-rapl:0:2", "dram", 300_000)
        .zone("intel-rapl:1", "psys", 9_000_000);
    sysfs
}

fn server() -> FakeSysfs {
    let sysfs = FakeSysfs::new();
    topology(&sysfs, &[0, 1, 0, 1]);
    sysfs
        .zone("intel-rapl:0", "package-0", 1_000_000)
        .zone("intel-rapl:0:0", "dram", 2_000_000)
        .zone("intel-rapl:1", "package-1", 3_000_000)
        .zone("intel-rapl:1:0", "dram", 4_000_000)
        .zone("intel-rapl-mmio:0", "package-0", 1_000_000)
        .zone("intel-rapl-mmio:1", "package-1", 3_000_000);
    sysfs
}

#[test]
fn one_package_with_memory_and_platform() {
    let sysfs = laptop();
    let found = discover(&options(&sysfs, OLD_LAPTOP));
    assert_eq!(parts(&found), ["rapl:package-0", "rapl:package-0:dram"]);
    assert_eq!(
        why(&found, "rapl:package-0:core"),
        "core is contained in package-0"
    );
    assert_eq!(
        why(&found, "rapl:package-0:uncore"),
        "uncore is contained in package-0"
    );
    assert_eq!(why(&found, "model:cpu"), "rapl:package-0");
    assert_eq!(why(&found, "model:memory"), "rapl:package-0:dram");
    let psys = meter(&found, "rapl:psys").info();
    assert_eq!(meter(&found, "rapl:psys").role, Role::CrossCheck);
    assert_eq!(
        (psys.boundary, psys.covers.clone()),
        (Boundary::System, vec![Part::machine()])
    );
    assert_eq!(psys.error, ErrorRule::Relative { fraction: 0.25 });
    assert!(
        psys.notes
            .iter()
            .any(|note| note.contains("Skylake to Coffee Lake"))
    );
    let package = meter(&found, "rapl:package-0").info();
    assert!(
        !package.notes.iter().any(|note| note.contains("memory")),
        "{package:?}"
    );

    let run = Run::start(found);
    let counters = [
        (&*zone_file("intel-rapl:0"), 1_000_000, 30),
        (&*zone_file("intel-rapl:0:0"), 500_000, 20),
        (&*zone_file("intel-rapl:0:2"), 300_000, 5),
        (&*zone_file("intel-rapl:1"), 9_000_000, 60),
    ];
    draw(&sysfs, &counters);
    let figures = run.end();
    exactly(figures.energy_j("rapl:package-0"), 30.0);
    exactly(figures.energy_j("rapl:package-0:dram"), 5.0);
    exactly(figures.energy_j("rapl:psys"), 60.0);
    exactly(figures.sum.figure.energy_j.unwrap().value, 35.0);
    assert_eq!(figures.sum.left_out.len(), 1, "{:?}", figures.sum.left_out);
    assert_eq!(figures.sum.left_out[0].0, "rapl:psys");
    assert_eq!(figures.sum.missing, Vec::<String>::new());
}

#[test]
fn what_is_said_of_platform_memory_and_range_fits_the_processor() {
    let sysfs = FakeSysfs::new();
    sysfs
        .zone("intel-rapl:0", "package-0", 1)
        .zone("intel-rapl:1", "psys", 1)
        .zone("intel-rapl:2", "psys", 1)
        .write(
            "class/powercap/intel-rapl:0/max_energy_range_uj",
            "20000000000\n",
        );
    let notes = |cpu: &str, id: &str| {
        let found = discover(&options(&sysfs, cpu));
        meter(&found, id).info().notes.join("; ")
    };
    for new in [
        "12th Gen Intel(R) Core(TM) i7-12700K",
        "Intel(R) Core(TM) i7-10510U CPU",
        XEON,
    ] {
        assert!(!notes(new, "rapl:psys").contains("unreliable"), "{new}");
        assert!(notes(new, "rapl:psys").contains("maker of the machine"));
    }
    assert!(notes(OLD_LAPTOP, "rapl:package-0").contains("modelled by its size"));
    let amd = notes("AMD EPYC 7543 32-Core Processor", "rapl:package-0");
    assert!(amd.contains("AMD publishes package and core only"), "{amd}");
    assert!(amd.contains("goes round in 20.0 s"), "{amd}");
    // Two meters never have one name.
    let found = discover(&options(&sysfs, XEON));
    assert_eq!(why(&found, "rapl:psys (intel-rapl)"), "cross-check");
}

#[test]
fn two_packages_with_mirrors_and_one_that_is_taken_away() {
    let sysfs = server();
    let found = discover(&options(&sysfs, XEON));
    let expected = [
        "rapl:package-0",
        "rapl:package-0:dram",
        "rapl:package-1",
        "rapl:package-1:dram",
    ];
    assert_eq!(parts(&found), expected);
    for package in ["package-0", "package-1"] {
        let of = format!("rapl:{package}");
        assert_eq!(why(&found, &format!("{of} (intel-rapl-mmio)")), of);
        assert_eq!(why(&found, &format!("model:cpu:{package}")), of);
    }
    let run = Run::start(found);
    let mut counters = vec![
        (zone_file("intel-rapl:0"), 1_000_000, 40),
        (zone_file("intel-rapl:0:0"), 2_000_000, 3),
        (zone_file("intel-rapl:1"), 3_000_000, 50),
        (zone_file("intel-rapl:1:0"), 4_000_000, 4),
        (zone_file("intel-rapl-mmio:0"), 1_000_000, 40),
        (zone_file("intel-rapl-mmio:1"), 3_000_000, 50),
    ];
    let draw = |counters: &[(String, u64, u64)]| {
        let counters: Vec<(&str, u64, u64)> = counters
            .iter()
            .map(|(file, from, j)| (&**file, *from, *j))
            .collect();
        super::linux_support::draw(&sysfs, &counters);
    };
    draw(&counters);
    fs::remove_file(sysfs.root().join(zone_file("intel-rapl:1"))).unwrap();
    let reason = run.wait_for_the_end_of("rapl:package-1");
    assert!(
        reason.ends_with("rapl:package-1 (intel-rapl-mmio) has taken its place"),
        "{reason}"
    );
    counters.remove(2);
    for (_, from_uj, joules) in &mut counters {
        *from_uj += *joules * 1_000_000;
    }
    draw(&counters);
    let figures = run.end();
    exactly(figures.energy_j("rapl:package-0"), 80.0);
    exactly(figures.energy_j("rapl:package-1"), 50.0);
    exactly(figures.energy_j("rapl:package-1 (intel-rapl-mmio)"), 50.0);
    exactly(figures.sensors_j(), 80.0 + 6.0 + 100.0 + 8.0);
    exactly(figures.sum.figure.energy_j.unwrap().value, 194.0);
    assert!(figures.of("rapl:package-1").coverage() < 0.8);
}

#[test]
fn a_zone_without_a_mirror_is_followed_by_the_model_of_its_package_alone() {
    let sysfs = FakeSysfs::new();
    sysfs
        .zone("intel-rapl:0", "package-0", 1_000_000)
        .zone("intel-rapl:1", "package-1", 3_000_000);
    let mut options = options(&sysfs, XEON);
    options.cpu_tdp_w = Some(400.0);
    options.cpu_idle_w = Some(400.0);
    let run = Run::start(discover(&options));
    let (one, other) = (zone_file("intel-rapl:0"), zone_file("intel-rapl:1"));
    draw(&sysfs, &[(&*one, 1_000_000, 20), (&*other, 3_000_000, 30)]);
    fs::remove_dir_all(sysfs.root().join("class/powercap/intel-rapl:1")).unwrap();
    let reason = run.wait_for_the_end_of("rapl:package-1");
    assert!(
        reason.ends_with("model:cpu:package-1 has taken its place"),
        "{reason}"
    );
    draw(&sysfs, &[(&*one, 21_000_000, 20)]);
    let figures = run.end();
    exactly(figures.energy_j("rapl:package-0"), 40.0);
    exactly(figures.energy_j("rapl:package-1"), 30.0);
    // Half of the 400 W that were given for all processors.
    let model = figures.of("model:cpu:package-1");
    exactly(model.mean_power_w().unwrap().value, 200.0);
    let models = figures.energy_j("model:cpu:package-1") + figures.energy_j("model:memory");
    exactly(figures.sum.figure.energy_j.unwrap().value, 70.0 + models);
}

#[test]
fn the_only_package_is_followed_by_the_model_of_all_processors() {
    let sysfs = laptop();
    let run = Run::start(discover(&options(&sysfs, OLD_LAPTOP)));
    let package = zone_file("intel-rapl:0");
    let memory = zone_file("intel-rapl:0:2");
    draw(
        &sysfs,
        &[(&*package, 1_000_000, 10), (&*memory, 300_000, 2)],
    );
    fs::remove_file(sysfs.root().join(&package)).unwrap();
    let reason = run.wait_for_the_end_of("rapl:package-0");
    assert!(
        reason.ends_with("model:cpu has taken its place"),
        "{reason}"
    );
    draw(&sysfs, &[(&*memory, 2_300_000, 2)]);
    let figures = run.end();
    exactly(figures.energy_j("rapl:package-0"), 10.0);
    exactly(figures.energy_j("rapl:package-0:dram"), 4.0);
    assert!(figures.energy_j("model:cpu") > 0.0);
}

#[test]
fn a_package_whose_counter_is_closed_is_modelled_beside_the_other() {
    let sysfs = server();
    for zone in ["intel-rapl:0", "intel-rapl-mmio:0", "intel-rapl:0:0"] {
        close(&sysfs, &zone_file(zone));
    }
    let found = discover(&options(&sysfs, XEON));
    let expected = [
        "rapl:package-1",
        "rapl:package-1:dram",
        "model:cpu:package-0",
    ];
    assert_eq!(parts(&found), expected);
    assert!(matches!(
        report(&found, "rapl:package-0").status,
        Status::Refused { .. }
    ));
    let model = meter(&found, "model:cpu:package-0").info();
    assert!(
        model
            .notes
            .iter()
            .any(|note| note.contains("one part in 2")),
        "{model:?}"
    );
    assert_eq!(model.covers, [Part::package("0")]);
    // Nobody answers for the memory of package 0, and the account says so.
    let expected = [
        ("machine/memory/package-0".to_owned(), None),
        (
            "machine/memory/package-1".to_owned(),
            Some("rapl:package-1:dram"),
        ),
        (
            "machine/processors/package-0".to_owned(),
            Some("model:cpu:package-0"),
        ),
        (
            "machine/processors/package-1".to_owned(),
            Some("rapl:package-1"),
        ),
    ];
    assert_eq!(answers(&found), expected);

    let run = Run::start(found);
    draw(&sysfs, &[(&*zone_file("intel-rapl:1"), 3_000_000, 25)]);
    let figures = run.end();
    exactly(figures.energy_j("rapl:package-1"), 25.0);
    let sum = figures.sum.figure.energy_j.unwrap().value;
    exactly(sum, 25.0 + figures.energy_j("model:cpu:package-0"));
}

#[test]
fn a_package_that_has_no_zone_at_all_is_known_from_the_topology() {
    let sysfs = FakeSysfs::new();
    topology(&sysfs, &[0, 0, 1, 1]);
    sysfs.zone("intel-rapl:0", "package-0", 1_000_000);
    let found = discover(&options(&sysfs, XEON));
    let expected = ["rapl:package-0", "model:cpu:package-1", "model:memory"];
    assert_eq!(parts(&found), expected);
    close(&sysfs, &zone_file("intel-rapl:0"));
    let found = discover(&options(&sysfs, XEON));
    assert_eq!(parts(&found), ["model:cpu", "model:memory"]);
}

#[test]
fn dies_that_repeat_a_package_are_not_missed() {
    let sysfs = FakeSysfs::new();
    topology(&sysfs, &[0, 1]);
    sysfs
        .zone("intel-rapl:0", "package-0-die-0", 123_456_789)
        .zone("intel-rapl:1", "package-0-die-1", 123_456_789)
        .zone("intel-rapl:2", "package-1-die-0", 987_654_321)
        .zone("intel-rapl:3", "package-1-die-1", 555_555_555);
    let found = discover(&options(&sysfs, XEON));
    let expected = [
        ("machine/memory".to_owned(), Some("model:memory")),
        (
            "machine/processors/package-0-die-0".to_owned(),
            Some("rapl:package-0-die-0"),
        ),
        (
            "machine/processors/package-1-die-0".to_owned(),
            Some("rapl:package-1-die-0"),
        ),
        (
            "machine/processors/package-1-die-1".to_owned(),
            Some("rapl:package-1-die-1"),
        ),
    ];
    assert_eq!(answers(&found), expected);
    assert_eq!(parts(&found).len(), 4);
}

#[test]
fn a_counter_that_wraps_goes_on_and_one_that_resets_leaves_a_gap() {
    // The counter of the fake zones goes round here.
    const RANGE_UJ: u64 = 262_143_328_850;
    let sysfs = FakeSysfs::new();
    sysfs.zone("intel-rapl:0", "package-0", RANGE_UJ - 20_000_000);
    let run = Run::start(discover(&options(&sysfs, XEON)));
    let zone = zone_file("intel-rapl:0");
    draw(&sysfs, &[(&*zone, RANGE_UJ - 20_000_000, 19)]);
    set_zone(&sysfs, "intel-rapl:0", 4_000_000);
    // 5 J in no time would be more than a package can draw.
    sleep(Duration::from_millis(200));
    let wrapped = run.end();
    exactly(wrapped.energy_j("rapl:package-0"), 24.0);
    exactly(
        wrapped.of("rapl:package-0").covered_s,
        wrapped.of("rapl:package-0").window_s,
    );

    set_zone(&sysfs, "intel-rapl:0", 500_000_000);
    let run = Run::start(discover(&options(&sysfs, XEON)));
    draw(&sysfs, &[(&*zone, 500_000_000, 30)]);
    set_zone(&sysfs, "intel-rapl:0", 1_000_000);
    sleep(Duration::from_millis(200));
    draw(&sysfs, &[(&*zone, 1_000_000, 10)]);
    let reset = run.end();
    exactly(reset.energy_j("rapl:package-0"), 40.0);
    assert!(reset.of("rapl:package-0").coverage() < 1.0);
}

#[test]
fn where_the_range_cannot_be_read_a_fall_is_dropped() {
    const RANGE: &str = "class/powercap/intel-rapl:0/max_energy_range_uj";
    let sysfs = FakeSysfs::new();
    sysfs.zone("intel-rapl:0", "package-0", 262_143_000_000);
    close(&sysfs, RANGE);
    let found = discover(&options(&sysfs, XEON));
    let info = meter(&found, "rapl:package-0").info();
    assert!(matches!(
        info.kind,
        Kind::Counter {
            wrap_counts: None,
            ..
        }
    ));
    assert_eq!(info.grade, Grade::B);
    assert!(
        info.notes
            .iter()
            .any(|note| note.contains("range cannot be read"))
    );
    let run = Run::start(found);
    let zone = zone_file("intel-rapl:0");
    draw(&sysfs, &[(&*zone, 262_143_000_000, 15)]);
    // On a busy machine the last state is read a while later: what is not read before the fall is lost with it.
    sleep(Duration::from_millis(400));
    set_zone(&sysfs, "intel-rapl:0", 2_000_000);
    sleep(Duration::from_millis(400));
    draw(&sysfs, &[(&*zone, 2_000_000, 5)]);
    let figures = run.end();
    exactly(figures.energy_j("rapl:package-0"), 20.0);
    assert!(figures.of("rapl:package-0").coverage() < 1.0);
}
