//! Meters without a run: live readings, and the power of the idle machine.

use std::path::Path;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use super::ask::AskError;
use super::folders::Folders;
use super::process::{Worker, WorkerCommand};
use crate::protocol::{Command, Event, Knowledge};
use crate::setup::MeasureSetup;

/// A worker that reads the meters. It ends when this is dropped.
pub struct Watch {
    worker: Worker,
    is_stopped: bool,
}

/// What came of listening to a worker that reads the meters.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// Something: device, sources, meters, readings, idle power.
    Event(Box<Event>),
    /// Nothing yet.
    Nothing,
    /// It has ended as it was to.
    End,
}

/// Reads every meter that answers for `device`, until it is stopped: [`Event::Device`], [`Event::Sources`],
/// [`Event::Meters`], then [`Event::Readings`] about twice a second.
///
/// # Errors
/// Where the worker cannot be started.
pub fn watch(
    command: &WorkerCommand,
    device: &str,
    measure: &MeasureSetup,
    knowledge: Knowledge,
) -> Result<Watch, AskError> {
    Watch::start(
        command,
        &Command::Watch {
            device: device.to_owned(),
            measure: measure.clone(),
            every_gpu: false,
            baseline: false,
            knowledge,
            record: None,
        },
    )
}

/// Reads every meter of the machine, all graphics cards among them, to measure what other programs do: as [`watch`], with
/// [`Event::Idle`] before the readings where a `baseline` of `measure.idle_s` seconds is wished for. Windows are opened and
/// closed with [`Watch::open_window`] and [`Watch::close_window`]. Every raw reading is written to the new file `record`.
///
/// # Errors
/// Where the worker cannot be started.
pub fn measure(
    command: &WorkerCommand,
    device: &str,
    measure: &MeasureSetup,
    baseline: bool,
    knowledge: Knowledge,
    record: Option<&Path>,
) -> Result<Watch, AskError> {
    Watch::start(
        command,
        &Command::Watch {
            device: device.to_owned(),
            measure: measure.clone(),
            every_gpu: true,
            baseline,
            knowledge,
            record: record.map(Path::to_owned),
        },
    )
}

/// Measures the power of the idle machine for `duration_s` seconds: as [`watch`], with [`Event::Idle`] at the end unless
/// it is stopped before.
///
/// # Errors
/// Where the worker cannot be started.
pub fn measure_idle(
    command: &WorkerCommand,
    device: &str,
    measure: &MeasureSetup,
    duration_s: f64,
    knowledge: Knowledge,
) -> Result<Watch, AskError> {
    Watch::start(
        command,
        &Command::MeasureIdle {
            device: device.to_owned(),
            measure: measure.clone(),
            duration_s,
            knowledge,
        },
    )
}

/// A steady load, and how long it is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoadPlan {
    /// Share of the time in which the device is busy, 0 to 1; at 0 it is left alone.
    pub share: f64,
    /// Seconds of load before the window.
    pub settle_s: f64,
    /// Seconds of the window.
    pub duration_s: f64,
}

/// Keeps `device` busy while its meters are read: as [`watch`], with [`Event::WindowOpened`] once it is warm and
/// [`Event::WindowClosed`] at the end unless it is stopped before; what was learnt of the processors follows as
/// [`Event::Learnt`].
///
/// # Errors
/// Where the worker cannot be started.
pub fn load(
    command: &WorkerCommand,
    device: &str,
    measure: &MeasureSetup,
    plan: LoadPlan,
    knowledge: Knowledge,
) -> Result<Watch, AskError> {
    Watch::start(
        command,
        &Command::Load {
            device: device.to_owned(),
            measure: measure.clone(),
            settle_s: plan.settle_s,
            duration_s: plan.duration_s,
            share: plan.share,
            kernel_cache: Folders::kernel_cache(),
            knowledge,
        },
    )
}

impl Watch {
    fn start(command: &WorkerCommand, what: &Command) -> Result<Self, AskError> {
        let mut worker = Worker::start(command)?;
        worker.send(what);
        Ok(Self {
            worker,
            is_stopped: false,
        })
    }

    /// Listens for `patience` at most.
    ///
    /// # Errors
    /// Where the worker refuses or dies.
    pub fn listen(&mut self, patience: Duration) -> Result<Heard, AskError> {
        match self.worker.events.recv_timeout(patience) {
            Ok(Event::Failed(failure)) => Err(AskError::Refused(failure)),
            Ok(event) => Ok(Heard::Event(Box::new(event))),
            Err(RecvTimeoutError::Timeout) => Ok(Heard::Nothing),
            Err(RecvTimeoutError::Disconnected)
                if self.is_stopped || self.worker.has_succeeded() =>
            {
                Ok(Heard::End)
            }
            Err(RecvTimeoutError::Disconnected) => Err(AskError::Died(self.worker.cause())),
        }
    }

    /// Opens a window of time; [`Event::WindowOpened`] follows once every meter was read for its edge.
    pub fn open_window(&mut self) {
        self.worker.send(&Command::OpenWindow);
    }

    /// Closes the window; [`Event::WindowClosed`] follows with its energies.
    pub fn close_window(&mut self) {
        self.worker.send(&Command::CloseWindow);
    }

    /// Asks the worker to end; what it still tells can be listened to until its end.
    pub fn stop(&mut self) {
        self.is_stopped = true;
        self.worker.send(&Command::Stop);
    }
}
