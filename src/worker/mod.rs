//! The worker: the process that owns the training device and the meters.
//!
//! It is this program's internal `worker` command. It reads commands from standard input and writes events to standard
//! output, one JSON object a line; whatever else prints to standard output, drivers included, lands on standard error.
//! It ends with its run, or at once when its standard input ends: a controller that is gone leaves no orphan.
//!
//! Depends on `train`, `power`, `device` and `protocol`, and on `data` and `setup` below them. Training happens on one thread, meters are read on another, and
//! both meet here on one monotonic clock.

mod answers;
mod controls;
mod convert;
mod meters;
mod outbox;
mod session;
mod streams;

use std::io::{BufRead, Read};
use std::process::ExitCode;
use std::sync::Arc;

use crate::protocol::{Command, Event, Failure, FailureKind, LINE_BYTES_MAX, PROTOCOL, decode};
use controls::Controls;
use outbox::Outbox;

/// Version of this program, as it is stored with every run.
pub const PROGRAM_VERSION: &str = env!("CARGO_PKG_VERSION");

/// Serves one controller over the standard streams.
///
/// # Errors
/// Where the standard streams cannot be set up.
pub fn serve() -> std::io::Result<ExitCode> {
    let channel = streams::take_stdout()?;
    // The controller decides what an interrupt means; the terminal sends it to both.
    if let Err(error) = ctrlc::set_handler(|| {}) {
        tracing::warn!("interrupts cannot be ignored: {error}");
    }
    let outbox = Outbox::start(channel)?;
    outbox.send(Event::Hello {
        protocol: PROTOCOL,
        program_version: PROGRAM_VERSION.to_owned(),
        pid: std::process::id(),
    });
    Ok(Worker {
        outbox,
        controls: Arc::new(Controls::default()),
        running: false,
    }
    .listen())
}

struct Worker {
    outbox: Outbox,
    controls: Arc<Controls>,
    running: bool,
}

impl Worker {
    fn listen(mut self) -> ExitCode {
        let mut input = std::io::stdin().lock();
        let mut line = String::new();
        loop {
            line.clear();
            // A line without an end must not fill the memory.
            let limited = (&mut input)
                .take(LINE_BYTES_MAX as u64)
                .read_line(&mut line);
            match limited {
                Ok(0) | Err(_) => return self.leave(),
                Ok(_) if line.trim().is_empty() => {}
                Ok(_) => match decode(&line) {
                    Ok(command) => self.obey(command),
                    Err(error) => self.outbox.send(Event::Failed(Failure {
                        kind: FailureKind::Protocol,
                        message: error.to_string(),
                    })),
                },
            }
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Devices => answers::devices(&self.outbox),
            Command::Doctor { device, measure } => {
                answers::doctor(&self.outbox, &device, &measure);
            }
            Command::Run(_) if self.running => self.outbox.send(Event::Failed(Failure {
                kind: FailureKind::Protocol,
                message: "a worker trains one run; start another worker".to_owned(),
            })),
            Command::Run(request) => {
                self.running = true;
                session::start(*request, self.outbox.clone(), Arc::clone(&self.controls));
            }
            Command::Pause => self.controls.pause(),
            Command::Resume => self.controls.resume(),
            Command::Checkpoint => self.controls.checkpoint(),
            Command::Stop => self.controls.stop(),
        }
    }

    /// The controller is gone. What it has recorded is safe with it; there is nobody left to train for.
    fn leave(self) -> ExitCode {
        if self.controls.has_ended() {
            // The run's own thread ends the process, with the run's exit code.
            loop {
                std::thread::park();
            }
        }
        if self.running {
            tracing::warn!("the controller is gone; the worker ends with it");
            // The training thread may be deep in a driver: nothing gentler would end it for certain.
            std::process::exit(i32::from(ORPHANED));
        }
        self.outbox.close();
        ExitCode::SUCCESS
    }
}

/// Exit code of a worker whose controller went away in the middle of a run.
const ORPHANED: u8 = 9;
