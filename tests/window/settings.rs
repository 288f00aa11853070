use joulelab::gui::{Options, Page, Preferences};

use crate::values::write;
use crate::window::{Window, short};

#[test]
fn another_library_is_opened_before_it_is_used() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let (first, second) = (place.path().join("first"), place.path().join("second"));
    let preferences = Preferences {
        setup: short(),
        page: Page::Settings,
        library: Some(first.join("library.sqlite")),
        ..Preferences::default()
    };
    let mut window = Window::with(preferences, [1280.0, 800.0], |options| Options {
        library: None,
        ..options
    });
    let file = place.path().join("file");
    std::fs::write(&file, "no folder").expect("a file");
    write(&mut window, "Library folder", &file.to_string_lossy());
    window.click("Use this folder");
    window.until("a refusal", |window| window.has_part("Nothing was changed"));
    write(&mut window, "Library folder", &second.to_string_lossy());
    window.click("Use this folder");
    window.until("the new library", |window| {
        window.has_part("Another library")
    });
    assert!(second.join("library.sqlite").exists());
}

#[test]
fn a_power_that_cannot_be_is_refused_beside_its_field() {
    let mut window = Window::new(short());
    window.go("Settings");
    for (bad, words) in [("-3", "above 0"), ("much", "no number")] {
        write(&mut window, "CPU at full load", bad);
        window.until("what is wrong", |window| window.has_part(words));
    }
    write(&mut window, "CPU at full load", "65");
    window.until("nothing wrong", |window| !window.has_part("no number"));
    write(&mut window, "CPU idle", "70");
    window.until("what is wrong", |window| window.has_part("65 W"));
}
