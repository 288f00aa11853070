use std::sync::Arc;
use std::time::Instant;

use egui::{IconData, ViewportBuilder};

use super::app::App;
use super::preferences::Preferences;
use super::state::Options;

const ICON: &[u8] = include_bytes!("../../assets/icon/joulelab-256.png");

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    /// The system or its graphics driver refused.
    #[error(
        "cannot open the window: {0}; a graphical session with a driver for Vulkan, Metal, DirectX 12 or OpenGL is \
         needed. Without one, `joulelab run` trains from the command line, and `joulelab --help` lists everything"
    )]
    Refused(String),
}

/// Opens the window and returns when it is closed.
///
/// # Errors
/// Where there is no screen, or nothing that could draw on it.
pub fn open(options: Options) -> Result<(), WindowError> {
    let remembered = options
        .preferences
        .as_deref()
        .map(Preferences::load)
        .unwrap_or_default();
    let [width, height] = remembered.window_size.unwrap_or([1280.0, 800.0]);
    let mut viewport = ViewportBuilder::default()
        .with_title("Joulelab")
        .with_app_id("joulelab")
        .with_inner_size([width, height])
        .with_min_inner_size([960.0, 600.0])
        .with_maximized(remembered.maximised);
    if let Some(icon) = icon() {
        viewport = viewport.with_icon(Arc::new(icon));
    }
    let native = eframe::NativeOptions {
        viewport,
        renderer: eframe::Renderer::Wgpu,
        ..eframe::NativeOptions::default()
    };
    let begun = Instant::now();
    let result = eframe::run_native(
        "joulelab",
        native,
        Box::new(move |created| {
            tracing::info!("the window is there after {:?}", begun.elapsed());
            Ok(Box::new(App::new(&created.egui_ctx, options)?))
        }),
    );
    result.map_err(|error| WindowError::Refused(error.to_string()))
}

fn icon() -> Option<IconData> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(ICON))
        .read_info()
        .ok()?;
    let mut rgba = vec![0; reader.output_buffer_size()?];
    let info = reader.next_frame(&mut rgba).ok()?;
    Some(IconData {
        rgba,
        width: info.width,
        height: info.height,
    })
}
