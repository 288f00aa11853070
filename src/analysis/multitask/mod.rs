//! Several tasks learnt by one network against a network for each: energy, time, parameters and accuracy at equal targets.
//!
//! Runs are compared over seeds. What the separate branch takes for a seed is the sum over its tasks; the ratio of the two
//! branches and its interval are those of [`crate::analysis::sweep::ratio`]; with one seed there is no interval.

mod compare;
mod ratio;
mod run;
pub mod words;

pub use compare::{Branch, Comparison, Mean, Task, compare};
pub use ratio::{BranchRatio, RatioEstimate};
pub use run::{CannotCompare, TaskRun, labels, outcomes};
