//! A replay against what was recorded.

use std::{fs, io::Cursor, thread::sleep, time::Duration};

use joulelab::{
    power::{
        Clock, Discovery, IdleBaseline, IdlePower, Level, Meter, MeterInfo, Options, Origin,
        Planned, ReadError, Reading, Record, Role, Rounds, Sampler, SamplerOptions, components,
        discover,
        recording::{Recorder, Replay, Replayed, replay, replay_file},
    },
    units::Grade,
};

use super::{Bytes, Silent, all_equal, equal, new_file, parts, recorded, with};
use crate::polled;

const USUAL: SamplerOptions = SamplerOptions { rate_hz: 20.0 };

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
    let again = IdleBaseline::new(
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
        let watts = |idle: &IdlePower| idle.power_w.map_or(-1.0, |w| w.value);
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
