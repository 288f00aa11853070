use std::path::{Path, PathBuf};

use super::{Colours, Plot, Theme, html, markdown, plots, png, setups_csv, svg};
use crate::analysis::sweep::Analysis;
use crate::library::export::ExportError;

/// Pixels of a PNG for each point of its plot.
const PIXELS_PER_POINT: f64 = 2.0;

/// What an analysis is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// The table of setups.
    Csv,
    /// A page that needs nothing else.
    Html,
    /// Markdown, with its figures in a folder beside it.
    Markdown,
    /// Every plot as SVG and PNG, in a folder.
    Plots,
}

/// What stands on a report beside the analysis.
#[derive(Clone, Debug)]
pub struct Heading<'a> {
    /// What was analysed.
    pub title: &'a str,
    /// Who made it and when, for its foot.
    pub made: &'a str,
    /// Ground of the PNGs.
    pub theme: Theme,
}

/// The files that `output` at `path` is made of, each with what is in it. `path` is a file, of [`Output::Plots`] a folder.
///
/// # Errors
/// Where the table cannot be written as CSV.
pub fn files(
    output: Output,
    path: &Path,
    analysis: &Analysis,
    heading: &Heading<'_>,
) -> Result<Vec<(PathBuf, Vec<u8>)>, ExportError> {
    Ok(match output {
        Output::Csv => {
            let mut bytes = Vec::new();
            setups_csv(analysis, &mut bytes)?;
            vec![(path.to_owned(), bytes)]
        }
        Output::Html => {
            let page = html(analysis, heading.title, heading.made, &plots(analysis));
            vec![(path.to_owned(), page.into_bytes())]
        }
        Output::Markdown => {
            let plots = plots(analysis);
            let folder = figures_folder(path);
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            let figures: Vec<(Plot, String)> = plots
                .iter()
                .map(|plot| (plot.clone(), format!("{name}/{}.png", plot.name)))
                .collect();
            let text = markdown(analysis, heading.title, &figures);
            let mut files = pictures(&folder, &plots, heading.theme);
            files.push((path.to_owned(), text.into_bytes()));
            files
        }
        Output::Plots => pictures(path, &plots(analysis), heading.theme),
    })
}

/// `report.md` has its figures in `report-figures`.
fn figures_folder(markdown: &Path) -> PathBuf {
    let mut name = markdown.file_stem().unwrap_or_default().to_owned();
    name.push("-figures");
    markdown.with_file_name(name)
}

fn pictures(folder: &Path, plots: &[Plot], theme: Theme) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for plot in plots {
        let svg = svg(&plot.scene, Colours::Of(theme));
        files.push((folder.join(format!("{}.svg", plot.name)), svg.into_bytes()));
        // A scene is never empty, and far from as large as a picture may be unless it has thousands of cells.
        if let Some(png) = png(&plot.scene, theme, PIXELS_PER_POINT) {
            files.push((folder.join(format!("{}.png", plot.name)), png));
        }
    }
    files
}
