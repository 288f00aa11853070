use egui::{RichText, Ui};

use super::storage::copied_path;
use crate::control::Folders;
use crate::gui::state::Shared;
use crate::gui::theme;
use crate::gui::widgets;

/// Version, licences, and where everything is stored.
pub fn show(ui: &mut Ui, shared: &Shared) {
    let version = concat!("Joulelab ", env!("CARGO_PKG_VERSION"));
    ui.label(RichText::new(version).text_style(theme::strong()));
    for text in [
        "Program: MIT or Apache License 2.0, as you like.",
        "Fonts: Inter, © 2016–2022 The Inter Project Authors; JetBrains Mono, © 2020 The JetBrains Mono Project Authors; both SIL \
         Open Font License 1.1.",
        "Datasets: Optical Recognition of Handwritten Digits (E. Alpaydin, C. Kaynak, 1998) and Breast Cancer Wisconsin \
         (W. Wolberg, O. Mangasarian, N. Street, W. Street, 1995), UCI Machine Learning Repository, CC BY 4.0.",
        "Tables: carbon intensity by Ember and the Energy Institute via Our World in Data, CC BY 4.0; design powers of \
         processors collected by the CodeCarbon project, MIT.",
    ] {
        widgets::caption(ui, text);
    }
    if let Ok(library) = shared.library_path() {
        let folders = Folders::beside(&library);
        if let Some(runs) = folders.run("-").parent() {
            copied_path(ui, "Checkpoints", runs);
        }
    }
    if let Some(kernels) = Folders::kernel_cache() {
        copied_path(ui, "Tuned kernels", &kernels);
    }
    if let Some(file) = &shared.options.preferences {
        copied_path(ui, "These settings", file);
    }
}
