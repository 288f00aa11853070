//! One run, on a thread of its own, from its request to its summary.

mod data;
mod failures;
mod kept;
mod memory;
mod metering;
mod summary;
mod watcher;

pub use data::{describe, describe_taught, teacher_from};
pub use failures::{failure, training_failure};
pub use kept::choose;
pub use memory::check as check_memory;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use self::kept::Kept;
use self::metering::Around;
use self::watcher::{StepCosts, Watcher};
use super::busy::Busy;
use super::controls::Controls;
use super::outbox::Outbox;
use super::wall::Wall;
use super::warm_up::WarmUp;
use super::{convert, task};
use crate::device::DeviceKind;
use crate::protocol::{Event, Failure, FailureKind, RunRequest};
use crate::train::{self, Job, Sources, StartFrom};

/// The thread that trains: one run after the other, until one ends that does not keep the worker.
pub struct Trainer {
    queue: SyncSender<Asked>,
}

/// A run that was asked for, with what the user wants of it.
struct Asked {
    request: RunRequest,
    controls: Arc<Controls>,
}

/// Runs that may wait while another one ends.
const RUNS_WAITING: usize = 1;

impl Trainer {
    /// Starts the thread; the process ends with it, which `process` is told.
    pub fn start(outbox: Outbox, process: Arc<Controls>) -> Self {
        let (queue, asked) = sync_channel(RUNS_WAITING);
        task::start("joulelab-train", outbox, process, move |outbox, _| {
            serve(&asked, outbox)
        });
        Self { queue }
    }

    /// Asks for a run; `false` where the thread has another one waiting already, or has ended.
    pub fn take(&self, request: RunRequest, controls: Arc<Controls>) -> bool {
        self.queue.try_send(Asked { request, controls }).is_ok()
    }
}

fn serve(asked: &Receiver<Asked>, outbox: &Outbox) -> Result<(), Failure> {
    let mut kept = Kept::default();
    while let Ok(Asked { request, controls }) = asked.recv() {
        let stays = request.terms.stays;
        match run(request, outbox, &controls, &mut kept) {
            Ok(()) if stays => {}
            // Refused before anything was measured: the worker is as it was.
            Err(failure) if stays && failure.kind == FailureKind::Setup && !kept.is_measuring => {
                outbox.send(Event::Failed(failure));
            }
            other => return other,
        }
        kept.tidy();
        controls.end();
    }
    Ok(())
}

fn run(
    request: RunRequest,
    outbox: &Outbox,
    controls: &Arc<Controls>,
    kept: &mut Kept,
) -> Result<(), Failure> {
    let RunRequest {
        setup,
        checkpoints,
        kernel_cache,
        self_checks,
        resume,
        record,
        knowledge,
        terms,
        start,
        teacher,
    } = request;
    let sources = Sources {
        start: start.map(|start| StartFrom {
            run_id: start.run_id,
            checkpoint: start.checkpoint,
        }),
        teacher: teacher.map(teacher_from),
    };
    // Before there is a run, and before a device is touched: what does not fit is refused with nothing half-done.
    let (plan, teacher) = describe_taught(&setup, sources.teacher.as_ref(), outbox)?;
    if resume.is_none() {
        train::check_start(&setup, &plan, sources.start.as_ref()).map_err(training_failure)?;
    }
    let chosen = kept.choose(&setup.device)?;
    check_memory(&setup, &plan, &chosen.entry)?;
    if setup.measure.wall {
        Wall::check(&knowledge.walls, &chosen.entry.identity())?;
    }
    outbox.send(Event::Device {
        device: convert::device(&chosen.entry),
        because: chosen.because,
    });
    let warm_up = WarmUp::new(outbox, kernel_cache.as_deref());
    let opened = kept.open(&chosen.entry, kernel_cache.as_deref())?;
    let check = kept::checked(&chosen.entry, &opened, &self_checks, &warm_up)?;
    outbox.send(Event::SelfCheck(check));

    let (t_s, trained, checkpoint) = match resume {
        Some(resume) => {
            // Before the controller opens the run again: a refusal must leave it as it is.
            train::verify_checkpoint(&resume.checkpoint, &setup.hash())
                .map_err(failure(FailureKind::Storage))?;
            (resume.t_s, resume.training, Some(resume.checkpoint))
        }
        None => (0.0, Vec::new(), None),
    };
    let busy = Busy::default();
    let costs = StepCosts::new(&setup, &plan, teacher);
    kept.is_measuring = true;
    let around = Around {
        busy: &busy,
        knowledge: &knowledge,
        watched: &kept.watched,
    };
    let meters = metering::start(
        &setup,
        &chosen.entry,
        &around,
        record.as_deref(),
        (t_s, trained),
        outbox,
    )?;
    let job = Job {
        plan,
        device: opened.device,
        compiles: opened.compiles,
        on_processor: matches!(chosen.entry.kind, DeviceKind::Cpu | DeviceKind::Software),
        checkpoints,
        resume: checkpoint,
        until: terms.until,
        setup,
    };
    let told = (outbox.clone(), Arc::clone(controls));
    let mut watcher = Watcher::new(meters, (busy, costs), warm_up, told);
    watcher.settle(job.setup.measure.idle_s, terms.cool_down, terms.idle);
    let outcome = train::train_with(job, &sources, &mut watcher).map_err(training_failure)?;
    let (ended, places) = watcher.finish();
    kept.is_measuring = false;
    if let Some(learnt) = &ended.learnt {
        outbox.send(learnt.clone());
    }
    let summary = summary::summary(outcome, ended, &places);
    outbox.send(Event::Finished(Box::new(summary)));
    Ok(())
}
