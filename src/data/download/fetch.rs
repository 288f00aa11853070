//! One whole file from several addresses, in as many attempts as it takes.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    sync::mpsc::RecvTimeoutError,
    thread,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    Attempt, Caller, Doing, GetError, Options, feed, hex, remove,
    wire::{self, Answer, Message, Request},
};
use crate::data::{
    DataError,
    registry::{Recipe, RemoteFile},
    store::{PART, PART_NOTE},
};

/// Longest time until a stop is seen.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// An attempt that brings so much does not count as one.
const GOOD_PART: u64 = 1 << 20;

/// Where the bytes of an unfinished file came from.
#[derive(Default, Serialize, Deserialize)]
struct Note {
    url: String,
    etag: Option<String>,
}

/// How an attempt ended, unless it brought the whole file.
enum Ended {
    /// On the way; another attempt at the same address may bring the rest.
    Cut(String),
    /// What is on the disk is of no use for this address.
    StartOver(String),
    /// This address does not have the file.
    Refused(String),
}

/// The unfinished file.
struct Part<'a> {
    file: &'a RemoteFile,
    path: &'a Path,
    note: PathBuf,
    /// Bytes on the disk, all of them in `hasher`.
    bytes: u64,
    hasher: Sha256,
    /// Bytes of the set's files before this one, and of all.
    before: u64,
    total: u64,
}

/// Brings the content of `file` to `path`, going on from what is there. When this returns, its SHA-256 is right.
pub(super) fn file(
    recipe: &Recipe,
    file: &RemoteFile,
    path: &Path,
    before: u64,
    options: &Options,
    caller: &mut Caller<'_>,
) -> Result<(), GetError> {
    let mut part = Part {
        file,
        path,
        note: path.with_file_name(format!("{}{PART_NOTE}", file.name)),
        bytes: 0,
        hasher: Sha256::new(),
        before,
        total: recipe.download_bytes(),
    };
    part.take_up(caller)?;
    let mut attempts = Vec::new();
    for mirror in &recipe.mirrors {
        let url = format!("{mirror}{}", file.name);
        let mut tries = 0;
        while tries < options.attempts {
            if tries > 0 {
                wait(options.pause, caller)?;
            }
            tries += 1;
            let had = part.bytes;
            let mut note_attempt = |why: String| {
                let url = url.clone();
                attempts.push(Attempt { url, why });
            };
            match part.go_on(&url, options, caller)? {
                None if part.is_right() => {
                    return part.settle();
                }
                None => {
                    note_attempt(format!(
                        "the content is not the one that is known: its SHA-256 is {} instead of {}",
                        hex(part.hasher.clone()),
                        file.sha256
                    ));
                    part.drop()?;
                    // Bytes of two versions or a damaged disk may be mixed; all of it from here may be right.
                    if had == 0 {
                        break;
                    }
                }
                Some(Ended::StartOver(why)) => {
                    note_attempt(why);
                    part.drop()?;
                }
                Some(Ended::Cut(why)) => {
                    note_attempt(why);
                    let gained = part.bytes.saturating_sub(had);
                    if gained >= GOOD_PART {
                        tries = 0;
                    } else if gained == 0 && had == 0 {
                        break;
                    }
                }
                Some(Ended::Refused(why)) => {
                    note_attempt(why);
                    break;
                }
            }
        }
    }
    Err(GetError::Unreachable {
        name: recipe.name.clone(),
        file: file.name.clone(),
        attempts,
    })
}

fn wait(pause: Duration, caller: &Caller<'_>) -> Result<(), GetError> {
    let until = Instant::now() + pause;
    loop {
        caller.go_on()?;
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        thread::sleep(left.min(LOOK_EVERY));
    }
}

impl Part<'_> {
    /// Takes in what an earlier download left.
    fn take_up(&mut self, caller: &mut Caller<'_>) -> Result<(), GetError> {
        match fs::metadata(self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Ok(metadata) if metadata.is_file() && metadata.len() <= self.file.bytes => {}
            _ => return self.drop(),
        }
        self.bytes = feed(
            &mut self.hasher,
            self.path,
            &self.file.name,
            self.file.bytes,
            caller,
        )?;
        if self.bytes == self.file.bytes && !self.is_right() {
            self.drop()?;
        }
        Ok(())
    }

    fn is_right(&self) -> bool {
        self.bytes == self.file.bytes
            && hex(self.hasher.clone()).eq_ignore_ascii_case(&self.file.sha256)
    }

    /// Throws away what there is.
    fn drop(&mut self) -> Result<(), GetError> {
        self.bytes = 0;
        self.hasher = Sha256::new();
        remove(self.path)?;
        remove(&self.note)
    }

    /// The content is whole and right: it may be renamed.
    fn settle(&self) -> Result<(), GetError> {
        // Windows only lets those flush a file who may write it.
        File::options()
            .write(true)
            .open(self.path)
            .and_then(|file| file.sync_all())
            .map_err(|source| self.disk(source))?;
        remove(&self.note)
    }

    fn disk(&self, source: std::io::Error) -> GetError {
        GetError::Data(DataError::Write {
            path: self.path.to_owned(),
            source,
        })
    }

    /// One attempt at `url`; `None` where as many bytes are there as there should be.
    fn go_on(
        &mut self,
        url: &str,
        options: &Options,
        caller: &mut Caller<'_>,
    ) -> Result<Option<Ended>, GetError> {
        if self.bytes == self.file.bytes {
            return Ok(None);
        }
        let note = self.read_note();
        let known = note.etag.filter(|_| note.url == url);
        let request = Request {
            url: url.to_owned(),
            from: self.bytes,
            if_etag: known.clone(),
        };
        let messages = wire::send(request, options)?;
        let mut output = None;
        loop {
            caller.go_on()?;
            let message = match messages.recv_timeout(LOOK_EVERY) {
                Ok(message) => message,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => {
                    return Ok(Some(Ended::Cut(
                        "the download ended without a word".to_owned(),
                    )));
                }
            };
            match (message, &mut output) {
                (Message::Answer(answer), _) => {
                    if let Some(ended) = self.judge(&answer, known.as_deref()) {
                        return Ok(Some(ended));
                    }
                    output = Some(self.open(&answer, url)?);
                    self.tell(caller);
                }
                (Message::Bytes(bytes), Some(output)) => {
                    if self.bytes + bytes.len() as u64 > self.file.bytes {
                        let why = format!("it sends more than the {} bytes", self.file.bytes);
                        self.drop()?;
                        return Ok(Some(Ended::Refused(why)));
                    }
                    output.write_all(&bytes).map_err(|e| self.disk(e))?;
                    self.hasher.update(&bytes);
                    self.bytes += bytes.len() as u64;
                    self.tell(caller);
                }
                (Message::Bytes(_), None) => {}
                (Message::End, _) if self.bytes == self.file.bytes => return Ok(None),
                (Message::End, _) => {
                    let why = format!("it ended after {} of {} bytes", self.bytes, self.file.bytes);
                    return Ok(Some(Ended::Cut(why)));
                }
                (Message::Failed(why), _) => return Ok(Some(Ended::Cut(why))),
            }
        }
    }

    fn tell(&self, caller: &mut Caller<'_>) {
        let done = self.before + self.bytes;
        caller.tell(Doing::Downloading, &self.file.name, done, self.total);
    }

    /// What is wrong with an answer, before any of its content is taken.
    fn judge(&self, answer: &Answer, known: Option<&str>) -> Option<Ended> {
        let expected = self.file.bytes;
        let other_length = |bytes: u64| {
            Ended::Refused(format!(
                "the file there has {bytes} bytes instead of {expected}"
            ))
        };
        match (answer.status, answer.range) {
            (200, _) => answer
                .bytes
                .filter(|bytes| *bytes != expected)
                .map(other_length),
            (206, Some((from, whole))) => {
                if from != self.bytes {
                    let why = format!("it sends bytes from {from} instead of {}", self.bytes);
                    return Some(Ended::StartOver(why));
                }
                if let Some(whole) = whole.filter(|whole| *whole != expected) {
                    return Some(other_length(whole));
                }
                let is_other = known.is_some() && answer.etag.as_deref() != known;
                is_other.then(|| Ended::StartOver("the file there has changed".to_owned()))
            }
            (206, None) => Some(Ended::StartOver(
                "it sends a part without its place".to_owned(),
            )),
            (416, _) if self.bytes > 0 => Some(Ended::StartOver(
                "it has no bytes after those that are here".to_owned(),
            )),
            (status, _) => Some(Ended::Refused(format!("the server answers {status}"))),
        }
    }

    /// The file to write to: at its end where the answer goes on from there, else anew.
    fn open(&mut self, answer: &Answer, url: &str) -> Result<File, GetError> {
        if answer.status == 200 {
            self.drop()?;
        }
        let file = File::options()
            .create(true)
            .append(true)
            .open(self.path)
            .map_err(|source| self.disk(source))?;
        let note = Note {
            url: url.to_owned(),
            etag: answer.etag.clone(),
        };
        // Without the note, the rest is asked for without a condition; its checksum tells in the end.
        if let Ok(text) = serde_json::to_vec(&note)
            && let Err(error) = fs::write(&self.note, text)
        {
            tracing::warn!("cannot note where a download comes from: {error}");
        }
        Ok(file)
    }

    fn read_note(&self) -> Note {
        debug_assert!(self.path.to_string_lossy().ends_with(PART));
        let text = fs::read(&self.note).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }
}
