use super::SweepFailure;
use crate::control::{here, is_alive};
use crate::library::{Filter, Library, Run, Status};

/// Refuses where another program of this machine measures a run on the same device. `identity` finds out which that is, and is
/// only asked where there is such a program. Runs of this program are its own to keep apart.
pub fn check(
    library: &Library,
    identity: impl FnOnce() -> Option<String>,
) -> Result<(), SweepFailure> {
    let (machine, owner) = here();
    let filter = Filter {
        status: vec![Status::Running],
        ..Filter::default()
    };
    let is_other = |run: &Run| {
        run.owner.machine == machine.fingerprint
            && run.owner.pid != owner.pid
            && is_alive(run.owner.pid, &run.owner.token)
    };
    let mut others = library.runs(&filter)?.into_iter().map(|row| row.run);
    let Some(first) = others.find(is_other) else {
        return Ok(());
    };
    let identity = identity();
    let mut others = std::iter::once(first).chain(others.filter(is_other));
    let on_it = others.find(|run| {
        identity
            .as_ref()
            .is_none_or(|it| *it == run.device.identity)
    });
    match on_it {
        None => Ok(()),
        Some(run) => Err(SweepFailure::Occupied {
            run_id: run.id,
            device: run.device.name,
        }),
    }
}
