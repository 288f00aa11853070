//! Asking a stored run about samples of one's own.

use std::path::Path;

use image::{GrayImage, Luma};
use joulelab::data::{self, Features};
use joulelab::library::Library;
use joulelab::setup::DatasetSetup;
use serde_json::Value;

use crate::joulelab::Joulelab;

fn id(run: &Value) -> &str {
    run["run"]["id"].as_str().expect("an identifier")
}

/// The answers of a run, without what they cost.
fn ask(joulelab: &Joulelab, run: &str, arguments: &[&str]) -> Vec<Value> {
    let mut all = vec!["ask", run, "--json", "-q", "--device", "cpu", "--no-cost"];
    all.extend(arguments);
    let told = joulelab.json(&all);
    told["answers"].as_array().expect("answers").clone()
}

fn head(answer: &Value, at: usize) -> &Value {
    &answer["heads"][at]
}

fn probability(answer: &Value) -> f64 {
    let shares = &answer["heads"][0]["probabilities"];
    shares[0]["probability"].as_f64().expect("a probability")
}

fn write(joulelab: &Joulelab, name: &str, text: &str) -> String {
    let path = joulelab.folder().join(name);
    std::fs::write(&path, text).expect("it is written");
    path.to_str().expect("text").to_owned()
}

/// Held-out digit `at` as an image, each of its pixels `zoom` wide.
fn picture(path: &Path, at: usize, zoom: u32, inverted: bool) {
    let dataset = data::load(&DatasetSetup::default()).expect("digits");
    let sample = dataset.held_out(at).expect("a sample");
    let Features::U8(pixels) = sample.features else {
        panic!("the digits are pixels");
    };
    let image = GrayImage::from_fn(8 * zoom, 8 * zoom, |x, y| {
        let value = pixels[(y / zoom * 8 + x / zoom) as usize];
        let byte = (f32::from(value) * 255.0 / 16.0).round() as u8;
        Luma([if inverted { 255 - byte } else { byte }])
    });
    image.save(path).expect("it is written");
}

#[test]
fn a_held_out_sample_is_answered_as_the_run_foretold_it() {
    let joulelab = Joulelab::new();
    let run = joulelab.train(&["--epochs", "3"]);
    let answers = ask(
        &joulelab,
        id(&run),
        &["--held-out", "1,2,3,4,5,6,7,8,200,359"],
    );
    let library = Library::open(joulelab.library()).unwrap();
    let stored = library.predictions(id(&run), None).unwrap().unwrap();
    let samples = [0, 1, 2, 3, 4, 5, 6, 7, 199, 358];
    assert_eq!(answers.len(), samples.len());
    for (answer, sample) in answers.iter().zip(samples) {
        let foretold = stored.predicted[sample].to_string();
        assert_eq!(head(answer, 0)["answer"], foretold, "{answer:#}");
        let permille = f64::from(stored.confidence_permille[sample]);
        assert!(
            (1000.0 * probability(answer) - permille).abs() <= 1.0,
            "{answer:#}"
        );
        assert!(head(answer, 0)["truth"].is_string() && answer["seconds"].as_f64() > Some(0.0));
    }
    let text = joulelab.stdout(&[
        "ask",
        id(&run),
        "--held-out",
        "1",
        "--no-cost",
        "-q",
        "-D",
        "cpu",
    ]);
    assert!(
        text.contains("held-out sample 1") && text.contains("digit"),
        "{text}"
    );
    let words = joulelab.fails(
        2,
        &["ask", id(&run), "--held-out", "360", "-q", "-D", "cpu"],
    );
    assert!(words.contains("359 are held out"), "{words}");
}

#[test]
fn an_image_is_answered_as_the_sample_that_it_shows() {
    let joulelab = Joulelab::new();
    let run = joulelab.train(&["--epochs", "3", "--heads", "digit,parity"]);
    let names = ["small.png", "large.png", "paper.png", "whole.jpg"];
    let paths = names.map(|name| joulelab.folder().join(name));
    picture(&paths[0], 4, 1, false);
    picture(&paths[1], 4, 20, false);
    picture(&paths[2], 4, 20, true);
    picture(&paths[3], 4, 20, false);
    let mut arguments: Vec<&str> = paths.iter().map(|path| path.to_str().unwrap()).collect();
    arguments.extend(["--held-out", "5", "--top", "10"]);
    let answers = ask(&joulelab, id(&run), &arguments);
    let sample = &answers[4]["heads"];
    assert_eq!(sample.as_array().unwrap().len(), 2, "each head answers");
    assert_eq!(sample[1]["label"], "parity");
    // Of the set's own size it is taken pixel by pixel.
    for at in [0, 1] {
        assert_eq!(
            head(&answers[0], at)["probabilities"],
            sample[at]["probabilities"]
        );
    }
    // A dark digit on bright paper is the same digit.
    let shares = |answer: &Value| -> Vec<f64> {
        let shares = answer["heads"][0]["probabilities"].as_array().unwrap();
        shares
            .iter()
            .map(|one| one["probability"].as_f64().unwrap())
            .collect()
    };
    let pairs = shares(&answers[1]).into_iter().zip(shares(&answers[2]));
    for (bright, dark) in pairs {
        assert!(
            (bright - dark).abs() < 0.02,
            "{:#} {:#}",
            answers[1],
            answers[2]
        );
    }
    let note = answers[2]["notes"][0].as_str().unwrap();
    assert!(
        note.contains("inverted") && answers[1]["notes"][0].is_null(),
        "{note}"
    );
    let never = ask(&joulelab, id(&run), &[arguments[2], "--invert", "no"]);
    assert!(never[0]["notes"][0].is_null());
    assert_ne!(
        head(&never[0], 0)["probabilities"],
        head(&answers[2], 0)["probabilities"]
    );
}

/// What a colour and a size make: heavy where red or large.
fn table() -> String {
    let mut text = "colour,size,weight\n".to_owned();
    for number in 0..240 {
        let colour = ["red", "green", "blue"][number % 3];
        let size = f64::from(number as u32 % 40) / 4.0;
        let weight = if colour == "red" || size > 6.0 {
            "heavy"
        } else {
            "light"
        };
        text.push_str(&format!("{colour},{size},{weight}\n"));
    }
    text
}

#[test]
fn rows_are_answered_from_files_and_by_cell_also_when_the_table_is_gone() {
    let joulelab = Joulelab::new();
    let file = write(&joulelab, "things.csv", &table());
    let run = joulelab.train(&["--data", &file, "--epochs", "60", "--learning-rate", "0.01"]);
    // In another order of columns, with and without what is right.
    let named = write(
        &joulelab,
        "named.csv",
        "size,weight,colour\n1.5,heavy,red\n1.5,light,green\n",
    );
    let plain = write(&joulelab, "plain.csv", "red,1.5\ngreen,1.5\nblue,9\n");
    let rows = [
        "--row",
        "red,1.5",
        "--row",
        "green,1.5",
        "--row",
        "blue,9,heavy",
    ];
    let mut arguments = vec![named.as_str(), plain.as_str()];
    arguments.extend(rows);
    let answers = ask(&joulelab, id(&run), &arguments);
    let classes: Vec<&str> = answers
        .iter()
        .map(|answer| head(answer, 0)["answer"].as_str().unwrap())
        .collect();
    let [h, l] = ["heavy", "light"];
    assert_eq!(classes, [h, l, h, l, h, h, l, h]);
    assert_eq!(
        head(&answers[0], 0)["probabilities"],
        head(&answers[5], 0)["probabilities"]
    );
    assert_eq!(head(&answers[0], 0)["truth"], "heavy");
    assert_eq!(head(&answers[7], 0)["truth"], "heavy");
    assert!(head(&answers[2], 0)["truth"].is_null());

    for (arguments, code, part) in [
        (
            vec!["--row", "purple,1"],
            2,
            "never seen `purple`; it knows blue, green, red",
        ),
        (vec!["--row", "red"], 2, "1 value instead of 2"),
        (vec!["--row", "red,many"], 2, "`many` is no number"),
        (vec!["--row", "red,"], 2, "`size` is empty"),
        (vec!["--text", "red"], 2, "takes no text"),
    ] {
        let mut all = vec!["ask", id(&run), "-q", "-D", "cpu", "--no-cost"];
        all.extend(arguments);
        let words = joulelab.fails(code, &all);
        assert!(words.contains(part), "{words}");
    }
    let lacking = write(&joulelab, "lacking.csv", "colour,weight\nred,heavy\n");
    let words = joulelab.fails(3, &["ask", id(&run), &lacking, "-q", "-D", "cpu"]);
    assert!(
        words.contains("no column `size`") && words.contains("lacking.csv"),
        "{words}"
    );
    let strange = write(&joulelab, "strange.csv", "red,1\nred,1\ngrey,1\n");
    let words = joulelab.fails(3, &["ask", id(&run), &strange, "-q", "-D", "cpu"]);
    assert!(
        words.contains("line 3") && words.contains("`grey`"),
        "{words}"
    );

    // What rows go through is kept with the run.
    std::fs::remove_file(&file).unwrap();
    let again = ask(&joulelab, id(&run), &rows);
    for (before, after) in answers[5..].iter().zip(&again) {
        assert_eq!(before["heads"], after["heads"]);
    }
    // Without it the table must be there.
    let kept = joulelab
        .folder()
        .join("runs")
        .join(id(&run))
        .join("checkpoints")
        .join("encoding.json");
    std::fs::write(&kept, "{").unwrap();
    let mut all = vec!["ask", id(&run), "-q", "-D", "cpu", "--no-cost"];
    all.extend(rows);
    let words = joulelab.fails(3, &all);
    assert!(
        words.contains("damaged") && words.contains("bring the dataset's files back"),
        "{words}"
    );
    std::fs::remove_file(&kept).unwrap();
    assert!(joulelab.fails(3, &all).contains("not there"));
    std::fs::write(&file, table()).unwrap();
    let again = ask(&joulelab, id(&run), &rows);
    assert_eq!(again[0]["heads"], answers[5]["heads"]);
}

#[test]
fn a_foretold_number_is_in_the_unit_of_its_column() {
    let joulelab = Joulelab::new();
    let lines: Vec<String> = (0..200)
        .map(|x| format!("{x},{}", 1000.5 + 3.0 * f64::from(x)))
        .collect();
    let file = write(
        &joulelab,
        "line.csv",
        &format!("x,metres\n{}\n", lines.join("\n")),
    );
    let run = joulelab.train(&["--data", &file, "--epochs", "60", "--learning-rate", "0.01"]);
    let rmse = run["run"]["metrics"]["final_test_metric"].as_f64().unwrap();
    let answers = ask(&joulelab, id(&run), &["--row", "50", "--row", "150"]);
    for (answer, truth) in answers.iter().zip([1150.5, 1450.5]) {
        let found = head(answer, 0)["answer"].as_f64().unwrap();
        assert!(
            (found - truth).abs() < 4.0 * rmse.max(5.0),
            "{found} for {truth}, RMSE {rmse}"
        );
    }
    let text = joulelab.stdout(&[
        "ask",
        id(&run),
        "--row",
        "50",
        "--no-cost",
        "-q",
        "-D",
        "cpu",
    ]);
    assert!(
        text.contains("in the unit of column `metres`") && text.contains("RMSE"),
        "{text}"
    );
}

#[test]
fn a_text_is_gone_on_with() {
    let joulelab = Joulelab::new();
    let file = write(&joulelab, "abc.txt", &"abc".repeat(1500));
    let run = joulelab.train(&[
        "--data",
        &file,
        "-m",
        "gru",
        "--batch-size",
        "16",
        "--epochs",
        "4",
        "--learning-rate",
        "0.01",
    ]);
    let arguments = [
        "ask",
        id(&run),
        "--text",
        "ca",
        "--continue",
        "6",
        "--temperature",
        "0",
    ];
    let mut all = arguments.to_vec();
    all.extend(["--json", "-q", "-D", "cpu", "--no-cost"]);
    let told = joulelab.json(&all);
    assert_eq!(told["answers"][0]["heads"][0]["answer"], "b");
    assert_eq!(told["continued"][0]["text"], "bcabca");
    assert_eq!(told["continued"][0]["answers"], 6);
    let words = joulelab.fails(2, &["ask", id(&run), "--text", "xa", "-q", "-D", "cpu"]);
    assert!(words.contains("never seen `x`"), "{words}");
    let words = joulelab.fails(2, &["ask", id(&run), "--text", "", "-q", "-D", "cpu"]);
    assert!(words.contains("empty"), "{words}");
}

#[test]
fn an_answer_costs_what_the_meter_says_or_what_is_stored() {
    let joulelab = Joulelab::new();
    let meter = ["--meter", "simulated:steady,watts=80"];
    let run = joulelab.train(&[&["--epochs", "2"][..], &meter].concat());
    let quick = [
        "--window",
        "0.5",
        "--warm-up",
        "0.1",
        "--idle",
        "0.5",
        "--interval",
        "0.5",
        "-q",
        "-D",
        "cpu",
    ];
    let of = |more: &[&str]| {
        let mut all = vec!["ask", id(&run), "--held-out", "1,2", "--json"];
        all.extend(quick);
        all.extend(meter);
        all.extend(more);
        joulelab.json(&all)["cost"].clone()
    };
    let number = |value: &Value, path: &str| value.pointer(path).and_then(Value::as_f64).unwrap();
    let cost = of(&[]);
    assert_eq!(cost["origin"], "measured");
    let truth = 80.0 * number(&cost, "/inference/sum/figure/window_s")
        / number(&cost, "/inference/samples");
    let (low, high) = (
        number(&cost, "/energy_j/low"),
        number(&cost, "/energy_j/high"),
    );
    assert!((low..=high).contains(&truth), "{truth} in {cost:#}");
    assert!(
        number(&cost, "/inference/samples") >= 10.0,
        "asked over and over: {cost:#}"
    );
    assert_eq!(
        cost["inference"]["sum"]["figure"]["grade"]
            .as_str()
            .map(str::len),
        Some(1)
    );
    assert!(number(&cost, "/latency/p50_s") > 0.0 && cost["carbon_g"]["value"].is_number());
    let learning = number(&run, "/training/0/figure/energy_j/value");
    let ratio = number(&cost, "/as_training/value") * number(&cost, "/energy_j/value") / learning;
    assert!((ratio - 1.0).abs() < 1e-6, "{ratio}");
    // Nothing of it is kept.
    let stored = joulelab.json(&["infer", id(&run), "--stored", "--json"]);
    assert_eq!(stored["inferences"], serde_json::json!([]));

    let mut infer = vec!["infer", id(&run), "-b", "1", "--json"];
    infer.extend(quick);
    infer.extend(meter);
    let inferred = joulelab.json(&infer);
    let cost = of(&[]);
    assert_eq!(cost["origin"], "stored");
    assert_eq!(cost["inference"], inferred["inferences"][0]);
    let ratio =
        number(&cost, "/energy_j/value") / number(&inferred, "/inferences/0/energy_j/value");
    assert!((ratio * 1000.0 - 1.0).abs() < 1e-9);
    assert_eq!(of(&["--measure"])["origin"], "measured");
    let mut told = vec!["ask", id(&run), "--held-out", "1"];
    told.extend(quick);
    let text = joulelab.stdout(&told);
    assert!(text.contains("as `joulelab infer` measured on"), "{text}");
    assert!(text.contains("such answers"), "{text}");
}

#[test]
fn what_cannot_be_asked_is_explained() {
    let joulelab = Joulelab::new();
    let run = joulelab.train(&["--epochs", "1", "-m", "mlp"]);
    let run = id(&run);
    let refused = |code: i32, arguments: &[&str]| {
        let mut all = vec!["ask", run, "-q", "-D", "cpu", "--no-cost"];
        all.extend(arguments);
        joulelab.fails(code, &all)
    };
    assert!(refused(2, &[]).contains("nothing to ask about"));
    let text = write(&joulelab, "text.png", "no image at all");
    assert!(refused(3, &[&text]).contains("no PNG or JPEG image"));
    let gone = joulelab.folder().join("gone.png");
    assert!(refused(3, &[gone.to_str().unwrap()]).contains("gone.png"));
    // A picture that says it is far larger than anything.
    let huge = joulelab.folder().join("huge.png");
    GrayImage::new(20_000, 1).save(&huge).unwrap();
    let words = refused(3, &[huge.to_str().unwrap()]);
    assert!(
        words.contains("huge.png") && words.contains("limit"),
        "{words}"
    );
    let cut = joulelab.folder().join("cut.png");
    picture(&cut, 0, 10, false);
    let bytes = std::fs::read(&cut).unwrap();
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    assert!(refused(3, &[cut.to_str().unwrap()]).contains("damaged"));
    assert!(refused(2, &["--row", "1,2"]).contains("takes no rows"));
    assert!(refused(2, &["--held-out", "0"]).contains("numbered from 1"));
    assert!(
        joulelab
            .fails(5, &["ask", "nobody", "--row", "1"])
            .contains("nobody")
    );

    // A damaged checkpoint, and one that is elsewhere.
    let checkpoints = joulelab.folder().join("runs").join(run).join("checkpoints");
    let step = std::fs::read_dir(&checkpoints)
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.is_dir())
        .unwrap();
    let file = step.join("network.bpk");
    let mut bytes = std::fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&file, bytes).unwrap();
    assert!(refused(5, &["--held-out", "1"]).contains("checksum"));
    std::fs::remove_dir_all(&checkpoints).unwrap();
    let words = refused(5, &["--held-out", "1"]);
    assert!(
        words.contains("no checkpoint on this machine") && words.contains("step-"),
        "{words}"
    );

    let without = joulelab.train(&[
        "--epochs",
        "1",
        "-m",
        "mlp",
        "--set",
        "checkpoint.at_end=false",
        "--set",
        "checkpoint.every_s=1000",
    ]);
    let words = joulelab.fails(5, &["ask", id(&without), "--held-out", "1"]);
    assert!(words.contains("none was written"), "{words}");
    // It ends before its target, which has a code of its own.
    let play = [
        "run",
        "-q",
        "-D",
        "cpu",
        "--idle",
        "0",
        "--dataset",
        "cartpole",
        "--steps",
        "2",
    ];
    joulelab.fails(8, &play);
    let runs = joulelab.json(&["runs", "--json"]);
    let known = [run, id(&without)];
    let policy = runs.as_array().expect("a list").iter().map(id);
    let policy = policy.into_iter().find(|found| !known.contains(found));
    let policy = policy.expect("the last run");
    let words = joulelab.fails(2, &["ask", policy, "--row", "1,2,3,4", "-q"]);
    assert!(
        words.contains("policy of reinforcement learning"),
        "{words}"
    );
}
