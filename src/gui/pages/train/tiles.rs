use egui::{Button, Frame, Id, Margin, Slider, Ui, Visuals, WidgetText};
use egui_tiles::{Behavior, SimplificationOptions, Tile, TileId, Tree, UiResponse};
use serde::{Deserialize, Serialize};

use super::panes::{self, Drawn, Pane, PlotOptions};
use crate::gui::curves::{Curves, XAxis};
use crate::gui::plot::{Shade, SharedX};
use crate::gui::preferences::EnergyUnit;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::units::Metric;

/// Most that a line can be smoothed.
const SMOOTHING_MAX: f64 = 0.99;
/// Width of the slider, points.
const SLIDER_WIDTH: f32 = 24.0 * theme::GRID;

/// What is remembered of the plots until the next start.
#[derive(Clone, Serialize, Deserialize)]
pub struct TilesMemory {
    tree: Tree<Pane>,
    options: PlotOptions,
}

/// The plots of a run, in tiles that can be moved, resized, stacked and closed.
pub struct Tiles {
    tree: Tree<Pane>,
    options: PlotOptions,
    shared: SharedX,
    shades: Vec<Shade>,
    /// What the run that is shown is judged by.
    metric: Metric,
    /// What the shades were made of, so that they are made anew only when it changes.
    shaded: (u64, XAxis, usize),
}

impl Default for Tiles {
    fn default() -> Self {
        Self::new(None)
    }
}

impl Tiles {
    /// Plots as they were left; as they are at first where that cannot be understood.
    pub fn new(remembered: Option<TilesMemory>) -> Self {
        let remembered = remembered.filter(|memory| is_sound(&memory.tree));
        let (tree, mut options) = match remembered {
            Some(memory) => (memory.tree, memory.options),
            None => (default_tree(), PlotOptions::default()),
        };
        options.smoothing = if options.smoothing.is_finite() {
            options.smoothing.clamp(0.0, SMOOTHING_MAX)
        } else {
            PlotOptions::default().smoothing
        };
        Self {
            tree,
            options,
            shared: SharedX::default(),
            metric: Metric::default(),
            shades: Vec::new(),
            shaded: (u64::MAX, XAxis::default(), 0),
        }
    }

    /// What is to be remembered.
    pub fn memory(&self) -> TilesMemory {
        TilesMemory {
            tree: self.tree.clone(),
            options: self.options,
        }
    }

    /// Puts everything where it was at first.
    pub fn reset(&mut self) {
        self.tree = default_tree();
        self.shared.reset();
    }

    /// Draws the toolbar and the plots of a run in all the room there is.
    pub fn show(&mut self, ui: &mut Ui, curves: &Curves, metric: Metric, unit: EnergyUnit) {
        self.metric = metric;
        self.toolbar(ui);
        let key = (curves.revision, self.options.axis, curves.phases.len());
        if self.shaded.0 > key.0 && self.shaded.0 != u64::MAX {
            // The revision of a run only grows: this is another one.
            self.shared.reset();
        }
        if self.shaded != key {
            self.shades = panes::shades(curves, self.options.axis);
            self.shaded = key;
        }
        self.shared.extent = panes::extent(curves, self.options.axis);
        if !has_panes(&self.tree) {
            widgets::empty_state(ui, "No plots", "All plots have been closed.", |ui| {
                if ui.button("Show the plots again").clicked() {
                    self.tree = default_tree();
                }
            });
            return;
        }
        let drawn = Drawn {
            curves,
            metric: self.metric,
            options: self.options,
            unit,
            shades: if self.options.phases {
                &self.shades
            } else {
                &[]
            },
            shared: &mut self.shared,
        };
        self.tree.ui(
            &mut Panes {
                drawn,
                tokens: Tokens::in_ui(ui),
            },
            ui,
        );
    }

    fn toolbar(&mut self, ui: &mut Ui) {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = theme::GRID;
            widgets::field_label(ui, "x axis", "What all plots count along x");
            for axis in XAxis::ALL {
                let (label, hint) = match axis {
                    XAxis::Step => ("Step", "Steps of the optimiser"),
                    XAxis::Time => ("Time", "Time since the run began"),
                    XAxis::Energy => ("Energy", "Energy of training and evaluation so far"),
                };
                let response = ui.selectable_label(self.options.axis == axis, label);
                if response.on_hover_text(hint).clicked() && self.options.axis != axis {
                    self.options.axis = axis;
                    self.shared.reset();
                }
            }
            ui.add_space(2.0 * theme::GRID);
            let hint = "Exponential mean of what is measured on training samples; the line as it is stays visible \
                        behind it";
            let label = widgets::field_label(ui, "Smoothing", hint);
            ui.spacing_mut().slider_width = SLIDER_WIDTH;
            let slider = Slider::new(&mut self.options.smoothing, 0.0..=SMOOTHING_MAX);
            ui.add(slider.fixed_decimals(2).step_by(0.01)).labelled_by(label.id).on_hover_text(hint);
            ui.add_space(2.0 * theme::GRID);
            ui.toggle_value(&mut self.options.log_loss, "Log loss")
                .on_hover_text("Equal distances are equal factors on the axis of the loss");
            ui.toggle_value(&mut self.options.phases, "Phases").on_hover_text(
                "Shade warm-up, evaluation, checkpoints and pauses; training has no shade",
            );
            ui.add_space(2.0 * theme::GRID);
            let hint = "Show everything again: also a double click on a plot. Drag over a plot to zoom, shift and drag to \
                        move, ctrl and scroll to zoom along x";
            if ui.button("Reset zoom").on_hover_text(hint).clicked() {
                self.shared.reset();
            }
            ui.menu_button("Layout", |ui| self.layout_menu(ui))
                .response
                .on_hover_text("Show plots that are closed; put all where they were at first");
        });
        ui.add_space(theme::GRID);
    }

    fn layout_menu(&mut self, ui: &mut Ui) {
        theme::rims_in_menu(ui);
        for pane in Pane::ALL {
            let tile = self.tree.tiles.find_pane(&pane);
            let mut is_shown = tile.is_some();
            if ui
                .checkbox(&mut is_shown, pane.title(self.metric))
                .changed()
            {
                match tile {
                    Some(tile) => {
                        self.tree.remove_recursively(tile);
                    }
                    None => add(&mut self.tree, pane),
                }
            }
        }
        ui.separator();
        if ui.add(Button::new("Reset layout")).clicked() {
            self.reset();
            ui.close();
        }
    }
}

fn tree_id() -> Id {
    Id::unique("train-tiles")
}

fn default_tree() -> Tree<Pane> {
    let mut tiles = egui_tiles::Tiles::default();
    let panes = Pane::ALL[..4]
        .iter()
        .map(|pane| tiles.insert_pane(*pane))
        .collect();
    let mut grid = egui_tiles::Grid::new(panes);
    grid.layout = egui_tiles::GridLayout::Columns(2);
    let root = tiles.insert_container(egui_tiles::Container::Grid(grid));
    Tree::new(tree_id(), root, tiles)
}

/// Puts a pane beside all others.
fn add(tree: &mut Tree<Pane>, pane: Pane) {
    let tile = tree.tiles.insert_pane(pane);
    match tree.root() {
        Some(root) if has_panes(tree) => {
            if let Some(Tile::Container(container)) = tree.tiles.get_mut(root) {
                container.add_child(tile);
            } else {
                tree.root = Some(tree.tiles.insert_horizontal_tile(vec![root, tile]));
            }
        }
        _ => tree.root = Some(tile),
    }
}

fn has_panes(tree: &Tree<Pane>) -> bool {
    let is_there = tree
        .root()
        .is_some_and(|root| tree.tiles.get(root).is_some());
    is_there && tree.tiles.tiles().any(|tile| matches!(tile, Tile::Pane(_)))
}

/// Whether a tree that was read can be shown: no pane twice, and each part has its place in it.
fn is_sound(tree: &Tree<Pane>) -> bool {
    let panes: Vec<Pane> = tree
        .tiles
        .tiles()
        .filter_map(|tile| match tile {
            Tile::Pane(pane) => Some(*pane),
            Tile::Container(_) => None,
        })
        .collect();
    let is_twice = |pane: &Pane| panes.iter().filter(|other| *other == pane).count() > 1;
    has_panes(tree) && tree.id() == tree_id() && !panes.iter().any(is_twice)
}

/// How egui_tiles is to show the panes.
struct Panes<'a> {
    drawn: Drawn<'a>,
    tokens: Tokens,
}

impl Behavior<Pane> for Panes<'_> {
    fn pane_ui(&mut self, ui: &mut Ui, _: TileId, pane: &mut Pane) -> UiResponse {
        ui.painter()
            .rect_filled(ui.max_rect(), 0.0, self.tokens.surface);
        Frame::new()
            .inner_margin(Margin::symmetric(0, 4))
            .show(ui, |ui| self.drawn.show(ui, *pane));
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, pane: &Pane) -> WidgetText {
        pane.title(self.drawn.metric).into()
    }

    fn is_tab_closable(&self, _: &egui_tiles::Tiles<Pane>, _: TileId) -> bool {
        true
    }

    fn close_button_outer_size(&self) -> f32 {
        4.0 * theme::GRID
    }

    fn close_button_inner_margin(&self) -> f32 {
        theme::GRID
    }

    fn simplification_options(&self) -> SimplificationOptions {
        SimplificationOptions {
            all_panes_must_have_tabs: true,
            ..Default::default()
        }
    }

    fn tab_bar_height(&self, _: &egui::Style) -> f32 {
        theme::CONTROL_HEIGHT
    }

    fn gap_width(&self, _: &egui::Style) -> f32 {
        2.0 * theme::GRID
    }

    fn min_size(&self) -> f32 {
        30.0 * theme::GRID
    }

    fn tab_bar_color(&self, _: &Visuals) -> egui::Color32 {
        self.tokens.canvas
    }

    fn tab_bg_color(
        &self,
        _: &Visuals,
        _: &egui_tiles::Tiles<Pane>,
        _: TileId,
        state: &egui_tiles::TabState,
    ) -> egui::Color32 {
        if state.active {
            self.tokens.surface
        } else {
            egui::Color32::TRANSPARENT
        }
    }

    fn tab_outline_stroke(
        &self,
        _: &Visuals,
        _: &egui_tiles::Tiles<Pane>,
        _: TileId,
        _: &egui_tiles::TabState,
    ) -> egui::Stroke {
        egui::Stroke::NONE
    }

    fn tab_text_color(
        &self,
        _: &Visuals,
        _: &egui_tiles::Tiles<Pane>,
        _: TileId,
        state: &egui_tiles::TabState,
    ) -> egui::Color32 {
        if state.active {
            self.tokens.text
        } else {
            self.tokens.dim
        }
    }

    fn resize_stroke(&self, style: &egui::Style, state: egui_tiles::ResizeState) -> egui::Stroke {
        let colour = match state {
            egui_tiles::ResizeState::Idle => egui::Color32::TRANSPARENT,
            egui_tiles::ResizeState::Hovering => self.tokens.outline,
            egui_tiles::ResizeState::Dragging => self.tokens.accent,
        };
        let width = if colour == egui::Color32::TRANSPARENT {
            self.gap_width(style)
        } else {
            2.0
        };
        egui::Stroke::new(width, colour)
    }

    fn drag_preview_stroke(&self, _: &Visuals) -> egui::Stroke {
        egui::Stroke::new(1.0, self.tokens.accent)
    }

    fn drag_preview_color(&self, _: &Visuals) -> egui::Color32 {
        self.tokens.accent.gamma_multiply(0.15)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layout_survives_a_restart_and_a_damaged_one_gives_the_first() {
        let mut tiles = Tiles::default();
        let loss = tiles
            .tree
            .tiles
            .find_pane(&Pane::Loss)
            .expect("the loss is there");
        tiles.tree.remove_recursively(loss);
        add(&mut tiles.tree, Pane::Speed);
        tiles.options.axis = XAxis::Energy;
        let text = serde_json::to_string(&tiles.memory()).expect("memory can be written");
        let read = Tiles::new(serde_json::from_str(&text).ok());
        assert!(read.tree == tiles.tree && read.options == tiles.options);

        let mut twice = Tiles::default().memory();
        add(&mut twice.tree, Pane::Loss);
        assert!(Tiles::new(Some(twice)).tree == default_tree());
        let mut empty = Tiles::default().memory();
        empty.tree.root = None;
        assert!(Tiles::new(Some(empty)).tree == default_tree());
    }
}
