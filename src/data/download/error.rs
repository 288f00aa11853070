use std::{fmt, path::PathBuf};

use crate::data::DataError;

/// One try at an address, and why it came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The address.
    pub url: String,
    /// What went wrong.
    pub why: String,
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.url, self.why)
    }
}

/// Why a set could not be got. Each message says what is wrong and how to mend it.
#[derive(Debug, thiserror::Error)]
pub enum GetError {
    /// It was called off.
    #[error(
        "called off; what came until then is kept, and getting the set again goes on from there"
    )]
    Cancelled,
    /// No address gave the file.
    #[error(
        "cannot download `{file}`; what came of it is kept, and getting the set again goes on from there. Check the \
         network and its proxy, or get the files elsewhere and run `joulelab data get {name} --from FOLDER`\n{}",
        lines(attempts)
    )]
    Unreachable {
        /// The set.
        name: String,
        /// The file.
        file: String,
        /// Every try, in order.
        attempts: Vec<Attempt>,
    },
    /// Files are not in the user's folder.
    #[error(
        "{what}; the files must be those that the authors published, packed as they are (`joulelab data info {name}` \
         lists them): {}",
        path.display()
    )]
    NotInFolder {
        /// The set.
        name: String,
        /// What is missing.
        what: String,
        /// The folder.
        path: PathBuf,
    },
    /// The proxy's address is none.
    #[error("`{0}` is no proxy that can be used; write http://HOST:PORT")]
    Proxy(String),
    /// The disk, the lock or an archive.
    #[error(transparent)]
    Data(#[from] DataError),
}

fn lines(attempts: &[Attempt]) -> String {
    let lines: Vec<String> = attempts.iter().map(Attempt::to_string).collect();
    lines.join("\n")
}
