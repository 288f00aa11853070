//! Batches put together ahead of time, for sets that do not lie on the device.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;

use super::draws::Change;
use super::host::{Assembled, Host};
use crate::train::TrainError;

/// Batches that wait to be taken; one more is being made. This bounds the memory that they take.
const AHEAD: usize = 2;

/// Which samples a batch is made of.
pub struct Recipe {
    /// The samples.
    pub chosen: Vec<u32>,
    /// How each is changed, where they are.
    pub changes: Option<Vec<Change>>,
    /// Side of the square that is cut out.
    pub cutout: usize,
}

/// A thread that makes one batch after the other, until it is dropped.
pub struct Loader {
    /// Taken first when it is dropped: the thread ends once nobody listens.
    batches: Option<Receiver<Assembled>>,
    thread: Option<JoinHandle<()>>,
    next: u64,
}

impl Loader {
    /// Begins with batch number `first`; `recipe` tells what each is made of, `None` after the last.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(
        host: Arc<Host>,
        first: u64,
        mut recipe: impl FnMut(u64) -> Option<Recipe> + Send + 'static,
    ) -> Result<Self, TrainError> {
        let (sender, batches) = sync_channel(AHEAD);
        let thread = std::thread::Builder::new()
            .name("joulelab-loader".to_owned())
            .spawn(move || {
                let mut index = first;
                while let Some(next) = recipe(index) {
                    let batch = host.assemble(&next.chosen, next.changes.as_deref(), next.cutout);
                    if sender.send(batch).is_err() {
                        return;
                    }
                    index += 1;
                }
            })
            .map_err(|error| TrainError::Loader(format!("the system gave no thread: {error}")))?;
        Ok(Self {
            batches: Some(batches),
            thread: Some(thread),
            next: first,
        })
    }

    /// Number of the batch that comes next.
    pub fn next_index(&self) -> u64 {
        self.next
    }

    /// The next batch; waits only where the thread is slower than training.
    ///
    /// # Errors
    /// Where the thread has ended.
    pub fn take(&mut self) -> Result<Assembled, TrainError> {
        let batch = self
            .batches
            .as_ref()
            .and_then(|batches| batches.recv().ok());
        self.next += 1;
        batch.ok_or_else(|| TrainError::Loader("its thread has ended".to_owned()))
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        drop(self.batches.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been told by then: there was no next batch.
            let _ = thread.join();
        }
    }
}
