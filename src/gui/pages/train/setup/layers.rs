//! A model's layers with their costs: all of a short model, of a long one the blocks, each of which can be opened.

use std::ops::Range;

use egui::{Button, Id, RichText, Ui};

use crate::gui::theme::{self, Tokens};
use crate::setup::plan::{Layer, Plan};
use crate::units::{count, quantity};

/// Most layers that are all shown at first.
const SHOWN_MAX: usize = 16;
/// What has no place of its own in a plan.
const DROPOUT: &str = "dropout";

/// Layers that belong together.
#[derive(Debug, PartialEq, Eq)]
struct Block {
    /// Where they are, such as `block 2`; a single layer's name where it is nowhere in particular.
    name: String,
    layers: Range<usize>,
}

/// Where a layer is, and what it does there: `block 1.1: conv 3×3`. A block's shortcut is part of it.
fn place(layer: &Layer) -> Option<(&str, &str)> {
    let (place, _) = layer.name.split_once(": ")?;
    let what = &layer.name[place.len() + 2..];
    Some((place.strip_suffix(" shortcut").unwrap_or(place), what))
}

fn blocks(layers: &[Layer]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for (i, layer) in layers.iter().enumerate() {
        let mut at = place(layer).map(|(place, _)| place);
        if at.is_none() && layer.name == DROPOUT {
            // Between two layers of a block it belongs to the block.
            let around = [i.checked_sub(1), Some(i + 1)]
                .map(|beside| beside.and_then(|beside| place(layers.get(beside)?)));
            if let [Some((before, _)), Some((after, _))] = around
                && before == after
            {
                at = Some(before);
            }
        }
        match (at, blocks.last_mut()) {
            (Some(at), Some(block)) if block.name == at => block.layers.end = i + 1,
            _ => blocks.push(Block {
                name: at.unwrap_or(&layer.name).to_owned(),
                layers: i..i + 1,
            }),
        }
    }
    blocks
}

/// Figures of one row.
struct Row<'a> {
    output: String,
    parameters: u64,
    training_flop: u64,
    hint: &'a str,
}

impl Row<'_> {
    fn of(layers: &[Layer]) -> Self {
        let total = |of: fn(&Layer) -> u64| layers.iter().map(of).fold(0, u64::saturating_add);
        let output = layers.last().map(|layer| layer.output.to_string());
        Self {
            output: output.unwrap_or_default().replace(" features", ""),
            parameters: total(|layer| layer.parameters),
            training_flop: total(|layer| layer.training_flop),
            hint: "",
        }
    }
}

/// Draws them.
pub fn table(ui: &mut Ui, plan: &Plan) {
    let tokens = Tokens::in_ui(ui);
    let blocks = blocks(&plan.layers);
    let is_long = plan.layers.len() > SHOWN_MAX;
    let grid = egui::Grid::new("table of layers")
        .striped(true)
        .num_columns(4)
        .min_row_height(20.0)
        .spacing([2.0 * theme::GRID, 0.0]);
    grid.show(ui, |ui| {
        ui.spacing_mut().interact_size.y = 20.0;
        ui.label(RichText::new("layer").small().color(tokens.dim));
        ui.label(RichText::new("output").small().color(tokens.dim));
        ui.label(right("parameters").color(tokens.dim));
        ui.label(right("FLOP").color(tokens.dim))
            .on_hover_text("Floating-point operations for one sample in training");
        ui.end_row();
        for block in &blocks {
            let layers = &plan.layers[block.layers.clone()];
            if is_long && layers.len() > 1 {
                folded(ui, block, layers);
            } else {
                for layer in layers {
                    ui.label(RichText::new(&layer.name).small());
                    figures(ui, &Row::of(std::slice::from_ref(layer)));
                }
            }
        }
        ui.label(RichText::new("all").small().color(tokens.dim));
        let hint = format!("{} layers", plan.layers.len());
        let all = Row {
            output: String::new(),
            hint: &hint,
            ..Row::of(&plan.layers)
        };
        figures(ui, &all);
    });
}

fn folded(ui: &mut Ui, block: &Block, layers: &[Layer]) {
    let id = Id::unique("block of layers").with(&block.name);
    let mut is_open = ui.data(|data| data.get_temp(id).unwrap_or(false));
    let sign = if is_open { "−" } else { "+" };
    let text = RichText::new(format!("{sign} {}", block.name)).small();
    let button = ui.add(Button::new(text).frame(false));
    button.widget_info(|| {
        let text = format!("{}, {} layers", block.name, layers.len());
        egui::WidgetInfo::selected(egui::Role::Button, true, is_open, text)
    });
    if button.clicked() {
        is_open = !is_open;
        ui.data_mut(|data| data.insert_temp(id, is_open));
    }
    figures(ui, &Row::of(layers));
    if !is_open {
        return;
    }
    for layer in layers {
        let what = place(layer).map_or(layer.name.as_str(), |(_, what)| what);
        let is_shortcut = layer.name.contains(" shortcut: ");
        let around = if is_shortcut { "around: " } else { "" };
        ui.label(RichText::new(format!("      {around}{what}")).small());
        figures(ui, &Row::of(std::slice::from_ref(layer)));
    }
}

/// The rest of a row.
fn figures(ui: &mut Ui, row: &Row<'_>) {
    let flop = quantity(row.training_flop as f64, "");
    ui.label(mono(row.output.clone()));
    let parameters = ui.label(right(&count(row.parameters)));
    if !row.hint.is_empty() {
        parameters.on_hover_text(row.hint);
    }
    ui.label(right(flop.trim_end()));
    ui.end_row();
}

fn mono(text: String) -> RichText {
    RichText::new(text).monospace().size(theme::CAPTION)
}

/// Figures of one width stand below each other where blanks fill them up.
fn right(text: &str) -> RichText {
    mono(format!("{text:>10}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::plan::plan;
    use crate::setup::{InputShape, ModelSetup, Outputs, ResnetSetup, TransformerSetup};

    fn names(model: &ModelSetup, input: InputShape) -> Vec<String> {
        let plan = plan(model, input, Outputs::of_sample(10)).expect("it fits");
        let blocks = blocks(&plan.layers);
        let mut next = 0;
        for block in &blocks {
            assert_eq!(block.layers.start, next, "no layer is lost or shown twice");
            next = block.layers.end;
        }
        assert_eq!(next, plan.layers.len());
        blocks.into_iter().map(|block| block.name).collect()
    }

    #[test]
    fn a_deep_network_is_a_list_of_its_blocks() {
        let resnet = ModelSetup::Resnet(ResnetSetup {
            depth: 50,
            ..ResnetSetup::default()
        });
        let picture = InputShape::Image {
            channels: 3,
            height: 32,
            width: 32,
        };
        let names = names(&resnet, picture);
        assert_eq!(
            names
                .iter()
                .filter(|name| name.starts_with("block "))
                .count(),
            16
        );
        assert!(names.len() < 24, "{names:?}");
        assert_eq!(names[0], "stem");
    }

    #[test]
    fn dropout_within_a_block_belongs_to_it() {
        let transformer = ModelSetup::Transformer(TransformerSetup {
            depth: 3,
            dropout: 0.1,
            ..TransformerSetup::default()
        });
        let tokens = InputShape::Tokens {
            length: 16,
            vocabulary: 20,
        };
        let names = names(&transformer, tokens);
        let of_blocks: Vec<&str> = names
            .iter()
            .map(String::as_str)
            .filter(|name| name.starts_with("block"))
            .collect();
        assert_eq!(of_blocks, ["block 1", "block 2", "block 3"], "{names:?}");
    }
}
