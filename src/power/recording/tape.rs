//! Reading a recording back, line by line.

use std::{
    io::{self, BufRead, Read},
    path::PathBuf,
};

use super::{
    format::Header,
    line::{Line, What, in_a_line},
};
use crate::power::Kind;

/// Bytes that a line may have.
const MAX_LINE: usize = 64 << 10;
/// Bytes that the first line may have: it describes every meter.
const MAX_HEADER: usize = 4 << 20;
/// Times lie between 0 and this, in seconds: some three hundred years.
pub(super) const MAX_TIME_S: f64 = 1e10;

/// What can be wrong with a recording that is read.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// No such file, or not for us.
    #[error("cannot open the recording: {error}: {}", path.display())]
    Open {
        /// What went wrong.
        error: io::Error,
        /// The file.
        path: PathBuf,
    },
    /// Reading failed.
    #[error("cannot read the recording after line {line}: {error}")]
    Read {
        /// The last line that was read.
        line: u64,
        /// What went wrong.
        error: io::Error,
    },
    /// The first line is none of a recording.
    #[error(
        "this is no recording of power: line 1: {what}; a recording is made by joulelab run --record-power FILE or joulelab power --record FILE"
    )]
    Header {
        /// What is wrong.
        what: String,
    },
    /// A line cannot be.
    #[error("the recording is damaged: line {line}: {what}")]
    Line {
        /// Which, from 1.
        line: u64,
        /// What is wrong.
        what: String,
    },
}

/// A recording that is being read.
pub(super) struct Tape<R> {
    reader: R,
    header: Header,
    kinds: Vec<Kind>,
    buffer: Vec<u8>,
    /// Lines read so far.
    line: u64,
    /// The latest time.
    t_s: f64,
    /// The last line was cut off: whoever wrote it was stopped.
    cut_off: bool,
    /// Why it ended, if it says so.
    end: Option<String>,
    /// Lines that could not be written, as far as it says so.
    lost: u64,
}

impl<R: BufRead> Tape<R> {
    /// Reads the first line.
    pub(super) fn new(mut reader: R) -> Result<Self, ReplayError> {
        let wrong = |what: String| ReplayError::Header { what };
        let mut buffer = Vec::new();
        let text = match next_line(&mut reader, &mut buffer, MAX_HEADER) {
            Err(NoLine::Read(error)) => return Err(ReplayError::Read { line: 0, error }),
            Err(NoLine::Wrong(what)) => return Err(wrong(what)),
            Ok(None) => return Err(wrong("the file is empty".to_owned())),
            Ok(Some((text, _))) => text,
        };
        let header: Header =
            serde_json::from_str(text).map_err(|error| wrong(in_a_line(&error)))?;
        if let Some(what) = header.fault() {
            return Err(wrong(what));
        }
        Ok(Self {
            reader,
            kinds: header.meters.iter().map(|meter| meter.info.kind).collect(),
            header,
            buffer: Vec::new(),
            line: 1,
            t_s: 0.0,
            cut_off: false,
            end: None,
            lost: 0,
        })
    }

    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    /// The time of the latest line.
    pub(super) fn t_s(&self) -> f64 {
        self.t_s
    }

    pub(super) fn cut_off(&self) -> bool {
        self.cut_off
    }

    pub(super) fn end(&self) -> Option<&str> {
        self.end.as_deref()
    }

    pub(super) fn lost(&self) -> u64 {
        self.lost
    }

    /// An error about the line that was read last.
    pub(super) fn wrong(&self, what: impl Into<String>) -> ReplayError {
        ReplayError::Line {
            line: self.line,
            what: what.into(),
        }
    }

    /// The next line; `None` at the end, and where only half a line is left.
    pub(super) fn next(&mut self) -> Result<Option<Line>, ReplayError> {
        if self.end.is_some() || self.cut_off {
            return Ok(None);
        }
        self.line += 1;
        let line = self.line;
        let wrong = |what: String| ReplayError::Line { line, what };
        let read = next_line(&mut self.reader, &mut self.buffer, MAX_LINE);
        let (text, whole) = match read {
            Err(NoLine::Read(error)) => {
                let line = line - 1;
                return Err(ReplayError::Read { line, error });
            }
            Err(NoLine::Wrong(what)) => return Err(wrong(what)),
            Ok(None) => return Ok(None),
            Ok(Some(text)) => text,
        };
        let line = match Line::parse(text, &self.kinds) {
            Ok(line) => line,
            Err(_) if !whole => {
                self.cut_off = true;
                return Ok(None);
            }
            Err(what) => return Err(wrong(what)),
        };
        if !(0.0..=MAX_TIME_S).contains(&line.t_s) {
            return Err(wrong(format!("`t` cannot be {}", line.t_s)));
        }
        if line.t_s < self.t_s {
            return Err(wrong(format!(
                "time goes back from {} s to {} s",
                self.t_s, line.t_s
            )));
        }
        self.t_s = line.t_s;
        match &line.what {
            What::Lost { lines } => self.lost = self.lost.saturating_add(*lines),
            What::End { reason, lost } => {
                self.end = Some(reason.clone());
                self.lost = self.lost.max(*lost);
            }
            _ => {}
        }
        Ok(Some(line))
    }
}

/// Why there is no line.
enum NoLine {
    Read(io::Error),
    Wrong(String),
}

/// The next line of up to `limit` bytes, and whether it has an end; `None` where there is nothing more. Half a line that is
/// cut within a character is as good as none.
fn next_line<'a>(
    reader: &mut impl BufRead,
    buffer: &'a mut Vec<u8>,
    limit: usize,
) -> Result<Option<(&'a str, bool)>, NoLine> {
    buffer.clear();
    reader
        .take(limit as u64 + 1)
        .read_until(b'\n', buffer)
        .map_err(NoLine::Read)?;
    if buffer.is_empty() {
        return Ok(None);
    }
    let whole = buffer.last() == Some(&b'\n');
    if !whole && buffer.len() > limit {
        return Err(NoLine::Wrong(format!("it is longer than {limit} bytes")));
    }
    match std::str::from_utf8(buffer) {
        Ok(text) => Ok(Some((text.trim_end(), whole))),
        Err(_) if !whole => Ok(Some(("", false))),
        Err(error) => {
            let at = error.valid_up_to() + 1;
            Err(NoLine::Wrong(format!("it is no UTF-8 text (column {at})")))
        }
    }
}
