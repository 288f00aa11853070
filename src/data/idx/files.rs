use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use crate::data::DataError;

/// The four files of a set.
pub(super) struct Found {
    /// What the files' names begin with, else the folder's name.
    pub title: String,
    pub train_images: PathBuf,
    pub train_labels: PathBuf,
    pub test_images: PathBuf,
    pub test_labels: PathBuf,
}

/// The usual names, in the order of `Found`; the place of a file in it is its role.
const USUAL: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];
/// So many names of a folder are kept for a message; a folder may hold millions.
const LISTED: usize = 12;

/// For each role the file, by the set's prefix.
type Sets = BTreeMap<String, [Option<PathBuf>; 4]>;

impl Found {
    /// Finds the four files in `folder` by the usual names: `.gz` or not (of both, the plain one), `-idx3` or `.idx3`,
    /// `t10k` or `test`, and with a prefix such as `emnist-letters-`, as long as just one set is complete.
    pub(super) fn in_folder(folder: &Path) -> Result<Self, DataError> {
        let (mut sets, names) = list(folder)?;
        let complete: Vec<String> = sets
            .iter()
            .filter(|(_, files)| files.iter().all(Option::is_some))
            .map(|(prefix, _)| prefix.clone())
            .collect();
        if let [_, _, ..] = complete[..] {
            let shown: Vec<String> = complete
                .iter()
                .take(LISTED)
                .map(|prefix| format!("{prefix}{}", USUAL[0]))
                .collect();
            return Err(DataError::Ambiguous {
                sets: complete.len(),
                names: shown.join(", "),
                path: folder.to_owned(),
            });
        }
        let found = complete
            .first()
            .and_then(|prefix| sets.remove_entry(prefix));
        let Some((
            prefix,
            [
                Some(train_images),
                Some(train_labels),
                Some(test_images),
                Some(test_labels),
            ],
        )) = found
        else {
            return Err(missing(folder, &sets, &names));
        };
        let title = if prefix.is_empty() {
            let name = folder.file_name().unwrap_or(folder.as_os_str());
            name.to_string_lossy().into_owned()
        } else {
            prefix.trim_end_matches(['-', '_', '.']).to_owned()
        };
        Ok(Self {
            title,
            train_images,
            train_labels,
            test_images,
            test_labels,
        })
    }
}

/// The first names of a folder and how many there are.
struct Names {
    first: BTreeSet<String>,
    count: usize,
}

fn list(folder: &Path) -> Result<(Sets, Names), DataError> {
    let failed = |source| DataError::folder(folder, source);
    let mut sets = Sets::new();
    let mut names = Names {
        first: BTreeSet::new(),
        count: 0,
    };
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let file_name = entry.file_name();
        let name = file_name.to_string_lossy();
        // Follows links, and leaves out what would block or never end, such as pipes.
        let is_file = fs::metadata(entry.path()).is_ok_and(|metadata| metadata.is_file());
        if let Some((prefix, role)) = is_file.then(|| parse(&name)).flatten() {
            let files = sets.entry(prefix.to_owned()).or_default();
            let plain = !name.ends_with(".gz");
            if plain || files[role].is_none() {
                files[role] = Some(entry.path());
            }
        }
        names.count += 1;
        names.first.insert(name.into_owned());
        if names.first.len() > LISTED {
            names.first.pop_last();
        }
    }
    Ok((sets, names))
}

/// The set's prefix and the role of the file called `name`, if it is one of a set.
fn parse(name: &str) -> Option<(&str, usize)> {
    let name = name.strip_suffix(".gz").unwrap_or(name);
    let name = name
        .strip_suffix("-ubyte")
        .or_else(|| name.strip_suffix(".ubyte"))?;
    let (name, labels) = [("images", "idx3", 0), ("labels", "idx1", 1)]
        .into_iter()
        .find_map(|(what, dimensions, labels)| {
            let name = name.strip_suffix(dimensions)?.strip_suffix(['-', '.'])?;
            Some((name.strip_suffix(what)?.strip_suffix('-')?, labels))
        })?;
    let (prefix, part) = [("train", 0), ("t10k", 2), ("test", 2)]
        .into_iter()
        .find_map(|(part, role)| Some((name.strip_suffix(part)?, role)))?;
    let whole_word = prefix.is_empty() || prefix.ends_with(['-', '_', '.']);
    whole_word.then_some((prefix, part + labels))
}

/// Says what the set that is nearest to complete lacks, and what is there.
fn missing(folder: &Path, sets: &Sets, names: &Names) -> DataError {
    let lacking = |files: &[Option<PathBuf>; 4]| files.iter().filter(|file| file.is_none()).count();
    let nearest = sets.iter().min_by_key(|(_, files)| lacking(files));
    let missing: Vec<String> = (0..USUAL.len())
        .filter(|role| nearest.is_none_or(|(_, files)| files[*role].is_none()))
        .map(|role| {
            let prefix = nearest.map_or("", |(prefix, _)| prefix);
            format!("{prefix}{}", USUAL[role])
        })
        .collect();
    let mut found = names.first.iter().cloned().collect::<Vec<_>>().join(", ");
    if names.count == 0 {
        found = "nothing".to_owned();
    } else if names.count > names.first.len() {
        found = format!("{found} and {} more", names.count - names.first.len());
    }
    DataError::Missing {
        missing: format!("{} (or .gz)", missing.join(", ")),
        found,
        path: folder.to_owned(),
    }
}
