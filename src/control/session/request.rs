//! What the worker is asked for: the run with what it goes on from, starts from and is taught by, as the library knows it.

use super::{End, Session};
use crate::control::folders::Folders;
use crate::control::teacher::{NoTeacher, teacher};
use crate::control::{knowledge, lineage, record};
use crate::library::{Library, PhaseEnergy, Status};
use crate::protocol::{self, Command, FailureKind, Resume, RunRequest};
use crate::setup::StartSetup;

impl Session<'_> {
    /// Asks the worker for the run; gives the energy of earlier workers.
    pub(super) fn ask(&mut self, library: &Library) -> Result<Vec<PhaseEnergy>, End> {
        let mut knowledge = knowledge(library).map_err(End::Library)?;
        let mut taught_at = None;
        let (resume, trained) = match &self.launch.resume {
            None => (None, Vec::new()),
            Some(id) => {
                let details = library.details(id).map_err(End::Library)?;
                if details.run.status == Status::Completed {
                    let message = format!(
                        "run {id} has ended by its stop rule; there is nothing to go on with"
                    );
                    return Err(End::failed(FailureKind::Setup, message));
                }
                let Some((checkpoint, step)) = self.folders.newest_checkpoint(id) else {
                    let message =
                        format!("run {id} has no checkpoint to go on from; start it anew");
                    return Err(End::failed(FailureKind::Storage, message));
                };
                taught_at = lineage::teacher_step(&details.ancestors);
                self.resumes_on = Some(details.run.device.identity.clone());
                self.from_step = step;
                // One line for the whole run, whatever was calibrated since.
                knowledge.walls = record::wall(&details.meters).into_iter().collect();
                let resume = Resume {
                    checkpoint,
                    t_s: details.run.duration_s,
                    training: record::to_protocol(&details.training),
                };
                (Some(resume), details.training)
            }
        };
        let start = match (&self.launch.resume, &self.launch.setup.start) {
            (None, Some(start)) => self.begin_from(library, &start.clone())?,
            _ => None,
        };
        let teacher = self.taught_by(library, taught_at)?;
        let self_checks = library
            .self_checks()
            .map_err(End::Library)?
            .into_iter()
            .map(record::known_self_check)
            .collect();
        self.worker.send(&Command::Run(Box::new(RunRequest {
            setup: self.launch.setup.clone(),
            checkpoints: Some(self.folders.checkpoints(&self.run_id)),
            kernel_cache: Folders::kernel_cache(),
            self_checks,
            resume,
            record: self.launch.record.clone(),
            knowledge,
            terms: self.terms.clone(),
            start,
            teacher,
        })));
        Ok(trained)
    }

    /// Finds what the run is to start from, and whose work that is.
    fn begin_from(
        &mut self,
        library: &Library,
        start: &StartSetup,
    ) -> Result<Option<protocol::Start>, End> {
        let Some(given) = start.run_for(self.launch.setup.regime.seed) else {
            self.ancestors = vec![lineage::of_file(start)];
            return Ok(None);
        };
        let parent = library
            .details(&given)
            .map_err(|error| End::failed(FailureKind::Setup, format!("start.run: {error}")))?;
        let run_id = parent.run.id.clone();
        let Some((checkpoint, step)) = self.folders.newest_checkpoint(&run_id) else {
            let message = format!(
                "start.run: run {run_id} has no checkpoint on this machine; train it again, or start from another run or \
                 from a file"
            );
            return Err(End::failed(FailureKind::Storage, message));
        };
        self.ancestors = lineage::of_run(&parent, step);
        self.parent = Some(run_id.clone());
        Ok(Some(protocol::Start { run_id, checkpoint }))
    }

    /// Finds the run that is to teach, where one is, and adds it and its own ancestors to those of this run. A run that goes on after
    /// it was taught by `taught_at` steps of its teacher is to be taught by the same.
    fn taught_by(
        &mut self,
        library: &Library,
        taught_at: Option<u64>,
    ) -> Result<Option<protocol::Teacher>, End> {
        let distil = self.launch.setup.distil.as_ref();
        let found = teacher(
            library,
            &self.folders,
            (distil, self.launch.setup.regime.seed),
        )
        .map_err(|error| match error {
            NoTeacher::Refused(failure) => End::Failed(failure),
            NoTeacher::Library(error) => End::Library(error),
        })?;
        let Some(found) = found else {
            return Ok(None);
        };
        let run_id = &found.teacher.run_id;
        if let Some(before) = taught_at.filter(|before| *before != found.step) {
            let message = format!(
                "distil.teacher: run {run_id} taught this run after {before} steps and has {} now; start this run anew",
                found.step
            );
            return Err(End::failed(FailureKind::Setup, message));
        }
        if self.launch.resume.is_none() {
            let theirs = lineage::of_teacher(&found.details, found.step);
            let own = std::mem::take(&mut self.ancestors);
            self.ancestors = lineage::together(own, theirs);
        }
        Ok(Some(found.teacher))
    }
}
