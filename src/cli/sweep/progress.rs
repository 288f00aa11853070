//! How a sweep goes on: trials done, time and energy left.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::analysis::search::words;
use crate::control::{RunEvent, SweepEvent};
use crate::library::{TrialRecord, TrialStatus};
use crate::protocol::Event;
use crate::setup::sweep::{AxisValue, Sweep};
use crate::units::{Metric, duration, estimate, quantity};

/// Shows how a sweep goes on.
pub struct Progress {
    bar: ProgressBar,
    is_terminal: bool,
    quiet: bool,
    total: u64,
    over: u64,
    /// Trials that ended while this watched, with when they began.
    began: HashMap<u64, Instant>,
    ended: u64,
    ended_s: f64,
    energy_j: Option<f64>,
    without_energy: u64,
    now: String,
    metric: Metric,
}

impl Progress {
    /// For a sweep that begins.
    pub fn new(_sweep: &Sweep, quiet: bool) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let bar = if is_terminal && !quiet {
            ProgressBar::new(1)
        } else {
            ProgressBar::hidden()
        };
        let style = ProgressStyle::with_template("{bar:24.yellow} {wide_msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("━╸─");
        bar.set_style(style);
        bar.enable_steady_tick(Duration::from_millis(200));
        Self {
            bar,
            is_terminal,
            quiet,
            total: 0,
            over: 0,
            began: HashMap::new(),
            ended: 0,
            ended_s: 0.0,
            energy_j: None,
            without_energy: 0,
            now: String::new(),
            metric: Metric::default(),
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// Takes an event in.
    pub fn take(&mut self, event: SweepEvent) {
        match event {
            SweepEvent::Began { id, total, over } => {
                self.total = total;
                self.over = over;
                self.line(&format!(
                    "sweep {id} begins; Ctrl-C stops it and keeps everything"
                ));
            }
            SweepEvent::Planned { trials } => self.line(&format!("{trials} more trials")),
            SweepEvent::TrialBegan { number, .. } => {
                self.began.insert(number, Instant::now());
                self.now.clear();
            }
            SweepEvent::Run { event, .. } => self.hear(&event),
            SweepEvent::TrialEnded { trial } => self.end(&trial),
            SweepEvent::Paused => self.line("paused"),
            SweepEvent::Resumed => self.line("goes on"),
            SweepEvent::Ended(_) => {}
        }
        self.draw();
    }

    fn hear(&mut self, event: &RunEvent) {
        let RunEvent::Worker(event) = event else {
            return;
        };
        match &**event {
            Event::Data(data) => self.metric = data.task.metric(),
            Event::CooledDown(cooled) if cooled.waited_s >= 1.0 => {
                let text = format!("paused {}: {}", duration(cooled.waited_s), cooled.text);
                self.line(&text);
            }
            Event::Evaluated { evaluation, .. } => {
                self.now = match evaluation.metric {
                    Some(value) => format!(
                        "epoch {}, test {}",
                        evaluation.epoch,
                        self.metric.format_named(value)
                    ),
                    None => format!("epoch {}", evaluation.epoch),
                };
            }
            _ => {}
        }
    }

    fn end(&mut self, trial: &TrialRecord) {
        let took_s = self
            .began
            .remove(&trial.number)
            .map(|began| began.elapsed().as_secs_f64());
        if let Some(took_s) = took_s.filter(|_| trial.status.is_over()) {
            self.over += 1;
            self.ended += 1;
            self.ended_s += took_s;
            match trial.result.as_ref().and_then(|result| result.energy_j) {
                Some(energy) => *self.energy_j.get_or_insert(0.0) += energy.value,
                None => self.without_energy += 1,
            }
        }
        let text = self.about(trial);
        self.line(&text);
    }

    /// What a trial came to, in a line.
    fn about(&self, trial: &TrialRecord) -> String {
        let values: Vec<AxisValue> =
            serde_json::from_value(trial.values.clone()).unwrap_or_default();
        let mut parts = vec![format!("{:>5}", trial.number), words(&values)];
        parts.push(format!("seed {}", trial.seed));
        parts.push(trial.status.to_string());
        if let Some(result) = &trial.result {
            if let Some(value) = result.value {
                parts.push(result.metric.format_named(value));
            }
            if let Some(energy) = result.energy_j {
                parts.push(estimate(energy, "J"));
            }
            parts.push(duration(result.time_s));
            if result.simulated {
                parts.push("simulated".to_owned());
            }
        }
        if trial.status != TrialStatus::Done {
            parts.extend(trial.reason.clone());
        }
        parts.retain(|part| !part.is_empty());
        parts.join(" · ")
    }

    fn draw(&mut self) {
        self.bar.set_length(self.total.max(1));
        self.bar.set_position(self.over);
        let left = self.total.saturating_sub(self.over);
        let mut parts = vec![format!("{} of {}", self.over, self.total)];
        if self.ended > 0 && left > 0 {
            let each_s = self.ended_s / self.ended as f64;
            parts.push(format!("about {} left", duration(each_s * left as f64)));
            // Where a run has no energy, what is left would be told too low.
            if let Some(energy_j) = self.energy_j.filter(|_| self.without_energy == 0) {
                let each_j = energy_j / self.ended as f64;
                parts.push(format!(
                    "about {} left",
                    quantity(each_j * left as f64, "J")
                ));
            }
        }
        if !self.now.is_empty() {
            parts.push(self.now.clone());
        }
        self.bar.set_message(parts.join(" · "));
    }

    fn line(&self, text: &str) {
        if self.quiet {
            return;
        }
        if self.is_terminal {
            self.bar.println(text);
        } else {
            eprintln!("{text}");
        }
    }
}
