//! What the network takes for what, at each evaluation of a run, and the samples behind it.

use std::sync::Arc;

use egui::{
    Align, Button, Label, Layout, RichText, Role, ScrollArea, Slider, Ui, UiBuilder, WidgetInfo,
};

use super::gallery::{Choice, Gallery};
use super::heat;
use crate::data::{self, LabelColumn};
use crate::gui::jobs::{Lane, Slot};
use crate::gui::mistakes::{Confusion, Mistakes, Predictions};
use crate::gui::state::Shared;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::library::LibraryError;
use crate::protocol::Data;
use crate::setup::{DatasetSetup, Setup};
use crate::units::count;

/// Width from which the gallery stands beside the matrix, points.
const BESIDE_FROM: f32 = 760.0;
/// Height of the gallery where it stands below, points.
const GALLERY_BELOW: f32 = 320.0;
/// Most frequent mistakes that are named.
const NAMED_MISTAKES: usize = 5;

/// Whose mistakes are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source<'a> {
    /// Those of the run that goes on, or the last one of this window.
    Live,
    /// Those of the stored run with this identifier.
    Stored(&'a str),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Key {
    Live(u64),
    Stored(String),
}

/// A stored run, as far as it is shown here.
struct Stored {
    mistakes: Mistakes,
    dataset: DatasetSetup,
}

/// The view; keeps what was loaded and chosen until another run is shown.
#[derive(Default)]
pub struct ConfusionView {
    key: Option<Key>,
    /// Of a stored run: what was read, and at which state of the library.
    stored: Option<Slot<Result<Stored, String>>>,
    /// A newer reading that has not come round yet.
    fresher: Option<Slot<Result<Stored, String>>>,
    revision: u64,
    labels: Option<Slot<Result<Vec<LabelColumn>, String>>>,
    /// The head whose mistakes are shown, where there are several; the first where there is none of that name.
    head: Option<String>,
    /// The evaluation that is shown; the latest where there is none.
    step: Option<u64>,
    choice: Option<Choice>,
    /// Whether a choice was made whose samples are to be brought into view.
    reveal: bool,
    gallery: Gallery,
    picture: heat::Picture,
    /// The matrix whose most frequent mistakes were looked for last, and they.
    named: Option<(Arc<Confusion>, Vec<Mistake>)>,
}

/// Truth, prediction, and how many samples.
type Mistake = (usize, usize, u32);

/// What is shown in one frame.
struct Shown {
    /// The head that is shown, and all there are; none where one label is learnt.
    head: Option<String>,
    heads: Vec<String>,
    confusion: Arc<Confusion>,
    /// Place among the evaluations that are kept, and their number.
    at: usize,
    kept: usize,
    predictions: Option<Arc<Predictions>>,
    classes: Vec<String>,
    dataset: DatasetSetup,
}

impl ConfusionView {
    /// Draws the view in the room that there is.
    pub fn show(&mut self, ui: &mut Ui, shared: &mut Shared, source: Source<'_>) {
        self.turn_to(shared, source);
        match self.look(shared, source) {
            Ok(Some(shown)) => self.draw(ui, shared, &shown),
            Ok(None) => {
                let text = match source {
                    Source::Live => {
                        "After the first look at the held-out samples, this shows which classes are taken for which."
                    }
                    Source::Stored(_) => {
                        "This run ended before the held-out samples were looked at, or it was recorded by an \
                                          earlier version of Joulelab, which did not keep this."
                    }
                };
                widgets::empty_state(ui, "No evaluation yet", text, |_| {});
            }
            Err(Waiting::Reading) => {
                widgets::caption(ui, "Reading the run…");
            }
            Err(Waiting::Failed(why)) => {
                widgets::empty_state(ui, "The run cannot be shown", &why, |_| {});
            }
        }
    }

    /// Forgets what belongs to another run, and reads a stored one, anew where the library has changed.
    fn turn_to(&mut self, shared: &mut Shared, source: Source<'_>) {
        let key = match source {
            Source::Live => Key::Live(shared.live.as_ref().map_or(0, |live| live.serial)),
            Source::Stored(id) => Key::Stored(id.to_owned()),
        };
        if self.key.as_ref() != Some(&key) {
            *self = Self {
                key: Some(key),
                ..Self::default()
            };
        }
        let Source::Stored(id) = source else { return };
        if self.revision != shared.library_revision && self.fresher.is_none() {
            self.revision = shared.library_revision;
            let (library, path, id) =
                (shared.library.clone(), shared.library_path(), id.to_owned());
            self.fresher = Some(shared.jobs.fetch(Lane::Library, move |_| {
                path.and_then(|path| library.with(&path, |library| read(library, &id)))
                    .map_err(|error| error.to_string())
                    .and_then(|(mistakes, json)| {
                        let setup: Setup = serde_json::from_str(&json)
                            .map_err(|error| format!("Its setup is of another version: {error}"))?;
                        let dataset = setup.dataset;
                        Ok(Stored { mistakes, dataset })
                    })
            }));
        }
        if self
            .fresher
            .as_ref()
            .is_some_and(|slot| slot.get().is_some() || slot.is_lost())
        {
            self.stored = self.fresher.take();
        }
        if self.labels.is_none()
            && let Some(Ok(stored)) = self.stored.as_ref().and_then(Slot::get)
        {
            let dataset = stored.dataset.clone();
            let store = shared.sets.store().clone();
            self.labels = Some(shared.jobs.fetch(Lane::Data, move |_| {
                data::describe_from(&dataset, &store)
                    .map(|info| {
                        let mut labels = info.labels;
                        // The one that is learnt by itself comes first.
                        let target = info.target.min(labels.len());
                        labels[..=target].rotate_right(1);
                        labels
                    })
                    .map_err(|error| error.to_string())
            }));
        }
    }

    fn look(&self, shared: &Shared, source: Source<'_>) -> Result<Option<Shown>, Waiting> {
        let (mistakes, dataset) = match source {
            Source::Live => {
                let Some(live) = &shared.live else {
                    return Ok(None);
                };
                (&live.mistakes, &live.setup.dataset)
            }
            Source::Stored(_) => {
                let slot = self.stored.as_ref().ok_or(Waiting::Reading)?;
                if slot.is_lost() {
                    let why =
                        "Reading it failed inside the program; the log says where.".to_owned();
                    return Err(Waiting::Failed(why));
                }
                let read = slot.get().ok_or(Waiting::Reading)?;
                let stored = read.as_ref().map_err(|why| Waiting::Failed(why.clone()))?;
                let slot = self.labels.as_ref().ok_or(Waiting::Reading)?;
                if slot.get().is_none() && !slot.is_lost() {
                    return Err(Waiting::Reading);
                }
                (&stored.mistakes, &stored.dataset)
            }
        };
        let Some((head, own)) = mistakes.of(self.head.as_deref()) else {
            return Ok(None);
        };
        let classes = match source {
            Source::Live => {
                let data = shared.live.as_ref().and_then(|live| live.data.as_ref());
                data.and_then(|data| classes_of(data, head))
            }
            Source::Stored(_) => {
                let labels = self.labels.as_ref().and_then(Slot::get);
                let labels = labels.and_then(|labels| labels.as_deref().ok());
                let is_meant = |label: &&LabelColumn| head.is_none_or(|head| label.name == head);
                let label = labels.and_then(|labels| labels.iter().find(is_meant));
                label.map(|label| label.classes.as_slice())
            }
        };
        let kept = own.confusions();
        let chosen = self
            .step
            .and_then(|step| kept.iter().position(|one| one.step == step));
        let Some(last) = kept.len().checked_sub(1) else {
            return Ok(None);
        };
        let at = chosen.unwrap_or(last);
        let confusion = Arc::clone(&kept[at]);
        let classes = match classes.filter(|names| names.len() == confusion.classes()) {
            Some(names) => names.to_vec(),
            // The dataset is gone or has changed: the numbers of the classes are all that is known.
            None => (0..confusion.classes())
                .map(|class| class.to_string())
                .collect(),
        };
        Ok(Some(Shown {
            at,
            kept: kept.len(),
            predictions: own.predictions.clone(),
            head: head.map(str::to_owned),
            heads: mistakes.heads().map(str::to_owned).collect(),
            classes,
            dataset: dataset.clone(),
            confusion,
        }))
    }

    fn draw(&mut self, ui: &mut Ui, shared: &mut Shared, shown: &Shown) {
        self.choose_head(ui, shown);
        let chosen = self.steps(ui, shown);
        if let Some(at) = chosen {
            self.step_to(shared, at);
        }
        ui.add_space(theme::GRID);
        if ui.available_width() >= BESIDE_FROM {
            let room = ui.available_rect_before_wrap();
            let wanted = heat::width_wanted(shown.confusion.classes());
            let middle = room.left() + (room.width() * 0.55).min(wanted);
            let (left, mut right) = room.split_left_right_at_x(middle);
            right.min.x += 4.0 * theme::GRID;
            let part = |rect| {
                let layout = Layout::top_down(Align::Min);
                UiBuilder::new().max_rect(rect).layout(layout)
            };
            ui.scope_builder(part(left), |ui| {
                ScrollArea::both()
                    .id_salt("confusion-matrix")
                    .auto_shrink(false)
                    .show(ui, |ui| self.matrix(ui, shown));
            });
            ui.scope_builder(part(right), |ui| self.samples(ui, shared, shown));
            self.reveal = false;
        } else {
            ScrollArea::both()
                .id_salt("confusion-matrix")
                .auto_shrink(false)
                .show(ui, |ui| {
                    self.matrix(ui, shown);
                    ui.add_space(2.0 * theme::GRID);
                    let width = ui.available_width();
                    let below = ui.allocate_ui(egui::vec2(width, GALLERY_BELOW), |ui| {
                        ui.set_min_height(GALLERY_BELOW);
                        self.samples(ui, shared, shown);
                    });
                    if std::mem::take(&mut self.reveal) {
                        below.response.scroll_to_me(None);
                    }
                });
        }
    }

    /// Whose mistakes are shown, where there are several heads.
    fn choose_head(&mut self, ui: &mut Ui, shown: &Shown) {
        if shown.heads.len() < 2 {
            return;
        }
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = theme::GRID;
            let hint = "Each head has answers of its own to the held-out samples";
            widgets::field_label(ui, "Head", hint);
            for head in &shown.heads {
                let is_shown = shown.head.as_ref() == Some(head);
                let button = ui.selectable_label(is_shown, head);
                button.widget_info(|| {
                    let name = format!("Mistakes of {head}");
                    WidgetInfo::selected(Role::RadioButton, true, is_shown, name)
                });
                if button.clicked() && !is_shown {
                    self.head = Some(head.clone());
                    self.choice = None;
                    self.named = None;
                }
            }
        });
    }

    /// What came out at the evaluation that is shown, and the way to the others; the place that was gone to.
    fn steps(&self, ui: &mut Ui, shown: &Shown) -> Option<usize> {
        let confusion = &shown.confusion;
        let (samples, right) = (confusion.samples(), confusion.right());
        let share = match samples {
            0 => String::new(),
            _ => format!(" ({:.1} %)", right as f64 / samples as f64 * 100.0),
        };
        let text = format!("{} of {} right{share}", count(right), count(samples));
        let place = format!(
            "after epoch {}, step {}",
            confusion.epoch,
            count(confusion.step)
        );
        let last = shown.kept - 1;
        let mut gone = None;
        ui.horizontal_wrapped(|ui| {
            if last > 0 {
                gone = stepper(ui, shown.at, last);
            }
            ui.label(RichText::new(text).text_style(theme::strong()));
            ui.label(RichText::new(place).color(Tokens::in_ui(ui).dim));
        });
        gone
    }

    /// Shows the evaluation at place `at`; at the last one, those to come as well.
    fn step_to(&mut self, shared: &Shared, at: usize) {
        let mistakes = match (&self.key, &shared.live) {
            (Some(Key::Live(_)), Some(live)) => Some(&live.mistakes),
            _ => match self.stored.as_ref().and_then(Slot::get) {
                Some(Ok(stored)) => Some(&stored.mistakes),
                _ => None,
            },
        };
        let own = mistakes.and_then(|mistakes| mistakes.of(self.head.as_deref()));
        let kept = own.map_or(&[][..], |(_, own)| own.confusions());
        self.step = kept
            .get(at)
            .filter(|_| at + 1 < kept.len())
            .map(|one| one.step);
    }

    fn matrix(&mut self, ui: &mut Ui, shown: &Shown) {
        let before = self.choice;
        let chosen = before.and_then(Choice::cell);
        let (confusion, classes) = (&shown.confusion, &shown.classes);
        let clicked = heat::show(ui, &mut self.picture, confusion, classes, chosen);
        if let Some((truth, predicted)) = clicked {
            self.choice = Some(Choice::Cell { truth, predicted });
            self.reveal = true;
        }
        ui.add_space(theme::GRID);
        let known = self.named.take();
        let known = known.filter(|(of, _)| Arc::ptr_eq(of, confusion));
        let found = || (Arc::clone(confusion), confusion.mistakes(NAMED_MISTAKES));
        let (_, mistakes) = self.named.insert(known.unwrap_or_else(found));
        if mistakes.is_empty() {
            widgets::caption(ui, "No mistake at this evaluation.");
            return;
        }
        widgets::caption(ui, "Most frequent mistakes, truth → prediction");
        ui.horizontal_wrapped(|ui| {
            for &mut (truth, predicted, samples) in mistakes {
                let text = format!(
                    "{} → {}: {}",
                    shown.classes[truth],
                    shown.classes[predicted],
                    count(u64::from(samples))
                );
                if ui.button(text).clicked() {
                    self.choice = Some(Choice::Cell { truth, predicted });
                }
            }
            if ui.button("All mistakes").clicked() {
                self.choice = Some(Choice::Wrong);
            }
        });
        self.reveal |= self.choice != before;
    }

    fn samples(&mut self, ui: &mut Ui, shared: &mut Shared, shown: &Shown) {
        let Some(choice) = self.choice else {
            ui.add_space(2.0 * theme::GRID);
            let text = "Choose a cell of the matrix to see its samples, the most wrong first.";
            let tokens = Tokens::in_ui(ui);
            ui.add(Label::new(RichText::new(text).color(tokens.dim)).wrap());
            return;
        };
        let title = choice.title(&shown.confusion, &shown.classes);
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let close = ui.button("Close").on_hover_text("Show no samples");
                if close.clicked() {
                    self.choice = None;
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let title = RichText::new(title).text_style(theme::strong());
                    ui.add(Label::new(title).truncate());
                });
            });
        });
        let tokens = Tokens::in_ui(ui);
        let note = |ui: &mut Ui, text: &str| {
            ui.add(Label::new(RichText::new(text).color(tokens.dim)).wrap());
        };
        let latest = shown.at + 1 == shown.kept;
        match &shown.predictions {
            Some(predictions) if predictions.step == shown.confusion.step => {
                let of = super::gallery::Of {
                    choice,
                    confusion: &shown.confusion,
                    predictions,
                    classes: &shown.classes,
                    dataset: &shown.dataset,
                    head: shown.head.as_deref(),
                };
                self.gallery.show(ui, shared, &of);
            }
            _ if !latest => {
                note(
                    ui,
                    "The answers to single samples are kept of the latest evaluation only.",
                );
                if ui.button("Show the latest evaluation").clicked() {
                    self.step = None;
                }
            }
            _ => note(
                ui,
                "The answers to single samples were not kept: there are more than 100,000 held-out samples, or the \
                 network's scores were no numbers.",
            ),
        }
    }
}

/// Why there is nothing to show yet.
enum Waiting {
    Reading,
    Failed(String),
}

/// Names of the classes of a head, or of the one label that is learnt.
fn classes_of<'a>(data: &'a Data, head: Option<&str>) -> Option<&'a [String]> {
    let Some(head) = head else {
        return Some(&data.classes);
    };
    let heads = &data.plan.heads.as_ref()?.each;
    let at = heads.iter().position(|of| of.name == head)?;
    data.head_classes.get(at).map(Vec::as_slice)
}

fn read(
    library: &mut crate::library::Library,
    id: &str,
) -> Result<(Mistakes, String), LibraryError> {
    Ok((Mistakes::of_run(library, id)?, library.run(id)?.setup.json))
}

/// The way to the other evaluations; the place that was gone to.
fn stepper(ui: &mut Ui, at: usize, last: usize) -> Option<usize> {
    let mut gone = None;
    let mut button = |ui: &mut Ui, text: &str, name: &str, enabled: bool, to: usize| {
        let response = ui.add_enabled(enabled, Button::new(text));
        response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, name));
        if response.on_hover_text(name).clicked() {
            gone = Some(to);
        }
    };
    button(ui, "‹", "Earlier evaluation", at > 0, at.saturating_sub(1));
    let mut slid = at;
    let slider = ui.add(Slider::new(&mut slid, 0..=last).show_value(false));
    slider.widget_info(|| WidgetInfo::slider(true, at as f64, "Evaluation that is shown"));
    button(ui, "›", "Later evaluation", at < last, at + 1);
    button(
        ui,
        "Latest",
        "Latest evaluation, and those to come",
        at < last,
        last,
    );
    if slider.changed() {
        gone = Some(slid);
    }
    gone
}
