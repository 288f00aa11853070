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

    /// The newest whole checkpoint of a run, with its step. The disk knows better than the library, which hears of a
    /// checkpoint up to a second later; an unfinished one has another name.
    pub fn newest_checkpoint(&self, run_id: &str) -> Option<(PathBuf, u64)> {
        std::fs::read_dir(self.checkpoints(run_id))
            .ok()?
            .filter_map(Result::ok)
            .filter_map(|entry| {
                let name = entry.file_name();
                let step = name.to_str()?.strip_prefix("step-")?.parse().ok()?;
                Some((entry.path(), step))
            })
            .max_by_key(|(_, step)| *step)
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
