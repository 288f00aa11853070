//! How training pictures are changed each time they are seen.

use egui::Ui;

use super::form::{Form, Look};
use super::number::Steps;
use crate::setup::AugmentationSetup;

/// The fields, folded away; the title tells what is on.
pub fn folded(form: &mut Form<'_>, ui: &mut Ui, augmentation: &mut AugmentationSetup) {
    let title = match in_words(augmentation) {
        words if words.is_empty() => "Augmentation".to_owned(),
        words => format!("Augmentation: {words}"),
    };
    let paths = ["regime.augmentation"];
    form.folded(ui, &title, "augmentation", &paths, |form, ui| {
        let hint = "The picture is padded by so many black pixels on each side and cut back to its size at a random place; 0 \
                    for none";
        let look = Look::new("Random crop", "regime.augmentation.crop_padding", hint);
        let look = look.unit("px").steps(Steps::By(1));
        form.number(ui, look, &mut augmentation.crop_padding);
        let hint = "Every other picture, by chance, is mirrored left to right; not for digits and letters";
        let look = Look::new("Mirror", "regime.augmentation.flip", hint);
        form.toggle(ui, look, &mut augmentation.flip);
        let hint = "Side of a square at a random place that is set to the mean of the training pictures; 0 for none";
        let look = Look::new("Cutout", "regime.augmentation.cutout", hint);
        let look = look.unit("px").steps(Steps::By(1));
        form.number(ui, look, &mut augmentation.cutout);
        let hint = "α of the Beta(α, α) distribution from which the share is drawn by which pictures and classes are mixed with \
                    their neighbours in the batch, such as 0.2; 0 for none";
        let look = Look::new("Mixup", "regime.augmentation.mixup", hint);
        form.number(ui, look, &mut augmentation.mixup);
    });
    form.problems_at(ui, "regime.augmentation");
}

fn in_words(augmentation: &AugmentationSetup) -> String {
    let parts = [
        (augmentation.crop_padding > 0, "crop"),
        (augmentation.flip, "mirror"),
        (augmentation.cutout > 0, "cutout"),
        (augmentation.mixup > 0.0, "mixup"),
    ];
    let on = parts.into_iter().filter(|(is_on, _)| *is_on);
    on.map(|(_, name)| name).collect::<Vec<_>>().join(", ")
}
