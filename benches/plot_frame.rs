//! Time that the window's thread spends on a frame with one chart of eight lines of a million points each, without a
//! screen: input, layout, everything that the chart does, and turning all of it into triangles. What the graphics card
//! then does with them is not in it.
//!
//! `cargo bench --bench plot_frame`

#![allow(missing_docs, reason = "a program, not a library")]

use std::time::{Duration, Instant};

use joulelab::gui::plot::{Axis, Chart, Line, SharedX, Unit};

const LINES: usize = 8;
const POINTS: usize = 1_000_000;
const FRAMES: usize = 300;
const GOAL: Duration = Duration::from_millis(2);
const SIZE: egui::Vec2 = egui::Vec2::new(1280.0, 720.0);

fn main() {
    let mut lines: Vec<Vec<f64>> = (0..LINES).map(|line| noisy(line as u64)).collect();
    println!(
        "{LINES} lines of {POINTS} points, {} × {} points, {FRAMES} frames",
        SIZE.x, SIZE.y
    );
    for pixels_per_point in [1.0, 2.0] {
        let ctx = egui::Context::default();
        let mut shared = SharedX::default();
        let begun = Instant::now();
        frame(&ctx, &lines, &mut shared, pixels_per_point);
        println!("\n{pixels_per_point} pixels per point");
        println!("first frame: {:.1} ms, once", milliseconds(begun.elapsed()));
        println!(
            "{:<26} {:>17}   {:>17}",
            "times in ms", "drawing", "and triangles"
        );
        println!(
            "{:<26} {:>8} {:>8}   {:>8} {:>8}",
            "", "median", "95 %", "median", "95 %"
        );
        // The first frames lay out text.
        for _ in 0..5 {
            frame(&ctx, &lines, &mut shared, pixels_per_point);
        }
        let still = timed(|_| frame(&ctx, &lines, &mut shared, pixels_per_point));
        report("nothing changed", &still, true);
        let zooming = timed(|at| {
            let half = POINTS as f64 / 2.0 * 0.98_f64.powi(at as i32);
            shared.zoom = Some((POINTS as f64 / 2.0 - half, POINTS as f64 / 2.0 + half));
            frame(&ctx, &lines, &mut shared, pixels_per_point)
        });
        report("zooming in each frame", &zooming, false);
        shared.zoom = None;
        frame(&ctx, &lines, &mut shared, pixels_per_point);
        let growing = timed(|at| {
            let last = lines[0].last().copied().unwrap_or_default();
            lines[0].push(last * 0.999 + (at % 7) as f64 * 0.001);
            frame(&ctx, &lines, &mut shared, pixels_per_point)
        });
        report("a line grows by a point", &growing, true);
        for line in &mut lines {
            line.truncate(POINTS);
        }
    }
}

/// A loss with noise, the same each time; with a gap.
fn noisy(seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let noise = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let value = |(at, noise): (usize, f64)| {
        if (400_000..410_000).contains(&at) {
            return f64::NAN;
        }
        let share = at as f64 / POINTS as f64;
        (-3.0 * share).exp() + 0.05 * seed as f64 + 0.1 * noise
    };
    let mut line = Vec::with_capacity(POINTS + 2 * FRAMES);
    line.extend(
        std::iter::repeat_with(noise)
            .take(POINTS)
            .enumerate()
            .map(value),
    );
    line
}

/// Time of a frame.
struct Took {
    /// Without turning shapes into triangles.
    drawn: Duration,
    /// With it.
    all: Duration,
}

/// Draws one frame; gives how long it took.
fn frame(
    ctx: &egui::Context,
    lines: &[Vec<f64>],
    shared: &mut SharedX,
    pixels_per_point: f32,
) -> Took {
    let mut input = egui::RawInput {
        screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, SIZE)),
        ..egui::RawInput::default()
    };
    if let Some(viewport) = input.viewports.get_mut(&egui::ViewportId::ROOT) {
        viewport.native_pixels_per_point = Some(pixels_per_point);
    }
    let begun = Instant::now();
    let mut output = ctx.run_ui(input, |ui| {
        let x = Axis::new("step", Unit::Count);
        let mut chart = Chart::new("loss", x, Axis::new("loss", Unit::None)).shared(shared);
        for (number, line) in lines.iter().enumerate() {
            let name = format!("run {}", number + 1);
            chart = chart
                .line(Line::new(name, line.len(), |at| at as f64, |at| line[at]).colour(number));
        }
        chart.show(ui);
    });
    let drawn = begun.elapsed();
    let triangles = ctx.tessellate(std::mem::take(&mut output.shapes), output.pixels_per_point);
    let took = Took {
        drawn,
        all: begun.elapsed(),
    };
    // There is no screen to put the glyphs on.
    output.drop_without_applying_deltas();
    std::hint::black_box(triangles);
    took
}

fn timed(mut draw: impl FnMut(usize) -> Took) -> Vec<Took> {
    (0..FRAMES).map(&mut draw).collect()
}

fn report(what: &str, times: &[Took], has_goal: bool) {
    let sorted = |of: fn(&Took) -> Duration| {
        let mut times: Vec<Duration> = times.iter().map(of).collect();
        times.sort();
        (times[times.len() / 2], times[times.len() * 95 / 100])
    };
    let (drawn, all) = (sorted(|took| took.drawn), sorted(|took| took.all));
    let goal = match (has_goal, all.1 <= GOAL) {
        (false, _) => String::new(),
        (true, true) => format!("goal of {} ms reached", GOAL.as_millis()),
        (true, false) => format!("goal of {} ms NOT reached", GOAL.as_millis()),
    };
    let [a, b, c, d] = [drawn.0, drawn.1, all.0, all.1].map(milliseconds);
    println!("{what:<26} {a:>8.2} {b:>8.2}   {c:>8.2} {d:>8.2}   {goal}");
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
