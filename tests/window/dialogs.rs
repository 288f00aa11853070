//! Dialogs inside the window, and the lists that open in them.

use egui::{Event, Key, Modifiers, PointerButton, Pos2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use joulelab::library::Status;

use crate::stored::{paper, store};
use crate::window::{Window, short};

/// Presses and lets go in one frame, as it comes to a window whose frames are slow.
fn quick_click(window: &mut Window, at: Pos2) {
    let button = |pressed| Event::PointerButton {
        pos: at,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    window.harness.event(Event::PointerMoved(at));
    window.harness.step();
    let events = &mut window.harness.input_mut().events;
    events.extend([button(true), button(false)]);
    window.harness.step();
    window.settle();
}

fn format(window: &Window) -> egui_kittest::Node<'_> {
    let mut called = window.harness.query_all_by_label("Format");
    let combo = called.find(|node| node.accesskit_node().value().is_some());
    combo.expect("the list of formats")
}

#[test]
fn a_list_in_a_dialog_lies_over_the_dialog_however_quickly_it_is_opened() {
    let mut window = Window::new(short());
    store(&window.library(), &paper(), Status::Completed);
    window.go("Runs");
    window.until("the runs", |window| window.has("run-1"));
    window.click("Export…");
    window.until("the dialog", |window| window.has("Export runs"));
    let was = format(&window).accesskit_node().value();
    let (combo, heading) = (
        format(&window).rect().center(),
        window.harness.get_by_label("Export runs").rect().center(),
    );
    quick_click(&mut window, combo);
    window.harness.key_press(Key::Escape);
    window.settle();
    quick_click(&mut window, heading);
    quick_click(&mut window, combo);
    let item = "Setup (JSON): a file a run, to train it again";
    window.until("the formats", |window| window.has(item));
    let item = window.harness.get_by_label(item).rect().center();
    quick_click(&mut window, item);
    assert!(
        window.has("Export runs"),
        "the click went beside the dialog, which lies over the list, and closed it"
    );
    let now = format(&window).accesskit_node().value();
    assert_ne!(now, was, "the click went to what lies below the list");
    window.harness.check_accessibility();
}
