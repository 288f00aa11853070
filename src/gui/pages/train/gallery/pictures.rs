//! Samples that are images: tiles with a picture each.

use std::collections::HashMap;

use egui::{
    Color32, ColorImage, FontId, Rect, Role, ScrollArea, Sense, StrokeKind, TextureHandle,
    TextureOptions, Ui, WidgetInfo, pos2, vec2,
};

use super::Of;
use super::held::Held;
use super::sample::Sample;
use crate::gui::theme::{self, Tokens};

/// Side of a picture, points.
const PICTURE: f32 = 72.0;
/// Side of the picture under the pointer, points.
const PICTURE_LARGE: f32 = 224.0;
const TILE: egui::Vec2 = vec2(96.0, PICTURE + 2.0 * 16.0 + 2.0 * theme::GRID);
/// Side to which larger pictures are thinned out, pixels.
const PIXELS_MAX: usize = 128;
/// Pictures that are kept on the graphics card.
const TEXTURES_MAX: usize = 600;

pub(super) fn pictures(
    ui: &mut Ui,
    held: &Held,
    of: &Of<'_>,
    order: &[u32],
    textures: &mut HashMap<u32, TextureHandle>,
) {
    let gap = 2.0 * theme::GRID;
    ui.spacing_mut().item_spacing = vec2(gap, gap);
    let room = ui.available_width() - ui.spacing().scroll.allocated_width();
    let columns = (((room + gap) / (TILE.x + gap)).floor() as usize).max(1);
    let rows = order.len().div_ceil(columns);
    if textures.len() > TEXTURES_MAX {
        textures.clear();
    }
    ScrollArea::vertical()
        .id_salt("gallery")
        .auto_shrink(false)
        .show_rows(ui, TILE.y, rows, |ui, visible| {
            for row in visible {
                ui.horizontal(|ui| {
                    for &index in order.iter().skip(row * columns).take(columns) {
                        let texture = textures.entry(index).or_insert_with(|| {
                            let name = format!("sample-{index}");
                            ui.ctx().load_texture(
                                name,
                                picture(held, index),
                                TextureOptions::NEAREST,
                            )
                        });
                        tile(ui, &Sample::new(of, held, index), texture);
                    }
                });
            }
        });
}

fn tile(ui: &mut Ui, sample: &Sample<'_>, texture: &TextureHandle) {
    let tokens = Tokens::in_ui(ui);
    let (rect, response) = ui.allocate_exact_size(TILE, Sense::focusable_noninteractive());
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, theme::ROUNDING, tokens.surface);
    let [width, height] = texture.size();
    let scale = PICTURE / width.max(height).max(1) as f32;
    let size = vec2(width as f32, height as f32) * scale;
    let top = rect.center_top() + vec2(0.0, theme::GRID);
    let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    let at = Rect::from_center_size(top + vec2(0.0, PICTURE / 2.0), size);
    painter.image(texture.id(), at, whole, Color32::WHITE);
    let line = |text: String, font: FontId, colour: Color32, y: f32| {
        let mut job = egui::text::LayoutJob::simple_singleline(text, font, colour);
        job.wrap.max_width = TILE.x - 2.0 * theme::GRID;
        job.wrap.max_rows = 1;
        job.wrap.break_anywhere = true;
        let galley = painter.layout_job(job);
        let at = pos2(rect.center().x - galley.size().x / 2.0, top.y + y);
        painter.galley(at, galley, colour);
    };
    let names = format!("{} → {}", sample.truth, sample.predicted);
    line(
        names,
        FontId::proportional(theme::CAPTION),
        tokens.text,
        PICTURE + theme::GRID,
    );
    let font = FontId::monospace(theme::CAPTION);
    line(
        sample.confidence.clone(),
        font,
        tokens.dim,
        PICTURE + theme::GRID + 16.0,
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, sample.in_words()));
    if response.has_focus() {
        let rim = egui::Stroke::new(2.0, tokens.accent_text);
        ui.painter()
            .rect_stroke(rect, theme::ROUNDING, rim, StrokeKind::Inside);
    }
    if response.gained_focus() {
        response.scroll_to_me(None);
    }
    response.on_hover_ui(|ui| {
        let large = egui::load::SizedTexture::new(texture.id(), size * (PICTURE_LARGE / PICTURE));
        ui.add(egui::Image::from_texture(large));
        ui.label(sample.in_words());
    });
}

fn picture(held: &Held, index: u32) -> ColorImage {
    let (height, width) = held.input.height_and_width().unwrap_or((1, 1));
    let values = held.sample(index);
    let stride = height.max(width).div_ceil(PIXELS_MAX).max(1);
    let (rows, columns) = (height.div_ceil(stride), width.div_ceil(stride));
    let value = |channel: usize, y: usize, x: usize| {
        let at = (channel * height + y * stride) * width + x * stride;
        let share = values.get(at).copied().unwrap_or(0.0) / held.brightest;
        (share * 255.0).clamp(0.0, 255.0) as u8
    };
    let is_coloured = held.input.channels() == 3;
    let pixels = (0..rows * columns)
        .map(|at| {
            let (y, x) = (at / columns, at % columns);
            match is_coloured {
                true => Color32::from_rgb(value(0, y, x), value(1, y, x), value(2, y, x)),
                false => Color32::from_gray(value(0, y, x)),
            }
        })
        .collect();
    ColorImage::new([columns, rows], pixels)
}
