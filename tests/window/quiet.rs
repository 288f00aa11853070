use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::window::{Window, long, short};

/// What the window draws is measured as well: it draws when something happens, and not by itself.
#[test]
fn nothing_is_drawn_while_nothing_moves() {
    let mut window = Window::new(short());
    for page in ["Train", "Runs", "Settings"] {
        window.go(page);
        window.harness.remove_cursor();
        let mut delay = Duration::ZERO;
        for _ in 0..100 {
            window.settle();
            let output = window.harness.output();
            delay = output.viewport_output[&egui::ViewportId::ROOT].repaint_delay;
            if delay > Duration::from_secs(60) {
                break;
            }
        }
        assert!(
            delay > Duration::from_secs(60),
            "{page} wants to be drawn again in {delay:?}"
        );
    }
}

/// Draws frames for a while, when egui wants one and only then, as a native window does.
fn frames_in(window: &mut Window, time: Duration) -> u32 {
    // At once, since a frame may have been asked for before anybody listened, and is not asked for twice.
    let due = Arc::new(Mutex::new(Some(Instant::now())));
    let asked = Arc::clone(&due);
    window
        .harness
        .ctx
        .set_request_repaint_callback(move |wish| {
            let at = Instant::now() + wish.delay.min(Duration::from_secs(60));
            let mut due = asked.lock().expect("no thread panics with it");
            *due = Some(due.map_or(at, |due| due.min(at)));
        });
    let (begun, mut frames) = (Instant::now(), 0);
    while begun.elapsed() < time {
        let is_due = {
            let mut due = due.lock().expect("no thread panics with it");
            due.take_if(|at| *at <= Instant::now()).is_some()
        };
        if is_due {
            window.harness.step();
            frames += 1;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    frames
}

#[test]
fn a_run_is_drawn_ten_times_a_second_at_most_and_twice_in_quiet_measurement() {
    const SECONDS: u32 = 4;
    for (quiet, per_second) in [(false, 10), (true, 2)] {
        let mut window = Window::quiet(long(), quiet);
        window.click("Start training");
        window.harness.remove_cursor();
        window.until_evaluated();
        let frames = frames_in(&mut window, Duration::from_secs(u64::from(SECONDS)));
        assert!(frames > 1, "the run is shown");
        assert!(
            // What ends meanwhile, such as a job of the library, is drawn as well.
            frames <= per_second * SECONDS + 6,
            "{frames} frames in {SECONDS} s"
        );
        window.click("Stop");
        window.until("the end", |window| window.has("Stopped"));
    }
}
