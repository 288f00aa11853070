//! The life of a model as plots, a table and text.

mod lines;
mod stages;
mod table;

use std::path::{Path, PathBuf};

pub use lines::{Lines, lines, uses_in_words};
pub use stages::stages;
pub use table::uses_of_it;

use super::{Colours, Plot, Theme, png, svg};
use crate::analysis::lives::Life;
use crate::library::export::ExportError;

/// Pixels of a PNG for each point of its plot.
const PIXELS_PER_POINT: f64 = 2.0;

/// What the life of a model is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LifeOutput {
    /// A row for each stage.
    Csv,
    /// Everything, as `joulelab lifecycle --json` prints it.
    Json,
    /// Tables and assumptions as text.
    Markdown,
    /// Every plot as SVG and PNG, in a folder.
    Plots,
}

/// Every plot that has something to show.
pub fn life_plots(life: &Life) -> Vec<Plot> {
    let mut plots = vec![Plot {
        name: "stages".to_owned(),
        title: "Shares of the stages".to_owned(),
        scene: stages(&life.life_cycle),
    }];
    plots.extend(Lines::of(life).map(|found| Plot {
        name: "break-even".to_owned(),
        title: "Energy by uses".to_owned(),
        scene: lines(&found, life.life_cycle.assumptions.uses),
    }));
    plots
}

/// The files that `output` at `path` is made of, each with what is in it. `path` is a file, of [`LifeOutput::Plots`] a folder.
///
/// # Errors
/// Where the table cannot be written as CSV.
pub fn life_files(
    output: LifeOutput,
    path: &Path,
    life: &Life,
    title: &str,
    theme: Theme,
) -> Result<Vec<(PathBuf, Vec<u8>)>, ExportError> {
    let one = |bytes: Vec<u8>| vec![(path.to_owned(), bytes)];
    Ok(match output {
        LifeOutput::Csv => {
            let mut bytes = Vec::new();
            table::csv(life, &mut bytes)?;
            one(bytes)
        }
        LifeOutput::Json => {
            // Plain structs and numbers: there is nothing that serde_json could refuse.
            one(serde_json::to_vec_pretty(life).unwrap_or_default())
        }
        LifeOutput::Markdown => one(table::markdown(life, title).into_bytes()),
        LifeOutput::Plots => {
            let mut files = Vec::new();
            for plot in life_plots(life) {
                let svg = svg(&plot.scene, Colours::Of(theme));
                files.push((path.join(format!("{}.svg", plot.name)), svg.into_bytes()));
                if let Some(png) = png(&plot.scene, theme, PIXELS_PER_POINT) {
                    files.push((path.join(format!("{}.png", plot.name)), png));
                }
            }
            files
        }
    })
}
