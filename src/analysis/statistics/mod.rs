//! Statistics that know nothing of energy: distributions, means, tests, rank correlations, least squares.
//!
//! Depends on nothing of this project. Distributions are those of the crate `statrs`. Figures that are no number never
//! count; where there are too few, the answer is `None`, never a guess.

pub mod distributions;
mod least_squares;
mod mean;
mod rank;
mod tests;

pub use least_squares::{Fit, fit, fit_with_last};
pub use mean::{MeanInterval, Moments, mean_interval};
pub use rank::{Correlation, kendall, spearman};
pub use tests::{Test, holm, paired, satterthwaite, welch};
