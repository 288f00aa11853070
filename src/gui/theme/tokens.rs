use egui::{Color32, Theme, Ui};

/// Colours by what they mean. Contrast of text is at least 4.5:1 on every ground it stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// Whether the ground is dark.
    pub dark: bool,
    /// Behind everything.
    pub canvas: Color32,
    /// Panels and cards on it.
    pub surface: Color32,
    /// Controls on a panel.
    pub raised: Color32,
    /// A control under the pointer.
    pub hovered: Color32,
    /// A control that is held down.
    pub pressed: Color32,
    /// Ground of fields that take text.
    pub well: Color32,
    /// Every second row of a table.
    pub stripe: Color32,
    /// Lines between parts.
    pub line: Color32,
    /// Rims of what is drawn: cells, handles, messages.
    pub outline: Color32,
    /// Rim of a control, by which it is seen: at least 3:1 to every ground.
    pub rim: Color32,
    /// Text.
    pub text: Color32,
    /// Text that matters less.
    pub dim: Color32,
    /// Energy, and the one thing to do next.
    pub accent: Color32,
    /// The accent as the colour of text.
    pub accent_text: Color32,
    /// Text on the accent.
    pub on_accent: Color32,
    /// Chosen rows and text.
    pub selection: Color32,
    /// All is well.
    pub good: Color32,
    /// To be looked at.
    pub warning: Color32,
    /// Wrong.
    pub error: Color32,
}

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

const DARK: Tokens = Tokens {
    dark: true,
    canvas: rgb(0x0E_1116),
    surface: rgb(0x16_1B22),
    raised: rgb(0x1F_2630),
    hovered: rgb(0x2A_323D),
    pressed: rgb(0x33_3D4A),
    well: rgb(0x0B_0E12),
    stripe: rgb(0x1A_2028),
    line: rgb(0x2A_323D),
    outline: rgb(0x46_5160),
    rim: rgb(0x68_7485),
    text: rgb(0xE8_ECF1),
    dim: rgb(0x98_A3B3),
    accent: rgb(0xFF_B020),
    accent_text: rgb(0xFF_B020),
    on_accent: rgb(0x1A_1204),
    selection: rgb(0x3D_3218),
    good: rgb(0x35_C78A),
    warning: rgb(0xF2_A33A),
    error: rgb(0xF2_6D72),
};

const LIGHT: Tokens = Tokens {
    dark: false,
    canvas: rgb(0xFB_FBFC),
    surface: rgb(0xFF_FFFF),
    raised: rgb(0xF1_F3F6),
    hovered: rgb(0xE6_EAEF),
    pressed: rgb(0xDA_E0E7),
    well: rgb(0xF6_F7F9),
    stripe: rgb(0xF6_F7F9),
    line: rgb(0xDD_E2E9),
    outline: rgb(0xB4_BDC9),
    rim: rgb(0x80_8B99),
    text: rgb(0x14_181D),
    dim: rgb(0x5B_6675),
    accent: rgb(0xFF_B020),
    accent_text: rgb(0x8F_5A00),
    on_accent: rgb(0x1A_1204),
    selection: rgb(0xFD_EBC8),
    good: rgb(0x0F_7A4D),
    warning: rgb(0x8F_5A00),
    error: rgb(0xC4_2B33),
};

/// How a line is drawn, so that colour is never the only sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dash {
    /// One stroke.
    Solid,
    /// Strokes.
    Dashed,
    /// Dots.
    Dotted,
}

/// Series in the colours of Okabe and Ito, adjusted for dark and light ground, each with its own stroke.
pub const SERIES: [(Color32, Color32, Dash); 8] = [
    (rgb(0x56_B4E9), rgb(0x00_72B2), Dash::Solid),
    (rgb(0xE6_9F00), rgb(0xB3_6F00), Dash::Solid),
    (rgb(0x2F_C79B), rgb(0x00_8A62), Dash::Solid),
    (rgb(0xF0_7F3C), rgb(0xC4_4F00), Dash::Dashed),
    (rgb(0xDB_8FBE), rgb(0xA8_4F86), Dash::Dashed),
    (rgb(0xF0_E442), rgb(0x85_7A00), Dash::Dashed),
    (rgb(0x6F_A8FF), rgb(0x2B_5FBF), Dash::Dotted),
    (rgb(0xC0_C8D2), rgb(0x4A_5361), Dash::Dotted),
];

impl Tokens {
    /// The theme of a report that is to look as the window does.
    pub fn report_theme(&self) -> crate::report::Theme {
        if self.dark {
            crate::report::Theme::Dark
        } else {
            crate::report::Theme::Light
        }
    }

    /// Those of a theme.
    pub fn of(theme: Theme) -> Self {
        match theme {
            Theme::Dark => DARK,
            Theme::Light => LIGHT,
        }
    }

    /// Those of the theme that `ui` is drawn in.
    pub fn in_ui(ui: &Ui) -> Self {
        if ui.visuals().dark_mode { DARK } else { LIGHT }
    }

    /// Colour and stroke of series number `index`; they come round after eight.
    pub fn series(&self, index: usize) -> (Color32, Dash) {
        let (dark, light, dash) = SERIES[index % SERIES.len()];
        (if self.dark { dark } else { light }, dash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance by WCAG 2.
    fn luminance(colour: Color32) -> f64 {
        let part = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.040_45 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * part(colour.r()) + 0.7152 * part(colour.g()) + 0.0722 * part(colour.b())
    }

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_can_be_read_on_every_ground() {
        for tokens in [DARK, LIGHT] {
            for ground in [
                tokens.canvas,
                tokens.surface,
                tokens.raised,
                tokens.well,
                tokens.stripe,
            ] {
                for text in [
                    tokens.text,
                    tokens.dim,
                    tokens.accent_text,
                    tokens.good,
                    tokens.warning,
                    tokens.error,
                ] {
                    assert!(contrast(text, ground) >= 4.5, "{text:?} on {ground:?}");
                }
            }
            assert!(contrast(tokens.on_accent, tokens.accent) >= 4.5);
        }
    }

    /// WCAG 2.2, 1.4.11: what tells a control from its ground has 3:1 to it, also where nothing is ticked or written in it.
    #[test]
    fn controls_stand_out_from_every_ground() {
        for theme in [Theme::Dark, Theme::Light] {
            let tokens = Tokens::of(theme);
            let mut style = egui::Style::default();
            super::super::apply(&mut style, theme);
            let states = &style.visuals.widgets;
            for state in [
                &states.inactive,
                &states.hovered,
                &states.active,
                &states.open,
            ] {
                let rim = state.bg_stroke;
                for ground in [
                    tokens.canvas,
                    tokens.surface,
                    tokens.raised,
                    tokens.well,
                    tokens.stripe,
                ] {
                    let found = contrast(rim.color, ground);
                    assert!(
                        rim.width >= 1.0 && found >= 3.0,
                        "{rim:?} on {ground:?}: {found}"
                    );
                }
            }
        }
    }

    #[test]
    fn lines_of_a_plot_stand_out_from_its_ground() {
        for index in 0..SERIES.len() {
            for tokens in [DARK, LIGHT] {
                assert!(
                    contrast(tokens.series(index).0, tokens.surface) >= 3.0,
                    "{index}"
                );
            }
        }
    }
}
