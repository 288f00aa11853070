use std::time::Duration;

use crate::window::{Window, short};

/// What the window draws is measured as well: it draws when something happens, and not by itself.
#[test]
fn nothing_is_drawn_while_nothing_moves() {
    let mut window = Window::new(short());
    for page in ["Train", "Runs", "Settings"] {
        window.go(page);
        window.harness.remove_cursor();
        let mut delay = Duration::ZERO;
        for _ in 0..100 {
            window.settle();
            let output = window.harness.output();
            delay = output.viewport_output[&egui::ViewportId::ROOT].repaint_delay;
            if delay > Duration::from_secs(60) {
                break;
            }
        }
        assert!(
            delay > Duration::from_secs(60),
            "{page} wants to be drawn again in {delay:?}"
        );
    }
}
