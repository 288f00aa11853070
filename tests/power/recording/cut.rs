//! Recordings that end in the middle: cut off anywhere, or by a program that is killed.

use std::{
    io::Cursor,
    path::Path,
    thread::sleep,
    time::{Duration, Instant},
};

use joulelab::power::{
    Clock, Sampler, SamplerOptions,
    recording::{Recorder, ReplayError, replay, replay_file},
};

use super::{new_file, parts, recorded};

#[test]
fn a_recording_that_is_cut_off_anywhere_gives_what_is_there() {
    let (bytes, _) = recorded(2);
    let whole = replay(Cursor::new(&bytes)).unwrap();
    let header = bytes.iter().position(|byte| *byte == b'\n').unwrap();
    let mut cut_off = 0;
    for at in (header + 1)..bytes.len() {
        let replayed =
            replay(Cursor::new(&bytes[..at])).unwrap_or_else(|error| panic!("{at}: {error}"));
        assert!(replayed.readings <= whole.readings);
        // The last character alone is the end of the line that says so.
        assert_eq!(replayed.end.is_none(), at < bytes.len() - 1);
        cut_off += u32::from(replayed.cut_off);
        if let Some(open) = replayed.windows.iter().find(|window| !window.closed) {
            assert!(open.to_s <= whole.whole.to_s);
        }
    }
    assert!(cut_off > 1000);
    for at in 0..header {
        let error = replay(Cursor::new(&bytes[..at])).unwrap_err();
        assert!(matches!(error, ReplayError::Header { .. }), "{at}: {error}");
    }
}

/// Where a child of the test below writes its recording.
const CHILD_PATH: &str = "JOULELAB_TEST_RECORDING";

#[test]
#[ignore = "run by the test below, in a process that it kills"]
fn records_until_it_is_killed() {
    let path = std::env::var_os(CHILD_PATH).expect("told where");
    let clock = Clock::new();
    let meters = parts("steady", &clock);
    let recorder = Recorder::create(Path::new(&path), &meters, &clock, 100.0).unwrap();
    let options = SamplerOptions { rate_hz: 100.0 };
    let (sampler, _samples) =
        Sampler::start_recorded(meters, clock, options, Some(Box::new(recorder))).unwrap();
    sampler.open_window("run").unwrap();
    sleep(Duration::from_secs(60));
}

#[test]
fn a_program_that_is_killed_leaves_a_recording() {
    let (_folder, path) = new_file();
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "recording::cut::records_until_it_is_killed",
            "--ignored",
        ])
        .env(CHILD_PATH, &path)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let patience = Instant::now();
    while replay_file(&path).map_or(0, |replayed| replayed.readings) < 50 {
        assert!(
            patience.elapsed() < Duration::from_secs(30),
            "nothing is written"
        );
        sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let replayed = replay_file(&path).unwrap();
    assert_eq!(replayed.end, None);
    let open = &replayed.windows[0];
    assert_eq!((open.label.as_str(), open.closed), ("run", false));
    assert!(open.figures[0].window_s > 0.2, "{open:?}");
    let watts = open.figures[0].mean_power_w().unwrap();
    assert!(watts.covers(150.0), "{open:?}");
}
