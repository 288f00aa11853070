use std::path::{Path, PathBuf};

/// Where things lie beside a library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    library: PathBuf,
}

impl Folders {
    /// For the library in file `library`.
    pub fn beside(library: &Path) -> Self {
        Self {
            library: library.to_owned(),
        }
    }

    /// The library's file.
    pub fn library(&self) -> &Path {
        &self.library
    }

    /// Checkpoints of a run.
    pub fn checkpoints(&self, run_id: &str) -> PathBuf {
        self.run(run_id).join("checkpoints")
    }

    /// Everything of a run that is not in the library.
    pub fn run(&self, run_id: &str) -> PathBuf {
        self.library
            .parent()
            .unwrap_or(Path::new("."))
            .join("runs")
            .join(run_id)
    }

    /// Tuned kernels, in the platform's folder for caches; none where the platform has no such folder.
    pub fn kernel_cache() -> Option<PathBuf> {
        directories::ProjectDirs::from("", "", "joulelab")
            .map(|folders| folders.cache_dir().join("kernels"))
    }

    /// Logs, in the platform's folder for caches.
    pub fn logs() -> Option<PathBuf> {
        directories::ProjectDirs::from("", "", "joulelab")
            .map(|folders| folders.cache_dir().join("logs"))
    }
}
