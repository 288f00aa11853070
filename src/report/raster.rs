use vello_cpu::color::{AlphaColor, Srgb};
use vello_cpu::kurbo::{Affine, BezPath, Cap, Circle, Rect, RoundedRect, Shape as _, Stroke};
use vello_cpu::{Pixmap, RenderContext, Resources};

use super::ink::{Ink, Theme};
use super::scene::{Anchor, Scene, Shape};
use super::text;

/// How far curves may be off, in pixels.
const TOLERANCE: f64 = 0.1;

/// The scene as a PNG of `pixels_per_point` times its size. `None` where that is no picture: empty, or more than 65,535
/// pixels on a side.
pub fn png(scene: &Scene, theme: Theme, pixels_per_point: f64) -> Option<Vec<u8>> {
    let pixels = |points: f64| {
        let pixels = (points * pixels_per_point).round();
        (1.0..=65_535.0).contains(&pixels).then_some(pixels as u16)
    };
    let (width, height) = (pixels(scene.width)?, pixels(scene.height)?);
    let mut canvas = Canvas {
        context: RenderContext::new(width, height),
        theme,
        scale: Affine::scale(pixels_per_point),
    };
    let ground = Rect::new(0.0, 0.0, scene.width, scene.height);
    canvas.fill(&ground.to_path(TOLERANCE), Ink::Surface);
    for shape in &scene.shapes {
        canvas.draw(shape);
    }
    let mut target = Pixmap::new(width, height);
    canvas.context.flush();
    canvas.context.render(&mut target, &mut Resources::new());
    encoded(target)
}

fn encoded(target: Pixmap) -> Option<Vec<u8>> {
    let (width, height) = (u32::from(target.width()), u32::from(target.height()));
    // The ground covers all, so that nothing is transparent.
    let pixels: Vec<u8> = target
        .take_unpremultiplied()
        .into_iter()
        .flat_map(|pixel| [pixel.r, pixel.g, pixel.b])
        .collect();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(&pixels).ok()?;
    writer.finish().ok()?;
    Some(bytes)
}

struct Canvas {
    context: RenderContext,
    theme: Theme,
    scale: Affine,
}

impl Canvas {
    fn ink(&mut self, ink: Ink) {
        let [red, green, blue] = ink.rgb(self.theme);
        let colour: AlphaColor<Srgb> = AlphaColor::from_rgb8(red, green, blue);
        self.context.set_paint(colour);
        self.context.set_transform(self.scale);
    }

    fn fill(&mut self, path: &BezPath, ink: Ink) {
        self.ink(ink);
        self.context.fill_path(path);
    }

    fn stroke(&mut self, path: &BezPath, ink: Ink, stroke: Stroke) {
        self.ink(ink);
        self.context.set_stroke(stroke);
        self.context.stroke_path(path);
    }

    fn draw(&mut self, shape: &Shape) {
        match shape {
            Shape::Rect {
                area: [x, y, width, height],
                rounding,
                fill,
            } => {
                let rect = Rect::new(*x, *y, x + width.max(0.0), y + height.max(0.0));
                self.fill(
                    &RoundedRect::from_rect(rect, *rounding).to_path(TOLERANCE),
                    *fill,
                );
            }
            Shape::Line {
                points,
                ink,
                width,
                dashed,
            } => {
                let mut stroke = Stroke::new(*width).with_caps(Cap::Round);
                if *dashed {
                    stroke = stroke.with_dashes(0.0, [4.0, 4.0]);
                }
                self.stroke(&through(points, false), *ink, stroke);
            }
            Shape::Polygon {
                points,
                fill,
                border,
            } => {
                let path = through(points, true);
                self.fill(&path, *fill);
                self.stroke(&path, *border, Stroke::new(1.5));
            }
            Shape::Circle {
                centre,
                radius,
                fill,
                border,
            } => {
                let path = Circle::new(*centre, *radius).to_path(TOLERANCE);
                self.fill(&path, *fill);
                self.stroke(&path, *border, Stroke::new(1.5));
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
                let width = text::width(text, *size, *weight);
                let back = match anchor {
                    Anchor::Start => 0.0,
                    Anchor::Middle => width / 2.0,
                    Anchor::End => width,
                };
                let turn = match upwards {
                    true => Affine::rotate(-std::f64::consts::FRAC_PI_2),
                    false => Affine::IDENTITY,
                };
                let place = Affine::translate(*at) * turn * Affine::translate((-back, 0.0));
                self.fill(&(place * text::outline(text, *size, *weight)), *ink);
            }
        }
    }
}

fn through(points: &[(f64, f64)], closed: bool) -> BezPath {
    let mut path = BezPath::new();
    for (at, point) in points.iter().enumerate() {
        match at {
            0 => path.move_to(*point),
            _ => path.line_to(*point),
        }
    }
    if closed {
        path.close_path();
    }
    path
}
