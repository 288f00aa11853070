//! Made-up meters and recordings, where they are asked for: then nothing else is read, so that no figure mixes what was
//! drawn here with what was not.

use std::path::Path;

use super::Found;
use crate::{
    power::{
        Clock, Level, Meter, Options, Part, Refusal, Role, SourceReport,
        choice::Use,
        recording::{self, Playback},
        simulated,
    },
    units::{Boundary, Grade},
};

/// What is reported for every source that is not asked.
const REAL: &str = "sensors and models of this machine";

/// Offers what [`Options::simulated`] names.
pub(in super::super) fn find(options: &Options, found: &mut Found) {
    let clock = Clock::new();
    for asked in &options.simulated {
        match asked.strip_prefix(recording::PREFIX) {
            Some(file) => found.offer_recording(Path::new(file), &clock),
            None => found.offer_simulation(asked, &clock, options),
        }
    }
    let refusal = Refusal::new(
        "left alone: simulated meters were asked for, and figures of both are never mixed",
    )
    .with_remedy("leave out --meter to measure this machine");
    found.refuse(SourceReport::without_meter(
        "sensors",
        REAL,
        "this machine",
        Boundary::Components,
        Grade::F,
        refusal,
    ));
}

impl Found {
    fn offer_simulation(&mut self, asked: &str, clock: &Clock, options: &Options) {
        let meters = match simulated::parse(asked, clock) {
            Ok(meters) => meters,
            Err(error) => return self.refuse_asked(asked, "simulation", &error.to_string()),
        };
        // The first card stands for the one that trains, so that its energy goes where that one's would.
        let card = options.gpu.as_ref().filter(|gpu| !gpu.integrated);
        let instead = card.map(|gpu| gpu.part()).filter(|part| {
            let taken = |info: &[Part]| info.contains(part);
            !self
                .candidates
                .iter()
                .any(|other| taken(&other.meter.info().covers))
        });
        for meter in meters {
            let meter = match (&instead, meter.info().boundary) {
                (Some(part), Boundary::GpuBoard) => meter.covering(part.clone()),
                _ => meter,
            };
            let may = match meter.info().boundary {
                Boundary::System | Boundary::Wall => Use::CrossCheck,
                _ => Use::Add,
            };
            self.offer_once(asked, meter, may, 0);
        }
    }

    fn offer_recording(&mut self, file: &Path, clock: &Clock) {
        let playback = match Playback::open(file, clock) {
            Ok(playback) => playback,
            Err(error) => {
                let asked = format!("{}{}", recording::PREFIX, file.display());
                return self.refuse_asked(&asked, "recording", &error.to_string());
            }
        };
        for meter in playback.meters {
            let (may, rank) = match meter.recorded_role() {
                Role::Part => (Use::Add, 0),
                Role::StandBy { .. } => (Use::Add, 1),
                Role::CrossCheck => (Use::CrossCheck, 0),
            };
            self.offer_once("recording", meter, may, rank);
        }
    }

    /// Offers a meter unless one of its name is there: two with one name could not be told apart.
    fn offer_once(&mut self, asked: &str, mut meter: impl Meter + 'static, may: Use, rank: u8) {
        let id = meter.info().id.clone();
        if self
            .candidates
            .iter()
            .any(|other| other.meter.info().id == id)
        {
            return self.refuse_asked(asked, "simulation", &format!("{id} is there already"));
        }
        let raw = meter.read().ok().map(|reading| match reading.level {
            Level::Watts(watts) => format!("{watts:.1} W"),
            Level::Counts(counts) => format!("{counts} counts"),
        });
        self.offer_as(meter, raw, may, rank);
    }

    fn refuse_asked(&mut self, asked: &str, what: &str, reason: &str) {
        let names: Vec<&str> = simulated::SIMULATIONS
            .iter()
            .map(|known| known.name)
            .collect();
        let refusal = Refusal::new(reason).with_remedy(format!(
            "simulated meters: {}; a recording is named as {}FILE",
            names.join(", "),
            recording::PREFIX
        ));
        self.refuse(SourceReport::without_meter(
            asked,
            what,
            "made up",
            Boundary::Components,
            Grade::F,
            refusal,
        ));
    }
}
