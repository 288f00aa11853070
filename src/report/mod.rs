//! Reports of an analysis: plots as vector and pixel images, a self-contained page, Markdown, and the table as CSV.
//!
//! Everything here makes text or bytes from an [`crate::analysis::sweep::Analysis`], or from the life of a model
//! ([`crate::analysis::lives::Life`]), and touches no file, so that the command
//! line and the window write the same. A plot is a [`Scene`], a list of shapes in tokens of colour, which [`svg`] writes for
//! either theme, or for a page that chooses by itself, and [`png()`] draws with the rasteriser that the window's text goes
//! through.
//!
//! Depends on `analysis`, `library` (cells of a CSV) and `units`. Used by `cli` and `gui`.

mod csv;
mod figures;
mod files;
mod html;
mod ink;
mod json;
mod life;
mod markdown;
pub mod plots;
mod raster;
mod scale;
mod scene;
mod svg;
mod text;

pub use csv::{setups_csv, setups_header};
pub use figures::{Row, choices_in_words, rows};
pub use files::{Heading, Output, files};
pub use html::html;
pub use ink::{Ink, Theme};
pub use json::json;
pub use life::{
    LifeOutput, Lines, life_files, life_plots, lines, stages, uses_in_words, uses_of_it,
};
pub use markdown::markdown;
pub use plots::{Answers, Plot, answers, plots};
pub use raster::png;
pub use scene::{Anchor, Scene, Shape, Weight};
pub use svg::{Colours, svg};
pub use text::width;
