//! What outlasts a run: devices that were chosen, opened and checked.

use std::path::Path;
use std::sync::Arc;

use super::failure;
use crate::device::{self, DeviceEntry, Opened};
use crate::power;
use crate::protocol::{Failure, FailureKind, SelfCheck};
use crate::worker::warm_up::WarmUp;
use crate::worker::{PROGRAM_VERSION, convert};

/// What a worker keeps from one run to the next.
#[derive(Default)]
pub struct Kept {
    /// Devices by what was asked for: drivers are not asked again.
    chosen: Vec<(String, device::Chosen)>,
    /// Devices that were opened.
    opened: Vec<(String, Opened)>,
    /// What was seen while sensors were watched: that takes as long as a short run.
    pub watched: power::Watched,
    /// Whether the meters of a run are read: where it fails then, the process ends with them.
    pub is_measuring: bool,
}

impl Kept {
    /// The device that was asked for, as it was chosen before where that was.
    pub fn choose(&mut self, wish: &str) -> Result<device::Chosen, Failure> {
        if let Some((_, chosen)) = self.chosen.iter().find(|(known, _)| known == wish) {
            return Ok(chosen.clone());
        }
        let chosen = choose(wish)?;
        self.chosen.push((wish.to_owned(), chosen.clone()));
        Ok(chosen)
    }

    /// Opens the device, where an earlier run has not.
    pub fn open(
        &mut self,
        entry: &DeviceEntry,
        kernel_cache: Option<&Path>,
    ) -> Result<Opened, Failure> {
        let identity = entry.identity();
        if let Some((_, opened)) = self.opened.iter().find(|(known, _)| *known == identity) {
            return Ok(opened.clone());
        }
        if let Some(folder) = kernel_cache {
            device::use_kernel_cache(folder, entry);
        }
        let opened = device::open(entry).map_err(failure(FailureKind::Device))?;
        self.opened.push((identity, opened.clone()));
        Ok(opened)
    }

    /// Gives back, between two runs, what its opened devices hold and need no longer.
    pub fn tidy(&self) {
        for (_, opened) in &self.opened {
            opened.tidy();
        }
    }
}

/// The device that was asked for. Drivers are only asked where the answer matters.
pub fn choose(wish: &str) -> Result<device::Chosen, Failure> {
    let entries = if wish.trim().eq_ignore_ascii_case("cpu") {
        vec![device::cpu_entry()]
    } else {
        device::list()
    };
    device::choose(&entries, wish).map_err(failure(FailureKind::Device))
}

/// The device's self-check: from the library where this driver and program were checked before, else done now.
pub fn checked(
    entry: &DeviceEntry,
    opened: &Opened,
    known: &[SelfCheck],
    warm_up: &Arc<WarmUp>,
) -> Result<SelfCheck, Failure> {
    let identity = entry.identity();
    let fits = |check: &&SelfCheck| {
        check.device == identity
            && check.driver == entry.driver
            && check.program_version == PROGRAM_VERSION
            && check.passed
    };
    if let Some(check) = known.iter().find(fits) {
        return Ok(SelfCheck {
            fresh: false,
            ..check.clone()
        });
    }
    // Its kernels are compiled and tuned as those of a warm-up are.
    warm_up.begin(0);
    let report = device::self_check(&opened.device);
    warm_up.end();
    let report = report.map_err(|message| Failure {
        kind: FailureKind::Device,
        message: format!("`{}` failed in its self-check: {message}", entry.name),
    })?;
    Ok(SelfCheck {
        device: identity,
        driver: entry.driver.clone(),
        program_version: PROGRAM_VERSION.to_owned(),
        passed: report.passed,
        tolerance: device::SELF_CHECK_TOLERANCE,
        loss_difference: convert::finite(report.loss_difference),
        gradient_difference: convert::finite(report.gradient_difference),
        fresh: true,
    })
}
