use crate::window::{Window, short};

/// egui_kittest fails where an input has no accessible name, and on glyphs without a font.
#[test]
fn every_input_of_every_page_has_a_name_and_nothing_lacks_a_glyph() {
    for (size, zoom) in [([1280.0, 720.0], 1.0), ([2560.0, 1440.0], 2.0)] {
        let mut window = Window::with_size(short(), size, zoom);
        for page in [
            "Train",
            "Sweep",
            "Runs",
            "Life cycle",
            "Devices",
            "Settings",
        ] {
            window.go(page);
            window.settle();
            window.harness.check_accessibility();
        }
    }
}

#[test]
fn every_input_has_a_name_while_a_run_is_shown() {
    let mut window = Window::new(short());
    window.click("Start training");
    window.until("the end", |window| window.has("Complete"));
    for view in ["Plots", "Mistakes", "Details"] {
        window.click(view);
        window.settle();
        window.harness.check_accessibility();
    }
    window.go("Runs");
    window.until("the run", |window| window.has_part("digits"));
    window.harness.check_accessibility();
}
