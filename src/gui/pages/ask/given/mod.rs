//! What is asked about: a drawing, a held-out sample, a file, a row, a text.

mod draw;
mod file;
mod held;
mod typed;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use egui::Ui;

use super::sheet::Sheet;
use crate::data::Dataset;
use crate::data::own::{Encoding, Invert, OwnSample, Takes};
use crate::gui::asking::Ready;
use crate::gui::jobs::Slot;
use crate::gui::state::Shared;
use crate::gui::theme;
use typed::{symbols_hint, text_hint};

/// Columns of a table that have a field each; a wider one is asked from a file.
const FIELDS_MAX: usize = 200;
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

/// The samples of a file, once they are read.
type OfFile = Slot<Result<Vec<OwnSample>, String>>;

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
    file: Option<(PathBuf, OfFile)>,
    /// A file that was chosen or dropped and is to be read.
    chosen: Arc<Mutex<Option<PathBuf>>>,
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
        let mut chosen = self.chosen.lock().unwrap_or_else(PoisonError::into_inner);
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
}
