use std::sync::mpsc::SyncSender;

use super::control::SweepControl;
use super::lane::{Lane, device_of, tell};
use super::{SweepEnding, SweepEvent, SweepFailure, SweepLaunch, parents, plan, recover};
use crate::analysis::search::{Found, Searcher, Tried, searcher};
use crate::control::{self, here, is_alive, new_id};
use crate::library::{Library, NewSweep, Status, TrialEnd, TrialRecord, TrialStatus};
use crate::setup::sweep::Sweep;

/// Runs a sweep to its end.
pub fn run(
    launch: &SweepLaunch,
    wishes: &SweepControl,
    watcher: &SyncSender<SweepEvent>,
) -> SweepEnding {
    let mut id = None;
    let (status, failure) = match through(launch, wishes, watcher, &mut id) {
        Ok(status) => (status, None),
        Err(failure) => (Status::Failed, Some(failure)),
    };
    if let (Some(id), Some(failure)) = (&id, &failure) {
        // Where it cannot be noted either, the sweep shows as interrupted when its program is gone.
        let noted = Library::open(&launch.library).and_then(|mut library| {
            let message = failure.to_string();
            library.finish_sweep(id, Status::Failed, Some(&message), None)
        });
        if let Err(error) = noted {
            tracing::error!("the end of the sweep could not be noted: {error}");
        }
    }
    SweepEnding {
        id,
        status,
        failure,
    }
}

fn through(
    launch: &SweepLaunch,
    wishes: &SweepControl,
    watcher: &SyncSender<SweepEvent>,
    id: &mut Option<String>,
) -> Result<Status, SweepFailure> {
    let mut library = Library::open(&launch.library)?;
    let searcher = searcher(&launch.sweep);
    let sweep_id = match &launch.resume {
        Some(sweep_id) => take_up(&mut library, sweep_id)?,
        None => {
            parents::check(&launch.sweep, &library).map_err(SweepFailure::Start)?;
            create(&mut library, launch, &*searcher)?
        }
    };
    *id = Some(sweep_id.clone());
    let over = library.trials(&sweep_id)?;
    tell(
        watcher,
        SweepEvent::Began {
            id: sweep_id.clone(),
            total: searcher.trials_max(),
            over: over.iter().filter(|trial| trial.status.is_over()).count() as u64,
        },
    );
    let mut lanes = Lanes::new(launch, &sweep_id, wishes, watcher)?;
    loop {
        let pending: Vec<TrialRecord> = library
            .trials(&sweep_id)?
            .into_iter()
            .filter(|trial| trial.status == TrialStatus::Planned)
            .collect();
        lanes.run(&pending)?;
        if wishes.is_stopped() {
            library.finish_sweep(&sweep_id, Status::Stopped, None, None)?;
            return Ok(Status::Stopped);
        }
        let found = add_next(&mut library, &sweep_id, &launch.sweep, &*searcher, watcher)?;
        if let Some(found) = found {
            // Plain data, which JSON can always hold.
            let found = serde_json::to_value(&found).unwrap_or_default();
            library.finish_sweep(&sweep_id, Status::Completed, None, Some(&found))?;
            return Ok(Status::Completed);
        }
    }
}

/// Puts a new sweep into the library, with the trials that are known from the beginning.
fn create(
    library: &mut Library,
    launch: &SweepLaunch,
    searcher: &dyn Searcher,
) -> Result<String, SweepFailure> {
    let sweep = &launch.sweep;
    let new = NewSweep {
        id: new_id(),
        name: Some(sweep.name.clone()).filter(|name| !name.is_empty()),
        json: sweep.canonical_json(),
        hash: sweep.hash(),
        searcher: sweep.searcher.kind().to_owned(),
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
        owner: here().1,
        forecast: launch.forecast.clone(),
    };
    let step = searcher.propose(&[]);
    library.create_sweep(&new, &plan::new_trials(sweep, &step.trials, 1))?;
    Ok(new.id)
}

/// Takes a sweep up that nobody runs any more.
fn take_up(library: &mut Library, sweep_id: &str) -> Result<String, SweepFailure> {
    let record = library.sweep(sweep_id)?;
    let (machine, owner) = here();
    library.take_up_sweep(&record.id, &owner, is_alive)?;
    recover::settle(library, &record.id, &machine.fingerprint)?;
    Ok(record.id)
}

/// Adds what the searcher wants next; gives what it found where it wants nothing more.
fn add_next(
    library: &mut Library,
    sweep_id: &str,
    sweep: &Sweep,
    searcher: &dyn Searcher,
    watcher: &SyncSender<SweepEvent>,
) -> Result<Option<Found>, SweepFailure> {
    let trials = library.trials(sweep_id)?;
    let history: Vec<Tried> = trials.iter().filter_map(Tried::of).collect();
    let step = searcher.propose(&history);
    for pruned in &step.pruned {
        let Some(trial) = trials.iter().find(|trial| trial.number == pruned.number) else {
            continue;
        };
        let end = TrialEnd {
            status: TrialStatus::Pruned,
            reason: Some(pruned.reason.clone()),
            result: trial.result.clone(),
        };
        library.end_trial(sweep_id, pruned.number, &end)?;
        let mut trial = trial.clone();
        trial.status = end.status;
        trial.reason = end.reason;
        tell(
            watcher,
            SweepEvent::TrialEnded {
                trial: Box::new(trial),
            },
        );
    }
    if step.trials.is_empty() {
        return Ok(Some(step.found.unwrap_or(Found {
            combination: None,
            text: "nothing is left to try".to_owned(),
        })));
    }
    let first = trials.last().map_or(1, |trial| trial.number + 1);
    library.add_trials(sweep_id, &plan::new_trials(sweep, &step.trials, first))?;
    tell(
        watcher,
        SweepEvent::Planned {
            trials: step.trials.len() as u64,
        },
    );
    Ok(None)
}

/// The devices' lanes: one for all where runs take turns, else one for each device.
struct Lanes<'a> {
    launch: &'a SweepLaunch,
    sweep_id: &'a str,
    wishes: &'a SweepControl,
    watcher: &'a SyncSender<SweepEvent>,
    /// By the device's identity; empty for the one that all share.
    lanes: Vec<(String, Lane<'a>)>,
    /// Identities by what was asked for.
    known: Vec<(String, String)>,
}

impl<'a> Lanes<'a> {
    fn new(
        launch: &'a SweepLaunch,
        sweep_id: &'a str,
        wishes: &'a SweepControl,
        watcher: &'a SyncSender<SweepEvent>,
    ) -> Result<Self, SweepFailure> {
        Ok(Self {
            launch,
            sweep_id,
            wishes,
            watcher,
            lanes: Vec::new(),
            known: Vec::new(),
        })
    }

    fn run(&mut self, pending: &[TrialRecord]) -> Result<(), SweepFailure> {
        let mut queues: Vec<(String, Vec<TrialRecord>)> = Vec::new();
        for trial in pending {
            let identity = self.identity(trial);
            match queues.iter_mut().find(|(known, _)| *known == identity) {
                Some((_, queue)) => queue.push(trial.clone()),
                None => queues.push((identity, vec![trial.clone()])),
            }
        }
        for (identity, _) in &queues {
            if !self.lanes.iter().any(|(known, _)| known == identity) {
                let lane = Lane::new(self.sweep_id, self.launch, self.wishes, self.watcher)?;
                self.lanes.push((identity.clone(), lane));
            }
        }
        if let [(identity, queue)] = &queues[..]
            && let Some((_, lane)) = self.lanes.iter_mut().find(|(known, _)| known == identity)
        {
            return lane.run(queue);
        }
        let queue_of = |identity: &str| {
            queues
                .iter()
                .find(|(known, _)| known == identity)
                .map(|(_, queue)| queue.as_slice())
                .unwrap_or_default()
        };
        std::thread::scope(|scope| {
            let mut running = Vec::new();
            for (identity, lane) in &mut self.lanes {
                let queue = queue_of(identity);
                let work = std::thread::Builder::new()
                    .name("joulelab-lane".to_owned())
                    .spawn_scoped(scope, move || lane.run(queue))
                    .map_err(control::StartError::Start)?;
                running.push(work);
            }
            let ended = running.into_iter().map(|work| {
                work.join().unwrap_or_else(|_| {
                    Err(SweepFailure::Stored(
                        "a device's thread panicked".to_owned(),
                    ))
                })
            });
            // All are waited for, also where one has failed.
            ended.collect::<Vec<_>>().into_iter().collect()
        })
    }

    /// What tells the device of a trial from others: its identity, or where nothing can be told of it, what was asked for.
    fn identity(&mut self, trial: &TrialRecord) -> String {
        if !self.launch.sweep.parallel {
            return String::new();
        }
        let Ok(setup) = plan::setup(trial) else {
            return String::new();
        };
        if let Some((_, identity)) = self.known.iter().find(|(wish, _)| *wish == setup.device) {
            return identity.clone();
        }
        let identity =
            device_of(&self.launch.worker, &setup).unwrap_or_else(|| setup.device.clone());
        self.known.push((setup.device, identity.clone()));
        identity
    }
}
