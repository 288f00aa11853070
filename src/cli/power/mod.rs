//! `joulelab power`: what the machine draws, live, while another program runs, or by a recording.
//!
//! The meters are a worker's; here is a window of time that is opened and closed in it, and how its figures are shown.

mod command;
mod figures;
mod interrupts;
mod json;
mod live;
mod measuring;
mod replay;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Exit, Failed, Place};
use crate::protocol::{IdlePower, Meter};
use crate::setup::{MeasureSetup, Setup};
use measuring::{Measuring, Update};

/// Arguments of `joulelab power`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// GPU to match to its meter where that is not plain: `auto`, `cpu`, a number of `joulelab devices`, or part of a
    /// name; every graphics card with a sensor is read
    #[arg(long, short = 'D', default_value = "auto")]
    device: String,

    /// Use this meter instead of the machine's: `simulated:NAME` or `replay:FILE`; may be given several times
    #[arg(long = "meter", value_name = "METER")]
    meters: Vec<String>,

    /// Readings of each meter a second, 1 to 100
    #[arg(long, value_name = "HERTZ", default_value_t = MeasureSetup::default().rate_hz)]
    rate: f64,

    /// Measure the idle machine for so long first, for net energies as well; 0 skips it
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0)]
    idle: f64,

    /// Power of the CPU at full load in W, where no sensor answers
    #[arg(long, value_name = "WATTS")]
    cpu_tdp: Option<f64>,

    /// End after so long; otherwise Ctrl-C does
    #[arg(long, value_name = "SECONDS", conflicts_with = "command")]
    duration: Option<f64>,

    /// Write every raw reading of the meters to this new file, for `--replay` and `--meter replay:FILE`
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,

    /// Compute a recording again instead of measuring
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["device", "meters", "rate", "idle", "cpu_tdp", "duration", "record", "command"]
    )]
    replay: Option<PathBuf>,

    /// Print JSON: a line for every update and one with the totals; with a command one line on standard error
    #[arg(long)]
    json: bool,

    /// Write the totals as JSON to this file; replaces it
    #[arg(long, short = 'o', value_name = "FILE")]
    output: Option<PathBuf>,

    /// Program to measure from its start to its end, with its arguments; its streams and its exit code are its own
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Measures.
pub fn run(args: &Args, place: &Place) -> Result<Exit, Failed> {
    let measure = args.measure()?;
    args.check_output()?;
    if let Some(file) = &args.replay {
        return replay::run(args, file, place);
    }
    if args.command.is_empty() {
        live::run(args, &measure, place)
    } else {
        command::run(args, &measure, place)
    }
}

impl Args {
    /// How to measure, checked as that of a run is.
    fn measure(&self) -> Result<MeasureSetup, Failed> {
        let setup = Setup {
            measure: MeasureSetup {
                idle_s: self.idle,
                rate_hz: self.rate,
                meters: self.meters.clone(),
                cpu_tdp_w: self.cpu_tdp,
                ..MeasureSetup::default()
            },
            ..Setup::default()
        };
        setup.validate()?;
        if let Some(duration_s) = self.duration
            && !(duration_s > 0.0 && duration_s <= DURATION_S_MAX)
        {
            return Err(Failed::new(
                Exit::Usage,
                format!(
                    "--duration: `{duration_s}` is not possible; allowed: above 0 to {DURATION_S_MAX} seconds"
                ),
            ));
        }
        Ok(setup.measure)
    }

    /// The file to record to, absolute: the worker may be somewhere else.
    fn record(&self) -> Result<Option<PathBuf>, Failed> {
        absolute(self.record.as_deref(), "--record")
    }

    /// A file that cannot be written should be known before hours were measured for it.
    fn check_output(&self) -> Result<(), Failed> {
        let Some(file) = &self.output else {
            return Ok(());
        };
        let opened = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(file);
        opened.map(drop).map_err(|error| cannot_write(file, &error))
    }

    fn write_output<T: Serialize>(&self, totals: &T) -> Result<(), Failed> {
        let Some(file) = &self.output else {
            return Ok(());
        };
        let text = to_json(totals)? + "\n";
        std::fs::write(file, text).map_err(|error| cannot_write(file, &error))
    }
}

/// A year; longer is a slip.
const DURATION_S_MAX: f64 = 366.0 * 86_400.0;

fn absolute(file: Option<&Path>, flag: &str) -> Result<Option<PathBuf>, Failed> {
    file.map(std::path::absolute)
        .transpose()
        .map_err(|error| Failed::new(Exit::Usage, format!("{flag}: {error}")))
}

fn cannot_write(file: &Path, error: &std::io::Error) -> Failed {
    Failed::new(
        Exit::Storage,
        format!(
            "--output: cannot write the totals: {error}: {}",
            file.display()
        ),
    )
}

fn to_json<T: Serialize>(value: &T) -> Result<String, Failed> {
    serde_json::to_string(value)
        .map_err(|error| Failed::new(Exit::Failure, format!("cannot be written as JSON: {error}")))
}

/// A window that is over, with what its figures need to be read.
struct Measured {
    meters: Vec<Meter>,
    idle: Vec<IdlePower>,
    end: Update,
    rate_hz: f64,
}

impl Measured {
    fn new(measuring: &Measuring, end: Update, rate_hz: f64) -> Self {
        Self {
            meters: measuring.meters.clone(),
            idle: measuring.idle.clone(),
            end,
            rate_hz,
        }
    }
}
