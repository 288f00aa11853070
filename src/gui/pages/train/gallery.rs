//! The samples behind a cell of the matrix, the most wrong first.

use std::collections::HashMap;
use std::sync::Arc;

use egui::{
    Align, Color32, ColorImage, FontId, Label, Layout, Rect, RichText, Role, ScrollArea, Sense,
    StrokeKind, TextureHandle, TextureOptions, Ui, WidgetInfo, pos2, vec2,
};

use super::heat::cell_name;
use crate::data::{self, Features, Store};
use crate::gui::jobs::{Lane, Slot};
use crate::gui::mistakes::{Confusion, Predictions};
use crate::gui::state::Shared;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::setup::{DatasetSetup, InputShape};
use crate::units::{count, significant};

/// Side of a picture, points.
const PICTURE: f32 = 72.0;
/// Side of the picture under the pointer, points.
const PICTURE_LARGE: f32 = 224.0;
const TILE: egui::Vec2 = vec2(96.0, PICTURE + 2.0 * 16.0 + 2.0 * theme::GRID);
/// Height of a row of a table, points.
const ROW: f32 = 24.0;
/// Side to which larger pictures are thinned out, pixels.
const PIXELS_MAX: usize = 128;
/// Pictures that are kept on the graphics card.
const TEXTURES_MAX: usize = 600;
/// Widths of a table's columns: sample, class, confidence; points.
const COLUMNS: [f32; 3] = [56.0, 104.0, 72.0];
/// Least width of the other columns, points.
const COLUMN_MIN: f32 = 56.0;
/// Numbers of a table's row that are written out.
const NUMBERS: usize = 6;

/// Which samples are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Those of one class that were taken for one class.
    Cell {
        /// What they are.
        truth: usize,
        /// What they were taken for.
        predicted: usize,
    },
    /// All that were taken for another class than theirs.
    Wrong,
}

impl Choice {
    /// The cell, where it is one.
    pub fn cell(self) -> Option<(usize, usize)> {
        match self {
            Self::Cell { truth, predicted } => Some((truth, predicted)),
            Self::Wrong => None,
        }
    }

    /// What is shown, in words.
    pub fn title(self, confusion: &Confusion, classes: &[String]) -> String {
        match self {
            Self::Cell { truth, predicted } => {
                let samples = u64::from(confusion.count(truth, predicted));
                cell_name(classes, truth, predicted, samples)
            }
            Self::Wrong => match confusion.samples() - confusion.right() {
                1 => "1 mistake".to_owned(),
                wrong => format!("{} mistakes", count(wrong)),
            },
        }
    }

    fn takes(self, truth: u16, predicted: u16) -> bool {
        match self {
            Self::Cell {
                truth: is,
                predicted: taken,
            } => usize::from(truth) == is && usize::from(predicted) == taken,
            Self::Wrong => truth != predicted,
        }
    }

    /// As many as the matrix says there are.
    fn expected(self, confusion: &Confusion) -> u64 {
        match self {
            Self::Cell { truth, predicted } => u64::from(confusion.count(truth, predicted)),
            Self::Wrong => confusion.samples() - confusion.right(),
        }
    }

    fn order_in_words(self) -> &'static str {
        match self {
            Self::Cell { truth, predicted } if truth == predicted => {
                "The least sure first: lowest confidence in the right class."
            }
            _ => "The most wrong first: highest confidence in the wrong class.",
        }
    }
}

/// What a gallery is of.
pub struct Of<'a> {
    /// Which samples.
    pub choice: Choice,
    /// The matrix of the evaluation.
    pub confusion: &'a Confusion,
    /// The answers of the same evaluation.
    pub predictions: &'a Arc<Predictions>,
    /// Names of the classes.
    pub classes: &'a [String],
    /// Where the samples come from.
    pub dataset: &'a DatasetSetup,
    /// The label that was asked for, where several are learnt.
    pub head: Option<&'a str>,
}

/// The held-out part of a dataset.
struct Held {
    input: InputShape,
    features: Features,
    truth: Vec<u16>,
    /// The brightest pixel: sets count to 255 or less.
    brightest: f32,
}

/// A held-out part that is read, or was.
struct Reading {
    dataset: DatasetSetup,
    /// The label by which its classes are told, where several are learnt.
    head: Option<String>,
    held: Slot<Result<Held, String>>,
}

impl Reading {
    /// Whether it is what `of` asks for, and will come.
    fn is_for(&self, of: &Of<'_>) -> bool {
        self.dataset == *of.dataset && self.head.as_deref() == of.head && !self.held.is_lost()
    }
}

/// Draws samples; keeps the dataset, the order and the pictures that were needed last.
#[derive(Default)]
pub struct Gallery {
    held: Option<Reading>,
    order: Option<(Choice, Arc<Predictions>, Vec<u32>)>,
    textures: HashMap<u32, TextureHandle>,
}

impl Gallery {
    /// Draws the samples in the room that there is.
    pub fn show(&mut self, ui: &mut Ui, shared: &mut Shared, of: &Of<'_>) {
        if of.choice.expected(of.confusion) == 0 {
            widgets::caption(ui, "There are none at this evaluation.");
            return;
        }
        if !self.held.as_ref().is_some_and(|held| held.is_for(of)) {
            let dataset = of.dataset.clone();
            let store = shared.sets.store().clone();
            let head = of.head.map(str::to_owned);
            let asked = head.clone();
            let slot = shared.jobs.fetch(Lane::Data, move |_| {
                load(&dataset, &store, asked.as_deref())
            });
            *self = Self {
                held: Some(Reading {
                    dataset: of.dataset.clone(),
                    head,
                    held: slot,
                }),
                ..Self::default()
            };
        }
        let Self {
            held,
            order,
            textures,
        } = self;
        let held = match held.as_ref().and_then(|reading| reading.held.get()) {
            None => {
                ui.horizontal(|ui| {
                    ui.spinner();
                    ui.label("Loading the samples…");
                });
                return;
            }
            Some(Err(why)) => {
                widgets::problem(ui, &format!("The samples cannot be shown: {why}"));
                return;
            }
            Some(Ok(held)) => held,
        };
        let known = order.as_ref().is_some_and(|(choice, predictions, _)| {
            *choice == of.choice && Arc::ptr_eq(predictions, of.predictions)
        });
        if !known {
            let found = ordered(&held.truth, of.predictions, of.choice);
            *order = Some((of.choice, Arc::clone(of.predictions), found));
        }
        let Some((.., order)) = order else { return };
        let fits = held.truth.len() == of.predictions.predicted.len();
        if !fits || order.len() as u64 != of.choice.expected(of.confusion) {
            let text = "The dataset has changed since this run: its held-out samples are not those that the network was asked.";
            widgets::problem(ui, text);
            return;
        }
        widgets::caption(ui, of.choice.order_in_words());
        match held.input {
            InputShape::Image { .. } => pictures(ui, held, of, order, textures),
            _ => table(ui, held, of, order),
        }
    }
}

/// The held-out samples with their classes by `head`, or by the label that is learnt by itself.
fn load(dataset: &DatasetSetup, store: &Store, head: Option<&str>) -> Result<Held, String> {
    let data = data::load_from(dataset, store).map_err(|error| error.to_string())?;
    let labels = &data.info.labels;
    let named = head.and_then(|head| labels.iter().position(|label| label.name == head));
    let column = named.unwrap_or(data.info.target);
    let truth = data.test.labels.classes(column).map(<[u16]>::to_vec);
    let brightest = match &data.test.features {
        Features::U8(pixels) => pixels.iter().copied().max().map_or(1.0, f32::from),
        Features::F32(values) => values.iter().copied().fold(0.0, f32::max),
        Features::Tokens(_) => 1.0,
    };
    Ok(Held {
        input: data.info.input,
        features: data.test.features,
        truth: truth.unwrap_or_default(),
        brightest: brightest.max(f32::MIN_POSITIVE),
    })
}

/// The samples that `choice` takes: of mistakes the surest first, of right answers the least sure.
fn ordered(truth: &[u16], predictions: &Predictions, choice: Choice) -> Vec<u32> {
    let mut found: Vec<u32> = (0_u32..)
        .zip(truth.iter().zip(&predictions.predicted))
        .filter(|(_, (truth, predicted))| choice.takes(**truth, **predicted))
        .map(|(sample, _)| sample)
        .collect();
    let confidence = |sample: &u32| {
        predictions
            .confidence_permille
            .get(*sample as usize)
            .copied()
    };
    match choice {
        Choice::Cell { truth, predicted } if truth == predicted => found.sort_by_key(confidence),
        _ => found.sort_by_key(|sample| std::cmp::Reverse(confidence(sample))),
    }
    found
}

/// What is known of one sample.
struct Sample<'a> {
    index: u32,
    truth: &'a str,
    predicted: &'a str,
    confidence: String,
}

impl<'a> Sample<'a> {
    fn new(of: &Of<'a>, held: &Held, index: u32) -> Self {
        let at = index as usize;
        let name = |class: u16| {
            of.classes
                .get(usize::from(class))
                .map_or("?", String::as_str)
        };
        let permille = of.predictions.confidence_permille[at];
        Self {
            index,
            truth: name(held.truth[at]),
            predicted: name(of.predictions.predicted[at]),
            confidence: format!("{:.1} %", f64::from(permille) / 10.0),
        }
    }

    fn in_words(&self) -> String {
        format!(
            "held-out sample {}: truth {}, predicted {}, confidence {}",
            count(u64::from(self.index) + 1),
            self.truth,
            self.predicted,
            self.confidence
        )
    }
}

fn pictures(
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

fn table(ui: &mut Ui, held: &Held, of: &Of<'_>, order: &[u32]) {
    use egui_extras::{Column, TableBuilder};
    let head = |ui: &mut Ui, text: &str| {
        let tokens = Tokens::in_ui(ui);
        ui.label(RichText::new(text).small().color(tokens.dim));
    };
    // The columns are as wide as they are: what is left goes to the numbers, so that the table never widens the page.
    let spacing = ui.spacing().item_spacing.x;
    let scroll = ui.spacing().scroll.allocated_width();
    let [sample, widest_name, confidence] = COLUMNS;
    let room = ui.available_width() - sample - confidence - 4.0 * spacing - scroll;
    let name = (room / 2.0).clamp(COLUMN_MIN, widest_name);
    let rest = room - 2.0 * name;
    let has_numbers = rest >= COLUMN_MIN;
    let mut builder = TableBuilder::new(ui)
        .id_salt("gallery-table")
        .striped(true)
        .auto_shrink(false)
        .cell_layout(Layout::left_to_right(Align::Center))
        .column(Column::exact(sample))
        .columns(Column::exact(name).clip(true), 2)
        .column(Column::exact(confidence));
    if has_numbers {
        builder = builder.column(Column::exact(rest).clip(true));
    }
    builder
        .header(ROW, |mut header| {
            for text in ["sample", "truth", "predicted", "confidence"] {
                header.col(|ui| head(ui, text));
            }
            if has_numbers {
                header.col(|ui| head(ui, "numbers"));
            }
        })
        .body(|body| {
            body.rows(ROW, order.len(), |mut row| {
                let Some(&index) = order.get(row.index()) else {
                    return;
                };
                let sample = Sample::new(of, held, index);
                let label = |ui: &mut Ui, text: RichText| {
                    ui.add(Label::new(text).truncate());
                };
                row.col(|ui| label(ui, RichText::new(count(u64::from(index) + 1)).monospace()));
                row.col(|ui| label(ui, sample.truth.into()));
                row.col(|ui| label(ui, sample.predicted.into()));
                row.col(|ui| label(ui, RichText::new(&sample.confidence).monospace()));
                if has_numbers {
                    let numbers = RichText::new(numbers(held, index)).monospace();
                    row.col(|ui| label(ui, numbers));
                }
            });
        });
}

/// The numbers of a table's row, or as many as are worth writing out.
fn numbers(held: &Held, index: u32) -> String {
    let values = held.sample(index);
    let more = if values.len() > NUMBERS { " …" } else { "" };
    let written: Vec<_> = values
        .iter()
        .take(NUMBERS)
        .map(|x| significant(f64::from(*x), 4))
        .collect();
    format!("{}{more}", written.join("  "))
}

impl Held {
    fn sample(&self, index: u32) -> Vec<f32> {
        let len = self.input.len();
        let range = index as usize * len..(index as usize + 1) * len;
        match &self.features {
            Features::U8(pixels) => pixels[range].iter().map(|x| f32::from(*x)).collect(),
            Features::F32(values) => values[range].to_vec(),
            Features::Tokens(tokens) => tokens[range].iter().map(|x| f32::from(*x)).collect(),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_begin_with_the_surest_and_right_answers_with_the_least_sure() {
        let predictions = Predictions {
            step: 1,
            predicted: vec![1, 0, 1, 1, 0, 1],
            confidence_permille: vec![600, 900, 990, 700, 501, 800],
        };
        let truth = [0, 0, 0, 1, 0, 1];
        let cell = |truth, predicted| Choice::Cell { truth, predicted };
        assert_eq!(ordered(&truth, &predictions, cell(0, 1)), [2, 0]);
        assert_eq!(ordered(&truth, &predictions, cell(0, 0)), [4, 1]);
        assert_eq!(ordered(&truth, &predictions, cell(1, 1)), [3, 5]);
        assert_eq!(ordered(&truth, &predictions, Choice::Wrong), [2, 0]);
        assert!(ordered(&truth, &predictions, cell(1, 0)).is_empty());
    }
}
