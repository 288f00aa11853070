//! One stretch of time in which the parts are read while the machine rests or works.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::{Exit, Failed};
use crate::control::{self, Heard, LoadPlan, WorkerCommand};
use crate::protocol::{
    CpuPoint, Device, Event, Knowledge, Meter, MeterNow, WallState, WindowEnergy,
};
use crate::setup::MeasureSetup;
use crate::units::{Estimate, quantity};

/// How often the worker is listened to.
const PATIENCE: Duration = Duration::from_millis(200);
/// Parts whose sum is to be compared with a plug meter have to be read for this share of the time.
const COVERAGE_MIN: f64 = 0.9;

/// What to measure.
pub struct Stretch<'a> {
    /// How to start the worker.
    pub worker: &'a WorkerCommand,
    /// Device that draws the load.
    pub device: &'a str,
    /// How the meters are read.
    pub measure: &'a MeasureSetup,
    /// What is known of the machine's power from earlier.
    pub knowledge: &'a Knowledge,
    /// Seconds before the window.
    pub settle_s: f64,
    /// Seconds of the window.
    pub seconds: f64,
}

/// What came of it.
pub struct Measured {
    /// The device that drew the load.
    pub device: Device,
    /// All meters that were read or stood by, with their roles.
    pub meters: Vec<Meter>,
    /// Mean power of the parts added up.
    pub parts_w: Estimate,
    /// How long they were read, s.
    pub seconds: f64,
    /// What was learnt of the processors.
    pub cpu_points: Vec<CpuPoint>,
}

/// The share of the time in which the device works.
pub fn share(state: WallState) -> f64 {
    match state {
        WallState::Idle => 0.0,
        WallState::Load => 1.0,
        WallState::Check => 0.5,
    }
}

impl Stretch<'_> {
    /// Measures while the machine does what `state` says.
    ///
    /// # Errors
    /// Where the worker or the meters fail, or a part has no reading.
    pub fn measure(&self, state: WallState) -> Result<Measured, Failed> {
        let plan = LoadPlan {
            share: share(state),
            settle_s: self.settle_s,
            duration_s: self.seconds,
        };
        let knowledge = self.knowledge.clone();
        let mut watch = control::load(self.worker, self.device, self.measure, plan, knowledge)?;
        let mut progress = Progress::new(self.seconds);
        let mut told = Told::default();
        loop {
            match watch.listen(PATIENCE)? {
                Heard::Event(event) => told.take(*event, &mut progress),
                Heard::Nothing => progress.draw(),
                Heard::End => break,
            }
        }
        progress.bar.finish_and_clear();
        told.result(self.seconds)
    }
}

#[derive(Default)]
struct Told {
    device: Option<Device>,
    meters: Vec<Meter>,
    window: Option<WindowEnergy>,
    cpu_points: Vec<CpuPoint>,
}

impl Told {
    fn take(&mut self, event: Event, progress: &mut Progress) {
        match event {
            Event::Device { device, .. } => self.device = Some(device),
            Event::Meters { meters, .. } => self.meters = meters,
            Event::Readings { t_s, now, .. } => {
                progress.t_s = t_s;
                progress.parts_w = MeterNow::sum_w(&now);
                progress.draw();
            }
            Event::WindowOpened { t_s } => {
                progress.t_s = t_s;
                progress.opened_s = Some(t_s);
            }
            Event::WindowClosed { window, .. } => self.window = Some(window),
            Event::Learnt { cpu_points, .. } => self.cpu_points = cpu_points,
            _ => {}
        }
    }

    fn result(self, wanted_s: f64) -> Result<Measured, Failed> {
        let failed = |message: String| Err(Failed::new(Exit::Failure, message));
        let (Some(device), Some(window)) = (self.device, self.window) else {
            return failed("the worker ended without a measurement".to_owned());
        };
        let is_part = |id: &str| {
            let mut parts = self.meters.iter().filter(|meter| meter.role == "part");
            parts.any(|meter| meter.id == id)
        };
        if let Some(lost) = window.lost.iter().find(|lost| is_part(&lost.meter)) {
            return failed(format!(
                "{} ended while it was read ({}), so there is nothing to compare with the plug meter; try again",
                lost.meter, lost.reason
            ));
        }
        if !window.missing.is_empty() {
            return failed(format!(
                "{} gave no reading, and a line needs every part; `joulelab doctor` tells more",
                window.missing.join(", ")
            ));
        }
        let figure = &window.sum.gross;
        let Some(parts_w) = figure.mean_power_w() else {
            return failed(
                "no meter answers, so there is nothing to compare with the plug meter; `joulelab doctor` tells what was \
                 tried"
                    .to_owned(),
            );
        };
        if figure.coverage() < COVERAGE_MIN {
            return failed(format!(
                "the meters answered for {:.0} % of {wanted_s:.0} s only, too little to compare with the plug meter",
                100.0 * figure.coverage()
            ));
        }
        Ok(Measured {
            device,
            meters: self.meters,
            parts_w,
            seconds: figure.window_s,
            cpu_points: self.cpu_points,
        })
    }
}

/// How far a stretch has come, on a terminal.
struct Progress {
    bar: ProgressBar,
    seconds: f64,
    t_s: f64,
    opened_s: Option<f64>,
    parts_w: Option<f64>,
}

impl Progress {
    fn new(seconds: f64) -> Self {
        let bar = if std::io::stderr().is_terminal() {
            ProgressBar::new(1000)
        } else {
            ProgressBar::hidden()
        };
        let style = ProgressStyle::with_template("   {bar:24.yellow} {wide_msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("━╸─"));
        bar.set_message("looking for meters");
        bar.enable_steady_tick(PATIENCE);
        Self {
            bar,
            seconds,
            t_s: 0.0,
            opened_s: None,
            parts_w: None,
        }
    }

    fn draw(&self) {
        let parts = self
            .parts_w
            .map(|watts| format!(" · parts {}", quantity(watts, "W")))
            .unwrap_or_default();
        match self.opened_s {
            None => self.bar.set_message(format!("settling{parts}")),
            Some(opened_s) => {
                let gone_s = (self.t_s - opened_s).clamp(0.0, self.seconds);
                self.bar
                    .set_position((1000.0 * gone_s / self.seconds) as u64);
                self.bar.set_message(format!(
                    "read the plug meter now: {gone_s:.0} of {:.0} s{parts}",
                    self.seconds
                ));
            }
        }
    }
}
