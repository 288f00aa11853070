//! How a sweep goes on: trials done, time and energy left.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::analysis::search::words;
use crate::analysis::trials::{ToCome, to_come};
use crate::cli::bar;
use crate::control::{RunEvent, SweepEvent};
use crate::library::{TrialRecord, TrialStatus};
use crate::protocol::Event;
use crate::setup::sweep::AxisValue;
use crate::units::{Metric, duration, estimate, quantity};

/// Shows how a sweep goes on.
pub struct Progress {
    bar: ProgressBar,
    is_terminal: bool,
    quiet: bool,
    total: u64,
    over: u64,
    /// Trials that ended while this watched, without their setups.
    ended: Vec<TrialRecord>,
    /// Time and energy left.
    left: Option<ToCome>,
    now: String,
    metric: Metric,
}

impl Progress {
    /// For a sweep that begins.
    pub fn new(quiet: bool) -> Self {
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
            ended: Vec::new(),
            left: None,
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
            SweepEvent::TrialBegan { .. } => self.now.clear(),
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
        if trial.status.is_over() {
            self.over += 1;
            self.ended.push(TrialRecord {
                setup_json: String::new(),
                ..trial.clone()
            });
            let left = self.total.saturating_sub(self.over);
            self.left = to_come(&self.ended, left).filter(|_| left > 0);
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
        let mut parts = vec![format!("{} of {}", self.over, self.total)];
        if let Some(left) = self.left {
            parts.push(bar::to_come(left.time_s, duration));
            let in_joules = |joules| quantity(joules, "J");
            parts.extend(left.energy_j.map(|energy| bar::to_come(energy, in_joules)));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::TrialResult;
    use crate::units::Estimate;

    fn ended(number: u64, status: TrialStatus, took_s: i64, energy_j: Option<f64>) -> SweepEvent {
        let at = |second| jiff::Timestamp::from_second(1_000_000 + second).ok();
        let trial = TrialRecord {
            number,
            combination: number,
            repeat: 0,
            rung: 0,
            seed: 0,
            values: serde_json::json!([]),
            setup_json: "{}".to_owned(),
            setup_hash: String::new(),
            group_hash: String::new(),
            plan: None,
            status,
            reason: None,
            run_id: None,
            cool_down: None,
            result: energy_j.map(|energy_j| TrialResult {
                energy_j: Some(Estimate::plus_minus(energy_j, 1.0)),
                ..TrialResult::default()
            }),
            began_at: at(0),
            ended_at: at(took_s),
        };
        SweepEvent::TrialEnded {
            trial: Box::new(trial),
        }
    }

    #[test]
    fn what_could_not_run_does_not_make_the_rest_look_short() {
        let mut progress = Progress::new(true);
        progress.take(SweepEvent::Began {
            id: "s".to_owned(),
            total: 6,
            over: 0,
        });
        progress.take(ended(1, TrialStatus::Done, 10, Some(100.0)));
        progress.take(ended(2, TrialStatus::Failed, 0, None));
        progress.take(ended(3, TrialStatus::Done, 20, Some(200.0)));
        let left = progress.left.expect("two trials tell");
        assert_eq!((left.from, left.time_s.value), (2, 45.0));
        assert_eq!(left.energy_j.map(|energy| energy.value), Some(450.0));
        for number in 4..=6 {
            progress.take(ended(number, TrialStatus::Done, 10, Some(100.0)));
        }
        assert_eq!(progress.left, None, "nothing is left");
    }
}
