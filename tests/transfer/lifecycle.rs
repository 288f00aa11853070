//! The life of a model from the command line, on a meter that draws the same whatever happens.

use serde_json::Value;

use crate::program::{Program, id};

fn number(value: &Value, path: &str) -> f64 {
    value
        .pointer(path)
        .and_then(Value::as_f64)
        .unwrap_or_else(|| panic!("{path} in {value:#}"))
}

fn close(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() <= 1e-9 * expected.abs().max(1e-9),
        "{found} {expected}"
    );
}

/// What was learnt before, runs that started from it, and runs that did not; all for so long that the meter reads something.
fn family(program: &Program) -> (Value, Vec<Value>, Vec<Value>) {
    let long = [
        "--set",
        "regime.stop.target=0.1",
        "--set",
        "regime.stop.target_patience=20",
        "-e",
        "20",
    ];
    let train = |arguments: &[&str]| {
        let mut all = vec![
            "run",
            "--json",
            "-q",
            "--device",
            "cpu",
            "--idle",
            "0",
            "--meter",
            "simulated:steady,refresh_ms=1",
            "-m",
            "mlp",
            "--hidden",
            "64,64",
        ];
        all.extend(long);
        all.extend(arguments);
        program.json(&all)
    };
    let base = train(&["--name", "base"]);
    let tuned = ["1", "2"]
        .map(|seed| train(&["--start", "base", "-s", seed]))
        .to_vec();
    let scratch = ["1", "2"].map(|seed| train(&["-s", seed])).to_vec();
    (base, tuned, scratch)
}

#[test]
fn stages_and_assumptions_are_told_and_can_be_changed() {
    let program = Program::new();
    let (base, tuned, scratch) = family(&program);
    let joules = |run: &Value| number(run, "/training/0/figure/energy_j/value");
    let file = program.library().with_file_name("assumptions.toml");
    std::fs::write(&file, "g_per_kwh = 100.0\nprice_per_kwh = 0.25\nuses = 7\n").unwrap();
    let all = [
        "lifecycle",
        id(&tuned[0]),
        id(&tuned[1]),
        "--scratch",
        id(&scratch[0]),
        id(&scratch[1]),
        "--json",
        "--uses",
        "4",
        "--assumptions",
        file.to_str().unwrap(),
        "--pue",
        "2",
        "--device-class",
        "laptop",
    ];
    let told = program.json(&all);
    let life = &told["life_cycle"];
    assert_eq!(
        life["stages"].as_array().map(Vec::len),
        Some(2),
        "nothing is known of serving"
    );
    let training = (joules(&tuned[0]) + joules(&tuned[1])) / 2.0;
    close(
        number(life, "/stages/0/energy_j/value"),
        joules(&base) / 4.0,
    );
    close(number(life, "/stages/1/energy_j/value"), training);
    // The seconds in which it was taken: neither loading nor saving, as of the runs themselves.
    let seconds = |run: &Value| number(run, "/training/0/figure/window_s");
    close(number(life, "/stages/0/seconds"), seconds(&base) / 4.0);
    let mean_s = (seconds(&tuned[0]) + seconds(&tuned[1])) / 2.0;
    close(number(life, "/stages/1/seconds"), mean_s);
    close(
        number(life, "/stages/1/operational_g/value"),
        training * 2.0 * 100.0 / 3.6e6,
    );
    close(
        number(life, "/stages/1/cost/value"),
        training * 2.0 * 0.25 / 3.6e6,
    );
    let seconds = number(life, "/stages/1/seconds");
    close(
        number(life, "/stages/1/embodied_g"),
        209_000.0 * seconds / (4.0 * 365.25 * 86_400.0),
    );
    let mean_scratch = (joules(&scratch[0]) + joules(&scratch[1])) / 2.0;
    let saving = mean_scratch - training;
    close(number(&told, "/break_even/saving_j"), saving);
    let uses = told.pointer("/break_even/uses").and_then(Value::as_f64);
    assert_eq!(uses.is_some(), saving > 0.0);
    if let Some(uses) = uses {
        close(uses, joules(&base) / saving);
    }
    let text = program.stdout(&all[..6]);
    assert!(text.contains("joulelab infer RUN -b 1"), "{text}");
    assert!(
        text.contains("2500 kgCO2e over 6 years: Luccioni"),
        "a run on the CPU: {text}"
    );

    // With what asking takes.
    let quick = [
        "-b",
        "1",
        "--window",
        "0.3",
        "--warm-up",
        "0",
        "--idle",
        "0",
        "--interval",
        "0.5",
        "-q",
    ];
    let mut ask = vec!["infer", id(&tuned[0]), "--json", "--device", "cpu"];
    ask.extend(quick);
    let asked = program.json(&ask);
    let thousand_j = number(&asked, "/inferences/0/energy_j/value");
    let told = program.json(&["lifecycle", id(&tuned[0]), "--json", "--inferences", "5000"]);
    close(
        number(&told, "/life_cycle/stages/2/energy_j/value"),
        5.0 * thousand_j,
    );
    let learnt = joules(&tuned[0]) + joules(&base);
    close(
        number(&told, "/life_cycle/inferences_as_training/value"),
        1000.0 * learnt / thousand_j,
    );
    // Whoever asks the network is told the energy that was divided, and what of it was learnt before.
    let mut ask = vec!["ask", id(&tuned[0]), "--held-out", "1", "-q", "-D", "cpu"];
    let text = program.stdout(&ask);
    assert!(
        text.contains("of it in what it started or learnt from: as much as "),
        "{text}"
    );
    ask.push("--json");
    let cost = program.json(&ask)["cost"].clone();
    close(number(&cost, "/learning_j/value"), learnt);
    close(number(&cost, "/before_j/value"), joules(&base));
    close(
        number(&cost, "/as_training/value") * number(&cost, "/energy_j/value"),
        learnt,
    );
}

#[test]
fn what_cannot_be_compared_is_said_in_words() {
    let program = Program::new();
    // Small batches, so that an epoch lasts longer than the meter takes to be renewed.
    let base = program.train(&["--name", "base", "-b", "4"]);
    let tuned = program.train(&["--start", "base", "--target", "0.1", "-b", "4"]);
    let scratch = program.train(&["--target", "0.1", "-b", "4"]);
    let other = program.train(&["--target", "0.2", "-b", "4"]);
    let reason = |runs: &[&str], scratch: &[&str]| {
        let mut all = vec!["lifecycle", "--json"];
        all.extend(runs);
        all.push("--scratch");
        all.extend(scratch);
        let told = program.json(&all);
        told["no_break_even"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    assert!(reason(&[id(&tuned)], &[id(&other)]).contains("another target"));
    assert!(reason(&[id(&tuned)], &[id(&base)]).contains("no target"));
    assert!(reason(&[id(&scratch)], &[id(&base)]).contains("nothing to be paid off"));
    let again = program.train(&["--start", "base", "--target", "0.1", "-b", "4", "-s", "2"]);
    assert!(reason(&[id(&tuned)], &[id(&again)]).contains("did not start from nothing"));
    let missed = program.output(&[
        "run",
        "--json",
        "-q",
        "--device",
        "cpu",
        "--idle",
        "0",
        "--meter",
        "simulated:steady,refresh_ms=1",
        "-m",
        "mlp",
        "-e",
        "20",
        "--target",
        "1",
        "--lr",
        "1e-9",
        "--name",
        "missed",
    ]);
    assert_eq!(missed.status.code(), Some(8));
    assert!(reason(&["missed"], &[id(&base)]).contains("nothing to be paid off"));

    for (arguments, word) in [
        (vec!["--pue", "0.5"], "pue"),
        (vec!["--device-class", "labtop"], "did you mean `laptop`"),
        (vec!["--uses", "0"], "uses"),
        (vec!["--assumptions", "missing.toml"], "missing.toml"),
    ] {
        let mut all = vec!["lifecycle", id(&tuned)];
        all.extend(arguments);
        let (code, words) = program.refused(&all);
        assert_eq!(code, 2, "{words}");
        assert!(words.contains(word), "{words}");
    }
    let (code, words) = program.refused(&["lifecycle", id(&tuned), id(&scratch)]);
    assert_eq!(code, 2);
    assert!(words.contains("did not start from the same"), "{words}");
}
