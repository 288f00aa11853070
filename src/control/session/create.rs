//! How a run comes into the library, with what is known before it begins.

use super::{End, RunEvent, Session};
use crate::analysis::{self, CarbonError};
use crate::control::machine::here;
use crate::control::outlook::{self, Outlook};
use crate::control::record::{self, Recorder};
use crate::library::{self, CarbonBasis, Library, LibraryError, NewRun, PhaseEnergy};
use crate::protocol::{Data, Device, FailureKind, SelfCheck};

impl Session<'_> {
    /// Puts the run into the library: everything about it is known now, and its clock is about to start.
    pub(super) fn create(
        &mut self,
        library: &mut Library,
        meters: Vec<library::Meter>,
        trained: &[PhaseEnergy],
    ) -> Result<(), End> {
        let (Some(device), Some(data)) = (&self.device, &self.data) else {
            let message = "the worker named no device or dataset";
            return Err(End::failed(FailureKind::Protocol, message));
        };
        let (machine, owner) = here();
        let refused = |error: CarbonError| End::failed(FailureKind::Setup, error.to_string());
        let measure = &self.launch.setup.measure;
        let intensity = analysis::lookup(measure.country.as_deref()).map_err(refused)?;
        let basis = intensity.basis(measure.pue).map_err(refused)?;
        if self.launch.resume.is_some() {
            let version = env!("CARGO_PKG_VERSION");
            library
                .reopen_run(&self.run_id, self.from_step, &owner, version)
                .map_err(End::Library)?;
        } else {
            library
                .create_run(&self.new_run(device, data, machine, owner, basis))
                .map_err(End::Library)?;
            let setup = &self.launch.setup;
            match outlook::before(library, (setup, data, device)) {
                Ok(Some(forecast)) => keep_forecast(library, &self.run_id, &forecast),
                Ok(None) => {}
                Err(error) => tracing::warn!("the run has no forecast: {error}"),
            }
            self.outlook = Some(Outlook::new(setup, data));
        }
        self.intensity = Some(intensity);
        let mut recorder = Recorder::new(self.run_id.clone(), meters, trained);
        if let Some(check) = self.self_check.take() {
            recorder.self_check(check);
        }
        recorder.ancestors(std::mem::take(&mut self.ancestors));
        self.recorder = Some(recorder);
        self.tell(RunEvent::Recorded {
            run_id: self.run_id.clone(),
        });
        Ok(())
    }

    fn new_run(
        &self,
        device: &Device,
        data: &Data,
        machine: library::Machine,
        owner: library::Owner,
        carbon: CarbonBasis,
    ) -> NewRun {
        let setup = &self.launch.setup;
        NewRun {
            id: self.run_id.clone(),
            name: self.launch.name.clone(),
            note: self.launch.note.clone(),
            tags: self.launch.tags.clone(),
            parent_id: self.parent.clone(),
            setup: library::Setup {
                json: setup.canonical_json(),
                hash: setup.hash(),
                group_hash: setup.group_hash(),
                seed: setup.regime.seed,
                dataset: data.name.clone(),
                model: setup.model.in_words(),
            },
            machine,
            device: library::Device {
                identity: device.identity.clone(),
                kind: device.kind.clone(),
                name: device.name.clone(),
                vendor: device.vendor.clone(),
                api: device.api.clone(),
                driver: Some(device.driver.clone()).filter(|driver| !driver.is_empty()),
                pci: device.address.clone(),
            },
            backend: device.backend.clone(),
            program_version: env!("CARGO_PKG_VERSION").to_owned(),
            owner,
            started_at: jiff::Timestamp::now(),
            metric: data.task.metric(),
            parameters: Some(data.plan.parameters()),
            flops_per_sample: Some(data.training_flop(setup) as f64),
            carbon: Some(carbon),
        }
    }
}

/// A forecast is worth no run: where it cannot be kept, the log says so.
pub(super) fn keep_forecast(
    library: &mut Library,
    run_id: &str,
    forecast: &library::ForecastRecord,
) {
    if let Err(error) = library.store_forecast(run_id, forecast) {
        tracing::warn!("a forecast was not kept: {error}");
    }
}

/// The self-check as the library keeps it: a new one is stored, an earlier one has its own date.
pub(super) fn keep_self_check(
    library: &mut Library,
    check: &SelfCheck,
) -> Result<library::SelfCheck, LibraryError> {
    if !check.fresh
        && let Some(earlier) =
            library.find_self_check(&check.device, &check.driver, &check.program_version)?
    {
        return Ok(earlier);
    }
    let check = record::self_check(check);
    library.record_self_check(&check)?;
    Ok(check)
}
