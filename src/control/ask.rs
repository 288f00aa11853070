//! Questions to a worker that need no run.

use std::path::Path;

use super::folders::Folders;
use super::process::{StartError, Worker, WorkerCommand};
use crate::protocol::{
    AccountLine, Command, Data, Device, Event, Failure, Knowledge, Meter, Replayed, ReplayedWindow,
    Source, Stretch, Teacher, WallLine, WallReadings,
};
use crate::setup::{MeasureSetup, Setup};

/// Why a question got no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// No worker.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The worker died over it, as a broken graphics driver makes it.
    #[error("the worker died over the question: {0}")]
    Died(String),
    /// The worker refused.
    #[error("{}", .0.message)]
    Refused(Failure),
}

/// Every device of the worker's machine.
///
/// # Errors
/// Where the worker cannot be started or dies.
pub fn devices(command: &WorkerCommand) -> Result<Vec<Device>, AskError> {
    let mut worker = Worker::start(command)?;
    worker.send(&Command::Devices);
    loop {
        match worker.events.recv() {
            Ok(Event::Devices { devices }) => return Ok(devices),
            Ok(Event::Failed(failure)) => return Err(AskError::Refused(failure)),
            Ok(_) => {}
            Err(_) => return Err(AskError::Died(worker.cause())),
        }
    }
}

/// What a doctor finds.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnosis {
    /// The device that was meant.
    pub device: Device,
    /// Every source that was tried.
    pub sources: Vec<Source>,
    /// The parts of the machine, each with who answers for it.
    pub account: Vec<AccountLine>,
}

/// Every meter that was tried for `device`, and the device that it means. `knowledge` is what the library knows of the
/// machine's power ([`super::knowledge`]), or nothing.
///
/// # Errors
/// Where the worker cannot be started or dies, or there is no such device.
pub fn doctor(
    command: &WorkerCommand,
    device: &str,
    measure: &MeasureSetup,
    knowledge: Knowledge,
) -> Result<Diagnosis, AskError> {
    let mut worker = Worker::start(command)?;
    worker.send(&Command::Doctor {
        device: device.to_owned(),
        measure: measure.clone(),
        knowledge,
    });
    let mut chosen = None;
    loop {
        match worker.events.recv() {
            Ok(Event::Device { device, .. }) => chosen = Some(device),
            Ok(Event::Sources { sources, account }) => {
                if let Some(device) = chosen {
                    return Ok(Diagnosis {
                        device,
                        sources,
                        account,
                    });
                }
            }
            Ok(Event::Failed(failure)) => return Err(AskError::Refused(failure)),
            Ok(_) => {}
            Err(_) => return Err(AskError::Died(worker.cause())),
        }
    }
}

/// Puts a line through readings of a plug meter.
///
/// # Errors
/// Where the worker cannot be started or dies, or the readings give no line; says why.
pub fn fit_wall(command: &WorkerCommand, readings: WallReadings) -> Result<WallLine, AskError> {
    let mut worker = Worker::start(command)?;
    worker.send(&Command::FitWall(readings));
    loop {
        match worker.events.recv() {
            Ok(Event::WallLine(line)) => return Ok(*line),
            Ok(Event::Failed(failure)) => return Err(AskError::Refused(failure)),
            Ok(_) => {}
            Err(_) => return Err(AskError::Died(worker.cause())),
        }
    }
}

/// Computes the recording in `file` again, in a worker. Gives its meters and all of it; each of its windows goes to
/// `window` as it comes.
///
/// # Errors
/// Where the worker cannot be started or dies, the file is no recording or is damaged, or `window` fails.
pub fn replay<E: From<AskError>>(
    command: &WorkerCommand,
    file: &Path,
    mut window: impl FnMut(&[Meter], ReplayedWindow) -> Result<(), E>,
) -> Result<(Vec<Meter>, Replayed), E> {
    let mut worker = Worker::start(command).map_err(AskError::from)?;
    worker.send(&Command::Replay {
        file: file.to_owned(),
    });
    let mut known = Vec::new();
    loop {
        match worker.events.recv() {
            Ok(Event::Meters { meters, .. }) => known = meters,
            Ok(Event::ReplayedWindow(replayed)) => window(&known, replayed)?,
            Ok(Event::Replayed(replayed)) => return Ok((known, replayed)),
            Ok(Event::Failed(failure)) => return Err(AskError::Refused(failure).into()),
            Ok(_) => {}
            Err(_) => return Err(AskError::Died(worker.cause()).into()),
        }
    }
}

/// What a trace found.
#[derive(Clone, Debug, PartialEq)]
pub struct Traced {
    /// The device.
    pub device: Device,
    /// Parameters, layers and data of what was trained.
    pub data: Data,
    /// Steps as they are and, on a device that tells the time of its kernels, as many with each of them timed.
    pub stretches: Vec<Stretch>,
}

/// Trains some steps of `setup` to see where their time goes; nothing else is kept of them. `teacher` is the run that the setup has for
/// one. `hear` is told every event on the way.
///
/// # Errors
/// Where the worker cannot be started or dies, or the setup cannot be trained.
pub fn trace(
    command: &WorkerCommand,
    setup: &Setup,
    steps: u64,
    teacher: Option<Teacher>,
    mut hear: impl FnMut(&Event),
) -> Result<Traced, AskError> {
    let mut worker = Worker::start(command)?;
    worker.send(&Command::Trace {
        setup: Box::new(setup.clone()),
        steps,
        kernel_cache: Folders::kernel_cache(),
        teacher: teacher.map(Box::new),
    });
    let (mut device, mut data) = (None, None);
    loop {
        let event = match worker.events.recv() {
            Ok(Event::Failed(failure)) => return Err(AskError::Refused(failure)),
            Ok(event) => event,
            Err(_) => return Err(AskError::Died(worker.cause())),
        };
        hear(&event);
        match event {
            Event::Device { device: found, .. } => device = Some(found),
            Event::Data(found) => data = Some(found),
            Event::Traced { stretches } => {
                if let (Some(device), Some(data)) = (device, data) {
                    return Ok(Traced {
                        device,
                        data,
                        stretches,
                    });
                }
                return Err(AskError::Died("it told no device".to_owned()));
            }
            _ => {}
        }
    }
}
