use egui::{Id, Ui};

use crate::gui::state::State;
use crate::gui::theme;
use crate::gui::widgets;

/// How far closing is, once it was asked for while a run goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// The user is asked.
    Asked,
    /// The run is being stopped; the window closes then.
    Stopping,
    /// The worker is ended at once.
    AtOnce,
}

/// Asks what is to become of the run.
pub fn show(ui: &mut Ui, state: &mut State) {
    let Some(closing) = state.closing else { return };
    if !state.shared.is_busy() && closing == Closing::Asked {
        state.closing = None;
        return;
    }
    widgets::dialog(ui, Id::unique("closing")).show(ui.ctx(), |ui| {
        ui.set_width(420.0);
        let is_sweep = state.shared.is_sweeping();
        ui.heading(if is_sweep { "A sweep goes on" } else { "A run goes on" });
        ui.add_space(theme::GRID);
        match closing {
            Closing::Asked => {
                ui.label(if is_sweep {
                    "Whatever you choose, what was recorded is kept. A stopped sweep ends after the step that is going on and \
                     can be taken up; no step is done twice then."
                } else {
                    "Whatever you choose, what was recorded is kept. A stopped run ends after the step that is going on, \
                     saves its state and can be resumed."
                });
                ui.add_space(3.0 * theme::GRID);
                ui.horizontal(|ui| {
                    if widgets::primary_button(ui, "Stop and close").clicked() {
                        state.closing = Some(Closing::Stopping);
                        state.shared.queue.clear();
                        if let Some(live) = &mut state.shared.live {
                            live.wish = Some(crate::gui::live::Wish::Stop);
                            if let Some(control) = &live.control {
                                control.stop();
                            }
                        }
                        if let Some(sweep) = &mut state.shared.sweep {
                            sweep.stop();
                        }
                    }
                    if ui.button("Close at once").on_hover_text("Ends the worker; the run is then shown as interrupted").clicked() {
                        state.closing = Some(Closing::AtOnce);
                        state.shared.queue.clear();
                    }
                    if ui.button("Keep training").clicked() {
                        state.closing = None;
                    }
                });
            }
            Closing::Stopping | Closing::AtOnce => {
                ui.horizontal(|ui| {
                    ui.spinner();
                    ui.label("Ending the run and saving its record…");
                });
                if closing == Closing::Stopping && ui.button("Close at once").clicked() {
                    state.closing = Some(Closing::AtOnce);
                }
            }
        }
    });
}
