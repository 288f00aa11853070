//! A recording, computed again.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

use super::{
    format::Header,
    line::What,
    tape::{ReplayError, Tape},
};
use crate::{
    power::{
        Components, Mark, Meter, MeterInfo, MeterNow, Place, Planned, ReadError, Reading, WindowId,
        books::{Books, Window},
        components,
        slot::Slot,
    },
    units::EnergyFigure,
};

/// Windows that may be open at a time.
const MAX_OPEN: usize = 1024;
/// Figures that [`replay`] keeps in memory.
const MAX_FIGURES: usize = 1_000_000;

/// A window of a recording, with the figures that follow from its readings.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplayedWindow {
    /// What it was called.
    pub label: String,
    /// When it began, in seconds on the recorded clock.
    pub from_s: f64,
    /// When it ended; where it did not, the time of the last line.
    pub to_s: f64,
    /// Whether it ended: a program that is killed leaves windows open.
    pub closed: bool,
    /// One for each meter that counted in it, as the run had it.
    pub figures: Vec<EnergyFigure>,
    /// The sum over the parts of the machine.
    pub sum: Components,
}

/// A recording from its first to its last line.
#[derive(Clone, Debug, PartialEq)]
pub struct Replayed {
    /// Its first line.
    pub header: Header,
    /// Its windows in the order in which they ended, those that did not last.
    pub windows: Vec<ReplayedWindow>,
    /// All of it.
    pub whole: ReplayedWindow,
    /// How every meter stood at the end.
    pub meters: Vec<MeterNow>,
    /// Readings in the file, those that failed included.
    pub readings: u64,
    /// Lines that could not be written: with any, figures may differ from what the run had.
    pub lost: u64,
    /// Why it ended; `None` where it does not say, because whoever wrote it was killed or had no room.
    pub end: Option<String>,
    /// The last line was cut off.
    pub cut_off: bool,
}

/// Goes through a recording and computes what the run had computed, with the same code. Takes the memory of the windows
/// that are open.
pub struct Replay<R> {
    tape: Tape<R>,
    books: Books,
    places: Vec<Place>,
    /// Whether a meter has been read.
    begun: Vec<bool>,
    /// A round of readings is due this often, in seconds.
    period_s: f64,
    /// When the first line was written after the header.
    from_s: Option<f64>,
    readings: u64,
    /// Figures so far of windows that are still open, once the end is reached.
    rest: Option<std::vec::IntoIter<ReplayedWindow>>,
}

/// Computes a whole recording.
///
/// # Errors
/// Where it cannot be read, is none, is damaged before its last line, or holds more than a million figures; for such a one
/// use [`Replay`].
pub fn replay(reader: impl BufRead) -> Result<Replayed, ReplayError> {
    let mut replay = Replay::new(reader)?;
    let mut windows = Vec::new();
    let mut figures = 0;
    while let Some(window) = replay.next_window()? {
        figures += window.figures.len() + 1;
        if figures > MAX_FIGURES {
            let what = format!("more than {MAX_FIGURES} figures so far");
            return Err(replay.tape.wrong(what));
        }
        windows.push(window);
    }
    Ok(replay.finish(windows))
}

/// Computes the recording in the file at `path`.
///
/// # Errors
/// As [`replay`], and where the file cannot be opened.
pub fn replay_file(path: &Path) -> Result<Replayed, ReplayError> {
    replay(open(path)?)
}

/// The recording at `path`, for reading.
pub(super) fn open(path: &Path) -> Result<BufReader<File>, ReplayError> {
    let file = File::open(path).map_err(|error| ReplayError::Open {
        error,
        path: path.to_owned(),
    })?;
    Ok(BufReader::new(file))
}

impl<R: BufRead> Replay<R> {
    /// Reads the first line.
    ///
    /// # Errors
    /// Where that is none of a recording.
    pub fn new(reader: R) -> Result<Self, ReplayError> {
        let tape = Tape::new(reader)?;
        let header = tape.header();
        let meters = header.meters.iter().map(|meter| Planned {
            meter: Box::new(OnTape(meter.info.clone())),
            role: meter.role.clone(),
        });
        let places = header.places();
        let period_s = 1.0 / header.rate_hz;
        Ok(Self {
            books: Books::new(meters.collect(), period_s, None),
            period_s,
            begun: vec![false; places.len()],
            places,
            tape,
            from_s: None,
            readings: 0,
            rest: None,
        })
    }

    /// The first line.
    pub fn header(&self) -> &Header {
        self.tape.header()
    }

    /// The next window to end; after the last line those that are still open, with what they had so far.
    ///
    /// # Errors
    /// Where a line cannot be read or cannot be.
    pub fn next_window(&mut self) -> Result<Option<ReplayedWindow>, ReplayError> {
        while self.rest.is_none() {
            let Some(line) = self.tape.next()? else {
                let rest = self.still_open();
                self.rest = Some(rest.into_iter());
                break;
            };
            self.from_s.get_or_insert(line.t_s);
            if let Some(window) = self.follow(line.t_s, line.what)? {
                return Ok(Some(window));
            }
        }
        Ok(self.rest.as_mut().and_then(Iterator::next))
    }

    /// Does what the run did then; gives the window that ends with it.
    fn follow(&mut self, t_s: f64, what: What) -> Result<Option<ReplayedWindow>, ReplayError> {
        match what {
            What::Reading { meter, reading } => {
                self.readings += 1;
                self.books.take(t_s, meter, reading, &mut Vec::new());
                if !std::mem::replace(&mut self.begun[meter], true) {
                    self.books.slots[meter].begin(t_s);
                }
            }
            What::Period { period_s } => {
                self.period_s = period_s;
                self.books.set_period(t_s, period_s);
            }
            What::Open {
                window,
                label,
                stand_bys,
            } => {
                let id = WindowId(window);
                if self.books.is_open(id) {
                    return Err(self.tape.wrong(format!("window {window} is open already")));
                }
                if self.books.windows().len() >= MAX_OPEN {
                    return Err(self
                        .tape
                        .wrong(format!("more than {MAX_OPEN} windows are open")));
                }
                let from = self.books.marks(t_s);
                let window = Window {
                    label,
                    since_s: t_s,
                    from,
                    stand_bys,
                };
                self.books.open(id, window);
            }
            What::Close { window } => {
                let to = self.books.marks(t_s);
                return match self.books.close(t_s, WindowId(window)) {
                    Some(window) => Ok(Some(self.told(t_s, &window, &to, true))),
                    // Its beginning may be among what was lost.
                    None if self.tape.lost() > 0 => Ok(None),
                    None => Err(self.tape.wrong(format!("window {window} is not open"))),
                };
            }
            What::Replaced { meter, by, reason } => {
                let slots = &self.books.slots;
                if meter == by || !slots[by].stands_by() || slots[meter].stands_by() {
                    let what = format!("meter {by} cannot take the place of meter {meter}");
                    return Err(self.tape.wrong(what));
                }
                self.books.replace(t_s, meter, by, &reason);
            }
            // Readings of edges may be missing: those before are not theirs.
            What::Lost { .. } => self.books.forget_readings(),
            What::End { .. } => {}
        }
        Ok(None)
    }

    /// The totals at the end: of a meter that was silent by then, up to the end and not to its last word.
    fn ends(&self) -> Vec<Mark> {
        let t_s = self.tape.t_s();
        let mut totals = self.books.totals();
        for total in &mut totals {
            if t_s - total.t_s > 2.0 * self.period_s {
                total.t_s = t_s;
            }
        }
        totals
    }

    fn told(&self, t_s: f64, window: &Window, to: &[Mark], closed: bool) -> ReplayedWindow {
        let from = &window.from;
        // Stand-bys that are told for their own sake are no part of a sum.
        let counted = self.books.figures(from, to, false);
        ReplayedWindow {
            label: window.label.clone(),
            from_s: window.since_s,
            to_s: t_s,
            closed,
            sum: components(&counted, &self.places),
            figures: if window.stand_bys {
                self.books.figures(from, to, true)
            } else {
                counted
            },
        }
    }

    /// Windows without an end, as far as they got.
    fn still_open(&self) -> Vec<ReplayedWindow> {
        let t_s = self.tape.t_s();
        let to = self.ends();
        self.books
            .windows()
            .map(|(_, window)| self.told(t_s, window, &to, false))
            .collect()
    }

    /// What is known at the end, with the windows that were handed out.
    pub fn finish(mut self, windows: Vec<ReplayedWindow>) -> Replayed {
        let to_s = self.tape.t_s();
        let since_s = self.from_s.unwrap_or(to_s);
        // What was never read is missing from the beginning.
        for (slot, begun) in self.books.slots.iter_mut().zip(&self.begun) {
            if !begun {
                slot.begin(since_s);
            }
        }
        let all = Window {
            label: "whole recording".to_owned(),
            since_s,
            from: self.books.slots.iter().map(Slot::start).collect(),
            stand_bys: false,
        };
        let to = self.ends();
        let whole = self.told(to_s, &all, &to, self.tape.end().is_some());
        Replayed {
            windows,
            whole,
            meters: self.books.now(&to),
            readings: self.readings,
            lost: self.tape.lost(),
            end: self.tape.end().map(str::to_owned),
            cut_off: self.tape.cut_off(),
            header: self.tape.header().clone(),
        }
    }
}

/// A meter whose readings come from a file.
struct OnTape(MeterInfo);

impl Meter for OnTape {
    fn info(&self) -> &MeterInfo {
        &self.0
    }

    fn read(&mut self) -> Result<Reading, ReadError> {
        // Never asked: what it said is taken as the file tells it.
        Err(ReadError::NotYet)
    }
}
