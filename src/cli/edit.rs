//! Deleting runs and writing on them.

use std::path::Path;

use super::{Exit, Failed, Place};
use crate::control::Folders;

/// Arguments of `joulelab delete`.
#[derive(Debug, clap::Args)]
pub struct DeleteArgs {
    /// Runs: identifiers, their beginnings, or names
    #[arg(required_unless_present = "purge")]
    runs: Vec<String>,

    /// Remove all deleted runs for good, with their checkpoints
    #[arg(long)]
    purge: bool,
}

/// Deletes runs; `--purge` removes them for good.
pub fn delete(args: &DeleteArgs, place: &Place) -> Result<Exit, Failed> {
    let mut library = place.open()?;
    let ids = args
        .runs
        .iter()
        .map(|given| library.run(given).map(|run| run.id))
        .collect::<Result<Vec<_>, _>>()?;
    library.delete(&ids)?;
    for id in &ids {
        eprintln!("deleted {id}; `joulelab restore {id}` brings it back");
        let descendants = library.descendants(id)?;
        if let Some(latest) = descendants.first() {
            eprintln!(
                "its work is in {} of the runs that stay (the latest is {latest}): they keep its energy as it was when they began",
                descendants.len()
            );
        }
    }
    if args.purge {
        let folders = Folders::beside(library.path());
        let purged = library.purge()?;
        for checkpoint in &purged.checkpoints {
            remove_run_folder(&folders, checkpoint);
        }
        eprintln!("removed {} runs for good", purged.runs);
    }
    Ok(Exit::Success)
}

/// Removes the folder of the run that `checkpoint` belongs to, where it lies beside this library.
fn remove_run_folder(folders: &Folders, checkpoint: &Path) {
    let Some(run) = checkpoint
        .parent()
        .and_then(Path::parent)
        .and_then(Path::file_name)
    else {
        return;
    };
    let folder = folders.run(&run.to_string_lossy());
    if checkpoint.starts_with(&folder)
        && folder.exists()
        && let Err(error) = std::fs::remove_dir_all(&folder)
    {
        tracing::warn!(
            "cannot remove the checkpoints: {error}: {}",
            folder.display()
        );
    }
}

/// Arguments of `joulelab restore`.
#[derive(Debug, clap::Args)]
pub struct RestoreArgs {
    /// Identifiers of deleted runs
    #[arg(required = true)]
    runs: Vec<String>,
}

/// Brings deleted runs back.
pub fn restore(args: &RestoreArgs, place: &Place) -> Result<Exit, Failed> {
    place.open()?.restore(&args.runs)?;
    Ok(Exit::Success)
}

/// Arguments of `joulelab note`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true))]
pub struct NoteArgs {
    /// Run: identifier, its beginning, or name
    run: String,

    /// Remark; empty removes it
    #[arg(group = "what")]
    text: Option<String>,

    /// Name; empty removes it
    #[arg(long, group = "what")]
    name: Option<String>,

    /// Tag; may be given several times and replaces all tags, empty removes them
    #[arg(long = "tag", group = "what")]
    tags: Vec<String>,
}

/// Sets note, name or tags.
pub fn note(args: &NoteArgs, place: &Place) -> Result<Exit, Failed> {
    let mut library = place.open()?;
    let some = |text: &'_ str| (!text.is_empty()).then(|| text.to_owned());
    if let Some(text) = &args.text {
        library.set_note(&args.run, some(text).as_deref())?;
    }
    if !args.tags.is_empty() {
        let tags: Vec<String> = args.tags.iter().filter_map(|tag| some(tag)).collect();
        library.set_tags(&args.run, &tags)?;
    }
    // Last, since the run may have been meant by its old name.
    if let Some(name) = &args.name {
        library.set_name(&args.run, some(name).as_deref())?;
    }
    Ok(Exit::Success)
}
