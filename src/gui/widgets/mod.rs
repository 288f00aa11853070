//! Parts that pages share.

mod figure;
pub mod parallel;
mod parts;
mod scene;

pub use figure::{
    KeyFigure, energy_in_parts, everyday, expected_energy, figure_hover, key_figure,
    self_check_differences, written_energy,
};
pub use parts::{
    caption, chip, dialog, empty_state, field_label, primary_button, problem, search_field,
    section, titled_card,
};
pub use scene::scene;
