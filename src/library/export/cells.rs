//! Cells of a CSV table, written one after the other.

use std::fmt::Write as _;
use std::io::Write;

use jiff::Timestamp;

use super::ExportError;
use crate::library::time;
use crate::units::Estimate;

/// Writes cells and rows, and counts the rows. A row of another length than the header is an error of the CSV writer's.
pub(crate) struct Cells<'a> {
    csv: csv::Writer<&'a mut dyn Write>,
    buffer: String,
    rows: u64,
}

impl<'a> Cells<'a> {
    pub(crate) fn new(out: &'a mut dyn Write) -> Self {
        Self {
            csv: csv::WriterBuilder::new()
                .buffer_capacity(1 << 16)
                .from_writer(out),
            buffer: String::new(),
            rows: 0,
        }
    }

    /// An empty cell: missing.
    pub(crate) fn missing(&mut self) -> Result<(), ExportError> {
        Ok(self.csv.write_field("")?)
    }

    /// Text. Where a spreadsheet would take it for a formula, it gets an apostrophe in front, which is the spreadsheet's
    /// own mark for text.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), ExportError> {
        if !text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
            return Ok(self.csv.write_field(text)?);
        }
        self.buffer.clear();
        self.buffer.push('\'');
        self.buffer.push_str(text);
        Ok(self.csv.write_field(&self.buffer)?)
    }

    /// Text that may be missing.
    pub(crate) fn maybe_text(&mut self, text: Option<&str>) -> Result<(), ExportError> {
        match text {
            Some(text) => self.text(text),
            None => self.missing(),
        }
    }

    /// A number with as many digits as it takes to read back the same.
    pub(crate) fn number(&mut self, number: impl Into<Option<f64>>) -> Result<(), ExportError> {
        self.buffer.clear();
        if let Some(number) = number.into().filter(|number| number.is_finite()) {
            let size = number.abs();
            // Writing to a String cannot fail.
            let _ = if size == 0.0 || (1e-5..1e16).contains(&size) {
                write!(self.buffer, "{number}")
            } else {
                write!(self.buffer, "{number:e}")
            };
        }
        Ok(self.csv.write_field(&self.buffer)?)
    }

    /// A whole number.
    pub(crate) fn count(&mut self, count: impl Into<Option<u64>>) -> Result<(), ExportError> {
        self.buffer.clear();
        if let Some(count) = count.into() {
            // Writing to a String cannot fail.
            let _ = write!(self.buffer, "{count}");
        }
        Ok(self.csv.write_field(&self.buffer)?)
    }

    /// `true`, `false` or missing.
    pub(crate) fn flag(&mut self, flag: Option<bool>) -> Result<(), ExportError> {
        let text = match flag {
            Some(true) => "true",
            Some(false) => "false",
            None => "",
        };
        Ok(self.csv.write_field(text)?)
    }

    /// A time, RFC 3339 in UTC.
    pub(crate) fn time(&mut self, at: Option<Timestamp>) -> Result<(), ExportError> {
        Ok(self
            .csv
            .write_field(at.map(time::text).unwrap_or_default())?)
    }

    /// Three cells: value, low, high.
    pub(crate) fn estimate(&mut self, estimate: Option<Estimate>) -> Result<(), ExportError> {
        self.number(estimate.map(|estimate| estimate.value))?;
        self.number(estimate.map(|estimate| estimate.low))?;
        self.number(estimate.map(|estimate| estimate.high))
    }

    pub(crate) fn end_header(&mut self) -> Result<(), ExportError> {
        Ok(self.csv.write_record(None::<&[u8]>)?)
    }

    pub(crate) fn end_row(&mut self) -> Result<(), ExportError> {
        self.rows += 1;
        self.end_header()
    }

    /// Writes what is buffered and says how many rows there were.
    pub(crate) fn finish(mut self) -> Result<u64, ExportError> {
        self.csv.flush().map_err(ExportError::Output)?;
        Ok(self.rows)
    }
}
