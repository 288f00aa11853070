use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A signal that ended the command reaches this program's own thread for them up to this much later than the end of the command
/// is noticed, on a busy machine.
const ECHO: Duration = Duration::from_secs(1);

/// Counts the user's wishes to end, and passes them on to a command that does not hear them by itself.
///
/// A terminal sends Ctrl-C to every program in front of it, to the command too: nothing is passed on then. A signal that
/// is sent to this process alone cannot be told from that where there is a terminal, so the second is passed on as a
/// request to terminate (SIGTERM), and the third ends the command (SIGKILL). Without a terminal the first is passed on.
#[derive(Default)]
pub struct Interrupts {
    count: AtomicU32,
    command: Mutex<Command>,
}

/// The command that signals may be meant for.
#[derive(Default)]
enum Command {
    /// There is none.
    #[default]
    None,
    /// It runs, as this process.
    Runs(u32),
    /// It ended then.
    Ended(Instant),
}

impl Interrupts {
    /// Interrupts are counted from here on instead of ending the program.
    pub fn catch() -> Arc<Self> {
        let interrupts = Arc::new(Self::default());
        let caught = Arc::clone(&interrupts);
        if let Err(error) = ctrlc::set_handler(move || caught.take()) {
            tracing::warn!("an interrupt will end the program without its figures: {error}");
        }
        interrupts
    }

    /// How many there were.
    pub fn count(&self) -> u32 {
        self.count.load(Ordering::Acquire)
    }

    /// From here on they are for the command that runs as this process too.
    pub fn command_runs(&self, process: u32) {
        *self.command() = Command::Runs(process);
    }

    /// From here on they are for this program alone, but for what the command has just heard as well.
    pub fn command_ended(&self) {
        *self.command() = Command::Ended(Instant::now());
    }

    fn take(&self) {
        let command = self.command();
        if matches!(*command, Command::Ended(then) if then.elapsed() < ECHO) {
            return;
        }
        let so_far = self.count.fetch_add(1, Ordering::AcqRel);
        if let Command::Runs(process) = *command {
            pass_on(process, so_far);
        }
    }

    fn command(&self) -> MutexGuard<'_, Command> {
        self.command.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(unix)]
fn pass_on(process: u32, so_far: u32) {
    use rustix::process::{Pid, Signal, kill_process};
    // Can only be opened by a process that has a terminal.
    let has_terminal = std::fs::File::open("/dev/tty").is_ok();
    let signal = match so_far + u32::from(!has_terminal) {
        0 => return,
        1 => Signal::TERM,
        _ => Signal::KILL,
    };
    let Some(pid) = i32::try_from(process).ok().and_then(Pid::from_raw) else {
        return;
    };
    if let Err(error) = kill_process(pid, signal) {
        tracing::debug!("the command takes no signal: {error}");
    }
}

/// The console sends Ctrl-C to the command itself; there is no other request to end it.
#[cfg(not(unix))]
fn pass_on(_process: u32, _so_far: u32) {}

#[cfg(test)]
mod tests {
    use super::*;

    /// The thread that signals are taken on may be late: the wait for the command is over before it runs.
    #[test]
    fn an_interrupt_that_ended_the_command_is_not_taken_for_another() {
        let interrupts = Interrupts::default();
        interrupts.take();
        assert_eq!(interrupts.count(), 1);
        interrupts.command_ended();
        interrupts.take();
        assert_eq!(interrupts.count(), 1);
        *interrupts.command() = Command::Ended(Instant::now() - ECHO);
        interrupts.take();
        assert_eq!(interrupts.count(), 2);
    }
}
