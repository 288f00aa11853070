//! A sample as the network sees it.

use egui::{Color32, ColorImage, RichText, TextureHandle, TextureOptions, Ui, vec2};

use crate::data::Features;
use crate::data::own::{Encoding, OwnSample, PictureRule, Takes};
use crate::gui::theme;
use crate::gui::widgets;

/// Longer side of the picture, points.
const SIDE: f32 = 72.0;

/// The picture of the sample that was shown last.
#[derive(Default)]
pub struct Seen {
    texture: Option<(Features, TextureHandle)>,
}

impl Seen {
    /// Draws the sample, where it is a picture.
    pub fn show(&mut self, ui: &mut Ui, encoding: &Encoding, sample: &OwnSample) {
        let (Takes::Picture(rule), Features::U8(pixels)) = (&encoding.takes, &sample.features)
        else {
            return;
        };
        let is_current = |(of, _): &(Features, TextureHandle)| *of == sample.features;
        if !self.texture.as_ref().is_some_and(is_current) {
            let image = picture(rule, pixels);
            let texture = ui
                .ctx()
                .load_texture("seen", image, TextureOptions::NEAREST);
            self.texture = Some((sample.features.clone(), texture));
        }
        let Some((_, texture)) = &self.texture else {
            return;
        };
        let size = vec2(rule.width as f32, rule.height as f32);
        let size = size * (SIDE / size.max_elem());
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = theme::GRID;
            let image = egui::Image::new((texture.id(), size))
                .corner_radius(2)
                .alt_text(format!(
                    "The sample as the network sees it: {}",
                    sample.name
                ));
            ui.add(image).on_hover_text(RichText::new(format!(
                "{}×{} pixels: {}",
                rule.width,
                rule.height,
                rule.in_words()
            )));
            widgets::caption(ui, format!("as it sees it, {}×{}", rule.width, rule.height));
        });
        ui.add_space(2.0 * theme::GRID);
    }
}

fn picture(rule: &PictureRule, pixels: &[u8]) -> ColorImage {
    let area = rule.width * rule.height;
    let white = f32::from(rule.white.max(1));
    let value = |channel: usize, at: usize| {
        let pixel = pixels.get(channel * area + at).copied().unwrap_or(0);
        (f32::from(pixel) / white * 255.0).round() as u8
    };
    let colour = |at: usize| match rule.channels {
        3 => Color32::from_rgb(value(0, at), value(1, at), value(2, at)),
        _ => Color32::from_gray(value(0, at)),
    };
    ColorImage::new([rule.width, rule.height], (0..area).map(colour).collect())
}
