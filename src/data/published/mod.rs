//! The sets of the registry, read from where they were put when they were got. `cifar` reads records, `idx` images and
//! labels.

mod cifar;
mod idx;

use std::path::{Path, PathBuf};

use super::{
    DataError, DataInfo, Dataset, Provenance, Source, Split,
    dataset::Heading,
    registry::{Format, Recipe, Variant, recipe},
    store::Store,
};
use crate::{
    setup::{InputShape, Task},
    units::UnknownName,
};

/// A set of the registry.
pub(super) struct Published<'a> {
    recipe: &'a Recipe,
    variant: &'a Variant,
    target: usize,
    store: &'a Store,
}

/// A part whose files are found and believable, but whose samples are not yet read.
trait Part {
    /// Number of samples, at least 1.
    fn samples(&self) -> usize;

    /// Shape of a sample.
    fn input(&self) -> InputShape;

    /// Reads the samples.
    fn read(self: Box<Self>) -> Result<Split, DataError>;
}

impl<'a> Published<'a> {
    /// The set called `name`, of several the one called `variant`, to learn the label `target`; of both the first where
    /// they are empty.
    pub(super) fn new(
        name: &str,
        variant: &str,
        target: &str,
        store: &'a Store,
    ) -> Result<Self, DataError> {
        let recipe = recipe(name)?;
        let variant = recipe.variant(variant).ok_or_else(|| {
            let known = recipe.variants.iter().map(|variant| variant.name.as_str());
            UnknownName::new("variant", variant, known)
        })?;
        let names = || variant.labels.iter().map(|label| label.name.as_str());
        let target = match target {
            "" => 0,
            target => names()
                .position(|name| name == target)
                .ok_or_else(|| UnknownName::new("label", target, names()))?,
        };
        Ok(Self {
            recipe,
            variant,
            target,
            store,
        })
    }

    fn open(&self) -> Result<(Heading, [Box<dyn Part>; 2]), DataError> {
        let folder = self.store.find(self.recipe)?;
        let part = |names: &[String]| -> Result<Box<dyn Part>, DataError> {
            let paths: Vec<PathBuf> = names.iter().map(|name| folder.join(name)).collect();
            Ok(match self.recipe.format {
                Format::Cifar => Box::new(cifar::Records::open(paths, &self.variant.labels)?),
                Format::Idx => Box::new(idx::Pair::open(&paths, self.variant, false)?),
                Format::IdxTransposed => Box::new(idx::Pair::open(&paths, self.variant, true)?),
            })
        };
        let parts = [part(&self.variant.train)?, part(&self.variant.test)?];
        let inputs = [parts[0].input(), parts[1].input()];
        if inputs[0] != inputs[1] {
            return Err(self.unfit(
                format!(
                    "training images are {}, test images {}",
                    inputs[0], inputs[1]
                ),
                &folder,
            ));
        }
        Ok((self.heading(inputs[0]), parts))
    }

    fn unfit(&self, what: String, folder: &Path) -> DataError {
        DataError::Unfit {
            what,
            path: folder.to_owned(),
        }
    }

    fn heading(&self, input: InputShape) -> Heading {
        let recipe = self.recipe;
        let title = match self.variant.name.as_str() {
            "" => recipe.title.clone(),
            name => format!("{}, {name}", recipe.title),
        };
        Heading {
            name: recipe.name.clone(),
            title,
            input,
            task: Task::Classification,
            labels: self.variant.labels.clone(),
            target: self.target,
            provenance: Provenance {
                source: recipe.home.clone(),
                credit: Some(recipe.credit.clone()),
                licence: recipe.licence.clone(),
            },
        }
    }
}

impl Source for Published<'_> {
    fn load(&self) -> Result<Dataset, DataError> {
        let (heading, [train, test]) = self.open()?;
        let (train, test) = (train.read()?, test.read()?);
        Ok(heading.with_parts(train, test))
    }

    fn describe(&self) -> Result<DataInfo, DataError> {
        let (heading, parts) = self.open()?;
        let samples = parts.map(|part| part.samples());
        let bytes = (samples[0] + samples[1]) as u64 * heading.input.len() as u64;
        Ok(heading.info(samples[0], samples[1], bytes))
    }
}
