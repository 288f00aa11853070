//! Recordings: what is measured can be computed again to the last digit, whatever became of the file.

mod cut;
mod damaged;
mod disks;
mod playback;
mod replayed;

use std::{
    io::{self, Write},
    path::PathBuf,
    sync::{Arc, Mutex},
};

use joulelab::{
    power::{
        Clock, Level, Meter, MeterInfo, Part, Planned, ReadError, Reading, Role, Rounds,
        SamplerOptions, recording::Recorder, simulated,
    },
    units::{Boundary, EnergyFigure},
};

use super::{counter, polled};

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
