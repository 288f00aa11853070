//! A sysfs tree in a temporary folder. Include it from any test target with `#[path]`.

use std::{fs, path::Path};

use tempfile::TempDir;

/// What every fake zone's counter can count to, in microjoules.
const RANGE_UJ: u64 = 262_143_328_850;

/// A tree that starts empty.
pub(crate) struct FakeSysfs {
    folder: TempDir,
}

impl FakeSysfs {
    /// An empty tree.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { folder }
    }

    /// Its root, to be used as `/sys`.
    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file, with its folders.
    pub(crate) fn write(&self, file: &str, text: &str) -> &Self {
        let path = self.root().join(file);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("folders");
        fs::write(path, text).expect("the file is written");
        self
    }

    /// A powercap zone such as `intel-rapl:0:1`, with its counter in microjoules.
    pub(crate) fn zone(&self, zone: &str, name: &str, energy_uj: u64) -> &Self {
        self.write(&format!("class/powercap/{zone}/name"), &format!("{name}\n"))
            .write(
                &format!("class/powercap/{zone}/max_energy_range_uj"),
                &format!("{RANGE_UJ}\n"),
            )
            .write(
                &format!("class/powercap/{zone}/energy_uj"),
                &format!("{energy_uj}\n"),
            )
    }
}
