//! The wall calibration: a line from what the parts of the machine add up to, to what a plug meter shows at the socket.
//!
//! wall = a + b · components. The constant a is what nothing measures inside and does not change with the load: mainboard,
//! disks, fans. The slope b holds what grows with the load: losses of the power supply and of the voltage regulators, and
//! the parts' own systematic error. A meter that reads 10 % low makes b 11 % larger, and the two cancel, **as long as the
//! same meters are read in the same way**. Therefore the systematic error of the parts is not in the interval of a wall
//! figure, and a line is never used with other meters than those that it was made with.
//! Meters that err by different amounts cancel only where the load is shared among the parts as it was in the calibration:
//! it is to be made with the device that trains, and names it.
//!
//! On 318 published runs of one workstation the sum of the parts was off a plug meter by 29 %, a line through an idle and
//! a load reading by 5.4 %; on the 78 runs of 900 s by 19.9 % and 1.7 % (`docs/measuring.md`).

mod check;

pub use check::{CalibrationError, OtherMeters};

use serde::{Deserialize, Serialize};

use super::{MeterInfo, Origin};
use crate::units::{Boundary, EnergyFigure, Estimate, Grade};

/// How far a line through two readings was off a plug meter on 318 published runs of one workstation, as a share.
pub const PUBLISHED_LINE_ERROR: f64 = 0.054;
/// A plug meter is told to be off by less than this share; more is a mistake in the unit, such as 1 instead of 0.01.
const WORST_METER: f64 = 0.2;
/// A reading over less than this many seconds is too short for a plug meter that shows a value a second.
const SHORT_S: f64 = 30.0;

/// A meter as a calibration remembers it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MeterRef {
    /// Identifier, such as `nvml:0`.
    pub id: String,
    /// How its figures are obtained, such as `NVML energy counter`.
    pub source: String,
    /// Of a model, what it goes by: another design power is another meter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goes_by: Option<String>,
}

impl From<&MeterInfo> for MeterRef {
    fn from(info: &MeterInfo) -> Self {
        Self {
            id: info.id.clone(),
            source: info.source.clone(),
            goes_by: match info.origin {
                Origin::Model => info.notes.first().cloned(),
                Origin::Sensor | Origin::Simulated => None,
            },
        }
    }
}

/// What the machine did while a plug meter was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PointKind {
    /// Nothing.
    Idle,
    /// As much as it can.
    Load,
    /// Something in between, to see how straight the line is.
    Check,
}

/// One reading of a plug meter beside the sum of the parts over the same time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WallPoint {
    /// What the machine did.
    pub what: PointKind,
    /// Mean power of the parts added up, in watts.
    pub components_w: f64,
    /// Half the width of the interval of `components_w`, in watts: the parts' systematic error, which the line takes in. 0
    /// where it is not known: then the whole interval of the parts is kept in every figure.
    #[serde(default)]
    pub components_error_w: f64,
    /// Mean power at the socket, in watts.
    pub wall_w: f64,
    /// How long both were read, in seconds.
    pub seconds: f64,
}

/// Where, when and with what a calibration was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Circumstances {
    /// When, as RFC 3339 text, such as `2025-11-21T10:00:00Z`.
    pub made_at: String,
    /// Fingerprint of the machine.
    pub machine: String,
    /// The device that drew the load.
    pub device: String,
    /// The meters whose sum was compared.
    pub meters: Vec<MeterRef>,
    /// What the plug meter's maker says it may be off by, as a share of the reading, such as 0.01.
    pub meter_error: f64,
}

/// A line from the sum of the parts to the socket. Made with [`WallCalibration::fit`], stored as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WallCalibration {
    /// Where, when and with what it was made.
    pub made: Circumstances,
    /// The readings.
    pub points: Vec<WallPoint>,
    /// The constant a, in watts.
    pub offset_w: f64,
    /// The slope b, watts at the socket for each watt of the parts.
    pub slope: f64,
    /// How far the readings are off the line, relative to the reading: √(Σ rᵢ² ÷ (n − 2)). `None` with two readings, through
    /// which every line goes.
    pub residual: Option<f64>,
}

/// What differs between the meters of a calibration and others.
fn differences(own: &[MeterRef], others: &[MeterRef]) -> Vec<String> {
    let twin = |of: &MeterRef, list: &[MeterRef]| list.iter().find(|m| m.id == of.id).cloned();
    let mut words = Vec::new();
    for meter in own {
        match twin(meter, others) {
            None => words.push(format!("{} is missing", meter.id)),
            Some(other) if other.source != meter.source => words.push(format!(
                "{} was {} and is {}",
                meter.id, meter.source, other.source
            )),
            Some(other) if other.goes_by != meter.goes_by => {
                let by = |m: &MeterRef| m.goes_by.clone().unwrap_or_else(|| "a sensor".to_owned());
                let (was, is) = (by(meter), by(&other));
                words.push(format!("{} went by {was} and goes by {is}", meter.id));
            }
            Some(_) => {}
        }
    }
    let new = others.iter().filter(|meter| twin(meter, own).is_none());
    words.extend(new.map(|meter| format!("{} is new", meter.id)));
    words
}

impl WallCalibration {
    /// Fits the line. Two readings lie on it; of more, the squares of the relative distances from the readings at the socket
    /// add up to the least, since the interval is relative too.
    ///
    /// # Errors
    /// Where the readings give no line: see [`CalibrationError`], each with how to mend it.
    pub fn fit(made: Circumstances, points: Vec<WallPoint>) -> Result<Self, CalibrationError> {
        if made.made_at.parse::<jiff::Timestamp>().is_err() {
            return Err(CalibrationError::Time(made.made_at));
        }
        if !(made.meter_error > 0.0 && made.meter_error <= WORST_METER) {
            return Err(CalibrationError::MeterError(made.meter_error));
        }
        check::points(&points)?;
        let (offset_w, slope) = line(&points);
        if !check::SLOPES.contains(&slope) {
            return Err(CalibrationError::Slope { slope });
        }
        let mut calibration = Self {
            made,
            points,
            offset_w,
            slope,
            residual: None,
        };
        let spare = calibration.spare();
        calibration.residual = (spare > 0).then(|| (calibration.squares() / spare as f64).sqrt());
        Ok(calibration)
    }

    /// The date on which it was made, such as `2025-11-21`.
    pub fn date(&self) -> &str {
        date(&self.made.made_at)
    }

    /// Power at the socket, in watts, where the parts add up to `components_w`.
    pub fn wall_w(&self, components_w: f64) -> f64 {
        self.offset_w + self.slope * components_w
    }

    /// Whether it may be used with these meters, in any order.
    ///
    /// # Errors
    /// Where one is missing, new, or reads in another way than when the calibration was made; says which.
    pub fn applies_to(&self, meters: &[MeterRef]) -> Result<(), OtherMeters> {
        let differences = differences(&self.made.meters, meters);
        self.unless(&differences)
    }

    fn unless(&self, differences: &[String]) -> Result<(), OtherMeters> {
        if differences.is_empty() {
            return Ok(());
        }
        Err(OtherMeters {
            date: self.date().to_owned(),
            differences: differences.join(", "),
        })
    }

    /// Readings more than the two that make a line.
    fn spare(&self) -> usize {
        self.points.len() - 2
    }

    /// Σ rᵢ² of the relative distances from the line.
    fn squares(&self) -> f64 {
        let distance =
            |point: &WallPoint| (self.wall_w(point.components_w) - point.wall_w) / point.wall_w;
        self.points
            .iter()
            .map(|point| distance(point).powi(2))
            .sum()
    }

    /// How far the line may be off within the range of its readings, as a share, the plug meter's own error not counted.
    ///
    /// With two readings nothing is known of it, and what was published for such lines is taken: 5.4 %. Each further reading
    /// tells more. One that lies on the line by chance is no proof, so the published figure goes on counting as one reading:
    /// √((5.4 %² + Σ rᵢ²) ÷ (1 + n − 2)), and never less than the largest distance seen.
    pub fn line_error(&self) -> f64 {
        let known = 1.0 + self.spare() as f64;
        let pooled = ((PUBLISHED_LINE_ERROR.powi(2) + self.squares()) / known).sqrt();
        let largest = self
            .points
            .iter()
            .map(|point| (self.wall_w(point.components_w) / point.wall_w - 1.0).abs())
            .fold(0.0, f64::max);
        pooled.max(largest)
    }

    /// Relative error of a wall figure where the parts draw `components_w` on average: that of the line and what the plug
    /// meter's maker states. The latter is a bound, the same in every reading, so the two add up and are not taken in
    /// quadrature.
    ///
    /// Outside of the range of the readings the line is longer than what holds it: readings off by e shift it by up to
    /// (1 + 2r)·e at a distance of r ranges outside, so its error is widened by that.
    pub fn relative_error(&self, components_w: f64) -> f64 {
        let (low, high) = self.ends();
        let range_w = high.components_w - low.components_w;
        let outside_w = (components_w - high.components_w)
            .max(low.components_w - components_w)
            .max(0.0);
        self.line_error() * (1.0 + 2.0 * outside_w / range_w) + self.made.meter_error
    }

    /// The readings with the least and the most power of the parts.
    fn ends(&self) -> (WallPoint, WallPoint) {
        let mut low = self.points[0];
        let mut high = low;
        for point in &self.points {
            if point.components_w < low.components_w {
                low = *point;
            }
            if point.components_w > high.components_w {
                high = *point;
            }
        }
        (low, high)
    }

    /// Half the width of the interval that the parts had when the line was made, in watts, where they draw `components_w`:
    /// straight between the ends, as a sum of systematic errors is.
    fn absorbed_w(&self, components_w: f64) -> f64 {
        let (low, high) = self.ends();
        let share = (components_w - low.components_w) / (high.components_w - low.components_w);
        let grows_w = high.components_error_w - low.components_error_w;
        (low.components_error_w + share * grows_w).max(0.0)
    }

    /// Energy at the socket over the time of `components`, the sum of the parts: a · covered time + b · energy, grade A.
    /// Missing energy stays missing, and coverage is that of the parts.
    ///
    /// The interval is [`Self::relative_error`] and what the parts' interval has more than it had when the line was made,
    /// times b: edges of short windows, which no calibration takes away.
    ///
    /// # Errors
    /// Where the sum was not made of exactly the meters that the line was made with: one gave no reading, or another had
    /// taken its place.
    pub fn wall_figure(&self, components: &EnergyFigure) -> Result<EnergyFigure, OtherMeters> {
        let residual = match self.residual {
            Some(residual) => format!("residual {:.1} %", 100.0 * residual),
            None => format!(
                "two readings, residual unknown, {:.1} % as published",
                100.0 * PUBLISHED_LINE_ERROR
            ),
        };
        let figure = EnergyFigure {
            boundary: Boundary::Wall,
            meter: format!("calibration:{}", self.date()),
            source: format!(
                "sum of the parts, calibrated with a plug meter on {} ({residual})",
                self.date()
            ),
            grade: Grade::A,
            energy_j: None,
            covered_s: components.covered_s,
            window_s: components.window_s,
        };
        let Some(parts_j) = components.energy_j.filter(|_| components.covered_s > 0.0) else {
            return Ok(figure);
        };
        self.unless(&self.not_summed(&components.meter))?;
        let covered_s = components.covered_s;
        let mean_w = parts_j.value / covered_s;
        let value = self.offset_w * covered_s + self.slope * parts_j.value;
        let own_j = (parts_j.half_width() - self.absorbed_w(mean_w) * covered_s).max(0.0);
        let width = self.relative_error(mean_w) * value.abs() + self.slope * own_j;
        let energy = Estimate::plus_minus(value, width);
        Ok(EnergyFigure {
            energy_j: Some(Estimate {
                low: energy.low.max(0.0).min(value),
                ..energy
            }),
            ..figure
        })
    }

    /// Which meters are not in the sum that `summed` names, joined as sums are, or should not be.
    fn not_summed(&self, summed: &str) -> Vec<String> {
        let summed: Vec<&str> = summed.split(" + ").collect();
        let own = || self.made.meters.iter().map(|meter| meter.id.as_str());
        let missing = own()
            .filter(|id| !summed.contains(id))
            .map(|id| format!("{id} is missing"));
        let new = summed.iter().filter(|id| !own().any(|own| own == **id));
        missing
            .chain(new.map(|id| format!("{id} is new")))
            .collect()
    }

    /// What whoever uses the line should know, in sentences; often nothing.
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.spare() == 0 {
            remarks.push(format!(
                "Two readings give a line but do not show how straight it is: {:.1} % is taken, as published for one workstation. A third reading at half load would tell.",
                100.0 * PUBLISHED_LINE_ERROR
            ));
        }
        let (low, high) = self.ends();
        for point in [low, high] {
            if self.wall_w(point.components_w) < point.components_w {
                remarks.push(format!(
                    "The socket gives {:.0} W where the parts add up to {:.0} W: a part is overestimated. The line makes up for it, the parts' own figures stay too high.",
                    point.wall_w, point.components_w
                ));
                break;
            }
        }
        let shortest_s = self
            .points
            .iter()
            .map(|point| point.seconds)
            .fold(f64::MAX, f64::min);
        if shortest_s < SHORT_S {
            remarks.push(format!(
                "The shortest reading took {shortest_s:.0} s. Plug meters show a value a second or so: {SHORT_S:.0} s and more are better."
            ));
        }
        remarks
    }
}

/// The day of a time in RFC 3339.
pub(super) fn date(rfc3339: &str) -> &str {
    rfc3339.split(['T', 't', ' ']).next().unwrap_or(rfc3339)
}

/// Constant and slope with the least Σ ((a + b·x − y) ÷ y)².
fn line(points: &[WallPoint]) -> (f64, f64) {
    let weight = |point: &WallPoint| point.wall_w.powi(-2);
    let mean = |of: fn(&WallPoint) -> f64| {
        let weights: f64 = points.iter().map(weight).sum();
        points.iter().map(|p| weight(p) * of(p)).sum::<f64>() / weights
    };
    let (x_mean, y_mean) = (mean(|p| p.components_w), mean(|p| p.wall_w));
    let across = |p: &WallPoint| weight(p) * (p.components_w - x_mean);
    let xy: f64 = points.iter().map(|p| across(p) * (p.wall_w - y_mean)).sum();
    let xx: f64 = points
        .iter()
        .map(|p| across(p) * (p.components_w - x_mean))
        .sum();
    let slope = xy / xx;
    (y_mean - slope * x_mean, slope)
}
