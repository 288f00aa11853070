//! `joulelab calibrate`: a line from the sum of the parts to a plug meter, made with a person, kept by the library.

mod guide;
mod kept;
mod measure;
mod watts;

use clap::Subcommand;

use super::{Exit, Failed, Place};
use crate::setup::{Change, MeasureSetup, Setup};
use watts::Watts;

/// Arguments of `joulelab calibrate`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    kept: Option<Kept>,

    #[command(flatten)]
    make: Make,
}

/// What can be done with calibrations that are kept.
#[derive(Debug, Subcommand)]
enum Kept {
    /// List wall calibrations
    List(kept::ListArgs),
    /// Show everything about a wall calibration
    Show(kept::ShowArgs),
    /// Forget a wall calibration: it is no longer applied; figures that used it stay
    Forget(kept::ForgetArgs),
}

/// How to make a calibration.
#[derive(Debug, clap::Args)]
struct Make {
    /// Device that draws the load: `auto`, `cpu`, a number of `joulelab devices`, or part of a name
    #[arg(long, short = 'D', default_value = "auto")]
    device: String,

    /// Seconds over which plug meter and parts are read, each time
    #[arg(long, default_value_t = 60.0)]
    seconds: f64,

    /// Seconds before that, for power and plug meter to settle
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0)]
    settle: f64,

    /// What the plug meter may be off by, as its maker says: `2%` or `0.02`
    #[arg(long, value_name = "SHARE", default_value = "2%", value_parser = share)]
    meter_error: f64,

    /// Check the line at half load; done unless --no-check is given
    #[arg(long)]
    check: bool,

    /// No check at half load: how straight the line is stays unknown
    #[arg(long, conflicts_with = "check")]
    no_check: bool,

    /// Plug meter while idle, W, given in advance; several readings with spaces between
    #[arg(long, value_name = "WATTS", requires = "load_w")]
    idle_w: Option<Watts>,

    /// Plug meter under full load, W, given in advance
    #[arg(long, value_name = "WATTS", requires = "idle_w")]
    load_w: Option<Watts>,

    /// Plug meter under half load, W, given in advance; without it there is no check
    #[arg(
        long,
        value_name = "WATTS",
        requires = "load_w",
        conflicts_with = "no_check"
    )]
    check_w: Option<Watts>,

    /// Store it without asking
    #[arg(long, short = 'y')]
    yes: bool,

    /// Remark on the calibration
    #[arg(long)]
    note: Option<String>,

    /// Power of the CPU at full load in W, as runs will have it; only where no sensor answers
    #[arg(long, value_name = "WATTS", help_heading = "Measuring")]
    cpu_tdp: Option<f64>,

    /// Power of the GPU board at full load in W, as runs will have it; only where no sensor answers
    #[arg(long, value_name = "WATTS", help_heading = "Measuring")]
    gpu_power: Option<f64>,

    /// Use this meter instead of the machine's: `simulated:NAME`; the calibration is then for such runs only
    #[arg(long = "meter", value_name = "METER", help_heading = "Measuring")]
    meters: Vec<String>,

    /// Set any field of `measure`, as for a run; may be given several times
    #[arg(long = "set", value_name = "FIELD=VALUE", help_heading = "Measuring")]
    set: Vec<String>,

    /// Print the calibration as JSON
    #[arg(long)]
    json: bool,
}

impl Make {
    /// How the meters are to be read: as in the runs that the line is for.
    fn measure(&self) -> Result<MeasureSetup, Failed> {
        let mut change = Change::default();
        if let Some(watts) = self.cpu_tdp {
            change.set("measure.cpu_tdp_w", watts);
        }
        if let Some(watts) = self.gpu_power {
            change.set("measure.gpu_board_w", watts);
        }
        if !self.meters.is_empty() {
            change.set("measure.meters", self.meters.clone());
        }
        for assignment in &self.set {
            if !assignment.trim_start().starts_with("measure.") {
                return Err(Failed::new(
                    Exit::Usage,
                    format!("--set {assignment}: only fields of `measure` matter here"),
                ));
            }
            change.assign(assignment)?;
        }
        let setup = change.apply(&Setup::default())?;
        setup.validate()?;
        Ok(setup.measure)
    }

    /// Whether there is a check at half load.
    fn has_check(&self) -> Result<bool, Failed> {
        match (&self.idle_w, &self.check_w) {
            (None, _) => Ok(!self.no_check),
            (Some(_), Some(_)) => Ok(true),
            (Some(_), None) if self.check => Err(Failed::new(
                Exit::Usage,
                "--check with readings given in advance needs --check-w too",
            )),
            (Some(_), None) => Ok(false),
        }
    }
}

/// `2%` or `0.02` as a share.
fn share(text: &str) -> Result<f64, String> {
    let (number, scale) = match text.trim().strip_suffix('%') {
        Some(percent) => (percent.trim(), 0.01),
        None => (text.trim(), 1.0),
    };
    let share = number
        .parse::<f64>()
        .map_err(|_| format!("`{text}` is no share; write `2%` or `0.02`"))?
        * scale;
    if share > 0.0 && share <= 0.2 {
        Ok(share)
    } else {
        Err(format!(
            "`{text}` is {} %; plug meters are off by more than 0 and at most 20 %: write `2%` or `0.02`",
            share * 100.0
        ))
    }
}

/// Makes a calibration, or does what was asked with those that are kept.
pub fn run(args: &Args, place: &Place) -> Result<Exit, Failed> {
    match &args.kept {
        None => guide::make(&args.make, place),
        Some(Kept::List(args)) => kept::list(args, place),
        Some(Kept::Show(args)) => kept::show(args, place),
        Some(Kept::Forget(args)) => kept::forget(args, place),
    }
}
