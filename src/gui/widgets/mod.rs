//! Parts that pages share.

mod figure;
mod parts;

pub use figure::{KeyFigure, energy_in_parts, everyday, figure_hover, key_figure, written_energy};
pub use parts::{caption, card, chip, empty_state, field_label, primary_button, problem, section};
