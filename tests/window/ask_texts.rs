//! Networks that read texts are asked in the window: one puts what is typed into a class, one goes on with it.

use joulelab::setup::{DatasetSetup, ModelSetup, RecurrentSetup, Setup, TextCsvSetup, TextSetup};

use crate::values::write;
use crate::window::{Window, short};

/// Where a text is typed.
const FIELD: &str = "Text to ask about";

/// A window in which a recurrent network learnt `dataset` for so many epochs, and is asked.
fn asked(dataset: DatasetSetup, model: RecurrentSetup, epochs: u64) -> Window {
    let mut setup = Setup {
        dataset,
        model: ModelSetup::Gru(model),
        ..short()
    };
    setup.regime.batch_size = 16;
    setup.regime.learning_rate = 0.01;
    setup.regime.stop.epochs = Some(epochs);
    let mut window = Window::new(setup);
    window.click("Start training");
    window.until("the end", |window| window.has("Complete"));
    window.click("Ask it");
    window.until("a field for texts", |window| window.has(FIELD));
    assert!(window.has("Type something, and the answer stands here."));
    window
}

/// Weather at places: the last word says which it is.
fn weather() -> String {
    let mut text = "weather,text\n".to_owned();
    for number in 0..240 {
        let place = ["rome", "oslo", "lima", "cairo", "paris"][number % 5];
        let (class, word) = [
            ("cold", "snow"),
            ("warm", "sun"),
            ("cold", "ice"),
            ("warm", "heat"),
        ][number / 5 % 4];
        text.push_str(&format!("{class},{place} has {word}\n"));
    }
    text
}

/// What the name `name` of a class, or of what is foretold with its class, is followed by: a share in per cent.
fn share(window: &Window, name: &str) -> Option<f64> {
    window.seen().into_iter().find_map(|label| {
        let share = label.strip_prefix(name)?.trim_start_matches(':');
        share.trim().strip_suffix(" %")?.parse().ok()
    })
}

/// Waits until `class` is what the network says of `label`, and that more likely than not.
#[track_caller]
fn until_answer(window: &mut Window, label: &str, class: &str) {
    window.until(class, |window| {
        share(window, &format!("{label}: {class}")).is_some_and(|share| share > 50.0)
    });
}

#[test]
fn a_typed_text_is_put_into_its_class() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("weather.csv");
    std::fs::write(&file, weather()).expect("it is written");
    let dataset = TextCsvSetup {
        file,
        length: 16,
        ..TextCsvSetup::default()
    };
    let model = RecurrentSetup {
        width: 32,
        embedding: 16,
        ..RecurrentSetup::default()
    };
    let mut window = asked(DatasetSetup::TextCsv(dataset), model, 20);
    for (text, class) in [
        ("cairo has ice", "cold"),
        ("cairo has heat", "warm"),
        // Of no place that it was shown.
        ("mars has snow", "cold"),
        ("mars has sun", "warm"),
    ] {
        write(&mut window, FIELD, text);
        until_answer(&mut window, "weather", class);
    }
    let shares = ["cold", "warm"].map(|class| share(&window, class).expect("a bar"));
    assert!((shares[0] + shares[1] - 100.0).abs() < 0.2, "{shares:?}");
    assert!(shares[1] > 50.0, "{shares:?}");
    assert!(!window.has("Go on"), "it foretells no characters");
    assert!(!window.has_part("characters are seen") && !window.has_part("no symbol"));
    // What the network cannot see of a text is said beside the answer.
    write(&mut window, FIELD, "rome has snow! It has, to be sure");
    window.until("what is cut", |window| {
        window.has_part("Only the first 16 characters are seen")
            && window.has_part("no symbol of their own for `!`")
    });
    window.harness.check_accessibility();
}

#[test]
fn a_network_of_characters_goes_on_with_what_is_typed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("abc.txt");
    std::fs::write(&file, "abc".repeat(1500)).expect("it is written");
    let dataset = TextSetup {
        file,
        ..TextSetup::default()
    };
    let dataset = DatasetSetup::Text(dataset);
    let mut window = asked(dataset, RecurrentSetup::default(), 6);
    write(&mut window, FIELD, "ca");
    until_answer(&mut window, "character", "b");
    write(&mut window, "Characters to go on for", "7");
    // The likeliest character each time, so that what comes is certain.
    write(&mut window, "Boldness", "0");
    assert!(!window.has("bcabcab"), "{:?}", window.seen());
    window.click("Go on");
    window.until("how it goes on", |window| window.has("bcabcab"));
    assert!(window.has_part("7 answers in "), "{:?}", window.seen());
    window.harness.check_accessibility();

    // Another beginning takes away what was written for this one.
    write(&mut window, FIELD, "cab");
    until_answer(&mut window, "character", "c");
    assert!(!window.has("bcabcab"), "{:?}", window.seen());
    // Drawn as the network says, it is still made of what the network knows.
    let is_written = |window: &Window| {
        let mut texts = window.seen().into_iter().filter(|text| text.len() == 30);
        texts.any(|text| text.chars().all(|letter| "abc".contains(letter)))
    };
    write(&mut window, "Boldness", "1");
    write(&mut window, "Characters to go on for", "30");
    assert!(!is_written(&window), "{:?}", window.seen());
    window.click("Go on");
    window.until("it goes on", |window| window.has_part("30 answers in "));
    assert!(is_written(&window), "{:?}", window.seen());

    write(&mut window, FIELD, "xa");
    window.until("why not", |window| {
        window.has_part("The network has never seen `x`")
    });
    // What it said of the text before is not said of this one.
    assert!(
        share(&window, "character: c").is_none(),
        "{:?}",
        window.seen()
    );
    window.harness.check_accessibility();
}
