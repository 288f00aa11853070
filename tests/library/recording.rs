use std::path::Path;

use joulelab::library::{Library, LibraryError, Metrics, Record, SampleFilter, Status};
use joulelab::units::{Boundary, Estimate, Metric};
use rusqlite::Connection;
use tempfile::tempdir;

use crate::common::{
    began, checkpoint, ended, epoch, gpu, machine, meter, new_run, sample, self_check, step,
    training, whole_run, whole_step,
};

fn samples(library: &Library, run: &str, filter: &SampleFilter) -> Vec<(f64, Option<f64>)> {
    let mut found = Vec::new();
    library
        .each_sample(run, filter, |t_s, _, value| {
            found.push((t_s, value));
            Ok::<_, LibraryError>(())
        })
        .unwrap();
    found
}

#[test]
fn a_run_is_read_back_as_it_was_recorded() {
    let folder = tempdir().unwrap();
    let mut library = Library::open(folder.path().join("l")).unwrap();
    let mut new = new_run("20261121-a");
    new.name = Some("first".into());
    new.tags = vec!["school".into(), "a b".into()];
    whole_run(&mut library, &new);

    let details = library.details("first").unwrap();
    let run = &details.run;
    assert_eq!(
        (run.status, run.failure.as_deref()),
        (Status::Completed, None)
    );
    assert_eq!(
        (&run.setup, &run.device, &run.owner),
        (&new.setup, &new.device, &new.owner)
    );
    assert_eq!(
        (&run.machine, &run.tags, &run.carbon),
        (&machine(), &new.tags, &new.carbon)
    );
    assert_eq!(run.started_at, new.started_at);
    assert_eq!(
        (run.duration_s, run.steps, run.epochs),
        (9.5, Some(20), Some(2))
    );
    assert_eq!(
        (run.target_reached, run.parameters),
        (Some(false), Some(9610))
    );
    assert!(run.finished_at.unwrap() >= run.created_at);
    assert_eq!(
        run.metrics,
        Metrics {
            final_train_loss: Some(0.5),
            metric: Metric::Accuracy,
            final_train_metric: Some(0.5),
            final_test_metric: Some(0.9),
            best_test_metric: Some(0.9),
            best_epoch: Some(1),
            ..Metrics::default()
        }
    );
    let phases: Vec<_> = details
        .phases
        .iter()
        .map(|p| (p.phase.as_str(), p.end_t_s))
        .collect();
    assert_eq!(
        phases,
        [
            ("idle", Some(5.0)),
            ("train", Some(7.0)),
            ("evaluate", Some(7.5)),
            ("train", Some(9.5))
        ]
    );
    assert_eq!(
        details.phases[1].energies.len(),
        2,
        "the provisional figures are gone"
    );
    assert_eq!(details.phases[3].energies, [gpu(324.0, 2.0)]);
    assert_eq!(details.training, training(), "the latest");
    assert_eq!(
        details.epochs,
        [epoch(1, 7.0, Some(0.9)), epoch(2, 9.5, None)]
    );
    assert_eq!(
        details.meters[0],
        meter("nvml:0", Boundary::GpuBoard, "GeForce RTX 3080")
    );
    assert_eq!(details.self_check, Some(self_check()));
    assert_eq!(details.checkpoints, [checkpoint(10)]);
    assert_eq!(
        library.latest_checkpoint("first").unwrap(),
        Some(checkpoint(10))
    );
    assert_eq!(
        details.idle_power[0].power_w,
        Estimate::plus_minus(20.0, 1.0)
    );
    assert_eq!(details.summary.as_ref().unwrap().json["said"], "done");
    assert_eq!(library.steps("first", 100).unwrap(), [whole_step()]);
    assert_eq!(
        samples(&library, "first", &SampleFilter::default()),
        [(6.0, Some(250.5)), (6.1, None)]
    );
    let through_json = serde_json::to_string(&details).unwrap();
    let back: joulelab::library::RunDetails = serde_json::from_str(&through_json).unwrap();
    assert_eq!(back, details);
}

#[test]
fn phases_are_those_of_a_setup() {
    let known = joulelab::setup::Phase::ALL.map(joulelab::setup::Phase::name);
    assert_eq!(joulelab::library::PHASES, known);
}

#[test]
fn a_batch_with_a_record_that_makes_no_sense_is_refused_as_a_whole() {
    let folder = tempdir().unwrap();
    let mut library = Library::open(folder.path().join("l")).unwrap();
    library.create_run(&new_run("r")).unwrap();
    for bad in [
        began(0.0, "trian"),
        ended(1.0, vec![]),
        Record::Step(step(2, f64::NAN, 0.1)),
        Record::Samples(vec![sample(-1.0, None)]),
        Record::Step(step(u64::MAX, 1.0, 0.1)),
    ] {
        let error = library.append("r", &[Record::Step(step(1, 0.5, 0.1)), bad.clone()]);
        assert!(error.is_err(), "{bad:?}");
        assert!(library.steps("r", 10).unwrap().is_empty(), "{bad:?}");
    }
    let error = library
        .append("r", &[began(0.0, "trian")])
        .unwrap_err()
        .to_string();
    assert!(error.contains("did you mean `train`"), "{error}");

    assert!(matches!(
        library.create_run(&new_run("r")),
        Err(LibraryError::DuplicateRun { .. })
    ));
    assert!(matches!(
        library.append("no", &[]),
        Err(LibraryError::UnknownRun { .. })
    ));
    library
        .finish_run("r", Status::Failed, Some("device lost"), None)
        .unwrap();
    assert!(matches!(
        library.append("r", &[]),
        Err(LibraryError::NotRunning {
            status: Status::Failed,
            ..
        })
    ));
    assert_eq!(
        library.run("r").unwrap().failure.as_deref(),
        Some("device lost")
    );
}

#[test]
fn what_is_not_a_number_is_missing() {
    let folder = tempdir().unwrap();
    let mut library = Library::open(folder.path().join("l")).unwrap();
    library.create_run(&new_run("r")).unwrap();
    let records = [
        Record::Step(step(1, 1.0, f64::NAN)),
        Record::Samples(vec![sample(1.0, Some(f64::INFINITY))]),
        began(0.0, "train"),
        ended(1.0, vec![gpu(f64::NAN, 1.0)]),
    ];
    library.append("r", &records).unwrap();
    assert_eq!(library.steps("r", 9).unwrap()[0].loss, None);
    assert_eq!(
        samples(&library, "r", &SampleFilter::default()),
        [(1.0, None)]
    );
    assert_eq!(
        library.details("r").unwrap().phases[0].energies[0]
            .figure
            .energy_j,
        None
    );
}

#[test]
fn a_resumed_run_forgets_the_steps_it_will_do_again_but_not_their_energy() {
    let folder = tempdir().unwrap();
    let mut library = Library::open(folder.path().join("l")).unwrap();
    let new = new_run("r");
    whole_run(&mut library, &new);
    let mut owner = new.owner.clone();
    owner.pid += 1;
    let reopened = library.reopen_run("r", 10, &owner, "0.2.0").unwrap();
    assert_eq!(reopened.t_s, 9.5);
    assert!(matches!(
        library.reopen_run("r", 10, &owner, "0.2.0"),
        Err(LibraryError::StillRunning { .. })
    ));
    let details = library.details("r").unwrap();
    let run = &details.run;
    assert_eq!(
        (run.status, run.owner.pid, run.finished_at),
        (Status::Running, owner.pid, None)
    );
    assert_eq!(
        (run.steps, run.epochs, run.target_reached),
        (Some(10), Some(1), None)
    );
    assert_eq!((details.epochs.len(), details.phases.len()), (1, 4));
    assert_eq!(
        run.metrics.final_train_loss,
        Some(1.0),
        "that of the first epoch"
    );
    assert!(details.summary.is_none());
    assert_eq!(details.training, training(), "it was spent");

    library
        .append(
            "r",
            &[
                began(9.5, "train"),
                Record::Epoch(epoch(2, 12.0, Some(0.95))),
            ],
        )
        .unwrap();
    library
        .finish_run("r", Status::Stopped, None, None)
        .unwrap();
    let details = library.details("r").unwrap();
    assert_eq!(
        details.phases[4].end_t_s,
        Some(12.0),
        "closed at the last known time"
    );
    assert_eq!(details.run.metrics.best_epoch, Some(2));
    let segments = library.segments("r").unwrap();
    assert_eq!(
        (segments.len(), segments[0], segments[1].0),
        (2, (0.0, new.started_at), 9.5)
    );
}

#[test]
fn a_long_curve_is_thinned_without_losing_its_shape_or_its_end() {
    let folder = tempdir().unwrap();
    let mut library = Library::open(folder.path().join("l")).unwrap();
    library.create_run(&new_run("r")).unwrap();
    let records: Vec<_> = (1..=1000)
        .map(|i| Record::Step(step(i * 5, i as f64, if i % 2 == 0 { 0.25 } else { 0.75 })))
        .collect();
    library.append("r", &records).unwrap();
    let points = library.steps("r", 100).unwrap();
    assert_eq!(points.len(), 100);
    assert!(points.iter().all(|point| point.loss == Some(0.5)));
    assert_eq!((points[0].step, points[0].t_s), (50, 10.0));
    assert_eq!((points[99].step, points[99].t_s), (5000, 1000.0));
    assert_eq!(
        library.steps("r", 300).unwrap().len(),
        250,
        "one for each four"
    );
    assert_eq!(library.steps("r", 5000).unwrap().len(), 1000);
    assert_eq!(library.steps("r", 0).unwrap().len(), 1);
}

#[test]
fn samples_are_found_by_meter_metric_and_time() {
    let folder = tempdir().unwrap();
    let mut library = Library::open(folder.path().join("l")).unwrap();
    library.create_run(&new_run("r")).unwrap();
    let mut rows: Vec<_> = (0..10)
        .map(|i| sample(f64::from(i), Some(f64::from(i))))
        .collect();
    rows.push(joulelab::library::SampleRow {
        metric: "clock".into(),
        ..sample(3.0, Some(1.8e9))
    });
    rows.push(sample(4.0, Some(44.0)));
    library.append("r", &[Record::Samples(rows)]).unwrap();
    let filter = SampleFilter {
        metric: Some("power".into()),
        from_t_s: Some(3.0),
        to_t_s: Some(5.0),
        ..SampleFilter::default()
    };
    let found = samples(&library, "r", &filter);
    assert_eq!(
        found,
        [(3.0, Some(3.0)), (4.0, Some(44.0)), (5.0, Some(5.0))],
        "the later reading stays"
    );
    let none = SampleFilter {
        meter: Some("rapl".into()),
        ..SampleFilter::default()
    };
    assert!(samples(&library, "r", &none).is_empty());
}

#[test]
fn the_latest_self_check_of_device_driver_and_version_is_found() {
    let folder = tempdir().unwrap();
    let mut library = Library::open(folder.path().join("l")).unwrap();
    let find = |library: &Library, driver: &str| {
        library
            .find_self_check("pci:01:00.0/vulkan", driver, "0.1.0")
            .unwrap()
    };
    assert_eq!(find(&library, "550.54"), None);
    let mut check = self_check();
    library.record_self_check(&check).unwrap();
    assert_eq!(find(&library, "550.54"), Some(check.clone()));
    assert_eq!(find(&library, "560.00"), None);
    check.passed = false;
    check.checked_at += jiff::SignedDuration::from_secs(1);
    library.record_self_check(&check).unwrap();
    assert_eq!(find(&library, "550.54"), Some(check.clone()));
    let other = joulelab::library::SelfCheck {
        driver: "560.00".into(),
        ..self_check()
    };
    library.record_self_check(&other).unwrap();
    assert_eq!(
        library.self_checks().unwrap(),
        [check, other],
        "the latest of each"
    );
}

fn rows_by_table(path: &Path) -> Vec<(String, i64)> {
    let connection = Connection::open(path).unwrap();
    let tables: Vec<String> = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let count = |table: &str| {
        let sql = format!("SELECT count(*) FROM {table}");
        connection.query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    tables
        .into_iter()
        .map(|table| (table.clone(), count(&table)))
        .collect()
}

#[test]
fn a_deleted_run_can_be_brought_back_until_it_is_purged_with_all_its_rows() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("l");
    let mut library = Library::open(&path).unwrap();
    whole_run(&mut library, &new_run("kept"));
    let before = rows_by_table(&path);
    // What was learnt of a machine's power is not of a run and outlives it; so do sweeps and their trials.
    let others = [
        "cpu_points",
        "device_points",
        "wall_calibrations",
        "sweeps",
        "trials",
    ];
    let of_runs = |table: &str| !others.contains(&table);
    let is_tried = |(table, rows): &(String, i64)| *rows > 0 || !of_runs(table);
    assert!(before.iter().all(is_tried), "{before:?}");
    whole_run(&mut library, &new_run("gone"));
    library.create_run(&new_run("live")).unwrap();

    let ids = ["gone".to_owned(), "live".to_owned()];
    assert!(matches!(
        library.delete(&ids),
        Err(LibraryError::StillRunning { .. })
    ));
    assert!(library.run("gone").is_ok(), "all or none");
    library
        .finish_run("live", Status::Stopped, None, None)
        .unwrap();
    library.delete(&ids).unwrap();
    assert!(library.run("gone").is_err());
    assert_eq!(library.run_ids(&Default::default()).unwrap(), ["kept"]);
    library.restore(&ids[..1]).unwrap();
    assert!(library.run("gone").is_ok());
    assert!(
        library.restore(&ids[..1]).is_err(),
        "it is not deleted any more"
    );

    library.delete(&ids[..1]).unwrap();
    let purged = library.purge().unwrap();
    assert_eq!((purged.runs, purged.checkpoints.len()), (2, 1));
    assert_eq!(rows_by_table(&path), before);
    assert_eq!(library.purge().unwrap().runs, 0);
}
