//! Taking over the runs of another library's file, which is only read.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, params_from_iter};

use super::error::Fault;
use super::schema::{self, Kind};
use super::types::Status;
use super::write::HEARTBEAT_STALE_S;
use super::{Library, LibraryError, lookup, places, tables, time};

/// What an import came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Runs that were taken over.
    pub added: u64,
    /// Runs that were here already.
    pub known: u64,
    /// Runs that are still being recorded there and were left out.
    pub running: u64,
}

impl Library {
    /// Takes over every run of the library in file `path` that is not here yet, deleted ones excepted; a run whose
    /// recorder went away is interrupted here. `watch` is told after each run how many of how many are done, and says
    /// whether to go on. Checkpoints stay where they are.
    ///
    /// # Errors
    /// Where the file cannot be read, is none of ours, is of a newer layout or damaged, `watch` says no, or this library
    /// cannot be written. Then nothing was taken over; the file is never changed.
    pub fn import_from(
        &mut self,
        path: &Path,
        watch: &mut dyn FnMut(u64, u64) -> bool,
    ) -> Result<Imported, LibraryError> {
        let source = Source::open(path)?;
        self.write(|transaction| {
            let mut imported = Imported::default();
            // Tables are copied in any order; what refers to what is checked at the end.
            transaction.pragma_update(None, "defer_foreign_keys", true)?;
            let here: HashSet<String> = transaction
                .prepare("SELECT id FROM runs")?
                .query_map([], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            let there = source.read(runs)?;
            let total = there.len() as u64;
            for (run, done) in there.iter().zip(1..) {
                if here.contains(&run.id) {
                    imported.known += 1;
                } else if run.is_recorded() {
                    imported.running += 1;
                } else {
                    copy_run(&source, transaction, run)?;
                    imported.added += 1;
                }
                if !watch(done, total) {
                    return Err(source.refused("the import was cancelled").into());
                }
            }
            Ok(imported)
        })
    }
}

/// The file that is read.
struct Source {
    connection: Connection,
    path: PathBuf,
    /// Tables with rows of runs in which nothing has to be numbered anew: an older layout has fewer.
    tables: Vec<String>,
}

impl Source {
    fn open(path: &Path) -> Result<Self, LibraryError> {
        let refused = |detail: String| LibraryError::NotImported {
            path: path.into(),
            detail,
        };
        if let Err(error) = std::fs::File::open(path) {
            return Err(refused(format!("the file cannot be read ({error})")));
        }
        let mut source = Self {
            tables: Vec::new(),
            connection: connect(path).map_err(|error| refused(what_is_wrong(&error)))?,
            path: path.into(),
        };
        match source.read(|connection| Ok(schema::kind(connection)?))? {
            Kind::Library(layout) if layout > schema::LATEST => Err(refused(format!(
                "it has layout {layout}, and this version of Joulelab knows none above {}; use a newer Joulelab",
                schema::LATEST
            ))),
            Kind::Library(_) => {
                source.tables = source.read(tables_of_runs)?;
                Ok(source)
            }
            Kind::Empty => Err(refused("there is nothing in it".to_owned())),
            Kind::Foreign => Err(refused("it is a database of another program".to_owned())),
        }
    }

    fn refused(&self, detail: impl Into<String>) -> LibraryError {
        LibraryError::NotImported {
            path: self.path.clone(),
            detail: detail.into(),
        }
    }

    /// Runs `work`; what goes wrong is this file's fault and not that of the library that takes its runs.
    fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, LibraryError> {
        work(&self.connection).map_err(|fault| match fault {
            Fault::Sqlite(error) => self.refused(what_is_wrong(&error)),
            Fault::Known(error) => error,
        })
    }
}

fn what_is_wrong(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            format!("it is damaged, or no library at all ({error})")
        }
        _ => format!("it cannot be read ({error})"),
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    // Without a log nobody has it open. Then no lock is taken and no companion made, for which the folder would have to
    // be writable: that of a stick or a share need not be.
    let connection = match uri(path).filter(|_| !Path::new(&log).exists()) {
        Some(uri) => Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)?,
        None => Connection::open_with_flags(path, flags)?,
    };
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// `path` as SQLite's URI of a file that does not change; `None` where it is no text.
fn uri(path: &Path) -> Option<String> {
    let path = std::path::absolute(path).ok()?;
    let mut uri = String::from("file:");
    let text = path.to_str()?.replace('\\', "/");
    if !text.starts_with('/') {
        uri.push('/');
    }
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b':' => {
                uri.push(char::from(byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri.push_str("?immutable=1");
    Some(uri)
}

fn tables_of_runs(source: &Connection) -> Result<Vec<String>, Fault> {
    Ok(source
        .prepare(
            "SELECT s.name FROM sqlite_schema s JOIN pragma_table_info(s.name) c ON c.name = 'run'
             WHERE s.type = 'table' AND s.name NOT IN ('series', 'samples') ORDER BY s.rowid",
        )?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?)
}

/// A run of the file.
struct Found {
    key: i64,
    id: String,
    is_running: bool,
    last_seen_at: Timestamp,
}

impl Found {
    fn is_recorded(&self) -> bool {
        let silent = Timestamp::now().duration_since(self.last_seen_at);
        self.is_running && silent.as_secs_f64() <= HEARTBEAT_STALE_S
    }
}

fn runs(source: &Connection) -> Result<Vec<Found>, Fault> {
    Ok(source
        .prepare(
            "SELECT key, id, status, last_seen_at FROM runs WHERE deleted_at IS NULL ORDER BY key",
        )?
        .query_map([], |row| {
            let status: String = row.get(2)?;
            Ok(Found {
                key: row.get(0)?,
                id: row.get(1)?,
                is_running: status == Status::Running.id(),
                last_seen_at: time::column(row, "last_seen_at")?,
            })
        })?
        .collect::<Result<_, _>>()?)
}

fn copy_run(source: &Source, transaction: &Transaction<'_>, found: &Found) -> Result<(), Fault> {
    let run = source.read(|source| lookup::run_by_key(source, found.key))?;
    let check = source.read(|source| tables::run_self_check(source, found.key))?;
    let machine = places::machine_key(transaction, &run.machine)?;
    let device = places::device_key(transaction, machine, &run.device)?;
    let check = check
        .map(|check| places::self_check_key(transaction, &check))
        .transpose()?;
    let number = |name: &str| match name {
        "key" => Some(Value::Null),
        "machine" => Some(Value::Integer(machine)),
        "device" => Some(Value::Integer(device)),
        "self_check" => Some(check.map_or(Value::Null, Value::Integer)),
        _ => None,
    };
    copy(source, transaction, "runs", ("key", found.key), number)?;
    let key = transaction.last_insert_rowid();
    let of_run = |name: &str| (name == "run").then_some(Value::Integer(key));
    for table in &source.tables {
        copy(source, transaction, table, ("run", found.key), of_run)?;
    }
    if found.is_running {
        transaction.execute(
            "UPDATE runs SET status = ?2, finished_at = last_seen_at WHERE key = ?1",
            (key, Status::Interrupted.id()),
        )?;
        super::rows::end_phase(transaction, key, run.duration_s)?;
    }
    let mut series: HashMap<i64, i64> = HashMap::new();
    let old: Vec<i64> = source.read(|source| {
        let keys = "SELECT key FROM series WHERE run = ?1 ORDER BY key";
        tables::rows(source, keys, found.key, |row| row.get(0))
    })?;
    for old in old {
        let renumbered = |name: &str| match name {
            "key" => Some(Value::Null),
            name => of_run(name),
        };
        copy(source, transaction, "series", ("key", old), renumbered)?;
        series.insert(old, transaction.last_insert_rowid());
    }
    copy_samples(source, transaction, (found.key, key), &series)?;
    // An older layout does not have it.
    Ok(super::readings::sum_up(transaction, key)?)
}

/// Copies the rows of `table` in which a column has a value; `instead` gives what stands in a column in place of what is
/// there.
fn copy(
    source: &Source,
    transaction: &Transaction<'_>,
    table: &str,
    (column, value): (&str, i64),
    instead: impl Fn(&str) -> Option<Value>,
) -> Result<(), Fault> {
    let mut write: Option<rusqlite::CachedStatement<'_>> = None;
    source.read(|source| {
        let mut read =
            source.prepare_cached(&format!("SELECT * FROM {table} WHERE {column} = ?1"))?;
        let names: Vec<String> = read.column_names().map(str::to_owned).collect();
        let mut rows = read.query([value])?;
        while let Some(row) = rows.next()? {
            let values: Vec<Value> = names
                .iter()
                .enumerate()
                .map(|(at, name)| instead(name).map_or_else(|| row.get(at), Ok))
                .collect::<Result<_, _>>()?;
            if write.is_none() {
                let places = vec!["?"; names.len()].join(", ");
                let sql = format!(
                    "INSERT INTO {table} ({}) VALUES ({places})",
                    names.join(", ")
                );
                write = Some(here(transaction.prepare_cached(&sql), transaction)?);
            }
            if let Some(write) = &mut write {
                here(write.execute(params_from_iter(values)), transaction)?;
            }
        }
        Ok(())
    })?;
    Ok(())
}

/// Copies the samples of run `old`, which becomes run `new`; `series` says what each of its series becomes.
fn copy_samples(
    source: &Source,
    transaction: &Transaction<'_>,
    (old, new): (i64, i64),
    series: &HashMap<i64, i64>,
) -> Result<(), Fault> {
    let mut write = transaction
        .prepare_cached("INSERT INTO samples (run, t_s, series, value) VALUES (?1, ?2, ?3, ?4)")?;
    source.read(|source| {
        let mut read = source.prepare_cached(
            "SELECT t_s, series, value FROM samples WHERE run = ?1 ORDER BY t_s, series",
        )?;
        let mut rows = read.query([old])?;
        while let Some(row) = rows.next()? {
            let Some(series) = series.get(&row.get(1)?) else {
                continue;
            };
            let sample = (
                new,
                row.get::<_, f64>(0)?,
                series,
                row.get::<_, Option<f64>>(2)?,
            );
            here(write.execute(sample), transaction)?;
        }
        Ok(())
    })?;
    Ok(())
}

/// A fault of the library that takes the runs, told from one of the file by its path.
fn here<T>(result: rusqlite::Result<T>, transaction: &Transaction<'_>) -> Result<T, Fault> {
    result.map_err(|error| {
        let path = transaction.path().unwrap_or_default();
        Fault::Known(Fault::Sqlite(error).at(Path::new(path)))
    })
}
