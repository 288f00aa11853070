//! The run's meters: the sampler with its windows, one for the phase that is going on and one for training as a whole.

use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::convert;
use super::learn::{Done, Learn};
use super::outbox::Outbox;
use super::wall::{self, Wall};
use crate::power::recording::Recording;
use crate::power::{Clock, IdleBaseline, Role, Sample, Sampler, SamplerError, Snapshot, WindowId};
use crate::protocol::{Event, LostMeter, PhaseEnergy};
use crate::setup::Phase;
use crate::units::EnergyFigure;

/// How long the last lines of a recording are waited for.
const RECORDING_PATIENCE: Duration = Duration::from_secs(5);

/// The meters of a run.
pub struct Meters {
    inner: Arc<Inner>,
    outbox: Outbox,
    relay: Option<JoinHandle<()>>,
}

struct Inner {
    sampler: Sampler,
    clock: Clock,
    /// Added to the process's clock to give the run's.
    shift_s: f64,
    /// What makes figures at the wall of those of the parts.
    wall: Option<Wall>,
    recording: Option<Recording>,
    state: Mutex<State>,
}

/// What a run begins with beside its meters.
pub struct Beginning {
    /// What the run's clock is ahead of the process's, s.
    pub shift_s: f64,
    /// Energy of training in earlier workers of the run, by meter.
    pub trained: Vec<PhaseEnergy>,
    /// What makes figures at the wall.
    pub wall: Option<Wall>,
    /// What gathers readings for later runs.
    pub learn: Learn,
    /// The recording of raw readings.
    pub recording: Option<Recording>,
}

/// What a run came to.
pub struct Ended {
    /// Energy of training and evaluation, by meter.
    pub training: Vec<PhaseEnergy>,
    /// The meters' last state.
    pub last: Snapshot,
    /// Why there is no figure at the wall, where there should have been one.
    pub lost_wall: Option<LostMeter>,
    /// Why the last readings are missing, where a driver hangs.
    pub hung: Option<String>,
    /// What was learnt of the machine's power.
    pub learnt: Option<Event>,
    /// What the recording of raw readings lacks.
    pub recording_problem: Option<String>,
}

struct State {
    learn: Learn,
    baseline: Option<IdleBaseline>,
    phase: Option<(Phase, WindowId)>,
    /// A stretch of training: train and evaluate phases that follow each other directly. Measured as one window, so that
    /// the uncertainty of its edges is counted once and not at every evaluation.
    training: Option<WindowId>,
    /// Figures of the stretches that are over, of earlier workers too.
    trained: Vec<PhaseEnergy>,
    cost_is_told: bool,
}

impl Meters {
    /// Starts to relay samples and energies to the controller.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(
        sampler: Sampler,
        samples: Receiver<Vec<Sample>>,
        clock: Clock,
        beginning: Beginning,
        outbox: Outbox,
    ) -> std::io::Result<Self> {
        let Beginning {
            shift_s,
            mut trained,
            wall,
            learn,
            recording,
        } = beginning;
        // It is made anew, of the sum of the parts.
        wall::strip(&mut trained);
        let inner = Arc::new(Inner {
            shift_s,
            sampler,
            clock,
            wall,
            recording,
            state: Mutex::new(State {
                learn,
                baseline: None,
                phase: None,
                training: None,
                trained,
                cost_is_told: false,
            }),
        });
        let relayed = Arc::clone(&inner);
        let told = outbox.clone();
        let relay = std::thread::Builder::new()
            .name("joulelab-relay".to_owned())
            .spawn(move || {
                // Ends when the sampler does.
                while let Ok(batch) = samples.recv() {
                    relayed.relay(batch, &told);
                }
            })?;
        Ok(Self {
            inner,
            outbox,
            relay: Some(relay),
        })
    }

    /// Seconds on the run's clock.
    pub fn now_s(&self) -> f64 {
        self.inner.clock.now_s() + self.inner.shift_s
    }

    /// Measures the idle baseline for `duration_s` seconds; it belongs to the idle phase, which must have begun.
    ///
    /// # Errors
    /// Where the meters' thread is gone or a driver hangs.
    pub fn measure_idle(
        &self,
        duration_s: f64,
        keep_going: &dyn Fn() -> bool,
    ) -> Result<IdleBaseline, SamplerError> {
        // Asked before too: it tells of the time since it was asked last.
        self.inner.state().learn.busy();
        let baseline = self.inner.sampler.measure_idle(duration_s, keep_going)?;
        let mut state = self.inner.state();
        state.baseline = Some(baseline.clone());
        if keep_going() {
            let busy = state.learn.busy();
            state.learn.idle(&baseline, busy);
        }
        Ok(baseline)
    }

    /// Where each meter sits: what a sum over parts goes by.
    pub fn places(&self) -> &[crate::power::Place] {
        self.inner.sampler.places()
    }

    /// The thread that reads.
    pub fn sampler(&self) -> &Sampler {
        &self.inner.sampler
    }

    /// Begins a phase and tells the controller. Where the meters fail the phase begins all the same, without energy.
    pub fn begin(&self, phase: Phase) {
        // Held until the event is in the queue, so that no figure of the phase can overtake it.
        let mut state = self.inner.state();
        let t_s = self.edge_to(phase, &mut state).unwrap_or_else(|error| {
            tracing::error!("the energy of phase {phase} is not measured: {error}");
            self.now_s()
        });
        if !std::mem::replace(&mut state.cost_is_told, true) {
            // The first edge comes after the rounds in which the cost is measured.
            let snapshot = self.inner.sampler.snapshot();
            self.outbox.send(convert::observing(&snapshot));
        }
        self.outbox.send(Event::PhaseBegan { t_s, phase });
    }

    fn edge_to(&self, phase: Phase, state: &mut State) -> Result<f64, SamplerError> {
        let begins_training = phase.is_training() && state.training.is_none();
        let mut open = vec![phase.name()];
        let mut close = Vec::new();
        if begins_training {
            open.push("training");
        } else if !phase.is_training()
            && let Some(window) = state.training.take()
        {
            close.push(window);
        }
        let edge = self.inner.sampler.edge(&close, &open).inspect_err(|_| {
            // What was read of the stretch is kept, as far as it was read.
            for window in &close {
                if let Ok(figures) = self.inner.sampler.peek(*window) {
                    state.add_stretch(&figures);
                }
            }
        })?;
        if let Some(figures) = edge.closed.first() {
            state.add_stretch(figures);
        }
        state.phase = edge.opened.first().map(|window| (phase, *window));
        if begins_training {
            state.training = edge.opened.get(1).copied();
            state.learn.busy();
        }
        Ok(edge.t_s + self.inner.shift_s)
    }

    /// Ends the phase that is going on and tells the controller. Where the meters fail its energy is missing.
    pub fn end(&self, phase: Phase) {
        let mut state = self.inner.state();
        let edge = state
            .phase
            .take()
            .map(|(_, window)| self.inner.sampler.edge(&[window], &[]))
            .transpose();
        let (t_s, energies) = match edge {
            Ok(Some(mut edge)) => {
                let figures = edge.closed.pop().unwrap_or_default();
                let energies = convert::energies(&figures, state.baseline.as_ref());
                if phase == Phase::Train {
                    state.learn.train_phase(&energies);
                }
                (edge.t_s + self.inner.shift_s, self.inner.beside(energies))
            }
            Ok(None) => (self.now_s(), Vec::new()),
            Err(error) => {
                tracing::error!("the energy of phase {phase} is not measured: {error}");
                (self.now_s(), Vec::new())
            }
        };
        self.outbox.send(Event::PhaseEnded {
            t_s,
            phase,
            energies,
        });
    }

    /// Energy of training and evaluation since the start of the run, by meter.
    pub fn training(&self) -> Vec<PhaseEnergy> {
        self.inner.training(&self.inner.state())
    }

    /// Ends everything; `done` is what the device did in the train phases. Where the meters' thread is gone or a driver
    /// hangs, the figures are those of the last readings: what was trained is not lost over it.
    pub fn finish(mut self, done: Done) -> Ended {
        let inner = &self.inner;
        let mut hung = None;
        let (training, learnt) = {
            let mut state = inner.state();
            if let Some(window) = state.training.take() {
                let figures = inner.sampler.close_window(window).or_else(|error| {
                    tracing::error!("the last edge of training is not measured: {error}");
                    hung = Some(error.to_string());
                    inner.sampler.peek(window)
                });
                state.add_stretch(&figures.unwrap_or_default());
            }
            (std::mem::take(&mut state.trained), state.learn.finish(done))
        };
        inner.sampler.halt();
        if let Some(relay) = self.relay.take().filter(|_| hung.is_none()) {
            // It ends with the sampler; a panic in it was printed where it happened.
            let _ = relay.join();
        }
        let places = inner.sampler.places();
        Ended {
            hung,
            lost_wall: inner
                .wall
                .as_ref()
                .and_then(|wall| wall.lost(&training, places)),
            training: inner.beside(training),
            last: inner.sampler.snapshot(),
            recording_problem: inner.recording.as_ref().and_then(lacks),
            learnt,
        }
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        // The state is replaced piece by piece; a panic elsewhere leaves it whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is told: with the figure at the wall, where there is a calibration. Whoever hears of it adds up all parts, so
    /// figures of parts that are looked at beside them are not among these; their readings are among the samples.
    fn beside(&self, mut energies: Vec<PhaseEnergy>) -> Vec<PhaseEnergy> {
        let places = self.sampler.places();
        let is_looked_at = |meter: &str| {
            let place = places.iter().find(|place| place.meter == meter);
            place.is_some_and(|place| place.role == Role::CrossCheck)
        };
        energies.retain(|energy| {
            energy.gross.boundary.is_whole() || !is_looked_at(&energy.gross.meter)
        });
        match &self.wall {
            Some(wall) => wall.beside(energies, self.sampler.places()),
            None => energies,
        }
    }

    fn relay(&self, batch: Vec<Sample>, outbox: &Outbox) {
        let samples = batch
            .into_iter()
            .filter_map(|sample| convert::sample(sample, self.sampler.meters(), self.shift_s))
            .collect();
        outbox.send(Event::Samples { samples });
        let snapshot = self.sampler.snapshot();
        let state = self.state();
        let phase = state
            .phase
            .and_then(|(_, window)| self.sampler.peek(window).ok())
            .map(|figures| self.beside(convert::energies(&figures, state.baseline.as_ref())))
            .unwrap_or_default();
        let training = self.training(&state);
        let mut now = convert::meters_now(&snapshot);
        let at_wall = self.wall.as_ref().map(|wall| wall.now(&now));
        now.extend(at_wall);
        outbox.send(Event::Energy {
            t_s: snapshot.t_s + self.shift_s,
            now,
            phase,
            training,
        });
    }

    fn training(&self, state: &State) -> Vec<PhaseEnergy> {
        let going_on = state
            .training
            .and_then(|window| self.sampler.peek(window).ok())
            .map(|figures| convert::energies(&figures, state.baseline.as_ref()))
            .unwrap_or_default();
        self.beside(sum(&state.trained, going_on))
    }
}

impl State {
    fn add_stretch(&mut self, figures: &[EnergyFigure]) {
        let stretch = convert::energies(figures, self.baseline.as_ref());
        let busy = self.learn.busy();
        self.learn.stretch(&stretch, busy);
        self.trained = sum(&self.trained, stretch);
    }
}

/// What a recording lacks, once the meters' thread has ended. Waits for the last lines to be written.
fn lacks(recording: &Recording) -> Option<String> {
    let until = Instant::now() + RECORDING_PATIENCE;
    while !recording.state().ended && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(5));
    }
    let state = recording.state();
    match (state.problem, state.lost) {
        (Some(problem), _) => Some(format!("it ended before the run did: {problem}")),
        (None, 0) => None,
        (None, lost) => Some(format!("{lost} lines were lost: the disk was too slow")),
    }
}

/// Adds figures of the same meters: their errors are systematic, so the intervals add linearly. A stretch without a
/// reading makes the coverage smaller, not the energy zero.
pub fn sum(earlier: &[PhaseEnergy], later: Vec<PhaseEnergy>) -> Vec<PhaseEnergy> {
    let mut total = earlier.to_vec();
    for figure in later {
        match total
            .iter_mut()
            .find(|other| other.gross.meter == figure.gross.meter)
        {
            Some(other) => add(other, &figure),
            None => total.push(figure),
        }
    }
    total
}

fn add(total: &mut PhaseEnergy, more: &PhaseEnergy) {
    let plus = |a: Option<crate::units::Estimate>, b: Option<crate::units::Estimate>| match (a, b) {
        (Some(a), Some(b)) => Some(a.plus_same_source(b)),
        (a, b) => a.or(b),
    };
    // A net figure is of all stretches or of none: a part of it would look like the whole.
    total.net_j = total
        .net_j
        .zip(more.net_j)
        .map(|(a, b)| a.plus_same_source(b));
    total.gross.energy_j = plus(total.gross.energy_j, more.gross.energy_j);
    total.gross.covered_s += more.gross.covered_s;
    total.gross.window_s += more.gross.window_s;
    total.gross.grade = total.gross.grade.max(more.gross.grade);
}
