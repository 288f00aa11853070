//! A plot as a PNG: a picture of the window, cut to the plot.

use std::path::Path;
use std::sync::Arc;

use egui::mutex::Mutex;
use egui::{ColorImage, Context, Rect};

use crate::gui::dialogs::{self, Question};
use crate::gui::jobs::Lane;
use crate::gui::state::{Shared, State};
use crate::library::export;

/// A picture that was asked for.
pub struct Picture {
    taken: Arc<Mutex<Option<Arc<ColorImage>>>>,
    rect: Rect,
    name: String,
}

impl Picture {
    /// Asks for a picture of `rect`, which comes with one of the next frames; `name` is proposed for its file.
    pub fn ask(ctx: &Context, rect: Rect, name: &str) -> Self {
        let taken: Arc<Mutex<Option<Arc<ColorImage>>>> = Arc::default();
        let (slot, awake) = (Arc::clone(&taken), ctx.clone());
        ctx.request_screenshot(move |image| {
            *slot.lock() = Some(image);
            awake.request_repaint();
        });
        Self {
            taken,
            rect,
            name: name.to_owned(),
        }
    }

    /// Where the picture has come: asks for a file and writes it. Whether there is nothing more to wait for.
    pub fn save(&self, ctx: &Context, shared: &mut Shared) -> bool {
        let Some(image) = self.taken.lock().take() else {
            return false;
        };
        let image = image.region(&self.rect, Some(ctx.pixels_per_point()));
        let question = Question::new("Save the plot as a picture")
            .kind("Picture", &["png"])
            .file_name(format!("{}.png", self.name));
        dialogs::save_file(shared, question, move |state: &mut State, path| {
            let Some(path) = path else { return };
            state
                .shared
                .jobs
                .run_shown(Lane::Files, "Writing a picture", move |_| {
                    let result = write(&path, &image);
                    Box::new(move |state: &mut State| match result {
                        Ok(()) => state
                            .shared
                            .toasts
                            .good(format!("The picture is in {}", path.display())),
                        Err(error) => state.shared.toasts.error(error),
                    })
                });
        });
        true
    }
}

fn write(path: &Path, image: &ColorImage) -> Result<(), String> {
    let bytes =
        encoded(image).map_err(|error| format!("the picture cannot be written: {error}"))?;
    // The platform's dialog has asked about a file that is there.
    export::write_bytes(path, true, &bytes).map_err(|error| error.to_string())
}

fn encoded(image: &ColorImage) -> Result<Vec<u8>, png::EncodingError> {
    let [width, height] = image
        .size
        .map(|side| u32::try_from(side).unwrap_or(u32::MAX));
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let rgba: Vec<u8> = image
        .pixels
        .iter()
        .flat_map(|pixel| pixel.to_srgba_unmultiplied())
        .collect();
    encoder.write_header()?.write_image_data(&rgba)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_read_back_as_it_was() {
        let image = ColorImage::new(
            [2, 1],
            vec![egui::Color32::RED, egui::Color32::from_rgb(1, 2, 3)],
        );
        let bytes = encoded(&image).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
            .read_info()
            .unwrap();
        let mut rgba = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut rgba).unwrap();
        assert_eq!(rgba, [255, 0, 0, 255, 1, 2, 3, 255]);
    }
}
