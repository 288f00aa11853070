//! The program under test, with a library of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Ends a test that hangs, long after anything should have happened.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// The program with a fresh library in a temporary folder.
pub struct Joulelab {
    folder: TempDir,
    env: Vec<(String, PathBuf)>,
}

impl Joulelab {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        // No power meter of the machine's own: what a test sees must not depend on where it runs.
        let sysfs = folder.path().join("empty-sysfs");
        std::fs::create_dir(&sysfs).expect("a folder");
        let no_nvml = folder.path().join("no-nvml.so");
        Self {
            env: vec![
                ("JOULELAB_SYSFS_ROOT".to_owned(), sysfs),
                ("JOULELAB_NVML_LIBRARY".to_owned(), no_nvml),
                // Nor which datasets the user of this machine has.
                ("JOULELAB_DATA".to_owned(), folder.path().join("data")),
            ],
            folder,
        }
    }

    pub fn with_env(mut self, name: &str, value: &Path) -> Self {
        self.env.retain(|(other, _)| other != name);
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn library(&self) -> PathBuf {
        self.folder.path().join("library.sqlite")
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_joulelab"));
        command
            .args(arguments)
            .arg("--library")
            .arg(self.library())
            // Few kernels to choose from: the first run of a shape takes seconds, not half a minute.
            .env("CUBECL_AUTOTUNE_LEVEL", "minimal")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for (name, value) in &self.env {
            command.env(name, value);
        }
        command
    }

    pub fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("joulelab starts")
    }

    /// Runs a command that must succeed; its standard output.
    pub fn stdout(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        assert!(
            output.status.success(),
            "joulelab {arguments:?} ended with {:?}\n{}",
            output.status.code(),
            text(&output.stderr)
        );
        text(&output.stdout)
    }

    /// Runs a command that must succeed and print JSON.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let stdout = self.stdout(arguments);
        serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}"))
    }

    /// Runs a command that must fail with `code`; its standard error.
    pub fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        let stderr = text(&output.stderr);
        assert_eq!(
            output.status.code(),
            Some(code),
            "joulelab {arguments:?}: {stderr}"
        );
        assert!(!stderr.contains("panicked"), "{stderr}");
        stderr
    }

    /// Trains on the CPU without idle baseline; the stored run as JSON.
    pub fn train(&self, arguments: &[&str]) -> Value {
        let mut all = vec!["run", "--json", "--quiet", "--device", "cpu", "--idle", "0"];
        all.extend_from_slice(arguments);
        self.json(&all)
    }

    pub fn spawn(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().expect("joulelab starts")
    }

    /// The only run of the library, whatever its state.
    pub fn only_run(&self) -> Value {
        let runs = self.json(&["runs", "--json"]);
        let runs = runs.as_array().expect("a list");
        assert_eq!(runs.len(), 1, "{runs:?}");
        runs[0]["run"].clone()
    }

    /// Waits until a checkpoint of the only run lies on the disk.
    pub fn wait_for_checkpoint(&self) {
        wait_until("a checkpoint", || {
            let runs = self.folder().join("runs");
            std::fs::read_dir(runs)
                .into_iter()
                .flatten()
                .flatten()
                .filter_map(|run| std::fs::read_dir(run.path().join("checkpoints")).ok())
                .flatten()
                .flatten()
                .any(|entry| entry.file_name().to_string_lossy().starts_with("step-"))
        });
    }
}

/// Index of the first adapter that can train, hardware or not. Where there is none, the test is skipped; in continuous
/// integration it fails, since there an adapter is installed.
pub fn adapter(joulelab: &Joulelab) -> Option<String> {
    let devices = joulelab.json(&["devices", "--json"]);
    let found = devices
        .as_array()
        .expect("a list")
        .iter()
        .find(|device| {
            device["api"].as_str().is_some_and(|api| api != "gl") && device["kind"] != "other"
        })
        .map(|device| device["index"].to_string());
    if found.is_none() {
        let required =
            std::env::var("JOULELAB_TEST_ADAPTER").is_ok_and(|value| value == "required");
        assert!(
            !required,
            "no graphics adapter was found, and one is required here"
        );
        eprintln!("skipped: no graphics adapter on this machine");
    }
    found
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < PATIENCE, "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Number at a JSON pointer.
pub fn number(value: &Value, pointer: &str) -> f64 {
    value
        .pointer(pointer)
        .and_then(Value::as_f64)
        .unwrap_or_else(|| panic!("no number at {pointer} in {value:#}"))
}
