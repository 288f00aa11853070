//! How the window looks: colours by meaning, type, spacing. Nothing else in the window names a colour or a size of type.

mod fonts;
mod tokens;

use egui::{
    Color32, Context, CornerRadius, FontFamily, FontId, Margin, Shadow, Stroke, Style, TextStyle,
    Theme, Vec2,
};

pub use tokens::{Dash, Tokens};

/// Rounding of controls and panels, points.
pub const ROUNDING: u8 = 6;
/// Height of a control, points.
pub const CONTROL_HEIGHT: f32 = 28.0;
/// The unit of every distance, points.
pub const GRID: f32 = 4.0;
/// Room between the rim of a panel and what is in it, points.
pub const PANEL_MARGIN: i8 = 16;

/// Size of type of captions, points.
pub const CAPTION: f32 = 11.0;
/// Size of type of text, points.
pub const BODY: f32 = 13.0;
/// Size of type of headings, points.
pub const HEADING: f32 = 17.0;
/// Size of type of key figures, points.
pub const KEY_FIGURE: f32 = 24.0;

/// Family of semi-bold text.
pub fn strong_family() -> FontFamily {
    FontFamily::Name("strong".into())
}

/// Text style of semi-bold text of the body's size.
pub fn strong() -> TextStyle {
    TextStyle::Name("strong".into())
}

/// Text style of key figures.
pub fn key_figure() -> TextStyle {
    TextStyle::Name("key-figure".into())
}

/// Puts fonts and both themes in place; once, before the first frame.
pub fn install(ctx: &Context) {
    ctx.set_fonts(fonts::definitions());
    for theme in [Theme::Dark, Theme::Light] {
        ctx.style_mut_of(theme, |style| apply(style, theme));
    }
}

/// Gives the boxes and fields in `ui` the rims that egui takes from everything in a menu.
pub fn rims_in_menu(ui: &mut egui::Ui) {
    let tokens = Tokens::in_ui(ui);
    let states = &mut ui.visuals_mut().widgets;
    for (state, colour) in [
        (&mut states.inactive, tokens.rim),
        (&mut states.hovered, tokens.dim),
        (&mut states.active, tokens.accent_text),
    ] {
        state.bg_stroke = Stroke::new(1.0, colour);
    }
}

fn apply(style: &mut Style, theme: Theme) {
    let tokens = Tokens::of(theme);
    style.text_styles = [
        (TextStyle::Small, FontId::proportional(CAPTION)),
        (TextStyle::Body, FontId::proportional(BODY)),
        (TextStyle::Button, FontId::proportional(BODY)),
        (TextStyle::Monospace, FontId::monospace(BODY)),
        (TextStyle::Heading, FontId::new(HEADING, strong_family())),
        (strong(), FontId::new(BODY, strong_family())),
        (key_figure(), FontId::monospace(KEY_FIGURE)),
    ]
    .into();
    style.drag_value_text_style = TextStyle::Monospace;
    // Nothing moves unless something happens.
    style.animation_time = 0.0;
    style.spacing.item_spacing = Vec2::new(2.0 * GRID, 2.0 * GRID);
    style.spacing.button_padding = Vec2::new(3.0 * GRID, GRID);
    style.spacing.interact_size = Vec2::new(40.0, CONTROL_HEIGHT);
    style.spacing.menu_margin = Margin::same(8);
    style.spacing.window_margin = Margin::same(PANEL_MARGIN);
    style.spacing.tooltip_width = 360.0;
    style.spacing.combo_height = 320.0;
    // Long menus are as high as their content, as far as the window goes.
    style.spacing.default_area_size = Vec2::new(600.0, 600.0);
    style.spacing.icon_width = 16.0;
    style.spacing.indent = 16.0;
    style.spacing.slider_rail_height = 4.0;
    style.interaction.tooltip_delay = 0.3;
    style.interaction.selectable_labels = false;
    visuals(&mut style.visuals, &tokens);
}

fn visuals(visuals: &mut egui::Visuals, tokens: &Tokens) {
    let rounding = CornerRadius::same(ROUNDING);
    visuals.dark_mode = tokens.dark;
    visuals.override_text_color = Some(tokens.text);
    visuals.weak_text_color = Some(tokens.dim);
    visuals.hyperlink_color = tokens.accent_text;
    visuals.faint_bg_color = tokens.stripe;
    visuals.extreme_bg_color = tokens.well;
    visuals.text_edit_bg_color = Some(tokens.well);
    visuals.code_bg_color = tokens.raised;
    visuals.warn_fg_color = tokens.warning;
    visuals.error_fg_color = tokens.error;
    visuals.panel_fill = tokens.canvas;
    visuals.window_fill = tokens.surface;
    visuals.window_stroke = Stroke::new(1.0, tokens.line);
    visuals.window_corner_radius = CornerRadius::same(ROUNDING + 2);
    visuals.menu_corner_radius = rounding;
    visuals.window_shadow = Shadow::NONE;
    visuals.popup_shadow = Shadow {
        offset: [0, 4],
        blur: 16,
        spread: 0,
        color: Color32::from_black_alpha(if tokens.dark { 110 } else { 40 }),
    };
    visuals.selection.bg_fill = tokens.selection;
    visuals.selection.stroke = Stroke::new(1.0, tokens.text);
    visuals.slider_trailing_fill = true;
    visuals.striped = false;
    visuals.indent_has_left_vline = false;
    let states = &mut visuals.widgets;
    for (state, fill, line) in [
        (&mut states.noninteractive, tokens.surface, tokens.line),
        (&mut states.inactive, tokens.raised, tokens.rim),
        (&mut states.hovered, tokens.hovered, tokens.dim),
        (&mut states.active, tokens.pressed, tokens.accent_text),
        (&mut states.open, tokens.hovered, tokens.dim),
    ] {
        state.bg_fill = fill;
        state.weak_bg_fill = fill;
        state.bg_stroke = Stroke::new(1.0, line);
        state.fg_stroke = Stroke::new(1.0, tokens.text);
        state.corner_radius = rounding;
        state.expansion = 0.0;
    }
}
