//! Who hears of the training within the worker: passes it on to the controller with the energy of everything, and the user's
//! wishes back.

use std::sync::Arc;

use crate::power::{self, IdleBaseline};
use crate::protocol::{EarlierIdle, Event};
use crate::setup::plan::Plan;
use crate::setup::sweep::CoolDown;
use crate::setup::{Phase, Setup, StartReport};
use crate::train::{Evaluation, Observer, Predictions, Progress, Saved, Signal, Work};
use crate::units::EnergyFigure;
use crate::worker::busy::{Busy, Costs};
use crate::worker::controls::Controls;
use crate::worker::learn::Done;
use crate::worker::meters::{Ended, Meters};
use crate::worker::outbox::Outbox;
use crate::worker::warm_up::WarmUp;
use crate::worker::{convert, cool_down};

/// What the work of a run comes to.
pub struct StepCosts {
    setup: Setup,
    plan: Plan,
    teacher: Option<Plan>,
    /// Of training images, where they are smaller than their own.
    size: Option<(usize, usize)>,
}

impl StepCosts {
    /// Of a run by `setup` of the layers of `plan`, which those of `teacher` teach where one does.
    pub fn new(setup: &Setup, plan: &Plan, teacher: Option<Plan>) -> Self {
        Self {
            setup: setup.clone(),
            plan: plan.clone(),
            teacher,
            size: None,
        }
    }

    /// While these groups of layers learn.
    fn of(&self, groups: &[String]) -> Costs {
        let learns = |group: &str| groups.iter().any(|one| one == group);
        let of_plan = |plan: &Plan| {
            let numbers = plan.input.len() as u64;
            Costs::of_run(&self.setup, plan, numbers, learns)
        };
        let whole = of_plan(&self.plan);
        let costs = of_plan(self.plan.at(self.size)).looking_at(&whole);
        match &self.teacher {
            Some(teacher) => costs.taught_by(teacher, self.plan.input.len() as u64),
            None => costs,
        }
    }
}

/// Hears of the training and tells the controller, with the energy of everything.
pub struct Watcher {
    meters: Meters,
    busy: Busy,
    /// What work comes to while some groups of layers learn.
    costs: StepCosts,
    /// The groups that do.
    learning: Vec<String>,
    outbox: Outbox,
    controls: Arc<Controls>,
    warm_up: Arc<WarmUp>,
    is_warming: bool,
    /// The work that was done when the train phase began that goes on.
    train_began: Option<power::WorkDone>,
    /// What the device did in the train phases before.
    trained: Done,
}

impl Watcher {
    /// Reads `meters`, counts what the device is given to do, tells how the warm-up goes and all else to the first of `told`, and asks
    /// the second what the user wants.
    pub fn new(
        meters: Meters,
        (busy, costs): (Busy, StepCosts),
        warm_up: Arc<WarmUp>,
        (outbox, controls): (Outbox, Arc<Controls>),
    ) -> Self {
        Self {
            meters,
            busy,
            costs,
            learning: Vec::new(),
            outbox,
            controls,
            warm_up,
            is_warming: false,
            train_began: None,
            trained: Done::default(),
        }
    }

    /// Ends the meters: what they came to, and where each of them stands.
    pub fn finish(self) -> (Ended, Vec<power::Place>) {
        let places = self.meters.places().to_vec();
        (self.meters.finish(self.trained), places)
    }

    /// Lets the machine come to rest and finds out what it draws there, by an earlier run's measurement where that serves.
    pub fn settle(&mut self, idle_s: f64, plan: CoolDown, earlier: Option<EarlierIdle>) {
        let keep_going = || !self.controls.is_stopped();
        let known = earlier.as_ref().and_then(|earlier| {
            let baseline: IdleBaseline = serde_json::from_value(earlier.baseline.clone()).ok()?;
            self.meters.fits(&baseline).then_some(baseline)
        });
        let sampler = self.meters.sampler();
        if let Some(cooled) = cool_down::wait(sampler, plan, known.as_ref(), &keep_going) {
            self.outbox.send(Event::CooledDown(cooled));
        }
        let serving = earlier.filter(|earlier| earlier.serves);
        match (known, serving) {
            (Some(baseline), Some(earlier)) if idle_s > 0.0 => {
                self.meters.take_idle(&baseline);
                self.tell_idle(&baseline, Some(earlier.age_s));
            }
            _ => self.idle(idle_s),
        }
    }

    fn idle(&mut self, duration_s: f64) {
        if duration_s <= 0.0 {
            return;
        }
        self.begin(Phase::Idle);
        let baseline = self
            .meters
            .measure_idle(duration_s, &|| !self.controls.is_stopped());
        self.end(Phase::Idle);
        let baseline = match baseline {
            Ok(baseline) => baseline,
            Err(error) => {
                tracing::error!(
                    "the idle machine is not measured: {error}; there is no net energy"
                );
                return;
            }
        };
        self.tell_idle(&baseline, None);
    }

    fn tell_idle(&self, baseline: &IdleBaseline, age_s: Option<f64>) {
        self.outbox.send(Event::Idle {
            power: convert::idle_power(baseline, self.meters.sampler()),
            duration_s: baseline.duration_s,
            // Plain numbers, which JSON can always hold.
            baseline: serde_json::to_value(baseline).unwrap_or_default(),
            age_s,
        });
    }
}

impl Observer for Watcher {
    fn begin(&mut self, phase: Phase) {
        self.meters.begin(phase);
        self.is_warming = phase == Phase::WarmUp;
        self.busy.set(matches!(
            phase,
            Phase::WarmUp | Phase::Train | Phase::Evaluate
        ));
        self.train_began = (phase == Phase::Train).then(|| self.busy.done());
    }

    fn end(&mut self, phase: Phase) {
        if phase == Phase::WarmUp {
            self.warm_up.end();
            self.is_warming = false;
        }
        if let Some(began) = self.train_began.take() {
            let done = self.busy.done();
            self.trained.flop += done.flop - began.flop;
            self.trained.bytes += done.bytes.unwrap_or(0.0) - began.bytes.unwrap_or(0.0);
        }
        self.busy.set(false);
        self.meters.end(phase);
    }

    fn started(&mut self, report: &StartReport) {
        self.outbox.send(Event::Started(Box::new(report.clone())));
    }

    fn learns(&mut self, groups: &[String]) {
        self.learning = groups.to_vec();
        self.busy.count(self.costs.of(groups));
        if self.is_warming {
            return;
        }
        self.outbox.send(Event::Learns {
            t_s: self.meters.now_s(),
            groups: groups.to_vec(),
        });
    }

    fn resized(&mut self, size: Option<(usize, usize)>) {
        self.costs.size = size;
        self.busy.count(self.costs.of(&self.learning));
        if self.is_warming {
            return;
        }
        self.outbox.send(Event::Resized {
            t_s: self.meters.now_s(),
            size,
        });
    }

    fn progress(&mut self, progress: &Progress) {
        self.outbox.offer(Event::Progress {
            t_s: self.meters.now_s(),
            progress: convert::progress(progress),
        });
    }

    fn evaluated(&mut self, evaluation: &Evaluation) {
        self.outbox.send(Event::Evaluated {
            t_s: self.meters.now_s(),
            evaluation: convert::evaluation(evaluation),
            training: self.meters.training(),
        });
    }

    fn predicted(&mut self, predictions: Predictions) {
        self.outbox
            .send(Event::Predictions(convert::predictions(predictions)));
    }

    fn saved(&mut self, saved: &Saved) {
        self.outbox.send(Event::Saved(convert::saved(saved)));
    }

    fn worked(&mut self, work: Work) {
        self.busy.worked(work);
        if matches!(work, Work::Step | Work::Update { .. }) {
            self.warm_up.step();
        }
    }

    fn warms_up(&mut self, steps: u64) {
        self.warm_up.begin(steps);
    }

    fn is_warm(&mut self) -> bool {
        self.warm_up.is_warm()
    }

    fn signal(&mut self) -> Signal {
        self.controls.signal()
    }

    fn wait_while_paused(&mut self) {
        self.controls.wait_while_paused();
    }

    fn energy_used_j(&mut self) -> Option<f64> {
        let figures: Vec<EnergyFigure> = self
            .meters
            .training()
            .into_iter()
            .map(|part| part.gross)
            .collect();
        power::components(&figures, self.meters.places())
            .figure
            .energy_j
            .map(|energy| energy.value)
    }
}
