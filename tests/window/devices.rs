use crate::window::{Window, short};

#[test]
fn meters_are_read_and_idle_power_is_measured_while_the_page_is_open() {
    // High enough that nothing has to be scrolled to.
    let mut window = Window::with_size(short(), [1280.0, 1800.0], 1.0);
    window.go("Devices");
    window.until("a reading", |window| {
        window.has("model:cpu") && window.has("Now") && window.has("Used")
    });
    assert!(window.has_part("Not checked yet"));
    window.click("Measure idle power");
    window.until("progress", |window| {
        window.has("Idle power") && window.has("Cancel")
    });
    window.click("Cancel");
    window.until("the button", |window| window.has("Measure idle power"));
    assert!(!window.has_part("Measured at"));
    window.click("Measure idle power");
    window.until("the result", |window| window.has_part("Measured at"));
    window.until("readings again", |window| window.has("Now"));
    window.click("Live readings");
    window.until("what was read at first", |window| {
        window.has("At discovery")
    });
}

#[test]
fn nothing_is_read_while_a_run_goes_on() {
    let mut window = Window::new(crate::window::long());
    window.go("Devices");
    window.until("a reading", |window| window.has("Now"));
    window
        .harness
        .key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Enter);
    window.settle();
    window.go("Devices");
    window.until("the reason", |window| {
        window.has_part("Stopped while a run goes on")
    });
    assert!(!window.has("Now"));
    window
        .harness
        .key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Period);
    window.until("readings again", |window| window.has("Now"));
}
