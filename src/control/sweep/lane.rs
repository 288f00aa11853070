//! One device's runs, one after the other.

use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::control::SweepControl;
use super::outcome::{self, Cut};
use super::{SweepEvent, SweepFailure, SweepLaunch, clash, plan, recover};
use crate::analysis::search::StopAt;
use crate::control::process::Worker;
use crate::control::session::{Among, run_in};
use crate::control::{
    Ending, Folders, Launch, RunControl, RunEvent, WorkerCommand, doctor, new_id, sum_of_parts,
};
use crate::library::{CooledDown, Library, TrialEnd, TrialRecord, TrialStatus};
use crate::protocol::{EarlierIdle, Event, FailureKind, Knowledge, PhaseEnergy, Terms};
use crate::setup::Setup;
use crate::setup::sweep::{CoolDown, Until};
use crate::units::quantity;

/// How often the library is told that the sweep is alive while a run goes on.
const ALIVE_EVERY: Duration = Duration::from_secs(60);

/// Makes the runs of a device.
pub struct Lane<'a> {
    sweep_id: &'a str,
    launch: &'a SweepLaunch,
    wishes: &'a SweepControl,
    watcher: &'a SyncSender<SweepEvent>,
    library: Library,
    folders: Folders,
    /// The worker of the last run, where it is well.
    worker: Option<Worker>,
    /// What the idle machine drew, by the device that was asked for.
    idle: Vec<(String, Value, Instant)>,
    /// Whether a run was made before: after it there is something to cool down from.
    is_warm: bool,
    /// Identities of devices by what was asked for.
    devices: Vec<(String, String)>,
}

impl<'a> Lane<'a> {
    /// For trials on one device, or on several that take turns.
    ///
    /// # Errors
    /// Where the library cannot be opened.
    pub fn new(
        sweep_id: &'a str,
        launch: &'a SweepLaunch,
        wishes: &'a SweepControl,
        watcher: &'a SyncSender<SweepEvent>,
    ) -> Result<Self, SweepFailure> {
        Ok(Self {
            sweep_id,
            launch,
            wishes,
            watcher,
            library: Library::open(&launch.library)?,
            folders: Folders::beside(&launch.library),
            worker: None,
            idle: Vec::new(),
            is_warm: false,
            devices: Vec::new(),
        })
    }

    /// Makes the runs of `trials` in their order, until the user stops the sweep.
    ///
    /// # Errors
    /// What ends the sweep as a whole. A run that fails does not.
    pub fn run(&mut self, trials: &[TrialRecord]) -> Result<(), SweepFailure> {
        for trial in trials {
            let watcher = self.watcher;
            let paused = self
                .wishes
                .wait_while_paused(|| tell(watcher, SweepEvent::Paused));
            if paused {
                tell(watcher, SweepEvent::Resumed);
            }
            if self.wishes.is_stopped() {
                return Ok(());
            }
            self.make(trial)?;
        }
        Ok(())
    }

    fn make(&mut self, trial: &TrialRecord) -> Result<(), SweepFailure> {
        let setup = match plan::setup(trial) {
            Ok(setup) => setup,
            Err(message) => return self.end(trial, failed(message)),
        };
        clash::check(&self.library, || self.identity(&setup))?;
        let asked = plan::plan(trial);
        let continues = match asked.continues {
            Some(number) => self.run_of(number)?,
            None => None,
        };
        let start = recover::start(&self.library, &self.folders, trial, continues.as_deref())?;
        let number = trial.number;
        let mut run_id;
        let (ending, cut) = loop {
            run_id = start.resume.clone().unwrap_or_else(new_id);
            let kept = self.worker.take();
            let was_kept = kept.is_some();
            let worker = match kept {
                Some(worker) => worker,
                None => Worker::start(&self.launch.worker)?,
            };
            self.library
                .begin_trial(self.sweep_id, number, &run_id, start.reason.as_deref())?;
            self.tell(SweepEvent::TrialBegan {
                number,
                run_id: run_id.clone(),
            });
            let place = Among {
                run_id: run_id.clone(),
                terms: self.terms(&setup, asked.until),
            };
            let name = self.launch.sweep.run_name(number, trial.seed);
            let launch = self.run_launch(setup.clone(), name, start.resume.clone());
            let (ending, worker, cut) =
                self.record(number, worker, launch, place, asked.stop_at)?;
            self.worker = worker;
            self.is_warm = true;
            // A worker may be gone since its last run, for no fault of this one, which never began.
            let never_began = ending.worker_died && ending.run_id.is_none();
            if !(was_kept && never_began && !self.wishes.is_stopped()) {
                break (ending, cut);
            }
        };
        if ending.library_failed {
            let message = ending.failure.map(|failure| failure.message);
            return Err(SweepFailure::Record {
                run_id,
                message: message.unwrap_or_default(),
            });
        }
        let mut end = outcome::of_ending(&ending, cut.as_ref());
        end.reason = match (start.reason, end.reason) {
            (Some(begun), Some(ended)) => Some(format!("{begun}; {ended}")),
            (begun, ended) => ended.or(begun),
        };
        if is_out_of_memory(&ending) {
            let hint = "; a smaller batch or network needs less";
            end.reason = end.reason.map(|reason| reason + hint);
        }
        self.end(trial, end)
    }

    /// Makes one run and hears what it tells.
    fn record(
        &mut self,
        number: u64,
        worker: Worker,
        launch: Launch,
        place: Among,
        stop_at: Option<StopAt>,
    ) -> Result<(Ending, Option<Worker>, Option<Cut>), SweepFailure> {
        let control = RunControl::default();
        self.wishes.add(control.clone());
        let wish = launch.setup.device.clone();
        let mut cut = None;
        let mut trouble = None;
        let mut alive = Instant::now();
        let (ending, worker) = {
            let control = &control;
            let (cut, trouble) = (&mut cut, &mut trouble);
            let (library, idle) = (&mut self.library, &mut self.idle);
            let devices = &mut self.devices;
            let (sweep_id, watcher) = (self.sweep_id, self.watcher);
            let hear = move |event: RunEvent| {
                if let RunEvent::Worker(told) = &event {
                    match &**told {
                        Event::Idle {
                            baseline,
                            age_s: None,
                            ..
                        } => {
                            idle.retain(|(known, ..)| *known != wish);
                            idle.push((wish.clone(), baseline.clone(), Instant::now()));
                        }
                        Event::Device { device: found, .. } => {
                            devices.retain(|(known, _)| *known != wish);
                            devices.push((wish.clone(), found.identity.clone()));
                        }
                        Event::CooledDown(cooled) => {
                            let cooled = cooled_down(cooled);
                            if let Err(error) = library.trial_cooled_down(sweep_id, number, &cooled)
                            {
                                *trouble = Some(error);
                            }
                        }
                        Event::Energy { training, .. } | Event::Evaluated { training, .. }
                            if cut.is_none() =>
                        {
                            *cut = stop_at.and_then(|stop_at| too_dear(stop_at, training));
                            if cut.is_some() {
                                control.stop();
                            }
                        }
                        _ => {}
                    }
                }
                if alive.elapsed() >= ALIVE_EVERY {
                    alive = Instant::now();
                    if let Err(error) = library.sweep_is_alive(sweep_id) {
                        tracing::warn!(
                            "the library does not hear that the sweep is alive: {error}"
                        );
                    }
                }
                let event = Box::new(event);
                tell(watcher, SweepEvent::Run { number, event });
            };
            run_in(worker, launch, place, control.clone(), Box::new(hear))
        };
        self.wishes.remove(&control);
        if let Some(error) = trouble {
            return Err(error.into());
        }
        if self.wishes.is_stopped() {
            cut = cut.or(Some(Cut::User));
        }
        Ok((ending, worker, cut))
    }

    fn terms(&self, setup: &Setup, until: Option<Until>) -> Terms {
        Terms {
            stays: true,
            until,
            cool_down: if self.is_warm {
                self.launch.sweep.cool_down
            } else {
                CoolDown::None
            },
            idle: self.earlier_idle(setup),
        }
    }

    fn run_launch(&self, setup: Setup, name: Option<String>, resume: Option<String>) -> Launch {
        Launch {
            setup,
            name,
            note: None,
            tags: vec![format!("sweep:{}", self.sweep_id)],
            resume,
            record: None,
            worker: self.launch.worker.clone(),
            library: self.launch.library.clone(),
        }
    }

    /// The device that a setup means, where that can be told.
    fn identity(&self, setup: &Setup) -> Option<String> {
        let known = self.devices.iter().find(|(wish, _)| *wish == setup.device);
        if let Some((_, identity)) = known {
            return Some(identity.clone());
        }
        device_of(&self.launch.worker, setup)
    }

    /// What is known of the idle machine, and whether that is recent enough to serve the next run.
    fn earlier_idle(&self, setup: &Setup) -> Option<EarlierIdle> {
        let (_, baseline, at) = self.idle.iter().find(|(wish, ..)| *wish == setup.device)?;
        let age_s = at.elapsed().as_secs_f64();
        Some(EarlierIdle {
            baseline: baseline.clone(),
            age_s,
            serves: age_s <= self.launch.sweep.idle_valid_s,
        })
    }

    fn run_of(&self, number: u64) -> Result<Option<String>, SweepFailure> {
        let trials = self.library.trials(self.sweep_id)?;
        Ok(trials
            .into_iter()
            .find(|trial| trial.number == number)
            .and_then(|trial| trial.run_id))
    }

    fn end(&mut self, trial: &TrialRecord, end: TrialEnd) -> Result<(), SweepFailure> {
        self.library.end_trial(self.sweep_id, trial.number, &end)?;
        let mut ended = trial.clone();
        ended.status = end.status;
        ended.reason = end.reason;
        ended.result = end.result;
        self.tell(SweepEvent::TrialEnded {
            trial: Box::new(ended),
        });
        Ok(())
    }

    fn tell(&self, event: SweepEvent) {
        tell(self.watcher, event);
    }
}

/// The identity of the device that `setup` means, as a worker tells.
pub fn device_of(worker: &WorkerCommand, setup: &Setup) -> Option<String> {
    let knowledge = Knowledge::default();
    doctor(worker, &setup.device, &setup.measure, knowledge)
        .ok()
        .map(|found| found.device.identity)
}

/// Whoever watches may be slow or gone; the sweep does not wait for them.
pub fn tell(watcher: &SyncSender<SweepEvent>, event: SweepEvent) {
    if watcher.try_send(event).is_err() {
        tracing::debug!("nobody took an event of the sweep in time");
    }
}

fn failed(message: String) -> TrialEnd {
    TrialEnd {
        status: TrialStatus::Failed,
        reason: Some(message),
        result: None,
    }
}

/// Whether a run that has used so much is to be stopped, and why.
fn too_dear(stop_at: StopAt, training: &[PhaseEnergy]) -> Option<Cut> {
    let sum = sum_of_parts(training)?;
    let energy_j = sum.gross.energy_j.map(|energy| energy.value);
    let time_s = sum.gross.window_s;
    stop_at.is_passed(energy_j, time_s).then(|| {
        Cut::Cost(format!(
            "stopped after {}: it had cost {}, as much as a run may against the least so far",
            quantity(time_s, "s"),
            quantity(stop_at.cost_j, "J"),
        ))
    })
}

fn cooled_down(told: &crate::protocol::CooledDown) -> CooledDown {
    CooledDown {
        waited_s: told.waited_s,
        reached: told.reached,
        power_w: told.power_w,
        idle_w: told.idle_w,
        text: told.text.clone(),
    }
}

/// Whether a run failed for want of memory, as far as its words tell.
fn is_out_of_memory(ending: &Ending) -> bool {
    ending.failure.as_ref().is_some_and(|failure| {
        let said = failure.message.to_lowercase();
        failure.kind == FailureKind::Training
            && [
                "out of memory",
                "outofmemory",
                "allocation failed",
                "signal 9",
            ]
            .iter()
            .any(|words| said.contains(words))
    })
}
