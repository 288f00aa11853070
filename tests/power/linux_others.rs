//! Performance events and batteries.

use std::io;

use joulelab::{
    power::{
        ErrorRule, Level, Part, ReadError, Role, Status, discover, perf_counters, perf_refusal,
    },
    units::{Boundary, Grade},
};

use super::{
    fake_sysfs::FakeSysfs,
    linux_support::{Run, XEON, exactly, meter, options, parts, report, set, why},
};

const PMU: &str = "bus/event_source/devices/power";
/// What the kernel writes: 2^-32 to all its digits.
const SCALE: &str = "2.3283064365386962890625e-10";

fn pmu(sysfs: &FakeSysfs, cpumask: &str, topology: &[(usize, u32, u32)]) {
    sysfs
        .write(&format!("{PMU}/type"), "9\n")
        .write(&format!("{PMU}/cpumask"), &format!("{cpumask}\n"))
        .write(&format!("{PMU}/format/event"), "config:0-7\n");
    for (event, config) in [
        ("energy-pkg", "0x02"),
        ("energy-ram", "0x03"),
        ("energy-psys", "0x05"),
    ] {
        sysfs
            .write(
                &format!("{PMU}/events/{event}"),
                &format!("event={config}\n"),
            )
            .write(
                &format!("{PMU}/events/{event}.scale"),
                &format!("{SCALE}\n"),
            )
            .write(&format!("{PMU}/events/{event}.unit"), "Joules\n");
    }
    for (cpu, package, die) in topology {
        let folder = format!("devices/system/cpu/cpu{cpu}/topology");
        sysfs
            .write(
                &format!("{folder}/physical_package_id"),
                &format!("{package}\n"),
            )
            .write(&format!("{folder}/die_id"), &format!("{die}\n"));
    }
}

#[test]
fn each_package_has_one_event_of_its_own() {
    let sysfs = FakeSysfs::new();
    pmu(&sysfs, "0,24", &[(0, 0, 0), (24, 1, 0)]);
    let counters = perf_counters(sysfs.root()).unwrap();
    let said: Vec<_> = counters
        .iter()
        .map(|counter| (counter.event, counter.cpu, &*counter.package))
        .collect();
    let expected = [
        ("energy-pkg", 0, "0"),
        ("energy-pkg", 24, "1"),
        ("energy-ram", 0, "0"),
        ("energy-ram", 24, "1"),
    ];
    assert_eq!(said, expected);
    // A count is 2^-32 J, to the last bit.
    assert!(
        counters
            .iter()
            .all(|counter| counter.joules_per_count == 2.0_f64.powi(-32))
    );

    let sysfs = FakeSysfs::new();
    pmu(&sysfs, "0-1,4", &[(0, 0, 0), (1, 0, 1), (4, 0, 1)]);
    let counters = perf_counters(sysfs.root()).unwrap();
    let dies: Vec<_> = counters[..2]
        .iter()
        .map(|counter| (counter.cpu, &*counter.package))
        .collect();
    assert_eq!(dies, [(0, "0-die-0"), (1, "0-die-1")]);
    assert_eq!(
        counters.len(),
        4,
        "a second processor of a die would count it again"
    );
}

#[test]
fn a_pmu_that_is_damaged_or_empty_gives_no_counters() {
    assert_eq!(perf_counters(FakeSysfs::new().root()).unwrap(), []);
    let without = FakeSysfs::new();
    pmu(&without, "0", &[]);
    for event in ["energy-pkg", "energy-ram"] {
        std::fs::remove_file(without.root().join(format!("{PMU}/events/{event}"))).unwrap();
    }
    assert_eq!(perf_counters(without.root()).unwrap(), []);
    let damages = [
        ("cpumask", "0,x"),
        ("cpumask", "7-3"),
        ("cpumask", "0-99999999999"),
        ("events/energy-pkg.scale", "0"),
        ("events/energy-pkg.scale", "much"),
        ("events/energy-ram.unit", "Calories"),
    ];
    for (file, text) in damages {
        let sysfs = FakeSysfs::new();
        pmu(&sysfs, "0", &[]);
        sysfs.write(&format!("{PMU}/{file}"), text);
        let refusal = perf_counters(sysfs.root()).unwrap_err();
        assert!(
            refusal.reason.contains(text) && refusal.reason.ends_with(file),
            "{refusal}"
        );
    }
}

#[test]
fn an_event_that_is_closed_comes_with_two_ways_to_open_it() {
    let refusal = perf_refusal(&io::ErrorKind::PermissionDenied.into());
    assert!(refusal.reason.contains("CAP_PERFMON"));
    let remedy = refusal.remedy.unwrap();
    assert!(remedy.contains("sysctl kernel.perf_event_paranoid=0"));
    assert!(remedy.contains("setcap cap_perfmon=ep"));
    let other = perf_refusal(&io::ErrorKind::NotFound.into());
    assert_eq!(other.remedy, None);
}

#[test]
fn events_are_not_opened_for_a_tree_that_is_not_this_machines() {
    let sysfs = FakeSysfs::new();
    pmu(&sysfs, "0", &[(0, 0, 0)]);
    sysfs.zone("intel-rapl:0", "package-0", 1);
    let found = discover(&options(&sysfs, XEON));
    assert_eq!(parts(&found), ["rapl:package-0", "model:memory"]);
    assert!(why(&found, "perf").contains("those of this machine"));
}

fn battery(sysfs: &FakeSysfs, name: &str, files: &[(&str, &str)]) {
    let folder = format!("class/power_supply/{name}");
    sysfs.write(&format!("{folder}/type"), "Battery\n");
    for (file, text) in files {
        sysfs.write(&format!("{folder}/{file}"), &format!("{text}\n"));
    }
}

fn mains(sysfs: &FakeSysfs, online: &str) {
    sysfs
        .write("class/power_supply/AC/type", "Mains\n")
        .write("class/power_supply/AC/online", &format!("{online}\n"));
}

/// What the battery meter says of a tree: watts, or none.
fn watts(sysfs: &FakeSysfs) -> Option<f64> {
    let mut found = discover(&options(sysfs, XEON));
    let at = found
        .meters
        .iter()
        .position(|meter| meter.info().id == "battery");
    match found.meters[at.expect("a battery")].read() {
        Ok(reading) => match reading.level {
            Level::Watts(watts) => Some(watts),
            Level::Counts(_) => panic!("a battery has no counter"),
        },
        Err(ReadError::NotYet) => None,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn batteries_are_looked_at_beside_the_sum_once_unplugged() {
    let sysfs = FakeSysfs::new();
    sysfs.zone("intel-rapl:0", "package-0", 1_000_000);
    mains(&sysfs, "1");
    battery(
        &sysfs,
        "BAT0",
        &[
            ("status", "Charging"),
            ("power_now", "30000000"),
            ("capacity", "60"),
        ],
    );
    let found = discover(&options(&sysfs, XEON));
    assert_eq!(parts(&found), ["rapl:package-0", "model:memory"]);
    let planned = meter(&found, "battery");
    let info = planned.info();
    assert_eq!(planned.role, Role::CrossCheck);
    assert_eq!((info.boundary, info.grade), (Boundary::System, Grade::C));
    assert_eq!(info.covers, [Part::machine()]);
    assert_eq!(info.error, ErrorRule::Relative { fraction: 0.20 });
    assert!(info.every_s >= 2.0);
    let said = report(&found, "battery");
    assert_eq!(
        (said.raw.as_deref(), &said.status),
        (None, &Status::CrossCheck)
    );
    assert!(
        said.notes.iter().any(|note| note.contains("on mains now")),
        "{said:?}"
    );

    let run = Run::start(found);
    let on_mains = run.peek("battery");
    assert_eq!((on_mains.energy_j, on_mains.covered_s), (None, 0.0));
    set(&sysfs, "class/power_supply/AC/online", 0);
    set(&sysfs, "class/power_supply/BAT0/status", "Discharging");
    set(&sysfs, "class/power_supply/BAT0/power_now", 18_000_000);
    // Every edge reads at once; two readings make a stretch.
    run.edge();
    std::thread::sleep(std::time::Duration::from_millis(500));
    let figures = run.end();
    exactly(figures.of("battery").mean_power_w().unwrap().value, 18.0);
    assert!(figures.of("battery").coverage() < 1.0);
    let left_out: Vec<_> = figures.sum.left_out.iter().map(|(id, _)| &**id).collect();
    assert_eq!(left_out, ["battery"]);
}

#[test]
fn rates_of_several_batteries_add_up_and_half_a_sum_is_none() {
    let sysfs = FakeSysfs::new();
    mains(&sysfs, "0");
    battery(
        &sysfs,
        "BAT0",
        &[("status", "Discharging"), ("power_now", "12000000")],
    );
    // Microamperes and microvolts, flowing out with a minus sign.
    battery(
        &sysfs,
        "BAT1",
        &[
            ("status", "Discharging"),
            ("current_now", "-500000"),
            ("voltage_now", "11400000"),
        ],
    );
    battery(&sysfs, "BAT2", &[("status", "Full"), ("power_now", "0")]);
    battery(
        &sysfs,
        "BAT3",
        &[("status", "Discharging"), ("present", "0")],
    );
    battery(
        &sysfs,
        "hidpp_battery_0",
        &[
            ("status", "Discharging"),
            ("scope", "Device"),
            ("power_now", "1000000"),
        ],
    );
    exactly(watts(&sysfs).unwrap(), 12.0 + 0.5 * 11.4);
    let found = discover(&options(&sysfs, XEON));
    assert_eq!(meter(&found, "battery").info().device, "3 batteries");
    assert_eq!(report(&found, "battery").raw.as_deref(), Some("17.7 W"));
    for unknown in ["0", "n/a"] {
        set(&sysfs, "class/power_supply/BAT0/power_now", unknown);
        assert_eq!(watts(&sysfs), None, "{unknown}");
    }
    set(&sysfs, "class/power_supply/BAT0/power_now", 12_000_000);
    // A charger beside a battery that helps: then the battery is not all.
    mains(&sysfs, "1");
    assert_eq!(watts(&sysfs), None);
    mains(&sysfs, "0");
    set(&sysfs, "class/power_supply/BAT1/status", "Charging");
    assert_eq!(watts(&sysfs), None);
}

#[test]
fn a_machine_without_a_battery_has_no_line_on_it() {
    let sysfs = FakeSysfs::new();
    mains(&sysfs, "1");
    let found = discover(&options(&sysfs, XEON));
    assert!(found.report.iter().all(|report| report.id != "battery"));
}
