//! What the commands have in common that ask a trained network: with which device and meters, and for how long.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Exit, Failed};
use crate::analysis::{self, CarbonIntensity};
use crate::control::{Folders, InferPlan, each_once};
use crate::library::RunDetails;
use crate::setup::{Change, Setup};

/// Where a network answers, and how that is measured.
#[derive(Debug, clap::Args)]
pub struct Conditions {
    /// Device: `auto`, `cpu`, a number of `joulelab devices`, or part of a name [default: as the run]
    #[arg(long, short = 'D')]
    device: Option<String>,

    /// Seconds of idle baseline before; 0 skips it [default: as the run]
    #[arg(long, value_name = "SECONDS")]
    idle: Option<f64>,

    /// Country whose mean carbon intensity is used [default: as the run]
    #[arg(long)]
    country: Option<String>,

    /// Power usage effectiveness of the site, 1 or more [default: as the run]
    #[arg(long)]
    pue: Option<f64>,

    /// Any other field of the setup's `measure`, such as `measure.rate_hz=20`; may be given several times
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    set: Vec<String>,

    /// Use this meter instead of the machine's: `simulated:NAME` or `replay:FILE`; may be given several times
    #[arg(long = "meter", value_name = "METER")]
    meters: Vec<String>,
}

impl Conditions {
    /// The run's setup with the device and the measuring that are asked for.
    pub fn setup(&self, details: &RunDetails) -> Result<Setup, Failed> {
        let stored: Setup = serde_json::from_str(&details.run.setup.json).map_err(|error| {
            let message =
                format!("the run's setup is of another version and cannot be used: {error}");
            Failed::new(Exit::Storage, message)
        })?;
        let mut change = Change::default();
        for assignment in &self.set {
            if !assignment.trim_start().starts_with("measure.") {
                let message = format!(
                    "--set {assignment}: only fields of `measure` can be set, since the network is trained"
                );
                return Err(Failed::new(Exit::Usage, message));
            }
            change.assign(assignment)?;
        }
        if let Some(device) = &self.device {
            change.set("device", device.clone());
        }
        if let Some(idle_s) = self.idle {
            change.set("measure.idle_s", idle_s);
        }
        if let Some(country) = &self.country {
            change.set("measure.country", country.clone());
        }
        if let Some(pue) = self.pue {
            change.set("measure.pue", pue);
        }
        if !self.meters.is_empty() {
            change.set("measure.meters", self.meters.clone());
        }
        let setup = change.apply(&stored)?;
        setup.validate()?;
        Ok(setup)
    }
}

/// The carbon intensity of the electricity of `setup`, whose power usage effectiveness is possible.
pub fn electricity(setup: &Setup) -> Result<CarbonIntensity, Failed> {
    let intensity = analysis::lookup(setup.measure.country.as_deref())
        .map_err(|error| Failed::new(Exit::Usage, format!("measure.country: {error}")))?;
    intensity
        .basis(setup.measure.pue)
        .map_err(|error| Failed::new(Exit::Usage, error.to_string()))?;
    Ok(intensity)
}

/// Windows of measuring.
#[derive(Debug, clap::Args)]
pub struct Windows {
    /// Seconds of a window at least; longer where a meter changes its reading seldom
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0)]
    window: f64,

    /// Seconds in which the network is asked before the first window of each batch size
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0)]
    warm_up: f64,

    /// Repeat windows until the interval over them is within this share of the energy
    #[arg(long, value_name = "SHARE", default_value_t = 0.02)]
    pub interval: f64,

    /// Windows of each batch size at most, 3 or more
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    windows: usize,
}

impl Windows {
    /// Whether they are possible.
    pub fn check(&self) -> Result<(), Failed> {
        let rules = [
            (
                self.window > 0.0 && self.window <= 3600.0,
                "--window: allowed is above 0 to 3600 s",
            ),
            (
                (0.0..=3600.0).contains(&self.warm_up),
                "--warm-up: allowed is 0 to 3600 s",
            ),
            (
                self.interval > 0.0 && self.interval <= 1.0,
                "--interval: allowed is a share above 0 to 1, such as 0.02",
            ),
            (
                self.windows >= analysis::inference::WINDOWS_MIN,
                "--windows: allowed is 3 or more; with fewer nothing can be said of their spread",
            ),
        ];
        check(&rules)
    }

    /// What is measured of `batch_sizes`, each once.
    pub fn plan(&self, batch_sizes: &[usize]) -> InferPlan {
        InferPlan {
            batch_sizes: each_once(batch_sizes.iter().copied()),
            window_s: self.window,
            warm_up_s: self.warm_up,
            interval: self.interval,
            windows_max: self.windows,
        }
    }
}

/// The first of `rules` that does not hold is an error of the command line.
pub fn check(rules: &[(bool, &str)]) -> Result<(), Failed> {
    match rules.iter().find(|(holds, _)| !holds) {
        Some((_, message)) => Err(Failed::new(Exit::Usage, *message)),
        None => Ok(()),
    }
}

/// The newest checkpoint of a run.
pub fn checkpoint(library: &Path, details: &RunDetails) -> Result<PathBuf, Failed> {
    let id = &details.run.id;
    if let Some((checkpoint, _)) = Folders::beside(library).newest_checkpoint(id) {
        return Ok(checkpoint);
    }
    let message = match details.checkpoints.last() {
        None => format!(
            "run {id} has no checkpoint: none was written, so there is no network to ask; train it again with checkpoint.at_end=true"
        ),
        Some(last) => format!(
            "run {id} has no checkpoint on this machine; ask it on {}, where it was trained, or train it again. Its last one was \
             written to {}",
            details
                .run
                .machine
                .hostname
                .as_deref()
                .unwrap_or("the machine"),
            last.path
        ),
    };
    Err(Failed::new(Exit::Storage, message))
}

/// The first interrupt ends it, with the batch sizes that are done.
pub fn stop_on_interrupt() -> Arc<AtomicBool> {
    let stopped = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&stopped);
    let handler = move || {
        if seen.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        eprintln!("stopping; the batch sizes that are done are kept");
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        tracing::warn!("an interrupt will end the program without its figures: {error}");
    }
    stopped
}
