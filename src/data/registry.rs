//! The sets that can be downloaded: one table of addresses, sizes, checksums and licences.
//!
//! The table is `assets/datasets/registry.toml`. What it holds is a value ([`Recipe`]), so that whatever gets or reads a
//! set takes it as an argument and knows no address by itself.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::dataset::LabelColumn;
use crate::units::UnknownName;

static TABLE: &str = include_str!("../../assets/datasets/registry.toml");

static RECIPES: LazyLock<Vec<Recipe>> = LazyLock::new(|| {
    #[derive(Deserialize)]
    struct Table {
        set: Vec<Recipe>,
    }
    let table: Table =
        toml::from_str(TABLE).expect("the table is part of the program, and a test reads it");
    table.set
});

/// How to get a set, and what its files hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Name in a setup, and of the folder that holds it.
    pub name: String,
    /// Name for people.
    pub title: String,
    /// What it is, in a line.
    pub what: String,
    /// The page of its authors.
    pub home: String,
    /// Whom to name when it is shown or passed on.
    pub credit: String,
    /// Its licence; `None` where the authors state none.
    #[serde(default)]
    pub licence: Option<String>,
    /// Bytes of what is kept.
    pub bytes_on_disk: u64,
    /// Beginnings of addresses, in the order in which they are tried. A file's name completes one.
    pub mirrors: Vec<String>,
    /// How the samples are stored.
    pub format: Format,
    /// What is downloaded.
    pub files: Vec<RemoteFile>,
    /// The sets that the files hold: one without a name, or several.
    pub variants: Vec<Variant>,
}

/// A file to download.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoteFile {
    /// Its name, without a folder.
    pub name: String,
    /// Its size in bytes: not one more is ever read from a server.
    pub bytes: u64,
    /// SHA-256 of its content, 64 hexadecimal digits.
    pub sha256: String,
    /// Kind of archive that it is; `None` where the file itself is kept.
    #[serde(default)]
    pub archive: Option<Archive>,
    /// What is kept of an archive.
    #[serde(default)]
    pub members: Vec<Member>,
}

/// A kind of archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Archive {
    /// Zip.
    Zip,
    /// Tar, packed with gzip.
    TarGz,
}

/// A file within an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Its path in the archive, parts divided by `/`. It is kept under the last part.
    pub path: String,
    /// Most bytes that it may unpack to.
    pub bytes_max: u64,
}

impl Member {
    /// The name under which it is kept.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// How samples are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// IDX files of images and of labels.
    Idx,
    /// IDX files whose images are columns first.
    IdxTransposed,
    /// Records of a byte for each label and 3×32×32 pixels: red, green, blue, row-major.
    Cifar,
}

/// One of the sets that the files hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// Its name, or empty where there is no other.
    pub name: String,
    /// Files to learn from. IDX: images, labels. CIFAR: one or more, in order.
    pub train: Vec<String>,
    /// Files held out.
    pub test: Vec<String>,
    /// Samples to learn from, as the authors say.
    pub train_samples: usize,
    /// Samples held out, as the authors say.
    pub test_samples: usize,
    /// The label in the files that is the first class.
    #[serde(default)]
    pub first_label: u8,
    /// The labels of a sample, in the order of its record.
    pub labels: Vec<LabelColumn>,
}

/// Every set that can be downloaded, in the order in which they are offered.
pub fn recipes() -> &'static [Recipe] {
    &RECIPES
}

/// The recipe of the set called `name` in a setup.
///
/// # Errors
/// Where there is none; the nearest name is suggested.
pub fn recipe(name: &str) -> Result<&'static Recipe, UnknownName> {
    recipes()
        .iter()
        .find(|recipe| recipe.name == name)
        .ok_or_else(|| {
            let known = recipes().iter().map(|recipe| recipe.name.as_str());
            UnknownName::new("dataset to download", name, known)
        })
}

impl Recipe {
    /// Bytes to download.
    pub fn download_bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// The names of what is kept, in the order of the files.
    pub fn kept(&self) -> impl Iterator<Item = &str> {
        self.files.iter().flat_map(|file| {
            let itself = file.archive.is_none().then_some(file.name.as_str());
            itself
                .into_iter()
                .chain(file.members.iter().map(Member::name))
        })
    }

    /// The variant called `name`; the only one where `name` is empty.
    pub fn variant(&self, name: &str) -> Option<&Variant> {
        self.variants.iter().find(|variant| variant.name == name)
    }
}
