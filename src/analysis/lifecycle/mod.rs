//! The life of a model: what learning it and asking it take in energy, carbon and money, and when what was learnt before has paid off.
//!
//! Pure. Figures of one source share its systematic error, which cancels in their ratios; what is then uncertain is what differs from run
//! to run.

mod assumptions;
mod break_even;
mod cost;
mod given;
mod stages;
#[cfg(test)]
mod tests;
mod uses;

pub use assumptions::{AssumptionError, Assumptions, Embodied, embodied};
pub use break_even::{BreakEven, break_even};
pub use cost::Cost;
pub use given::{GivenAssumptions, GivenEmbodied};
pub use stages::{LifeCycle, Serving, Stage, life_cycle};
pub use uses::{AfterUses, after_uses};
