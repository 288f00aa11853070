//! A look at a dataset: a few of its samples and its figures.

use egui::{Rect, RichText, Sense, Stroke, Ui, Vec2};

use super::paths;
use super::preview::{Described, Preview, Row, Samples, Seen};
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::setup::{DatasetSetup, InputShape, Task};
use crate::units::count;

/// Height of the strip of samples, points.
const STRIP: f32 = 44.0;
/// Side of a magnified sample, points.
const MAGNIFIED: f32 = 160.0;

/// Samples and figures of the set; of the one before while it is read, so that nothing jumps. Whether its files are to be read
/// again.
pub fn look(ui: &mut Ui, preview: &mut Preview, dataset: &DatasetSetup) -> bool {
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
            _ if paths::has_no_path(dataset) => {
                widgets::caption(ui, "Samples are shown once its files are named.");
            }
            _ => {
                widgets::caption(ui, "Reading the set…");
            }
        }
    });
    if again {
        preview.forget(dataset.name());
    }
    if let Some(Ok(seen)) = preview.of(dataset) {
        figures(ui, seen);
    } else {
        widgets::caption(ui, " ");
    }
    again
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
        InputShape::Tokens { length, .. } => format!("{length} symbols"),
        _ => info.input.to_string(),
    };
    let parts = format!(
        "{} train / {} held out",
        count(info.train_samples as u64),
        count(info.test_samples as u64),
    );
    let text = match info.task {
        Task::Classification => format!("{parts} · {shape} · {} classes", classes.len()),
        Task::Regression => format!("{parts} · {shape} · a number"),
        Task::LanguageModelling | Task::Sequence => {
            format!("{parts} · {shape} of {}", classes.len())
        }
        Task::Reinforcement => format!(
            "{} numbers seen · {} actions",
            info.input.len(),
            classes.len()
        ),
    };
    let response = widgets::caption(ui, text);
    response.on_hover_ui(|ui| {
        ui.label(RichText::new(&info.title).text_style(theme::strong()));
        let target = &info.target_label().name;
        ui.label(match classes {
            [] => format!("To be foretold: {target}"),
            classes => format!("{target}: {}", in_short(classes)),
        });
        if info.dropped_samples > 0 {
            let dropped = count(info.dropped_samples as u64);
            ui.label(format!(
                "{dropped} samples were left out, as values are missing"
            ));
        }
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
        Samples::Lines(lines) => {
            ui.spacing_mut().item_spacing.y = 0.0;
            let tokens = Tokens::in_ui(ui);
            for line in lines {
                let text = RichText::new(line.as_str())
                    .monospace()
                    .size(theme::CAPTION)
                    .color(tokens.text);
                ui.add(egui::Label::new(text).truncate());
            }
        }
        Samples::CartPole => cart_and_pole(ui),
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
    response.widget_info(|| {
        let classes: Vec<&str> = rows.iter().map(|row| row.class.as_str()).collect();
        let text = format!("Rows of the table: {}", classes.join(", "));
        egui::WidgetInfo::labeled(egui::Role::Image, true, text)
    });
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

/// The environment at a glance.
fn cart_and_pole(ui: &mut Ui) {
    let tokens = Tokens::in_ui(ui);
    let size = Vec2::new(ui.available_width(), STRIP);
    let (area, response) = ui.allocate_exact_size(size, Sense::hover());
    let painter = ui.painter();
    let ground = area.bottom() - 6.0;
    painter.hline(area.x_range(), ground, Stroke::new(1.0, tokens.line));
    let cart = Rect::from_center_size(
        egui::pos2(area.center().x - 12.0, ground - 6.0),
        Vec2::new(36.0, 12.0),
    );
    painter.rect_filled(cart, 2.0, tokens.dim);
    let foot = cart.center_top();
    let stroke = Stroke::new(4.0, tokens.series(0).0);
    painter.line_segment([foot, foot + Vec2::new(7.0, -24.0)], stroke);
    painter.circle_filled(foot, 2.5, tokens.text);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, "A pole on a cart"));
    response.on_hover_text(
        "The cart is pushed to the left or to the right so that the pole stays up. Seen are place and speed of the cart, angle \
         and speed of the pole. Its samples are made while the policy plays.",
    );
}
