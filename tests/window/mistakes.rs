use crate::window::{Window, short};

#[test]
fn a_cell_of_the_matrix_shows_its_samples() {
    let mut window = Window::new(short());
    window.click("Start training");
    window.until("the end", |window| window.has("Complete"));
    window.click("Mistakes");
    let start = "truth 0, predicted 0: ";
    window.until("the matrix", |window| window.after(start).is_some());
    let samples = window.after(start).expect("a cell");
    window.click(&format!("{start}{samples}"));
    let sample = |label: &String| {
        label.starts_with("held-out sample") && label.contains("truth 0, predicted 0, confidence")
    };
    window.until("its samples", |window| window.seen().iter().any(sample));
    let shown = window.seen().iter().filter(|label| sample(label)).count();
    let all: usize = samples
        .split(' ')
        .next()
        .and_then(|number| number.parse().ok())
        .expect("a number");
    assert!((1..=all).contains(&shown), "{shown} of {samples}");

    window.click("Earlier evaluation");
    window.until("the first evaluation", |window| {
        window.has("after epoch 1, step 22")
    });
    window.click("Show the latest evaluation");
    window.until("the samples again", |window| {
        window.seen().iter().any(sample)
    });
}
