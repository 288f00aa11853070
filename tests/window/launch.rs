//! The real window, as `joulelab` opens it, on a screen of its own.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn is_there(program: &str) -> bool {
    Command::new(program)
        .arg("-help")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok()
}

/// Whether a screenshot shows more than one colour.
fn is_drawn(screenshot: &Path) -> bool {
    let output = Command::new("convert")
        .arg(screenshot)
        .args(["-format", "%k", "info:"])
        .output()
        .expect("imagemagick runs");
    let colours: u64 = String::from_utf8_lossy(&output.stdout)
        .trim()
        .parse()
        .unwrap_or(0);
    colours > 50
}

#[test]
fn the_window_opens_on_a_screen() {
    if !["Xvfb", "convert", "import"].into_iter().all(is_there) {
        let required =
            std::env::var("JOULELAB_TEST_ADAPTER").is_ok_and(|value| value == "required");
        assert!(!required, "Xvfb and imagemagick are needed here");
        eprintln!("skipped: Xvfb and imagemagick are not installed");
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let display = format!(":{}", 100 + std::process::id() % 400);
    let screen = Command::new("Xvfb")
        .args([&display, "-screen", "0", "1280x800x24"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("Xvfb starts");
    let _screen = Killed(screen);
    std::thread::sleep(Duration::from_secs(2));
    let window = Command::new(env!("CARGO_BIN_EXE_joulelab"))
        .env("DISPLAY", &display)
        .env_remove("WAYLAND_DISPLAY")
        .env("JOULELAB_LIBRARY", folder.path().join("library.sqlite"))
        .env("JOULELAB_WINDOW_FILE", folder.path().join("window.json"))
        .stderr(Stdio::piped())
        .spawn()
        .expect("joulelab starts");
    let mut window = Killed(window);
    let screenshot = folder.path().join("window.png");
    let since = Instant::now();
    loop {
        std::thread::sleep(Duration::from_millis(500));
        let ended = window.0.try_wait().expect("its state can be asked for");
        assert!(ended.is_none(), "the window ended by itself: {ended:?}");
        let taken = Command::new("import")
            .args(["-display", &display, "-window", "root"])
            .arg(&screenshot)
            .status()
            .is_ok_and(|status| status.success());
        if taken && is_drawn(&screenshot) {
            break;
        }
        assert!(
            since.elapsed() < Duration::from_secs(60),
            "nothing was drawn"
        );
    }
    if let Some(keep) = std::env::var_os("JOULELAB_TEST_SCREENSHOT") {
        std::fs::copy(&screenshot, keep).expect("the screenshot is kept");
    }
}
