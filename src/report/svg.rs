use std::fmt::Write as _;

use super::ink::{Ink, Theme, hex};
use super::scene::{Anchor, Scene, Shape, Weight};

/// Where an image takes its colours from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    /// Written into it, on a ground of its own: for a file that stands alone.
    Of(Theme),
    /// Variables of the page that it is in, which has a light and a dark side.
    Page,
}

/// The scene as SVG, without an XML head, so that it can also stand in a page.
pub fn svg(scene: &Scene, colours: Colours) -> String {
    let mut out = String::new();
    let (width, height) = (number(scene.width), number(scene.height));
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         role=\"img\" font-family=\"Inter, system-ui, 'Segoe UI', sans-serif\"><title>{}</title>",
        escaped(&scene.description)
    );
    if let Colours::Of(_) = colours {
        let ground = paint("fill", Ink::Surface, colours);
        let _ = write!(
            out,
            "<rect width=\"{width}\" height=\"{height}\" {ground}/>"
        );
    }
    for shape in &scene.shapes {
        write_shape(&mut out, shape, colours);
    }
    out.push_str("</svg>\n");
    out
}

fn write_shape(out: &mut String, shape: &Shape, colours: Colours) {
    // Writing to a String cannot fail.
    let _ = match shape {
        Shape::Rect {
            area: [x, y, width, height],
            rounding,
            fill,
        } => write!(
            out,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\" {}/>",
            number(*x),
            number(*y),
            number(width.max(0.0)),
            number(height.max(0.0)),
            number(*rounding),
            paint("fill", *fill, colours)
        ),
        Shape::Line {
            points,
            ink,
            width,
            dashed,
        } => write!(
            out,
            "<polyline points=\"{}\" fill=\"none\" stroke-width=\"{}\" stroke-linecap=\"round\"{} {}/>",
            list(points),
            number(*width),
            if *dashed {
                " stroke-dasharray=\"4 4\""
            } else {
                ""
            },
            paint("stroke", *ink, colours)
        ),
        Shape::Polygon {
            points,
            fill,
            border,
        } => write!(
            out,
            "<polygon points=\"{}\" stroke-width=\"1.5\" {}/>",
            list(points),
            both(*fill, *border, colours)
        ),
        Shape::Circle {
            centre: (x, y),
            radius,
            fill,
            border,
        } => write!(
            out,
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" stroke-width=\"1.5\" {}/>",
            number(*x),
            number(*y),
            number(*radius),
            both(*fill, *border, colours)
        ),
        Shape::Text {
            at: (x, y),
            text,
            size,
            ink,
            anchor,
            weight,
            upwards,
        } => {
            let (x, y) = (number(*x), number(*y));
            let turned = match upwards {
                true => format!(" transform=\"rotate(-90 {x} {y})\""),
                false => String::new(),
            };
            let anchor = match anchor {
                Anchor::Start => "",
                Anchor::Middle => " text-anchor=\"middle\"",
                Anchor::End => " text-anchor=\"end\"",
            };
            let weight = match weight {
                Weight::Regular => "",
                Weight::SemiBold => " font-weight=\"600\"",
            };
            write!(
                out,
                "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\"{anchor}{weight}{turned} {}>{}</text>",
                number(*size),
                paint("fill", *ink, colours),
                escaped(text)
            )
        }
    };
}

fn both(fill: Ink, border: Ink, colours: Colours) -> String {
    match colours {
        Colours::Of(_) => format!(
            "{} {}",
            paint("fill", fill, colours),
            paint("stroke", border, colours)
        ),
        Colours::Page => format!(
            "style=\"fill:{};stroke:{}\"",
            on_page(fill),
            on_page(border)
        ),
    }
}

fn paint(what: &str, ink: Ink, colours: Colours) -> String {
    match colours {
        Colours::Of(theme) => format!("{what}=\"{}\"", hex(ink.rgb(theme))),
        Colours::Page => format!("style=\"{what}:{}\"", on_page(ink)),
    }
}

fn on_page(ink: Ink) -> String {
    match ink.variable() {
        Some(variable) => format!("var(--{variable})"),
        None => hex(ink.rgb(Theme::Light)),
    }
}

fn list(points: &[(f64, f64)]) -> String {
    let points: Vec<String> = points
        .iter()
        .map(|(x, y)| format!("{},{}", number(*x), number(*y)))
        .collect();
    points.join(" ")
}

/// A length to a hundredth of a point.
fn number(length: f64) -> String {
    let rounded = (length * 100.0).round() / 100.0;
    // There is no -0 in a picture.
    format!("{}", rounded + 0.0)
}

/// Text for XML and HTML.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // XML has no other control characters, not even as references.
            control if control.is_control() && !matches!(control, '\n' | '\t') => {
                out.push('\u{FFFD}')
            }
            other => out.push(other),
        }
    }
    out
}
