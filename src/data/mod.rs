//! Datasets: the shipped tables, the rendered shapes and files from a folder, each as a training and a test part with
//! the normalisation that the training part gives.
//!
//! Depends on `setup` and `units` only, and never on Burn or a device: whoever trains puts the samples where they are
//! needed.
//!
//! A dataset is one file here that implements `Source`, one line in `source`, and its variant in
//! [`DatasetSetup`]; names, defaults, checks and file format follow from the variant.

mod breast_cancer;
mod dataset;
mod digits;
mod error;
mod idx;
mod shapes;
mod shipped;
pub mod split;

pub use dataset::{DataInfo, Dataset, Features, LabelColumn, Normalisation, Provenance, Split};
pub use error::DataError;

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
fn source(setup: &DatasetSetup) -> Box<dyn Source + '_> {
    match setup {
        DatasetSetup::Digits(split) => Box::new(digits::Digits(split)),
        DatasetSetup::BreastCancer(split) => Box::new(breast_cancer::BreastCancer(split)),
        DatasetSetup::Shapes(options) => Box::new(shapes::Shapes(options)),
        DatasetSetup::Idx(options) => Box::new(idx::Idx(&options.folder)),
    }
}

/// The dataset that `setup` asks for, whole, in memory.
///
/// # Errors
/// Where the setup is not possible, or files are missing, unreadable or damaged.
pub fn load(setup: &DatasetSetup) -> Result<Dataset, DataError> {
    check(setup)?;
    source(setup).load()
}

/// What the dataset that `setup` asks for is like. Equals the `info` of what [`load`] gives, but large sets are not
/// read or rendered for it: of IDX files only the images' headers and the labels are.
///
/// # Errors
/// Where the setup is not possible, or files are missing, unreadable or damaged as far as they are read.
pub fn describe(setup: &DatasetSetup) -> Result<DataInfo, DataError> {
    check(setup)?;
    source(setup).describe()
}

fn check(setup: &DatasetSetup) -> Result<(), DataError> {
    let mut problems = Problems::default();
    setup.validate(&mut problems);
    Ok(problems.into_result()?)
}
