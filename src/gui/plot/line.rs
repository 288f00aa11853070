use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::gui::theme::Dash;

/// A figure by the number of its point.
pub(super) type ByIndex<'a> = Box<dyn Fn(usize) -> f64 + 'a>;
/// A text by the number of its point.
pub(super) type TextByIndex<'a> = Box<dyn Fn(usize) -> String + 'a>;

/// A line of a chart. Its points stay where they are: they are looked at by number.
pub struct Line<'a> {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) len: usize,
    pub(super) x: ByIndex<'a>,
    pub(super) y: ByIndex<'a>,
    pub(super) band: Option<(ByIndex<'a>, ByIndex<'a>)>,
    pub(super) colour: usize,
    pub(super) dash: Option<Dash>,
    pub(super) width: f32,
    pub(super) can_smooth: bool,
    pub(super) markers: bool,
    pub(super) in_legend: bool,
    /// The entry of the legend that switches it on and off.
    pub(super) switch: u64,
    /// Another entry that does so too.
    pub(super) other_switch: Option<u64>,
    pub(super) written: Option<TextByIndex<'a>>,
}

impl<'a> Line<'a> {
    /// A line of `len` points. `x` never falls; where `y` is not a number the line has a gap.
    ///
    /// What has been summed up of a line is kept under its name; two lines of one chart with one name need
    /// [`Self::id`].
    pub fn new(
        name: impl Into<String>,
        len: usize,
        x: impl Fn(usize) -> f64 + 'a,
        y: impl Fn(usize) -> f64 + 'a,
    ) -> Self {
        let name = name.into();
        let id = hash(&name);
        Self {
            id,
            switch: id,
            other_switch: None,
            name,
            len,
            x: Box::new(x),
            y: Box::new(y),
            band: None,
            colour: 0,
            dash: None,
            width: 1.5,
            can_smooth: false,
            markers: false,
            in_legend: true,
            written: None,
        }
    }

    /// What tells this line from others of the chart, and from those that had its name before.
    #[must_use]
    pub fn id(mut self, id: impl Hash) -> Self {
        let was_own = self.switch == self.id;
        self.id = hash(&id);
        if was_own {
            self.switch = self.id;
        }
        self
    }

    /// In the colour of series number `index`, and with its stroke unless [`Self::dash`] says otherwise.
    #[must_use]
    pub fn colour(mut self, index: usize) -> Self {
        self.colour = index;
        self
    }

    /// With a stroke of its own.
    #[must_use]
    pub fn dash(mut self, dash: Dash) -> Self {
        self.dash = Some(dash);
        self
    }

    /// As wide as this, in points.
    #[must_use]
    pub fn width(mut self, width: f32) -> Self {
        self.width = width;
        self
    }

    /// On a faint band from `low` to `high`, by the number of the point.
    #[must_use]
    pub fn band(
        mut self,
        low: impl Fn(usize) -> f64 + 'a,
        high: impl Fn(usize) -> f64 + 'a,
    ) -> Self {
        self.band = Some((Box::new(low), Box::new(high)));
        self
    }

    /// Smoothed as the chart says, over the faint line as it is.
    #[must_use]
    pub fn smooth(mut self) -> Self {
        self.can_smooth = true;
        self
    }

    /// With a mark at each point, as long as there is room for them.
    #[must_use]
    pub fn markers(mut self) -> Self {
        self.markers = true;
        self
    }

    /// Not in the legend, but switched on and off with the line that has the [`Self::id`] `other`: the one of that name,
    /// where it was given none. Its value is read out all the same.
    #[must_use]
    pub fn goes_with(mut self, other: impl Hash) -> Self {
        self.in_legend = false;
        self.switch = hash(&other);
        self
    }

    /// Switched off also with the line that has the [`Self::id`] `other`.
    #[must_use]
    pub fn also_with(mut self, other: impl Hash) -> Self {
        self.other_switch = Some(hash(&other));
        self
    }

    /// Whether one of its entries in the legend is among the `hidden` ones.
    pub(super) fn is_hidden(&self, hidden: &HashSet<u64>) -> bool {
        hidden.contains(&self.switch)
            || self
                .other_switch
                .is_some_and(|other| hidden.contains(&other))
    }

    /// Its values read out as `written` says, by the number of the point.
    #[must_use]
    pub fn written(mut self, written: impl Fn(usize) -> String + 'a) -> Self {
        self.written = Some(Box::new(written));
        self
    }
}

/// A `String` and a `&str` of the same text give the same.
fn hash(id: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

/// How a point is marked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// A disc.
    #[default]
    Disc,
    /// A square.
    Square,
    /// A square on its tip.
    Diamond,
    /// A triangle.
    Triangle,
    /// A cross.
    Cross,
}

impl Mark {
    /// The mark of series number `index`, so that colour is not its only sign.
    pub fn of_series(index: usize) -> Self {
        const ALL: [Mark; 5] = [
            Mark::Disc,
            Mark::Square,
            Mark::Diamond,
            Mark::Triangle,
            Mark::Cross,
        ];
        ALL[index % ALL.len()]
    }
}

/// A point of a scatter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScatterPoint {
    /// Along x.
    pub x: f64,
    /// Along y.
    pub y: f64,
    /// Interval along x, drawn as a thin line.
    pub x_interval: Option<(f64, f64)>,
    /// What is said of it while the pointer is on it, above its coordinates.
    pub label: String,
    /// Drawn larger and with a rim.
    pub is_marked: bool,
}

/// Points of a chart that no line joins.
pub struct Points<'a> {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) points: &'a [ScatterPoint],
    pub(super) colour: usize,
    pub(super) mark: Mark,
}

impl<'a> Points<'a> {
    /// These points; no more than some ten thousand, which are all drawn.
    pub fn new(name: impl Into<String>, points: &'a [ScatterPoint]) -> Self {
        let name = name.into();
        Self {
            id: hash(&("points", &name)),
            name,
            points,
            colour: 0,
            mark: Mark::default(),
        }
    }

    /// In the colour and with the mark of series number `index`.
    #[must_use]
    pub fn colour(mut self, index: usize) -> Self {
        self.colour = index;
        self.mark = Mark::of_series(index);
        self
    }
}

/// A stretch of the x axis with a faint ground of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Shade {
    /// From where.
    pub from: f64,
    /// To where.
    pub to: f64,
    /// What it is; also written into it where there is room.
    pub label: &'static str,
    /// In what colour.
    pub tint: Tint,
}

/// Colour of a [`Shade`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tint {
    /// Hardly there.
    Quiet,
    /// The accent.
    Accent,
    /// The colour of what is well.
    Good,
    /// The colour of a series.
    Series(usize),
}
