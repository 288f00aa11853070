//! What a worker does on a thread of its own, and with which its process ends.

use std::sync::Arc;

use super::controls::Controls;
use super::outbox::Outbox;
use crate::protocol::{Event, Failure, FailureKind};

/// Does `work` on a thread called `name`; the process ends with it. A failure is told to the controller first.
pub fn start(
    name: &str,
    outbox: Outbox,
    controls: Arc<Controls>,
    work: impl FnOnce(&Outbox, &Arc<Controls>) -> Result<(), Failure> + Send + 'static,
) {
    let on_failure = outbox.clone();
    let started = std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            // A panic of a driver or of Burn must still be told to the controller.
            let result =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&outbox, &controls)));
            let code = match result {
                Ok(Ok(())) => 0,
                Ok(Err(failure)) => {
                    outbox.send(Event::Failed(failure));
                    1
                }
                Err(panic) => {
                    outbox.send(Event::Failed(Failure {
                        kind: FailureKind::Training,
                        message: format!("the worker panicked: {}", panic_message(&*panic)),
                    }));
                    101
                }
            };
            controls.end();
            outbox.close();
            std::process::exit(code);
        });
    if let Err(error) = started {
        on_failure.send(Event::Failed(Failure {
            kind: FailureKind::Training,
            message: format!("the system gave no thread to work on: {error}"),
        }));
    }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
        .unwrap_or_else(|| "no message".to_owned())
}
