//! Dialogs of the platform, one at a time: the window goes on while one is open, and the answer comes back as a change to
//! the state.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use eframe::wgpu::rwh::{HasDisplayHandle, HasWindowHandle};
use rfd::{AsyncFileDialog, FileHandle};

use super::jobs::Lane;
use super::state::{Shared, State};

/// The window that dialogs belong to, so that they come up over it.
pub trait Parent: HasWindowHandle + HasDisplayHandle {}

impl<T: HasWindowHandle + HasDisplayHandle> Parent for T {}

/// What a dialog asks for.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// Its title.
    pub title: String,
    /// Kinds of files that it offers: a name for people, and endings without the dot.
    pub kinds: Vec<(&'static str, &'static [&'static str])>,
    /// Name that is proposed for a file to be written.
    pub file_name: Option<String>,
    /// Folder in which it begins.
    pub folder: Option<PathBuf>,
}

impl Question {
    /// A dialog with this title.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            ..Self::default()
        }
    }

    /// Offers files of this kind.
    #[must_use]
    pub fn kind(mut self, name: &'static str, endings: &'static [&'static str]) -> Self {
        self.kinds.push((name, endings));
        self
    }

    /// Proposes a name for a file to be written.
    #[must_use]
    pub fn file_name(mut self, name: impl Into<String>) -> Self {
        self.file_name = Some(name.into());
        self
    }

    fn dialog(self) -> AsyncFileDialog {
        let mut dialog = AsyncFileDialog::new().set_title(self.title);
        for (name, endings) in self.kinds {
            dialog = dialog.add_filter(name, endings);
        }
        if let Some(name) = self.file_name {
            dialog = dialog.set_file_name(name);
        }
        if let Some(folder) = self.folder {
            dialog = dialog.set_directory(folder);
        }
        dialog
    }
}

/// Asks for a file to be read; `then` gets `None` where the user chose none.
pub fn open_file(
    shared: &mut Shared,
    question: Question,
    then: impl FnOnce(&mut State, Option<PathBuf>) + Send + 'static,
) {
    if let Some(dialog) = only_one(shared, question) {
        wait_for(shared, dialog.pick_file(), then);
    }
}

/// Asks for the name of a file to be written; `then` gets `None` where the user chose none.
pub fn save_file(
    shared: &mut Shared,
    question: Question,
    then: impl FnOnce(&mut State, Option<PathBuf>) + Send + 'static,
) {
    if let Some(dialog) = only_one(shared, question) {
        wait_for(shared, dialog.save_file(), then);
    }
}

/// Asks for a folder; `then` gets `None` where the user chose none.
pub fn pick_folder(
    shared: &mut Shared,
    question: Question,
    then: impl FnOnce(&mut State, Option<PathBuf>) + Send + 'static,
) {
    if let Some(dialog) = only_one(shared, question) {
        wait_for(shared, dialog.pick_folder(), then);
    }
}

fn only_one(shared: &mut Shared, question: Question) -> Option<AsyncFileDialog> {
    if shared.dialog_open {
        shared
            .toasts
            .info("Another dialog is open; answer that first");
        return None;
    }
    shared.dialog_open = true;
    let dialog = question.dialog();
    Some(match &shared.window {
        Some(window) => dialog.set_parent(window.as_ref()),
        None => dialog,
    })
}

/// The dialog was made on the window's thread, as macOS wants it; only its answer is waited for elsewhere.
fn wait_for(
    shared: &mut Shared,
    answer: impl Future<Output = Option<FileHandle>> + Send + 'static,
    then: impl FnOnce(&mut State, Option<PathBuf>) + Send + 'static,
) {
    shared.jobs.run(Lane::Dialog, move |_| {
        // A fault in the platform's dialog must not keep every later one closed.
        let answer = catch_unwind(AssertUnwindSafe(|| block_on(answer)));
        Box::new(move |state: &mut State| {
            state.shared.dialog_open = false;
            match answer {
                Ok(file) => then(state, file.map(|file| file.path().to_owned())),
                Err(_) => state
                    .shared
                    .toasts
                    .error("the platform's dialog failed; the log says why"),
            }
        })
    });
}

/// Sleeps until `future` has an answer.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(answer) => return answer,
            Poll::Pending => std::thread::park(),
        }
    }
}
