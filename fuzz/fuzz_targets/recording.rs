//! A recording from anywhere: figures that can be, or an error that names the line. With an even first byte the rest
//! follows a first line that is in order, so that the lines after it are reached.

#![no_main]

use std::io::{Cursor, Read};

use joulelab_fuzz::{
    check,
    power::{
        Clock, Meter, Planned, Rounds, SamplerOptions,
        recording::{Playback, replay},
    },
};
use libfuzzer_sys::fuzz_target;

const HEADER: &[u8] = include_bytes!("header.json");

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else {
        return;
    };
    let header = if first % 2 == 0 { HEADER } else { &[] };
    match replay(Cursor::new(header).chain(Cursor::new(rest))) {
        Ok(replayed) => {
            for window in replayed.windows.iter().chain([&replayed.whole]) {
                window.figures.iter().for_each(check);
                check(&window.sum.figure);
                assert!(window.from_s <= window.to_s);
            }
        }
        Err(error) => assert!(error.to_string().contains("line "), "{error}"),
    }
    // The same as meters, on a clock that leaps.
    let all = [header, rest].concat();
    let clock = Clock::manual();
    let Ok(playback) = Playback::new(Box::new(Cursor::new(all)), &clock) else {
        return;
    };
    let meters: Vec<Planned> = playback
        .meters
        .into_iter()
        .map(|meter| {
            assert!(meter.info().id.starts_with("replay:"));
            Planned::from(Box::new(meter))
        })
        .collect();
    let options = SamplerOptions::default();
    let Ok(mut rounds) = Rounds::begin(meters, clock.clone(), options, None) else {
        return;
    };
    let Ok(edge) = rounds.edge(&[], &["all"], false) else {
        return;
    };
    for step in 0..20 {
        clock.advance(0.05 * f64::from(1_u32 << step.min(12)));
        rounds.round();
    }
    let closed = rounds
        .edge(&edge.opened, &[], false)
        .expect("it is open")
        .closed;
    closed.iter().flatten().for_each(check);
});
