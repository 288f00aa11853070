//! Sweeps that come with the program: the questions of the paper behind it, small enough for a laptop, and some for a
//! workstation; and the searchers on one of them.

use super::{Sweep, SweepError, file};
use crate::units::UnknownName;

/// A name, and the text of the file that is called so.
macro_rules! file {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../../../assets/sweeps/", $name, ".toml")),
        )
    };
}

/// Name and text of each.
const SHIPPED: [(&str, &str); 20] = [
    file!("paper-digits"),
    file!("paper-shapes"),
    file!("depth-width-digits"),
    file!("activation-digits"),
    file!("optimiser-digits"),
    file!("ways-digits"),
    file!("paper-cifar10"),
    file!("random-digits"),
    file!("halving-digits"),
    file!("zeus-digits"),
    file!("pretrain-shapes"),
    file!("transfer-shapes"),
    file!("pretrain-grey-shapes"),
    file!("transfer-digits"),
    file!("teach-digits"),
    file!("distil-digits"),
    file!("joint-shapes"),
    file!("joint-digits"),
    file!("pretrain-cifar100"),
    file!("transfer-cifar10"),
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
