//! Writing a recording.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use super::{
    format::Header,
    line::{Line, What},
};
use crate::power::{Clock, Planned, ReadError, Reading, Record, WindowId};

/// Lines that may wait for the disk: half a minute of ten meters at 10 Hz.
const QUEUE: usize = 4096;
/// Windows and the like that wait outside the queue where it is full: they are few, and readings mean nothing without them.
const HELD: usize = 1024;
/// What is older than this is in the file.
const GATHER: Duration = Duration::from_millis(250);
/// Bytes that are gathered at most.
const BUFFER: usize = 64 << 10;

/// Why nothing can be recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// There is such a file.
    #[error("will not record over a file that exists: choose another name or move it away: {}", .0.display())]
    Exists(PathBuf),
    /// The file cannot be made.
    #[error("cannot make the recording: {error}: {}", path.display())]
    Create {
        /// What went wrong.
        error: io::Error,
        /// The file.
        path: PathBuf,
    },
    /// Its first line cannot be written.
    #[error("cannot write the recording: {0}")]
    Write(io::Error),
    /// No thread.
    #[error("cannot start the thread that writes the recording: {0}")]
    Thread(io::Error),
}

/// How a recording stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordingState {
    /// Lines in the file, the first not counted.
    pub lines: u64,
    /// Lines that found the queue full, or came after the end.
    pub lost: u64,
    /// Why it ended before the measuring did, if so.
    pub problem: Option<String>,
    /// Nothing more is written.
    pub ended: bool,
}

/// Tells how a recording stands, while a [`Recorder`] belongs to the meter thread and after.
#[derive(Clone, Debug, Default)]
pub struct Recording(Arc<Mutex<RecordingState>>);

impl Recording {
    /// How it stands.
    pub fn state(&self) -> RecordingState {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.clone()
    }

    fn change(&self, change: impl FnOnce(&mut RecordingState)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Writes everything that the meters say into a file, on a thread of its own: the meters never wait for a disk.
///
/// Lines reach the file within half a second, so a program that is killed loses no more. Where the disk cannot follow,
/// lines are lost and counted, and the file says where and how many; where it is full, the recording ends, the log and
/// [`Recording::state`] say why, and measuring goes on.
pub struct Recorder {
    queue: SyncSender<Line>,
    /// What must not be lost and found the queue full, oldest first.
    held: VecDeque<Line>,
    /// Lines lost since the file was last told of any.
    untold: u64,
    lost: u64,
    t_s: f64,
    recording: Recording,
    thread: Option<JoinHandle<()>>,
}

impl Recorder {
    /// Makes the file at `path`, which must not exist, for a sampler of `meters` on `clock` that is asked to read
    /// `rate_hz` times a second. The first line is in it when this returns.
    ///
    /// # Errors
    /// Where the file exists or cannot be written, or the system gives no thread.
    pub fn create(
        path: &Path,
        meters: &[Planned],
        clock: &Clock,
        rate_hz: f64,
    ) -> Result<Self, RecordingError> {
        let file = File::create_new(path).map_err(|error| {
            let path = path.to_owned();
            match error.kind() {
                io::ErrorKind::AlreadyExists => RecordingError::Exists(path),
                _ => RecordingError::Create { error, path },
            }
        })?;
        Self::into(file, meters, clock, rate_hz).inspect_err(|_| {
            // Made just now and without a first line: nobody can want it.
            let _ = std::fs::remove_file(path);
        })
    }

    /// As [`Self::create`], into anything that takes bytes.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub fn into(
        mut sink: impl Write + Send + 'static,
        meters: &[Planned],
        clock: &Clock,
        rate_hz: f64,
    ) -> Result<Self, RecordingError> {
        let header = Header::new(meters, clock, rate_hz);
        let mut first = serde_json::to_vec(&header)
            .map_err(|error| RecordingError::Write(io::Error::other(error)))?;
        first.push(b'\n');
        sink.write_all(&first)
            .and_then(|()| sink.flush())
            .map_err(RecordingError::Write)?;
        let (queue, lines) = mpsc::sync_channel(QUEUE);
        let recording = Recording::default();
        let state = recording.clone();
        let thread = std::thread::Builder::new()
            .name("joulelab-recorder".to_owned())
            .spawn(move || write(sink, &lines, &state))
            .map_err(RecordingError::Thread)?;
        Ok(Self {
            queue,
            held: VecDeque::new(),
            untold: 0,
            lost: 0,
            t_s: header.began_s,
            recording,
            thread: Some(thread),
        })
    }

    /// How the recording stands, from anywhere and at any time.
    pub fn recording(&self) -> Recording {
        self.recording.clone()
    }

    /// A line that must not be lost while there is a way.
    fn hold(&mut self, t_s: f64, what: What) {
        self.t_s = t_s;
        if self.held.len() < HELD {
            self.held.push_back(Line { t_s, what });
            self.let_go();
        } else {
            self.lose();
        }
    }

    /// Moves what is held into the queue; whether nothing is held any more.
    fn let_go(&mut self) -> bool {
        while let Some(line) = self.held.pop_front() {
            if self.untold > 0 && !self.tell_of_loss(line.t_s) {
                self.held.push_front(line);
                return false;
            }
            match self.queue.try_send(line) {
                Ok(()) => {}
                Err(TrySendError::Full(line)) => {
                    self.held.push_front(line);
                    return false;
                }
                Err(TrySendError::Disconnected(_)) => self.lose(),
            }
        }
        true
    }

    /// Says in the file that lines are missing here; whether that was possible.
    fn tell_of_loss(&mut self, t_s: f64) -> bool {
        let what = What::Lost { lines: self.untold };
        let told = self.queue.try_send(Line { t_s, what }).is_ok();
        if told {
            self.untold = 0;
        }
        told
    }

    fn lose(&mut self) {
        self.untold += 1;
        self.lost += 1;
        let lost = self.lost;
        self.recording.change(|state| state.lost = lost);
    }
}

impl Record for Recorder {
    fn reading(&mut self, t_s: f64, meter: usize, reading: &Result<Reading, ReadError>) {
        self.t_s = t_s;
        if !self.let_go() || self.untold > 0 && !self.tell_of_loss(t_s) {
            self.lose();
            return;
        }
        let reading = match reading {
            Ok(reading) => Ok(reading.clone()),
            Err(ReadError::NotYet) => Err(ReadError::NotYet),
            Err(ReadError::Asleep) => Err(ReadError::Asleep),
            Err(error) => Err(ReadError::Recorded(error.to_string())),
        };
        let what = What::Reading { meter, reading };
        if self.queue.try_send(Line { t_s, what }).is_err() {
            self.lose();
        }
    }

    fn opened(&mut self, t_s: f64, window: WindowId, label: &str, stand_bys: bool) {
        let label = label.to_owned();
        self.hold(
            t_s,
            What::Open {
                window: window.0,
                label,
                stand_bys,
            },
        );
    }

    fn closed(&mut self, t_s: f64, window: WindowId) {
        self.hold(t_s, What::Close { window: window.0 });
    }

    fn paced(&mut self, t_s: f64, period_s: f64) {
        self.hold(t_s, What::Period { period_s });
    }

    fn replaced(&mut self, t_s: f64, meter: usize, by: usize, reason: &str) {
        let reason = reason.to_owned();
        self.hold(t_s, What::Replaced { meter, by, reason });
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // Nothing is measured any more: what is left may wait for the disk.
        let t_s = self.t_s;
        if self.untold > 0 {
            let what = What::Lost { lines: self.untold };
            self.held.push_front(Line { t_s, what });
        }
        let reason = "the measuring ended".to_owned();
        let lost = self.lost;
        let end = Line {
            t_s,
            what: What::End { reason, lost },
        };
        for line in self.held.drain(..).chain([end]) {
            // Refused where the writer has ended, and has said why.
            let _ = self.queue.send(line);
        }
        let Some(thread) = self.thread.take() else {
            return;
        };
        // The writer ends with its queue.
        self.queue = mpsc::sync_channel(1).0;
        // It does not panic; were it to, that was printed.
        let _ = thread.join();
    }
}

/// What the writer's thread does.
fn write(mut sink: impl Write, lines: &Receiver<Line>, recording: &Recording) {
    let mut buffer = Vec::with_capacity(BUFFER);
    let ended = loop {
        let Ok(line) = lines.recv() else {
            break Ok(());
        };
        let written = gather(line, lines, &mut buffer).and_then(|count| {
            sink.write_all(&buffer)?;
            sink.flush()?;
            Ok(count)
        });
        buffer.clear();
        match written {
            Ok(count) => recording.change(|state| state.lines += count),
            Err(error) => break Err(error),
        }
    };
    recording.change(|state| state.ended = true);
    if let Err(error) = ended {
        let problem = format!("the recording ends here: it cannot be written: {error}");
        tracing::error!("{problem}; measuring goes on");
        recording.change(|state| state.problem = Some(problem));
    }
}

/// Gathers lines for a moment, so that the disk is asked a few times a second. How many there are.
fn gather(first: Line, lines: &Receiver<Line>, buffer: &mut Vec<u8>) -> io::Result<u64> {
    let until = Instant::now() + GATHER;
    first.write(buffer)?;
    let mut count = 1;
    while buffer.len() < BUFFER {
        let rest = until.saturating_duration_since(Instant::now());
        match lines.recv_timeout(rest) {
            Ok(line) => {
                line.write(buffer)?;
                count += 1;
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
    Ok(count)
}
