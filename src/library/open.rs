use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use super::LibraryError;
use super::error::Fault;
use super::schema::{self, Kind};

/// How long one program waits for another's transaction. Ours take milliseconds; a purge of hours of samples, seconds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// All recorded runs, in one SQLite file. Every program, and every thread of one, opens its own.
#[derive(Debug)]
pub struct Library {
    pub(super) connection: Connection,
    path: PathBuf,
}

impl Library {
    /// Where the library is unless another is named: `library.sqlite` in the platform's folder for a user's data.
    ///
    /// # Errors
    /// Where the platform names none.
    pub fn default_path() -> Result<PathBuf, LibraryError> {
        directories::ProjectDirs::from("", "", "joulelab")
            .map(|folders| folders.data_dir().join("library.sqlite"))
            .ok_or(LibraryError::NoDataFolder)
    }

    /// Opens [`Self::default_path`].
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_default() -> Result<Self, LibraryError> {
        Self::open(Self::default_path()?)
    }

    /// Opens the library in file `path`, made with its folder where there is none, and brings an older layout up to date.
    ///
    /// # Errors
    /// Where the file cannot be written, belongs to another program, is of a newer layout, or is damaged. None of these
    /// files is changed.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, LibraryError> {
        let path = path.into();
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            std::fs::create_dir_all(folder).map_err(|source| LibraryError::Folder {
                path: folder.to_owned(),
                source,
            })?;
        }
        match connect(&path) {
            Ok(connection) => Ok(Self { connection, path }),
            Err(fault) => Err(fault.at(&path)),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads every page and reports what is broken; takes a while on a large library.
    ///
    /// # Errors
    /// [`LibraryError::Damaged`] with the first finding.
    pub fn check(&self) -> Result<(), LibraryError> {
        let finding: String = self.read(|connection| {
            Ok(connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?)
        })?;
        if finding == "ok" {
            return Ok(());
        }
        Err(LibraryError::Damaged {
            path: self.path.clone(),
            detail: finding,
        })
    }

    /// Runs `work`, which only reads.
    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, LibraryError> {
        work(&self.connection).map_err(|fault| fault.at(&self.path))
    }

    /// Runs `work`, all reads of which see the library as it is now, whatever others write meanwhile.
    pub(super) fn snapshot<T, E: From<LibraryError>>(
        &self,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        // Dropped without a commit: nothing was written.
        let _transaction = self
            .connection
            .unchecked_transaction()
            .map_err(|error| Fault::from(error).at(&self.path))?;
        work()
    }

    /// Runs `work` in one transaction, which is stored if it succeeds and forgotten if it does not. It takes the write
    /// lock at its beginning: one that only asks for it at its first write can fail where waiting would have helped.
    pub(super) fn write<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T, LibraryError> {
        let result = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(Fault::from)
            .and_then(|transaction| {
                let value = work(&transaction)?;
                transaction.commit()?;
                Ok(value)
            });
        result.map_err(|fault| fault.at(&self.path))
    }
}

fn connect(path: &Path) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // SQLite opens a write-protected file for reading without a word.
    if connection.is_readonly("main")? {
        return Err(LibraryError::Unwritable { path: path.into() }.into());
    }
    let layout = match schema::kind(&connection)? {
        Kind::Empty => 0,
        Kind::Library(layout) => layout,
        Kind::Foreign => return Err(LibraryError::Foreign { path: path.into() }.into()),
    };
    if layout > schema::LATEST {
        return Err(LibraryError::Newer {
            path: path.into(),
            found: layout,
            known: schema::LATEST,
        }
        .into());
    }
    use_wal(&connection)?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.set_prepared_statement_cache_capacity(64);
    if layout < schema::LATEST {
        schema::migrate(&mut connection, schema::LATEST)?;
    }
    // A cheap look at the first pages of the main table; the rest is checked as it is read.
    connection.query_row(
        "SELECT count(*) FROM (SELECT 1 FROM runs LIMIT 1)",
        [],
        |_| Ok(()),
    )?;
    Ok(connection)
}

/// Switches to WAL. SQLite does not wait for another program that is switching the same new file just now, so this does.
fn use_wal(connection: &Connection) -> rusqlite::Result<()> {
    let deadline = std::time::Instant::now() + BUSY_TIMEOUT;
    loop {
        let switched = connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()));
        match switched {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && std::time::Instant::now() < deadline =>
            {
                std::thread::sleep(Duration::from_millis(5));
            }
            other => return other,
        }
    }
}
