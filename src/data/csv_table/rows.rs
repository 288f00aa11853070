use std::{
    cell::Cell,
    fs::File,
    io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom},
    path::Path,
    rc::Rc,
};

use csv::StringRecord;

use super::{DataError, table};

/// Most bytes from the beginning of a row to its end (16 MiB).
const ROW_BYTES_MAX: u64 = 16 << 20;
/// The longest text of a cell that is shown, in letters.
const SHOWN: usize = 40;

/// The rows of a file, of equal length and bounded.
pub(super) struct Rows<R> {
    reader: csv::Reader<Bounded<R>>,
    since_row: Rc<Cell<u64>>,
    /// Where the row that was read last begins, in bytes; the header's place before the first.
    last_byte: u64,
}

/// Counts the bytes since the last row, and refuses to read on where no row ends: an open quotation mark would make all
/// the rest of a file one cell.
struct Bounded<R> {
    inner: R,
    since_row: Rc<Cell<u64>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.since_row.get() > ROW_BYTES_MAX {
            return Err(io::Error::new(
                ErrorKind::InvalidData,
                format!(
                    "a row has more than {ROW_BYTES_MAX} bytes; is a quotation mark left open?"
                ),
            ));
        }
        let count = self.inner.read(buffer)?;
        self.since_row.set(self.since_row.get() + count as u64);
        Ok(count)
    }
}

impl<R: Read> Rows<R> {
    pub(super) fn new(inner: R, has_header: bool) -> Self {
        let since_row = Rc::new(Cell::new(0));
        let input = Bounded {
            inner,
            since_row: Rc::clone(&since_row),
        };
        let reader = csv::ReaderBuilder::new()
            .has_headers(has_header)
            .from_reader(input);
        Self {
            reader,
            since_row,
            last_byte: 0,
        }
    }

    pub(super) fn header(&mut self, path: &Path) -> Result<Vec<String>, DataError> {
        let header = self.reader.headers().map_err(|error| fault(path, error))?;
        no_zero_bytes(header, path)?;
        Ok(header.iter().map(|name| name.trim().to_owned()).collect())
    }

    /// Reads the next row; `false` at the end.
    pub(super) fn next(&mut self, row: &mut StringRecord, path: &Path) -> Result<bool, DataError> {
        self.since_row.set(0);
        let is_there = self
            .reader
            .read_record(row)
            .map_err(|error| fault(path, error))?;
        if is_there {
            no_zero_bytes(row, path)?;
            self.last_byte = row.position().map_or(0, csv::Position::byte);
        } else if runs_to_the_end(path, self.last_byte) {
            // The parser takes the end of the file for the end of the cell, and all rows up to there for its text.
            let line = line_at(path, self.last_byte);
            let what = format!(
                "a quotation mark in the row of line {line} is open to the end of the file; close it, or write \"\" for a mark \
                 within quotation marks"
            );
            return Err(table(path, what));
        }
        Ok(is_there)
    }
}

fn no_zero_bytes(row: &StringRecord, path: &Path) -> Result<(), DataError> {
    if !row.as_slice().contains('\0') {
        return Ok(());
    }
    let line = line_at(path, row.position().map_or(0, csv::Position::byte));
    let what = format!("line {line} holds a zero byte, which no text has; save the table as UTF-8");
    Err(table(path, what))
}

/// Whether a cell of the last row, which begins at `byte`, has a quotation mark that is open at the end of the file: what is written
/// behind it then belongs to the same row.
fn runs_to_the_end(path: &Path, byte: u64) -> bool {
    let is_open = File::open(path).and_then(|mut file| {
        file.seek(SeekFrom::Start(byte))?;
        let another = io::Cursor::new(b"\na");
        let rows = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(file.take(2 * ROW_BYTES_MAX).chain(another))
            .byte_records()
            .take(2)
            .collect::<Result<Vec<_>, _>>()?;
        // Of an empty file nothing but what was written behind it is there.
        Ok(rows.len() == 1 && rows[0] != vec!["a"])
    });
    is_open.unwrap_or(false)
}

/// What is wrong with a file, in words.
fn fault(path: &Path, error: csv::Error) -> DataError {
    let at = |position: &Option<csv::Position>| {
        line_at(path, position.as_ref().map_or(0, csv::Position::byte))
    };
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            pos,
            expected_len,
            len,
        } => {
            let cells = if *len == 1 { "cell" } else { "cells" };
            let byte = pos.as_ref().map_or(0, csv::Position::byte);
            let hint = match len < expected_len && has_open_quote(path, byte) {
                true => "close the quotation mark that is open in it",
                false => "give each row as many as the first",
            };
            let line = at(pos);
            let what = format!("line {line} has {len} {cells} instead of {expected_len}; {hint}");
            table(path, what)
        }
        csv::ErrorKind::Utf8 { pos, .. } => table(
            path,
            format!("line {} is no UTF-8 text; save the table as UTF-8", at(pos)),
        ),
        csv::ErrorKind::Io(source) if source.kind() == ErrorKind::InvalidData => {
            table(path, source.to_string())
        }
        csv::ErrorKind::Io(_) => match error.into_kind() {
            csv::ErrorKind::Io(source) => DataError::Read {
                path: path.to_owned(),
                source,
            },
            _ => table(path, "the file cannot be read"),
        },
        _ => table(path, format!("the table cannot be read ({error})")),
    }
}

/// The line, from 1, of the row that begins at `byte`. Counted in the file when it is to be told: the parser's own count
/// leaves out line ends that it has not come to yet.
pub(super) fn line_at(path: &Path, byte: u64) -> u64 {
    let Ok(file) = File::open(path) else {
        return 0;
    };
    let mut reader = BufReader::new(file);
    let mut line = 1;
    let mut left = byte;
    loop {
        let Ok(buffer) = reader.fill_buf() else {
            return line;
        };
        let before = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        line += buffer[..before].iter().filter(|b| **b == b'\n').count() as u64;
        // Empty lines before the row belong to it as the parser sees it.
        let rest = &buffer[before..];
        let empty = rest
            .iter()
            .take_while(|b| matches!(b, b'\n' | b'\r'))
            .count();
        line += rest[..empty].iter().filter(|b| **b == b'\n').count() as u64;
        let is_found = empty < rest.len() || buffer.is_empty();
        left -= before as u64;
        let read = buffer.len();
        reader.consume(read);
        if is_found {
            return line;
        }
    }
}

/// Whether the line at `byte` has quotation marks that do not come in pairs: what follows it is then part of its last cell.
fn has_open_quote(path: &Path, byte: u64) -> bool {
    let line = File::open(path).and_then(|mut file| {
        file.seek(SeekFrom::Start(byte))?;
        let mut line = Vec::new();
        let bounded = file.take(ROW_BYTES_MAX);
        let mut reader = BufReader::new(bounded);
        // The parser counts line ends before a row to it.
        while line.iter().all(u8::is_ascii_whitespace) {
            if reader.read_until(b'\n', &mut line)? == 0 {
                break;
            }
        }
        Ok(line)
    });
    line.is_ok_and(|line| line.iter().filter(|byte| **byte == b'"').count() % 2 == 1)
}

/// The beginning of a text that may be long.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
