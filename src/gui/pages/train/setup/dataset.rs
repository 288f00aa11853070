//! The dataset and a look at it.

use std::path::PathBuf;

use egui::{ComboBox, Rect, RichText, Sense, Stroke, Ui, Vec2};

use super::SetupPanel;
use super::form::{Form, Look};
use super::number::Steps;
use super::preview::{Described, Preview, Row, Samples, Seen};
use crate::gui::dialogs::{self, Question};
use crate::gui::state::Shared;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::setup::{DatasetSetup, InputShape, Setup, ShapesLabel};
use crate::units::count;

/// Height of the strip of samples, points.
const STRIP: f32 = 44.0;
/// Side of a magnified sample, points.
const MAGNIFIED: f32 = 160.0;

/// Name of a dataset for people.
pub fn title(name: &str) -> &str {
    match name {
        "digits" => "Handwritten digits",
        "breast-cancer" => "Breast cancer (table)",
        "shapes" => "Rendered shapes",
        "mnist" => "MNIST",
        "fashion-mnist" => "Fashion-MNIST",
        "kmnist" => "KMNIST",
        "emnist" => "EMNIST",
        "cifar10" => "CIFAR-10",
        "cifar100" => "CIFAR-100",
        "idx" => "Files in a folder (IDX)",
        "folder" => "Images in folders",
        "csv" => "Table (CSV)",
        "text" => "Text",
        "text-csv" => "Texts with classes (CSV)",
        "modular-addition" => "Modular addition",
        "sequence-copy" => "Copying sequences",
        "cartpole" => "CartPole (reinforcement)",
        other => other,
    }
}

fn hint(name: &str) -> &str {
    match name {
        "digits" => "1,797 pictures of 8×8 pixels, shipped with the program; trains in seconds",
        "breast-cancer" => "569 tumours with 30 measured features each, shipped with the program",
        "shapes" => "Pictures painted by the program: as many, as large and as noisy as you like",
        "idx" => "MNIST, Fashion-MNIST and the like, from a folder of yours",
        "folder" => "PNG and JPEG images of yours, in a folder for each class",
        "csv" => "A table of yours with what is to be learnt in one of its columns",
        "text" => "A text of yours, whose next character is to be foretold",
        "text-csv" => "Texts of yours with their classes in a table",
        "modular-addition" => {
            "Every sum of two numbers modulo a third; models may grasp it long after they know the examples"
        }
        "sequence-copy" => "Random symbols to be remembered and written again",
        "cartpole" => "A pole to balance on a cart, by trial and reward",
        other => crate::data::registry::recipe(other).map_or("", |recipe| recipe.what.as_str()),
    }
}

impl SetupPanel {
    /// Dataset, samples, options.
    pub(super) fn dataset(&mut self, ui: &mut Ui, setup: &mut Setup, shared: &mut Shared) {
        self.choose_dataset(ui, setup, shared);
        look(ui, &mut self.preview, &setup.dataset);
        let mut form = Form {
            typed: &mut self.typed,
            problems: &self.checked.problems,
        };
        match &mut setup.dataset {
            DatasetSetup::Digits(split) | DatasetSetup::BreastCancer(split) => {
                form.folded(ui, "Held-out part", "split", &["dataset"], |form, ui| {
                    held_out(form, ui, &mut split.test_fraction, &mut split.split_seed);
                });
            }
            DatasetSetup::Shapes(shapes) => {
                form.folded(ui, "Options of the shapes", "shapes", &["dataset"], |form, ui| {
                    let field = |label, path, hint| Look::new(label, path, hint);
                    let samples = field("Images", "dataset.samples", "Training and test together");
                    form.number(ui, samples.steps(Steps::PowersOfTwo), &mut shapes.samples);
                    let size = field("Image size", "dataset.size", "Height and width in pixels, 16 to 64");
                    form.number(ui, size.unit("px").steps(Steps::By(4)), &mut shapes.size);
                    let channels = field("Colours", "dataset.channels", "");
                    form.choice(ui, channels, &mut shapes.channels, &[(1, "Grey", ""), (3, "Red, green, blue", "")]);
                    let noise = "Standard deviation of the noise of pixels, as a share of the full scale";
                    form.number(ui, field("Noise", "dataset.noise", noise), &mut shapes.noise);
                    let label = field("To be learnt", "dataset.label", "What of a picture the network is to tell");
                    let labels = ShapesLabel::ALL.map(|label| (label, label.name(), ""));
                    form.choice(ui, label, &mut shapes.label, &labels);
                    let seed = field("Image seed", "dataset.seed", "Another seed paints other pictures");
                    form.number(ui, seed.steps(Steps::By(1)), &mut shapes.seed);
                    held_out(form, ui, &mut shapes.test_fraction, &mut shapes.split_seed);
                });
            }
            DatasetSetup::Idx(idx) => {
                if let Some(folder) = choose_folder(&mut form, ui, &idx.folder, shared) {
                    idx.folder = folder;
                }
                if idx.folder.as_os_str().is_empty() {
                    widgets::caption(
                        ui,
                        "The folder of the four files of MNIST, Fashion-MNIST or the like, such as \
                         train-images-idx3-ubyte, packed (.gz) or not.",
                    );
                } else {
                    form.problems_at(ui, "dataset.folder");
                }
            }
            DatasetSetup::Folder(_)
            | DatasetSetup::Csv(_)
            | DatasetSetup::Text(_)
            | DatasetSetup::TextCsv(_) => {
                form.problems_at(ui, "dataset.folder");
                form.problems_at(ui, "dataset.file");
                widgets::caption(
                    ui,
                    "Its options are set in a setup file, which can be opened here.",
                );
            }
            DatasetSetup::Mnist(_)
            | DatasetSetup::FashionMnist(_)
            | DatasetSetup::Kmnist(_)
            | DatasetSetup::Emnist(_)
            | DatasetSetup::Cifar10(_)
            | DatasetSetup::Cifar100(_)
            | DatasetSetup::ModularAddition(_)
            | DatasetSetup::SequenceCopy(_)
            | DatasetSetup::CartPole(_) => {}
        }
    }

    fn choose_dataset(&mut self, ui: &mut Ui, setup: &mut Setup, shared: &mut Shared) {
        let before = setup.dataset.name();
        let mut name = before;
        super::strong_row(ui, "Dataset", "What is learnt from", |ui, label| {
            let combo = ComboBox::from_id_salt("dataset.name")
                .width(ui.available_width())
                .truncate();
            let response = combo.selected_text(title(name)).show_ui(ui, |ui| {
                for known in DatasetSetup::NAMES {
                    ui.selectable_value(&mut name, known, title(known))
                        .on_hover_text(hint(known));
                }
            });
            response.response.labelled_by(label);
        });
        if name == before {
            return;
        }
        let other = self.kept.datasets.get(name).cloned();
        let Some(other) = other.or_else(|| DatasetSetup::from_name(name).ok()) else {
            return;
        };
        let left = std::mem::replace(&mut setup.dataset, other);
        self.kept.datasets.insert(before, left);
        let samples = setup.dataset.sample_kind();
        if !samples.suits(setup.model.kind()) {
            let fitting = self.kept.models.get(samples.models()[0]).cloned();
            let fitting = fitting.unwrap_or_else(|| samples.default_model());
            let left = std::mem::replace(&mut setup.model, fitting);
            shared.toasts.info(format!(
                "A model of the kind `{}` cannot learn from this set: it is now `{}`",
                left.kind(),
                setup.model.kind()
            ));
            self.kept.models.insert(left.kind(), left);
        }
    }
}

fn has_no_path(dataset: &DatasetSetup) -> bool {
    match dataset {
        DatasetSetup::Folder(folder) => folder.folder.as_os_str().is_empty(),
        DatasetSetup::Csv(csv) => csv.file.as_os_str().is_empty(),
        DatasetSetup::Text(text) => text.file.as_os_str().is_empty(),
        DatasetSetup::TextCsv(texts) => texts.file.as_os_str().is_empty(),
        _ => false,
    }
}

fn held_out(form: &mut Form<'_>, ui: &mut Ui, test_fraction: &mut f64, split_seed: &mut u64) {
    let hint = "Share of the samples that is held out to test on, above 0 and below 1";
    form.number(
        ui,
        Look::new("Test fraction", "dataset.test_fraction", hint),
        test_fraction,
    );
    let hint = "Another seed holds out other samples";
    form.number(
        ui,
        Look::new("Split seed", "dataset.split_seed", hint).steps(Steps::By(1)),
        split_seed,
    );
}

fn choose_folder(
    form: &mut Form<'_>,
    ui: &mut Ui,
    folder: &std::path::Path,
    shared: &mut Shared,
) -> Option<PathBuf> {
    let mut text = folder.to_string_lossy().into_owned();
    let mut typed = None;
    let hint = "The folder that holds the four files";
    form.row(
        ui,
        &Look::new("Folder", "dataset.folder", hint),
        |_, ui, label| {
            const BUTTON: f32 = 84.0;
            let width = ui.available_width() - BUTTON - ui.spacing().item_spacing.x;
            let edit = egui::TextEdit::singleline(&mut text)
                .margin(egui::Margin::symmetric(8, 4))
                .align(egui::Align2::LEFT_CENTER)
                .desired_width(width - 16.0);
            let response = ui
                .add_sized([width, theme::CONTROL_HEIGHT], edit)
                .labelled_by(label);
            if response.changed() {
                typed = Some(PathBuf::from(&text));
            }
            response.on_hover_text(&text);
            if ui
                .add_sized(
                    [BUTTON, theme::CONTROL_HEIGHT],
                    egui::Button::new("Browse…"),
                )
                .clicked()
            {
                let mut question = Question::new("Folder of the dataset");
                question.folder = (!folder.as_os_str().is_empty()).then(|| folder.to_owned());
                dialogs::pick_folder(shared, question, |state, folder| {
                    if let (Some(folder), DatasetSetup::Idx(idx)) =
                        (folder, &mut state.shared.preferences.setup.dataset)
                    {
                        idx.folder = folder;
                    }
                });
            }
        },
    );
    typed
}

/// Samples and figures of the set; of the one before while it is read, so that nothing jumps.
fn look(ui: &mut Ui, preview: &mut Preview, dataset: &DatasetSetup) {
    let width = ui.available_width();
    let mut again = false;
    ui.allocate_ui(Vec2::new(width, STRIP), |ui| {
        ui.set_min_size(Vec2::new(width, STRIP));
        match preview.latest() {
            Some(Described {
                dataset: of,
                result: Ok(seen),
            }) if of.name() == dataset.name() => {
                strip(ui, seen);
            }
            Some(Described {
                dataset: of,
                result: Err(error),
            }) if of == dataset => {
                let tokens = Tokens::in_ui(ui);
                let text = RichText::new(in_brief(error)).small().color(tokens.error);
                ui.add(egui::Label::new(text).wrap())
                    .on_hover_text(error.as_str());
                again = ui.button("Read again").clicked();
            }
            _ if matches!(dataset, DatasetSetup::Idx(idx) if idx.folder.as_os_str().is_empty()) => {
                widgets::caption(ui, "Choose a folder to see its samples.");
            }
            _ if has_no_path(dataset) => {
                widgets::caption(ui, "Where its files are is not said yet.");
            }
            _ => {
                widgets::caption(ui, "Reading the set…");
            }
        }
    });
    if again {
        preview.forget();
    }
    if let Some(Ok(seen)) = preview.of(dataset) {
        figures(ui, seen);
    } else {
        widgets::caption(ui, " ");
    }
}

fn figures(ui: &mut Ui, seen: &Seen) {
    let info = &seen.info;
    let classes = info.classes();
    let shape = match info.input {
        InputShape::Image {
            channels,
            height,
            width,
        } => {
            let colours = if channels == 1 { "grey" } else { "colour" };
            format!("{width}×{height} px, {colours}")
        }
        _ => info.input.to_string(),
    };
    let text = format!(
        "{} train / {} held out · {shape} · {} classes",
        count(info.train_samples as u64),
        count(info.test_samples as u64),
        classes.len(),
    );
    let response = widgets::caption(ui, text);
    response.on_hover_ui(|ui| {
        ui.label(RichText::new(&info.title).text_style(theme::strong()));
        ui.label(format!(
            "{}: {}",
            info.target_label().name,
            in_short(classes)
        ));
        ui.label(format!("Source: {}", info.provenance.source));
        if let Some(credit) = &info.provenance.credit {
            ui.label(format!("By {credit}"));
        }
        if let Some(licence) = &info.provenance.licence {
            ui.label(format!("Licence: {licence}"));
        }
        ui.label(format!(
            "{} as stored",
            crate::units::bytes(info.feature_bytes)
        ));
    });
}

/// An error may list a whole folder; the rest of it is one hover away.
fn in_brief(error: &str) -> String {
    const LETTERS: usize = 150;
    let text = super::form::sentence(error);
    match text.char_indices().nth(LETTERS) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

fn in_short(classes: &[String]) -> String {
    const MANY: usize = 20;
    let mut text = classes
        .iter()
        .take(MANY)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    if classes.len() > MANY {
        text.push_str(&format!(" and {} more", classes.len() - MANY));
    }
    text
}

fn strip(ui: &mut Ui, seen: &mut Seen) {
    match &mut seen.samples {
        Samples::Pictures(pictures) => {
            let ctx = ui.ctx().clone();
            let gaps = theme::GRID * pictures.len().saturating_sub(1) as f32;
            let side = ((ui.available_width() - gaps) / pictures.len().max(1) as f32)
                .floor()
                .min(STRIP - 16.0);
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = theme::GRID;
                for picture in pictures {
                    let class = picture.class.clone();
                    let texture = picture.texture(&ctx);
                    let source = (texture.id(), Vec2::splat(side));
                    let shown = ui.vertical(|ui| {
                        ui.spacing_mut().item_spacing.y = 1.0;
                        let image = egui::Image::new(source)
                            .corner_radius(2)
                            .alt_text(format!("Sample of {class}"));
                        let response = ui.add(image);
                        let place = Vec2::new(side, 14.0);
                        ui.allocate_ui(place, |ui| {
                            ui.vertical_centered(|ui| {
                                let tokens = Tokens::in_ui(ui);
                                let text = RichText::new(&class).small().color(tokens.dim);
                                ui.add(egui::Label::new(text).truncate());
                            });
                        });
                        response
                    });
                    shown.inner.on_hover_ui(|ui| {
                        ui.add(
                            egui::Image::new((texture.id(), Vec2::splat(MAGNIFIED)))
                                .corner_radius(4),
                        );
                        ui.label(format!("A sample of class {class}"));
                    });
                }
            });
        }
        Samples::Rows(rows) => bars(ui, rows),
        Samples::None(why) => {
            widgets::caption(ui, format!("No samples shown: {why}."));
        }
    }
}

/// Rows of a table as bars, two beside each other.
fn bars(ui: &mut Ui, rows: &[Row]) {
    const ENDS: f32 = 3.0;
    let tokens = Tokens::in_ui(ui);
    let gap = 2.0 * theme::GRID;
    let width = (ui.available_width() - gap) / 2.0;
    let height = STRIP / 2.0 - 2.0;
    let (area, response) =
        ui.allocate_exact_size(Vec2::new(ui.available_width(), STRIP), Sense::hover());
    for (i, row) in rows.iter().enumerate() {
        let corner = area.min
            + Vec2::new(
                (i % 2) as f32 * (width + gap),
                (i / 2) as f32 * (height + 4.0),
            );
        let place = Rect::from_min_size(corner, Vec2::new(width, height));
        let font = egui::FontId::proportional(theme::CAPTION);
        let named = 60.0;
        ui.painter().text(
            place.left_center(),
            egui::Align2::LEFT_CENTER,
            &row.class,
            font,
            tokens.dim,
        );
        let plot = Rect::from_min_max(place.min + Vec2::new(named, 0.0), place.max);
        let bar = plot.width() / row.features.len().max(1) as f32;
        let middle = plot.center().y;
        ui.painter()
            .hline(plot.x_range(), middle, Stroke::new(1.0, tokens.line));
        for (at, feature) in row.features.iter().enumerate() {
            let x = plot.left() + (at as f32 + 0.5) * bar;
            let tip = middle - feature.clamp(-ENDS, ENDS) / ENDS * plot.height() / 2.0;
            ui.painter().vline(
                x,
                egui::Rangef::new(middle, tip),
                Stroke::new((bar - 0.5).max(0.5), tokens.series(0).0),
            );
        }
    }
    response.on_hover_ui(|ui| {
        ui.label("Four rows of the table. Each bar is a feature: upwards above the mean of the training part, downwards below it.");
        ui.label("Full height is three standard deviations.");
        egui::Grid::new("rows of the table").striped(true).show(ui, |ui| {
            for row in rows {
                ui.label(&row.class);
                for feature in row.features.iter().take(6) {
                    ui.monospace(format!("{feature:+.1}"));
                }
                ui.label("…");
                ui.end_row();
            }
        });
    });
}
