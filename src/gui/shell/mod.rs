//! What surrounds the pages: navigation rail, palette, messages, dialogs.

mod closing;
mod palette;
mod rail;
mod toasts;

pub use closing::Closing;
pub use palette::Palette;
pub use rail::rail;
pub use toasts::Toasts;

use super::state::State;

/// What lies over the page.
pub fn overlays(ui: &mut egui::Ui, state: &mut State) {
    toasts::show(ui, &mut state.shared);
    toasts::history(ui, &mut state.shared, &mut state.announcements_open);
    palette::show(ui, state);
    closing::show(ui, state);
}
