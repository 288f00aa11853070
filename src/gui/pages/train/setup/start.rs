//! What a network has learnt before it is trained: nothing, what a run of the library learnt, or what a file holds.

use std::path::{Path, PathBuf};

use egui::{ComboBox, Margin, TextEdit, Ui};

use super::form::{Form, Look, small_button};
use super::source::{Found, Known};
use super::{SetupPanel, strong_row};
use crate::gui::dialogs::{self, Question};
use crate::gui::pages::run_chooser::RunChooser;
use crate::gui::state::{Page, Shared, State};
use crate::gui::theme;
use crate::gui::widgets;
use crate::setup::{Rename, Setup, StartSetup, WeightLayout};

/// Endings of files with weights.
const ENDINGS: [&str; 6] = ["safetensors", "bpk", "pt", "pth", "ckpt", "bin"];

const LAYOUTS: [(WeightLayout, &str, &str); 3] = [
    (
        WeightLayout::Auto,
        "As the file says",
        "Burn's where the file says that Burn wrote it, else PyTorch's",
    ),
    (WeightLayout::Pytorch, "PyTorch: [outputs, inputs]", ""),
    (WeightLayout::Burn, "Burn: [inputs, outputs]", ""),
];

/// From where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    Nothing,
    Run,
    File,
}

const SOURCES: [(From, &str, &str); 3] = [
    (
        From::Nothing,
        "Nothing",
        "All weights are drawn at random from the seed",
    ),
    (
        From::Run,
        "A run of the library",
        "The weights of its newest checkpoint, as far as layers have the same name and shape",
    ),
    (
        From::File,
        "A file",
        "Safetensors, Burn's own, or what torch.save writes; nothing in it is executed",
    ),
];

/// The part of the panel that says what a run starts from.
#[derive(Default)]
pub struct StartPart {
    chooser: RunChooser,
    known: Known,
    /// What was asked for before it was turned away from.
    kept_run: Option<StartSetup>,
    kept_file: Option<StartSetup>,
}

impl StartPart {
    /// Whether the setup names a source that can be started from.
    ///
    /// # Errors
    /// Why not, for people.
    pub fn is_ready(&self, start: Option<&StartSetup>) -> Result<(), String> {
        let Some(start) = start else { return Ok(()) };
        if start.run.as_ref().is_some_and(|run| run.trim().is_empty()) {
            return Err("Start: the run is to be chosen first".to_owned());
        }
        if is_nowhere(start.file.as_ref()) {
            return Err("Start: the file is to be named first".to_owned());
        }
        match self.known.found() {
            Some(Err(error)) if self.known.is_of(start) => Err(format!("Start: {error}")),
            _ => Ok(()),
        }
    }

    /// Forgets what was turned away from: another setup is shown.
    pub fn forget_kept(&mut self) {
        self.kept_run = None;
        self.kept_file = None;
    }

    /// The setup with the run's identifier in place of its name, and the whole path of a file: neither is to mean another one later.
    pub fn resolved(&self, mut setup: Setup) -> Setup {
        let Some(start) = &mut setup.start else {
            return setup;
        };
        let known = self.known.found().filter(|_| self.known.is_of(start));
        if start.run.is_some()
            && !start.goes_by_seed()
            && let Some(Ok(Found {
                run_id: Some(id), ..
            })) = known
        {
            start.run = Some(id.clone());
        }
        if let Some(file) = &mut start.file
            && let Ok(whole) = std::path::absolute(&file)
        {
            *file = whole;
        }
        setup
    }
}

fn is_nowhere(file: Option<&PathBuf>) -> bool {
    file.is_some_and(|file| file.as_os_str().is_empty())
}

impl SetupPanel {
    /// What is learnt already.
    pub(super) fn start(&mut self, ui: &mut Ui, setup: &mut Setup, shared: &mut Shared) {
        self.start
            .known
            .follow(shared, setup.start.as_ref(), setup.regime.seed);
        self.start_source(ui, &mut setup.start);
        let Some(start) = &mut setup.start else {
            return;
        };
        let mut form = Form {
            typed: &mut self.typed,
            problems: &self.checked.problems,
        };
        let part = &mut self.start;
        if start.run.is_some() {
            run_field(part, &mut form, ui, start, shared);
        } else {
            file_field(part, &mut form, ui, start, shared);
        }
        let hint = "Whether the layer that answers starts anew also where it would fit. Where its shape is another it does so \
                    anyway.";
        let look = Look::new("New head", "start.new_head", hint);
        form.toggle(ui, look, &mut start.new_head);
        let is_file = start.run.is_none();
        let paths = [
            "start.key",
            "start.layout",
            "start.rename",
            "start.file_energy_j",
        ];
        form.folded(
            ui,
            "More of the start",
            "more of the start",
            &paths,
            |form, ui| {
                if is_file {
                    file_options(form, ui, start);
                }
                renames(form, ui, &mut start.rename);
            },
        );
    }

    fn start_source(&mut self, ui: &mut Ui, start: &mut Option<StartSetup>) {
        let now = match start {
            None => From::Nothing,
            Some(start) if start.run.is_some() => From::Run,
            Some(_) => From::File,
        };
        let mut wanted = now;
        let hint = "What the network has learnt before. The energy of what it starts from is kept with the run.";
        strong_row(ui, "Start from", hint, |ui, label| {
            let text = SOURCES.iter().find(|(source, ..)| *source == now);
            let combo = ComboBox::from_id_salt("start from")
                .width(ui.available_width())
                .truncate()
                .selected_text(text.map_or("", |(_, text, _)| text));
            let response = combo.show_ui(ui, |ui| {
                for (source, text, hint) in SOURCES {
                    ui.selectable_value(&mut wanted, source, text)
                        .on_hover_text(hint);
                }
            });
            response.response.labelled_by(label);
        });
        if wanted == now {
            return;
        }
        match now {
            From::Nothing => {}
            From::Run => self.start.kept_run = start.take(),
            From::File => self.start.kept_file = start.take(),
        }
        *start = match wanted {
            From::Nothing => None,
            From::Run => Some(self.start.kept_run.take().unwrap_or_else(|| StartSetup {
                run: Some(String::new()),
                ..StartSetup::default()
            })),
            From::File => Some(self.start.kept_file.take().unwrap_or_else(|| StartSetup {
                file: Some(PathBuf::new()),
                ..StartSetup::default()
            })),
        };
    }

    /// A file with weights was dropped on the window; `false` where it is none.
    pub fn take_weights(&mut self, path: &Path, shared: &mut Shared) -> bool {
        let ending = path.extension().map(|ending| ending.to_ascii_lowercase());
        let is_one = ending
            .as_ref()
            .and_then(|ending| ending.to_str())
            .is_some_and(|ending| ENDINGS.contains(&ending));
        if !is_one || path.is_dir() {
            return false;
        }
        let before = shared.preferences.setup.start.take();
        let before = before.filter(|start| start.run.is_none());
        shared.preferences.setup.start = Some(StartSetup {
            file: Some(path.to_owned()),
            ..before.unwrap_or_default()
        });
        shared.preferences.page = Page::Train;
        true
    }
}

fn run_field(
    part: &mut StartPart,
    form: &mut Form<'_>,
    ui: &mut Ui,
    start: &mut StartSetup,
    shared: &mut Shared,
) {
    let given = start.run.clone().unwrap_or_default();
    let known = part.known.found().filter(|_| part.known.is_of(start));
    let text = match known {
        _ if given.is_empty() => "Choose a run…".to_owned(),
        Some(Ok(found)) => found.name.clone(),
        _ => given.clone(),
    };
    let hint =
        "The run whose newest checkpoint is taken: the average of its weights where it made one";
    let look = Look::new("Run", "start.run", hint);
    form.row(ui, &look, |_, ui, _| {
        let (button, chosen) = part.chooser.show(ui, shared, &text, "Run to start from");
        if !given.is_empty() {
            button.on_hover_text(&given);
        }
        if let Some(chosen) = chosen {
            start.run = Some(chosen.id);
        }
    });
    told(part, form, ui, start, given.is_empty(), "start.run");
}

fn file_field(
    part: &mut StartPart,
    form: &mut Form<'_>,
    ui: &mut Ui,
    start: &mut StartSetup,
    shared: &mut Shared,
) {
    let hint =
        "A file with weights: .safetensors, .bpk, .pt or .pth. It can be dropped on the window.";
    let look = Look::new("File", "start.file", hint);
    let file = start.file.get_or_insert_default();
    if form.path_row(ui, &look, file, Some("Browse for weights…")) {
        ask(shared, file);
    }
    let is_empty = file.as_os_str().is_empty();
    if is_empty {
        widgets::caption(ui, hint);
    }
    told(part, form, ui, start, is_empty, "start.file");
}

/// What is known of the source, or what is wrong with it, below its field.
fn told(
    part: &StartPart,
    form: &mut Form<'_>,
    ui: &mut Ui,
    start: &StartSetup,
    is_empty: bool,
    path: &str,
) {
    if is_empty {
        return;
    }
    match part.known.found().filter(|_| part.known.is_of(start)) {
        Some(Ok(found)) => {
            widgets::caption(ui, &found.about);
        }
        Some(Err(error)) => widgets::problem(ui, &super::form::sentence(error)),
        None => {}
    }
    form.problems_at(ui, path);
}

fn ask(shared: &mut Shared, now: &Path) {
    let mut question = Question::new("Weights to start from").kind("Weights", &ENDINGS);
    let folder = now.parent().filter(|folder| !folder.as_os_str().is_empty());
    question.folder = folder.map(Path::to_owned);
    dialogs::open_file(shared, question, |state: &mut State, path| {
        // Something else may have been chosen while the dialog was open.
        let start = &mut state.shared.preferences.setup.start;
        if let (Some(path), Some(start)) = (path, start)
            && start.run.is_none()
        {
            start.file = Some(path);
        }
    });
}

fn file_options(form: &mut Form<'_>, ui: &mut Ui, start: &mut StartSetup) {
    let hint = "The table of a PyTorch file that holds the weights, such as state_dict; nothing: the usual ones are looked for";
    let mut key = start.key.clone().unwrap_or_default();
    let look = Look::new("Table", "start.key", hint);
    form.text(ui, look, &mut key, "the usual ones");
    start.key = Some(key.trim().to_owned()).filter(|key| !key.is_empty());
    let look = Look::new(
        "Layout",
        "start.layout",
        "How linear layers lie in the file",
    );
    form.choice(ui, look, &mut start.layout, &LAYOUTS);
    let hint = "Joules that its makers say the weights took, for figures with the whole ancestry";
    let look = Look::new("Its energy", "start.file_energy_j", hint).unit("J");
    let name = "The energy of the file is known";
    form.ticked(ui, look, name, &mut start.file_energy_j, 0.0);
}

/// Rules by which names of the source become names of the network.
fn renames(form: &mut Form<'_>, ui: &mut Ui, rules: &mut Vec<Rename>) {
    let hint = "Names in the source that begin with the first begin with the second here; of several rules the first that fits counts";
    widgets::field_label(ui, "Names that begin with … begin here with …", hint);
    let mut gone = None;
    for (at, rule) in rules.iter_mut().enumerate() {
        ui.horizontal(|ui| {
            let width = (ui.available_width() - theme::CONTROL_HEIGHT - 16.0) / 2.0;
            let number = at + 1;
            for (text, name) in [
                (&mut rule.from, format!("Rule {number}: in the source")),
                (&mut rule.to, format!("Rule {number}: here")),
            ] {
                let edit = TextEdit::singleline(text)
                    .margin(Margin::symmetric(8, 4))
                    .desired_width(width - 16.0);
                ui.add_sized([width, theme::CONTROL_HEIGHT], edit)
                    .accessible_name(name);
            }
            if small_button(ui, "−", &format!("Remove rule {number}")) {
                gone = Some(at);
            }
        });
        form.problems_at(ui, &format!("start.rename.{at}"));
    }
    if let Some(at) = gone {
        rules.remove(at);
    }
    if small_button(ui, "+", "Add a rule for names") {
        rules.push(Rename::default());
    }
}
