use std::fs::File;
use std::io::Write;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crate::protocol::{Event, encode};

/// Events that may wait to be written. A controller that is slow for long slows the run rather than filling the memory.
const EVENTS_WAITING: usize = 1024;

/// Where events go: a bounded queue and a thread that writes it to the channel, so that training does not wait for a
/// pipe.
#[derive(Clone)]
pub struct Outbox {
    queue: SyncSender<Message>,
    writer: Arc<Mutex<Option<JoinHandle<()>>>>,
}

enum Message {
    Event(Box<Event>),
    Close,
}

impl Outbox {
    /// Starts the thread that writes to `channel`.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(mut channel: File) -> std::io::Result<Self> {
        let (queue, events) = sync_channel(EVENTS_WAITING);
        let writer = std::thread::Builder::new()
            .name("joulelab-outbox".to_owned())
            .spawn(move || {
                while let Ok(Message::Event(event)) = events.recv() {
                    let line = match encode(&*event) {
                        Ok(line) => line,
                        Err(error) => {
                            tracing::error!("an event could not be written: {error}");
                            continue;
                        }
                    };
                    // A closed channel means that the controller is gone, which the reader of commands notices too.
                    if channel.write_all(line.as_bytes()).is_err() {
                        return;
                    }
                }
            })?;
        Ok(Self {
            queue,
            writer: Arc::new(Mutex::new(Some(writer))),
        })
    }

    /// Sends an event that must arrive; waits where the queue is full.
    pub fn send(&self, event: Event) {
        // Fails only after the channel broke; there is nobody left to tell.
        let _ = self.queue.send(Message::Event(Box::new(event)));
    }

    /// Sends an event that a later one replaces; drops it where the queue is full.
    pub fn offer(&self, event: Event) {
        if let Err(TrySendError::Full(_)) = self.queue.try_send(Message::Event(Box::new(event))) {
            tracing::debug!("the controller is slow: an event was left out");
        }
    }

    /// Waits until everything sent so far is written.
    pub fn close(&self) {
        let _ = self.queue.send(Message::Close);
        let writer = self
            .writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(writer) = writer {
            // It ends by itself after the message above; a panic in it was printed where it happened.
            let _ = writer.join();
        }
    }
}
