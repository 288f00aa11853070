use egui::Pos2;

use super::pyramid::{Pyramid, Reach};
use super::screen::{FAR, Screen, logarithm, position};

/// What a line covers of a column of pixels, in points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Covered {
    /// The middle of what is in the column.
    pub x: f32,
    /// Its upper end.
    pub top: f32,
    /// Its lower end.
    pub bottom: f32,
}

/// A line brought down to what can be seen of it.
#[derive(Clone, Debug)]
pub enum Seen {
    /// Unbroken stretches of a line with no more points than there are columns of pixels.
    Points(Vec<Vec<Pos2>>),
    /// Unbroken stretches of a line with more: what it covers of each column, so that it takes no more triangles however
    /// much it goes up and down.
    Covered(Vec<Vec<Covered>>),
}

/// What a column of pixels shows of a line.
#[derive(Clone, Copy)]
struct Column {
    number: i64,
    x: (f64, f64),
    first: f64,
    last: f64,
    low: f64,
    high: f64,
    points: usize,
}

/// Brings a line down to its first, last, least and greatest value in each column of pixels. Takes a time that depends on
/// the width of the plot alone.
pub fn seen(
    screen: &Screen,
    pyramid: &Pyramid,
    x: impl Fn(usize) -> f64,
    y: impl Fn(usize) -> f64,
) -> Seen {
    let sight = screen.in_sight(pyramid.len(), &x);
    let wide = f64::from(screen.rect.width() * screen.pixels_per_point);
    if sight.len() as f64 > wide {
        Seen::Covered(
            Columns::new(screen, x, y, Form::Joined)
                .all(pyramid, &sight)
                .covers,
        )
    } else {
        Seen::Points(
            Columns::new(screen, x, y, Form::Points)
                .all(pyramid, &sight)
                .stretches,
        )
    }
}

/// The least and the greatest value of a line in each column of pixels. Lines with the same x have the same columns, as
/// long as they have the same gaps.
pub fn ends(
    screen: &Screen,
    pyramid: &Pyramid,
    x: impl Fn(usize) -> f64,
    y: impl Fn(usize) -> f64,
) -> Vec<Vec<Covered>> {
    let sight = screen.in_sight(pyramid.len(), &x);
    let mut covers = Columns::new(screen, x, y, Form::Apart)
        .all(pyramid, &sight)
        .covers;
    for cover in &mut covers {
        let (left, right) = rims(screen);
        if let [first, second, ..] = cover[..]
            && f64::from(first.x) < left
        {
            cover[0] = between(first, second, left as f32);
        }
        if let [.., second, last] = cover[..]
            && f64::from(last.x) > right
        {
            let at = cover.len() - 1;
            cover[at] = between(second, last, right as f32);
        }
    }
    covers
}

/// How far outside of the plot lines are followed, points.
fn rims(screen: &Screen) -> (f64, f64) {
    const ROOM: f64 = 100.0;
    (
        f64::from(screen.rect.left()) - ROOM,
        f64::from(screen.rect.right()) + ROOM,
    )
}

fn between(a: Covered, b: Covered, x: f32) -> Covered {
    let share = (x - a.x) / (b.x - a.x).max(f32::MIN_POSITIVE);
    let at = |a: f32, b: f32| a + (b - a) * share;
    Covered {
        x,
        top: at(a.top, b.top),
        bottom: at(a.bottom, b.bottom),
    }
}

/// What becomes of a column.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    /// Up to four points.
    Points,
    /// What it covers, joined to its neighbours.
    Joined,
    /// What it covers, by itself.
    Apart,
}

struct Columns<'a, X, Y> {
    screen: &'a Screen,
    x: X,
    y: Y,
    form: Form,
    left: f64,
    /// Points of the screen to a step along x.
    points_per_x: f64,
    pixels_per_point: f64,
    column: Option<Column>,
    stretch: Vec<Pos2>,
    /// The last point of the stretch, before it was moved to the rim.
    previous: (f64, f64),
    stretches: Vec<Vec<Pos2>>,
    cover: Vec<Covered>,
    /// The last value of the column before.
    last: f64,
    covers: Vec<Vec<Covered>>,
}

impl<'a, X: Fn(usize) -> f64, Y: Fn(usize) -> f64> Columns<'a, X, Y> {
    fn new(screen: &'a Screen, x: X, y: Y, form: Form) -> Self {
        Self {
            screen,
            x,
            y,
            form,
            left: f64::from(screen.rect.left()),
            points_per_x: f64::from(screen.rect.width()) / (screen.x.1 - screen.x.0),
            pixels_per_point: f64::from(screen.pixels_per_point),
            column: None,
            stretch: Vec::new(),
            previous: (0.0, 0.0),
            stretches: Vec::new(),
            cover: Vec::new(),
            last: 0.0,
            covers: Vec::new(),
        }
    }

    fn all(mut self, pyramid: &Pyramid, sight: &std::ops::Range<usize>) -> Self {
        if let Some(top) = pyramid.levels().checked_sub(1) {
            let length = Pyramid::block_len(top);
            for block in sight.start / length..sight.end.div_ceil(length) {
                let begin = self.x_at((block * length).max(sight.start));
                self.block(pyramid, top, block, begin, sight);
            }
        }
        self.gap();
        self
    }
}

impl<X: Fn(usize) -> f64, Y: Fn(usize) -> f64> Columns<'_, X, Y> {
    /// `begin` is where its first point lies along x.
    fn block(
        &mut self,
        pyramid: &Pyramid,
        level: usize,
        block: usize,
        begin: f64,
        sight: &std::ops::Range<usize>,
    ) {
        let length = Pyramid::block_len(level);
        let points = (block * length).max(sight.start)..((block + 1) * length).min(sight.end);
        if points.is_empty() {
            return;
        }
        let reach = pyramid.block(level, block);
        if reach.shown(self.screen.log.1).is_none() {
            return self.gap();
        }
        let is_whole = block * length >= sight.start && (block + 1) * length <= sight.end;
        if is_whole {
            let end = self.x_at(points.end - 1);
            if (end - begin) * self.pixels_per_point <= 0.5 {
                return self.whole((begin, end), points.len(), reach);
            }
        }
        if level == 0 {
            for at in points {
                self.point(at);
            }
            return;
        }
        let below = Pyramid::block_len(level - 1);
        let children = block * Pyramid::FAN..(block + 1) * Pyramid::FAN;
        for child in children.take_while(|child| *child < pyramid.blocks(level - 1)) {
            if child * below >= points.end || (child + 1) * below <= points.start {
                continue;
            }
            let begin = if child == block * Pyramid::FAN {
                begin
            } else {
                self.x_at(child * below)
            };
            self.block(pyramid, level - 1, child, begin, sight);
        }
    }

    fn x_at(&self, point: usize) -> f64 {
        let x = (self.x)(point);
        let place = if self.screen.log.0 { logarithm(x) } else { x };
        self.left + (place - self.screen.x.0) * self.points_per_x
    }

    fn number(&self, x: f64) -> i64 {
        (x * self.pixels_per_point).floor() as i64
    }

    fn point(&mut self, at: usize) {
        let (x, y) = (self.x_at(at), (self.y)(at));
        if !(x.is_finite() && y.is_finite()) || (self.screen.log.1 && y <= 0.0) {
            return self.gap();
        }
        let number = self.number(x);
        self.add(Column {
            number,
            x: (x, x),
            first: y,
            last: y,
            low: y,
            high: y,
            points: 1,
        });
    }

    fn whole(&mut self, x: (f64, f64), points: usize, reach: Reach) {
        let Some((low, high)) = reach.shown(self.screen.log.1) else {
            return self.gap();
        };
        // On a logarithmic axis the ends may have no place.
        let (first, last) = (reach.first.max(low), reach.last.max(low));
        let number = self.number(x.0);
        self.add(Column {
            number,
            x,
            first,
            last,
            low,
            high,
            points,
        });
    }

    fn add(&mut self, part: Column) {
        match &mut self.column {
            Some(column) if column.number == part.number => {
                column.x.1 = part.x.1;
                column.last = part.last;
                column.low = column.low.min(part.low);
                column.high = column.high.max(part.high);
                column.points += part.points;
            }
            _ => {
                self.flush();
                self.column = Some(part);
            }
        }
    }

    fn flush(&mut self) {
        let Some(column) = self.column.take() else {
            return;
        };
        let column = Column {
            first: self.screen.y_at(column.first),
            last: self.screen.y_at(column.last),
            // Down the screen y grows: the greatest value is the least of them.
            low: self.screen.y_at(column.high),
            high: self.screen.y_at(column.low),
            ..column
        };
        if self.form != Form::Points {
            return self.cover(&column);
        }
        // What is nearer than this to its neighbour looks no different without it.
        let least = 0.25 / f64::from(self.screen.pixels_per_point);
        let middle = f64::midpoint(column.x.0, column.x.1);
        self.push(column.x.0, column.first);
        if column.points == 1 {
            return;
        }
        let (near, far) = if (column.first - column.low).abs() < (column.first - column.high).abs()
        {
            (column.low, column.high)
        } else {
            (column.high, column.low)
        };
        if (near - column.first).abs() > least {
            self.push(middle, near);
        }
        if (far - near).abs() > least {
            self.push(middle, far);
        }
        if (column.last - far).abs() > least {
            self.push(column.x.1, column.last);
        }
    }

    /// Between two columns the line goes on: each covers half of the way to the other.
    fn cover(&mut self, column: &Column) {
        let clamped = |y: f64| y.clamp(-FAR, FAR) as f32;
        let x = f64::midpoint(column.x.0, column.x.1) as f32;
        let (mut top, mut bottom) = (clamped(column.low), clamped(column.high));
        if let Some(before) = self.cover.last_mut().filter(|_| self.form == Form::Joined) {
            let between = clamped(f64::midpoint(self.last, column.first));
            before.top = before.top.min(between);
            before.bottom = before.bottom.max(between);
            (top, bottom) = (top.min(between), bottom.max(between));
        }
        self.last = column.last;
        self.cover.push(Covered { x, top, bottom });
    }

    /// Points far outside are moved along the line to the rim, or the line would leave the plot at a wrong angle.
    fn push(&mut self, x: f64, y: f64) {
        let (left, right) = rims(self.screen);
        let (from_x, from_y) = std::mem::replace(&mut self.previous, (x, y));
        if self.stretch.is_empty() {
            return self.stretch.push(position(x, y));
        }
        let slope = if x > from_x {
            (y - from_y) / (x - from_x)
        } else {
            0.0
        };
        if from_x < left
            && let Some(previous) = self.stretch.last_mut()
        {
            *previous = position(left, from_y + slope * (left - from_x));
        }
        let over = (x - right).max(0.0);
        self.stretch.push(position(x - over, y - slope * over));
    }

    fn gap(&mut self) {
        self.flush();
        if !self.stretch.is_empty() {
            self.stretches.push(std::mem::take(&mut self.stretch));
        }
        if !self.cover.is_empty() {
            self.covers.push(std::mem::take(&mut self.cover));
        }
    }
}

#[cfg(test)]
mod tests {
    use egui::pos2;

    use super::*;

    fn screen(x: (f64, f64), y: (f64, f64), log: bool) -> Screen {
        let rect = egui::Rect::from_min_max(pos2(0.0, 0.0), pos2(100.0, 100.0));
        Screen {
            rect,
            x,
            y,
            log: (false, log),
            pixels_per_point: 1.0,
        }
    }

    fn pyramid(values: &[f64]) -> Pyramid {
        let mut pyramid = Pyramid::default();
        pyramid.extend(values.len(), |at| values[at]);
        pyramid
    }

    fn stretches(seen: Seen) -> Vec<Vec<Pos2>> {
        match seen {
            Seen::Points(stretches) => stretches,
            Seen::Covered(_) => Vec::new(),
        }
    }

    #[test]
    fn a_spike_in_a_long_line_is_seen_once_in_a_column_each() {
        let mut values = vec![0.0; 1_000_000];
        values[567_891] = 1.0;
        let screen = screen((0.0, 1e6), (0.0, 1.0), false);
        let seen = seen(&screen, &pyramid(&values), |at| at as f64, |at| values[at]);
        let Seen::Covered(covers) = seen else {
            panic!("a long line is dense")
        };
        assert_eq!(covers.len(), 1);
        assert!((99..=101).contains(&covers[0].len()), "{}", covers[0].len());
        let high: Vec<_> = covers[0].iter().filter(|column| column.top < 0.5).collect();
        assert!(high.len() == 1 && (high[0].x - 56.8).abs() < 1.0 && high[0].bottom > 99.0);
    }

    #[test]
    fn neighbouring_columns_of_a_dense_line_touch() {
        let values: Vec<f64> = (0..400)
            .map(|at| if at < 202 { 0.0 } else { 1.0 })
            .collect();
        let screen = screen((0.0, 400.0), (0.0, 1.0), false);
        let Seen::Covered(covers) =
            seen(&screen, &pyramid(&values), |at| at as f64, |at| values[at])
        else {
            panic!("four points a column are dense")
        };
        assert!(covers[0].windows(2).all(|pair| {
            pair[0].bottom >= pair[1].top - 1e-3 && pair[1].bottom >= pair[0].top - 1e-3
        }));
    }

    #[test]
    fn what_is_missing_or_has_no_place_breaks_the_line() {
        let values = [1.0, 2.0, f64::NAN, 3.0, -1.0, 4.0];
        let linear = screen((0.0, 5.0), (-1.0, 4.0), false);
        let lines = stretches(seen(
            &linear,
            &pyramid(&values),
            |at| at as f64,
            |at| values[at],
        ));
        assert_eq!(lines.iter().map(Vec::len).collect::<Vec<_>>(), [2, 3]);
        let log = screen((0.0, 5.0), (-1.0, 1.0), true);
        let lines = stretches(seen(
            &log,
            &pyramid(&values),
            |at| at as f64,
            |at| values[at],
        ));
        assert_eq!(lines.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 1]);
    }

    #[test]
    fn a_line_leaves_a_zoomed_plot_where_it_should() {
        let values = [0.0, 1.0];
        let screen = screen((0.5, 0.500_001), (0.0, 1.0), false);
        let lines = stretches(seen(
            &screen,
            &pyramid(&values),
            |at| at as f64,
            |at| values[at],
        ));
        assert!(
            lines[0].iter().all(|point| (point.y - 50.0).abs() < 0.1),
            "{lines:?}"
        );
    }
}
