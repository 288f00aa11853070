//! The files that an analysis leaves, each beside its place first and then renamed.

use std::path::PathBuf;

use super::{Args, made};
use crate::analysis::sweep::Analysis;
use crate::cli::{Failed, show};
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
    export::write_files(&files, args.force)?;
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
