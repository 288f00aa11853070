//! What is asked about: a drawing, a held-out sample, a file, a row, a text.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::{ComboBox, DragValue, Grid, Label, RichText, ScrollArea, Slider, TextEdit, Ui};

use super::sheet::Sheet;
use crate::control::Taste;
use crate::data::own::{
    Encoding, Invert, OwnSample, PictureRule, RowKind, RowRule, SymbolRule, Takes, TextRule,
};
use crate::data::{self, Dataset, Features};
use crate::gui::asking::Ready;
use crate::gui::dialogs::{self, Question};
use crate::gui::jobs::{Lane, Slot};
use crate::gui::pages::train::setup::form::sentence;
use crate::gui::state::Shared;
use crate::gui::theme;
use crate::gui::widgets;
use crate::units::count;

/// Columns of a table that have a field each; a wider one is asked from a file.
const FIELDS_MAX: usize = 200;
/// Height of everything but the sheet, points.
const BESIDE_SHEET: f32 = 118.0;
/// Height of everything but the fields of a row, points.
const BESIDE_FIELDS: f32 = 130.0;
/// Characters that a text is gone on with.
const CHARACTERS: usize = 80;

/// Where a sample comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Draw,
    Row,
    Text,
    HeldOut,
    File,
}

impl Kind {
    fn label(self) -> &'static str {
        match self {
            Self::Draw => "Draw",
            Self::Row => "Row",
            Self::Text => "Text",
            Self::HeldOut => "Held-out sample",
            Self::File => "File",
        }
    }

    fn hint(self) -> &'static str {
        match self {
            Self::Draw => "Draw something, and the answer stands here while you do.",
            Self::Row => "Fill in the fields, and the answer stands here.",
            Self::Text => "Type something, and the answer stands here.",
            Self::HeldOut => "Choose a sample that the network has never learnt from.",
            Self::File => "Open a file, or drop it on the window.",
        }
    }
}

/// The held-out samples of a dataset, once they are loaded.
type Held = Slot<Result<Dataset, String>>;

/// What is given, and how.
#[derive(Default)]
pub struct Given {
    kind: Kind,
    kinds: Vec<Kind>,
    sheet: Sheet,
    /// Whether what is drawn is put where the set has it.
    as_set: bool,
    held: Option<Held>,
    /// Which held-out sample, from 1.
    number: usize,
    /// Whether that is to be asked about once it is there.
    wants_held: bool,
    /// The file that was opened, and what was in it.
    file: Option<(PathBuf, Slot<Result<Vec<OwnSample>, String>>)>,
    /// A file that was chosen or dropped and is to be read.
    chosen: Arc<std::sync::Mutex<Option<PathBuf>>>,
    /// Which of the samples of the file, from 1; 0 before it was read.
    of_file: usize,
    invert: Invert,
    cells: Vec<String>,
    wrong: Option<String>,
    text: String,
    characters: usize,
    temperature: f64,
    is_cleared: bool,
    draws: u64,
    /// Room for all of it, points.
    pub room: f32,
}

impl Given {
    /// For another network.
    pub fn turn_to(&mut self, encoding: &Encoding) {
        if !self.kinds.is_empty() {
            return;
        }
        self.kinds = match &encoding.takes {
            Takes::Picture(rule) if rule.can_be_drawn() => {
                self.sheet = Sheet::of(rule);
                vec![Kind::Draw, Kind::HeldOut, Kind::File]
            }
            Takes::Picture(_) => vec![Kind::HeldOut, Kind::File],
            Takes::Row(rule) if rule.columns.len() <= FIELDS_MAX => {
                self.cells = vec![String::new(); rule.columns.len()];
                vec![Kind::Row, Kind::File]
            }
            Takes::Row(_) => vec![Kind::HeldOut, Kind::File],
            Takes::Text(_) | Takes::Symbols(_) => vec![Kind::Text, Kind::HeldOut],
            Takes::Nothing => vec![Kind::HeldOut],
        };
        self.kind = self.kinds[0];
        self.wants_held = self.kind == Kind::HeldOut;
        (self.as_set, self.number) = (true, 1);
        (self.characters, self.temperature) = (CHARACTERS, 0.8);
    }

    /// What to do, where nothing was asked yet.
    pub fn hint(&self) -> &'static str {
        self.kind.hint()
    }

    /// Whether everything was taken off the sheet in this frame.
    pub fn was_cleared(&mut self) -> bool {
        std::mem::take(&mut self.is_cleared)
    }

    /// A file that was dropped on the window; whether it is one that can be asked about.
    pub fn take_file(&mut self, path: &Path) -> bool {
        let end = path.extension().and_then(|end| end.to_str());
        let end = end.map(str::to_ascii_lowercase);
        let is_picture = matches!(end.as_deref(), Some("png" | "jpg" | "jpeg"));
        let is_table = end.as_deref() == Some("csv");
        let fits = match self.kinds.first() {
            Some(Kind::Row) => is_table,
            Some(Kind::Draw | Kind::HeldOut) => is_picture,
            _ => false,
        };
        if !fits || !self.kinds.contains(&Kind::File) {
            return false;
        }
        self.kind = Kind::File;
        self.choose(path.to_owned());
        true
    }

    fn choose(&mut self, path: PathBuf) {
        let mut chosen = self
            .chosen
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *chosen = Some(path);
    }

    /// Draws the choice and the form; the sample that is to be asked about now.
    pub fn show(&mut self, ui: &mut Ui, shared: &mut Shared, ready: &Ready) -> Option<OwnSample> {
        let encoding = &ready.encoding;
        let before = self.kind;
        ui.horizontal_wrapped(|ui| {
            for kind in self.kinds.clone() {
                ui.selectable_value(&mut self.kind, kind, kind.label())
                    .on_hover_text(kind.hint());
            }
        });
        let is_new = self.kind != before;
        self.is_cleared |= is_new;
        ui.add_space(theme::GRID);
        match (self.kind, &encoding.takes) {
            (Kind::Draw, Takes::Picture(rule)) => self.draw(ui, encoding, rule, is_new),
            (Kind::Row, Takes::Row(rule)) => self.row(ui, shared, ready, rule, is_new),
            (Kind::Text, Takes::Text(rule)) => self.text(ui, encoding, &text_hint(rule), is_new),
            (Kind::Text, Takes::Symbols(rule)) => {
                self.text(ui, encoding, &symbols_hint(rule), is_new)
            }
            (Kind::File, _) => self.file(ui, shared, encoding, is_new),
            _ => self.held_out(ui, shared, ready, is_new),
        }
    }

    fn draw(
        &mut self,
        ui: &mut Ui,
        encoding: &Encoding,
        rule: &PictureRule,
        is_new: bool,
    ) -> Option<OwnSample> {
        let mut is_changed = self.sheet.show(ui, rule, self.room - BESIDE_SHEET) | is_new;
        ui.horizontal_wrapped(|ui| {
            if ui
                .button("Clear")
                .on_hover_text("Take everything off the sheet (Delete)")
                .clicked()
            {
                self.sheet.clear();
                is_changed = true;
            }
            let label =
                widgets::field_label(ui, "Brush", "Width of a stroke; 1 is about that of the set");
            ui.spacing_mut().slider_width = 70.0;
            let slider = Slider::new(&mut self.sheet.breadth, 0.4..=2.5).fixed_decimals(1);
            ui.add(slider).labelled_by(label.id);
        });
        if rule.framing != data::own::Framing::Whole {
            let hint = sentence(&rule.in_words());
            let check = ui
                .checkbox(&mut self.as_set, "Place it as the set does")
                .on_hover_text(hint);
            is_changed |= check.changed();
        }
        if self.sheet.plane().is_black() {
            self.is_cleared |= is_changed;
            return None;
        }
        if !is_changed {
            return None;
        }
        encoding.drawn(self.sheet.plane(), self.as_set).ok()
    }

    fn file(
        &mut self,
        ui: &mut Ui,
        shared: &mut Shared,
        encoding: &Arc<Encoding>,
        is_new: bool,
    ) -> Option<OwnSample> {
        let is_picture = matches!(encoding.takes, Takes::Picture(_));
        let what = if is_picture {
            "Open an image…"
        } else {
            "Open a CSV file…"
        };
        if ui.button(what).clicked() {
            let question = if is_picture {
                Question::new("Open an image").kind("Images", &["png", "jpg", "jpeg"])
            } else {
                Question::new("Open a table").kind("Tables", &["csv"])
            };
            let chosen = Arc::clone(&self.chosen);
            dialogs::open_file(shared, question, move |_, path| {
                if let Some(path) = path {
                    *chosen
                        .lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner) = Some(path);
                }
            });
        }
        widgets::caption(ui, "or drop one on the window");
        let mut is_changed = is_new;
        if let Takes::Picture(rule) = &encoding.takes {
            widgets::caption(ui, sentence(&rule.in_words()));
            let before = self.invert;
            let label = widgets::field_label(ui, "Swap bright and dark", "");
            let text = |invert: Invert| match invert {
                Invert::Auto => "where the border is bright",
                Invert::Yes => "always",
                Invert::No => "never",
            };
            ComboBox::from_id_salt("ask-invert")
                .selected_text(text(self.invert))
                .show_ui(ui, |ui| {
                    for invert in [Invert::Auto, Invert::Yes, Invert::No] {
                        ui.selectable_value(&mut self.invert, invert, text(invert));
                    }
                })
                .response
                .labelled_by(label.id);
            if before != self.invert
                && let Some((path, _)) = self.file.take()
            {
                self.choose(path);
            }
        }
        let chosen = self
            .chosen
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .take();
        if let Some(path) = chosen {
            let (encoding, of, invert) = (Arc::clone(encoding), path.clone(), self.invert);
            let slot = shared.jobs.fetch(Lane::Data, move |_| {
                match &encoding.takes {
                    Takes::Picture(_) => encoding.read_picture(&of, invert).map(|one| vec![one]),
                    _ => encoding.read_rows(&of),
                }
                .map_err(|error| error.to_string())
            });
            self.file = Some((path, slot));
            self.of_file = 0;
        }
        let (path, slot) = self.file.as_ref()?;
        let name = path.file_name().unwrap_or(path.as_os_str());
        let name = name.to_string_lossy().into_owned();
        ui.add(Label::new(RichText::new(name).text_style(theme::strong())).truncate())
            .on_hover_text(path.display().to_string());
        match slot.get() {
            None if slot.is_lost() => {
                widgets::problem(
                    ui,
                    "Reading it failed inside the program; the log says where.",
                );
                None
            }
            None => {
                ui.spinner();
                None
            }
            Some(Err(why)) => {
                widgets::problem(ui, &sentence(why));
                None
            }
            Some(Ok(samples)) => {
                if self.of_file == 0 {
                    self.of_file = 1;
                    is_changed = true;
                }
                if samples.len() > 1 {
                    ui.horizontal(|ui| {
                        let label = ui.label("Row");
                        let value = DragValue::new(&mut self.of_file).range(1..=samples.len());
                        is_changed |= ui.add(value).labelled_by(label.id).changed();
                        ui.label(format!("of {}", count(samples.len() as u64)));
                    });
                }
                samples
                    .get(self.of_file - 1)
                    .filter(|_| is_changed)
                    .cloned()
            }
        }
    }

    /// Chooses a held-out sample; whether another one was.
    fn choose_held(&mut self, ui: &mut Ui, samples: Option<usize>) -> bool {
        let mut is_chosen = false;
        ui.horizontal_wrapped(|ui| {
            let label = ui.label("Number");
            let most = samples.unwrap_or(1).max(1);
            let value = DragValue::new(&mut self.number).range(1..=most);
            is_chosen |= ui
                .add(value)
                .labelled_by(label.id)
                .on_hover_text("Which of the samples that the network has never learnt from")
                .changed();
            ui.label(format!("of {}", count(most as u64)));
            if ui.button("Random").on_hover_text("Any of them").clicked() {
                // Any order will do; the numbers of Knuth's generator MMIX.
                let time = ui.input(|input| input.time.to_bits());
                self.draws = (self.draws ^ time)
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                self.number = ((self.draws >> 33) as usize) % most + 1;
                is_chosen = true;
            }
        });
        is_chosen
    }

    /// The held-out samples, loaded where they are not; why they cannot be is shown.
    fn samples(&mut self, ui: &mut Ui, shared: &mut Shared, ready: &Ready) -> bool {
        if self.held.is_none() {
            let dataset = ready.dataset.clone();
            let store = shared.sets.store().clone();
            self.held = Some(shared.jobs.fetch(Lane::Data, move |_| {
                data::load_from(&dataset, &store).map_err(|error| error.to_string())
            }));
        }
        match self.held.as_ref().map(|slot| (slot.get(), slot.is_lost())) {
            Some((Some(Ok(_)), _)) => true,
            Some((Some(Err(why)), _)) => {
                let text = format!("The held-out samples cannot be read: {why}");
                widgets::problem(ui, &text);
                false
            }
            Some((None, true)) => {
                widgets::problem(
                    ui,
                    "Reading them failed inside the program; the log says where.",
                );
                false
            }
            _ => {
                ui.horizontal(|ui| {
                    ui.spinner();
                    ui.label("Loading the samples…");
                });
                false
            }
        }
    }

    fn dataset(&self) -> Option<&Dataset> {
        self.held.as_ref()?.get()?.as_ref().ok()
    }

    fn held_out(
        &mut self,
        ui: &mut Ui,
        shared: &mut Shared,
        ready: &Ready,
        is_new: bool,
    ) -> Option<OwnSample> {
        self.wants_held |= is_new;
        if !self.samples(ui, shared, ready) {
            return None;
        }
        let count = self.dataset().map(|dataset| dataset.test.len());
        self.wants_held |= self.choose_held(ui, count);
        if !std::mem::take(&mut self.wants_held) {
            return None;
        }
        let sample = self.dataset()?.held_out(self.number - 1)?;
        if let (Takes::Text(rule), Features::Tokens(tokens)) =
            (&ready.encoding.takes, &sample.features)
        {
            // To be read, and to be gone on with.
            let characters = tokens
                .iter()
                .filter_map(|token| rule.character(usize::from(*token)));
            self.text = characters.collect();
        }
        Some(sample)
    }

    fn row(
        &mut self,
        ui: &mut Ui,
        shared: &mut Shared,
        ready: &Ready,
        rule: &RowRule,
        is_new: bool,
    ) -> Option<OwnSample> {
        let mut filled = None;
        if self.samples(ui, shared, ready) {
            let count = self.dataset().map(|dataset| dataset.test.len());
            let is_chosen = self.choose_held(ui, count);
            let is_asked = ui
                .button("Fill in")
                .on_hover_text("Fill the fields in from this held-out sample")
                .clicked();
            if is_chosen || is_asked {
                filled = self
                    .dataset()
                    .and_then(|dataset| dataset.held_out(self.number - 1));
            }
        }
        if let Some(OwnSample {
            features: Features::F32(features),
            ..
        }) = &filled
        {
            self.cells = rule.cells(features);
        }
        let mut is_changed = is_new;
        ScrollArea::vertical()
            .id_salt("ask-row")
            .max_height((self.room - BESIDE_FIELDS).max(140.0))
            .show(ui, |ui| {
                Grid::new("ask-fields").num_columns(2).show(ui, |ui| {
                    for (column, cell) in rule.columns.iter().zip(&mut self.cells) {
                        let label = ui.add(Label::new(&column.name).truncate());
                        is_changed |= field(ui, &column.name, &column.kind, cell, label.id);
                        ui.end_row();
                    }
                });
            });
        if let Some(sample) = filled {
            self.wrong = None;
            return Some(sample);
        }
        let is_empty = self.cells.iter().all(|cell| cell.trim().is_empty());
        if is_changed && !is_empty {
            let sample = ready.encoding.row(&self.cells);
            self.wrong = sample.as_ref().err().map(ToString::to_string);
            if let Ok(sample) = sample {
                return Some(sample);
            }
        }
        if let Some(wrong) = &self.wrong {
            widgets::problem(ui, &sentence(wrong));
        }
        None
    }

    fn text(
        &mut self,
        ui: &mut Ui,
        encoding: &Encoding,
        hint: &str,
        is_new: bool,
    ) -> Option<OwnSample> {
        let edit = TextEdit::multiline(&mut self.text)
            .hint_text(hint)
            .desired_rows(4)
            .desired_width(f32::INFINITY);
        let field = ui.add(edit).accessible_name("Text to ask about");
        if (field.changed() || is_new) && !self.text.is_empty() {
            let sample = encoding.text(&self.text);
            self.wrong = sample.as_ref().err().map(ToString::to_string);
            if let Ok(sample) = sample {
                return Some(sample);
            }
        }
        if let Some(wrong) = &self.wrong {
            widgets::problem(ui, &sentence(wrong));
        }
        None
    }

    /// Where the network foretells characters, how far to go on; the text that it is to go on with, where that was asked for now.
    pub fn continued(&mut self, ui: &mut Ui, encoding: &Encoding) -> Option<String> {
        let Takes::Text(TextRule {
            continues: true, ..
        }) = &encoding.takes
        else {
            return None;
        };
        let mut is_asked = false;
        ui.horizontal_wrapped(|ui| {
            is_asked = ui
                .button("Go on")
                .on_hover_text("Let the network write")
                .clicked();
            ui.label("for");
            let value = DragValue::new(&mut self.characters).range(1..=2000);
            ui.add(value).accessible_name("Characters to go on for");
            ui.label("characters, boldness");
            let value = DragValue::new(&mut self.temperature)
                .range(0.0..=2.0)
                .speed(0.02);
            ui.add(value).accessible_name("Boldness").on_hover_text(
                "Temperature: 0 takes the likeliest character, 1 draws as the network says",
            );
        });
        (is_asked && !self.text.is_empty()).then(|| self.text.clone())
    }

    /// How far to go on, and how.
    pub fn wish(&mut self) -> (usize, Taste) {
        self.draws = self.draws.wrapping_add(1);
        let taste = Taste {
            temperature: self.temperature,
            seed: self.draws,
        };
        (self.characters, taste)
    }
}

/// The field of a column; whether it was changed.
fn field(ui: &mut Ui, name: &str, kind: &RowKind, cell: &mut String, label: egui::Id) -> bool {
    match kind {
        RowKind::Number => {
            let edit = TextEdit::singleline(cell).desired_width(110.0);
            ui.add(edit).labelled_by(label).changed()
        }
        RowKind::Categories(names) => {
            let before = cell.clone();
            ComboBox::from_id_salt(("ask-category", name))
                .selected_text(cell.as_str())
                .width(110.0)
                .show_ui(ui, |ui| {
                    for known in names {
                        ui.selectable_value(cell, known.clone(), known);
                    }
                })
                .response
                .labelled_by(label);
            *cell != before
        }
    }
}

fn text_hint(rule: &TextRule) -> String {
    if rule.continues {
        "The network says which character comes next".to_owned()
    } else {
        format!("Up to {} characters", count(rule.length as u64))
    }
}

fn symbols_hint(rule: &SymbolRule) -> String {
    format!("Symbols divided by blanks, such as {}", rule.example)
}
