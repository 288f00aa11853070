use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use egui::epaint::{Mesh, TessellationOptions};

use super::columns::{ends, seen};
use super::line::Line;
use super::pyramid::{Pyramid, Reach};
use super::screen::Screen;
use super::smooth::Smoothed;
use super::strokes::{Look, Strokes};

/// By how much the line as it is stands back behind its smoothed self.
const FAINT: f32 = 0.28;
/// By how much the band of a line stands back behind it.
const BAND: f32 = 0.18;

/// A few figures by which a line that has only grown is told from another one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Print {
    len: usize,
    figures: [u64; 6],
}

impl Print {
    fn of(line: &Line<'_>, len: usize) -> Self {
        let mut figures = [0; 6];
        if len > 0 {
            for (at, point) in [0, len / 2, len - 1].into_iter().enumerate() {
                figures[2 * at] = (line.x)(point).to_bits();
                figures[2 * at + 1] = (line.y)(point).to_bits();
            }
        }
        Self { len, figures }
    }

    /// Whether both have the same values; where those lie along x may differ.
    fn has_values_of(&self, other: &Self) -> bool {
        self.len == other.len
            && [1, 3, 5]
                .iter()
                .all(|at| self.figures[*at] == other.figures[*at])
    }
}

/// Everything that a drawn line depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Drawing {
    print: Print,
    revision: u64,
    screen: Screen,
    look: Look,
    smoothing: f64,
}

/// What is kept of a line from frame to frame.
#[derive(Default)]
struct Kept {
    print: Print,
    values: Pyramid,
    low: Pyramid,
    high: Pyramid,
    smoothed: Option<Smoothed>,
    drawing: Option<Drawing>,
    ground: Arc<Mesh>,
    stroke: Arc<Mesh>,
}

impl Kept {
    /// Takes in what the line has more than before; all of it where it is no longer the same line.
    fn follow(&mut self, line: &Line<'_>, smoothing: f64) {
        let before = self.print;
        if before.len > line.len || !Print::of(line, before.len).has_values_of(&before) {
            *self = Self::default();
        }
        self.print = Print::of(line, line.len);
        self.values.extend(line.len, &line.y);
        if let Some((low, high)) = &line.band {
            self.low.extend(line.len, low);
            self.high.extend(line.len, high);
        }
        if !(line.can_smooth && smoothing > 0.0) {
            self.smoothed = None;
            return;
        }
        if self
            .smoothed
            .as_ref()
            .is_none_or(|smoothed| smoothed.factor() != smoothing)
        {
            self.smoothed = Some(Smoothed::new(smoothing));
        }
        if let Some(smoothed) = &mut self.smoothed {
            smoothed.extend(line.len, &line.y);
        }
    }

    fn draw(&mut self, line: &Line<'_>, drawing: Drawing, options: TessellationOptions) {
        if self.drawing == Some(drawing) {
            return;
        }
        let (screen, look) = (&drawing.screen, drawing.look);
        let mut ground = Strokes::new(screen.pixels_per_point, options);
        if let Some((low, high)) = &line.band {
            let below = ends(screen, &self.low, &line.x, low);
            let above = ends(screen, &self.high, &line.x, high);
            ground.band(&below, &above, look.colour.gamma_multiply(BAND));
        }
        let mut stroke = Strokes::new(screen.pixels_per_point, options);
        let plain = seen(screen, &self.values, &line.x, &line.y);
        if let Some(smoothed) = &self.smoothed {
            let faint = Look {
                colour: look.colour.gamma_multiply(FAINT),
                width: 1.0,
                ..look
            };
            ground.line(&plain, &faint);
            let values = smoothed.values();
            stroke.line(
                &seen(screen, &smoothed.pyramid, &line.x, |at| values[at]),
                &look,
            );
        } else {
            stroke.line(&plain, &look);
        }
        self.ground = Arc::new(ground.finish());
        self.stroke = Arc::new(stroke.finish());
        self.drawing = Some(drawing);
    }
}

/// What a chart keeps from frame to frame.
#[derive(Default)]
pub struct Memory {
    lines: HashMap<u64, Kept>,
    /// Lines and points that were switched off in the legend.
    pub hidden: HashSet<u64>,
    /// What is shown of y, as places, where it does not follow the data.
    pub y: Option<(f64, f64)>,
    /// The same of x, where the chart does not share it.
    pub x: Option<(f64, f64)>,
    /// Where a box was begun, and whether it moves the plot instead.
    pub drag: Option<(egui::Pos2, bool)>,
    /// The number of resets that it has followed.
    pub resets: u64,
    /// Whether the axes were logarithmic: what was zoomed to is worth nothing once that changes.
    pub log: (bool, bool),
    /// Whether the readout is at the left.
    pub readout_is_left: bool,
}

/// What holds for all lines of a chart in this frame.
pub struct Frame {
    /// Changes with the data.
    pub revision: u64,
    /// Smoothing, from 0 to below 1.
    pub smoothing: f64,
    /// How lines are made of triangles.
    pub options: TessellationOptions,
}

impl Memory {
    /// Takes in what is new of the lines, and forgets those that are no longer there.
    pub fn follow(&mut self, lines: &[Line<'_>], smoothing: f64) {
        self.lines
            .retain(|id, _| lines.iter().any(|line| line.id == *id));
        for line in lines {
            self.lines
                .entry(line.id)
                .or_default()
                .follow(line, smoothing);
        }
    }

    /// What a line reaches between two values of x, with its band.
    pub fn reach(&self, line: &Line<'_>, x: (f64, f64), log: bool) -> Option<(f64, f64)> {
        let kept = self.lines.get(&line.id)?;
        let from = super::screen::first(line.len, |at| (line.x)(at) >= x.0);
        let to = super::screen::first(line.len, |at| (line.x)(at) > x.1);
        let mut reach = kept.values.reach(from, to, &line.y);
        if let Some((low, high)) = &line.band {
            let band = kept
                .low
                .reach(from, to, low)
                .and(kept.high.reach(from, to, high));
            reach = reach.and(band);
        }
        // Between two points that are both out of sight the line still crosses the plot.
        if from == to && from > 0 && to < line.len {
            reach = Reach::of((line.y)(from - 1)).and(Reach::of((line.y)(from)));
        }
        reach.shown(log)
    }

    /// The triangles of a line: those of its ground, which lie below all lines, and its own.
    pub fn drawn(
        &mut self,
        line: &Line<'_>,
        frame: &Frame,
        screen: &Screen,
        look: Look,
    ) -> [Arc<Mesh>; 2] {
        let Some(kept) = self.lines.get_mut(&line.id) else {
            return Default::default();
        };
        let smoothing = if line.can_smooth {
            frame.smoothing
        } else {
            0.0
        };
        let revision = frame.revision;
        let drawing = Drawing {
            print: kept.print,
            revision,
            screen: *screen,
            look,
            smoothing,
        };
        kept.draw(line, drawing, frame.options);
        [kept.ground.clone(), kept.stroke.clone()]
    }

    /// The smoothed value of a point, where its line is smoothed.
    pub fn smoothed(&self, line: &Line<'_>, at: usize) -> Option<f64> {
        self.lines
            .get(&line.id)?
            .smoothed
            .as_ref()?
            .values()
            .get(at)
            .copied()
    }
}
