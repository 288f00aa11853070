use std::time::{Duration, Instant};

use egui::{Align2, Area, Frame, Id, Label, Order, RichText, ScrollArea, Stroke, Ui, Vec2, Window};

use crate::gui::state::Shared;
use crate::gui::theme::{self, Tokens};

/// How long a message stays; an error stays until it is closed.
const STAYS: Duration = Duration::from_secs(6);
/// Messages that the history holds.
const HISTORY_MAX: usize = 200;
/// Messages that are shown at once.
const SHOWN_MAX: usize = 4;

/// What kind of message it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToastKind {
    /// For information.
    Info,
    /// Something went well.
    Good,
    /// Something to look at.
    Warning,
    /// Something went wrong.
    Error,
}

impl ToastKind {
    fn sign(self) -> &'static str {
        match self {
            Self::Info => "•",
            Self::Good => "✓",
            Self::Warning => "!",
            Self::Error => "×",
        }
    }

    fn colour(self, tokens: &Tokens) -> egui::Color32 {
        match self {
            Self::Info => tokens.dim,
            Self::Good => tokens.good,
            Self::Warning => tokens.warning,
            Self::Error => tokens.error,
        }
    }
}

/// A short message.
#[derive(Clone, Debug)]
pub struct Toast {
    /// Its kind.
    pub kind: ToastKind,
    /// What it says.
    pub text: String,
    /// When it came, for the clock.
    pub at: jiff::Zoned,
    since: Instant,
    closed: bool,
    /// Deleted runs that the message offers to bring back.
    undo: Option<Vec<String>>,
}

/// Short messages, and those that were.
#[derive(Debug, Default)]
pub struct Toasts(Vec<Toast>);

impl Toasts {
    /// For information.
    pub fn info(&mut self, text: impl Into<String>) {
        self.push(ToastKind::Info, text.into(), None);
    }

    /// Something went well.
    pub fn good(&mut self, text: impl Into<String>) {
        self.push(ToastKind::Good, text.into(), None);
    }

    /// Something to look at.
    pub fn warn(&mut self, text: impl Into<String>) {
        self.push(ToastKind::Warning, text.into(), None);
    }

    /// Something went wrong: what happened, what was kept, what to do.
    pub fn error(&mut self, text: impl Into<String>) {
        self.push(ToastKind::Error, text.into(), None);
    }

    /// Runs were deleted and can be brought back.
    pub fn deleted(&mut self, text: impl Into<String>, run_ids: Vec<String>) {
        self.push(ToastKind::Info, text.into(), Some(run_ids));
    }

    /// Every message, oldest first.
    pub fn all(&self) -> &[Toast] {
        &self.0
    }

    fn push(&mut self, kind: ToastKind, text: String, undo: Option<Vec<String>>) {
        if self.0.len() >= HISTORY_MAX {
            self.0.remove(0);
        }
        let at = jiff::Zoned::now();
        self.0.push(Toast {
            kind,
            text,
            at,
            since: Instant::now(),
            closed: false,
            undo,
        });
    }
}

/// Shows the messages that are new.
pub fn show(ui: &mut Ui, shared: &mut Shared) {
    let tokens = Tokens::in_ui(ui);
    let mut undone = None;
    let toasts = &mut shared.toasts.0;
    let mut shown: Vec<&mut Toast> = toasts
        .iter_mut()
        .rev()
        .filter(|toast| {
            !toast.closed && (toast.kind == ToastKind::Error || toast.since.elapsed() < STAYS)
        })
        .take(SHOWN_MAX)
        .collect();
    shown.reverse();
    if shown.is_empty() {
        return;
    }
    if let Some(next) = shown
        .iter()
        .filter(|toast| toast.kind != ToastKind::Error)
        .map(|toast| STAYS.saturating_sub(toast.since.elapsed()))
        .min()
    {
        ui.ctx()
            .request_repaint_after(next + Duration::from_millis(20));
    }
    Area::new(Id::unique("toasts"))
        .order(Order::Tooltip)
        .anchor(Align2::RIGHT_BOTTOM, Vec2::new(-16.0, -16.0))
        .show(ui.ctx(), |ui| {
            for toast in shown {
                let frame = Frame::new()
                    .fill(tokens.raised)
                    .stroke(Stroke::new(1.0, tokens.outline))
                    .corner_radius(theme::ROUNDING)
                    .inner_margin(10);
                frame.show(ui, |ui| {
                    ui.set_width(340.0);
                    ui.horizontal_top(|ui| {
                        ui.label(
                            RichText::new(toast.kind.sign())
                                .color(toast.kind.colour(&tokens))
                                .strong(),
                        );
                        ui.vertical(|ui| {
                            ui.set_width(260.0);
                            ui.add(Label::new(&toast.text).wrap());
                            if let Some(run_ids) = &toast.undo
                                && ui.button("Undo").clicked()
                            {
                                undone = Some(run_ids.clone());
                                toast.closed = true;
                            }
                        });
                        let close = ui.button("×").on_hover_text("Close this message");
                        close.widget_info(|| {
                            egui::WidgetInfo::labeled(
                                egui::Role::Button,
                                true,
                                "Close this message",
                            )
                        });
                        if close.clicked() {
                            toast.closed = true;
                        }
                    });
                });
            }
        });
    if let Some(run_ids) = undone {
        shared.with_library(
            move |library| library.restore(&run_ids),
            |state, result| match result {
                Ok(()) => state.shared.library_revision += 1,
                Err(error) => state.shared.toasts.error(error.to_string()),
            },
        );
    }
}

/// Shows every message since the window was opened, and the jobs that are being done.
pub fn history(ui: &mut Ui, shared: &mut Shared, open: &mut bool) {
    if !*open {
        return;
    }
    let tokens = Tokens::in_ui(ui);
    Window::new("Messages")
        .open(open)
        .default_size([460.0, 360.0])
        .collapsible(false)
        .anchor(Align2::LEFT_BOTTOM, Vec2::new(72.0, -16.0))
        .show(ui.ctx(), |ui| {
            for job in shared.jobs.shown() {
                ui.horizontal(|ui| {
                    ui.label(&job.title);
                    if ui.button("Cancel").clicked() {
                        job.progress.cancel();
                    }
                });
            }
            ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                if shared.toasts.0.is_empty() {
                    ui.label(RichText::new("Nothing was announced yet.").color(tokens.dim));
                }
                for toast in shared.toasts.0.iter().rev() {
                    ui.horizontal_wrapped(|ui| {
                        let time = toast.at.strftime("%H:%M:%S").to_string();
                        ui.label(RichText::new(time).monospace().color(tokens.dim));
                        ui.label(
                            RichText::new(toast.kind.sign()).color(toast.kind.colour(&tokens)),
                        );
                        ui.add(Label::new(&toast.text).wrap().selectable(true));
                    });
                }
            });
        });
}
