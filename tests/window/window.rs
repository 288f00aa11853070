//! The window under test, with a library and preferences of its own.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use egui::Theme;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use joulelab::control::WorkerCommand;
use joulelab::data::Store;
use joulelab::data::registry::{self, Recipe};
use joulelab::gui::{App, Datasets, Options, Preferences, ThemeChoice};
use joulelab::library::{Filter, Library, RunRow};
use joulelab::setup::Setup;
use tempfile::TempDir;

/// Ends a test that hangs, long after anything should have happened.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A window with its folder.
pub struct Window {
    pub harness: Harness<'static, App>,
    folder: TempDir,
}

/// A setup that trains for a moment on the CPU.
pub fn short() -> Setup {
    let mut setup = Setup {
        device: "cpu".to_owned(),
        ..Setup::default()
    };
    setup.measure.idle_s = 0.0;
    setup.regime.stop.epochs = Some(2);
    setup
}

/// A setup that would train for minutes.
pub fn long() -> Setup {
    let mut setup = short();
    setup.regime.stop.epochs = Some(5000);
    setup.checkpoint.every_s = 0.0;
    setup
}

impl Window {
    pub fn new(setup: Setup) -> Self {
        Self::with_size(setup, [1280.0, 800.0], 1.0)
    }

    /// In quiet measurement, or not.
    pub fn quiet(setup: Setup, quiet: bool) -> Self {
        let preferences = Preferences {
            setup,
            quiet,
            ..Preferences::default()
        };
        Self::with(preferences, [1280.0, 800.0], |options| options)
    }

    pub fn with_size(setup: Setup, size: [f32; 2], zoom: f32) -> Self {
        let preferences = Preferences {
            setup,
            zoom,
            ..Preferences::default()
        };
        Self::with(preferences, size, |options| options)
    }

    pub fn with(
        preferences: Preferences,
        size: [f32; 2],
        change: impl FnOnce(Options) -> Options,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        preferences
            .save(&folder.path().join("window.json"))
            .expect("preferences are written");
        let options = change(options(folder.path()));
        let theme = match preferences.theme {
            ThemeChoice::Light => Theme::Light,
            ThemeChoice::Dark | ThemeChoice::System => Theme::Dark,
        };
        Self {
            harness: open(options, size, theme),
            folder,
        }
    }

    /// Closes the window as if it were killed, and opens another over the same library and preferences.
    pub fn reopen(self) -> Self {
        let Self { harness, folder } = self;
        drop(harness);
        Self {
            harness: open(options(folder.path()), [1280.0, 800.0], Theme::Dark),
            folder,
        }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn library(&self) -> PathBuf {
        self.folder.path().join("library.sqlite")
    }

    pub fn runs(&self) -> Vec<RunRow> {
        let library = Library::open(self.library()).expect("the library opens");
        library.runs(&Filter::default()).expect("the library reads")
    }

    /// Draws frames until `condition` holds.
    #[track_caller]
    pub fn until(&mut self, what: &str, condition: impl Fn(&Self) -> bool) {
        let since = Instant::now();
        loop {
            self.harness.step();
            if condition(self) {
                return;
            }
            assert!(
                since.elapsed() < PATIENCE,
                "waited in vain for {what}; seen: {:?}",
                self.seen()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Draws frames until the run's network was evaluated.
    #[track_caller]
    pub fn until_evaluated(&mut self) {
        self.until("an evaluation", |window| {
            window
                .after("Accuracy: ")
                .is_some_and(|figure| figure.ends_with('%'))
        });
    }

    /// Draws a few frames.
    pub fn settle(&mut self) {
        for _ in 0..6 {
            self.harness.step();
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn has(&self, label: &str) -> bool {
        self.harness.query_all_by_label(label).next().is_some()
    }

    pub fn has_part(&self, part: &str) -> bool {
        self.harness
            .query_all_by_label_contains(part)
            .next()
            .is_some()
    }

    /// The one label that begins with `start`, without it.
    pub fn after(&self, start: &str) -> Option<String> {
        self.seen()
            .into_iter()
            .find_map(|label| label.strip_prefix(start).map(str::to_owned))
    }

    /// Every name in the window.
    pub fn seen(&self) -> Vec<String> {
        self.harness
            .root()
            .children_recursive()
            .filter_map(|node| {
                let node = node.accesskit_node();
                node.label().or_else(|| node.value())
            })
            .collect()
    }

    #[track_caller]
    pub fn click(&mut self, label: &str) {
        self.until(label, |window| window.has(label));
        self.stand_still(label);
        self.harness.get_by_label(label).click();
        self.settle();
    }

    /// Draws frames until what is called `label` is where it was: a click on what moves is lost.
    fn stand_still(&mut self, label: &str) {
        let mut still = 0;
        for _ in 0..100 {
            let place = |window: &Self| {
                let mut called = window.harness.query_all_by_label(label);
                called.next().map(|node| node.rect())
            };
            let before = place(self);
            self.harness.step();
            still = if place(self) == before { still + 1 } else { 0 };
            if still == 2 {
                return;
            }
        }
    }

    /// Clicks on what may have to be scrolled to.
    #[track_caller]
    pub fn scroll_and_click(&mut self, label: &str) {
        self.until(label, |window| window.has(label));
        self.harness.get_by_label(label).scroll_to_me();
        self.scroll();
        self.click(label);
    }

    /// Draws frames until what is scrolled to stands still: egui takes 0.3 s at most.
    pub fn scroll(&mut self) {
        for _ in 0..12 {
            self.harness.step();
        }
    }

    /// Opens a page by its item in the rail.
    pub fn go(&mut self, page: &str) {
        self.click(page);
    }
}

fn options(folder: &Path) -> Options {
    let sysfs = folder.join("empty-sysfs");
    std::fs::create_dir_all(&sysfs).expect("a folder");
    Options {
        worker: worker(folder, &sysfs),
        library: Some(folder.join("library.sqlite")),
        preferences: Some(folder.join("window.json")),
        datasets: Datasets {
            store: Store::in_folder(folder.join("data")),
            // No test asks the sets' own servers for anything.
            download: crate::recipes::options(),
            recipes: nowhere(),
        },
    }
}

/// The sets that can be downloaded, from addresses that nobody answers at.
fn nowhere() -> Vec<Recipe> {
    let mut recipes = registry::recipes().to_vec();
    for recipe in &mut recipes {
        recipe.mirrors = vec!["http://127.0.0.1:9/".to_owned()];
    }
    recipes
}

fn open(options: Options, size: [f32; 2], theme: Theme) -> Harness<'static, App> {
    Harness::builder()
        .with_size(size)
        // The harness sets a theme of its own otherwise.
        .with_theme(theme)
        .with_render_cursor(false)
        .with_step_dt(1.0 / 30.0)
        .build_eframe(move |created| App::new(&created.egui_ctx, options).expect("threads"))
}

/// No power meter and no adapter of the machine's own: what a test sees must not depend on where it runs.
fn worker(folder: &Path, sysfs: &Path) -> WorkerCommand {
    let assign = |name: &str, value: &Path| {
        let mut text = OsString::from(name);
        text.push("=");
        text.push(value);
        text
    };
    let program = env!("CARGO_BIN_EXE_joulelab");
    let own = ["worker", "--log", "warn"].map(OsString::from);
    if !cfg!(unix) {
        return WorkerCommand {
            program: program.into(),
            arguments: own.into(),
        };
    }
    let mut arguments = vec![
        assign("JOULELAB_SYSFS_ROOT", sysfs),
        assign("JOULELAB_NVML_LIBRARY", &folder.join("no-nvml.so")),
        assign("JOULELAB_DATA", &folder.join("data")),
        assign("VK_DRIVER_FILES", &folder.join("no-driver.json")),
        OsString::from(program),
    ];
    arguments.extend(own);
    WorkerCommand {
        program: "env".into(),
        arguments,
    }
}
