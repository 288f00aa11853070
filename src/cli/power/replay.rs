//! A recording, computed again.

use std::path::Path;

use super::measuring::Update;
use super::{Args, Measured, absolute, figures, json, to_json};
use crate::cli::table::Table;
use crate::cli::wrap::hanging;
use crate::cli::{Exit, Failed, Place, show};
use crate::control;
use crate::protocol::{Replayed, ReplayedWindow};
use crate::units::{duration, estimate};

/// Windows that are listed; a long run has thousands.
const LISTED: usize = 40;

/// Prints the windows of the recording and what all of it came to.
pub fn run(args: &Args, file: &Path, place: &Place) -> Result<Exit, Failed> {
    let worker = place.worker()?;
    let file = absolute(Some(file), "--replay")?.unwrap_or_default();
    let mut windows = Windows::default();
    let (meters, replayed) = control::replay(&worker, &file, |meters, window| {
        if args.json {
            let end = update(&window);
            let line = json::window(meters, &end, &window);
            return show::print(&(to_json(&line)? + "\n"));
        }
        windows.add(&window);
        Ok::<(), Failed>(())
    })?;
    let measured = Measured {
        meters,
        idle: Vec::new(),
        end: update(&replayed.whole),
        rate_hz: replayed.rate_hz,
    };
    let total = json::total(&measured).of_recording(&replayed);
    if args.json {
        show::print(&(to_json(&total)? + "\n"))?;
    } else {
        let text = heading(&replayed) + &windows.text() + &figures::total(&measured);
        show::print(&text)?;
    }
    args.write_output(&total)?;
    Ok(Exit::Success)
}

fn update(window: &ReplayedWindow) -> Update {
    Update {
        t_s: window.to_s - window.from_s,
        now: Vec::new(),
        window: window.window.clone(),
    }
}

/// What it is, and what may be wrong with it.
fn heading(replayed: &Replayed) -> String {
    let mut text = hanging(
        "",
        "    ",
        &format!(
            "recorded {} by Joulelab {}: {} readings, {} of each meter a second; nothing of it is drawn now",
            replayed.date, replayed.program_version, replayed.readings, replayed.rate_hz
        ),
    );
    let mut warn = |said: &str| text.push_str(&hanging("warning   ", "          ", said));
    if replayed.lost_lines > 0 {
        warn(&format!(
            "{} lines could not be written: figures may differ from what was told then",
            replayed.lost_lines
        ));
    }
    if replayed.cut_off || replayed.end.is_none() {
        warn("it breaks off: whoever wrote it was killed, or had no room");
    }
    text.push('\n');
    text
}

/// The windows of a recording, as a table.
#[derive(Default)]
struct Windows {
    rows: Vec<[String; 4]>,
    /// How many more there are.
    more: usize,
}

impl Windows {
    fn add(&mut self, window: &ReplayedWindow) {
        if self.rows.len() == LISTED {
            self.more += 1;
            return;
        }
        let energy_j = window.window.sum.gross.energy_j;
        self.rows.push([
            if window.closed {
                window.label.clone()
            } else {
                format!("{} (not ended)", window.label)
            },
            duration(window.from_s),
            duration(window.to_s - window.from_s),
            energy_j.map_or("no reading".to_owned(), |energy_j| estimate(energy_j, "J")),
        ]);
    }

    fn text(self) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let mut table = Table::new(["window", "from", "length", "sum"]).right(&[1, 2]);
        for row in self.rows {
            table.push(row);
        }
        let more = match self.more {
            0 => String::new(),
            more => format!("and {more} more; `--json` tells all\n"),
        };
        format!("{table}{more}\nall of it: ")
    }
}
