//! Plots that stay fast whatever the length of a line.
//!
//! A [`Chart`] shows [`Line`]s, [`Points`] and [`Shade`]s; a pane of the train page and the overlays of the runs page are
//! charts alike. Axes and grid are those of egui_plot; lines are brought down to the first, last, least and greatest
//! value of each column of pixels ([`columns`]) by way of a pyramid of least and greatest values ([`pyramid`]), which
//! only grows as a line grows, and are kept as triangles until something changes ([`memory`]).
//!
//! Depends on `theme`, `units` and egui; knows nothing of runs.

mod axis;
mod bounds;
mod chart;
mod columns;
mod legend;
mod line;
mod memory;
mod pyramid;
mod readout;
mod scatter;
mod screen;
mod shades;
mod smooth;
mod strokes;
mod view;

pub use axis::{Axis, Unit};
pub use chart::{Chart, ChartResponse};
pub use line::{Line, Mark, Points, ScatterPoint, Shade, Tint};
pub use view::SharedX;
