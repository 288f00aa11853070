//! What a sweep adds to its runs: the time between them, in which a worker that stays finds its next run, its meters are
//! started, and trial and run are recorded. Prints the share of the runs' own time; the goal is at most 3 %.

use std::time::Instant;

use joulelab::control::{SweepEvent, SweepLaunch, WorkerCommand, start_sweep};
use joulelab::library::{Library, TrialStatus};
use joulelab::setup::sweep::file::from_toml;

const GOAL: f64 = 0.03;

fn main() {
    let (runs, steps) = (option("--runs", 100), option("--steps", 4000));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let library = folder.path().join("library.sqlite");
    let sweep = from_toml(&format!(
        "repeats = {runs}\ncool_down = {{ kind = \"none\" }}\n[base]\ndevice = \"cpu\"\n[base.dataset]\nname = \"digits\"\n\
         [base.model]\nkind = \"mlp\"\nhidden = [16]\n[base.measure]\nmeters = [\"simulated:steady\"]\nidle_s = 0.5\n\
         [base.regime.stop]\nsteps = {steps}\n"
    ))
    .expect("a sweep");
    let begun = Instant::now();
    let session = start_sweep(SweepLaunch {
        sweep,
        resume: None,
        forecast: None,
        worker: WorkerCommand {
            program: env!("CARGO_BIN_EXE_joulelab").into(),
            arguments: vec!["worker".into()],
        },
        library: library.clone(),
    })
    .expect("it starts");
    for event in session.events {
        if let SweepEvent::Ended(ending) = event {
            assert!(ending.failure.is_none(), "{:?}", ending.failure);
        }
    }
    let wall_s = begun.elapsed().as_secs_f64();
    let library = Library::open(library).expect("it was made");
    let id = &library.sweeps().expect("sweeps")[0].sweep.id;
    let trials = library.trials(id).expect("trials");
    assert!(trials.iter().all(|trial| trial.status == TrialStatus::Done));
    let of_runs: Vec<f64> = trials
        .iter()
        .filter_map(|trial| trial.run_id.as_deref())
        .map(|run| library.run(run).expect("it was recorded").duration_s)
        .collect();
    let runs_s: f64 = of_runs.iter().sum();
    let share = (wall_s - runs_s) / runs_s;
    println!(
        "{} runs of {:.2} s on average",
        of_runs.len(),
        runs_s / of_runs.len() as f64
    );
    println!(
        "sweep {wall_s:.2} s, runs {runs_s:.2} s, {:.1} ms between two",
        1e3 * (wall_s - runs_s) / of_runs.len() as f64
    );
    println!(
        "overhead {:.2} %: goal of {:.0} % {}",
        100.0 * share,
        100.0 * GOAL,
        if share <= GOAL { "met" } else { "missed" }
    );
}

/// The number after `name` among the arguments.
fn option(name: &str, usual: u64) -> u64 {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments
        .nth(1)
        .and_then(|number| number.parse().ok())
        .unwrap_or(usual)
}
