//! The simulations there are.

use super::{
    Profile, Settings,
    faults::{Fault, Faults},
    meter::{Draft, Sensor},
};
use crate::{power::Part, units::Boundary};

/// A simulation by name.
pub struct Simulation {
    /// How it is asked for, after `simulated:`.
    pub name: &'static str,
    /// What it shows.
    pub about: &'static str,
    /// Settings that may follow its name, as in `steady,watts=80`.
    pub settings: &'static [&'static str],
    drafts: fn(&Settings) -> Vec<Draft>,
}

impl Simulation {
    pub(super) fn drafts(&self, settings: &Settings) -> Vec<Draft> {
        (self.drafts)(settings)
    }
}

const USUAL: &[&str] = &["watts", "refresh_ms", "error_percent"];

/// Every simulation.
pub const SIMULATIONS: &[Simulation] = &[
    Simulation {
        name: "steady",
        about: "a graphics card that draws 150 W, with an energy counter",
        settings: USUAL,
        drafts: steady,
    },
    Simulation {
        name: "training",
        about: "a graphics card that trains: idle, ramps, steps, evaluations; an energy counter that refreshes slowly",
        settings: USUAL,
        drafts: training,
    },
    Simulation {
        name: "polled",
        about: "a graphics card that trains, and tells only its mean power of the last second",
        settings: USUAL,
        drafts: polled,
    },
    Simulation {
        name: "wrapping",
        about: "a processor package whose energy counter begins again every minute or so",
        settings: USUAL,
        drafts: wrapping,
    },
    Simulation {
        name: "flaky",
        about: "a graphics card and a package whose sensors fail in every way, and a model that stands by for the card",
        settings: &[
            "watts",
            "refresh_ms",
            "error_percent",
            "fault",
            "at_s",
            "for_s",
        ],
        drafts: flaky,
    },
    Simulation {
        name: "laptop",
        about: "package and memory of a laptop, with its battery as a cross-check",
        settings: USUAL,
        drafts: laptop,
    },
];

/// Counts of NVIDIA's energy counter are millijoules.
const CARD_COUNT_J: f64 = 1e-3;
/// Counts of RAPL are microjoules.
const PACKAGE_COUNT_J: f64 = 1e-6;
/// What a RAPL counter of many processors counts to, in microjoules.
const PACKAGE_RANGE: u64 = 262_143_328_850;
/// No card draws more, in watts.
const MAX_CARD_W: f64 = 1500.0;
/// No package of this kind draws more, in watts.
const MAX_PACKAGE_W: f64 = 250.0;

/// A card in training: at rest, steps of two kinds with a ramp before them, an evaluation, a checkpoint.
fn training_profile() -> Profile {
    let mut points = vec![(0.0, 32.0), (2.0, 32.0), (3.0, 210.0)];
    let mut t_s = 3.0;
    for _ in 0..20 {
        points.extend([(t_s, 265.0), (t_s + 0.3, 285.0)]);
        points.extend([(t_s + 0.3, 190.0), (t_s + 0.4, 190.0)]);
        t_s += 0.4;
    }
    points.extend([(t_s, 170.0), (t_s + 3.0, 175.0)]);
    t_s += 3.0;
    points.extend([(t_s, 70.0), (t_s + 0.5, 65.0), (t_s + 1.0, 32.0)]);
    Profile::cycle(&points)
}

fn package_profile() -> Profile {
    Profile::cycle(&[
        (0.0, 12.0),
        (4.0, 12.0),
        (4.0, 55.0),
        (9.0, 62.0),
        (9.0, 38.0),
        (15.0, 40.0),
        (15.5, 12.0),
        (17.0, 12.0),
    ])
}

impl Settings {
    fn profile(&self, usual: Profile) -> Profile {
        match self.watts {
            Some(watts) => usual.scaled_to(watts),
            None => usual,
        }
    }

    fn card(&self, name: &str, usual: Profile, usual_refresh_s: f64) -> Draft {
        let profile = self.profile(usual);
        Draft {
            id: format!("simulated:{name}"),
            source: "board energy counter",
            device: "graphics card",
            boundary: Boundary::GpuBoard,
            covers: Part::machine().inside(&format!("gpu-simulated-{name}")),
            max_power_w: MAX_CARD_W.max(2.0 * profile.peak_w()),
            profile,
            sensor: Sensor::Counter {
                joules_per_count: CARD_COUNT_J,
                wrap_counts: None,
            },
            refresh_s: self.refresh_s.unwrap_or(usual_refresh_s),
            error: self.error.unwrap_or(0.0),
            faults: Faults::default(),
        }
    }

    fn package(&self, name: &str, usual: Profile, range: u64) -> Draft {
        let profile = self.profile(usual);
        Draft {
            id: format!("simulated:{name}"),
            source: "package energy counter",
            device: "processor",
            boundary: Boundary::CpuPackage,
            covers: Part::package("0"),
            max_power_w: MAX_PACKAGE_W.max(2.0 * profile.peak_w()),
            profile,
            sensor: Sensor::Counter {
                joules_per_count: PACKAGE_COUNT_J,
                wrap_counts: Some(range),
            },
            refresh_s: self.refresh_s.unwrap_or(0.001),
            error: self.error.unwrap_or(0.0),
            faults: Faults::default(),
        }
    }
}

fn steady(settings: &Settings) -> Vec<Draft> {
    vec![settings.card("steady", Profile::steady(150.0), 0.02)]
}

fn training(settings: &Settings) -> Vec<Draft> {
    let mut card = settings.card("training", training_profile(), 0.1);
    card.error = settings.error.unwrap_or(0.02);
    vec![card]
}

fn polled(settings: &Settings) -> Vec<Draft> {
    vec![Draft {
        source: "polled board power",
        sensor: Sensor::Mean { over_s: 1.0 },
        error: settings.error.unwrap_or(-0.04),
        ..settings.card("polled", training_profile(), 0.1)
    }]
}

fn wrapping(settings: &Settings) -> Vec<Draft> {
    let usual = package_profile().scaled_to(50.0);
    let mut package = settings.package("wrapping", usual, 3_000_000_000);
    // A minute of what it draws, and always so much that a wrap cannot go unseen between two readings a second apart.
    let range_j = (60.0 * package.profile.mean_w()).max(4.0 * package.max_power_w);
    package.sensor = Sensor::Counter {
        joules_per_count: PACKAGE_COUNT_J,
        wrap_counts: Some((range_j / PACKAGE_COUNT_J) as u64),
    };
    vec![package]
}

fn flaky(settings: &Settings) -> Vec<Draft> {
    let gone = |from_s: f64| (Fault::Vanish, from_s, f64::INFINITY);
    let (card_faults, package_faults) = match settings.fault {
        None => (
            vec![
                (Fault::Absurd, 10.0, 10.3),
                (Fault::Jump, 20.0, 20.001),
                (Fault::Freeze, 30.0, 33.0),
                (Fault::Vanish, 40.0, 40.5),
                gone(60.0),
            ],
            vec![
                (Fault::Nan, 15.0, 15.8),
                (Fault::Absurd, 25.0, 25.5),
                (Fault::Vanish, 50.0, 50.5),
                gone(75.0),
            ],
        ),
        Some(fault) => {
            let from_s = settings.at_s.unwrap_or(10.0);
            let to_s = settings.for_s.map_or(f64::INFINITY, |for_s| from_s + for_s);
            let one = vec![(fault, from_s, to_s)];
            // Counters are never NaN, power does not jump back.
            match fault {
                Fault::Nan => (Vec::new(), one),
                Fault::Jump => (one, Vec::new()),
                _ => (one.clone(), one),
            }
        }
    };
    let mut card = settings.card("flaky:card", Profile::steady(200.0), 0.02);
    card.faults = Faults(card_faults);
    let model = Draft {
        id: "simulated:flaky:model".to_owned(),
        source: "model of a card",
        sensor: Sensor::Constant {
            watts: 1.2 * card.profile.mean_w(),
        },
        covers: card.covers.clone(),
        faults: Faults::default(),
        ..settings.card("flaky:model", Profile::steady(200.0), 0.02)
    };
    let package = settings.package("flaky:package", Profile::steady(60.0), PACKAGE_RANGE);
    let package = Draft {
        source: "polled package power",
        sensor: Sensor::Mean { over_s: 0.1 },
        refresh_s: settings.refresh_s.unwrap_or(0.1),
        faults: Faults(package_faults),
        ..package
    };
    vec![card, package, model]
}

fn laptop(settings: &Settings) -> Vec<Draft> {
    let package = settings.package("laptop:package", package_profile(), PACKAGE_RANGE);
    let memory = Draft {
        id: "simulated:laptop:dram".to_owned(),
        source: "memory energy counter",
        device: "memory",
        boundary: Boundary::Dram,
        covers: Part::memory_of("0"),
        profile: package
            .profile
            .clone()
            .scaled_to(0.12 * package.profile.mean_w()),
        ..settings.package("laptop:dram", package_profile(), PACKAGE_RANGE)
    };
    // Display, disk, fans and losses on top of what the two others see.
    let whole_w = package.profile.mean_w() + memory.profile.mean_w() + 9.0;
    let battery = Draft {
        id: "simulated:laptop:battery".to_owned(),
        source: "battery discharge",
        device: "battery",
        boundary: Boundary::System,
        covers: Part::machine(),
        profile: package.profile.clone().scaled_to(whole_w),
        sensor: Sensor::Mean { over_s: 2.0 },
        refresh_s: 2.0,
        ..settings.package("laptop:battery", package_profile(), PACKAGE_RANGE)
    };
    vec![package, memory, battery]
}
