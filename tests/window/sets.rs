//! Sets that are not on the disk: nothing goes out without a click; progress, cancel, failure and success are shown where the
//! set was chosen.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use flate2::{Compression, write::GzEncoder};
use joulelab::data::registry::Recipe;
use joulelab::gui::{Datasets, Options, Preferences};
use joulelab::setup::{DatasetSetup, NoOptions, Setup};

use crate::recipes::{file, recipe};
use crate::server::{Reply, Seen, Server, good};
use crate::window::{Window, short};

const ETAG: &str = "\"v1\"";
/// The files of MNIST, with so many samples each.
const FILES: [(&str, u32); 4] = [
    ("train-images-idx3-ubyte.gz", 200),
    ("train-labels-idx1-ubyte.gz", 200),
    ("t10k-images-idx3-ubyte.gz", 40),
    ("t10k-labels-idx1-ubyte.gz", 40),
];

/// A small set in MNIST's layout: squares whose place tells the digit, on noise, so that the files are of some size.
fn content(name: &str, samples: u32) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let mut write = |bytes: &[u8]| encoder.write_all(bytes).expect("memory takes it");
    let is_images = name.contains("images");
    let header: &[u32] = match is_images {
        true => &[0x803, samples, 28, 28],
        false => &[0x801, samples],
    };
    for word in header {
        write(&word.to_be_bytes());
    }
    let mut noise = 1_u32;
    for sample in 0..samples {
        let digit = sample % 10;
        if !is_images {
            write(&[digit as u8]);
            continue;
        }
        let (top, left) = (4 + digit / 5 * 12, 2 + digit % 5 * 5);
        for at in 0..28 * 28 {
            let (row, column) = (at / 28, at % 28);
            let is_inside = (top..top + 8).contains(&row) && (left..left + 4).contains(&column);
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            write(&[if is_inside { 255 } else { (noise >> 26) as u8 }]);
        }
    }
    encoder.finish().expect("memory takes it")
}

fn contents() -> Vec<(&'static str, Vec<u8>)> {
    FILES
        .map(|(name, samples)| (name, content(name, samples)))
        .into()
}

/// MNIST with these contents, from this server.
fn small_mnist(contents: &[(&'static str, Vec<u8>)], mirror: String) -> Recipe {
    let files = contents.iter().map(|(name, content)| file(name, content));
    recipe("mnist", files.collect(), vec![mirror])
}

fn answer(contents: &[(&'static str, Vec<u8>)], seen: &Seen) -> Reply {
    let content = contents
        .iter()
        .find(|(name, _)| seen.path.ends_with(name))
        .expect("only files of the set are asked for");
    good(seen, &content.1, ETAG)
}

/// A window whose setup trains on MNIST, which `mnist` says how to get.
fn window(mnist: Recipe) -> Window {
    window_that_waits(mnist, Duration::ZERO)
}

/// The same, with a `pause` between two attempts at an address.
fn window_that_waits(mnist: Recipe, pause: Duration) -> Window {
    let mut setup = Setup {
        dataset: DatasetSetup::Mnist(NoOptions {}),
        ..short()
    };
    setup.regime.stop.epochs = Some(1);
    setup.regime.batch_size = 50;
    window_with(setup, mnist, pause)
}

fn window_with(setup: Setup, mnist: Recipe, pause: Duration) -> Window {
    let preferences = Preferences {
        setup,
        ..Preferences::default()
    };
    Window::with(preferences, [1280.0, 800.0], |options| {
        let mut recipes = options.datasets.recipes.clone();
        recipes.retain(|recipe| recipe.name != mnist.name);
        recipes.push(mnist);
        let mut datasets = Datasets {
            recipes,
            ..options.datasets.clone()
        };
        datasets.download.pause = pause;
        Options {
            datasets,
            ..options
        }
    })
}

fn has_samples(window: &Window) -> bool {
    (0..10).all(|digit| window.has(&format!("Sample of {digit}")))
}

#[test]
fn a_set_is_downloaded_by_a_click_and_trained() {
    let contents = contents();
    let of_server = contents.clone();
    let server = Server::new(move |seen| answer(&of_server, seen));
    let mut window = window(small_mnist(&contents, server.mirror()));
    window.until("the offer", |window| window.has_part("Download "));
    // What one should know before: size, host, licence, credit.
    for part in ["to download", "127.0.0.1", "CC BY-SA 3.0", "LeCun"] {
        assert!(window.has_part(part), "{part}: {:?}", window.seen());
    }
    assert!(window.has_part("not on this machine yet"));
    window.click("Start training");
    window.settle();
    assert!(window.runs().is_empty(), "it must not be trained");
    assert!(server.seen().is_empty(), "nobody asked for a download");
    let size = contents
        .iter()
        .map(|(_, content)| content.len() as u64)
        .sum();
    let label = format!("Download {}", joulelab::units::bytes(size));
    window.click(&label);
    window.until("samples", has_samples);
    assert!(window.has_part("200 train / 40 held out"));
    assert_eq!(server.seen().len(), FILES.len());
    window.click("Start training");
    window.until("the end", |window| window.has("Complete"));
    // It stays: the next window asks nobody.
    let mut window = window.reopen();
    window.until("samples", has_samples);
    assert_eq!(server.seen().len(), FILES.len());
}

#[test]
fn a_download_is_cancelled_and_gone_on_with() {
    let contents = contents();
    let of_server = contents.clone();
    let is_cut_off = Arc::new(AtomicBool::new(true));
    let cut_off = Arc::clone(&is_cut_off);
    let server = Server::new(move |seen| {
        let reply = answer(&of_server, seen);
        if !cut_off.load(Ordering::Relaxed) {
            return reply;
        }
        let half = reply.body.len() / 2;
        reply.cut_at(half)
    });
    let mnist = small_mnist(&contents, server.mirror());
    // The connection breaks, and the next attempt is far away.
    let mut window = window_that_waits(mnist, Duration::from_secs(1000));
    window.until("the offer", |window| window.has_part("Download "));
    let label = window
        .seen()
        .into_iter()
        .find(|label| label.starts_with("Download "))
        .expect("it was there");
    window.click(&label);
    let half = joulelab::units::bytes(contents[0].1.len() as u64 / 2);
    window.until("progress", |window| window.has_part(&format!("{half} of ")));
    assert!(window.has_part("is on its way"), "why it cannot start yet");
    window.click("Cancel");
    is_cut_off.store(false, Ordering::Relaxed);
    window.until("what was kept", |window| {
        window.has_part(&format!("{half} of ")) && window.has("Go on downloading")
    });
    window.click("Go on downloading");
    window.until("samples", has_samples);
    let asked = server.seen();
    let again = asked.iter().skip(1).find(|seen| seen.path == asked[0].path);
    let range = again.and_then(|seen| seen.range.clone());
    assert_eq!(
        range,
        Some(format!("bytes={}-", contents[0].1.len() / 2)),
        "it goes on where it ended"
    );
}

#[test]
fn a_download_that_fails_says_why_and_what_to_do_and_can_be_tried_again() {
    let contents = contents();
    let of_server = contents.clone();
    let is_broken = Arc::new(AtomicBool::new(true));
    let broken = Arc::clone(&is_broken);
    let server = Server::new(move |seen| match broken.load(Ordering::Relaxed) {
        true => Reply::status("404 Not Found"),
        false => answer(&of_server, seen),
    });
    let mut window = window(small_mnist(&contents, server.mirror()));
    let begin = |window: &Window| {
        let mut labels = window.seen().into_iter();
        labels.find(|label| label.starts_with("Download "))
    };
    window.until("the offer", |window| begin(window).is_some());
    window.click(&begin(&window).expect("it is there"));
    window.until("the failure", |window| {
        window.has_part("Cannot download train-images-idx3-ubyte.gz")
    });
    for part in ["404", "Check the network", "choose their folder"] {
        assert!(window.has_part(part), "{part}: {:?}", window.seen());
    }
    window.harness.check_accessibility();
    is_broken.store(false, Ordering::Relaxed);
    window.click(&begin(&window).expect("it can be tried again"));
    window.until("samples", has_samples);
    assert!(!window.has_part("Cannot download"));
}

#[test]
fn published_files_are_taken_from_a_folder_that_is_dropped() {
    let contents = contents();
    let server = Server::new(|_| Reply::status("500 Internal Server Error"));
    let mut window = window(small_mnist(&contents, server.mirror()));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let put = |path: &Path, contents: &[(&str, Vec<u8>)]| {
        for (name, content) in contents {
            std::fs::write(path.join(name), content).expect("it is written");
        }
    };
    put(folder.path(), &contents[..2]);
    window.until("the offer", |window| window.has("From a folder…"));
    crate::dropped::drop_on(&mut window, folder.path());
    window.until("what is missing", |window| {
        window.has_part("t10k-images-idx3-ubyte.gz")
    });
    put(folder.path(), &contents);
    crate::dropped::drop_on(&mut window, folder.path());
    window.until("samples", has_samples);
    assert!(server.seen().is_empty(), "nothing goes out");
}

#[test]
fn the_choice_says_what_is_on_the_disk() {
    let contents = contents();
    let server = Server::new(|_| Reply::status("500 Internal Server Error"));
    let cifar = joulelab::data::registry::recipe("cifar10").expect("it is in the table");
    let size = joulelab::units::bytes(cifar.download_bytes());
    let item = format!("CIFAR-10, not downloaded, {size}");
    let mut window = window_with(
        short(),
        small_mnist(&contents, server.mirror()),
        Duration::ZERO,
    );
    window.click("Dataset");
    window.until("the sets", |window| {
        window.has(&item) && window.has("Rendered shapes")
    });
    window.click(&item);
    window.until("the offer", |window| {
        window.has(&format!("Download {size}")) && window.has_part("is not on this machine yet")
    });
    window.harness.check_accessibility();
}

#[test]
fn a_set_is_removed_when_that_was_said_twice_and_can_be_got_again() {
    let contents = contents();
    let of_server = contents.clone();
    let server = Server::new(move |seen| answer(&of_server, seen));
    let mut window = window(small_mnist(&contents, server.mirror()));
    window.until("the offer", |window| window.has_part("Download "));
    assert!(!window.has("Remove…"), "there is nothing to remove");
    let label = window
        .seen()
        .into_iter()
        .find(|label| label.starts_with("Download "))
        .expect("it was there");
    window.click(&label);
    window.until("samples", has_samples);
    let set = window.folder().join("data").join("datasets").join("mnist");
    assert!(set.join("joulelab-files.json").is_file());
    window.click("Remove…");
    window.until("the question", |window| {
        window.has("Remove MNIST from this machine?")
    });
    window.harness.check_accessibility();
    window.click("Keep");
    assert!(set.is_dir() && has_samples(&window), "nothing is removed");
    window.click("Remove…");
    window.click("Remove");
    window.until("the offer", |window| {
        window.has(&label) && window.has_part("MNIST was removed")
    });
    assert!(!set.exists());
    assert!(!window.has("Remove…"));
    window.click(&label);
    window.until("samples", has_samples);
}

#[test]
fn what_came_of_a_download_that_was_cut_can_be_removed() {
    let contents = contents();
    let of_server = contents.clone();
    let server = Server::new(move |seen| {
        let reply = answer(&of_server, seen);
        let half = reply.body.len() / 2;
        reply.cut_at(half)
    });
    let mnist = small_mnist(&contents, server.mirror());
    let mut window = window_that_waits(mnist, Duration::from_secs(1000));
    window.until("the offer", |window| window.has_part("Download "));
    let label = window
        .seen()
        .into_iter()
        .find(|label| label.starts_with("Download "))
        .expect("it was there");
    window.click(&label);
    let half = joulelab::units::bytes(contents[0].1.len() as u64 / 2);
    window.until("progress", |window| window.has_part(&format!("{half} of ")));
    assert!(!window.has_part("Remove what is here"), "it is on its way");
    window.click("Cancel");
    window.click("Remove what is here…");
    window.click("Remove");
    window.until("the offer", |window| window.has(&label));
    assert!(
        !window
            .folder()
            .join("data")
            .join("datasets")
            .join("mnist")
            .exists()
    );
}
