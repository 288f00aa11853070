use std::{
    fs::{self, FileType},
    path::{Path, PathBuf},
};

use crate::data::DataError;

/// Most classes that a folder may have.
const CLASSES_MAX: usize = 10_000;
/// Most images that a folder may have.
const IMAGES_MAX: usize = 10_000_000;
/// Files that systems leave in folders, beside those whose name begins with a dot.
const LEFT_BY_SYSTEMS: [&str; 2] = ["Thumbs.db", "desktop.ini"];

/// The files of a set.
pub(super) struct Found {
    /// The names of the classes, in the order of their bytes.
    pub classes: Vec<String>,
    /// The images to learn from, or all of them where the folder has no split.
    pub train: Vec<Labelled>,
    /// The images held out, where the folder has a split.
    pub test: Option<Vec<Labelled>>,
}

/// An image of a class.
#[derive(Clone)]
pub(super) struct Labelled {
    pub path: PathBuf,
    pub class: u16,
}

/// Finds the images in `root`: in `train` and `test` where it has both, else in the folders that it has. Files beside those
/// folders are not looked at, and of a folder with a split nothing but the two.
pub(super) fn find(root: &Path) -> Result<Found, DataError> {
    let folders = folders(root)?;
    let has = |name: &str| folders.iter().any(|folder| folder == name);
    if has("train") && has("test") {
        let (train_root, test_root) = (root.join("train"), root.join("test"));
        let classes = self::folders(&train_root)?;
        let train = images(&train_root, &classes)?;
        let in_test = self::folders(&test_root)?;
        if let Some(other) = in_test.iter().find(|name| !classes.contains(name)) {
            return Err(layout(
                format!("the class `{other}` is in `test` but not in `train`"),
                &test_root,
            ));
        }
        if let Some(other) = classes.iter().find(|name| !in_test.contains(name)) {
            return Err(layout(
                format!("the class `{other}` is in `train` but not in `test`"),
                &test_root,
            ));
        }
        let test = images(&test_root, &classes)?;
        return Ok(Found {
            classes,
            train,
            test: Some(test),
        });
    }
    let train = images(root, &folders)?;
    Ok(Found {
        classes: folders,
        train,
        test: None,
    })
}

/// The names of the folders in `root`, in the order of their bytes.
fn folders(root: &Path) -> Result<Vec<String>, DataError> {
    let mut names = Vec::new();
    for (name, kind) in entries(root)? {
        if kind.is_dir() {
            names.push(name);
        }
        if names.len() > CLASSES_MAX {
            let what = format!("there are more than {CLASSES_MAX} folders");
            return Err(layout(what, root));
        }
    }
    Ok(names)
}

/// The images of `classes`, class by class, each in the order of their names' bytes.
fn images(root: &Path, classes: &[String]) -> Result<Vec<Labelled>, DataError> {
    let what = match classes {
        [] => "there are no folders of images".to_owned(),
        [one] => format!("there is one class only, `{one}`; there must be two at least"),
        _ => String::new(),
    };
    if !what.is_empty() {
        return Err(layout(what, root));
    }
    let mut images = Vec::new();
    for (class, name) in (0_u16..).zip(classes) {
        let folder = root.join(name);
        let before = images.len();
        for (name, kind) in entries(&folder)? {
            let path = folder.join(&name);
            if kind.is_dir() {
                let what = "there is a folder among the images of a class".to_owned();
                return Err(layout(what, &path));
            }
            let end = path.extension().and_then(|end| end.to_str());
            let end = end.map(str::to_ascii_lowercase);
            if !matches!(end.as_deref(), Some("png" | "jpg" | "jpeg")) {
                let what = "there is a file among the images of a class that is no PNG or JPEG";
                return Err(layout(what.to_owned(), &path));
            }
            images.push(Labelled { path, class });
        }
        if images.len() == before {
            return Err(layout(format!("the class `{name}` has no images"), &folder));
        }
        if images.len() > IMAGES_MAX {
            return Err(layout(
                format!("there are more than {IMAGES_MAX} images"),
                root,
            ));
        }
    }
    Ok(images)
}

/// What is in `folder`, links followed, in the order of the names' bytes; without what systems leave there.
fn entries(folder: &Path) -> Result<Vec<(String, FileType)>, DataError> {
    let failed = |source| DataError::folder(folder, source);
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            let what = "the name of a file or folder is no UTF-8".to_owned();
            return Err(layout(what, &entry.path()));
        };
        if name.starts_with('.') || LEFT_BY_SYSTEMS.contains(&name) {
            continue;
        }
        let metadata = fs::metadata(entry.path()).map_err(|source| DataError::Read {
            path: entry.path(),
            source,
        })?;
        let kind = metadata.file_type();
        // Not what would block or never end, such as pipes.
        if !kind.is_dir() && !kind.is_file() {
            return Err(layout(
                "there is something that is neither a file nor a folder".to_owned(),
                &entry.path(),
            ));
        }
        if entries.len() > IMAGES_MAX {
            let what = format!("there are more than {IMAGES_MAX} files");
            return Err(layout(what, folder));
        }
        entries.push((name.to_owned(), kind));
    }
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(entries)
}

fn layout(what: String, path: &Path) -> DataError {
    DataError::Layout {
        what,
        path: path.to_owned(),
    }
}
