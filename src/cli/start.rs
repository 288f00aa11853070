//! What a run starts from: found before it begins, and told afterwards.

use super::{Failed, Place};
use crate::control::{self, Folders, NoTeacher};
use crate::library::RunDetails;
use crate::protocol::Teacher;
use crate::setup::{DistilSetup, FitKind, Setup, StartReport, goes_by_seed, with_seed};

/// The setup with the whole identifiers of the runs that it starts from and learns from, so that its hash does not hang on a name, and the
/// whole path of a file. A name with the seed in it stays, or each seed would be a setup of its own.
///
/// # Errors
/// Where no run is meant, or several could be.
pub fn resolved(mut setup: Setup, place: &Place) -> Result<Setup, Failed> {
    let seed = setup.regime.seed;
    if let Some(distil) = &mut setup.distil
        && !distil.teacher.trim().is_empty()
    {
        let found = place.open()?.run(&with_seed(&distil.teacher, seed))?;
        if !goes_by_seed(&distil.teacher) {
            distil.teacher = found.id;
        }
    }
    let Some(start) = &mut setup.start else {
        return Ok(setup);
    };
    if let Some(given) = start.run_for(seed)
        && !given.trim().is_empty()
    {
        let found = place.open()?.run(&given)?;
        if !start.goes_by_seed() {
            start.run = Some(found.id);
        }
    }
    if let Some(file) = &start.file
        && let Ok(whole) = std::path::absolute(file)
    {
        start.file = Some(whole);
    }
    Ok(setup)
}

/// The run that is to teach, where the setup names one.
///
/// # Errors
/// Where there is none, or it has no checkpoint here.
pub fn teacher(setup: &Setup, place: &Place) -> Result<Option<Teacher>, Failed> {
    if !setup.distil.as_ref().is_some_and(DistilSetup::asks) {
        return Ok(None);
    }
    let library = place.open()?;
    let folders = Folders::beside(library.path());
    let found = control::teacher(
        &library,
        &folders,
        (setup.distil.as_ref(), setup.regime.seed),
    );
    match found {
        Ok(found) => Ok(found.map(|found| found.teacher)),
        Err(NoTeacher::Refused(failure)) => Err(failure.into()),
        Err(NoTeacher::Library(error)) => Err(error.into()),
    }
}

/// What a stored run started from; `None` where it started from nothing.
pub fn of(details: &RunDetails) -> Option<String> {
    let report: StartReport = serde_json::from_value(details.start.clone()?).ok()?;
    Some(report.in_words(details.start_name()))
}

/// Of each layer what became of it, for people.
pub fn layers(details: &RunDetails) -> String {
    let report = details.start.clone();
    let Some(report) = report.and_then(|json| serde_json::from_value::<StartReport>(json).ok())
    else {
        return String::new();
    };
    let mut table = super::table::Table::new(["parameter", "shape", "", "from, or why"]);
    for fit in report.parameters.iter().chain(&report.left) {
        let (word, text) = match &fit.kind {
            FitKind::Taken { from } => ("taken", from),
            FitKind::New { because } => ("new", because),
            FitKind::Left { because } => ("left", because),
        };
        let shape = format!("{:?}", fit.shape);
        table.push([fit.name.clone(), shape, word.to_owned(), text.clone()]);
    }
    format!("\n{table}")
}
