//! What the recorded figures mean: pure functions, no input or output.
//!
//! Depends on the library's types, `setup` and `units`. Used by `cli` and `gui`.

pub mod accuracy;
mod carbon;
mod difference;
pub mod forecast;
pub mod inference;
mod left;
pub mod lifecycle;
pub mod lineage;
pub mod lives;
pub mod multitask;
mod pareto;
pub mod profile;
pub mod search;
pub mod serving;
mod spans;
pub mod statistics;
pub mod sweep;
pub mod trials;

pub use carbon::{
    CarbonError, CarbonFigure, CarbonIntensity, WORLD_MEAN_G_PER_KWH, countries, lookup,
    operational,
};
pub use difference::{Difference, differences};
pub use left::{Left, left, share_done};
pub use pareto::{pareto_front, pareto_front_of_three};
pub use spans::{Spans, spans};
pub use statistics::{MeanInterval, mean_interval};
