//! How a run stands, in words, with a sign and a colour.

use egui::Color32;

use crate::gui::theme::Tokens;
use crate::library::{Run, Status};

/// Whether the run ended as its stop rule says without reaching its target, which is not what it was for.
pub fn missed_target(run: &Run) -> bool {
    run.status == Status::Completed && run.target_reached == Some(false)
}

/// How a run stands, in words.
pub fn standing(run: &Run) -> &'static str {
    if missed_target(run) {
        "completed, target not reached"
    } else {
        run.status.id()
    }
}

/// Sign and colour of a run.
pub fn standing_sign(run: &Run, tokens: &Tokens) -> (&'static str, Color32) {
    if missed_target(run) {
        ("○", tokens.warning)
    } else {
        status_sign(run.status, tokens)
    }
}

/// Sign and colour of a status.
pub fn status_sign(status: Status, tokens: &Tokens) -> (&'static str, Color32) {
    match status {
        Status::Running => ("•", tokens.accent_text),
        Status::Completed => ("✓", tokens.good),
        Status::Stopped => ("–", tokens.dim),
        Status::Interrupted => ("!", tokens.warning),
        Status::Failed => ("×", tokens.error),
    }
}
