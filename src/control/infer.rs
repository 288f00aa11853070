//! A run's network is asked, window after window, until they agree.

use super::ask::AskError;
use super::process::{Worker, WorkerCommand};
use super::record::energies;
use crate::analysis::inference::{Window, is_enough, window_s};
use crate::library;
use crate::protocol::{Answered, Command, Device, Event, Failure, InferRequest};

/// How a network is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct InferPlan {
    /// Samples at once, one after the other; a size that stands twice is measured once, see [`each_once`].
    pub batch_sizes: Vec<usize>,
    /// Seconds of a window at least; more where a meter is slow.
    pub window_s: f64,
    /// Seconds of warm-up for each batch size.
    pub warm_up_s: f64,
    /// How wide the spread over the windows may be, relative to the energy.
    pub interval: f64,
    /// Windows at most, for each batch size.
    pub windows_max: usize,
}

/// `sizes` in their order, each once: figures of a size that is named twice would be of the same thing.
pub fn each_once(sizes: impl IntoIterator<Item = usize>) -> Vec<usize> {
    let mut once = Vec::new();
    for size in sizes {
        if !once.contains(&size) {
            once.push(size);
        }
    }
    once
}

/// What came of asking.
#[derive(Clone, Debug, PartialEq)]
pub struct Inferred {
    /// Where it answered.
    pub device: Device,
    /// The idle machine.
    pub idle_power: Vec<library::IdlePower>,
    /// Steps that had been done when the weights were saved.
    pub step: u64,
    /// Held-out samples.
    pub samples: u64,
    /// Seconds of each window.
    pub window_s: f64,
    /// By batch size. Where it was ended early, those that were measured.
    pub batches: Vec<InferredBatch>,
}

/// What came of asking so many samples at once.
#[derive(Clone, Debug, PartialEq)]
pub struct InferredBatch {
    /// How good the answers are, and what warming up took.
    pub answered: Answered,
    /// Windows that were measured.
    pub windows: Vec<Window>,
    /// Parts of the machine that had no reading.
    pub missing: Vec<String>,
}

/// Asks the network of a run as `plan` says. `hear` is told every event, about twice a second at least while a window goes on, and
/// says whether to go on: else it ends at once, with the batch sizes that are done.
///
/// # Errors
/// Where the worker cannot be started, refuses or dies.
pub fn infer(
    command: &WorkerCommand,
    request: InferRequest,
    plan: &InferPlan,
    hear: &mut dyn FnMut(&Event) -> bool,
) -> Result<Inferred, AskError> {
    let mut worker = Worker::start(command)?;
    worker.send(&Command::Infer(Box::new(request)));
    windows(&mut worker, None, plan, hear)
}

/// Windows as `plan` says, of a worker that is about to read the meters; `device` is where it answers, if it has told that before.
pub(super) fn windows(
    worker: &mut Worker,
    mut device: Option<Device>,
    plan: &InferPlan,
    hear: &mut dyn FnMut(&Event) -> bool,
) -> Result<Inferred, AskError> {
    let mut asking = Asking {
        worker,
        hear,
        goes_on: true,
    };
    let (mut idle_power, mut changes) = (Vec::new(), Vec::new());
    let (step, samples) = loop {
        match asking.next()? {
            Event::Device { device: found, .. } => device = Some(found),
            Event::Meters { meters, .. } => {
                let read = meters.iter().filter(|meter| !meter.stands_by());
                changes = read.map(|meter| meter.changes_s).collect();
            }
            Event::Idle { power, .. } => {
                idle_power = power.iter().map(super::record::idle_power).collect();
            }
            Event::InferenceReady { step, samples } => break (step, samples),
            _ => {}
        }
        // Nobody wants it any more: no batch will be asked for.
        if !asking.goes_on && device.is_some() {
            break (0, 0);
        }
    };
    let Some(device) = device else {
        return Err(AskError::Died("it told no device".to_owned()));
    };
    let window_s = window_s(plan.window_s, changes);
    let mut batches = Vec::new();
    for batch_size in each_once(plan.batch_sizes.iter().copied()) {
        match asking.batch(batch_size, window_s, plan)? {
            Some(batch) => batches.push(batch),
            None => break,
        }
    }
    Ok(Inferred {
        device,
        idle_power,
        step,
        samples,
        window_s,
        batches,
    })
}

struct Asking<'a> {
    worker: &'a mut Worker,
    hear: &'a mut dyn FnMut(&Event) -> bool,
    goes_on: bool,
}

impl Asking<'_> {
    fn next(&mut self) -> Result<Event, AskError> {
        let event = match self.worker.events.recv() {
            Ok(Event::Failed(failure)) => return Err(AskError::Refused(failure)),
            Ok(event) => event,
            Err(_) => return Err(AskError::Died(self.worker.cause())),
        };
        self.goes_on &= (self.hear)(&event);
        Ok(event)
    }

    /// Windows of one batch size; `None` where nobody wants more before they are enough.
    fn batch(
        &mut self,
        batch_size: usize,
        window_s: f64,
        plan: &InferPlan,
    ) -> Result<Option<InferredBatch>, AskError> {
        let (mut answered, mut windows, mut missing) = (None, Vec::new(), Vec::new());
        let mut closed = None;
        while windows.len() < plan.windows_max && !is_enough(&windows, plan.interval) {
            if !self.goes_on {
                return Ok(None);
            }
            self.worker.send(&Command::MeasureInference {
                batch_size,
                warm_up_s: plan.warm_up_s,
                duration_s: window_s,
            });
            let inferred = loop {
                match self.next()? {
                    Event::InferenceBegun(begun) => answered = Some(begun),
                    Event::WindowClosed { window, .. } => closed = Some(window),
                    Event::Inferred(inferred) => break inferred,
                    _ => {}
                }
                if !self.goes_on {
                    // Half of the windows would not be what was asked for.
                    self.worker.send(&Command::Stop);
                    return Ok(None);
                }
            };
            let Some(window) = closed.take() else {
                return Err(AskError::Died("it told no energy of a window".to_owned()));
            };
            missing.clone_from(&window.missing);
            let sum = energies(std::slice::from_ref(&window.sum)).pop();
            windows.push(Window {
                samples: inferred.passes * inferred.batch_size as u64,
                seconds: inferred.seconds,
                energies: energies(&window.energies),
                sum: sum.ok_or_else(|| unreadable("no sum"))?,
                latencies: inferred.latencies,
            });
        }
        let answered = answered.ok_or_else(|| unreadable("no look at the answers"))?;
        Ok(Some(InferredBatch {
            answered,
            windows,
            missing,
        }))
    }
}

fn unreadable(what: &str) -> AskError {
    AskError::Refused(Failure {
        kind: crate::protocol::FailureKind::Protocol,
        message: format!("the worker told {what}"),
    })
}
