//! The end of a run: how it ended, and what is kept of it.

use std::time::Duration;

use super::{End, Ending, Session};
use crate::analysis::operational;
use crate::control::keep_learnt;
use crate::control::process::Worker;
use crate::control::record::Recorder;
use crate::library::{self, CarbonSummary, Library, LibraryError, Status};
use crate::protocol::{Event, Failure, FailureKind, Summary};

/// How long a worker may take to end after its last word.
const END_PATIENCE: Duration = Duration::from_secs(10);

impl Session<'_> {
    /// Ends the record as `end` says.
    pub(super) fn ending(
        mut self,
        library: Option<&mut Library>,
        end: End,
    ) -> (Ending, Option<Worker>) {
        let mut ending = Ending {
            run_id: None,
            status: Status::Failed,
            failure: None,
            worker_died: false,
            library_failed: false,
            summary: None,
            carbon: None,
        };
        match end {
            End::Finished(summary) => {
                self.let_worker_end();
                ending.status = match summary.reason.as_str() {
                    "user" | "pause" => Status::Stopped,
                    "diverged" => Status::Failed,
                    _ => Status::Completed,
                };
                if summary.reason == "diverged" {
                    ending.failure = Some(Failure {
                        kind: FailureKind::Training,
                        message: format!(
                            "training diverged at step {}: the loss is no number any more; a lower learning rate, \
                             gradient clipping or a warm-up may help",
                            summary.steps
                        ),
                    });
                }
                ending.carbon = self.carbon(&summary);
                ending.summary = Some(*summary);
            }
            End::Failed(failure) => {
                self.let_worker_end();
                ending.failure = Some(failure);
            }
            End::WorkerGone => {
                ending.worker_died = true;
                ending.status = if self.killed {
                    Status::Interrupted
                } else {
                    Status::Failed
                };
                let cause = self.worker.cause();
                ending.failure = (!self.killed).then(|| Failure {
                    kind: FailureKind::Training,
                    message: format!("the worker died: {cause}"),
                });
            }
            End::Library(error) => {
                self.worker.kill();
                ending.library_failed = true;
                ending.status = Status::Interrupted;
                ending.failure = Some(Failure {
                    kind: FailureKind::Storage,
                    message: error.to_string(),
                });
            }
        }
        if let (Some(library), Some(mut recorder)) = (library, self.recorder.take()) {
            ending.run_id = Some(self.run_id.clone());
            let calibration = self.calibration.take();
            if let Err(error) = close(library, &mut recorder, &self.run_id, &ending, calibration) {
                // A run that could not be closed shows as interrupted when the library is opened next.
                tracing::error!("the end of the run could not be recorded: {error}");
                ending.library_failed = true;
                ending.failure.get_or_insert(Failure {
                    kind: FailureKind::Storage,
                    message: error.to_string(),
                });
            }
            if matches!(ending.status, Status::Completed | Status::Stopped) {
                self.keep_learnt(library);
            }
        }
        let worker = self.is_free.then_some(self.worker);
        (ending, worker)
    }

    fn let_worker_end(&mut self) {
        if !self.is_free {
            self.worker.finish(END_PATIENCE);
        }
    }

    /// Keeps what the run taught of the machine's power. The run is complete without it.
    fn keep_learnt(&self, library: &mut Library) {
        let Some(Event::Learnt {
            device_points,
            cpu_points,
        }) = &self.learnt
        else {
            return;
        };
        let run_id = Some(self.run_id.as_str());
        if let Err(error) = keep_learnt(library, run_id, device_points, cpu_points) {
            tracing::warn!("what the run taught of the machine's power was not kept: {error}");
        }
    }

    fn carbon(&self, summary: &Summary) -> Option<CarbonSummary> {
        let energy_j = summary.components.gross.energy_j?;
        let pue = self.launch.setup.measure.pue;
        // Intensity and PUE were checked when the run began.
        let figure = operational(energy_j, self.intensity.as_ref()?, pue).ok()?;
        Some(CarbonSummary {
            carbon_g: figure.carbon_g,
            boundary: summary.components.gross.boundary,
        })
    }
}

/// Closes the record with what the run came to.
fn close(
    library: &mut Library,
    recorder: &mut Recorder,
    run_id: &str,
    ending: &Ending,
    calibration: Option<String>,
) -> Result<(), LibraryError> {
    recorder.store(library)?;
    let summary = ending.summary.as_ref().map(|summary| library::Summary {
        // A summary is plain numbers and text, which JSON can always hold.
        json: serde_json::to_value(summary).unwrap_or_default(),
        target_reached: summary.target_reached,
        carbon: ending.carbon.clone(),
        calibration,
    });
    let failure = ending
        .failure
        .as_ref()
        .map(|failure| failure.message.as_str());
    library.finish_run(run_id, ending.status, failure, summary.as_ref())
}
