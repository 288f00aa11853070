//! What is known of a machine's power: calibrations and readings, across openings, machines and layouts.

use joulelab::library::{CpuPoint, DevicePoint, Library, LibraryError, WallCalibration};
use joulelab::units::Estimate;
use rusqlite::Connection;
use serde_json::json;
use tempfile::tempdir;

use crate::common::{back_to_layout_3, new_run, time, whole_run};

fn calibration(id: &str, machine: &str, made_at: &str) -> WallCalibration {
    WallCalibration {
        id: id.into(),
        machine: machine.into(),
        device: "flex:cpu:0:Ryzen 9".into(),
        made_at: time(made_at),
        residual: Some(0.0125),
        simulated: false,
        note: Some("new power supply".into()),
        json: json!({"calibration": {"offset_w": 18.5, "slope": 1.125}, "meters": []}),
    }
}

fn device_point(device: &str, driver: &str, second: u32, bytes: Option<f64>) -> DevicePoint {
    DevicePoint {
        device: device.into(),
        driver: driver.into(),
        run_id: Some("20261121-a".into()),
        energy_j: Estimate {
            value: 1500.0,
            low: 1400.0,
            high: 1601.0,
        },
        flop: 2.5e15,
        bytes,
        seconds: f64::from(second) + 0.5,
        source: "NVML energy counter".into(),
        at: time(&format!(
            "2026-11-21T10:{:02}:{:02}Z",
            second / 60,
            second % 60
        )),
    }
}

fn cpu_point(busy: f64, second: u32) -> CpuPoint {
    CpuPoint {
        busy,
        power_w: Estimate::plus_minus(20.0 + 100.0 * busy, 6.0),
        source: "RAPL".into(),
        at: time(&format!(
            "2026-11-21T10:{:02}:{:02}Z",
            second / 60,
            second % 60
        )),
    }
}

#[test]
fn calibrations_are_kept_by_machine_newest_first_until_they_are_forgotten() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("l");
    let older = calibration("20261120-090000-aaaa", "here", "2026-11-20T09:00:00Z");
    let newer = calibration("20261121-090000-bbbb", "here", "2026-11-21T09:00:00Z");
    let theirs = WallCalibration {
        simulated: true,
        residual: None,
        note: None,
        ..calibration("20261121-100000-cccc", "there", "2026-11-21T10:00:00Z")
    };
    let mut library = Library::open(&path).unwrap();
    for one in [&newer, &theirs, &older] {
        library.record_wall_calibration(one).unwrap();
    }
    assert!(
        library.record_wall_calibration(&older).is_err(),
        "it is taken"
    );
    drop(library);

    let mut library = Library::open(&path).unwrap();
    assert_eq!(
        library.wall_calibrations(Some("here")).unwrap(),
        [newer.clone(), older.clone()]
    );
    assert_eq!(
        library.wall_calibrations(None).unwrap(),
        [theirs.clone(), newer.clone(), older.clone()]
    );
    assert_eq!(library.wall_calibration("20261121-1").unwrap(), theirs);
    let LibraryError::AmbiguousCalibration { matches, .. } =
        library.wall_calibration("20261121").unwrap_err()
    else {
        panic!("two begin like that");
    };
    assert_eq!(matches, [newer.id.clone(), theirs.id.clone()]);
    for unknown in ["2027", "", "%"] {
        let error = library.wall_calibration(unknown).unwrap_err();
        assert!(
            matches!(error, LibraryError::UnknownCalibration { .. }),
            "{error}"
        );
    }

    assert_eq!(
        library.forget_wall_calibration(&newer.id).unwrap(),
        newer.clone()
    );
    assert_eq!(library.wall_calibrations(Some("here")).unwrap(), [older]);
    assert!(library.forget_wall_calibration(&newer.id).is_err());
}

#[test]
fn readings_come_back_as_they_were_oldest_first() {
    let folder = tempdir().unwrap();
    let mut library = Library::open(folder.path().join("l")).unwrap();
    let late = device_point("gpu", "535", 90, None);
    let early = device_point("gpu", "535", 5, Some(1.25e12));
    let cpu = [cpu_point(0.0, 8), cpu_point(0.975, 9)];
    library
        .record_points("here", &[late.clone(), early.clone()], &cpu)
        .unwrap();
    library
        .record_points("there", &[], &[cpu_point(0.5, 7)])
        .unwrap();
    assert_eq!(library.device_points("here").unwrap(), [early, late]);
    assert_eq!(library.cpu_points("here").unwrap(), cpu);
    assert_eq!(library.cpu_points("there").unwrap(), [cpu_point(0.5, 7)]);
    assert!(library.device_points("there").unwrap().is_empty());
}

#[test]
fn the_newest_readings_of_each_device_and_driver_are_handed_out() {
    let folder = tempdir().unwrap();
    let mut library = Library::open(folder.path().join("l")).unwrap();
    let many: Vec<DevicePoint> = (0..250)
        .map(|second| device_point("gpu", "535", second, None))
        .collect();
    let other = device_point("gpu", "550", 0, None);
    library.record_points("here", &many, &[]).unwrap();
    library
        .record_points("here", std::slice::from_ref(&other), &[])
        .unwrap();
    let found = library.device_points("here").unwrap();
    assert_eq!(found.len(), 201);
    assert!(found.contains(&other));
    assert!(!found.contains(&many[49]) && found.contains(&many[50]));
}

#[test]
fn a_reading_that_is_no_number_is_refused_with_all_that_came_with_it() {
    let folder = tempdir().unwrap();
    let mut library = Library::open(folder.path().join("l")).unwrap();
    let broken = DevicePoint {
        flop: f64::NAN,
        ..device_point("gpu", "535", 6, None)
    };
    let good = device_point("gpu", "535", 5, None);
    assert!(
        library
            .record_points("here", &[good, broken], &[cpu_point(0.5, 1)])
            .is_err()
    );
    assert!(library.device_points("here").unwrap().is_empty());
    assert!(library.cpu_points("here").unwrap().is_empty());
}

#[test]
fn a_library_of_the_second_layout_is_brought_up_to_date_with_its_runs() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("l");
    whole_run(&mut Library::open(&path).unwrap(), &new_run("old"));
    let connection = Connection::open(&path).unwrap();
    back_to_layout_3(&connection);
    connection
        .execute_batch(
            "DROP TABLE wall_calibrations; DROP TABLE device_points; DROP TABLE cpu_points; PRAGMA user_version = 2",
        )
        .unwrap();
    drop(connection);
    let mut library = Library::open(&path).unwrap();
    assert_eq!(library.epochs("old").unwrap().len(), 2);
    assert!(library.wall_calibrations(None).unwrap().is_empty());
    let new = calibration("a", "here", "2026-11-21T09:00:00Z");
    library.record_wall_calibration(&new).unwrap();
    assert_eq!(library.wall_calibrations(None).unwrap(), [new]);
}

#[test]
fn an_import_takes_runs_and_leaves_what_was_learnt_of_their_machine() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("theirs");
    let mut theirs = Library::open(&path).unwrap();
    whole_run(&mut theirs, &new_run("r"));
    theirs
        .record_wall_calibration(&calibration("a", "here", "2026-11-21T09:00:00Z"))
        .unwrap();
    theirs
        .record_points("here", &[device_point("gpu", "535", 5, None)], &[])
        .unwrap();
    let mut ours = Library::open(folder.path().join("ours")).unwrap();
    ours.import_from(&path, &mut |_, _| true).unwrap();
    assert_eq!(ours.run("r").unwrap().id, "r");
    assert!(ours.wall_calibrations(None).unwrap().is_empty());
    assert!(ours.device_points("here").unwrap().is_empty());
}
