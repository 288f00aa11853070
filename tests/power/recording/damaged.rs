//! Files that are damaged, hostile or none of ours: read to what can be, or refused with the line.

use std::{
    io::{self, BufReader, Cursor, Read},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use joulelab::power::recording::{replay, replay_file};
use proptest::prelude::*;

use super::with;

fn why(lines: &str) -> String {
    replay(Cursor::new(with(lines)))
        .expect_err("an error")
        .to_string()
}

#[test]
fn damaged_recordings_are_refused_with_the_line() {
    let good = "{\"t\":1,\"m\":0,\"c\":5}\n";
    for (bad, what) in [
        (
            "{\"t\":2,\"m\":3,\"c\":1}",
            "meter 3 is not in the header, which names 3",
        ),
        (
            "{\"t\":2,\"m\":18446744073709551615,\"c\":1}",
            "is not in the header",
        ),
        ("{\"t\":2,\"m\":-1,\"c\":1}", "invalid value"),
        ("{\"t\":2,\"m\":0,\"w\":1}", "the meter is a counter"),
        ("{\"t\":2,\"m\":1,\"c\":1}", "the meter tells power"),
        ("{\"t\":2,\"m\":0,\"c\":1,\"w\":1}", "both"),
        ("{\"t\":2,\"m\":0,\"c\":-1}", "invalid value"),
        ("{\"t\":2,\"m\":0,\"c\":1.5}", "invalid type"),
        (
            "{\"t\":2,\"m\":0,\"c\":18446744073709551616}",
            "invalid type",
        ),
        ("{\"t\":2,\"m\":0}", "without `c`"),
        ("{\"t\":2,\"m\":0,\"c\":1,\"c\":2}", "duplicate field"),
        (
            "{\"t\":2,\"m\":0,\"c\":1,\"close\":2}",
            "`close` does not belong here",
        ),
        (
            "{\"t\":2,\"m\":0,\"error\":\"x\",\"c\":2}",
            "`c` does not belong here",
        ),
        ("{\"t\":2,\"m\":0,\"x\":1}", "unknown field"),
        ("{\"t\":2,\"m\":1,\"w\":NaN}", "expected"),
        ("{\"t\":2,\"m\":1,\"w\":\"nan\"}", "\"NaN\""),
        ("{\"t\":2,\"m\":1,\"w\":1e999}", "out of range"),
        (
            "{\"t\":0.5,\"m\":0,\"c\":1}",
            "time goes back from 1 s to 0.5 s",
        ),
        ("{\"t\":-1,\"m\":0,\"c\":1}", "`t` cannot be -1"),
        ("{\"t\":1e300,\"m\":0,\"c\":1}", "`t` cannot be"),
        ("{\"t\":1e999,\"m\":0,\"c\":1}", "out of range"),
        ("{\"t\":null,\"m\":0,\"c\":1}", "invalid type"),
        ("{\"m\":0,\"c\":1}", "missing field `t`"),
        ("{\"t\":2}", "it says nothing"),
        ("{\"t\":2,\"close\":0}", "window 0 is not open"),
        ("{\"t\":2,\"open\":0}", "without `label`"),
        ("{\"t\":2,\"period_s\":0}", "`period_s` cannot be 0"),
        ("{\"t\":2,\"replaced\":0}", "without `by`"),
        (
            "{\"t\":2,\"replaced\":0,\"by\":1}",
            "meter 1 cannot take the place of meter 0",
        ),
        ("{\"t\":2,\"replaced\":2,\"by\":2}", "cannot take the place"),
        (
            "{\"t\":2,\"replaced\":0,\"by\":9}",
            "meter 9 is not in the header",
        ),
        ("[1,2]", "invalid"),
        ("", "EOF"),
        ("\u{0}\u{0}\u{0}", "expected value"),
        (
            "{\"t\":2,\"m\":0,\"c\":1}{\"t\":2,\"m\":0,\"c\":1}",
            "trailing characters",
        ),
    ] {
        let error = why(&format!("{good}{bad}\n{good}"));
        assert!(error.contains("line 3:"), "{bad}: {error}");
        assert!(error.contains(what), "{bad}: {error}");
    }
    let twice = why("{\"t\":1,\"open\":0,\"label\":\"a\"}\n{\"t\":1,\"open\":0,\"label\":\"b\"}\n");
    assert!(
        twice.contains("line 3: window 0 is open already"),
        "{twice}"
    );
    let open: String = (0..2000)
        .map(|n| format!("{{\"t\":1,\"open\":{n},\"label\":\"a\"}}\n"))
        .collect();
    assert!(why(&open).contains("more than 1024 windows are open"));
    // After the end nothing is read, and what a power cut leaves as the last line is not either.
    for fine in [
        "{\"t\":2,\"end\":\"x\"}\nrubbish\n",
        "{\"t\":2,\"m\":0,\"c\":1}\n{\"t\":3,\"m\":0,\"c",
        "{\"t\":2,\"m\":0,\"c\":1}\n\0\0\0\0",
    ] {
        replay(Cursor::new(with(fine))).unwrap_or_else(|error| panic!("{fine:?}: {error}"));
    }
}

#[test]
fn what_json_cannot_say_survives() {
    let lines = "{\"t\":0,\"m\":1,\"w\":5}\n{\"t\":0,\"open\":7,\"label\":\"w\"}\n{\"t\":0.1,\"m\":1,\"w\":\"NaN\"}\n\
         {\"t\":0.2,\"m\":1,\"w\":\"inf\"}\n{\"t\":0.25,\"m\":1,\"w\":1e12}\n{\"t\":0.3,\"m\":1,\"w\":7,\"also\":[[\"x\",\"-inf\",\"1\"]]}\n\
         {\"t\":0.3,\"close\":7}\n";
    let replayed = replay(Cursor::new(with(lines))).unwrap();
    assert_eq!(replayed.meters[1].dropped_reads, 3);
    let figure = &replayed.windows[0].figures[1];
    assert!(
        (figure.energy_j.unwrap().value - 1.8).abs() < 1e-12,
        "{figure:?}"
    );
}

#[test]
fn files_that_are_none_of_ours_say_so() {
    let good = String::from_utf8(with("")).unwrap();
    for (bad, what) in [
        (String::new(), "the file is empty"),
        ("{}\n".to_owned(), "missing field `format`"),
        ("hello\n".to_owned(), "expected value"),
        (
            good.replace("joulelab power recording", "other"),
            "`format` is `other`",
        ),
        (
            good.replace("\"version\":1", "\"version\":2"),
            "this program reads version 1",
        ),
        (
            good.replace("\"max_power_w\":1000.0", "\"max_power_w\":1e300"),
            "`max_power_w` cannot be",
        ),
        (
            good.replace("\"max_power_w\":1000.0", "\"max_power_w\":-1"),
            "`max_power_w` cannot be",
        ),
        (
            good.replace("\"max_power_w\":1000.0", "\"max_power_w\":null"),
            "invalid type",
        ),
        (good.replace("0.05", "-3"), "`error` cannot be"),
        (
            good.replace("\"refresh_s\":0.001", "\"refresh_s\":-1"),
            "`refresh_s` cannot be",
        ),
        (
            good.replace("\"id\":\"p\"", "\"id\":\"c\""),
            "meter `c` is there twice",
        ),
        (
            good.replace("\"rate_hz\":10.0", "\"rate_hz\":0"),
            "`rate_hz` cannot be",
        ),
    ] {
        assert_ne!(bad, good, "{what}");
        let error = replay(Cursor::new(bad)).unwrap_err().to_string();
        assert!(
            error.contains("no recording of power: line 1:") && error.contains(what),
            "{error}"
        );
    }
    let nowhere = replay_file(Path::new("no/such/file"))
        .unwrap_err()
        .to_string();
    assert!(
        nowhere.contains("cannot open") && nowhere.ends_with("no/such/file"),
        "{nowhere}"
    );
}

/// A hundred million of the same byte, and how many of them were asked for.
struct Endless(Arc<AtomicUsize>);

impl Read for Endless {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        into.fill(b'1');
        let given = self.0.fetch_add(into.len(), Ordering::Relaxed);
        Ok(if given > 100_000_000 { 0 } else { into.len() })
    }
}

#[test]
fn a_line_of_a_hundred_megabytes_is_refused_unread() {
    for (begin, at_most) in [(with(""), 1 << 20), (Vec::new(), 8 << 20)] {
        let given = Arc::new(AtomicUsize::new(0));
        let reader = Cursor::new(begin).chain(Endless(Arc::clone(&given)));
        let error = replay(BufReader::new(reader)).unwrap_err();
        assert!(error.to_string().contains("it is longer than"), "{error}");
        assert!(given.load(Ordering::Relaxed) < at_most);
    }
}

proptest! {
    /// Whatever is in a file, it is read to figures that can be or to an error that names the line.
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), ours in any::<bool>()) {
        let mut all = if ours { with("") } else { Vec::new() };
        all.extend(bytes);
        if let Err(error) = replay(Cursor::new(all)) {
            prop_assert!(error.to_string().contains("line "), "{}", error);
        }
    }

    #[test]
    fn any_lines_that_are_read_give_figures_that_can_be(
        steps in prop::collection::vec((0.0..3.0_f64, 0_usize..3, any::<u64>(), prop::num::f64::POSITIVE, 0_u8..8), 1..60),
    ) {
        let mut t_s = 0.0;
        let mut lines = "{\"t\":0,\"open\":0,\"label\":\"all\"}\n".to_owned();
        for (dt_s, meter, counts, watts, event) in steps {
            t_s += dt_s;
            lines += &match (event, meter) {
                (0, _) => format!("{{\"t\":{t_s},\"m\":{meter},\"error\":\"x\"}}\n"),
                (1, _) => format!("{{\"t\":{t_s},\"period_s\":{}}}\n", dt_s.max(0.001)),
                (_, 1) => format!("{{\"t\":{t_s},\"m\":1,\"w\":{watts:e}}}\n"),
                _ => format!("{{\"t\":{t_s},\"m\":{meter},\"c\":{counts}}}\n"),
            };
        }
        let replayed = replay(Cursor::new(with(&lines))).unwrap();
        for figure in replayed.windows.iter().flat_map(|window| &window.figures) {
            prop_assert!(figure.covered_s >= 0.0 && figure.covered_s <= figure.window_s, "{:?}", figure);
            if let Some(energy) = figure.energy_j {
                prop_assert!(energy.value.is_finite() && energy.high.is_finite() && energy.low >= 0.0, "{:?}", figure);
            }
        }
    }
}
