//! `joulelab sweeps`.

use crate::analysis::search::words;
use crate::cli::table::Table;
use crate::cli::{Exit, Failed, Place, show};
use crate::library::TrialStatus;
use crate::setup::sweep;

/// Arguments of `joulelab sweeps`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A sweep, to list its trials: identifier, its beginning, or name
    sweep: Option<String>,

    /// Print JSON
    #[arg(long)]
    json: bool,

    /// Remove the sweep from the list; its runs stay
    #[arg(long, requires = "sweep", conflicts_with = "json")]
    delete: bool,
}

/// Lists sweeps, or the trials of one.
pub fn run(args: &Args, place: &Place) -> Result<Exit, Failed> {
    let mut library = place.open()?;
    let Some(given) = &args.sweep else {
        let rows = library.sweeps()?;
        if args.json {
            show::print_json(&rows)?;
            return Ok(Exit::Success);
        }
        let mut table = Table::new([
            "sweep", "name", "status", "searcher", "done", "failed", "began",
        ])
        .right(&[4, 5]);
        for row in rows {
            table.push([
                row.sweep.id.clone(),
                row.sweep.name.clone().unwrap_or_default(),
                row.sweep.status.to_string(),
                row.sweep.searcher.clone(),
                format!("{}/{}", row.over(), row.total()),
                row.count(TrialStatus::Failed).to_string(),
                format!("{:.0}", row.sweep.created_at),
            ]);
        }
        show::print(&table.to_string())?;
        return Ok(Exit::Success);
    };
    let record = library.sweep(given)?;
    if args.delete {
        library.delete_sweep(&record.id)?;
        eprintln!("removed {} from the list; its runs are kept", record.id);
        return Ok(Exit::Success);
    }
    let trials = library.trials(&record.id)?;
    if args.json {
        show::print_json(&serde_json::json!({ "sweep": record, "trials": trials }))?;
        return Ok(Exit::Success);
    }
    let mut table =
        Table::new(["trial", "setup", "seed", "rung", "status", "run", "reason"]).right(&[0, 2, 3]);
    for trial in &trials {
        let values: Vec<sweep::AxisValue> =
            serde_json::from_value(trial.values.clone()).unwrap_or_default();
        table.push([
            trial.number.to_string(),
            words(&values),
            trial.seed.to_string(),
            (trial.rung + 1).to_string(),
            trial.status.to_string(),
            trial.run_id.clone().unwrap_or_default(),
            trial.reason.clone().unwrap_or_default(),
        ]);
    }
    show::print(&table.to_string())?;
    show::print(&super::result::text(&record, &trials))?;
    Ok(Exit::Success)
}

/// The sweeps that come with the program.
pub fn shipped() -> Result<String, Failed> {
    let mut table = Table::new(["name", "about"]);
    for name in sweep::shipped::names() {
        table.push([name.to_owned(), sweep::shipped(name)?.about]);
    }
    Ok(table.to_string())
}
