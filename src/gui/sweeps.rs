//! The sweep that goes on, as the window follows it, and how it is started.

use std::path::PathBuf;
use std::time::Instant;

use serde_json::Value;

use super::jobs::{Jobs, Lane};
use super::live::{Pace, WarmUp, Wish, feed};
use super::state::State;
use crate::control::{
    self, RunEvent, SweepControl, SweepEnding, SweepEvent, SweepLaunch, WorkerCommand,
};
use crate::library::{Status, TrialRecord};
use crate::protocol::{Evaluation, Event, MeterNow, PhaseEnergy, Progress};
use crate::setup::Phase;
use crate::setup::sweep::Sweep;
use crate::units::Metric;

/// A sweep that was started from the window; stays after its end, until the next.
pub struct LiveSweep {
    /// Tells it from earlier sweeps of this window.
    pub serial: u64,
    /// What is run.
    pub sweep: Sweep,
    /// Identifier in the library, once it is there.
    pub id: Option<String>,
    /// What can be done with it, once it runs.
    pub control: Option<SweepControl>,
    /// Trials that it will have at most.
    pub total: u64,
    /// The trials that are going on: one, or one for each device.
    pub now: Vec<Now>,
    /// What the user asked for and has not yet happened.
    pub wish: Option<Wish>,
    /// Whether it holds between two runs.
    pub is_paused: bool,
    /// How it ended.
    pub ending: Option<SweepEnding>,
    /// Why it could not be started at all.
    pub not_started: Option<String>,
}

/// What became of the trials of a sweep.
#[derive(Debug)]
pub enum TrialNews {
    /// A trial begins, as this run.
    Began {
        /// Its number.
        number: u64,
        /// Its run.
        run_id: String,
    },
    /// A trial is over, or was put back to be run again.
    Ended(Box<TrialRecord>),
    /// Trials were added, or there may be more news than was heard: they are to be read again.
    Unknown,
}

/// A trial that is going on.
#[derive(Clone, Debug)]
pub struct Now {
    /// Its number.
    pub number: u64,
    /// When it began, as heard.
    pub began: Instant,
    /// What it is doing.
    pub phase: Option<Phase>,
    /// How far the warm-up is.
    pub warm_up: Option<WarmUp>,
    /// The latest training metrics.
    pub progress: Option<Progress>,
    /// The latest look at the held-out samples.
    pub evaluation: Option<Evaluation>,
    /// What it is judged by.
    pub metric: Metric,
    /// Energy of training and evaluation so far, by meter.
    pub training: Vec<PhaseEnergy>,
    /// Each meter at the latest reading.
    pub meters: Vec<MeterNow>,
}

impl Now {
    fn new(number: u64) -> Self {
        Self {
            number,
            began: Instant::now(),
            phase: None,
            warm_up: None,
            progress: None,
            evaluation: None,
            metric: Metric::default(),
            training: Vec::new(),
            meters: Vec::new(),
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Data(data) => self.metric = data.task.metric(),
            Event::PhaseBegan { phase, .. } => self.phase = Some(phase),
            Event::PhaseEnded { .. } => self.phase = None,
            Event::WarmUp { done, total, tuned } => {
                self.warm_up = Some(WarmUp { done, total, tuned });
            }
            Event::Progress { progress, .. } => self.progress = Some(progress),
            Event::Evaluated {
                evaluation,
                training,
                ..
            } => {
                self.evaluation = Some(evaluation);
                self.training = training;
            }
            Event::Energy { now, training, .. } => {
                self.meters = now;
                self.training = training;
            }
            _ => {}
        }
    }
}

impl LiveSweep {
    /// A sweep that is being started.
    pub fn new(serial: u64, sweep: Sweep, id: Option<String>) -> Self {
        Self {
            serial,
            sweep,
            id,
            control: None,
            total: 0,
            now: Vec::new(),
            wish: None,
            is_paused: false,
            ending: None,
            not_started: None,
        }
    }

    /// Whether it goes on, held or not.
    pub fn is_going_on(&self) -> bool {
        self.ending.is_none() && self.not_started.is_none()
    }

    /// Whether it is the stored sweep `id`, and goes on.
    pub fn runs(&self, id: &str) -> bool {
        self.is_going_on() && self.id.as_deref() == Some(id)
    }

    /// Whether it holds, or will once the runs that go on have ended.
    pub fn is_held(&self) -> bool {
        self.is_paused || self.wish == Some(Wish::Pause)
    }

    /// Takes in what happened; what became of its trials comes back.
    pub fn take(&mut self, event: SweepEvent) -> Option<TrialNews> {
        match event {
            SweepEvent::Began { id, total, .. } => {
                self.id = Some(id);
                self.total = total;
                Some(TrialNews::Unknown)
            }
            SweepEvent::Planned { .. } => Some(TrialNews::Unknown),
            SweepEvent::TrialBegan { number, run_id } => {
                self.now.retain(|now| now.number != number);
                self.now.push(Now::new(number));
                Some(TrialNews::Began { number, run_id })
            }
            SweepEvent::Run { number, event } => {
                let now = self.now.iter_mut().find(|now| now.number == number);
                if let (Some(now), RunEvent::Worker(event)) = (now, *event) {
                    now.take(*event);
                }
                None
            }
            SweepEvent::TrialEnded { trial } => {
                self.now.retain(|now| now.number != trial.number);
                Some(TrialNews::Ended(trial))
            }
            SweepEvent::Paused => {
                self.is_paused = true;
                if self.wish == Some(Wish::Pause) {
                    self.wish = None;
                }
                None
            }
            SweepEvent::Resumed => {
                self.is_paused = false;
                None
            }
            SweepEvent::Ended(ending) => {
                self.id = ending.id.clone().or(self.id.take());
                self.now.clear();
                self.wish = None;
                self.is_paused = false;
                self.ending = Some(*ending);
                Some(TrialNews::Unknown)
            }
        }
    }

    /// Holds it once the runs that go on have ended, or lets it go on.
    pub fn pause_or_resume(&mut self) {
        let Some(control) = &self.control else { return };
        if self.is_held() {
            control.resume();
            self.wish = None;
        } else {
            control.pause();
            self.wish = Some(Wish::Pause);
        }
    }

    /// Ends it after the step that is going on.
    pub fn stop(&mut self) {
        if let Some(control) = &self.control {
            control.stop();
        }
        self.wish = Some(Wish::Stop);
    }

    /// Ends it and its worker at once.
    pub fn kill(&mut self) {
        if let Some(control) = &self.control {
            control.kill();
        }
        self.wish = Some(Wish::Stop);
    }

    /// How it ended, for people.
    pub fn announcement(&self) -> Option<Result<String, String>> {
        if let Some(error) = &self.not_started {
            return Some(Err(format!("The sweep was not started: {error}")));
        }
        let ending = self.ending.as_ref()?;
        Some(match (&ending.failure, ending.status) {
            (Some(failure), _) => Err(format!(
                "The sweep ended: {failure}. What is done is kept, and it can be taken up."
            )),
            (None, Status::Completed) => Ok("The sweep is complete".to_owned()),
            (None, _) => Ok("The sweep was stopped; it can be taken up where it is".to_owned()),
        })
    }
}

/// What is needed to start sweeps.
#[derive(Clone, Debug)]
pub struct SweepStarter {
    /// How to start a worker.
    pub worker: WorkerCommand,
    /// The library that records it.
    pub library: PathBuf,
    /// How often the window looks.
    pub pace: Pace,
}

impl SweepStarter {
    /// Starts sweep number `serial` off the window's thread, or goes on with the stored one `resume`; what happens comes
    /// round as changes to the state.
    pub fn start(
        &self,
        jobs: &mut Jobs,
        serial: u64,
        sweep: Sweep,
        resume: Option<String>,
        forecast: Option<Value>,
    ) {
        let launch = SweepLaunch {
            sweep,
            resume,
            forecast,
            worker: self.worker.clone(),
            library: self.library.clone(),
        };
        let (sender, pace) = (jobs.sender(), self.pace.clone());
        jobs.run(Lane::Run, move |_| {
            let begun = control::start_sweep(launch)
                .map_err(|error| error.to_string())
                .and_then(|session| {
                    let control = session.control;
                    std::thread::Builder::new()
                        .name("joulelab-gui-sweep".to_owned())
                        .spawn(move || {
                            feed(&session.events, &pace, |batch| {
                                sender.send(move |state| state.take_sweep_events(serial, batch))
                            });
                        })
                        .map(|_| control.clone())
                        .map_err(|error| {
                            control.stop();
                            format!("cannot follow the sweep: {error}")
                        })
                });
            Box::new(move |state: &mut State| {
                let live = state.shared.sweep.as_mut();
                match (live.filter(|live| live.serial == serial), begun) {
                    (Some(live), Ok(control)) => {
                        if live.wish == Some(Wish::Stop) {
                            control.stop();
                        }
                        live.control = Some(control);
                    }
                    (Some(live), Err(error)) => {
                        live.not_started = Some(error);
                        state.announce_sweep();
                    }
                    (None, Ok(control)) => control.stop(),
                    (None, Err(_)) => {}
                }
            })
        });
    }
}
