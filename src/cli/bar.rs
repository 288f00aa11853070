//! The progress bar of a run: epoch, loss, metric, samples/s, watts, joules so far, time and energy left.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::heads;
use crate::analysis::forecast::Expected;
use crate::analysis::profile::Profile;
use crate::analysis::{left, share_done};
use crate::control;
use crate::protocol::{Evaluation, Event, MeterNow, PhaseEnergy, Progress};
use crate::setup::{Phase, StopSetup};
use crate::units::{Estimate, Metric, duration, estimate, quantity};

/// Time between two lines where there is no terminal to draw a bar on.
const LINE_EVERY: Duration = Duration::from_secs(5);
/// Length of the bar, in parts.
const PARTS: u64 = 1000;

/// Shows how a run goes on.
pub struct Bar {
    bar: ProgressBar,
    is_terminal: bool,
    quiet: bool,
    stop: StopSetup,
    phase: Option<Phase>,
    /// Steps of the warm-up that were handed over, all of them, and operations that were tuned.
    warm_up: Option<(u64, u64, u64)>,
    epochs: Option<u64>,
    progress: Option<Progress>,
    evaluation: Option<Evaluation>,
    metric: Metric,
    training: Vec<PhaseEnergy>,
    profile: Profile,
    power_w: Option<f64>,
    last_line: Option<Instant>,
}

impl Bar {
    /// For a run with this stop rule.
    pub fn new(stop: &StopSetup, quiet: bool) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let bar = if is_terminal && !quiet {
            ProgressBar::new(PARTS)
        } else {
            ProgressBar::hidden()
        };
        bar.set_style(style());
        bar.enable_steady_tick(Duration::from_millis(200));
        Self {
            bar,
            is_terminal,
            quiet,
            epochs: stop.epochs,
            stop: stop.clone(),
            phase: None,
            warm_up: None,
            progress: None,
            evaluation: None,
            metric: Metric::default(),
            training: Vec::new(),
            profile: Profile::default(),
            power_w: None,
            last_line: None,
        }
    }

    /// A line that stays, above the bar.
    pub fn line(&self, text: &str) {
        if self.quiet {
            return;
        }
        if self.is_terminal {
            self.bar.println(text);
        } else {
            eprintln!("{text}");
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// Takes an event in.
    pub fn take(&mut self, event: &Event) {
        match event {
            Event::PhaseBegan { phase, .. } => {
                self.phase = Some(*phase);
            }
            Event::WarmUp { done, total, tuned } => self.warm_up = Some((*done, *total, *tuned)),
            Event::Data(data) => self.metric = data.task.metric(),
            Event::Progress { progress, .. } => self.progress = Some(progress.clone()),
            Event::Evaluated {
                evaluation,
                training,
                ..
            } => {
                self.evaluation = Some(evaluation.clone());
                self.training.clone_from(training);
                // Without meters nothing says how long evaluations take.
                if let Some(sum) = control::sum_of_parts(training) {
                    let energy_j = sum.gross.energy_j.map(|energy| energy.value);
                    self.profile
                        .evaluated(evaluation.step, sum.gross.window_s, energy_j);
                }
            }
            Event::Energy { now, training, .. } => {
                self.training.clone_from(training);
                self.power_w = MeterNow::sum_w(now);
            }
            _ => return,
        }
        self.draw();
    }

    fn draw(&mut self) {
        let Some(progress) = &self.progress else {
            match self.phase {
                Some(Phase::Idle) => self.bar.set_message("measuring the idle machine"),
                Some(Phase::Load) => self.bar.set_message("loading the dataset"),
                Some(Phase::WarmUp) => self.draw_warm_up("warming up"),
                // The self-check comes before every phase.
                None => self.draw_warm_up("checking the device against the CPU"),
                _ => {}
            }
            return;
        };
        let energy = energy(&self.training);
        let elapsed_s = self.elapsed_s(progress);
        let share = share_done(
            &self.stop,
            progress.step,
            progress.steps_max,
            elapsed_s,
            energy,
        );
        if let Some(share) = share {
            self.bar.set_position((share * PARTS as f64) as u64);
        }
        let left = self.left(progress).or_else(|| {
            let left = left(share?, elapsed_s, energy)?;
            let plain = |value: f64| Expected { value, range: None };
            Some((
                plain(left.time_s),
                left.energy_j.map(|energy| plain(energy.value)),
            ))
        });
        let text = text(
            progress,
            self.epochs,
            self.result(progress),
            self.power_w,
            energy,
            left,
            self.training.iter().any(|part| part.gross.is_simulated()),
        );
        let is_due = self
            .last_line
            .is_none_or(|last| last.elapsed() >= LINE_EVERY);
        if !self.is_terminal && !self.quiet && is_due {
            eprintln!("{text}");
            self.last_line = Some(Instant::now());
        }
        self.bar.set_message(text);
    }

    fn draw_warm_up(&mut self, what: &str) {
        let text = warm_up_text(what, self.warm_up);
        if let Some((done, total @ 1.., _)) = self.warm_up {
            self.bar.set_position(done.min(total) * PARTS / total);
        }
        let is_due = self
            .last_line
            .is_none_or(|last| last.elapsed() >= LINE_EVERY);
        if self.warm_up.is_some() && !self.is_terminal && !self.quiet && is_due {
            eprintln!("{text}");
            self.last_line = Some(Instant::now());
        }
        self.bar.set_message(text);
    }

    /// Seconds and joules left, from the run's own stretches; only where steps end it, since a budget knows no stretches.
    fn left(&self, progress: &Progress) -> Option<(Expected, Option<Expected>)> {
        let has_budget = self.stop.energy_j.is_some() || self.stop.time_s.is_some();
        let steps_left = progress.steps_max?.checked_sub(progress.step)?;
        let left = self.profile.left(steps_left).filter(|_| !has_budget)?;
        Some((left.time_s, left.energy_j))
    }

    /// How good it is: on the held-out samples where they have been looked at.
    fn result(&self, progress: &Progress) -> Option<String> {
        let evaluation = self.evaluation.as_ref();
        if let Some(found) = evaluation.filter(|found| !found.heads.is_empty()) {
            let heads = found.heads.iter();
            let heads = heads.map(|head| format!("{} {}", head.head, heads::value(head)));
            let heads: Vec<String> = heads.collect();
            return Some(format!("test {}", heads.join(", ")));
        }
        if evaluation.is_none() && !progress.heads.is_empty() {
            let heads = progress.heads.iter().map(|head| {
                let value = head
                    .value
                    .map_or("-".to_owned(), |value| head.metric.format(value));
                format!("{} {value}", head.head)
            });
            return Some(format!("train {}", heads.collect::<Vec<_>>().join(", ")));
        }
        let held_out = evaluation.and_then(|found| found.metric);
        let (of, value) = match held_out {
            Some(value) => ("test", value),
            None => ("train", progress.metric?),
        };
        Some(format!("{of} {}", self.metric.format_named(value)))
    }

    /// Seconds of training and evaluation, as the meters saw them; of training alone where there is no meter.
    fn elapsed_s(&self, progress: &Progress) -> f64 {
        self.training
            .iter()
            .map(|part| part.gross.window_s)
            .fold(progress.train_s, f64::max)
    }
}

fn warm_up_text(what: &str, progress: Option<(u64, u64, u64)>) -> String {
    let mut parts = vec![what.to_owned()];
    let tuned = progress.map_or(0, |(_, _, tuned)| tuned);
    if let Some((done, total @ 1.., _)) = progress {
        parts.push(format!("step {} of {total}", (done + 1).min(total)));
    }
    parts.push(match tuned {
        0 => "kernels are compiled, and tuned at the first run of a shape".to_owned(),
        1 => "1 operation tuned, which is kept".to_owned(),
        tuned => format!("{tuned} operations tuned, which is kept"),
    });
    parts.join(" · ")
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{bar:24.yellow} {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╸─")
}

fn energy(training: &[PhaseEnergy]) -> Option<Estimate> {
    control::sum_of_parts(training)?.gross.energy_j
}

fn text(
    progress: &Progress,
    epochs: Option<u64>,
    result: Option<String>,
    power_w: Option<f64>,
    energy: Option<Estimate>,
    left: Option<(Expected, Option<Expected>)>,
    simulated: bool,
) -> String {
    let mut parts = vec![match epochs {
        Some(epochs) => format!("epoch {}/{epochs}", progress.epoch),
        None => format!("epoch {}", progress.epoch),
    }];
    if let Some(loss) = progress.loss {
        parts.push(format!("loss {loss:.4}"));
    }
    parts.extend(result);
    parts.push(format!("{:.0} samples/s", progress.samples_per_s));
    if let Some(power_w) = power_w {
        parts.push(quantity(power_w, "W"));
    }
    if let Some(energy) = energy {
        parts.push(estimate(energy, "J"));
    }
    if let Some((time_s, energy_j)) = left {
        parts.push(to_come(time_s, duration));
        parts.extend(energy_j.map(|energy_j| to_come(energy_j, |joules| quantity(joules, "J"))));
    }
    if simulated {
        parts.push("simulated".to_owned());
    }
    parts.join(" · ")
}

/// `12.3 s left (11.0 s to 14.1 s)`.
pub(super) fn to_come(left: Expected, written: impl Fn(f64) -> String) -> String {
    let range = left
        .range
        .filter(|(low, high)| high > low)
        .map(|(low, high)| {
            let (low, high) = (written(low), written(high));
            if low == high {
                String::new()
            } else {
                format!(" ({low} to {high})")
            }
        });
    format!("{} left{}", written(left.value), range.unwrap_or_default())
}
