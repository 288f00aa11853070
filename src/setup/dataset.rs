use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

use super::{
    dataset_files::{CsvSetup, FolderSetup, IdxSetup},
    dataset_kind::SampleKind,
    dataset_made::{CartPoleSetup, ModularAdditionSetup, SequenceCopySetup},
    dataset_published::{Cifar100Setup, EmnistSetup, NoOptions},
    dataset_shapes::ShapesSetup,
    dataset_text::{TextCsvSetup, TextSetup},
    problem::Problems,
};
use crate::units::UnknownName;

/// Seeds end where TOML's integers do, so that every setup can be written as TOML.
const MAX_SEED: u64 = i64::MAX as u64;

/// Writes the enum and all that follows from its list of variants, so that a dataset's name, options, defaults and
/// checks cannot drift apart. Options implement `Default`, `Serialize`, `Deserialize` and have `validate`.
macro_rules! datasets {
    ($($(#[$doc:meta])* $variant:ident($options:ty) = $name:literal of $kind:ident),+ $(,)?) => {
        /// Which data to train on. In a file: a table with `name` and the options of that set; what is left out
        /// has its default, and without a name it is `digits`.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(tag = "name")]
        pub enum DatasetSetup {
            $($(#[$doc])* #[serde(rename = $name)] $variant($options)),+
        }

        impl DatasetSetup {
            /// The names there are, in the order in which they are offered.
            pub const NAMES: [&'static str; [$($name),+].len()] = [$($name),+];

            /// The set called `name`, with the default of each option.
            ///
            /// # Errors
            /// Where there is no such set; the nearest name is suggested.
            pub fn from_name(name: &str) -> Result<Self, UnknownName> {
                match name {
                    $($name => Ok(Self::$variant(<$options>::default())),)+
                    _ => Err(UnknownName::new("dataset", name, Self::NAMES)),
                }
            }

            /// The name by which it is asked for.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $name),+ }
            }

            /// What the samples of the set called `name` are; `None` where there is no such set.
            pub fn sample_kind_of(name: &str) -> Option<SampleKind> {
                match name {
                    $($name => Some(SampleKind::$kind),)+
                    _ => None,
                }
            }

            /// What its samples are.
            pub fn sample_kind(&self) -> SampleKind {
                match self { $(Self::$variant(_) => SampleKind::$kind),+ }
            }

            /// Notes each option that is not possible; fields are called `dataset.…`.
            pub fn validate(&self, problems: &mut Problems) {
                match self { $(Self::$variant(options) => options.validate(problems)),+ }
            }

            fn from_table<E: de::Error>(name: &str, options: toml::Table) -> Result<Self, E> {
                let options = toml::Value::Table(options);
                match name {
                    $($name => <$options>::deserialize(options).map(Self::$variant).map_err(
                        |error| E::custom(format_args!(
                            "dataset `{name}`: {}", error.to_string().trim_end()
                        )),
                    ),)+
                    _ => Self::from_name(name).map_err(E::custom),
                }
            }
        }
    };
}

datasets! {
    /// The shipped handwritten digits: 1,797 images of 1×8×8, 10 classes.
    Digits(SplitSetup) = "digits" of Images,
    /// The shipped breast cancer table: 569 rows of 30 features, 2 classes.
    BreastCancer(SplitSetup) = "breast-cancer" of Features,
    /// Rendered shapes on textured ground, of any number and three labels each.
    Shapes(ShapesSetup) = "shapes" of Images,
    /// MNIST: 70,000 handwritten digits of 1×28×28. To be downloaded, as the five that follow.
    Mnist(NoOptions) = "mnist" of Images,
    /// Fashion-MNIST: 70,000 pieces of clothing of 1×28×28, 10 classes.
    FashionMnist(NoOptions) = "fashion-mnist" of Images,
    /// KMNIST: 70,000 cursive Japanese characters of 1×28×28, 10 classes.
    Kmnist(NoOptions) = "kmnist" of Images,
    /// EMNIST: handwritten digits and letters of 1×28×28, in six splits.
    Emnist(EmnistSetup) = "emnist" of Images,
    /// CIFAR-10: 60,000 colour images of 3×32×32, 10 classes.
    Cifar10(NoOptions) = "cifar10" of Images,
    /// CIFAR-100: 60,000 colour images of 3×32×32, 100 classes in 20 groups.
    Cifar100(Cifar100Setup) = "cifar100" of Images,
    /// MNIST-like files in a folder, with their own split.
    Idx(IdxSetup) = "idx" of Images,
    /// Images in a folder for each class.
    Folder(FolderSetup) = "folder" of Images,
    /// A table of numbers and categories in a CSV file.
    Csv(CsvSetup) = "csv" of Features,
    /// A text in a file, by character.
    Text(TextSetup) = "text" of Sequences,
    /// Texts with their classes in a CSV file, by character.
    TextCsv(TextCsvSetup) = "text-csv" of Tokens,
    /// Addition modulo a number, as tokens.
    ModularAddition(ModularAdditionSetup) = "modular-addition" of Tokens,
    /// Sequences of symbols to be written again.
    SequenceCopy(SequenceCopySetup) = "sequence-copy" of Sequences,
    /// A pole to balance on a cart, by reinforcement learning.
    CartPole(CartPoleSetup) = "cartpole" of Environment,
}

impl Default for DatasetSetup {
    fn default() -> Self {
        Self::Digits(SplitSetup::default())
    }
}

// Written by hand because a derived tagged enum can neither suggest the nearest name nor go without a name.
impl<'de> Deserialize<'de> for DatasetSetup {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DatasetVisitor)
    }
}

struct DatasetVisitor;

impl<'de> de::Visitor<'de> for DatasetVisitor {
    type Value = DatasetSetup;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a table with the `name` of a dataset and its options")
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<DatasetSetup, A::Error> {
        let mut name = None;
        let mut options = toml::Table::new();
        while let Some(key) = map.next_key::<String>()? {
            let repeated = if key == "name" {
                name.replace(map.next_value::<String>()?).is_some()
            } else {
                let value = map.next_value().map_err(|error| {
                    de::Error::custom(format_args!("option `{key}` of the dataset: {error}"))
                })?;
                options.insert(key.clone(), value).is_some()
            };
            if repeated {
                let message = format_args!("`{key}` of the dataset is given twice");
                return Err(de::Error::custom(message));
            }
        }
        let name = name.unwrap_or_else(|| DatasetSetup::default().name().to_owned());
        DatasetSetup::from_table(&name, options)
    }
}

/// How a set that comes in one piece is divided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SplitSetup {
    /// Share of the samples held out for testing, above 0 and below 1.
    pub test_fraction: f64,
    /// Seed of the choice, at most `i64::MAX`.
    pub split_seed: u64,
}

impl Default for SplitSetup {
    fn default() -> Self {
        Self {
            test_fraction: 0.2,
            split_seed: 0,
        }
    }
}

impl SplitSetup {
    pub(super) fn validate(&self, problems: &mut Problems) {
        problems.require(
            self.test_fraction > 0.0 && self.test_fraction < 1.0,
            "dataset.test_fraction",
            self.test_fraction,
            "a number above 0 and below 1",
        );
        require_seed(problems, "dataset.split_seed", self.split_seed);
    }
}

pub(super) fn require_seed(problems: &mut Problems, field: &str, seed: u64) {
    problems.require(
        seed <= MAX_SEED,
        field,
        seed,
        format!("a whole number from 0 to {MAX_SEED}"),
    );
}
