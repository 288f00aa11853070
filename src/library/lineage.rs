//! What a run started from, and its ancestors.

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};

use super::count::{Count, count, maybe_count};
use super::error::Fault;
use super::lookup::{json, resolve};
use super::records::PhaseEnergy;
use super::sums::sum_of_parts;
use super::write::bad;
use super::{Library, LibraryError, energy};
use crate::units::Estimate;

/// How the work of one run came into another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// The other started from its weights.
    #[default]
    Start,
    /// The other learnt from its answers.
    Teacher,
    /// Both.
    Both,
}

impl Relation {
    const ALL: [Self; 3] = [Self::Start, Self::Teacher, Self::Both];

    /// What the later run did, for people.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Start => "started from",
            Self::Teacher => "learnt from",
            Self::Both => "started and learnt from",
        }
    }

    /// Name, as exported.
    pub fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Teacher => "teacher",
            Self::Both => "both",
        }
    }

    /// As it is stored.
    fn letter(self) -> char {
        match self {
            Self::Start => 's',
            Self::Teacher => 't',
            Self::Both => 'b',
        }
    }
}

/// A run or file whose work is in another run's weights, as it was when that run began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ancestor {
    /// 1: what the run started from; 2: what that one started from; and so on.
    pub generation: u64,
    /// How its work came to the run, from the run on: of generation 2 how that of generation 1 came into the run, and how its own came
    /// into that one.
    #[serde(default)]
    pub path: Vec<Relation>,
    /// The run; `None` for a file.
    pub run_id: Option<String>,
    /// Name of the run, or path of the file.
    pub title: Option<String>,
    /// What the run learnt from.
    pub dataset: Option<String>,
    /// What learnt, in words.
    pub model: Option<String>,
    /// Hash of the run's setup.
    pub setup_hash: Option<String>,
    /// Steps done in the checkpoint that was taken.
    pub step: Option<u64>,
    /// Seconds that the run took in all, also idle, loading and waiting; of its training alone, see [`Self::training_s`].
    pub duration_s: Option<f64>,
    /// Energy of the run's training and evaluation, by meter.
    pub training: Vec<PhaseEnergy>,
    /// Joules that the makers of a file state.
    pub stated_j: Option<f64>,
    /// Operational carbon of the run, gCO2e.
    pub carbon_g: Option<Estimate>,
    /// Whether the run is still in this library, not deleted.
    #[serde(default)]
    pub is_here: bool,
}

impl Ancestor {
    /// Its identifier, or the path of a file.
    pub fn label(&self) -> &str {
        let title = self.title.as_deref();
        self.run_id.as_deref().or(title).unwrap_or("a file")
    }

    /// How its work came into the run after it.
    pub fn relation(&self) -> Relation {
        self.path.last().copied().unwrap_or_default()
    }

    /// Whether its work went into `later` before it came to the run: `None` is the run itself.
    pub fn is_of(&self, later: Option<&Self>) -> bool {
        let before = &self.path[..self.path.len().saturating_sub(1)];
        later.map_or(before.is_empty(), |later| later.path == before)
    }

    /// Seconds of its training and evaluation, those of its energy; `None` of a file, and of a run that no meter watched.
    pub fn training_s(&self) -> Option<f64> {
        sum_of_parts(&self.training).map(|sum| sum.figure.window_s)
    }

    /// Joules that went into it, over all parts of the machine, and by which meters, in words; `stated` of a file.
    pub fn energy(&self) -> (Option<Estimate>, String) {
        let sum = sum_of_parts(&self.training).map(|sum| sum.figure);
        let energy_j = sum.as_ref().and_then(|figure| figure.energy_j);
        let source = sum.map_or_else(|| "stated".to_owned(), |figure| figure.source);
        (energy_j.or(self.stated_j.map(Estimate::exact)), source)
    }
}

impl Library {
    /// Whose work is in the weights of the run that `given` means, its parent first.
    ///
    /// # Errors
    /// Where none or several runs could be meant, or the library cannot be read.
    pub fn ancestors(&self, given: &str) -> Result<Vec<Ancestor>, LibraryError> {
        self.read(|connection| ancestors(connection, resolve(connection, given)?))
    }

    /// Identifiers of the runs in whose weights the work of run `id` is, latest first; deleted ones are left out.
    ///
    /// # Errors
    /// Where the library cannot be read.
    pub fn descendants(&self, id: &str) -> Result<Vec<String>, LibraryError> {
        self.read(|connection| {
            Ok(connection
                .prepare_cached(
                    "SELECT id FROM runs WHERE deleted_at IS NULL
                         AND key IN (SELECT run FROM ancestors WHERE run_id = ?1)
                     ORDER BY created_at DESC, key DESC",
                )?
                .query_map([id], |row| row.get(0))?
                .collect::<Result<_, _>>()?)
        })
    }
}

pub(super) fn insert_start(
    transaction: &Transaction<'_>,
    run: i64,
    report: &serde_json::Value,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("INSERT OR REPLACE INTO starts (run, report_json) VALUES (?1, ?2)")?
        .execute((run, report.to_string()))?;
    Ok(())
}

pub(super) fn replace_ancestors(
    transaction: &Transaction<'_>,
    id: &str,
    run: i64,
    ancestors: &[Ancestor],
) -> Result<(), Fault> {
    if ancestors.iter().any(|of| of.run_id.as_deref() == Some(id)) {
        return Err(bad(id, "a run is no ancestor of its own"));
    }
    transaction.execute("DELETE FROM ancestors WHERE run = ?1", [run])?;
    let mut insert = transaction.prepare_cached(
        "INSERT INTO ancestors (run, generation, path, run_id, title, dataset, model, setup_hash, step, duration_s,
             training_json, stated_j, carbon_g, carbon_low_g, carbon_high_g)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    )?;
    for ancestor in ancestors {
        let training = serde_json::to_string(&ancestor.training)
            .map_err(|error| bad(id, format!("an ancestor's energies are no JSON: {error}")))?;
        let carbon = ancestor.carbon_g;
        insert.execute(params![
            run,
            Count(ancestor.generation),
            path_text(&ancestor.path, ancestor.generation),
            ancestor.run_id,
            ancestor.title,
            ancestor.dataset,
            ancestor.model,
            ancestor.setup_hash,
            ancestor.step.map(Count),
            ancestor.duration_s,
            training,
            ancestor.stated_j,
            carbon.map(|carbon| carbon.value),
            carbon.map(|carbon| carbon.low),
            carbon.map(|carbon| carbon.high),
        ])?;
    }
    Ok(())
}

/// A path as it is stored. A run that says nothing of it started from each in turn.
fn path_text(path: &[Relation], generation: u64) -> String {
    if path.is_empty() {
        let length = usize::try_from(generation).unwrap_or(0);
        return String::from(Relation::Start.letter()).repeat(length);
    }
    path.iter().map(|relation| relation.letter()).collect()
}

/// The path that `text` stands for; before there were teachers none was stored.
fn path_of(text: &str, generation: u64) -> Vec<Relation> {
    let relation = |letter: char| {
        let known = Relation::ALL.into_iter();
        known.into_iter().find(|known| known.letter() == letter)
    };
    if text.is_empty() {
        return vec![Relation::Start; usize::try_from(generation).unwrap_or(0)];
    }
    text.chars().filter_map(relation).collect()
}

/// What `run` started from, as its report was stored.
pub(super) fn start(connection: &Connection, run: i64) -> Result<Option<serde_json::Value>, Fault> {
    Ok(connection
        .prepare_cached("SELECT report_json FROM starts WHERE run = ?1")?
        .query_row([run], |row| {
            let text: String = row.get(0)?;
            json(row, "report_json", &text)
        })
        .optional()?)
}

/// Ancestors of `run`, its parent first.
pub(super) fn ancestors(connection: &Connection, run: i64) -> Result<Vec<Ancestor>, Fault> {
    Ok(connection
        .prepare_cached(
            "SELECT generation, run_id, title, dataset, model, setup_hash, step, duration_s, training_json, stated_j,
                 carbon_g, carbon_low_g, carbon_high_g, path,
                 EXISTS (SELECT 1 FROM runs WHERE id = a.run_id AND deleted_at IS NULL) AS is_here
             FROM ancestors a WHERE run = ?1 ORDER BY generation, path",
        )?
        .query_map([run], |row| {
            let training: String = row.get("training_json")?;
            let path: String = row.get("path")?;
            let generation = count(row, 0)?;
            Ok(Ancestor {
                generation,
                path: path_of(&path, generation),
                run_id: row.get("run_id")?,
                title: row.get("title")?,
                dataset: row.get("dataset")?,
                model: row.get("model")?,
                setup_hash: row.get("setup_hash")?,
                step: maybe_count(row, 6)?,
                duration_s: row.get("duration_s")?,
                training: json(row, "training_json", &training)?,
                stated_j: row.get("stated_j")?,
                carbon_g: energy::estimate(row, 10)?,
                is_here: row.get("is_here")?,
            })
        })?
        .collect::<Result<_, _>>()?)
}
