use egui::epaint::TextShape;
use egui::{
    Align2, Color32, FontId, Pos2, Rect, Response, Role, ScrollArea, Sense, Shape as Painted,
    Stroke, Ui, WidgetInfo, pos2, vec2,
};

use crate::gui::theme;
use crate::report::{Anchor, Ink, Scene, Shape, Theme, Weight};

/// Shows a plot of a report as a page would, in the colours of the window; where there is not room for it, it is scrolled
/// sideways rather than made so small that it cannot be read.
pub fn scene(ui: &mut Ui, scene: &Scene) -> Response {
    let size = vec2(scene.width as f32, scene.height as f32);
    let draw = |ui: &mut Ui| {
        let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &scene.description));
        if ui.is_rect_visible(rect) {
            paint(ui, rect, scene);
        }
        response
    };
    if size.x <= ui.available_width() {
        return draw(ui);
    }
    ScrollArea::horizontal()
        .id_salt(&scene.description)
        .show(ui, draw)
        .inner
}

fn paint(ui: &Ui, rect: Rect, scene: &Scene) {
    let theme = match ui.visuals().dark_mode {
        true => Theme::Dark,
        false => Theme::Light,
    };
    let painter = ui.painter_at(rect);
    let colour = |ink: Ink| {
        let [red, green, blue] = ink.rgb(theme);
        Color32::from_rgb(red, green, blue)
    };
    let place = |(x, y): (f64, f64)| rect.min + vec2(x as f32, y as f32);
    let places =
        |points: &[(f64, f64)]| -> Vec<Pos2> { points.iter().copied().map(place).collect() };
    painter.rect_filled(rect, f32::from(theme::ROUNDING), colour(Ink::Surface));
    for shape in &scene.shapes {
        match shape {
            Shape::Rect {
                area: [left, top, width, height],
                rounding,
                fill,
            } => {
                let size = vec2(*width as f32, *height as f32);
                let area = Rect::from_min_size(place((*left, *top)), size);
                painter.rect_filled(area, *rounding as f32, colour(*fill));
            }
            Shape::Line {
                points,
                ink,
                width,
                dashed,
            } => {
                let stroke = Stroke::new(*width as f32, colour(*ink));
                let points = places(points);
                if *dashed {
                    painter.extend(Painted::dashed_line(&points, stroke, 4.0, 3.0));
                } else {
                    painter.add(Painted::line(points, stroke));
                }
            }
            Shape::Polygon {
                points,
                fill,
                border,
            } => {
                let stroke = Stroke::new(1.0, colour(*border));
                painter.add(Painted::convex_polygon(
                    places(points),
                    colour(*fill),
                    stroke,
                ));
            }
            Shape::Circle {
                centre,
                radius,
                fill,
                border,
            } => {
                let stroke = Stroke::new(1.5, colour(*border));
                painter.circle(place(*centre), *radius as f32, colour(*fill), stroke);
            }
            Shape::Text {
                at,
                text,
                size,
                ink,
                anchor,
                weight,
                upwards,
            } => {
                let font = match weight {
                    Weight::Regular => FontId::proportional(*size as f32),
                    Weight::SemiBold => FontId::new(*size as f32, theme::strong_family()),
                };
                let colour = colour(*ink);
                let galley = painter.layout_no_wrap(text.clone(), font, colour);
                let size = galley.size();
                // A scene places the baseline, which lies about a fifth of the line above its foot.
                let above = size.y * 0.78;
                let along = match anchor {
                    Anchor::Start => 0.0,
                    Anchor::Middle => size.x / 2.0,
                    Anchor::End => size.x,
                };
                let at = place(*at);
                if *upwards {
                    let at = pos2(at.x - above, at.y + along);
                    let turned = TextShape::new(at, galley, colour);
                    painter.add(turned.with_angle(-std::f32::consts::FRAC_PI_2));
                } else {
                    let area = Align2::LEFT_TOP.anchor_size(pos2(at.x - along, at.y - above), size);
                    painter.galley(area.min, galley, colour);
                }
            }
        }
    }
}
