//! How good the forecasts of earlier runs were.

use crate::analysis::accuracy::{Accuracy, Errors, accuracy};
use crate::cli::table::Table;
use crate::cli::{Exit, Failed, show};
use crate::library::Library;

pub(super) fn run(library: &Library, json: bool) -> Result<Exit, Failed> {
    let found = accuracy(&library.judged_forecasts()?);
    if json {
        show::print_json(&found)?;
        return Ok(Exit::Success);
    }
    if found.is_empty() {
        eprintln!(
            "no forecast can be judged yet: it takes runs that ended by epochs, steps, time or energy, and earlier runs of the \
             same device"
        );
        return Ok(Exit::Success);
    }
    let mut table = Table::new([
        "told from",
        "when",
        "of",
        "n",
        "off by",
        "on average",
        "within its interval",
    ])
    .right(&[3, 4, 5]);
    for one in &found {
        let figures = [("time", Some(one.time)), ("energy", one.energy)];
        for (what, errors) in figures
            .into_iter()
            .filter_map(|(what, errors)| Some((what, errors?)))
        {
            table.push(cells(one, what, errors));
        }
    }
    show::print(&table.to_string())?;
    Ok(Exit::Success)
}

fn cells(one: &Accuracy, what: &str, errors: Errors) -> [String; 7] {
    let from = match one.basis.as_str() {
        "alike" => "runs alike",
        "operations" => "operations",
        _ => "the run itself",
    };
    let when = match (one.basis.as_str(), one.share_from) {
        ("profile", share) => format!("from {:.0} % on", share * 100.0),
        _ => "before".to_owned(),
    };
    let held = match errors.with_interval {
        0 => "no intervals".to_owned(),
        count => format!("{} of {count}", errors.held),
    };
    [
        from.to_owned(),
        when,
        what.to_owned(),
        errors.count.to_string(),
        format!("{:.1} %", errors.median_size * 100.0),
        format!("{:+.1} %", errors.mean * 100.0),
        held,
    ]
}
