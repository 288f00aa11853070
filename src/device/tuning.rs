use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Where CubeCL writes a line for each operation that it has tuned, beside the kernels themselves.
pub(super) fn decisions(kernel_cache: &Path) -> PathBuf {
    kernel_cache.join("tuned.jsonl")
}

/// Counts the operations that are tuned while it lives. Runs that tune at the same moment count each other's too: they share
/// the cache.
#[derive(Debug)]
pub struct Tuning {
    file: PathBuf,
    /// Bytes that were there before.
    from: u64,
}

impl Tuning {
    /// Begins; `kernel_cache` is the folder that was given to [`super::use_kernel_cache`].
    pub fn watch(kernel_cache: &Path) -> Self {
        let file = decisions(kernel_cache);
        let from = std::fs::metadata(&file).map_or(0, |found| found.len());
        Self { file, from }
    }

    /// Operations that were tuned since; 0 where the file cannot be read, as before the first one.
    pub fn count(&self) -> u64 {
        let lines = || -> std::io::Result<u64> {
            let mut file = File::open(&self.file)?;
            file.seek(SeekFrom::Start(self.from))?;
            let mut lines = 0;
            for line in BufReader::new(file).split(b'\n') {
                lines += u64::from(!line?.is_empty());
            }
            Ok(lines)
        };
        lines().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn what_was_tuned_before_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Tuning::watch(folder.path()).count(), 0);
        let mut file = File::create(decisions(folder.path())).unwrap();
        file.write_all(b"{}\n{}\n").unwrap();
        let tuning = Tuning::watch(folder.path());
        assert_eq!(tuning.count(), 0);
        file.write_all(b"{\"a\":1}\n").unwrap();
        assert_eq!(tuning.count(), 1);
    }
}
