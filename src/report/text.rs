//! Text as outlines, of the fonts that the window uses.

use std::sync::LazyLock;

use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::{FontRef, GlyphId, MetadataProvider};
use vello_cpu::kurbo::{Affine, BezPath};

use super::scene::Weight;

const REGULAR: &[u8] = include_bytes!("../../assets/fonts/Inter-Regular.otf");
const SEMI_BOLD: &[u8] = include_bytes!("../../assets/fonts/Inter-SemiBold.otf");

static FONTS: LazyLock<[FontRef<'static>; 2]> = LazyLock::new(|| {
    [REGULAR, SEMI_BOLD]
        .map(|bytes| FontRef::new(bytes).expect("the fonts are part of the program"))
});

fn font(weight: Weight) -> &'static FontRef<'static> {
    match weight {
        Weight::Regular => &FONTS[0],
        Weight::SemiBold => &FONTS[1],
    }
}

/// Width of a line of text at `size` points.
pub fn width(text: &str, size: f64, weight: Weight) -> f64 {
    glyphs(text, weight)
        .map(|(_, advance)| advance)
        .sum::<f64>()
        * size
}

/// Each glyph with its advance at a size of 1.
fn glyphs(text: &str, weight: Weight) -> impl Iterator<Item = (GlyphId, f64)> {
    let font = font(weight);
    let charmap = font.charmap();
    let metrics = font.glyph_metrics(Size::new(1.0), LocationRef::default());
    text.chars().map(move |letter| {
        // A letter that the font lacks shows as its sign for that.
        let glyph = charmap.map(letter).unwrap_or_default();
        (
            glyph,
            f64::from(metrics.advance_width(glyph).unwrap_or(0.5)),
        )
    })
}

/// The outline of a line of text that begins at the origin, at `size` points.
pub(super) fn outline(text: &str, size: f64, weight: Weight) -> BezPath {
    // Outlines are taken large, since a font may round its points at small sizes.
    const TAKEN_AT: f32 = 64.0;
    let outlines = font(weight).outline_glyphs();
    let mut path = BezPath::new();
    let mut x = 0.0;
    for (glyph, advance) in glyphs(text, weight) {
        if let Some(outline) = outlines.get(glyph) {
            let mut pen = Pen(BezPath::new());
            let settings = DrawSettings::unhinted(Size::new(TAKEN_AT), LocationRef::default());
            // An outline that cannot be drawn leaves a gap of its width.
            if outline.draw(settings, &mut pen).is_ok() {
                let scale = size / f64::from(TAKEN_AT);
                let place = Affine::translate((x, 0.0)) * Affine::scale_non_uniform(scale, -scale);
                path.extend(place * pen.0);
            }
        }
        x += advance * size;
    }
    path
}

struct Pen(BezPath);

impl OutlinePen for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.move_to((f64::from(x), f64::from(y)));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.0.line_to((f64::from(x), f64::from(y)));
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        let (control, end) = ((f64::from(cx), f64::from(cy)), (f64::from(x), f64::from(y)));
        self.0.quad_to(control, end);
    }

    fn curve_to(&mut self, ax: f32, ay: f32, bx: f32, by: f32, x: f32, y: f32) {
        let (a, b) = (
            (f64::from(ax), f64::from(ay)),
            (f64::from(bx), f64::from(by)),
        );
        self.0.curve_to(a, b, (f64::from(x), f64::from(y)));
    }

    fn close(&mut self) {
        self.0.close_path();
    }
}
