//! Parts that pages share.

mod figure;
pub mod parallel;
mod parts;
mod scene;

pub use figure::{
    KeyFigure, energy_in_parts, everyday, figure_hover, key_figure, self_check_differences,
    written_energy,
};
pub use parts::{
    caption, chip, empty_state, field_label, modal_frame, primary_button, problem, section,
    titled_card,
};
pub use scene::scene;
