//! Runs that go with one that was chosen: its seeds, and those that started from it with those from nothing that ask for the same.

use serde_json::Value;

use crate::analysis::lives::{self, Asked, place};
use crate::library::{Filter, Library, LibraryError, ListedRun, Run};

/// Runs of a dataset among which those are looked for that go with another.
const LOOKED_AT: u64 = 2000;

/// What was found.
#[derive(Clone, Debug)]
pub enum Suggested {
    /// Runs to be added to those that are chosen.
    More {
        /// Of the model.
        runs: Vec<String>,
        /// From nothing.
        scratch: Vec<String>,
    },
    /// Runs to take the place of what was chosen.
    Offer(Offer),
    /// Nothing, and why.
    Nothing(String),
}

/// The runs that started or learnt from one, by their setups.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// Name of what was learnt before.
    pub name: String,
    /// Runs of the library that started or learnt from it.
    pub all: usize,
    /// One for each setup, the latest first; never empty.
    pub proposals: Vec<Proposal>,
}

/// Runs of one setup, one for each seed, and those from nothing to the same target.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// Of the model.
    pub runs: Vec<String>,
    /// From nothing.
    pub scratch: Vec<String>,
    /// What it is, to choose by.
    pub about: String,
}

impl Offer {
    /// The one that is taken unasked: of the latest setup whose target has runs from nothing, else of the latest.
    pub fn best(&self) -> Option<&Proposal> {
        let comparable = self.proposals.iter().find(|one| !one.scratch.is_empty());
        comparable.or(self.proposals.first())
    }

    /// What is to be said of the proposal that these lists are; `None` where they are none of them any more.
    pub fn note(&self, runs: &[String], scratch: &[String]) -> Option<String> {
        let is_taken = |one: &Proposal| one.runs == runs && one.scratch == scratch;
        let at = self.proposals.iter().position(is_taken)?;
        let (name, all) = (&self.name, runs_in_words(self.all));
        let from_nothing = format!(
            "and {} from nothing to the same target. Check that they are those that you mean.",
            runs_in_words(scratch.len())
        );
        if self.all == runs.len() {
            return Some(format!("{all} started from {name}, {from_nothing}"));
        }
        let is_first_with = self.proposals[..at]
            .iter()
            .all(|one| one.scratch.is_empty());
        let setup = match at {
            0 => "the latest setup",
            _ if is_first_with && !scratch.is_empty() => {
                "the latest setup whose target has runs from nothing"
            }
            _ => "an earlier setup",
        };
        let are = if runs.len() == 1 { "is" } else { "are" };
        Some(format!(
            "{all} started from {name}; of {setup} {} {are} proposed, one for each seed, {from_nothing}",
            runs.len()
        ))
    }
}

fn on_dataset(library: &Library, dataset: &str) -> Result<Vec<ListedRun>, LibraryError> {
    let filter = Filter {
        dataset: Some(dataset.to_owned()),
        limit: Some(LOOKED_AT),
        ..Filter::default()
    };
    library.listed(&filter, 0)
}

/// The run and those that differ from it only in their seed, the run first.
pub fn seeds(library: &Library, id: &str) -> Result<Vec<String>, LibraryError> {
    let run = library.run(id)?;
    let others = on_dataset(library, &run.setup.dataset)?;
    Ok(of_group(&run, others.iter().map(|other| &other.run)))
}

fn is_of_group(run: &Run, first: &Run) -> bool {
    run.setup.group_hash == first.setup.group_hash && place(run) == place(first)
}

/// `first` and those of `runs` that differ from it only in their seed: one for each seed, since a second would repeat it, and on its
/// device.
fn of_group<'a>(first: &Run, runs: impl Iterator<Item = &'a Run>) -> Vec<String> {
    let mut seeds = vec![first.setup.seed];
    let mut found = vec![first.id.clone()];
    for run in runs {
        if is_of_group(run, first) && !seeds.contains(&run.setup.seed) {
            seeds.push(run.setup.seed);
            found.push(run.id.clone());
        }
    }
    found
}

/// The runs that started or learnt from `id`, by setup; with each the runs from nothing that ask for the same.
pub fn behind(library: &Library, id: &str) -> Result<Suggested, LibraryError> {
    let parent = library.run(id)?;
    let mut children = Vec::new();
    for child in library.descendants(&parent.id)? {
        let details = library.details(&child)?;
        let started_from = details.ancestors.first();
        if started_from.is_some_and(|of| of.run_id.as_ref() == Some(&parent.id)) {
            children.push(details.run);
        }
    }
    let name = parent.name.unwrap_or_else(|| parent.id.clone());
    if children.is_empty() {
        return Ok(Suggested::Nothing(format!(
            "No run of the library started or learnt from {name}. Start one on the Train page: Start from, or Teacher, A run of the library."
        )));
    }
    let mut firsts: Vec<&Run> = Vec::new();
    for child in &children {
        if !firsts.iter().any(|first| is_of_group(child, first)) {
            firsts.push(child);
        }
    }
    let proposals = firsts
        .into_iter()
        .map(|first| proposal(library, first, &children));
    Ok(Suggested::Offer(Offer {
        name,
        all: children.len(),
        proposals: proposals.collect::<Result<_, _>>()?,
    }))
}

/// The seeds of `first` among `children`, and the runs from nothing that ask for the same.
fn proposal(library: &Library, first: &Run, children: &[Run]) -> Result<Proposal, LibraryError> {
    let runs = of_group(first, children.iter());
    let wanted = lives::Asked::of(first);
    let listed = on_dataset(library, &first.setup.dataset)?;
    let listed = || listed.iter().map(|listed| &listed.run);
    let is_alike = |run: &&Run| {
        let asked = lives::Asked::of(run).zip(wanted.as_ref());
        asked.is_some_and(|(asked, wanted)| asked.is_for_the_same(wanted))
            && is_from_nothing(&run.setup.json)
            && place(run) == place(first)
    };
    let alike = listed().find(is_alike);
    let scratch = alike.map(|run| of_group(run, listed()));
    let scratch = scratch.unwrap_or_default();
    let name = first.name.as_deref().unwrap_or(&first.id);
    let target = wanted.as_ref().map(Asked::targets_in_words);
    let about = format!(
        "{name} · {}, {} from nothing · {}",
        runs_in_words(runs.len()),
        match scratch.len() {
            0 => "none".to_owned(),
            some => some.to_string(),
        },
        match target.as_deref() {
            None => "setup of another version".to_owned(),
            Some("no target") => "no target".to_owned(),
            Some(target) => format!("target {target}"),
        }
    );
    Ok(Proposal {
        runs,
        scratch,
        about,
    })
}

fn runs_in_words(count: usize) -> String {
    match count {
        0 => "no run".to_owned(),
        1 => "1 run".to_owned(),
        several => format!("{several} runs"),
    }
}

fn is_from_nothing(json: &str) -> bool {
    let setup: Result<Value, _> = serde_json::from_str(json);
    let lacks = |setup: &Value, part: &str| setup.get(part).is_none_or(Value::is_null);
    setup.is_ok_and(|setup| lacks(&setup, "start") && lacks(&setup, "distil"))
}
