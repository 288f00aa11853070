//! Recorders on disks that are full, slow or taken: the measuring goes on.

use std::{
    fs,
    io::{self, Cursor, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::sleep,
    time::{Duration, Instant},
};

use joulelab::{
    power::{
        Clock, Rounds, Sampler, SamplerOptions,
        recording::{Recorder, RecordingError, Replayed, replay},
    },
    units::EnergyFigure,
};

use super::{Bytes, equal, new_file, parts};

#[test]
fn a_file_that_exists_is_never_written_over() {
    let (_folder, path) = new_file();
    fs::write(&path, "precious").unwrap();
    let error = Recorder::create(&path, &[], &Clock::new(), 10.0)
        .map(drop)
        .unwrap_err();
    assert!(matches!(error, RecordingError::Exists(_)));
    assert!(error.to_string().contains("choose another name"), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    let nowhere = path.join("no/such/folder");
    let error = Recorder::create(&nowhere, &[], &Clock::new(), 10.0)
        .map(drop)
        .unwrap_err();
    assert!(matches!(error, RecordingError::Create { .. }), "{error}");
    assert!(!nowhere.exists());
}

/// A disk with room for so many bytes.
struct Disk {
    room: Arc<AtomicUsize>,
    bytes: Bytes,
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.room.load(Ordering::Relaxed);
        if room == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let some = &bytes[..bytes.len().min(room)];
        self.room.fetch_sub(some.len(), Ordering::Relaxed);
        self.bytes.write(some)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_disk_that_fills_up_ends_the_recording_and_not_the_measuring() {
    let clock = Clock::new();
    let meters = parts("steady", &clock);
    let disk = Disk {
        room: Arc::new(AtomicUsize::new(3000)),
        bytes: Bytes::default(),
    };
    let bytes = disk.bytes.clone();
    let recorder = Recorder::into(disk, &meters, &clock, 100.0).unwrap();
    let recording = recorder.recording();
    let options = SamplerOptions { rate_hz: 100.0 };
    let (sampler, _samples) =
        Sampler::start_recorded(meters, clock, options, Some(Box::new(recorder))).unwrap();
    let run = sampler.open_window("run").unwrap();
    let patience = Instant::now();
    while !recording.state().ended || recording.state().lost < 10 {
        assert!(
            patience.elapsed() < Duration::from_secs(20),
            "{:?}",
            recording.state()
        );
        sleep(Duration::from_millis(20));
    }
    let problem = recording.state().problem.unwrap();
    assert!(problem.contains("cannot be written"), "{problem}");
    let figures = sampler.close_window(run).unwrap();
    assert!(figures[0].coverage() > 0.999);
    assert!(figures[0].mean_power_w().unwrap().covers(150.0));
    sampler.stop();
    let replayed = replay(Cursor::new(bytes.take())).unwrap();
    assert_eq!(replayed.end, None);
    assert!(replayed.readings > 5);
}

#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_is_full_from_the_start_is_an_error_up_front() {
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let error = Recorder::into(full, &[], &Clock::new(), 10.0)
        .map(drop)
        .unwrap_err();
    assert!(matches!(error, RecordingError::Write(_)), "{error}");
    assert!(error.to_string().contains("No space left"), "{error}");
}

/// A disk that takes nothing while it is held.
struct Slow {
    held: Arc<AtomicBool>,
    bytes: Bytes,
}

impl Write for Slow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        while self.held.load(Ordering::Relaxed) {
            sleep(Duration::from_millis(5));
        }
        self.bytes.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A quarter of an hour that the disk takes nothing of, with windows in its middle or without; what the run had and what the file
/// gives.
fn with_a_hole(windows: bool) -> (Vec<Vec<EnergyFigure>>, Replayed) {
    let held = Arc::new(AtomicBool::new(false));
    let slow = Slow {
        held: Arc::clone(&held),
        bytes: Bytes::default(),
    };
    let bytes = slow.bytes.clone();
    let clock = Clock::manual();
    let meters = parts("steady", &clock);
    let recorder = Recorder::into(slow, &meters, &clock, 10.0).expect("a recorder");
    let recording = recorder.recording();
    let options = SamplerOptions::default();
    let mut rounds =
        Rounds::begin(meters, clock.clone(), options, Some(Box::new(recorder))).expect("rounds");
    let run = rounds.edge(&[], &["run"], false).expect("an edge").opened[0];
    held.store(true, Ordering::Relaxed);
    let began = Instant::now();
    let mut live = Vec::new();
    for n in 0..9_000 {
        clock.advance(0.1);
        rounds.round();
        if windows && n % 2_000 == 1_990 {
            clock.advance(0.1);
            let open = rounds
                .edge(&[], &["middle"], false)
                .expect("an edge")
                .opened;
            clock.advance(0.1);
            live.extend(rounds.edge(&open, &[], false).expect("an edge").closed);
        }
    }
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "the meters waited for the disk"
    );
    assert!(recording.state().lost > 4_000);
    held.store(false, Ordering::Relaxed);
    sleep(Duration::from_millis(600));
    for _ in 0..100 {
        clock.advance(0.1);
        rounds.round();
    }
    clock.advance(0.1);
    live.extend(rounds.edge(&[run], &[], false).expect("an edge").closed);
    let lost = recording.state().lost;
    drop(rounds);
    assert!(recording.state().ended);
    let replayed = replay(Cursor::new(bytes.take())).expect("a recording");
    assert_eq!(replayed.lost, lost, "{:?}", replayed.end);
    assert!(replayed.end.is_some());
    (live, replayed)
}

#[test]
fn a_disk_that_cannot_follow_costs_lines_that_are_counted() {
    let (live, replayed) = with_a_hole(false);
    // A counter bridges what is lost.
    equal(&live[0][0], &replayed.windows[0].figures[0]);
}

#[test]
fn windows_in_a_hole_are_kept_and_what_they_miss_is_said() {
    let (live, replayed) = with_a_hole(true);
    let windows: Vec<_> = replayed.windows.iter().collect();
    let labels: Vec<_> = windows.iter().map(|window| window.label.as_str()).collect();
    assert_eq!(labels, ["middle", "middle", "middle", "middle", "run"]);
    // Edges without a reading: the stretches before them are missing, and no joule of them is made up.
    let (had, has) = (&live[4][0], &windows[4].figures[0]);
    assert!((had.window_s - has.window_s).abs() < 1e-6);
    assert!(has.covered_s < 0.9 * had.covered_s, "{has:?}");
    let watts = has.mean_power_w().unwrap().value;
    assert!((watts - 150.0).abs() < 1.0, "{has:?}");
    assert!(windows[3].figures[0].covered_s < 1e-6);
}
