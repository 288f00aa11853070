//! Small pictures of what does not depend on the machine, drawn on a software adapter and compared with those in the
//! repository. `UPDATE_SNAPSHOTS=1 cargo test --release --test window` writes them anew; whoever does looks at them.

use egui_kittest::SnapshotOptions;
use joulelab::control::WorkerCommand;
use joulelab::gui::{Options, Preferences, ThemeChoice};

use crate::window::{Window, short};

/// Text is drawn by the processor and the same everywhere; edges of shapes may differ by an adapter's rounding.
const PIXELS_MAX: usize = 200;

fn is_wanted() -> bool {
    // Elsewhere the picture would be drawn by an adapter that rounds in its own way.
    std::env::var("JOULELAB_TEST_ADAPTER").is_ok_and(|value| value == "required")
}

fn picture(page: &str, theme: ThemeChoice, name: &str) {
    if !is_wanted() {
        eprintln!("skipped: pictures are compared where JOULELAB_TEST_ADAPTER is `required`");
        return;
    }
    // No worker: the devices of this machine are in no picture.
    let nobody = WorkerCommand {
        program: "no-such-worker".into(),
        arguments: Vec::new(),
    };
    let mut window = Window::with(
        Preferences {
            setup: short(),
            theme,
            ..Preferences::default()
        },
        [1100.0, 700.0],
        |options| Options {
            worker: nobody,
            ..options
        },
    );
    window.go(page);
    window.until("everything to be read", |window| {
        window.has(page) && !window.has_part("Looking") && !window.has_part("Reading")
    });
    for _ in 0..20 {
        window.settle();
    }
    let options = SnapshotOptions::new().max_failed_pixels(PIXELS_MAX);
    window.harness.snapshot_options(name, &options);
}

#[test]
fn the_library_without_runs_in_dark() {
    picture("Runs", ThemeChoice::Dark, "runs-empty-dark");
}

#[test]
fn the_library_without_runs_in_light() {
    picture("Runs", ThemeChoice::Light, "runs-empty-light");
}

#[test]
fn the_first_page_in_dark() {
    picture("Train", ThemeChoice::Dark, "train-first-dark");
}

#[test]
fn the_first_page_in_light() {
    picture("Train", ThemeChoice::Light, "train-first-light");
}
