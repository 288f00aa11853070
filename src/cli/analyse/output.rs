//! The files that an analysis leaves, each beside its place first and then renamed.

use std::path::PathBuf;

use super::{Args, made};
use crate::analysis::sweep::Analysis;
use crate::cli::{Exit, Failed, show};
use crate::library::export;
use crate::report::{self, Heading, Output, Theme};

/// Writes what was asked for, and says where to standard error.
pub(super) fn write(args: &Args, title: &str, analysis: &Analysis) -> Result<(), Failed> {
    let made = made();
    let heading = Heading {
        title,
        made: &made,
        theme: if args.dark { Theme::Dark } else { Theme::Light },
    };
    let asked = [
        (Output::Csv, &args.csv),
        (Output::Html, &args.html),
        (Output::Markdown, &args.markdown),
        (Output::Plots, &args.plots),
    ];
    let asked = || {
        let with_path = asked
            .iter()
            .filter_map(|(output, path)| Some((*output, path.as_ref()?)));
        with_path.filter(|(_, path)| path.as_os_str() != "-")
    };
    let mut files: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    for (output, path) in asked() {
        files.extend(report::files(output, path, analysis, &heading)?);
    }
    // Told before anything is written, so that a refusal leaves nothing half done.
    if !args.force
        && let Some((path, _)) = files
            .iter()
            .find(|(path, _)| path.symlink_metadata().is_ok())
    {
        return Err(export::ExportError::Exists { path: path.clone() }.into());
    }
    for (path, bytes) in &files {
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            std::fs::create_dir_all(folder).map_err(|error| {
                let folder = folder.display();
                let message = format!("cannot create the folder for plots: {error}: {folder}");
                Failed::new(Exit::Storage, message)
            })?;
        }
        export::write_bytes(path, args.force, bytes)?;
    }
    if args
        .csv
        .as_deref()
        .is_some_and(|path| path.as_os_str() == "-")
    {
        let mut bytes = Vec::new();
        report::setups_csv(analysis, &mut bytes)?;
        show::print(&String::from_utf8_lossy(&bytes))?;
    }
    for (_, path) in asked() {
        eprintln!("wrote {}", path.display());
    }
    Ok(())
}
