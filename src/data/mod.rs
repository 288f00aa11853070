//! Datasets: the shipped tables, the rendered shapes, the published sets that can be downloaded, and files of the user's,
//! each as a training and a test part with the normalisation that the training part gives.
//!
//! Depends on `setup` and `units` only, and never on Burn or a device: whoever trains puts the samples where they are
//! needed. What one asks a trained network about is made into such samples in [`own`]. Nothing goes out to the network but in [`download::get`]; a set that is not on the disk is an error.
//!
//! A dataset is one file here that implements `Source`, one line in `source`, and its variant in
//! [`DatasetSetup`]; names, defaults, checks and file format follow from the variant.

mod breast_cancer;
mod cartpole;
mod csv_table;
mod dataset;
mod digits;
pub mod download;
mod error;
mod idx;
mod image_folder;
mod modular_addition;
mod normalisation;
mod operations;
pub mod own;
mod published;
pub mod registry;
mod sequence_copy;
mod shapes;
mod shipped;
pub mod split;
mod store;
mod text;

pub use csv_table::columns as csv_columns;
pub use dataset::{DataInfo, Dataset, Features, LabelColumn, Labels, Provenance, Split};
pub use error::DataError;
pub use normalisation::Normalisation;
pub use operations::Operations;
pub use store::{DATA_VARIABLE, Kept, State, Store};

use self::published::Published;

use crate::setup::{DatasetSetup, Problems};

/// What a dataset has to do.
trait Source {
    /// Every sample.
    fn load(&self) -> Result<Dataset, DataError>;

    /// What [`Source::load`] would say of the set. Sets that are costly to load answer without it.
    fn describe(&self) -> Result<DataInfo, DataError> {
        Ok(self.load()?.info)
    }
}

/// The register of datasets.
fn source<'a>(
    setup: &'a DatasetSetup,
    store: &'a Store,
) -> Result<Box<dyn Source + 'a>, DataError> {
    let published = |variant: &str, label: &str| -> Result<Box<dyn Source + 'a>, DataError> {
        Ok(Box::new(Published::new(
            setup.name(),
            variant,
            label,
            store,
        )?))
    };
    Ok(match setup {
        DatasetSetup::Digits(split) => Box::new(digits::Digits(split)),
        DatasetSetup::BreastCancer(split) => Box::new(breast_cancer::BreastCancer(split)),
        DatasetSetup::Shapes(options) => Box::new(shapes::Shapes(options)),
        DatasetSetup::Mnist(_)
        | DatasetSetup::FashionMnist(_)
        | DatasetSetup::Kmnist(_)
        | DatasetSetup::Cifar10(_) => published("", "")?,
        DatasetSetup::Emnist(options) => published(options.split.name(), "")?,
        DatasetSetup::Cifar100(options) => published("", options.labels.name())?,
        DatasetSetup::Idx(options) => Box::new(idx::Idx(&options.folder)),
        DatasetSetup::Folder(options) => Box::new(image_folder::ImageFolder(options)),
        DatasetSetup::Csv(options) => Box::new(csv_table::CsvTable(options)),
        DatasetSetup::Text(options) => Box::new(text::Text(options)),
        DatasetSetup::TextCsv(options) => Box::new(csv_table::TextTable(options)),
        DatasetSetup::ModularAddition(options) => {
            Box::new(modular_addition::ModularAddition(options))
        }
        DatasetSetup::SequenceCopy(options) => Box::new(sequence_copy::SequenceCopy(options)),
        DatasetSetup::CartPole(options) => Box::new(cartpole::CartPole(options)),
    })
}

/// The dataset that `setup` asks for, whole, in memory. Sets that can be downloaded are looked for in [`Store::of_user`].
///
/// # Errors
/// Where the setup is not possible, or files are missing, unreadable or damaged.
pub fn load(setup: &DatasetSetup) -> Result<Dataset, DataError> {
    load_from(setup, &Store::of_user())
}

/// As [`load`], with the downloaded sets of `store`.
///
/// # Errors
/// As [`load`].
pub fn load_from(setup: &DatasetSetup, store: &Store) -> Result<Dataset, DataError> {
    check(setup)?;
    source(setup, store)?.load()
}

/// What the dataset that `setup` asks for is like. Equals the `info` of what [`load`] gives, but large sets are not
/// read or rendered for it: of IDX files only the images' headers and the labels are, of a folder of images only the
/// names.
///
/// # Errors
/// Where the setup is not possible, or files are missing, unreadable or damaged as far as they are read.
pub fn describe(setup: &DatasetSetup) -> Result<DataInfo, DataError> {
    describe_from(setup, &Store::of_user())
}

/// As [`describe`], with the downloaded sets of `store`.
///
/// # Errors
/// As [`describe`].
pub fn describe_from(setup: &DatasetSetup, store: &Store) -> Result<DataInfo, DataError> {
    check(setup)?;
    source(setup, store)?.describe()
}

fn check(setup: &DatasetSetup) -> Result<(), DataError> {
    let mut problems = Problems::default();
    setup.validate(&mut problems);
    Ok(problems.into_result()?)
}
