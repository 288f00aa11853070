//! Matrix products that are quick to compile, for adapters whose driver compiles slowly.
//!
//! CubeCL keeps which kernel was the fastest for each shape, and beside it how long each took to be tried, which is mostly its
//! compilation. A software adapter compiles again at each start: seconds for a kernel in which every loop is unrolled, which
//! gains tenths of a millisecond. So before such a device is opened, what was decided is decided again by both.

use std::collections::HashMap;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rusqlite::{Connection, TransactionBehavior, params};
use serde_json::Value;

use super::cbor;

/// How often a product of one shape is made until what is saved by a faster kernel counts as much as its compilation.
const USES: f64 = 5000.0;
/// Decisions on matrix products: those of other operations are tried with products inside, whose own tuning their times
/// contain.
const DECISIONS: &str = "SELECT namespace, key, value FROM entries
    WHERE namespace LIKE 'autotune/%' AND namespace LIKE '%-matmul-tune-%'";
const RECORDS: &str = "SELECT value FROM entries WHERE namespace = 'records/v1/autotune'";
const CHANGE: &str = "UPDATE entries SET value = ?3 WHERE namespace = ?1 AND key = ?2";
/// The field of a decision that names its winner, as it is stored: a text of 13 bytes.
const WINNER: &[u8] = b"\x6dfastest_index";
/// Held by every process that uses the cache, as long as it lives: it is changed only while nobody does.
const LOCK: &str = "in-use.lock";

/// Decides anew on all products in the cache `database`, before this process opens it. A cache that is in use, or that cannot be
/// read, is left as it is.
pub fn prefer_quick_to_compile(database: &Path) {
    static HELD: OnceLock<File> = OnceLock::new();
    let Some(folder) = database.parent() else {
        return;
    };
    let lock = File::options()
        .create(true)
        .append(true)
        .open(folder.join(LOCK));
    let Ok(lock) = lock else { return };
    if database.is_file() && lock.try_lock().is_ok() {
        match decide_anew(database) {
            Ok(count) => tracing::debug!("{count} matrix products chosen anew"),
            Err(error) => tracing::debug!("matrix products stay as chosen: {error}"),
        }
        forget_empty_log(database);
        // What cannot be unlocked is so at the end of the process.
        let _ = lock.unlock();
    }
    if lock.lock_shared().is_ok() {
        HELD.get_or_init(|| lock);
    }
}

/// Removes what CubeCL's database keeps in mind of its log where SQLite has folded the log into the database: were it still to look
/// for what is no longer there, it would write nothing any more.
fn forget_empty_log(database: &Path) {
    let beside = |ending: &str| {
        let mut path = database.as_os_str().to_owned();
        path.push(ending);
        PathBuf::from(path)
    };
    let log = beside("-wal");
    let is_empty = std::fs::metadata(&log).map_or(true, |log| log.len() == 0);
    let remembered = beside("-tshm");
    if is_empty && remembered.exists() {
        for file in [remembered, log] {
            match std::fs::remove_file(&file) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    tracing::debug!("{} stays: {error}", file.display());
                }
                _ => {}
            }
        }
    }
}

/// How many decisions were changed.
fn decide_anew(database: &Path) -> rusqlite::Result<usize> {
    let mut connection = Connection::open(database)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let trials = trials(&transaction)?;
    let mut changed: Vec<(String, Vec<u8>, Vec<u8>)> = Vec::new();
    let mut statement = transaction.prepare(DECISIONS)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (namespace, key, decision) = (
            row.get(0)?,
            row.get::<_, Vec<u8>>(1)?,
            row.get::<_, Vec<u8>>(2)?,
        );
        let of_key = cbor::decoded(&key).and_then(|key| trials.get(&key.to_string()));
        if let Some(better) = of_key.and_then(|trials| decided(&decision, trials)) {
            changed.push((namespace, key, better));
        }
    }
    drop(rows);
    drop(statement);
    for (namespace, key, decision) in &changed {
        transaction.execute(CHANGE, params![namespace, key, decision])?;
    }
    transaction.commit()?;
    Ok(changed.len())
}

/// For each key that was tuned, as text: seconds that each candidate took to be tried, by its name.
fn trials(connection: &Connection) -> rusqlite::Result<HashMap<String, HashMap<String, f64>>> {
    let mut all = HashMap::new();
    let mut statement = connection.prepare(RECORDS)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let Some(record) = cbor::decoded(&row.get::<_, Vec<u8>>(0)?) else {
            continue;
        };
        let record = &record["record"];
        let trials = record["trials"].as_array().into_iter().flatten();
        let trials = trials.filter_map(|trial| {
            let name = trial["name"].as_str()?.to_owned();
            Some((name, seconds(&trial["wall"])?))
        });
        all.insert(record["entry"].to_string(), trials.collect());
    }
    Ok(all)
}

/// The decision with another winner, where one is better by both: what it takes to try it, and to use it.
fn decided(decision: &[u8], trials: &HashMap<String, f64>) -> Option<Vec<u8>> {
    let read = cbor::decoded(decision)?;
    let candidates = read["results"].as_array()?.iter().filter_map(|result| {
        let found = &result["outcome"]["Ok"];
        let tried = trials.get(found["name"].as_str()?)?;
        let cost = tried + USES * seconds(&found["computation"]["median"])?;
        Some((found["index"].as_u64()?, cost))
    });
    let (best, _) = candidates.min_by(|a, b| a.1.total_cmp(&b.1))?;
    if read["fastest_index"].as_u64()? == best {
        return None;
    }
    let begin = decision
        .windows(WINNER.len())
        .position(|part| part == WINNER)?
        + WINNER.len();
    let (_, length) = cbor::number(&decision[begin..])?;
    let mut better = decision[..begin].to_vec();
    cbor::write_number(best, &mut better);
    better.extend_from_slice(&decision[begin + length..]);
    Some(better)
}

fn seconds(duration: &Value) -> Option<f64> {
    Some(duration["secs"].as_f64()? + duration["nanos"].as_f64()? * 1e-9)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `{"fastest_index": 7, "results": [{"outcome": {"Ok": {"name", "index", "computation": {"median": {secs, nanos}}}}}, …]}`.
    fn decision(candidates: &[(&str, u64, u64)]) -> Vec<u8> {
        let text = |text: &str| [&[0x60 + text.len() as u8], text.as_bytes()].concat();
        let number = |number: u64| {
            let mut bytes = Vec::new();
            cbor::write_number(number, &mut bytes);
            bytes
        };
        let candidate = |(name, index, nanos): &(&str, u64, u64)| {
            let median = [
                vec![0xa2],
                text("secs"),
                number(0),
                text("nanos"),
                number(*nanos),
            ]
            .concat();
            let computation = [vec![0xa1], text("median"), median].concat();
            let found = [
                vec![0xa3],
                [text("name"), text(name)].concat(),
                [text("index"), number(*index)].concat(),
                [text("computation"), computation].concat(),
            ];
            [
                vec![0xa1],
                text("outcome"),
                vec![0xa1],
                text("Ok"),
                found.concat(),
            ]
            .concat()
        };
        let results: Vec<u8> = candidates.iter().flat_map(candidate).collect();
        let results = [vec![0x80 + candidates.len() as u8], results].concat();
        [
            vec![0xa2],
            WINNER.to_vec(),
            number(7),
            text("results"),
            results,
        ]
        .concat()
    }

    #[test]
    fn a_cache_is_changed_only_where_nobody_uses_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("minimal.db");
        let key = [0xa1, 0x61, b'k', 1];
        let trial = |name: &str, seconds: u8| {
            let wall = [b"\xa2\x64secs".as_slice(), &[seconds], b"\x65nanos\x00"].concat();
            let name = [&[0x60 + name.len() as u8], name.as_bytes()].concat();
            [b"\xa2\x64name".as_slice(), &name, b"\x64wall", &wall].concat()
        };
        let trials = [vec![0x82], trial("unrolled", 20), trial("plain", 0)].concat();
        let record = [
            b"\xa1\x66record\xa2\x65entry".as_slice(),
            &key,
            b"\x66trials",
            &trials,
        ];
        let stored = decision(&[("unrolled", 7, 200_000), ("plain", 5, 600_000)]);
        let namespace = "autotune/1/device/burn-kernel-matmul-tune-base";
        let database = Connection::open(&path).unwrap();
        database
            .execute_batch("CREATE TABLE entries (namespace TEXT, key BLOB, value BLOB)")
            .unwrap();
        for (namespace, value) in [
            ("records/v1/autotune", record.concat()),
            (namespace, stored),
        ] {
            let row = params![namespace, key, value];
            database
                .execute("INSERT INTO entries VALUES (?1, ?2, ?3)", row)
                .unwrap();
        }
        let winner = || {
            let value: Vec<u8> = database
                .query_row(
                    "SELECT value FROM entries WHERE namespace = ?1",
                    [namespace],
                    |row| row.get(0),
                )
                .unwrap();
            cbor::decoded(&value).unwrap()["fastest_index"].clone()
        };
        let user = File::create(folder.path().join(LOCK)).unwrap();
        user.lock_shared().unwrap();
        prefer_quick_to_compile(&path);
        assert_eq!(winner(), 7);
        drop(user);
        prefer_quick_to_compile(&path);
        // The first call is still in use of it.
        assert_eq!(winner(), 7);
        assert_eq!(decide_anew(&path), Ok(1));
        assert_eq!(winner(), 5);
        assert_eq!(decide_anew(&path), Ok(0));
    }

    #[test]
    fn what_was_known_of_a_log_goes_with_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("minimal.db");
        let [log, known] =
            ["minimal.db-wal", "minimal.db-tshm"].map(|name| folder.path().join(name));
        for length in [0, 100] {
            std::fs::write(&log, vec![0; length]).unwrap();
            std::fs::write(&known, "frames").unwrap();
            forget_empty_log(&path);
            assert_eq!((log.exists(), known.exists()), (length > 0, length > 0));
        }
        std::fs::remove_file(&log).unwrap();
        forget_empty_log(&path);
        assert!(!known.exists());
        forget_empty_log(&path);
    }

    #[test]
    fn what_compiles_long_must_gain_as_much() {
        let trials = |unrolled: f64| {
            let trials = [("unrolled", unrolled), ("plain", 0.5), ("other", 0.1)];
            trials
                .map(|(name, seconds)| (name.to_owned(), seconds))
                .into()
        };
        let stored = decision(&[
            ("unrolled", 7, 200_000),
            ("plain", 25, 600_000),
            ("other", 3, 90_000_000),
        ]);
        // 1 s and 3 s of use; 20 s to compile are more than the difference, 1 s is not.
        let better = decided(&stored, &trials(20.0)).unwrap();
        let read = cbor::decoded(&better).unwrap();
        assert_eq!(read["fastest_index"], 25);
        assert_eq!(read["results"], cbor::decoded(&stored).unwrap()["results"]);
        assert_eq!(decided(&better, &trials(20.0)), None);
        assert_eq!(decided(&stored, &trials(1.0)), None);
        assert_eq!(decided(&stored, &HashMap::new()), None);
        assert_eq!(decided(&stored[..stored.len() - 3], &trials(20.0)), None);
    }
}
