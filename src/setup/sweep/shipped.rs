//! Sweeps that come with the program: the questions of the paper behind it, small enough for a laptop, and one for a
//! workstation; and the searchers on one of them.

use super::{Sweep, SweepError, file};
use crate::units::UnknownName;

/// Name and text of each.
const SHIPPED: [(&str, &str); 9] = [
    (
        "paper-digits",
        include_str!("../../../assets/sweeps/paper-digits.toml"),
    ),
    (
        "paper-shapes",
        include_str!("../../../assets/sweeps/paper-shapes.toml"),
    ),
    (
        "depth-width-digits",
        include_str!("../../../assets/sweeps/depth-width-digits.toml"),
    ),
    (
        "activation-digits",
        include_str!("../../../assets/sweeps/activation-digits.toml"),
    ),
    (
        "optimiser-digits",
        include_str!("../../../assets/sweeps/optimiser-digits.toml"),
    ),
    (
        "paper-cifar10",
        include_str!("../../../assets/sweeps/paper-cifar10.toml"),
    ),
    (
        "random-digits",
        include_str!("../../../assets/sweeps/random-digits.toml"),
    ),
    (
        "halving-digits",
        include_str!("../../../assets/sweeps/halving-digits.toml"),
    ),
    (
        "zeus-digits",
        include_str!("../../../assets/sweeps/zeus-digits.toml"),
    ),
];

/// Names of the sweeps that come with the program.
pub fn names() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|(name, _)| *name)
}

/// The file of the sweep that is called `name`, to be changed or read.
///
/// # Errors
/// Where none is called so; says which are there.
pub fn text(name: &str) -> Result<&'static str, UnknownName> {
    SHIPPED
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| *text)
        .ok_or_else(|| UnknownName::new("sweep", name, names()))
}

/// The sweep that is called `name`.
///
/// # Errors
/// Where none is called so.
pub fn shipped(name: &str) -> Result<Sweep, SweepError> {
    file::from_toml(text(name)?)
}
