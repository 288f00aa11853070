//! NVIDIA cards that cannot be read, that say odd things, or that fail in mid-run.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use joulelab::power::{MeterNow, Options, Sampler, Status, components, discover};

use super::{
    discovery::{options, report, used, why},
    fake_nvml::FakeNvml,
    fake_sysfs::FakeSysfs,
    nvml::{CARD, energy_of, every_gpu, info, of, sampler, several, training},
};

fn refusal(status: &Status) -> (&str, &str) {
    match status {
        Status::Refused { reason, remedy } => (reason, remedy.as_deref().unwrap_or_default()),
        other => panic!("not refused: {other:?}"),
    }
}

/// Waits until `what` is true of the meter `id`, for up to 30 s.
fn wait(sampler: &Sampler, id: &str, what: impl Fn(&MeterNow) -> bool) {
    let begun = Instant::now();
    loop {
        let snapshot = sampler.snapshot();
        let meter = snapshot.meters.iter().find(|meter| meter.id == id);
        if meter.is_some_and(&what) {
            return;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "{id}: {snapshot:#?}"
        );
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn cards_without_a_reading_are_refused_and_the_enforced_limit_feeds_the_model() {
    for (lines, reason, remedy, board_w) in [
        (
            "counter = no\npower = no\nlimit_watts = 80\n",
            "neither energy counter",
            "--gpu-power",
            80.0,
        ),
        ("mig = yes\n", "MIG is on", "nvidia-smi -i 0 -mig 0", 320.0),
        ("mig = ending\n", "MIG is on", "--gpu-reset -i 0", 320.0),
        (
            "mig = yes\ncounter = no\npower = no\n",
            "the whole board has none either",
            "-mig 0",
            320.0,
        ),
        (
            "virtual = guest\nlimit_watts = 70\n",
            "vGPU guest",
            "on the host",
            70.0,
        ),
        ("fail = yes\n", "the GPU is lost", "Xid", 320.0),
        (
            "fail = permission\n",
            "does not let this user",
            "/dev/nvidia0",
            320.0,
        ),
        ("fail = reset\n", "must be reset", "--gpu-reset", 320.0),
        (
            "open = permission\n",
            "does not let this user",
            "/dev/nvidia0",
            320.0,
        ),
        ("open = system\n", "operating system", "/dev/nvidia0", 320.0),
        ("open = cables\n", "power cables", "connect", 320.0),
        ("open = lost\n", "the GPU is lost", "Xid", 320.0),
    ] {
        let nvml = FakeNvml::new(&format!("{CARD}{lines}"));
        let sysfs = FakeSysfs::new();
        let found = discover(&training(&sysfs, &nvml));
        assert_eq!(used(&found), ["model:cpu", "model:gpu"], "{lines}");
        let (why, how) = refusal(&report(&found, "nvml:0").status);
        assert!(
            why.contains(reason) && how.contains(remedy),
            "{lines}: {why} / {how}"
        );
        let model = found.parts().last().unwrap().info();
        assert_eq!(model.max_power_w, board_w, "{lines}");
    }
}

#[test]
fn a_divided_cards_reading_is_the_boards_and_no_slices() {
    let nvml = FakeNvml::new(&format!("{CARD}mig = yes\nwatts = 60\n"));
    let sysfs = FakeSysfs::new();
    let found = discover(&training(&sysfs, &nvml));
    let told = report(&found, "nvml:0");
    assert!(
        why(told).contains("the whole board's exists (1"),
        "{told:?}"
    );
    assert!(told.raw.as_deref().unwrap().ends_with(" mJ"));
    let every = |gpu| {
        discover(&Options {
            gpu,
            ..every_gpu(&sysfs, &nvml)
        })
    };
    // Where something trains on a slice of it, the board's energy is not that of the training.
    let found = every(training(&sysfs, &nvml).gpu);
    assert_eq!(used(&found), ["model:cpu", "model:gpu"]);
    let found = every(None);
    assert_eq!(used(&found)[0], "nvml:0");
    assert!(
        info(&found, "nvml:0")
            .notes
            .iter()
            .any(|note| note.contains("all slices together"))
    );

    for (lines, note) in [
        ("mig = starting\n", "MIG is off, and will be on"),
        ("virtual = host\n", "lent to virtual machines"),
    ] {
        let nvml = FakeNvml::new(&format!("{CARD}{lines}"));
        let found = discover(&training(&sysfs, &nvml));
        let notes = info(&found, "nvml:0").notes.join("; ");
        assert!(notes.contains(note), "{notes}");
    }
    let nvml = FakeNvml::new(&format!("{CARD}virtual = passthrough\n"));
    assert_eq!(used(&discover(&training(&sysfs, &nvml)))[0], "nvml:0");
}

#[test]
fn a_library_that_is_missing_or_does_not_start_says_how_to_mend_that() {
    let sysfs = FakeSysfs::new();
    let found = discover(&options(&sysfs, None));
    let (reason, remedy) = refusal(&report(&found, "nvml").status);
    assert!(
        reason.contains("not there") && remedy.contains("install"),
        "{reason}"
    );
    for (init, why, how) in [
        ("no", "not loaded", "modprobe"),
        ("mismatch", "different versions", "restart"),
        ("permission", "does not let this user", "/dev/nvidiactl"),
    ] {
        let nvml = FakeNvml::new(&format!("init = {init}\n{CARD}"));
        let found = discover(&options(&sysfs, Some(&nvml)));
        let (reason, remedy) = refusal(&report(&found, "nvml").status);
        assert!(
            reason.contains(why) && remedy.contains(how),
            "{init}: {reason} / {remedy}"
        );
    }
    let other = sysfs.root().join("libother.so");
    std::fs::write(&other, "no library").unwrap();
    let found = discover(&Options {
        nvml_library: Some(other),
        ..options(&sysfs, None)
    });
    refusal(&report(&found, "nvml").status);
    let nvml = FakeNvml::new("");
    let found = discover(&options(&sysfs, Some(&nvml)));
    assert!(why(report(&found, "nvml")).contains("lists no card"));
}

#[test]
fn an_old_driver_is_noted() {
    let sysfs = FakeSysfs::new();
    for (driver, old) in [
        ("470.223.02", true),
        ("529.11", true),
        ("530.30.02", false),
        ("n/a", false),
    ] {
        let nvml = FakeNvml::new(&format!("driver = {driver}\nlibrary = 12.1\n{CARD}"));
        let found = discover(&training(&sysfs, &nvml));
        let notes = &info(&found, "nvml:0").notes;
        assert_eq!(notes[0], format!("driver {driver}, library 12.1"));
        assert_eq!(
            notes.iter().any(|note| note.contains("older than 530")),
            old,
            "{notes:?}"
        );
    }
}

#[test]
fn the_refresh_period_is_found() {
    let sysfs = FakeSysfs::new();
    let cards = [(20.0, 6), (100.0, 6), (100.0, 8), (33.0, 8)];
    let lines = cards.map(|(refresh_ms, architecture)| {
        format!("refresh_ms = {refresh_ms}\narchitecture = {architecture}")
    });
    let nvml = FakeNvml::new(&several(lines.iter().map(String::as_str)));
    let begun = Instant::now();
    let found = discover(&every_gpu(&sysfs, &nvml));
    // All are watched at once.
    assert!(begun.elapsed() < Duration::from_millis(2500));
    for (at, (refresh_ms, _)) in cards.into_iter().enumerate() {
        let info = info(&found, &format!("nvml:{at}"));
        let found_ms = info.refresh_s.expect("a refresh period") * 1e3;
        assert!(
            (found_ms - refresh_ms).abs() < 0.25 * refresh_ms,
            "{found_ms} of {refresh_ms}"
        );
        let doubts = info.notes.iter().filter(|note| note.contains("disagree"));
        assert_eq!(doubts.count(), 0, "{:?}", info.notes);
    }
}

#[test]
fn counter_and_power_that_disagree_are_flagged() {
    let cards = [
        (
            "watts = 17\nreported_watts = 10",
            "17 W counted, 10 W polled",
        ),
        (
            "watts = 17\nreported_watts = 10\narchitecture = 8",
            "17 W counted, 10 W polled",
        ),
        (
            "watts = 10\nreported_watts = 17",
            "10 W counted, 17 W polled",
        ),
        ("watts = 12\nreported_watts = 10", ""),
        (
            "watts = 25\nfrozen = yes",
            "stood still for 1.2 s while 25 W",
        ),
        ("watts = 25\npower = no", ""),
    ];
    let sysfs = FakeSysfs::new();
    let nvml = FakeNvml::new(&several(cards.map(|(lines, _)| lines)));
    let found = discover(&every_gpu(&sysfs, &nvml));
    for (at, (lines, note)) in cards.into_iter().enumerate() {
        let notes = info(&found, &format!("nvml:{at}")).notes.join("; ");
        let is_flagged = notes.contains("disagree");
        assert!(
            is_flagged != note.is_empty() && notes.contains(note),
            "{lines}: {notes}"
        );
    }
}

#[test]
fn where_a_device_is_lost_in_mid_run_the_model_takes_over_and_the_sum_goes_on() {
    let script = format!("{CARD}watts = 150\nlimit_watts = 300\n");
    let nvml = FakeNvml::new(&script);
    let sysfs = FakeSysfs::new();
    let (sampler, _samples) = sampler(discover(&training(&sysfs, &nvml)));
    let run = sampler.open_window("run").unwrap();
    sleep(Duration::from_millis(1000));
    nvml.rewrite(&format!("{script}fail = yes\n"));
    wait(&sampler, "nvml:0", |meter| meter.lost.is_some());
    wait(&sampler, "model:gpu", |meter| meter.energy_j.is_some());
    sleep(Duration::from_millis(700));
    let lost = sampler.snapshot().meters[0].lost.clone().unwrap();
    assert!(
        lost.contains("fell off the bus") && lost.ends_with("model:gpu has taken its place"),
        "{lost}"
    );
    let figures = sampler.close_window(run).unwrap();
    let (card, model) = (of(&figures, "nvml:0"), of(&figures, "model:gpu"));
    // Polled power is gone with the card.
    assert!(
        figures.iter().all(|figure| figure.meter != "nvml:0:power"),
        "{figures:?}"
    );
    let card_j = energy_of(card, 150.0);
    let model_j = energy_of(model, 300.0);
    assert!(card.covered_s > 0.8 && model.covered_s > 0.5, "{figures:?}");
    assert!(
        card.covered_s + model.covered_s <= card.window_s + 1e-6,
        "{figures:?}"
    );
    let gpu = [card.clone(), model.clone()];
    let sum = components(&gpu, sampler.places());
    assert!((sum.figure.energy_j.unwrap().value - card_j - model_j).abs() < 1e-6);
    assert_eq!((sum.left_out, sum.missing), (vec![], vec![]));
    assert!((sum.figure.covered_s - card.covered_s - model.covered_s).abs() < 1e-6);
    assert_eq!(sum.figure.grade, model.grade);
}

#[test]
fn a_counter_that_jumps_back_leaves_a_gap_and_no_energy_is_made_up() {
    let script = format!("{CARD}watts = 120\n");
    let nvml = FakeNvml::new(&script);
    let sysfs = FakeSysfs::new();
    let (sampler, _samples) = sampler(discover(&training(&sysfs, &nvml)));
    let run = sampler.open_window("run").unwrap();
    for jump_j in [-1e9, -1e9 + 5e6] {
        sleep(Duration::from_millis(800));
        nvml.rewrite(&format!("{script}jump_j = {jump_j}\n"));
    }
    sleep(Duration::from_millis(800));
    let figures = sampler.close_window(run).unwrap();
    let card = of(&figures, "nvml:0");
    energy_of(card, 120.0);
    assert!(card.coverage() > 0.6 && card.coverage() < 0.999, "{card:?}");
    let now = sampler.snapshot();
    assert!(
        now.meters[0].dropped_reads >= 2 && now.meters[0].lost.is_none(),
        "{now:?}"
    );
}

#[test]
fn where_the_counter_freezes_polled_power_takes_over() {
    let script = format!("{CARD}watts = 90\n");
    let nvml = FakeNvml::new(&script);
    let sysfs = FakeSysfs::new();
    let (sampler, _samples) = sampler(discover(&training(&sysfs, &nvml)));
    let run = sampler.open_window("run").unwrap();
    sleep(Duration::from_millis(1000));
    nvml.rewrite(&format!("{script}frozen = yes\n"));
    wait(&sampler, "nvml:0:power", |meter| meter.energy_j.is_some());
    sleep(Duration::from_millis(700));
    let figures = sampler.close_window(run).unwrap();
    let (card, polled) = (of(&figures, "nvml:0"), of(&figures, "nvml:0:power"));
    let sum_j = energy_of(card, 90.0) + energy_of(polled, 90.0);
    // What is not known meanwhile is missing, not 0 J.
    assert!(
        (0.9..1.3).contains(&card.covered_s) && polled.covered_s > 0.5,
        "{figures:?}"
    );
    assert!(card.window_s - card.covered_s - polled.covered_s > 9.0);
    let sum = components(&[card.clone(), polled.clone()], sampler.places());
    assert!((sum.figure.energy_j.unwrap().value - sum_j).abs() < 1e-6);
    let lost = sampler.snapshot().meters[0].lost.clone().unwrap();
    assert!(
        lost.contains("stood still") && lost.contains("nvml:0:power"),
        "{lost}"
    );
}
