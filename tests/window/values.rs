use crate::window::{Window, short};

/// Replaces the text of the field called `label`.
pub fn write(window: &mut Window, label: &str, text: &str) {
    use egui_kittest::kittest::Queryable as _;
    window.until(label, |window| window.has(label));
    let field = window.harness.get_by_label(label);
    field.focus();
    window.harness.step();
    window
        .harness
        .key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    window.harness.step();
    window.harness.get_by_label(label).type_text(text);
    window.settle();
    window.harness.key_press(egui::Key::Tab);
    window.settle();
}

#[test]
fn a_value_that_is_not_possible_is_refused_beside_its_field() {
    let mut window = Window::new(short());
    window.until("the network", |window| window.has_part(" parameters · "));
    for (label, bad, words, good) in [
        ("Learning rate", "-1", "above 0", "0.003"),
        ("Batch size", "100000", "number of training samples", "64"),
        ("Epochs", "0", "1 or more", "2"),
    ] {
        write(&mut window, label, bad);
        window.until("what is wrong", |window| window.has_part(words));
        assert!(
            window.has_part(" parameters · "),
            "the network is the same, whatever else is wrong"
        );
        window.click("Start training");
        assert!(
            window.runs().is_empty(),
            "{label} = {bad} must not be trained"
        );
        write(&mut window, label, good);
        window.until("nothing wrong", |window| !window.has_part(words));
    }
    window.click("Start training");
    window.until("the end", |window| window.has("Complete"));
}
