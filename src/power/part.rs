//! The machine as a tree of parts: which hardware a reading is about, so that nothing is counted twice.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::PciAddress;

/// A part of the machine, as a path from the whole inwards: `machine/processors/package-0/core`. A part contains every
/// part whose path begins with its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Part(String);

impl Part {
    /// The whole machine behind its power supply.
    pub fn machine() -> Self {
        Self("machine".to_owned())
    }

    /// All processor packages, with the graphics inside them.
    pub fn processors() -> Self {
        Self::machine().inside("processors")
    }

    /// One processor package: `package` is what comes after `package-`, such as `0` or `0-die-1`.
    pub fn package(package: &str) -> Self {
        Self::processors().inside(&format!("package-{package}"))
    }

    /// All memory modules.
    pub fn memory() -> Self {
        Self::machine().inside("memory")
    }

    /// The memory modules of one processor package.
    pub fn memory_of(package: &str) -> Self {
        Self::memory().inside(&format!("package-{package}"))
    }

    /// A graphics card with its memory, by its place on the bus.
    pub fn card(address: PciAddress) -> Self {
        Self::machine().inside(&format!("gpu-{address}"))
    }

    /// The one GPU that trains, where its place on the bus is not known.
    pub fn training_gpu() -> Self {
        Self::machine().inside("gpu")
    }

    /// A part inside this one.
    #[must_use]
    pub fn inside(&self, name: &str) -> Self {
        Self(format!("{}/{name}", self.0))
    }

    /// Whether `other` is this part or lies inside it.
    pub fn contains(&self, other: &Self) -> bool {
        other
            .0
            .strip_prefix(&self.0)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Whether the two share hardware: in a tree, one of them then contains the other.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.contains(other) || other.contains(self)
    }

    /// How many steps inside the machine it lies; 0 for the machine.
    pub fn depth(&self) -> usize {
        self.0.matches('/').count()
    }

    /// The name of the part by itself, such as `package-0`.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The part that it is directly inside of; `None` for the machine.
    pub fn parent(&self) -> Option<Self> {
        let (parent, _) = self.0.rsplit_once('/')?;
        Some(Self(parent.to_owned()))
    }

    /// The whole path.
    pub fn path(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether any part of `a` shares hardware with any of `b`.
pub fn overlap(a: &[Part], b: &[Part]) -> bool {
    a.iter().any(|a| b.iter().any(|b| a.overlaps(b)))
}

/// Whether every part of `inner` lies inside one of `outer`.
pub fn covers(outer: &[Part], inner: &[Part]) -> bool {
    inner
        .iter()
        .all(|inner| outer.iter().any(|outer| outer.contains(inner)))
}
