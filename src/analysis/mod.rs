//! What the recorded figures mean: pure functions, no input or output.
//!
//! Depends on the library's types, `setup` and `units`. Used by `cli` and `gui`.

mod carbon;
mod left;

pub use carbon::{
    CarbonError, CarbonFigure, CarbonIntensity, WORLD_MEAN_G_PER_KWH, countries, lookup,
    operational,
};
pub use left::{Left, left, share_done};
