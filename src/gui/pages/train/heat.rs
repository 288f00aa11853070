//! The matrix itself: a cell for each pair of classes, and how many of each class the network gets right.

use std::f32::consts::FRAC_PI_2;
use std::sync::Arc;

use egui::epaint::TextShape;
use egui::text::LayoutJob;
use egui::{
    Color32, ColorImage, FontId, Galley, Id, Key, Painter, Pos2, Rect, Response, Role, Sense,
    Stroke, StrokeKind, TextureHandle, TextureId, TextureOptions, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use crate::gui::mistakes::Confusion;
use crate::gui::theme::{self, Tokens};
use crate::units::count;

/// Classes up to which each cell is a button with its count in it.
const NUMBERED_MAX: usize = 20;
/// Sides of a cell, points.
const CELL_MAX: f32 = 44.0;
const CELL_MIN: f32 = 26.0;
const CELL_MIN_BARE: f32 = 4.0;
/// Most room for the name of a class, points.
const NAME_MAX: f32 = 120.0;
/// Room for the name of an axis, points.
const AXIS: f32 = 20.0;
/// Bar and number of a class's accuracy, points.
const BAR: f32 = 56.0;
const SHARE: f32 = 56.0;
const GAP: f32 = theme::GRID;
/// Room for what stands below the matrix, points.
const BELOW: f32 = 72.0;

/// Width at which the matrix is as large as it gets, points.
pub fn width_wanted(classes: usize) -> f32 {
    AXIS + NAME_MAX + classes as f32 * CELL_MAX + BAR + SHARE + 8.0 * GAP
}

/// What a cell says to people and to assistive technology.
pub fn cell_name(classes: &[String], truth: usize, predicted: usize, samples: u64) -> String {
    format!(
        "truth {}, predicted {}: {} {}",
        classes[truth],
        classes[predicted],
        count(samples),
        if samples == 1 { "sample" } else { "samples" }
    )
}

/// The cells of a matrix of many classes, as a picture with a pixel each: so many rectangles would take milliseconds.
#[derive(Default)]
pub struct Picture(Option<(Arc<Confusion>, bool, TextureHandle)>);

impl Picture {
    fn of(&mut self, ui: &Ui, heat: &Heat<'_>) -> TextureId {
        let dark = heat.tokens.dark;
        let known = self.0.as_ref().filter(|(confusion, was_dark, _)| {
            Arc::ptr_eq(confusion, heat.confusion) && *was_dark == dark
        });
        if let Some((.., texture)) = known {
            return texture.id();
        }
        let n = heat.classes.len();
        let pixels = (0..n)
            .flat_map(|truth| {
                let of_class = heat.confusion.of_class(truth);
                (0..n).map(move |predicted| heat.colour(truth, predicted, of_class))
            })
            .collect();
        let image = ColorImage::new([n, n], pixels);
        let name = "confusion-matrix";
        let texture = ui.ctx().load_texture(name, image, TextureOptions::NEAREST);
        let id = texture.id();
        self.0 = Some((Arc::clone(heat.confusion), dark, texture));
        id
    }
}

/// Draws the matrix; the cell that was chosen now.
pub fn show(
    ui: &mut Ui,
    picture: &mut Picture,
    confusion: &Arc<Confusion>,
    classes: &[String],
    chosen: Option<(usize, usize)>,
) -> Option<(usize, usize)> {
    let plan = Plan::new(ui, classes);
    let (rect, _) = ui.allocate_exact_size(plan.size, Sense::hover());
    let heat = Heat {
        painter: ui.painter().clone(),
        tokens: Tokens::in_ui(ui),
        origin: rect.min + plan.before,
        plan,
        confusion,
        classes,
        id: ui.scope_id().with("confusion-cells"),
    };
    heat.names(ui);
    heat.bars(ui);
    if classes.len() <= NUMBERED_MAX {
        heat.buttons(ui, chosen)
    } else {
        heat.one_area(ui, picture, chosen)
    }
}

/// Where everything stands.
struct Plan {
    cell: f32,
    /// From the corner of the whole to that of the cells.
    before: Vec2,
    size: Vec2,
    /// Whether names of columns are written upwards.
    upright: bool,
    name: f32,
}

impl Plan {
    fn new(ui: &Ui, classes: &[String]) -> Self {
        let n = classes.len().max(1) as f32;
        let widest = classes
            .iter()
            .map(|name| line(ui.painter(), name, NAME_MAX, Color32::WHITE).size().x)
            .fold(0.0, f32::max);
        let left = AXIS + widest + 2.0 * GAP;
        let right = BAR + SHARE + 4.0 * GAP;
        let least = if classes.len() <= NUMBERED_MAX {
            CELL_MIN
        } else {
            CELL_MIN_BARE
        };
        // Of the height, what stands below the matrix is left out.
        let by_width = (ui.available_width() - left - right) / n;
        let by_height = (ui.available_height() - AXIS - widest - BELOW) / n;
        let cell = by_width.min(by_height).floor().clamp(least, CELL_MAX);
        let upright = widest > cell - GAP;
        let names = if upright {
            widest
        } else {
            theme::CAPTION + GAP
        };
        let top = AXIS + names + GAP;
        Self {
            cell,
            before: vec2(left, top),
            size: vec2(left + n * cell + right, top + n * cell),
            upright,
            name: widest,
        }
    }
}

struct Heat<'a> {
    painter: Painter,
    tokens: Tokens,
    /// Corner of the first cell.
    origin: Pos2,
    plan: Plan,
    confusion: &'a Arc<Confusion>,
    classes: &'a [String],
    id: Id,
}

impl Heat<'_> {
    fn cell(&self, truth: usize, predicted: usize) -> Rect {
        let side = self.plan.cell;
        let at = self.origin + vec2(predicted as f32, truth as f32) * side;
        Rect::from_min_size(at, Vec2::splat(side))
    }

    fn names(&self, ui: &mut Ui) {
        let (dim, text) = (self.tokens.dim, self.tokens.text);
        let side = self.plan.cell * self.classes.len() as f32;
        let predicted = line(&self.painter, "predicted", side.max(80.0), dim);
        let at = self.origin + vec2((side - predicted.size().x) / 2.0, -self.plan.before.y);
        self.painter.galley(at, predicted, dim);
        let truth = line(&self.painter, "truth", side.max(80.0), dim);
        let at = self.origin + vec2(-self.plan.before.x, (side + truth.size().x) / 2.0);
        self.painter
            .add(TextShape::new(at, truth, dim).with_angle(-FRAC_PI_2));
        if self.plan.cell < theme::CAPTION {
            // Names would lie on top of each other; the pointer tells them.
            return;
        }
        for (class, name) in self.classes.iter().enumerate() {
            let row = self.cell(class, 0);
            let galley = line(&self.painter, name, NAME_MAX, text);
            let size = galley.size();
            let elided = galley.elided;
            let at = pos2(
                row.left() - 2.0 * GAP - size.x,
                row.center().y - size.y / 2.0,
            );
            self.painter.galley(at, Arc::clone(&galley), text);
            let column = self.cell(0, class);
            let foot = column.top() - GAP;
            if self.plan.upright {
                let at = pos2(column.center().x - size.y / 2.0, foot);
                self.painter
                    .add(TextShape::new(at, galley, text).with_angle(-FRAC_PI_2));
            } else {
                let at = pos2(column.center().x - size.x / 2.0, foot - size.y);
                self.painter.galley(at, galley, text);
            }
            let above = if self.plan.upright {
                self.plan.name
            } else {
                size.y
            };
            let head = Rect::from_min_max(
                pos2(column.left(), foot - above),
                pos2(column.right(), foot),
            );
            let response = ui.interact(head, self.id.with(("column", class)), Sense::hover());
            if response.hovered() {
                response.on_hover_text(self.precision(class));
            }
            if elided {
                let named = Rect::from_min_max(at, pos2(row.left(), row.bottom()));
                ui.interact(named, self.id.with(("row", class)), Sense::hover())
                    .on_hover_text(name);
            }
        }
    }

    fn precision(&self, class: usize) -> String {
        let name = &self.classes[class];
        let (taken, right) = (
            self.confusion.taken_for(class),
            u64::from(self.confusion.count(class, class)),
        );
        if taken == 0 {
            return format!("No sample was taken for {name}.");
        }
        format!(
            "Of {} samples taken for {name}, {} are ({:.1} %).",
            count(taken),
            count(right),
            right as f64 / taken as f64 * 100.0
        )
    }

    /// How much of each class is right, at the right of its row.
    fn bars(&self, ui: &mut Ui) {
        let left = self.origin.x + self.plan.cell * self.classes.len() as f32 + 3.0 * GAP;
        let title = line(
            &self.painter,
            "right, by class",
            BAR + SHARE,
            self.tokens.dim,
        );
        let at = pos2(left, self.origin.y - GAP - title.size().y);
        self.painter.galley(at, title, self.tokens.dim);
        for class in 0..self.classes.len() {
            let row = self.cell(class, 0);
            let height = (row.height() * 0.3).clamp(2.0, 8.0);
            let track =
                Rect::from_center_size(pos2(left + BAR / 2.0, row.center().y), vec2(BAR, height));
            self.painter.rect_filled(track, 2, self.tokens.raised);
            let accuracy = self.confusion.accuracy(class);
            if let Some(accuracy) = accuracy {
                let filled = Rect::from_min_size(track.min, vec2(BAR * accuracy as f32, height));
                self.painter.rect_filled(filled, 2, self.tokens.accent);
            }
            let text = match accuracy {
                Some(accuracy) => format!("{:.1} %", accuracy * 100.0),
                None => "none".to_owned(),
            };
            if row.height() >= theme::CAPTION {
                let galley = self.painter.layout_no_wrap(
                    text.clone(),
                    FontId::monospace(theme::CAPTION),
                    self.tokens.text,
                );
                let at = pos2(
                    left + BAR + SHARE - galley.size().x,
                    row.center().y - galley.size().y / 2.0,
                );
                self.painter.galley(at, galley, self.tokens.text);
            }
            let whole = Rect::from_min_size(pos2(left, row.top()), vec2(BAR + SHARE, row.height()));
            let response = ui.interact(whole, self.id.with(("bar", class)), Sense::hover());
            let name = &self.classes[class];
            response.widget_info(|| {
                WidgetInfo::labeled(Role::Label, true, format!("{name}: {text} right"))
            });
            if response.hovered() {
                response.on_hover_text(match accuracy {
                    Some(_) => format!(
                        "Of {} samples of {name}, {} were recognised ({text}).",
                        count(self.confusion.of_class(class)),
                        count(u64::from(self.confusion.count(class, class)))
                    ),
                    None => format!("There are no held-out samples of {name}."),
                });
            }
        }
    }

    /// By the square root of the share, so that a single mistake among many can be seen.
    fn colour(&self, truth: usize, predicted: usize, of_class: u64) -> Color32 {
        let share = share(self.confusion.count(truth, predicted), of_class);
        self.tokens
            .raised
            .lerp_to_gamma(self.tokens.accent, share.sqrt())
    }

    fn paint(&self, truth: usize, predicted: usize, of_class: u64) {
        let samples = self.confusion.count(truth, predicted);
        let rect = self.cell(truth, predicted).shrink(1.0);
        let ground = self.colour(truth, predicted, of_class);
        self.painter.rect_filled(rect, 3, ground);
        if truth == predicted {
            let rim = Stroke::new(1.0, self.tokens.dim);
            self.painter.rect_stroke(rect, 3, rim, StrokeKind::Inside);
        }
        let colour = match samples {
            0 => self.tokens.dim,
            // From here on the ground is nearer to the accent than to the panel.
            _ if share(samples, of_class) > 0.12 => self.tokens.on_accent,
            _ => self.tokens.text,
        };
        self.painter.text(
            rect.center(),
            egui::Align2::CENTER_CENTER,
            short(samples),
            FontId::monospace(theme::CAPTION),
            colour,
        );
    }

    /// Each cell is a button.
    fn buttons(&self, ui: &mut Ui, chosen: Option<(usize, usize)>) -> Option<(usize, usize)> {
        let mut clicked = None;
        for truth in 0..self.classes.len() {
            let of_class = self.confusion.of_class(truth);
            for predicted in 0..self.classes.len() {
                self.paint(truth, predicted, of_class);
                let id = self.id.with((truth, predicted));
                let response = ui.interact(self.cell(truth, predicted), id, Sense::click());
                let name = || self.name(truth, predicted);
                response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name()));
                self.rim(
                    &response,
                    truth,
                    predicted,
                    chosen == Some((truth, predicted)),
                );
                if response.clicked() {
                    clicked = Some((truth, predicted));
                }
                if response.gained_focus() {
                    response.scroll_to_me(None);
                }
                if response.hovered() {
                    response.on_hover_text(name());
                }
            }
        }
        clicked
    }

    /// One area for all cells: the pointer and the arrow keys choose among them.
    fn one_area(
        &self,
        ui: &mut Ui,
        picture: &mut Picture,
        chosen: Option<(usize, usize)>,
    ) -> Option<(usize, usize)> {
        let n = self.classes.len();
        let whole = self.cell(0, 0).union(self.cell(n - 1, n - 1));
        let all = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
        self.painter
            .image(picture.of(ui, self), whole, all, Color32::WHITE);
        self.painter.line_segment(
            [whole.left_top(), whole.right_bottom()],
            Stroke::new(1.0, self.tokens.outline),
        );
        let response = ui.interact(whole, self.id.with("all"), Sense::click());
        let under = response.hover_pos().map(|at| {
            let at = (at - self.origin) / self.plan.cell;
            ((at.y as usize).min(n - 1), (at.x as usize).min(n - 1))
        });
        let at = chosen.unwrap_or((0, 0));
        let name = match chosen {
            Some((truth, predicted)) => self.name(truth, predicted),
            None => "Confusion matrix: arrow keys choose a cell".to_owned(),
        };
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
        if let Some((truth, predicted)) = chosen {
            self.rim(&response, truth, predicted, true);
        }
        if response.has_focus() {
            let rim = Stroke::new(2.0, self.tokens.accent_text);
            self.painter.rect_stroke(whole, 0, rim, StrokeKind::Outside);
            let filter = egui::EventFilter {
                horizontal_arrows: true,
                vertical_arrows: true,
                ..egui::EventFilter::default()
            };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
            let moved = ui.input(|input| {
                let pressed = |key| usize::from(input.key_pressed(key));
                let down = (at.0 + pressed(Key::ArrowDown)).min(n - 1);
                let right = (at.1 + pressed(Key::ArrowRight)).min(n - 1);
                (
                    down.saturating_sub(pressed(Key::ArrowUp)),
                    right.saturating_sub(pressed(Key::ArrowLeft)),
                )
            });
            if moved != at {
                return Some(moved);
            }
        }
        let clicked = response.clicked().then(|| under.unwrap_or(at));
        if let Some((truth, predicted)) = under {
            response.on_hover_text_at_pointer(self.name(truth, predicted));
        }
        clicked
    }

    fn name(&self, truth: usize, predicted: usize) -> String {
        let samples = u64::from(self.confusion.count(truth, predicted));
        cell_name(self.classes, truth, predicted, samples)
    }

    fn rim(&self, response: &Response, truth: usize, predicted: usize, is_chosen: bool) {
        let colour = if is_chosen {
            self.tokens.text
        } else if response.has_focus() {
            self.tokens.accent_text
        } else if response.hovered() {
            self.tokens.outline
        } else {
            return;
        };
        let rect = self.cell(truth, predicted);
        self.painter
            .rect_stroke(rect, 3, Stroke::new(2.0, colour), StrokeKind::Inside);
    }
}

fn share(samples: u32, of_class: u64) -> f32 {
    match of_class {
        0 => 0.0,
        _ => (f64::from(samples) / of_class as f64) as f32,
    }
}

/// A count that fits a cell.
fn short(samples: u32) -> String {
    match samples {
        0..10_000 => samples.to_string(),
        10_000..1_000_000 => format!("{}k", samples / 1000),
        _ => format!("{}M", samples / 1_000_000),
    }
}

/// One line of small text, with an ellipsis where it is longer than `width`.
fn line(painter: &Painter, text: &str, width: f32, colour: Color32) -> Arc<Galley> {
    let font = FontId::proportional(theme::CAPTION);
    let mut job = LayoutJob::simple_singleline(text.to_owned(), font, colour);
    job.wrap.max_width = width;
    job.wrap.max_rows = 1;
    job.wrap.break_anywhere = true;
    painter.layout_job(job)
}
