//! Smaller pictures at the beginning of the training.

use egui::Ui;

use super::form::{Form, Look};
use super::number::Steps;
use crate::setup::ResizeSetup;

/// The fields, folded away; the title tells whether it is on.
pub fn folded(form: &mut Form<'_>, ui: &mut Ui, resize: &mut Option<ResizeSetup>) {
    let title = match resize {
        Some(resize) => format!("Progressive resizing: from {} of the size", resize.from),
        None => "Progressive resizing".to_owned(),
    };
    let paths = ["regime.resize"];
    form.folded(ui, &title, "progressive resizing", &paths, |form, ui| {
        let hint = "Training begins with smaller pictures, which cost less, and ends with whole ones. Held-out pictures are always whole.";
        let mut is_on = resize.is_some();
        let look = Look::new("Smaller at first", "regime.resize", hint);
        form.toggle(ui, look, &mut is_on);
        match (&mut *resize, is_on) {
            (None, true) => *resize = Some(ResizeSetup::default()),
            (Some(_), false) => *resize = None,
            _ => {}
        }
        let Some(resize) = resize else {
            return;
        };
        let hint = "Height and width of the first pictures as a share of their own, above 0 to 1";
        let look = Look::new("First size", "regime.resize.from", hint);
        form.number(ui, look, &mut resize.from);
        let hint = "The share of the run in which pictures are smaller, above 0 to below 1";
        let look = Look::new("Smaller for", "regime.resize.over", hint);
        form.number(ui, look, &mut resize.over);
        let hint = "In how many sizes, evenly spaced";
        let look = Look::new("Sizes", "regime.resize.stages", hint).steps(Steps::By(1));
        form.number(ui, look, &mut resize.stages);
    });
}
