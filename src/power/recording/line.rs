//! The lines of a recording after the first.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::format::clip;
use crate::power::{Extra, Kind, Level, ReadError, Reading};

/// Texts in a recording are no longer than this, in characters: a line has to stay readable.
const MAX_TEXT: usize = 500;
/// A reading tells no more further quantities than this.
const MAX_EXTRAS: usize = 64;

/// What happened, and when in seconds on the recorded clock.
#[derive(Debug)]
pub(super) struct Line {
    pub t_s: f64,
    pub what: What,
}

/// What happened.
#[derive(Debug)]
pub(super) enum What {
    /// A meter was read.
    Reading {
        meter: usize,
        reading: Result<Reading, ReadError>,
    },
    /// A window began.
    Open {
        window: u64,
        label: String,
        stand_bys: bool,
    },
    /// A window ended.
    Close { window: u64 },
    /// From here on a round of readings is due this often.
    Period { period_s: f64 },
    /// A stand-by took over.
    Replaced {
        meter: usize,
        by: usize,
        reason: String,
    },
    /// So many lines could not be written here.
    Lost { lines: u64 },
    /// The recording ends, having lost so many lines.
    End { reason: String, lost: u64 },
}

/// A further quantity: metric, value, unit.
type Also<'a> = (Cow<'a, str>, Number, Cow<'a, str>);

/// A line as it is written. Which keys are there tells what happened.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw<'a> {
    t: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    m: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    c: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    w: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_yet: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asleep: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    also: Option<Vec<Also<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    open: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stand_bys: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    close: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    period_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replaced: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lost: Option<u64>,
}

impl Line {
    /// The line as JSON, with its end.
    pub(super) fn write(&self, buffer: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        let mut raw = Raw {
            t: self.t_s,
            ..Raw::default()
        };
        match &self.what {
            What::Reading { meter, reading } => {
                raw.m = Some(*meter);
                match reading {
                    Ok(reading) => {
                        match reading.level {
                            Level::Counts(counts) => raw.c = Some(counts),
                            Level::Watts(watts) => raw.w = Some(Number(watts)),
                        }
                        let also = reading.extras.iter().take(MAX_EXTRAS).map(|extra| {
                            (
                                shortened(&extra.metric),
                                Number(extra.value),
                                shortened(&extra.unit),
                            )
                        });
                        raw.also = (!reading.extras.is_empty()).then(|| also.collect());
                    }
                    Err(ReadError::NotYet) => raw.not_yet = Some(true),
                    Err(ReadError::Asleep) => raw.asleep = Some(true),
                    Err(error) => {
                        raw.error = Some(shortened(&error.to_string()).into_owned().into())
                    }
                }
            }
            What::Open {
                window,
                label,
                stand_bys,
            } => {
                raw.open = Some(*window);
                raw.label = Some(shortened(label));
                raw.stand_bys = stand_bys.then_some(true);
            }
            What::Close { window } => raw.close = Some(*window),
            What::Period { period_s } => raw.period_s = Some(*period_s),
            What::Replaced { meter, by, reason } => {
                raw.replaced = Some(*meter);
                raw.by = Some(*by);
                raw.why = Some(shortened(reason));
            }
            What::Lost { lines } => raw.lost = Some(*lines),
            What::End { reason, lost } => {
                raw.end = Some(shortened(reason));
                raw.lost = Some(*lost);
            }
        }
        serde_json::to_writer(&mut *buffer, &raw)?;
        buffer.push(b'\n');
        Ok(())
    }

    /// The line behind a text; `kinds` are those of the meters.
    pub(super) fn parse(text: &str, kinds: &[Kind]) -> Result<Self, String> {
        let raw: Raw<'_> = serde_json::from_str(text).map_err(|error| in_a_line(&error))?;
        let t_s = raw.t;
        let mut rest = raw;
        let what = rest.take(kinds)?;
        match rest.left() {
            None => Ok(Self { t_s, what }),
            Some(key) => Err(format!("`{key}` does not belong here")),
        }
    }
}

impl Raw<'_> {
    /// Takes out what belongs to the kind of line that it is.
    fn take(&mut self, kinds: &[Kind]) -> Result<What, String> {
        if let Some(meter) = self.m.take() {
            let kind = *kinds
                .get(meter)
                .ok_or_else(|| unknown_meter(meter, kinds))?;
            return Ok(What::Reading {
                meter,
                reading: self.reading(kind)?,
            });
        }
        if let Some(window) = self.open.take() {
            return Ok(What::Open {
                window,
                label: self.label.take().ok_or("a window without `label`")?.into(),
                stand_bys: self.stand_bys.take().unwrap_or(false),
            });
        }
        if let Some(window) = self.close.take() {
            return Ok(What::Close { window });
        }
        if let Some(period_s) = self.period_s.take() {
            if !(1e-6..=1e6).contains(&period_s) {
                return Err(format!("`period_s` cannot be {period_s}"));
            }
            return Ok(What::Period { period_s });
        }
        if let Some(meter) = self.replaced.take() {
            let by = self.by.take().ok_or("`replaced` without `by`")?;
            for index in [meter, by] {
                if index >= kinds.len() {
                    return Err(unknown_meter(index, kinds));
                }
            }
            let reason = self.why.take().unwrap_or_default().into();
            return Ok(What::Replaced { meter, by, reason });
        }
        if let Some(reason) = self.end.take() {
            return Ok(What::End {
                reason: reason.into(),
                lost: self.lost.take().unwrap_or(0),
            });
        }
        if let Some(lines) = self.lost.take() {
            return Ok(What::Lost { lines });
        }
        Err("it says nothing: expected `m`, `open`, `close`, `period_s`, `replaced`, `lost` or `end`".to_owned())
    }

    fn reading(&mut self, kind: Kind) -> Result<Result<Reading, ReadError>, String> {
        if let Some(error) = self.error.take() {
            return Ok(Err(ReadError::Recorded(error.into())));
        }
        if self.not_yet.take() == Some(true) {
            return Ok(Err(ReadError::NotYet));
        }
        if self.asleep.take() == Some(true) {
            return Ok(Err(ReadError::Asleep));
        }
        let level = match (kind, self.c.take(), self.w.take()) {
            (Kind::Counter { .. }, Some(counts), None) => Level::Counts(counts),
            (Kind::Power, None, Some(Number(watts))) => Level::Watts(watts),
            (_, None, None) => {
                return Err("a reading without `c`, `w`, `error`, `not_yet` or `asleep`".to_owned());
            }
            (_, Some(_), Some(_)) => return Err("both `c` and `w`".to_owned()),
            (Kind::Counter { .. }, ..) => {
                return Err("`w`, power, but the meter is a counter".to_owned());
            }
            (Kind::Power, ..) => return Err("`c`, counts, but the meter tells power".to_owned()),
        };
        let also = self.also.take().unwrap_or_default();
        if also.len() > MAX_EXTRAS {
            return Err(format!(
                "{} further quantities; at most {MAX_EXTRAS} can be",
                also.len()
            ));
        }
        let extra = |(metric, Number(value), unit): Also<'_>| Extra {
            metric: metric.into_owned().into(),
            value,
            unit: unit.into_owned().into(),
        };
        Ok(Ok(Reading {
            level,
            extras: also.into_iter().map(extra).collect(),
        }))
    }

    /// A key that nobody has taken.
    fn left(&self) -> Option<&'static str> {
        [
            ("c", self.c.is_some()),
            ("w", self.w.is_some()),
            ("error", self.error.is_some()),
            ("not_yet", self.not_yet.is_some()),
            ("asleep", self.asleep.is_some()),
            ("also", self.also.is_some()),
            ("open", self.open.is_some()),
            ("label", self.label.is_some()),
            ("stand_bys", self.stand_bys.is_some()),
            ("close", self.close.is_some()),
            ("period_s", self.period_s.is_some()),
            ("replaced", self.replaced.is_some()),
            ("by", self.by.is_some()),
            ("why", self.why.is_some()),
            ("end", self.end.is_some()),
            ("lost", self.lost.is_some()),
        ]
        .into_iter()
        .find_map(|(key, there)| there.then_some(key))
    }
}

fn unknown_meter(meter: usize, kinds: &[Kind]) -> String {
    format!(
        "meter {meter} is not in the header, which names {}",
        kinds.len()
    )
}

/// What JSON has against a text, for one that is a single line.
pub(super) fn in_a_line(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = match text.rsplit_once(" at line ") {
        Some((what, _)) => what,
        None => text.as_str(),
    };
    format!("{} (column {})", clip(what), error.column())
}

fn shortened(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

/// A number of JSON, or one that JSON does not have, as text.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Number(f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_finite() {
            serializer.serialize_f64(self.0)
        } else {
            serializer.serialize_str(&self.0.to_string())
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, \"NaN\", \"inf\" or \"-inf\"")
            }

            fn visit_f64<E>(self, value: f64) -> Result<Number, E> {
                Ok(Number(value))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Number, E> {
                Ok(Number(value as f64))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Number, E> {
                Ok(Number(value as f64))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Number, E> {
                match text {
                    "NaN" => Ok(Number(f64::NAN)),
                    "inf" => Ok(Number(f64::INFINITY)),
                    "-inf" => Ok(Number(f64::NEG_INFINITY)),
                    _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
                }
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}
