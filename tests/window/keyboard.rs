use egui::{Key, Modifiers};

use crate::window::{Window, short};

/// From start to export without a pointer.
#[test]
fn everything_is_reached_by_keyboard() {
    let mut window = Window::new(short());
    let out = window.folder().join("exported.csv");
    window
        .harness
        .key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    window.until("the end", |window| window.has("Complete"));
    window
        .harness
        .key_press_modifiers(Modifiers::COMMAND, Key::E);
    window.until("the export", |window| window.has("Folder or file"));
    focus_by_tab(&mut window, "Folder or file");
    window
        .harness
        .key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.harness.step();
    window
        .harness
        .event(egui::Event::Text(out.to_string_lossy().into_owned()));
    window.settle();
    focus_by_tab(&mut window, "Export");
    window.harness.key_press(Key::Enter);
    window.until("the file", |_| out.exists());
    let mut reader = csv::Reader::from_path(&out).expect("the file reads as CSV");
    let rows = reader
        .records()
        .collect::<Result<Vec<_>, _>>()
        .expect("rows");
    assert!(!rows.is_empty());
}

/// Presses Tab until the input called `label` has the focus.
pub fn focus_by_tab(window: &mut Window, label: &str) {
    use egui_kittest::kittest::Queryable as _;
    for _ in 0..400 {
        let has_it = window
            .harness
            .query_all_by_label(label)
            .any(|node| node.is_focused());
        if has_it {
            return;
        }
        window.harness.key_press(Key::Tab);
        window.harness.step();
    }
    panic!("Tab never came to {label}");
}
