//! What is known of the run or file that a setup starts from, looked up off the window's thread.

use std::path::{Path, PathBuf};

use crate::gui::jobs::{Lane, Slot};
use crate::gui::state::Shared;
use crate::library::RunDetails;
use crate::setup::{Setup, StartSetup};
use crate::units::count;

/// A run or a file.
type Source = (Option<String>, Option<PathBuf>);

/// What is known of the source that the panel names.
#[derive(Default)]
pub struct Known {
    /// What was asked last, the run that it means for the seed, and of which state of the library.
    asked: Option<(Source, Option<String>, u64)>,
    coming: Option<Slot<Result<Found, String>>>,
    /// What came round last, and of what; it stays until the next has.
    of: Option<Source>,
    found: Option<Slot<Result<Found, String>>>,
}

/// A source that can be started from.
pub struct Found {
    /// Of a run: its identifier.
    pub run_id: Option<String>,
    /// Its name, or the path of a file.
    pub name: String,
    /// What more is known of it.
    pub about: String,
    /// Of a run: its setup, where this version can read it.
    pub setup: Option<Setup>,
}

impl Known {
    /// Looks at the source of `start`, for a run of seed `seed`, where it is another than before. Called once a frame.
    pub fn follow(&mut self, shared: &mut Shared, start: Option<&StartSetup>, seed: u64) {
        if let Some(coming) = self.coming.take() {
            if coming.get().is_none() && !coming.is_lost() {
                self.coming = Some(coming);
                return;
            }
            self.of = self.asked.as_ref().map(|(source, ..)| source.clone());
            self.found = Some(coming);
        }
        let asked = start.map(|start| {
            let source = (start.run.clone(), start.file.clone());
            (source, start.run_for(seed), shared.library_revision)
        });
        if self.asked == asked {
            return;
        }
        let looked_for = asked
            .as_ref()
            .map(|((_, file), run, _)| (run.clone(), file.clone()));
        self.coming = match looked_for {
            Some((Some(run), _)) if !run.trim().is_empty() => {
                let (library, path) = (shared.library.clone(), shared.library_path());
                Some(shared.jobs.fetch(Lane::Library, move |_| {
                    let details =
                        path.and_then(|path| library.with(&path, |library| library.details(&run)));
                    details
                        .map_err(|error| error.to_string())
                        .and_then(|details| of_run(&details))
                }))
            }
            Some((_, Some(file))) if !file.as_os_str().is_empty() => {
                Some(shared.jobs.fetch(Lane::Data, move |_| of_file(&file)))
            }
            _ => None,
        };
        self.asked = asked;
    }

    /// What was found; none while it is looked for.
    ///
    /// The error says why the source cannot be started from.
    pub fn found(&self) -> Option<&Result<Found, String>> {
        self.found.as_ref().and_then(Slot::get)
    }

    /// Whether that is of the source of `start`.
    pub fn is_of(&self, start: &StartSetup) -> bool {
        let of = self.of.as_ref();
        of.is_some_and(|(run, file)| *run == start.run && *file == start.file)
    }
}

fn of_run(details: &RunDetails) -> Result<Found, String> {
    let run = &details.run;
    let kept = |path: &str| Path::new(path).exists();
    let checkpoint = details.checkpoints.iter().rfind(|known| kept(&known.path));
    let Some(checkpoint) = checkpoint else {
        return Err(
            "this run has no checkpoint on this machine: choose another run, or train it again"
                .to_owned(),
        );
    };
    Ok(Found {
        run_id: Some(run.id.clone()),
        name: run.name.clone().unwrap_or_else(|| run.id.clone()),
        about: format!(
            "{} · {} · after {} steps",
            run.setup.dataset,
            run.setup.model,
            count(checkpoint.step)
        ),
        setup: serde_json::from_str(&run.setup.json).ok(),
    })
}

fn of_file(file: &Path) -> Result<Found, String> {
    let metadata = std::fs::metadata(file).map_err(|error| format!("cannot be read: {error}"))?;
    if !metadata.is_file() {
        return Err("is no file; name the file that holds the weights".to_owned());
    }
    Ok(Found {
        run_id: None,
        name: file.display().to_string(),
        about: crate::units::bytes(metadata.len()),
        setup: None,
    })
}
