//! Recordings: what is measured can be computed again to the last digit, whatever became of the file.

use std::{
    fs,
    io::{self, BufReader, Cursor, Read, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::sleep,
    time::{Duration, Instant},
};

use joulelab::{
    power::{
        Clock, Discovery, Level, Meter, MeterInfo, Options, Origin, Part, Planned, ReadError,
        Reading, Record, Role, Rounds, Sampler, SamplerOptions, components, discover,
        recording::{Recorder, RecordingError, Replay, ReplayError, Replayed, replay, replay_file},
        simulated,
    },
    units::{Boundary, EnergyFigure, Grade},
};
use proptest::prelude::*;

use super::{counter, polled};

const USUAL: SamplerOptions = SamplerOptions { rate_hz: 20.0 };

/// Simulated meters on a clock of one's own; what covers everything is a cross-check.
fn parts(simulation: &str, clock: &Clock) -> Vec<Planned> {
    let meters = simulated::parse(simulation, clock).expect("a simulation");
    let planned = meters.into_iter().map(|meter| {
        let role = match meter.info().boundary {
            Boundary::System => Role::CrossCheck,
            _ => Role::Part,
        };
        let meter = Box::new(meter);
        Planned { meter, role }
    });
    planned.collect()
}

/// Every kind of meter there is, with stand-bys and cross-checks as the program itself chooses them.
fn everything() -> Vec<Planned> {
    let options = Options {
        simulated: ["training", "flaky,fault=vanish,at_s=1", "laptop"]
            .map(str::to_owned)
            .to_vec(),
        ..Options::default()
    };
    let Discovery { meters, .. } = discover(&options);
    assert!(meters.len() >= 6);
    meters
}

fn new_file() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("power.jsonl");
    (folder, path)
}

fn equal(a: &EnergyFigure, b: &EnergyFigure) {
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1e-3);
    let numbers = |figure: &EnergyFigure| {
        let energy = figure.energy_j.map(|e| [e.value, e.low, e.high]);
        (
            energy.unwrap_or([-1.0; 3]),
            [figure.covered_s, figure.window_s],
        )
    };
    let ((a_j, a_s), (b_j, b_s)) = (numbers(a), numbers(b));
    let same = a_j.iter().zip(&b_j).chain(a_s.iter().zip(&b_s));
    assert!(same.into_iter().all(|(a, b)| near(*a, *b)), "{a:?}\n{b:?}");
    let words = |figure: &EnergyFigure| {
        (
            figure.meter.clone(),
            figure.source.clone(),
            figure.boundary,
            figure.grade,
        )
    };
    assert_eq!(words(a), words(b));
}

fn all_equal(live: &[EnergyFigure], replayed: &[EnergyFigure]) {
    assert_eq!(live.len(), replayed.len(), "{live:?}\n{replayed:?}");
    live.iter().zip(replayed).for_each(|(a, b)| equal(a, b));
}

/// A short recording without a thread, and its windows' figures.
fn recorded(seconds: u32) -> (Vec<u8>, Vec<Vec<EnergyFigure>>) {
    let clock = Clock::manual();
    let bytes = Bytes::default();
    let meters = parts("laptop", &clock);
    let recorder = Recorder::into(bytes.clone(), &meters, &clock, 10.0).expect("a recorder");
    let options = SamplerOptions::default();
    let mut rounds =
        Rounds::begin(meters, clock.clone(), options, Some(Box::new(recorder))).expect("rounds");
    let mut open = rounds
        .edge(&[], &["run", "part"], false)
        .expect("an edge")
        .opened;
    let mut closed = Vec::new();
    for _ in 0..seconds {
        for _ in 0..10 {
            clock.advance(0.1);
            rounds.round();
        }
        let edge = rounds.edge(&open[1..], &["part"], false).expect("an edge");
        closed.extend(edge.closed);
        open.truncate(1);
        open.extend(edge.opened);
    }
    closed.extend(rounds.edge(&open, &[], false).expect("an edge").closed);
    drop(rounds);
    (bytes.take(), closed)
}

/// Bytes in memory that several hold.
#[derive(Clone, Default)]
struct Bytes(Arc<Mutex<Vec<u8>>>);

impl Bytes {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().expect("nobody panicked"))
    }
}

impl Write for Bytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panicked").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_replay_computes_what_the_live_run_computed() {
    let (_folder, path) = new_file();
    let clock = Clock::new();
    let meters = everything();
    let recorder = Recorder::create(&path, &meters, &clock, USUAL.rate_hz).unwrap();
    let (sampler, _samples) =
        Sampler::start_recorded(meters, clock, USUAL, Some(Box::new(recorder))).unwrap();
    let places = sampler.places().to_vec();
    let idle = sampler.measure_idle(0.5, &|| true).unwrap();
    let run = sampler.open_window("run").unwrap();
    let mut phase = sampler.open_window("phase 0").unwrap();
    let mut live = Vec::new();
    for n in 1..5 {
        sleep(Duration::from_millis(600));
        let label = format!("phase {n}");
        let edge = sampler.edge(&[phase], &[&label]).unwrap();
        live.extend(edge.closed);
        phase = edge.opened[0];
    }
    live.extend(sampler.edge(&[phase, run], &[]).unwrap().closed);
    let end = sampler.stop();
    let stood_in = |lost: &Option<String>| {
        lost.as_deref()
            .is_some_and(|why| why.ends_with("has taken its place"))
    };
    assert!(
        end.meters.iter().any(|meter| stood_in(&meter.lost)),
        "{end:?}"
    );

    let Replayed {
        windows,
        meters,
        end: reason,
        lost,
        cut_off,
        readings,
        ..
    } = replay_file(&path).unwrap();
    assert_eq!(
        (reason.as_deref(), lost, cut_off),
        (Some("the measuring ended"), 0, false)
    );
    assert!(readings > 100);
    let idles: Vec<_> = windows
        .iter()
        .filter(|window| window.label.starts_with("idle"))
        .collect();
    assert_eq!(
        idles.len(),
        7,
        "the whole, five slices and the one after them"
    );
    let again = joulelab::power::IdleBaseline::new(
        &replay_file(&path).unwrap().header.infos(),
        &idles
            .iter()
            .find(|window| window.label == "idle")
            .unwrap()
            .figures,
        &[],
    );
    for (live, again) in idle.meters.iter().zip(&again.meters) {
        assert_eq!(live.meter, again.meter);
        let watts = |idle: &joulelab::power::IdlePower| idle.power_w.map_or(-1.0, |w| w.value);
        assert!(
            (watts(live) - watts(again)).abs() < 1e-9,
            "{live:?} {again:?}"
        );
    }
    let of_run = &windows[7..];
    assert_eq!(of_run.len(), live.len());
    for (window, live) in of_run.iter().zip(&live) {
        assert!(window.closed);
        all_equal(live, &window.figures);
        let sum = components(live, &places);
        equal(&sum.figure, &window.sum.figure);
        assert_eq!(sum.missing, window.sum.missing);
        assert_eq!(sum.left_out, window.sum.left_out);
    }
    for (live, again) in end.meters.iter().zip(&meters) {
        assert_eq!(live.lost, again.lost);
        assert_eq!(live.failed_reads, again.failed_reads);
        assert_eq!(live.dropped_reads, again.dropped_reads);
    }
}

#[test]
fn sums_of_idle_windows_count_no_stand_by_twice() {
    let clock = Clock::manual();
    let bytes = Bytes::default();
    let mut meters = parts("steady", &clock);
    let mut model = parts("steady,watts=100", &clock).remove(0);
    model.role = Role::StandBy {
        of: "simulated:steady".to_owned(),
    };
    meters.push(Planned {
        meter: Box::new(Renamed::new(model.meter, "model")),
        role: model.role,
    });
    let recorder = Recorder::into(bytes.clone(), &meters, &clock, 10.0).unwrap();
    let options = SamplerOptions::default();
    let mut rounds =
        Rounds::begin(meters, clock.clone(), options, Some(Box::new(recorder))).unwrap();
    let open = rounds.edge(&[], &["idle"], true).unwrap().opened;
    for _ in 0..50 {
        clock.advance(0.1);
        rounds.round();
    }
    let live = rounds.edge(&open, &[], true).unwrap().closed.remove(0);
    drop(rounds);
    let replayed = replay(Cursor::new(bytes.take())).unwrap();
    let window = &replayed.windows[0];
    all_equal(&live, &window.figures);
    assert_eq!(window.figures.len(), 2);
    let sum = window.sum.figure.energy_j.unwrap().value;
    assert!((sum - 750.0).abs() < 10.0, "{sum}");
}

/// A meter under another name.
struct Renamed(MeterInfo, Box<dyn Meter>);

impl Renamed {
    fn new(meter: Box<dyn Meter>, id: &str) -> Self {
        let info = MeterInfo {
            id: id.to_owned(),
            grade: Grade::E,
            ..meter.info().clone()
        };
        Self(info, meter)
    }
}

impl Meter for Renamed {
    fn info(&self) -> &MeterInfo {
        &self.0
    }

    fn read(&mut self) -> Result<Reading, ReadError> {
        self.1.read()
    }
}

#[test]
fn a_recording_by_hand_comes_out_the_same_and_whole() {
    let (bytes, live) = recorded(8);
    let replayed = replay(Cursor::new(&bytes)).unwrap();
    assert_eq!(replayed.windows.len(), live.len());
    for (window, live) in replayed.windows.iter().zip(&live) {
        all_equal(live, &window.figures);
    }
    // The run began and ended with the recording.
    let run = replayed
        .windows
        .iter()
        .find(|window| window.label == "run")
        .unwrap();
    all_equal(&run.figures, &replayed.whole.figures);
    assert!(replayed.whole.closed);
    assert_eq!(
        (replayed.whole.from_s, replayed.whole.to_s),
        (0.0, run.to_s)
    );
    assert_eq!(replayed.header.rate_hz, 10.0);
    assert_eq!(replayed.header.program, env!("CARGO_PKG_VERSION"));
    assert!(
        replayed
            .header
            .meters
            .iter()
            .all(|meter| meter.info.origin == Origin::Simulated)
    );
}

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
            "recording::records_until_it_is_killed",
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

/// A recording's first line and what follows.
fn with(lines: &str) -> Vec<u8> {
    let clock = Clock::manual();
    let infos = [
        counter("c"),
        MeterInfo {
            covers: vec![Part::memory()],
            ..polled("p")
        },
    ];
    let mut meters: Vec<Planned> = infos
        .into_iter()
        .map(|info| Planned::from(Box::new(Silent(info))))
        .collect();
    meters.push(Planned {
        meter: Box::new(Silent(counter("s"))),
        role: Role::StandBy { of: "c".to_owned() },
    });
    let bytes = Bytes::default();
    let recorder = Recorder::into(bytes.clone(), &meters, &clock, 10.0).expect("a recorder");
    let mut text = bytes.take();
    drop(recorder);
    text.extend(lines.as_bytes());
    text
}

struct Silent(MeterInfo);

impl Meter for Silent {
    fn info(&self) -> &MeterInfo {
        &self.0
    }

    fn read(&mut self) -> Result<Reading, ReadError> {
        Ok(Level::Watts(1.0).into())
    }
}

fn why(lines: &str) -> String {
    replay(Cursor::new(with(lines)))
        .expect_err("an error")
        .to_string()
}

#[test]
fn damaged_recordings_are_refused_with_the_line() {
    let good = "{\"t\":1,\"m\":0,\"c\":5}\n";
    for (bad, what) in [
        (
            "{\"t\":2,\"m\":3,\"c\":1}",
            "meter 3 is not in the header, which names 3",
        ),
        (
            "{\"t\":2,\"m\":18446744073709551615,\"c\":1}",
            "is not in the header",
        ),
        ("{\"t\":2,\"m\":-1,\"c\":1}", "invalid value"),
        ("{\"t\":2,\"m\":0,\"w\":1}", "the meter is a counter"),
        ("{\"t\":2,\"m\":1,\"c\":1}", "the meter tells power"),
        ("{\"t\":2,\"m\":0,\"c\":1,\"w\":1}", "both"),
        ("{\"t\":2,\"m\":0,\"c\":-1}", "invalid value"),
        ("{\"t\":2,\"m\":0,\"c\":1.5}", "invalid type"),
        (
            "{\"t\":2,\"m\":0,\"c\":18446744073709551616}",
            "invalid type",
        ),
        ("{\"t\":2,\"m\":0}", "without `c`"),
        ("{\"t\":2,\"m\":0,\"c\":1,\"c\":2}", "duplicate field"),
        (
            "{\"t\":2,\"m\":0,\"c\":1,\"close\":2}",
            "`close` does not belong here",
        ),
        (
            "{\"t\":2,\"m\":0,\"error\":\"x\",\"c\":2}",
            "`c` does not belong here",
        ),
        ("{\"t\":2,\"m\":0,\"x\":1}", "unknown field"),
        ("{\"t\":2,\"m\":1,\"w\":NaN}", "expected"),
        ("{\"t\":2,\"m\":1,\"w\":\"nan\"}", "\"NaN\""),
        ("{\"t\":2,\"m\":1,\"w\":1e999}", "out of range"),
        (
            "{\"t\":0.5,\"m\":0,\"c\":1}",
            "time goes back from 1 s to 0.5 s",
        ),
        ("{\"t\":-1,\"m\":0,\"c\":1}", "`t` cannot be -1"),
        ("{\"t\":1e300,\"m\":0,\"c\":1}", "`t` cannot be"),
        ("{\"t\":1e999,\"m\":0,\"c\":1}", "out of range"),
        ("{\"t\":null,\"m\":0,\"c\":1}", "invalid type"),
        ("{\"m\":0,\"c\":1}", "missing field `t`"),
        ("{\"t\":2}", "it says nothing"),
        ("{\"t\":2,\"close\":0}", "window 0 is not open"),
        ("{\"t\":2,\"open\":0}", "without `label`"),
        ("{\"t\":2,\"period_s\":0}", "`period_s` cannot be 0"),
        ("{\"t\":2,\"replaced\":0}", "without `by`"),
        (
            "{\"t\":2,\"replaced\":0,\"by\":1}",
            "meter 1 cannot take the place of meter 0",
        ),
        ("{\"t\":2,\"replaced\":2,\"by\":2}", "cannot take the place"),
        (
            "{\"t\":2,\"replaced\":0,\"by\":9}",
            "meter 9 is not in the header",
        ),
        ("[1,2]", "invalid"),
        ("", "EOF"),
        ("\u{0}\u{0}\u{0}", "expected value"),
        (
            "{\"t\":2,\"m\":0,\"c\":1}{\"t\":2,\"m\":0,\"c\":1}",
            "trailing characters",
        ),
    ] {
        let error = why(&format!("{good}{bad}\n{good}"));
        assert!(error.contains("line 3:"), "{bad}: {error}");
        assert!(error.contains(what), "{bad}: {error}");
    }
    let twice = why("{\"t\":1,\"open\":0,\"label\":\"a\"}\n{\"t\":1,\"open\":0,\"label\":\"b\"}\n");
    assert!(
        twice.contains("line 3: window 0 is open already"),
        "{twice}"
    );
    let open: String = (0..2000)
        .map(|n| format!("{{\"t\":1,\"open\":{n},\"label\":\"a\"}}\n"))
        .collect();
    assert!(why(&open).contains("more than 1024 windows are open"));
    // After the end nothing is read, and what a power cut leaves as the last line is not either.
    for fine in [
        "{\"t\":2,\"end\":\"x\"}\nrubbish\n",
        "{\"t\":2,\"m\":0,\"c\":1}\n{\"t\":3,\"m\":0,\"c",
        "{\"t\":2,\"m\":0,\"c\":1}\n\0\0\0\0",
    ] {
        replay(Cursor::new(with(fine))).unwrap_or_else(|error| panic!("{fine:?}: {error}"));
    }
}

#[test]
fn what_json_cannot_say_survives() {
    let lines = "{\"t\":0,\"m\":1,\"w\":5}\n{\"t\":0,\"open\":7,\"label\":\"w\"}\n{\"t\":0.1,\"m\":1,\"w\":\"NaN\"}\n\
         {\"t\":0.2,\"m\":1,\"w\":\"inf\"}\n{\"t\":0.25,\"m\":1,\"w\":1e12}\n{\"t\":0.3,\"m\":1,\"w\":7,\"also\":[[\"x\",\"-inf\",\"1\"]]}\n\
         {\"t\":0.3,\"close\":7}\n";
    let replayed = replay(Cursor::new(with(lines))).unwrap();
    assert_eq!(replayed.meters[1].dropped_reads, 3);
    let figure = &replayed.windows[0].figures[1];
    assert!(
        (figure.energy_j.unwrap().value - 1.8).abs() < 1e-12,
        "{figure:?}"
    );
}

#[test]
fn files_that_are_none_of_ours_say_so() {
    let good = String::from_utf8(with("")).unwrap();
    for (bad, what) in [
        (String::new(), "the file is empty"),
        ("{}\n".to_owned(), "missing field `format`"),
        ("hello\n".to_owned(), "expected value"),
        (
            good.replace("joulelab power recording", "other"),
            "`format` is `other`",
        ),
        (
            good.replace("\"version\":1", "\"version\":2"),
            "this program reads version 1",
        ),
        (
            good.replace("\"max_power_w\":1000.0", "\"max_power_w\":1e300"),
            "`max_power_w` cannot be",
        ),
        (
            good.replace("\"max_power_w\":1000.0", "\"max_power_w\":-1"),
            "`max_power_w` cannot be",
        ),
        (
            good.replace("\"max_power_w\":1000.0", "\"max_power_w\":null"),
            "invalid type",
        ),
        (good.replace("0.05", "-3"), "`error` cannot be"),
        (
            good.replace("\"refresh_s\":0.001", "\"refresh_s\":-1"),
            "`refresh_s` cannot be",
        ),
        (
            good.replace("\"id\":\"p\"", "\"id\":\"c\""),
            "meter `c` is there twice",
        ),
        (
            good.replace("\"rate_hz\":10.0", "\"rate_hz\":0"),
            "`rate_hz` cannot be",
        ),
    ] {
        assert_ne!(bad, good, "{what}");
        let error = replay(Cursor::new(bad)).unwrap_err().to_string();
        assert!(
            error.contains("no recording of power: line 1:") && error.contains(what),
            "{error}"
        );
    }
    let nowhere = replay_file(Path::new("no/such/file"))
        .unwrap_err()
        .to_string();
    assert!(
        nowhere.contains("cannot open") && nowhere.ends_with("no/such/file"),
        "{nowhere}"
    );
}

/// A hundred million of the same byte, and how many of them were asked for.
struct Endless(Arc<AtomicUsize>);

impl Read for Endless {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        into.fill(b'1');
        let given = self.0.fetch_add(into.len(), Ordering::Relaxed);
        Ok(if given > 100_000_000 { 0 } else { into.len() })
    }
}

#[test]
fn a_line_of_a_hundred_megabytes_is_refused_unread() {
    for (begin, at_most) in [(with(""), 1 << 20), (Vec::new(), 8 << 20)] {
        let given = Arc::new(AtomicUsize::new(0));
        let reader = Cursor::new(begin).chain(Endless(Arc::clone(&given)));
        let error = replay(BufReader::new(reader)).unwrap_err();
        assert!(error.to_string().contains("it is longer than"), "{error}");
        assert!(given.load(Ordering::Relaxed) < at_most);
    }
}

#[test]
fn a_long_recording_is_gone_through_window_by_window() {
    let lines: String = (0..5000)
        .map(|n| {
            let t = f64::from(n) * 0.1;
            format!("{{\"t\":{t},\"m\":1,\"w\":10}}\n{{\"t\":{t},\"open\":{n},\"label\":\"w\"}}\n")
                + &(if n > 0 {
                    format!("{{\"t\":{t},\"close\":{}}}\n", n - 1)
                } else {
                    String::new()
                })
        })
        .collect();
    let mut replay = Replay::new(Cursor::new(with(&lines))).unwrap();
    assert_eq!(replay.header().meters.len(), 3);
    let (mut windows, mut joules) = (0, 0.0);
    while let Some(window) = replay.next_window().unwrap() {
        windows += u32::from(window.closed);
        joules += window.figures[1]
            .energy_j
            .map_or(0.0, |energy| energy.value);
    }
    assert_eq!(windows, 4999);
    assert!((joules - 4999.0).abs() < 1e-6, "{joules}");
    let whole = replay.finish(Vec::new()).whole;
    assert!((whole.figures[1].energy_j.unwrap().value - joules).abs() < 1e-6);
}

#[test]
fn a_recorder_tells_the_file_every_word_of_it() {
    let (_folder, path) = new_file();
    let clock = Clock::manual();
    let meters = vec![Planned::from(Box::new(Silent(polled("p"))))];
    let mut recorder = Recorder::create(&path, &meters, &clock, 10.0).unwrap();
    let error = ReadError::Driver {
        device: "d".to_owned(),
        reason: "x".repeat(100_000),
    };
    recorder.reading(1.0, 0, &Err(error));
    recorder.reading(1.0, 0, &Err(ReadError::NotYet));
    recorder.reading(1.0, 0, &Err(ReadError::Asleep));
    recorder.reading(1.5, 0, &Ok(Level::Watts(f64::NEG_INFINITY).into()));
    let recording = recorder.recording();
    drop(recorder);
    assert_eq!((recording.state().lines, recording.state().lost), (5, 0));
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().skip(1).collect();
    assert!(lines[0].len() < 1000 && lines[0].contains("the driver gave no reading: xxx"));
    assert_eq!(
        lines[1..],
        [
            r#"{"t":1.0,"m":0,"not_yet":true}"#,
            r#"{"t":1.0,"m":0,"asleep":true}"#,
            r#"{"t":1.5,"m":0,"w":"-inf"}"#,
            r#"{"t":1.5,"end":"the measuring ended","lost":0}"#,
        ]
    );
    let replayed = replay_file(&path).unwrap();
    assert_eq!(
        (
            replayed.meters[0].failed_reads,
            replayed.meters[0].dropped_reads
        ),
        (1, 1)
    );
}

#[test]
fn a_recording_plays_back_as_meters_of_its_own() {
    let (bytes, live) = recorded(8);
    let (_folder, path) = new_file();
    fs::write(&path, bytes).unwrap();
    let options = Options {
        simulated: vec![format!("replay:{}", path.display())],
        ..Options::default()
    };
    let discovery = discover(&options);
    let infos: Vec<&MeterInfo> = discovery.meters.iter().map(Planned::info).collect();
    let ids: Vec<&str> = infos.iter().map(|info| info.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "replay:simulated:laptop:package",
            "replay:simulated:laptop:dram",
            "replay:simulated:laptop:battery"
        ]
    );
    assert_eq!(discovery.meters[2].role, Role::CrossCheck);
    assert!(infos.iter().all(|info| info.origin == Origin::Simulated));
    assert!(
        infos[0]
            .source
            .starts_with("recording of simulated package energy counter, 2"),
        "{}",
        infos[0].source
    );

    // On a clock of our own, the whole of it in a moment.
    let clock = Clock::manual();
    clock.advance(1000.0);
    let playback = joulelab::power::recording::Playback::open(&path, &clock).unwrap();
    let meters = playback
        .meters
        .into_iter()
        .map(|meter| Planned::from(Box::new(meter)))
        .collect();
    let options = SamplerOptions::default();
    let mut rounds = Rounds::begin(meters, clock.clone(), options, None).unwrap();
    let run = rounds.edge(&[], &["run"], false).unwrap().opened;
    for _ in 0..79 {
        clock.advance(0.1);
        rounds.round();
    }
    let played = rounds.edge(&run, &[], false).unwrap().closed.remove(0);
    for (played, live) in played.iter().zip(&live[live.len() - 2]) {
        let (a, b) = (played.energy_j.unwrap().value, live.energy_j.unwrap().value);
        assert!((a - b).abs() < 0.05 * b, "{played:?}\n{live:?}");
        assert!(played.coverage() > 0.95, "{played:?}");
    }
    // It ends: that is missing, not zero.
    for _ in 0..100 {
        clock.advance(0.1);
        rounds.round();
    }
    let lost = rounds.snapshot().meters[0].lost.clone().unwrap();
    assert!(lost.contains("the recording has ended"), "{lost}");
}

#[test]
fn gaps_of_a_recording_stay_gaps_when_it_plays() {
    let lines: String = (0..100)
        .filter(|n| !(30..70).contains(n))
        .map(|n| {
            format!(
                "{{\"t\":{},\"m\":1,\"w\":10}}\n",
                f64::from(n) * 0.1 + 100.0
            )
        })
        .collect();
    let clock = Clock::manual();
    let reader = Box::new(Cursor::new(with(&lines)));
    let playback = joulelab::power::recording::Playback::new(reader, &clock).unwrap();
    let power = playback.meters.into_iter().nth(1).unwrap();
    let meters = vec![Planned::from(Box::new(power))];
    let mut rounds = Rounds::begin(meters, clock.clone(), SamplerOptions::default(), None).unwrap();
    let run = rounds.edge(&[], &["run"], false).unwrap().opened;
    for _ in 0..99 {
        clock.advance(0.1);
        rounds.round();
    }
    let figure = rounds
        .edge(&run, &[], false)
        .unwrap()
        .closed
        .remove(0)
        .remove(0);
    assert!((5.7..6.5).contains(&figure.covered_s), "{figure:?}");
    assert!((figure.mean_power_w().unwrap().value - 10.0).abs() < 1e-6);
}

#[test]
fn a_recording_that_cannot_be_played_is_reported() {
    let options = Options {
        simulated: vec!["replay:no/such/file".to_owned()],
        ..Options::default()
    };
    let discovery = discover(&options);
    assert!(discovery.meters.is_empty());
    let said = format!("{:?}", discovery.report[0]);
    assert!(
        said.contains("cannot open the recording") && said.contains("replay:FILE"),
        "{said}"
    );
}

proptest! {
    /// Whatever is in a file, it is read to figures that can be or to an error that names the line.
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), ours in any::<bool>()) {
        let mut all = if ours { with("") } else { Vec::new() };
        all.extend(bytes);
        if let Err(error) = replay(Cursor::new(all)) {
            prop_assert!(error.to_string().contains("line "), "{}", error);
        }
    }

    #[test]
    fn any_lines_that_are_read_give_figures_that_can_be(
        steps in prop::collection::vec((0.0..3.0_f64, 0_usize..3, any::<u64>(), prop::num::f64::POSITIVE, 0_u8..8), 1..60),
    ) {
        let mut t_s = 0.0;
        let mut lines = "{\"t\":0,\"open\":0,\"label\":\"all\"}\n".to_owned();
        for (dt_s, meter, counts, watts, event) in steps {
            t_s += dt_s;
            lines += &match (event, meter) {
                (0, _) => format!("{{\"t\":{t_s},\"m\":{meter},\"error\":\"x\"}}\n"),
                (1, _) => format!("{{\"t\":{t_s},\"period_s\":{}}}\n", dt_s.max(0.001)),
                (_, 1) => format!("{{\"t\":{t_s},\"m\":1,\"w\":{watts:e}}}\n"),
                _ => format!("{{\"t\":{t_s},\"m\":{meter},\"c\":{counts}}}\n"),
            };
        }
        let replayed = replay(Cursor::new(with(&lines))).unwrap();
        for figure in replayed.windows.iter().flat_map(|window| &window.figures) {
            prop_assert!(figure.covered_s >= 0.0 && figure.covered_s <= figure.window_s, "{:?}", figure);
            if let Some(energy) = figure.energy_j {
                prop_assert!(energy.value.is_finite() && energy.high.is_finite() && energy.low >= 0.0, "{:?}", figure);
            }
        }
    }
}
