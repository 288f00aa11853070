//! Builds the fake management library once per test process and hands out copies, each with a script of its own.
//! Include it from any test target with `#[path]`.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use tempfile::TempDir;

/// The library's source travels inside the test, so that it does not matter where the test runs.
const SOURCE: &str = include_str!("../fake_nvml/lib.rs");

/// One copy of the library with its script.
pub(crate) struct FakeNvml {
    folder: TempDir,
}

impl FakeNvml {
    /// A library that answers as `script` says; see the top of its source for the words.
    pub(crate) fn new(script: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let fake = Self { folder };
        std::fs::copy(built(), fake.path()).expect("a copy of the library");
        fake.rewrite(script);
        fake
    }

    /// The library's file.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("libfake_nvml.so")
    }

    /// Changes what it answers, within 50 ms.
    pub(crate) fn rewrite(&self, script: &str) {
        let (new, used) = (self.folder.path().join("new"), self.script());
        std::fs::write(&new, script).expect("the script is written");
        // In one step, so that the library never reads half of it.
        std::fs::rename(&new, &used).expect("the script is put in place");
    }

    fn script(&self) -> PathBuf {
        self.folder.path().join("libfake_nvml.so.script")
    }
}

fn built() -> &'static Path {
    static BUILT: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = BUILT.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let source = folder.path().join("fake_nvml.rs");
        let library = folder.path().join("libfake_nvml.so");
        std::fs::write(&source, SOURCE).expect("the source is written");
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
        let status = Command::new(&rustc)
            .args(["--crate-type", "cdylib", "--crate-name", "fake_nvml"])
            .args([
                "--edition",
                "2024",
                "-O",
                "-C",
                "panic=abort",
                "-A",
                "warnings",
                "-o",
            ])
            .arg(&library)
            .arg(&source)
            .status()
            .expect("rustc starts; set RUSTC to its path if it is elsewhere");
        assert!(status.success(), "rustc could not build the fake library");
        (folder, library)
    });
    path
}
