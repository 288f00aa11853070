use std::sync::Arc;

use egui::{FontData, FontDefinitions, FontFamily};

/// Inter for text and JetBrains Mono for figures, which stand in columns; egui's own fonts for what they lack.
pub fn definitions() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    for (name, bytes) in [
        (
            "inter",
            include_bytes!("../../../assets/fonts/Inter-Regular.otf").as_slice(),
        ),
        (
            "inter-semibold",
            include_bytes!("../../../assets/fonts/Inter-SemiBold.otf"),
        ),
        (
            "jetbrains-mono",
            include_bytes!("../../../assets/fonts/JetBrainsMono-Regular.ttf"),
        ),
    ] {
        fonts
            .font_data
            .insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    let fallback = fonts
        .families
        .get(&FontFamily::Proportional)
        .cloned()
        .unwrap_or_default();
    let family = |first: &str| {
        let mut names = vec![first.to_owned()];
        names.extend(fallback.iter().cloned());
        names
    };
    fonts
        .families
        .insert(FontFamily::Proportional, family("inter"));
    fonts
        .families
        .insert(super::strong_family(), family("inter-semibold"));
    let mut mono = family("jetbrains-mono");
    mono.insert(1, "inter".to_owned());
    fonts.families.insert(FontFamily::Monospace, mono);
    fonts
}
