use super::ink::Ink;

/// Where text stands to its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// It begins there.
    Start,
    /// It is centred there.
    Middle,
    /// It ends there.
    End,
}

/// How heavy text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Plain.
    Regular,
    /// For headings.
    SemiBold,
}

/// One shape. Lengths are in points, from the upper left corner; what comes later lies on top.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A filled rectangle.
    Rect {
        /// Left edge, upper edge, width, height.
        area: [f64; 4],
        /// Radius of its corners.
        rounding: f64,
        /// Its colour.
        fill: Ink,
    },
    /// A line through points.
    Line {
        /// The points.
        points: Vec<(f64, f64)>,
        /// Its colour.
        ink: Ink,
        /// Its width.
        width: f64,
        /// Whether it is dashed.
        dashed: bool,
    },
    /// A filled polygon with a border.
    Polygon {
        /// Its corners.
        points: Vec<(f64, f64)>,
        /// Its colour.
        fill: Ink,
        /// The border's colour.
        border: Ink,
    },
    /// A disc with a border; hollow where the fill is the ground's.
    Circle {
        /// Its centre.
        centre: (f64, f64),
        /// Its radius.
        radius: f64,
        /// Its colour.
        fill: Ink,
        /// The border's colour.
        border: Ink,
    },
    /// A line of text.
    Text {
        /// Where; the vertical place is that of the baseline.
        at: (f64, f64),
        /// What.
        text: String,
        /// Height of the type.
        size: f64,
        /// Its colour.
        ink: Ink,
        /// Where it stands to its point.
        anchor: Anchor,
        /// How heavy it is.
        weight: Weight,
        /// Whether it is turned a quarter to the left.
        upwards: bool,
    },
}

/// Shapes on a ground, with words for those who cannot see them.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// Points across.
    pub width: f64,
    /// Points down.
    pub height: f64,
    /// What it shows, in a sentence.
    pub description: String,
    /// The shapes, from the lowest up.
    pub shapes: Vec<Shape>,
}

impl Scene {
    /// An empty one.
    pub fn new(width: f64, height: f64, description: impl Into<String>) -> Self {
        Self {
            width,
            height,
            description: description.into(),
            shapes: Vec::new(),
        }
    }

    /// Adds a filled rectangle.
    pub fn rect(&mut self, area: [f64; 4], rounding: f64, fill: Ink) {
        self.shapes.push(Shape::Rect {
            area,
            rounding,
            fill,
        });
    }

    /// Adds a line between two points.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), ink: Ink, width: f64) {
        self.path(vec![from, to], ink, width, false);
    }

    /// Adds a line through points.
    pub fn path(&mut self, points: Vec<(f64, f64)>, ink: Ink, width: f64, dashed: bool) {
        self.shapes.push(Shape::Line {
            points,
            ink,
            width,
            dashed,
        });
    }

    /// Adds a disc.
    pub fn circle(&mut self, centre: (f64, f64), radius: f64, fill: Ink, border: Ink) {
        self.shapes.push(Shape::Circle {
            centre,
            radius,
            fill,
            border,
        });
    }

    /// Adds a diamond.
    pub fn diamond(&mut self, (x, y): (f64, f64), radius: f64, fill: Ink, border: Ink) {
        self.shapes.push(Shape::Polygon {
            points: vec![
                (x, y - radius),
                (x + radius, y),
                (x, y + radius),
                (x - radius, y),
            ],
            fill,
            border,
        });
    }

    /// Adds plain text.
    pub fn text(
        &mut self,
        at: (f64, f64),
        text: impl Into<String>,
        size: f64,
        ink: Ink,
        anchor: Anchor,
    ) {
        self.write(at, text, size, ink, anchor, Weight::Regular, false);
    }

    /// Adds a heading.
    pub fn heading(&mut self, at: (f64, f64), text: impl Into<String>) {
        self.write(
            at,
            text,
            14.0,
            Ink::Text,
            Anchor::Start,
            Weight::SemiBold,
            false,
        );
    }

    /// Adds text that runs upwards.
    pub fn upwards(&mut self, at: (f64, f64), text: impl Into<String>, size: f64, ink: Ink) {
        self.write(at, text, size, ink, Anchor::Middle, Weight::Regular, true);
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "one for each property of text; called from here alone"
    )]
    fn write(
        &mut self,
        at: (f64, f64),
        text: impl Into<String>,
        size: f64,
        ink: Ink,
        anchor: Anchor,
        weight: Weight,
        upwards: bool,
    ) {
        self.shapes.push(Shape::Text {
            at,
            text: text.into(),
            size,
            ink,
            anchor,
            weight,
            upwards,
        });
    }
}
