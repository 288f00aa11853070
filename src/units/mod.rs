//! Quantities and how they are written: joules, watts and seconds with intervals, the boundary a figure covers, and the
//! grade of its source.
//!
//! Depends on nothing else of this project; everything else may use it.

mod boundary;
mod energy;
mod estimate;
mod format;
mod grade;
mod head;
mod latency;
mod metric;
mod names;

pub use boundary::Boundary;
pub use energy::EnergyFigure;
pub use estimate::Estimate;
pub use format::{
    bytes, count, duration, estimate, estimate_in_parts, money, quantity, significant,
};
pub use grade::Grade;
pub use head::{HeadOutcome, HeadProgress, HeadResult};
pub use latency::Latencies;
pub use metric::Metric;
pub use names::{UnknownName, nearest};
