//! The files that an analysis leaves, each beside its place first and then renamed.

use std::path::{Path, PathBuf};

use super::{Args, made};
use crate::analysis::sweep::Analysis;
use crate::cli::{Exit, Failed, show};
use crate::library::export;
use crate::report::{self, Colours, Plot, Theme};

/// Pixels of a PNG for each point of its plot.
const PIXELS_PER_POINT: f64 = 2.0;

/// Writes what was asked for, and says where to standard error.
pub(super) fn write(args: &Args, title: &str, analysis: &Analysis) -> Result<(), Failed> {
    let wants_plots = args.html.is_some() || args.markdown.is_some() || args.plots.is_some();
    let plots = if wants_plots {
        report::plots(analysis)
    } else {
        Vec::new()
    };
    let theme = if args.dark { Theme::Dark } else { Theme::Light };
    let targets = targets(args, &plots);
    // Told before anything is written, so that a refusal leaves nothing half done.
    if !args.force {
        for path in &targets {
            if path.symlink_metadata().is_ok() {
                return Err(export::ExportError::Exists { path: path.clone() }.into());
            }
        }
    }
    if let Some(path) = &args.csv {
        csv(path, args.force, analysis)?;
    }
    if let Some(path) = &args.html {
        let page = report::html(analysis, title, &made(), &plots);
        file(path, args.force, page.as_bytes())?;
    }
    if let Some(path) = &args.markdown {
        let folder = figures_folder(path);
        let name = folder
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        pictures(&folder, &plots, theme, args.force)?;
        let figures: Vec<(Plot, String)> = plots
            .iter()
            .map(|plot| (plot.clone(), format!("{name}/{}.png", plot.name)))
            .collect();
        let text = report::markdown(analysis, title, &figures);
        file(path, args.force, text.as_bytes())?;
    }
    if let Some(folder) = &args.plots {
        pictures(folder, &plots, theme, args.force)?;
    }
    for path in [&args.csv, &args.html, &args.markdown, &args.plots]
        .into_iter()
        .flatten()
    {
        if path.as_os_str() != "-" {
            eprintln!("wrote {}", path.display());
        }
    }
    Ok(())
}

/// Every file that will be written.
fn targets(args: &Args, plots: &[Plot]) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = [&args.csv, &args.html, &args.markdown]
        .into_iter()
        .flatten()
        .filter(|path| path.as_os_str() != "-")
        .cloned()
        .collect();
    let folders = [
        args.markdown.as_deref().map(figures_folder),
        args.plots.clone(),
    ];
    for folder in folders.into_iter().flatten() {
        for plot in plots {
            paths.push(folder.join(format!("{}.svg", plot.name)));
            paths.push(folder.join(format!("{}.png", plot.name)));
        }
    }
    paths
}

/// `report.md` has its figures in `report-figures`.
fn figures_folder(markdown: &Path) -> PathBuf {
    let mut name = markdown.file_stem().unwrap_or_default().to_owned();
    name.push("-figures");
    markdown.with_file_name(name)
}

fn csv(path: &Path, force: bool, analysis: &Analysis) -> Result<(), Failed> {
    let mut bytes = Vec::new();
    report::setups_csv(analysis, &mut bytes)?;
    if path.as_os_str() == "-" {
        let text = String::from_utf8_lossy(&bytes);
        return show::print(&text);
    }
    file(path, force, &bytes)
}

fn pictures(folder: &Path, plots: &[Plot], theme: Theme, force: bool) -> Result<(), Failed> {
    std::fs::create_dir_all(folder).map_err(|error| {
        let folder = folder.display();
        Failed::new(
            Exit::Storage,
            format!("cannot create the folder for plots: {error}: {folder}"),
        )
    })?;
    for plot in plots {
        let svg = report::svg(&plot.scene, Colours::Of(theme));
        file(
            &folder.join(format!("{}.svg", plot.name)),
            force,
            svg.as_bytes(),
        )?;
        // A scene is never empty, and far from as large as a picture may be unless it has thousands of cells.
        if let Some(png) = report::png(&plot.scene, theme, PIXELS_PER_POINT) {
            file(&folder.join(format!("{}.png", plot.name)), force, &png)?;
        }
    }
    Ok(())
}

fn file(path: &Path, force: bool, bytes: &[u8]) -> Result<(), Failed> {
    Ok(export::write_bytes(path, force, bytes)?)
}
