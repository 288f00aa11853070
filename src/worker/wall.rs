//! Figures at the wall: which calibration a run applies, and the line through readings of a plug meter.

use super::convert;
use crate::power::{
    self, Circumstances, MeterRef, Origin, Place, PointKind, Role, WallCalibration, WallPoint,
};
use crate::protocol::{
    Failure, FailureKind, KnownWall, LostMeter, Meter, MeterNow, PhaseEnergy, Source, SourceStatus,
    WallLine, WallReading, WallReadings, WallState,
};
use crate::units::{Boundary, EnergyFigure, Estimate, Grade};

/// How the meter of a calibration is called, before its date.
const PREFIX: &str = "calibration:";
/// How to get one.
const REMEDY: &str = "make one with `joulelab calibrate`, or leave `--wall` (`measure.wall`) out";

/// A calibration that is applied.
#[derive(Clone, Debug)]
pub struct Wall {
    known: KnownWall,
    line: WallCalibration,
}

impl Wall {
    /// Refuses early, before a device is opened for nothing.
    ///
    /// # Errors
    /// Where there is no calibration for `device` (an identity) at all.
    pub fn check(walls: &[KnownWall], device: &str) -> Result<(), Failure> {
        let lines = lines(walls)?;
        if lines.iter().any(|wall| wall.line.made.device == device) {
            return Ok(());
        }
        let mut others: Vec<&str> = Vec::new();
        for other in lines.iter().map(|wall| wall.line.made.device.as_str()) {
            if !others.contains(&other) {
                others.push(other);
            }
        }
        Err(refused(match others.as_slice() {
            [] => format!("there is no wall calibration of this machine: {REMEDY}"),
            others => format!(
                "there is no wall calibration of this machine with {device}, only with {}; meters err by different \
                 amounts, so a line holds for the device that drew its load: {REMEDY}",
                others.join(", ")
            ),
        }))
    }

    /// The newest calibration for `device`, if it holds for the meters that were found.
    ///
    /// # Errors
    /// Where there is none, it was made with made-up meters and these are real or the other way round, or with other
    /// meters than these.
    pub fn choose(
        walls: &[KnownWall],
        device: &str,
        found: &power::Discovery,
    ) -> Result<Self, Failure> {
        Self::check(walls, device)?;
        let simulated = found
            .parts()
            .any(|part| part.info().origin == Origin::Simulated);
        let wall = lines(walls)?
            .into_iter()
            .find(|wall| wall.line.made.device == device && wall.known.simulated == simulated)
            .ok_or_else(|| {
                let (these, those) = if simulated {
                    ("made-up", "real")
                } else {
                    ("real", "made-up")
                };
                refused(format!(
                    "the meters are {these}, and every wall calibration of this machine was made with {those} ones: \
                     {REMEDY}"
                ))
            })?;
        wall.line
            .applies_to(&parts(found))
            .map_err(|error| refused(format!("{error}, or leave `--wall` out")))?;
        Ok(wall)
    }

    /// As a meter among those of a run.
    pub fn meter(&self) -> Meter {
        // Over no time at all: it only tells how its figures are named.
        let figure = self.figure(&EnergyFigure {
            boundary: Boundary::Components,
            meter: String::new(),
            source: String::new(),
            grade: Grade::F,
            energy_j: None,
            covered_s: 0.0,
            window_s: 0.0,
        });
        let mut notes = vec![format!(
            "power at the wall = {:.1} W + {:.3} × power of the parts, from {} readings of a plug meter",
            self.line.offset_w,
            self.line.slope,
            self.line.points.len()
        )];
        if self.known.simulated {
            notes.push("made with made-up meters: nothing of it was drawn anywhere".to_owned());
        }
        notes.extend(self.line.remarks());
        Meter {
            id: figure.meter,
            source: figure.source,
            device: "the whole machine".to_owned(),
            boundary: Boundary::Wall,
            grade: Grade::A,
            kind: "calibration".to_owned(),
            origin: if self.known.simulated {
                "simulated"
            } else {
                "model"
            }
            .to_owned(),
            role: Role::CrossCheck.name().to_owned(),
            covers: vec![power::Part::machine().to_string()],
            refresh_s: None,
            changes_s: 0.0,
            notes,
            calibration: Some(self.known.clone()),
        }
    }

    /// `energies` with the figure at the wall behind them; one of an earlier calibration is left out.
    pub fn beside(&self, mut energies: Vec<PhaseEnergy>, places: &[Place]) -> Vec<PhaseEnergy> {
        strip(&mut energies);
        if !energies.is_empty() {
            let (sum, _) = convert::sum(&energies, places);
            energies.push(PhaseEnergy {
                gross: self.figure(&sum.gross),
                // The idle power at the wall was not measured beside the run, only read off the line.
                net_j: None,
            });
        }
        energies
    }

    /// Power at the wall beside that of the meters `now`.
    pub fn now(&self, now: &[MeterNow]) -> MeterNow {
        let own = |id: &str| self.line.made.meters.iter().any(|meter| meter.id == id);
        let in_sum = || now.iter().filter(|meter| meter.in_sum);
        let is_same = in_sum().count() == self.line.made.meters.len()
            && in_sum().all(|meter| own(&meter.meter));
        MeterNow {
            meter: self.id(),
            power_w: MeterNow::sum_w(now)
                .filter(|_| is_same)
                .map(|parts_w| self.line.wall_w(parts_w)),
            in_sum: false,
            lost: None,
        }
    }

    /// Why the sum over `energies` has no figure at the wall, where it has none.
    pub fn lost(&self, energies: &[PhaseEnergy], places: &[Place]) -> Option<LostMeter> {
        let (sum, _) = convert::sum(energies, places);
        let error = self.line.wall_figure(&sum.gross).err()?;
        Some(LostMeter {
            meter: self.id(),
            reason: error.to_string(),
        })
    }

    /// The figure at the wall beside `components`; without energy where the sum is one of other meters.
    fn figure(&self, components: &EnergyFigure) -> EnergyFigure {
        let without = |components: &EnergyFigure| EnergyFigure {
            energy_j: None,
            covered_s: 0.0,
            ..components.clone()
        };
        let line = &self.line;
        let mut figure = line
            .wall_figure(components)
            .or_else(|_| line.wall_figure(&without(components)))
            .unwrap_or_else(|_| without(components));
        figure.meter = self.id();
        if self.known.simulated {
            figure.source = format!("simulated: {}", figure.source);
        }
        figure
    }

    /// Identifier of the meter that a calibration is; one with made-up meters says so.
    fn id(&self) -> String {
        let simulated = if self.known.simulated {
            " (simulated)"
        } else {
            ""
        };
        format!("{PREFIX}{}{simulated}", self.line.date())
    }
}

/// Leaves figures at the wall that a calibration made out.
pub fn strip(energies: &mut Vec<PhaseEnergy>) {
    energies.retain(|energy| !energy.gross.meter.starts_with(PREFIX));
}

/// What the newest calibration for `device` is good for with the meters that were found, for the doctor.
pub fn report(walls: &[KnownWall], device: &str, found: &power::Discovery) -> Option<Source> {
    let lines = lines(walls).ok()?;
    let wall = lines
        .into_iter()
        .find(|wall| wall.line.made.device == device)?;
    let meter = wall.meter();
    let status = match Wall::choose(walls, device, found) {
        Ok(_) => SourceStatus::Available {
            reason: "it is applied to runs with `--wall`".to_owned(),
        },
        Err(failure) => SourceStatus::Refused {
            reason: failure.message,
            remedy: None,
        },
    };
    Some(Source {
        id: meter.id,
        source: meter.source,
        device: meter.device,
        boundary: meter.boundary,
        grade: meter.grade,
        raw: None,
        refresh_s: None,
        status,
        notes: meter.notes,
    })
}

/// Puts a line through readings of a plug meter.
///
/// # Errors
/// Where the readings give none; says why.
pub fn fit(readings: WallReadings) -> Result<WallLine, Failure> {
    let parts = readings.meters.iter().filter(|meter| meter.role == "part");
    let made = Circumstances {
        made_at: readings.made_at,
        machine: readings.machine,
        device: readings.device,
        meters: parts.map(meter_ref).collect(),
        meter_error: readings.meter_error,
    };
    let points: Vec<WallPoint> = readings.readings.iter().map(point).collect();
    let line = WallCalibration::fit(made, points).map_err(|error| refused(error.to_string()))?;
    let mean = |of: &dyn Fn(&WallPoint) -> f64| {
        line.points.iter().map(of).sum::<f64>() / line.points.len() as f64
    };
    let most_w = line
        .points
        .iter()
        .map(|point| point.components_w)
        .fold(0.0, f64::max);
    Ok(WallLine {
        calibration: serde_json::to_value(&line).map_err(|error| refused(error.to_string()))?,
        offset_w: line.offset_w,
        slope: line.slope,
        residual: line.residual,
        line_w: line
            .points
            .iter()
            .map(|point| line.wall_w(point.components_w))
            .collect(),
        error: line.relative_error(most_w),
        parts_off: mean(&|point| (point.components_w / point.wall_w - 1.0).abs()),
        remarks: line.remarks(),
    })
}

fn point(reading: &WallReading) -> WallPoint {
    let Estimate { value, .. } = reading.components_w;
    WallPoint {
        what: match reading.what {
            WallState::Idle => PointKind::Idle,
            WallState::Load => PointKind::Load,
            WallState::Check => PointKind::Check,
        },
        components_w: value,
        components_error_w: reading.components_w.half_width(),
        wall_w: reading.wall_w,
        seconds: reading.seconds,
    }
}

/// A meter as a calibration remembers it; as [`MeterRef::from`] has it of the meter itself.
fn meter_ref(meter: &Meter) -> MeterRef {
    MeterRef {
        id: meter.id.clone(),
        source: meter.source.clone(),
        goes_by: meter
            .notes
            .first()
            .filter(|_| meter.origin == "model")
            .cloned(),
    }
}

/// The meters whose figures make up the sum.
fn parts(found: &power::Discovery) -> Vec<MeterRef> {
    found
        .parts()
        .map(|part| MeterRef::from(part.info()))
        .collect()
}

fn lines(walls: &[KnownWall]) -> Result<Vec<Wall>, Failure> {
    walls
        .iter()
        .map(|known| {
            let line = serde_json::from_value(known.calibration.clone()).map_err(|error| {
                refused(format!(
                    "wall calibration {} is of another version and cannot be used ({error}); forget it with `joulelab \
                     calibrate forget {}`, and {REMEDY}",
                    known.id, known.id
                ))
            })?;
            Ok(Wall {
                known: known.clone(),
                line,
            })
        })
        .collect()
}

fn refused(message: String) -> Failure {
    Failure {
        kind: FailureKind::Setup,
        message,
    }
}
