//! Options of the sets that can be downloaded, which all have their own split.

use serde::{Deserialize, Serialize};

use super::problem::Problems;
use crate::units::UnknownName;

/// Writes an enum whose values have names in a setup, so that an unknown one is refused with the nearest.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident, $what:literal {
        $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "&'static str")]
        pub enum $name {
            $($(#[$variant_doc])* $variant),+
        }

        impl $name {
            /// Every value, in the order in which they are offered.
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$variant),+];

            /// The name in a setup.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The value called `name`.
            ///
            /// # Errors
            /// Where there is none; the nearest name is suggested.
            pub fn from_name(name: &str) -> Result<Self, UnknownName> {
                Self::ALL
                    .into_iter()
                    .find(|value| value.name() == name)
                    .ok_or_else(|| UnknownName::new($what, name, Self::ALL.map(Self::name)))
            }
        }

        impl TryFrom<String> for $name {
            type Error = UnknownName;

            fn try_from(name: String) -> Result<Self, UnknownName> {
                Self::from_name(&name)
            }
        }

        impl From<$name> for &'static str {
            fn from(value: $name) -> Self {
                value.name()
            }
        }
    };
}
pub(super) use named;

/// Options of a set that has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoOptions {}

impl NoOptions {
    pub(super) fn validate(&self, _problems: &mut Problems) {}
}

/// Options of EMNIST.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EmnistSetup {
    /// Which of its sets.
    pub split: EmnistSplit,
}

impl EmnistSetup {
    pub(super) fn validate(&self, _problems: &mut Problems) {}
}

named! {
    /// The sets that EMNIST comes in.
    EmnistSplit, "split of emnist" {
        /// 131,600 digits and letters, as many of each of 47 classes.
        #[default]
        Balanced = "balanced",
        /// 814,255 digits, upper-case and lower-case letters, 62 classes.
        ByClass = "byclass",
        /// The same in 47 classes: letters that look alike in both cases are one.
        ByMerge = "bymerge",
        /// 145,600 letters of either case, 26 classes.
        Letters = "letters",
        /// 280,000 digits.
        Digits = "digits",
        /// 70,000 digits, chosen as those of MNIST.
        Mnist = "mnist",
    }
}

/// Options of CIFAR-100.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cifar100Setup {
    /// The label to learn. The other stays available for training several tasks at once.
    pub labels: Cifar100Labels,
}

impl Cifar100Setup {
    pub(super) fn validate(&self, _problems: &mut Problems) {}
}

named! {
    /// What of an image of CIFAR-100 is to be learnt.
    Cifar100Labels, "label of cifar100" {
        /// 100 kinds of things.
        #[default]
        Fine = "fine",
        /// 20 groups of them.
        Coarse = "coarse",
    }
}
