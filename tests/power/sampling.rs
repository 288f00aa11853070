use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::sleep,
    time::{Duration, Instant},
};

use joulelab::{
    power::{
        Clock, Extra, Level, Meter, MeterInfo, Planned, ReadError, Reading, Sampler, SamplerError,
        SamplerOptions, net,
    },
    units::EnergyFigure,
};

use super::{counter, polled};

/// A meter of a steady power that can be told to fail.
struct Steady {
    info: MeterInfo,
    watts: f64,
    clock: Clock,
    broken: Arc<AtomicBool>,
}

impl Steady {
    fn new(info: MeterInfo, watts: f64) -> (Box<Self>, Arc<AtomicBool>) {
        let broken = Arc::new(AtomicBool::new(false));
        let meter = Self {
            info,
            watts,
            clock: Clock::new(),
            broken: Arc::clone(&broken),
        };
        (Box::new(meter), broken)
    }
}

impl Meter for Steady {
    fn info(&self) -> &MeterInfo {
        &self.info
    }

    fn read(&mut self) -> Result<Reading, ReadError> {
        if self.broken.load(Ordering::Relaxed) {
            return Err(ReadError::Driver {
                device: self.info.device.clone(),
                reason: "told to fail".to_owned(),
            });
        }
        let level = match self.info.kind {
            joulelab::power::Kind::Power => Level::Watts(self.watts),
            _ => Level::Counts((self.clock.now_s() * self.watts * 1e6) as u64),
        };
        Ok(Reading {
            level,
            extras: vec![Extra::new("temperature", 50.0, "Cel")],
        })
    }
}

/// Slow enough that a busy machine does not tear holes of three periods into polled power.
const USUAL: SamplerOptions = SamplerOptions { rate_hz: 10.0 };

fn value(figure: &EnergyFigure) -> f64 {
    figure.energy_j.expect("an energy").value
}

fn within(a: f64, b: f64, share: f64) -> bool {
    (a - b).abs() <= share * b.abs()
}

#[test]
fn windows_nest_and_contiguous_ones_add_up() {
    let (a, _) = Steady::new(counter("c"), 100.0);
    let (b, _) = Steady::new(polled("p"), 40.0);
    let (sampler, samples) = Sampler::start(vec![a, b], Clock::new(), USUAL).unwrap();
    let mut open = sampler.edge(&[], &["run", "train"]).unwrap().opened;
    let (run, mut phase) = (open.remove(0), open.remove(0));
    let mut parts = [0.0; 2];
    let mut covered = [0.0; 2];
    let mut add = |figures: &[EnergyFigure]| {
        for (i, figure) in figures.iter().enumerate() {
            parts[i] += value(figure);
            covered[i] += figure.covered_s;
        }
    };
    for _ in 0..4 {
        sleep(Duration::from_millis(130));
        let edge = sampler.edge(&[phase], &["next"]).unwrap();
        add(&edge.closed[0]);
        phase = edge.opened[0];
    }
    sleep(Duration::from_millis(60));
    let peeked = sampler.peek(run).unwrap();
    let mut last = sampler.edge(&[run, phase], &[]).unwrap().closed;
    add(&last.pop().unwrap());
    let whole = last.pop().unwrap();
    for (i, figure) in whole.iter().enumerate() {
        assert!(
            (value(figure) - parts[i]).abs() < 1e-6,
            "{figure:?} {parts:?}"
        );
        assert!((figure.covered_s - covered[i]).abs() < 1e-9);
        assert!(within(figure.covered_s, figure.window_s, 1e-9));
        assert!(value(&peeked[i]) <= value(figure));
    }
    assert!(
        within(value(&whole[0]), 100.0 * whole[0].window_s, 0.05),
        "{whole:?}"
    );
    assert!(within(value(&whole[1]), 40.0 * whole[1].window_s, 0.05));
    assert!(matches!(
        sampler.close_window(run),
        Err(SamplerError::UnknownWindow(_))
    ));
    let end = sampler.stop();
    assert_eq!(end.dropped_samples, 0);
    let all: Vec<_> = samples.iter().flatten().collect();
    for (metric, unit) in [("power", "W"), ("energy", "J"), ("temperature", "Cel")] {
        let of_both = |meter| {
            all.iter().any(|sample| {
                sample.metric == metric && sample.unit == unit && sample.meter == meter
            })
        };
        assert!(of_both(0) && of_both(1), "{metric}");
    }
    assert!(all.windows(2).all(|pair| pair[0].t_s <= pair[1].t_s));
    // Numbers that JSON keeps to the last bit.
    let sample = joulelab::power::Sample {
        t_s: 1.5,
        value: 2.25,
        ..all[0].clone()
    };
    let json = serde_json::to_string(&sample).unwrap();
    assert_eq!(
        serde_json::from_str::<joulelab::power::Sample>(&json).unwrap(),
        sample
    );
}

#[test]
fn a_meter_that_fails_is_lost_and_the_others_go_on() {
    let (a, broken) = Steady::new(counter("c"), 100.0);
    let (b, _) = Steady::new(polled("p"), 40.0);
    let (sampler, _samples) = Sampler::start(vec![a, b], Clock::new(), USUAL).unwrap();
    let run = sampler.open_window("run").unwrap();
    sleep(Duration::from_millis(300));
    broken.store(true, Ordering::Relaxed);
    let patience = Instant::now();
    while sampler.snapshot().meters[0].lost.is_none() {
        assert!(patience.elapsed() < Duration::from_secs(20), "never lost");
        sleep(Duration::from_millis(10));
    }
    sleep(Duration::from_millis(200));
    let snapshot = sampler.snapshot();
    let reason = snapshot.meters[0].lost.as_deref().unwrap();
    assert!(reason.contains("told to fail"), "{reason}");
    assert_eq!(snapshot.meters[0].power_w, None);
    assert_eq!(snapshot.meters[1].power_w, Some(40.0));
    assert_eq!(snapshot.meters[1].lost, None);
    let figures = sampler.close_window(run).unwrap();
    assert!(figures[0].coverage() < 0.9, "{figures:?}");
    assert!(figures[0].covered_s > 0.1);
    assert!(within(
        value(&figures[0]),
        100.0 * figures[0].covered_s,
        0.01
    ));
    assert!(figures[1].coverage() > 0.999);
}

#[test]
fn a_receiver_that_takes_nothing_costs_samples_but_no_energy() {
    let (a, _) = Steady::new(counter("c"), 100.0);
    let options = SamplerOptions { rate_hz: 100.0 };
    let (sampler, samples) = Sampler::start(vec![a], Clock::new(), options).unwrap();
    drop(samples);
    let run = sampler.open_window("run").unwrap();
    let patience = Instant::now();
    while sampler.snapshot().dropped_samples == 0 {
        assert!(
            patience.elapsed() < Duration::from_secs(20),
            "nothing dropped"
        );
        sleep(Duration::from_millis(20));
    }
    let figures = sampler.close_window(run).unwrap();
    assert!(figures[0].coverage() > 0.999);
    assert!(within(
        value(&figures[0]),
        100.0 * figures[0].window_s,
        0.01
    ));
}

#[test]
fn the_idle_baseline_takes_a_steady_power_off_to_nothing() {
    let (a, _) = Steady::new(counter("c"), 30.0);
    let (b, broken) = Steady::new(polled("p"), 40.0);
    broken.store(true, Ordering::Relaxed);
    let (sampler, _samples) = Sampler::start(vec![a, b], Clock::new(), USUAL).unwrap();
    let idle = sampler.measure_idle(1.0, &|| true).unwrap();
    assert!(within(idle.duration_s, 1.0, 0.2), "{idle:?}");
    assert!(within(idle.meters[0].power_w.unwrap().value, 30.0, 0.05));
    assert_eq!(idle.meters[1].power_w, None);
    let run = sampler.open_window("run").unwrap();
    sleep(Duration::from_millis(500));
    let gross = sampler.close_window(run).unwrap();
    let net_j = net(&gross[0], &idle).energy_j.unwrap();
    assert!(net_j.value.abs() < 0.1 * value(&gross[0]), "{net_j:?}");
    let quick = Instant::now();
    sampler.measure_idle(60.0, &|| false).unwrap();
    assert!(quick.elapsed() < Duration::from_secs(30));
}

#[test]
fn rates_out_of_bounds_are_refused() {
    for rate_hz in [0.0, 0.5, 101.0, f64::NAN, f64::INFINITY] {
        let started = Sampler::start(
            Vec::<Planned>::new(),
            Clock::new(),
            SamplerOptions { rate_hz },
        );
        assert!(
            matches!(started, Err(SamplerError::Rate { .. })),
            "{rate_hz}"
        );
    }
}

#[test]
fn a_manual_clock_moves_only_when_told() {
    let clock = Clock::manual();
    let twin = clock.clone();
    clock.advance(1.5);
    clock.advance(-1.0);
    assert_eq!(twin.now_s(), 1.5);
    let real = Clock::new();
    let before_s = real.now_s();
    real.advance(1000.0);
    assert!((before_s..before_s + 100.0).contains(&Clock::new().now_s()));
}

#[test]
fn a_driver_that_hangs_is_waited_for_once() {
    /// Answers until it is told to hang.
    struct Hanging(MeterInfo, Arc<AtomicBool>);
    impl Meter for Hanging {
        fn info(&self) -> &MeterInfo {
            &self.0
        }
        fn read(&mut self) -> Result<Reading, ReadError> {
            while self.1.load(Ordering::Relaxed) {
                sleep(Duration::from_millis(10));
            }
            Ok(Level::Watts(50.0).into())
        }
    }
    let hangs = Arc::new(AtomicBool::new(false));
    let meter = Box::new(Hanging(polled("p"), Arc::clone(&hangs)));
    let (sampler, _samples) = Sampler::start(vec![meter], Clock::new(), USUAL).unwrap();
    let run = sampler.open_window("run").unwrap();
    sleep(Duration::from_millis(600));
    hangs.store(true, Ordering::Relaxed);
    sleep(Duration::from_millis(200));
    assert!(matches!(
        sampler.edge(&[], &["a"]),
        Err(SamplerError::TimedOut)
    ));
    let began = Instant::now();
    for _ in 0..40 {
        assert!(matches!(
            sampler.edge(&[], &["b"]),
            Err(SamplerError::TimedOut)
        ));
    }
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
    let so_far = sampler.peek(run).unwrap();
    assert!(
        value(&so_far[0]) > 10.0,
        "what was read is kept: {so_far:?}"
    );
    // It comes back, and so does the measuring; windows that were asked for in vain are not open.
    hangs.store(false, Ordering::Relaxed);
    let until = Instant::now() + Duration::from_secs(5);
    while sampler.edge(&[], &["c"]).is_err() {
        assert!(Instant::now() < until);
        sleep(Duration::from_millis(50));
    }
    let figures = sampler.close_window(run).unwrap();
    assert!(figures[0].coverage() < 0.5, "{figures:?}");
}
