//! Any readings at any times: every window has an energy that can be, and windows that follow each other add up.

#![no_main]

use arbitrary::{Arbitrary, Unstructured};
use joulelab_fuzz::{
    check,
    power::{ErrorRule, Integrator, Kind, Level, Mark, MeterInfo, Origin, Part},
    units::{Boundary, Grade},
};
use libfuzzer_sys::fuzz_target;

/// One of a few meters that differ in what the integrator goes by.
fn info(bytes: &mut Unstructured<'_>) -> arbitrary::Result<MeterInfo> {
    let kind = match u8::arbitrary(bytes)? % 4 {
        0 => Kind::Power,
        1 => Kind::Counter {
            joules_per_count: 1e-6,
            wrap_counts: None,
        },
        2 => Kind::Counter {
            joules_per_count: 1e-3,
            wrap_counts: Some(u64::arbitrary(bytes)?),
        },
        _ => Kind::Counter {
            joules_per_count: 15.3e-6,
            wrap_counts: Some(u64::from(u32::MAX)),
        },
    };
    let refresh_s = [None, Some(0.0), Some(0.001), Some(0.1), Some(2.0)];
    let error = [
        ErrorRule::COUNTER,
        ErrorRule::POLLED_PART_TIME,
        ErrorRule::UNKNOWN,
    ];
    Ok(MeterInfo {
        id: "m".to_owned(),
        source: "s".to_owned(),
        device: "d".to_owned(),
        boundary: Boundary::CpuPackage,
        covers: vec![Part::package("0")],
        origin: Origin::Sensor,
        grade: Grade::B,
        kind,
        refresh_s: *bytes.choose(&refresh_s)?,
        every_s: 0.0,
        error: *bytes.choose(&error)?,
        max_power_w: *bytes.choose(&[1.0, 500.0, 1e9])?,
        notes: Vec::new(),
        pci: None,
    })
}

fn level(bytes: &mut Unstructured<'_>) -> arbitrary::Result<Level> {
    Ok(match u8::arbitrary(bytes)? % 5 {
        0 => Level::Counts(u64::arbitrary(bytes)?),
        1 => Level::Counts(u32::arbitrary(bytes)?.into()),
        2 => Level::Watts(f64::arbitrary(bytes)?),
        3 => Level::Watts(f64::from(u16::arbitrary(bytes)?) / 64.0),
        _ => Level::Counts(u16::arbitrary(bytes)?.into()),
    })
}

fn run(bytes: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let mut integrator = Integrator::new(&info(bytes)?, 0.1);
    let mut t_s = 0.0_f64;
    let mut marks: Vec<Mark> = Vec::new();
    while !bytes.is_empty() && marks.len() < 40 {
        let what = u8::arbitrary(bytes)?;
        let at_s = if what % 16 == 15 {
            f64::arbitrary(bytes)?
        } else {
            t_s + f64::from(u16::arbitrary(bytes)?)
                / [65536.0, 6553.6, 16.0, 1e4][usize::from(what) % 4]
        };
        // A clock that has run for three centuries is not to be had.
        if at_s > 1e10 {
            continue;
        }
        integrator.push(at_s, level(bytes)?);
        if at_s >= t_s {
            t_s = at_s;
        }
        if what & 32 != 0 {
            marks.push(integrator.mark(t_s));
        }
        if what & 192 == 192 {
            integrator.set_period(f64::from(what) / 100.0);
        }
    }
    marks.push(integrator.mark(t_s));
    for (i, from) in marks.iter().enumerate() {
        for to in &marks[i..] {
            check(&integrator.figure(from, to));
        }
    }
    let all = integrator.figure(&marks[0], &marks[marks.len() - 1]);
    let parts = marks
        .windows(2)
        .map(|pair| integrator.figure(&pair[0], &pair[1]));
    let sum_s: f64 = parts.map(|part| part.covered_s).sum();
    let near = (sum_s - all.covered_s).abs() <= 1e-6 * all.window_s.max(1.0);
    assert!(near, "{sum_s} ≠ {all:?}");
    Ok(())
}

fuzz_target!(|bytes: &[u8]| {
    // Where the bytes run out, so do the readings.
    let _ = run(&mut Unstructured::new(bytes));
});
