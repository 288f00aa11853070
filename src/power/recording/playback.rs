//! A recording played back as if its meters were there.

use std::{
    io::BufRead,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    format::{Header, clip},
    line::{Line, What},
    replay::open,
    tape::{ReplayError, Tape},
};
use crate::power::{Clock, Kind, Meter, MeterInfo, Origin, ReadError, Reading, Role};

/// What identifiers of played meters begin with, and what stands before the file's name where one is asked for.
pub const PREFIX: &str = "replay:";
/// A reading that is older than this many sampling periods is not there any more: gaps of a recording stay gaps.
const FRESH_PERIODS: f64 = 3.0;

/// A recording that plays in real time, from when it is first asked, in bounded memory.
pub struct Playback {
    /// Its meters, in the order of its header.
    pub meters: Vec<PlayedMeter>,
    /// Its first line.
    pub header: Header,
}

/// One meter of a [`Playback`]. It is marked as simulated: nothing of what it says is drawn here and now.
pub struct PlayedMeter {
    info: MeterInfo,
    role: Role,
    index: usize,
    clock: Clock,
    player: Arc<Mutex<Player>>,
}

/// What the meters of one recording share.
struct Player {
    tape: Tape<Box<dyn BufRead + Send>>,
    /// The line that is to come next.
    next: Option<Line>,
    latest: Vec<Option<(f64, Said)>>,
    period_s: f64,
    /// When it was first asked, on the clock of those who ask.
    asked_s: Option<f64>,
    /// Time of the first line, on the recorded clock.
    first_s: f64,
    /// Why nothing more comes.
    ended: Option<String>,
}

/// What a meter said last.
#[derive(Clone)]
enum Said {
    Reading(Reading),
    NotYet,
    Asleep,
    Failed(String),
}

impl Playback {
    /// The recording in the file at `path`, to be played on `clock`.
    ///
    /// # Errors
    /// Where it cannot be opened or is no recording.
    pub fn open(path: &Path, clock: &Clock) -> Result<Self, ReplayError> {
        Self::new(Box::new(open(path)?), clock)
    }

    /// The recording that `reader` gives, to be played on `clock`.
    ///
    /// # Errors
    /// Where it is no recording.
    pub fn new(reader: Box<dyn BufRead + Send>, clock: &Clock) -> Result<Self, ReplayError> {
        let mut tape = Tape::new(reader)?;
        let header = tape.header().clone();
        let next = tape.next()?;
        let period_s = 1.0 / header.rate_hz;
        let player = Arc::new(Mutex::new(Player {
            first_s: next.as_ref().map_or(0.0, |line| line.t_s),
            ended: next.is_none().then(|| "the recording is empty".to_owned()),
            next,
            latest: vec![None; header.meters.len()],
            period_s,
            asked_s: None,
            tape,
        }));
        let date = clip(&header.date);
        let meters = header.meters.iter().enumerate().map(|(index, meter)| {
            let info = &meter.info;
            PlayedMeter {
                info: MeterInfo {
                    id: format!("{PREFIX}{}", info.id),
                    source: format!("recording of {}, {date}", info.source),
                    origin: Origin::Simulated,
                    refresh_s: match (info.kind, info.refresh_s) {
                        (Kind::Counter { .. }, None) => None,
                        (_, refresh_s) => Some(refresh_s.unwrap_or(0.0).max(period_s)),
                    },
                    ..info.clone()
                },
                role: meter.role.clone(),
                index,
                clock: clock.clone(),
                player: Arc::clone(&player),
            }
        });
        Ok(Self {
            meters: meters.collect(),
            header,
        })
    }
}

impl PlayedMeter {
    /// What the meter was read for when it was recorded.
    pub fn recorded_role(&self) -> &Role {
        &self.role
    }
}

impl Player {
    /// Goes on to where the recording is at `now_s`. Gives the time there.
    fn play_to(&mut self, now_s: f64) -> f64 {
        let asked_s = *self.asked_s.get_or_insert(now_s);
        let to_s = self.first_s + (now_s - asked_s).max(0.0);
        while let Some(line) = self.next.take_if(|line| line.t_s <= to_s) {
            match line.what {
                What::Reading { meter, reading } => {
                    let said = match reading {
                        Ok(reading) => Said::Reading(reading),
                        Err(ReadError::NotYet) => Said::NotYet,
                        Err(ReadError::Asleep) => Said::Asleep,
                        Err(error) => Said::Failed(error.to_string()),
                    };
                    self.latest[meter] = Some((line.t_s, said));
                }
                What::Period { period_s } => self.period_s = period_s,
                _ => {}
            }
            match self.tape.next() {
                Ok(next) => self.next = next,
                Err(error) => self.ended = Some(error.to_string()),
            }
            if self.next.is_none() {
                self.ended
                    .get_or_insert_with(|| "the recording has ended".to_owned());
            }
        }
        to_s
    }
}

impl Meter for PlayedMeter {
    fn info(&self) -> &MeterInfo {
        &self.info
    }

    fn read(&mut self) -> Result<Reading, ReadError> {
        let mut player = self.player.lock().unwrap_or_else(PoisonError::into_inner);
        let t_s = player.play_to(self.clock.now_s());
        let fresh_s = FRESH_PERIODS * player.period_s.max(self.info.every_s);
        let fresh = player.latest[self.index]
            .as_ref()
            .filter(|(said_s, _)| t_s - said_s <= fresh_s);
        match (fresh, &player.ended) {
            (Some((_, Said::Reading(reading))), _) => Ok(reading.clone()),
            (Some((_, Said::Failed(error))), _) => Err(ReadError::Recorded(error.clone())),
            (Some((_, Said::Asleep)), _) => Err(ReadError::Asleep),
            (None, Some(ended)) => Err(ReadError::Recorded(ended.clone())),
            (Some((_, Said::NotYet)) | None, _) => Err(ReadError::NotYet),
        }
    }
}
