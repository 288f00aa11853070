//! Every meter as it goes on, until the user ends it or the time is up.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::interrupts::Interrupts;
use super::measuring::{Measuring, Update, until};
use super::{Args, Measured, figures, json};
use crate::cli::{Exit, Failed, Place, show};
use crate::setup::MeasureSetup;

/// Shows the meters and prints what they came to.
pub fn run(args: &Args, measure: &MeasureSetup, place: &Place) -> Result<Exit, Failed> {
    let interrupts = Interrupts::catch();
    let worker = place.worker()?;
    let record = args.record()?;
    let started = Measuring::start(
        &worker,
        &args.device,
        measure,
        place.knowledge(),
        record.as_deref(),
        &interrupts,
    )?;
    let Some(mut measuring) = started else {
        return Ok(Exit::Interrupted);
    };
    let end = args
        .duration
        .map(|duration_s| Instant::now() + Duration::from_secs_f64(duration_s));
    let is_over = || end.is_some_and(|end| Instant::now() >= end);
    let mut view = View::new(args.json);
    let mut last = None;
    let result = loop {
        let interrupted = interrupts.count();
        if interrupted > 0 || is_over() || view.is_closed {
            break measuring.close(&interrupts, interrupted);
        }
        match measuring.next(until(end)) {
            Ok(Some(update)) => {
                view.show(&measuring, &update)?;
                last = Some(update);
            }
            Ok(None) => {}
            Err(error) => break Err(error),
        }
    };
    view.clear();
    match result {
        Ok(Some(end)) => {
            let measured = Measured::new(&measuring, end, measure.rate_hz);
            if args.json {
                view.line(&json::total(&measured))?;
            } else {
                show::print(&figures::total(&measured))?;
            }
            args.write_output(&json::total(&measured))?;
            let came_early = args.duration.is_some() && !is_over();
            Ok(if came_early {
                Exit::Interrupted
            } else {
                Exit::Success
            })
        }
        Ok(None) => Ok(Exit::Interrupted),
        Err(error) => {
            let mut failed = Failed::from(error);
            // The lines of JSON have told it already; totals it has none.
            if let Some(end) = last.filter(|_| !args.json) {
                let measured = Measured::new(&measuring, end, measure.rate_hz);
                show::print(&figures::total(&measured))?;
                failed
                    .message
                    .push_str("\nthe figures are those of the last reading, not of the end");
            }
            Err(failed)
        }
    }
}

/// Where updates go: drawn in place on a terminal, else lines.
struct View {
    /// Hidden where standard output is no terminal.
    bar: ProgressBar,
    is_terminal: bool,
    json: bool,
    /// Whether the reader of standard output has gone away, as `head` does.
    is_closed: bool,
}

impl View {
    fn new(json: bool) -> Self {
        let is_terminal = std::io::stdout().is_terminal();
        let bar = if is_terminal && !json {
            ProgressBar::with_draw_target(None, ProgressDrawTarget::stdout())
        } else {
            ProgressBar::hidden()
        };
        let style = ProgressStyle::with_template("{msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        Self {
            bar,
            is_terminal,
            json,
            is_closed: false,
        }
    }

    fn show(&mut self, measuring: &Measuring, update: &Update) -> Result<(), Failed> {
        if self.json {
            return self.line(&json::update(&measuring.meters, update));
        }
        if self.is_terminal {
            let table = figures::live(&measuring.meters, update);
            // The empty line is what stays where the terminal's own `^C` shifts everything by one.
            self.bar.set_message(format!("\n{}", table.trim_end()));
            return Ok(());
        }
        self.write(&figures::line(update))
    }

    /// One line of JSON.
    fn line<T: Serialize>(&mut self, value: &T) -> Result<(), Failed> {
        let mut text = super::to_json(value)?;
        text.push('\n');
        self.write(&text)
    }

    fn write(&mut self, text: &str) -> Result<(), Failed> {
        let mut out = std::io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                self.is_closed = true;
                Ok(())
            }
            result => Ok(result?),
        }
    }

    fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
