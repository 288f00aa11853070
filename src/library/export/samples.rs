//! Format `samples`: long form, a row a reading.

use jiff::Timestamp;

use super::cells::Cells;
use super::{ExportError, Options};
use crate::library::read::SampleFilter;
use crate::library::{Library, time};

const SCHEMA: &str = "samples/1";

pub(super) fn header() -> Vec<String> {
    [
        "schema",
        "run_id",
        "t_s",
        "timestamp",
        "device",
        "meter",
        "metric",
        "value",
        "unit",
        "source",
        "grade",
    ]
    .map(str::to_owned)
    .to_vec()
}

pub(super) fn rows(
    library: &Library,
    run: &str,
    _options: &Options,
    cells: &mut Cells<'_>,
) -> Result<(), ExportError> {
    let clock = Clock::new(library.segments(run)?);
    library.each_sample(run, &SampleFilter::default(), |t_s, series, value| {
        cells.text(SCHEMA)?;
        cells.text(run)?;
        cells.number(t_s)?;
        cells.time(clock.at(t_s))?;
        cells.maybe_text(series.device.as_deref())?;
        cells.text(&series.meter)?;
        cells.text(&series.metric)?;
        cells.number(value)?;
        cells.text(&series.unit)?;
        cells.maybe_text(series.source.as_deref())?;
        cells.maybe_text(series.grade.as_deref())?;
        cells.end_row()
    })
}

/// What time of day a run's `t_s` stands for.
pub(super) struct Clock {
    /// Where each stretch of recording begins, in order.
    segments: Vec<(f64, Timestamp)>,
}

impl Clock {
    pub(super) fn new(segments: Vec<(f64, Timestamp)>) -> Self {
        Self { segments }
    }

    /// The time of day at `t_s`, by the last stretch that began before it: what was done at the very moment of a
    /// resumption belongs to what went before.
    pub(super) fn at(&self, t_s: f64) -> Option<Timestamp> {
        let later = self.segments.partition_point(|(begin, _)| *begin < t_s);
        let (begin, origin) = self.segments.get(later.saturating_sub(1))?;
        time::after(*origin, t_s - begin)
    }
}
