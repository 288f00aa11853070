use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::protocol::{Command, Event, LINE_BYTES_MAX, PROTOCOL, decode, encode};

/// Events that may wait for the recorder; a full queue slows the worker's writing, not its training, until its own queue
/// is full as well.
const EVENTS_WAITING: usize = 1024;
/// Lines of the worker's standard error that are kept to explain its death.
const STDERR_LINES: usize = 40;

/// What the C library of Linux is told about memory that a worker frees: to keep it. Otherwise each large tensor is given back
/// to the system, and its pages are cleared and mapped anew a moment later, which took a quarter of the time of training a
/// network of some breadth on the CPU. Variables that the user has set stay as they are; other systems know neither.
const ALLOCATOR: [(&str, &str); 2] = [
    ("MALLOC_MMAP_MAX_", "0"),
    ("MALLOC_TRIM_THRESHOLD_", "8589934592"),
];

/// How to start a worker: this program with `worker`, or the same over ssh or a batch system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerCommand {
    /// Program to start.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

impl WorkerCommand {
    /// This very program on this machine, logging as `log` says.
    ///
    /// # Errors
    /// Where the system does not tell where this program lies.
    pub fn local(log: &str) -> Result<Self, StartError> {
        Ok(Self {
            program: std::env::current_exe().map_err(StartError::Start)?,
            arguments: vec!["worker".into(), "--log".into(), log.into()],
        })
    }
}

/// Why a worker could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The system refused.
    #[error("cannot start the worker process: {0}")]
    Start(std::io::Error),
    /// It ended before it said anything.
    #[error("the worker ended at once: {0}")]
    Ended(String),
    /// It is of another version.
    #[error(
        "the worker speaks version {found} of the protocol, this program {PROTOCOL}; use the same Joulelab on both sides"
    )]
    Version {
        /// Its version.
        found: u32,
    },
    /// It answers something else.
    #[error("the worker's first words are not those of a worker: {0}")]
    Stranger(String),
}

/// A worker that runs.
pub struct Worker {
    child: Child,
    input: Option<ChildStdin>,
    /// What it tells; ends with it.
    pub events: Receiver<Event>,
    stderr: Arc<Mutex<VecDeque<String>>>,
}

impl Worker {
    /// Starts a worker and waits for its first words.
    ///
    /// # Errors
    /// Where it cannot be started or is of another version.
    pub fn start(command: &WorkerCommand) -> Result<Self, StartError> {
        let unset = ALLOCATOR
            .into_iter()
            .filter(|(name, _)| std::env::var_os(name).is_none());
        let mut child = std::process::Command::new(&command.program)
            .envs(unset)
            .args(&command.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(StartError::Start)?;
        let (sender, events) = sync_channel(EVENTS_WAITING);
        let stderr = Arc::new(Mutex::new(VecDeque::new()));
        if let Some(output) = child.stdout.take() {
            spawn("joulelab-events", move || read_events(output, &sender))?;
        }
        if let Some(errors) = child.stderr.take() {
            let stderr = Arc::clone(&stderr);
            spawn("joulelab-stderr", move || keep_lines(errors, &stderr))?;
        }
        let mut worker = Self {
            input: child.stdin.take(),
            child,
            events,
            stderr,
        };
        match worker.events.recv() {
            Ok(Event::Hello { protocol, .. }) if protocol == PROTOCOL => Ok(worker),
            Ok(Event::Hello { protocol, .. }) => Err(StartError::Version { found: protocol }),
            Ok(other) => Err(StartError::Stranger(format!("{other:?}"))),
            Err(_) => Err(StartError::Ended(worker.cause())),
        }
    }

    /// Sends a command; a worker that is gone takes none, which its events tell as well.
    pub fn send(&mut self, command: &Command) {
        let Some(input) = &mut self.input else {
            return;
        };
        let sent = encode(command)
            .map_err(std::io::Error::other)
            .and_then(|line| input.write_all(line.as_bytes()))
            .and_then(|()| input.flush());
        if let Err(error) = sent {
            tracing::debug!("the worker takes no command: {error}");
        }
    }

    /// Ends it at once.
    pub fn kill(&mut self) {
        if let Err(error) = self.child.kill() {
            tracing::debug!("the worker could not be killed: {error}");
        }
    }

    /// Lets it end by itself within `patience`, else ends it.
    pub fn finish(&mut self, patience: Duration) {
        // Without its input a worker ends.
        self.input = None;
        let until = Instant::now() + patience;
        while Instant::now() < until {
            match self.child.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(5)),
                Ok(Some(_)) | Err(_) => return,
            }
        }
        self.kill();
        // It was killed; this only takes its exit status off the system.
        let _ = self.child.wait();
    }

    /// Whether it has ended by itself and says that all went well.
    pub fn has_succeeded(&mut self) -> bool {
        self.finish(Duration::from_secs(5));
        matches!(self.child.try_wait(), Ok(Some(status)) if status.success())
    }

    /// Why it is gone, in words: its exit and the last it said on standard error.
    pub fn cause(&mut self) -> String {
        self.finish(Duration::from_secs(5));
        let exit = match self.child.try_wait() {
            Ok(Some(status)) => describe(status),
            _ => "it did not end by itself".to_owned(),
        };
        let lines = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        let tail: Vec<&str> = lines.iter().map(String::as_str).collect();
        if tail.is_empty() {
            exit
        } else {
            format!("{exit}; its last words: {}", tail.join(" | "))
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.finish(Duration::from_millis(500));
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), StartError> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map(drop)
        .map_err(StartError::Start)
}

fn read_events(output: ChildStdout, sender: &SyncSender<Event>) {
    let mut reader = BufReader::new(output);
    let mut line = String::new();
    loop {
        line.clear();
        match (&mut reader)
            .take(LINE_BYTES_MAX as u64)
            .read_line(&mut line)
        {
            Ok(0) | Err(_) => return,
            Ok(_) => match decode(&line) {
                Ok(event) => {
                    if sender.send(event).is_err() {
                        return;
                    }
                }
                Err(error) => tracing::warn!("{error}"),
            },
        }
    }
}

fn keep_lines(errors: impl Read, lines: &Mutex<VecDeque<String>>) {
    let mut reader = BufReader::new(errors);
    let mut raw = Vec::new();
    loop {
        raw.clear();
        match (&mut reader).take(64 << 10).read_until(b'\n', &mut raw) {
            Ok(0) | Err(_) => return,
            Ok(_) => {
                let line = String::from_utf8_lossy(&raw).trim_end().to_owned();
                tracing::debug!(target: "worker", "{line}");
                let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
                if lines.len() == STDERR_LINES {
                    lines.pop_front();
                }
                lines.push_back(line);
            }
        }
    }
}

fn describe(status: ExitStatus) -> String {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        if let Some(signal) = status.signal() {
            return format!("it was ended by signal {signal}");
        }
    }
    match status.code() {
        Some(code) => format!("it ended with exit code {code}"),
        None => "it ended without an exit code".to_owned(),
    }
}
