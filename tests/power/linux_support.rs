//! What tests over sysfs trees have in common: who is read and why not, and runs during which the test moves the files.

use std::{
    fs,
    sync::Arc,
    thread::sleep,
    time::{Duration, Instant},
};

use joulelab::{
    power::{
        Clock, Components, Discovery, Options, Place, Planned, Sampler, SamplerOptions,
        SourceReport, Status, WindowId, components,
    },
    units::EnergyFigure,
};

use super::fake_sysfs::FakeSysfs;

pub(crate) const XEON: &str = "Intel(R) Xeon(R) Gold 6330 CPU @ 2.00GHz";

/// Options that touch nothing of the machine that runs the test.
pub(crate) fn options(sysfs: &FakeSysfs, cpu_name: &str) -> Options {
    Options {
        sysfs_root: sysfs.root().to_owned(),
        nvml_library: Some("/nowhere/libnvidia-ml.so".into()),
        cpu_name: Some(cpu_name.to_owned()),
        cpu_load: Some(Arc::new(|| Some(0.5))),
        memory_bytes: Some(16_000_000_000),
        ..Options::default()
    }
}

pub(crate) fn report<'a>(discovery: &'a Discovery, id: &str) -> &'a SourceReport {
    let found = discovery.report.iter().find(|report| report.id == id);
    found.unwrap_or_else(|| panic!("no {id} in {:#?}", discovery.report))
}

/// Why a source is no part of the sum, in its own words.
pub(crate) fn why<'a>(discovery: &'a Discovery, id: &str) -> &'a str {
    match &report(discovery, id).status {
        Status::Used => "used",
        Status::CrossCheck => "cross-check",
        Status::StandBy { of } => of,
        Status::Available { reason } | Status::Refused { reason, .. } => reason,
    }
}

pub(crate) fn meter<'a>(discovery: &'a Discovery, id: &str) -> &'a Planned {
    let found = discovery.meters.iter().find(|meter| meter.info().id == id);
    found.unwrap_or_else(|| panic!("no {id} in {:#?}", discovery.report))
}

/// The meters that add up, which share no hardware: checked each time.
pub(crate) fn parts(discovery: &Discovery) -> Vec<&str> {
    let parts: Vec<&Planned> = discovery.parts().collect();
    for (at, one) in parts.iter().enumerate() {
        for other in &parts[at + 1..] {
            for part in &one.info().covers {
                let shared = other.info().covers.iter().find(|own| own.overlaps(part));
                assert_eq!(shared, None, "{} and {}", one.info().id, other.info().id);
            }
        }
    }
    parts.iter().map(|meter| meter.info().id.as_str()).collect()
}

/// Sets a file so that whoever reads it sees the old or the new state, never half of one.
pub(crate) fn set(sysfs: &FakeSysfs, file: &str, value: impl ToString) {
    let path = sysfs.root().join(file);
    let beside = sysfs.root().join("written beside");
    fs::write(&beside, format!("{}\n", value.to_string())).expect("written");
    fs::rename(&beside, &path).expect("renamed");
}

/// Makes a file unreadable for everybody, root included: a folder takes its place.
pub(crate) fn close(sysfs: &FakeSysfs, file: &str) {
    let path = sysfs.root().join(file);
    fs::remove_file(&path).expect("the file was there");
    fs::create_dir(&path).expect("a folder in its place");
}

/// A run of the sampler over what was discovered.
pub(crate) struct Run {
    sampler: Sampler,
    places: Vec<Place>,
    window: WindowId,
}

impl Run {
    pub(crate) fn start(discovery: Discovery) -> Self {
        let places = discovery.meters.iter().map(Planned::place).collect();
        let options = SamplerOptions { rate_hz: 20.0 };
        let (sampler, _) =
            Sampler::start(discovery.meters, Clock::new(), options).expect("the sampler goes on");
        let window = sampler.open_window("run").expect("the sampler goes on");
        Self {
            sampler,
            places,
            window,
        }
    }

    /// Waits until the meter has been given up.
    pub(crate) fn wait_for_the_end_of(&self, meter: &str) -> String {
        let patience = Instant::now();
        loop {
            let snapshot = self.sampler.snapshot();
            let now = snapshot.meters.iter().find(|now| now.id == meter);
            if let Some(reason) = now.and_then(|now| now.lost.clone()) {
                return reason;
            }
            assert!(
                patience.elapsed() < Duration::from_secs(20),
                "{meter} goes on"
            );
            sleep(Duration::from_millis(10));
        }
    }

    /// The figure of a meter so far.
    pub(crate) fn peek(&self, meter: &str) -> EnergyFigure {
        let figures = self.sampler.peek(self.window).expect("the sampler goes on");
        let found = figures.into_iter().find(|figure| figure.meter == meter);
        found.unwrap_or_else(|| panic!("no {meter}"))
    }

    /// Has every meter read now.
    pub(crate) fn edge(&self) {
        let opened = self
            .sampler
            .open_window("edge")
            .expect("the sampler goes on");
        self.sampler
            .close_window(opened)
            .expect("the sampler goes on");
    }

    /// Ends the window.
    pub(crate) fn end(self) -> Figures {
        let figures = self
            .sampler
            .close_window(self.window)
            .expect("the sampler goes on");
        Figures {
            sum: components(&figures, &self.places),
            figures,
        }
    }
}

/// What a run gave.
pub(crate) struct Figures {
    figures: Vec<EnergyFigure>,
    pub(crate) sum: Components,
}

impl Figures {
    pub(crate) fn of(&self, meter: &str) -> &EnergyFigure {
        let found = self.figures.iter().find(|figure| figure.meter == meter);
        found.unwrap_or_else(|| panic!("no {meter} in {:#?}", self.figures))
    }

    pub(crate) fn energy_j(&self, meter: &str) -> f64 {
        self.of(meter).energy_j.expect(meter).value
    }

    /// The sum without the models, whose energy is a matter of time.
    pub(crate) fn sensors_j(&self) -> f64 {
        let meters = self.sum.figure.meter.split(" + ");
        meters
            .filter(|meter| !meter.starts_with("model:"))
            .map(|meter| self.energy_j(meter))
            .sum()
    }
}

pub(crate) fn exactly(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-6, "{a} is not {b}");
}

/// Moves counters (file and first state in microjoules) by so many joules each, in ten steps over half a second, which is
/// what a device does that draws that much in the time.
pub(crate) fn draw(sysfs: &FakeSysfs, counters: &[(&str, u64, u64)]) {
    for step in 1..=10 {
        for (file, from_uj, joules) in counters {
            set(sysfs, file, from_uj + joules * 100_000 * step);
        }
        sleep(Duration::from_millis(50));
    }
}
