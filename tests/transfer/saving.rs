//! Ways of saving from the command line: what is stored of them, and what is refused.

use serde_json::Value;

use crate::program::{Program, id};

fn joules(details: &Value) -> f64 {
    let path = "/training/0/figure/energy_j/value";
    details.pointer(path).and_then(Value::as_f64).unwrap()
}

fn flop(details: &Value) -> f64 {
    details["run"]["flops_per_sample"].as_f64().unwrap()
}

fn setup(details: &Value) -> Value {
    serde_json::from_str(details["run"]["setup"]["json"].as_str().unwrap()).unwrap()
}

#[test]
fn a_taught_run_keeps_its_teacher_as_an_ancestor() {
    let program = Program::new();
    let base = program.train(&["--name", "base"]);
    let first = program.train(&["--name", "first", "--start", "base"]);
    let plain = program.train(&["--seed", "3"]);
    let taught = program.train(&["--seed", "3", "--teacher", "first", "--temperature", "2"]);
    // A name was given, an identifier is kept.
    let distil = &setup(&taught)["distil"];
    assert_eq!(distil["teacher"], first["run"]["id"]);
    assert_eq!(
        (&distil["temperature"], &distil["alpha"]),
        (&2.0.into(), &0.9.into())
    );
    // It did not start from it: what is its parent is what it has the weights of.
    assert!(taught["run"]["parent_id"].is_null() && taught["start"].is_null());
    let ancestors = taught["ancestors"].as_array().unwrap();
    let paths: Vec<&Value> = ancestors.iter().map(|of| &of["path"]).collect();
    assert_eq!(
        paths,
        [
            &serde_json::json!(["teacher"]),
            &serde_json::json!(["teacher", "start"])
        ]
    );
    assert_eq!(ancestors[0]["run_id"], first["run"]["id"]);
    assert_eq!(ancestors[1]["run_id"], base["run"]["id"]);
    // Both forward passes: 64·12, 12·8, 8·10 weights with bias, and two activations.
    let forward = f64::from(2 * (768 + 96 + 80) + 12 + 8 + 10 + 12 + 8);
    assert_eq!(flop(&taught), flop(&plain) + forward);

    let shown = program.json(&["show", id(&taught), "--json", "--uses", "2"]);
    let energy = |at: usize| {
        shown["lineage"]["energies"][at]["energy_j"]["value"]
            .as_f64()
            .unwrap()
    };
    let before = joules(&first) + joules(&base);
    assert!((energy(1) - energy(0) - before).abs() <= 1e-9);
    assert!((energy(2) - energy(0) - before / 2.0).abs() <= 1e-9);
    let text = program.stdout(&["show", id(&taught)]);
    for words in [
        format!("learnt from {}", id(&first)),
        format!("started from {}", id(&base)),
        "temperature 2 · α 0.9".to_owned(),
    ] {
        assert!(text.contains(&words), "{words}: {text}");
    }
    let out = program.library().with_file_name("taught.csv");
    let file = out.to_str().unwrap();
    program.stdout(&["export", "-f", "runs", "-o", file, id(&taught)]);
    let mut rows = csv::Reader::from_path(&out).unwrap();
    let header = rows.headers().unwrap().clone();
    let row = rows.records().next().unwrap().unwrap();
    let cell = |name: &str| {
        let at = header.iter().position(|column| column == name).unwrap();
        row[at].to_owned()
    };
    assert_eq!(cell("ancestor_relations"), "teacher start");
    assert_eq!(cell("setup_distil_teacher"), id(&first));
    assert_eq!(cell("setup_distil_temperature"), "2");

    // A run that starts from its teacher has its work once.
    let both = program.train(&["--teacher", "first", "--start", "first"]);
    let ancestors = both["ancestors"].as_array().unwrap();
    assert_eq!(ancestors.len(), 2);
    assert_eq!(ancestors[0]["path"], serde_json::json!(["both"]));

    // A teacher that is not asked is none.
    let alone = program.train(&["--seed", "3", "--teacher", "first", "--alpha", "0"]);
    assert_eq!(alone["ancestors"], serde_json::json!([]));
    assert_eq!(flop(&alone), flop(&plain));
    let last = |details: &Value| details["run"]["metrics"]["final_test_loss"].as_f64();
    assert_eq!(last(&alone), last(&plain));
    assert_ne!(last(&taught), last(&plain));
}

#[test]
fn who_cannot_teach_leaves_no_run() {
    let program = Program::new();
    let run = |arguments: &[&str]| {
        let mut all = vec![
            "run", "-q", "--device", "cpu", "--idle", "0", "-m", "mlp", "-e", "1",
        ];
        all.extend(arguments);
        program.refused(&all)
    };
    let count = || program.json(&["runs", "--json"]).as_array().unwrap().len();
    assert_eq!(run(&["--teacher", "nobody"]).0, 5);
    assert_eq!(count(), 0);
    let digits = program.train(&["--name", "digits"]);
    program.train(&["--name", "tumours", "-d", "breast-cancer"]);
    // Its code says that no target was reached.
    program.output(&[
        "run", "-q", "-D", "cpu", "--idle", "0", "--name", "played", "-d", "cartpole", "-b", "2",
        "--steps", "2",
    ]);
    program.train(&[
        "--name",
        "unsaved",
        "--set",
        "checkpoint.at_end=false",
        "--set",
        "checkpoint.every_s=1e9",
    ]);
    let before = count();
    for (arguments, code, word) in [
        (vec!["--teacher", "tumours"], 2, "same shape"),
        (vec!["--teacher", "played"], 2, "same task"),
        (
            vec!["--teacher", "unsaved"],
            5,
            "no checkpoint on this machine",
        ),
        (
            vec!["--teacher", "digits", "--temperature", "0"],
            2,
            "distil.temperature",
        ),
        (
            vec!["--teacher", "digits", "--alpha", "2"],
            2,
            "distil.alpha",
        ),
        (vec!["--temperature", "3"], 2, "distil.teacher"),
        (
            vec!["-d", "cartpole", "--teacher", "digits"],
            2,
            "classes or tokens",
        ),
        (vec!["--resize", "0.5"], 2, "several sizes"),
        (vec!["--freeze-from", "0"], 2, "freezing.from"),
        (
            vec!["--freeze-from", "0.5", "--train-layers", "head"],
            2,
            "leave one of the two out",
        ),
    ] {
        let (found, words) = run(&arguments);
        assert_eq!(found, code, "{arguments:?}: {words}");
        assert!(words.contains(word), "{arguments:?}: {words}");
    }
    program.output(&["delete", "digits"]);
    let (code, words) = run(&["--teacher", id(&digits)]);
    assert_eq!(code, 5, "{words}");
    assert_eq!(count(), before - 1);
}

/// `joulelab info` tells which groups learn when, from images of which size, and what that costs.
#[test]
fn stages_are_told_before_a_run() {
    let program = Program::new();
    let arguments = [
        "info",
        "-m",
        "cnn",
        "--set",
        "model.head=global-average",
        "--train-layers",
        "freezing",
        "--freeze-from",
        "0.5",
        "--resize",
        "0.5",
        "--epochs",
        "8",
    ];
    let text = program.stdout(&arguments);
    for words in [
        "from step",
        "4×4",
        "8×8",
        "blocks.1, head",
        "in the mean over the run",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let mut json = arguments.to_vec();
    json.push("--json");
    let told = program.json(&json);
    let stages = told["stages"].as_array().unwrap();
    assert_eq!(stages[0]["size"], serde_json::json!([4, 4]));
    assert_eq!(
        stages.last().unwrap()["learns"],
        serde_json::json!(["head"])
    );
    let mean = told["training_flop"].as_f64().unwrap();
    let all: u64 = told["plan"]["layers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|layer| layer["training_flop"].as_u64().unwrap())
        .sum();
    assert!(mean < all as f64);
}

#[test]
fn the_best_weights_are_stored_as_the_runs() {
    let program = Program::new();
    let best = program.train(&[
        "--patience",
        "1",
        "--min-delta",
        "1e6",
        "--restore-best",
        "--set",
        "regime.stop.epochs=5",
    ]);
    let summary = &best["summary"]["json"];
    assert_eq!(summary["reason"], "early-stopping");
    assert_eq!(summary["is_restored"], true);
    let epochs = best["epochs"].as_array().unwrap();
    assert_eq!(epochs.len(), 2);
    assert_eq!(summary["best_step"], epochs[0]["step"]);
    assert_eq!(
        best["run"]["metrics"]["final_test_loss"],
        epochs[0]["test_loss"]
    );
    let text = program.stdout(&["show", id(&best)]);
    assert!(text.contains("whose weights the run ended with"), "{text}");
    // What goes on from it has the weights of then.
    let next = program.train(&["--start", id(&best)]);
    assert_eq!(next["start"]["origin"]["step"], epochs[0]["step"]);
}

#[test]
fn sweep_axes_reach_the_fields() {
    let program = Program::new();
    let first = program.train(&["--name", "first"]);
    let file = format!(
        "name = \"ways\"\nrepeats = 1\n[base]\ndevice = \"cpu\"\n[base.model]\nkind = \"cnn\"\nchannels = [4]\nhead = \
         \"global-average\"\n[base.regime.stop]\nsteps = 4\n[base.measure]\nidle_s = 0\nmeters = [\"simulated:steady\"]\n[base.distil]\n\
         teacher = \"{}\"\n[base.regime.layers]\ntrain = \"freezing\"\n[[axes]]\nfield = \"distil.temperature\"\nvalues = [1.0, \
         4.0]\n[[axes]]\nfield = \"regime.resize.from\"\nvalues = [0.5]\n[[axes]]\nfield = \"regime.layers.freezing.from\"\nvalues = \
         [0.25, 0.75]\n",
        id(&first)
    );
    let path = program.library().with_file_name("ways.toml");
    std::fs::write(&path, file).unwrap();
    program.stdout(&["sweep", path.to_str().unwrap(), "-q"]);
    let runs = program.json(&["runs", "--json"]);
    let mut seen = Vec::new();
    for run in runs.as_array().unwrap() {
        let details = program.json(&["show", run["run"]["id"].as_str().unwrap(), "--json"]);
        let setup = setup(&details);
        if let Some(distil) = setup.get("distil").filter(|distil| !distil.is_null()) {
            assert_eq!(details["ancestors"][0]["run_id"], first["run"]["id"]);
            seen.push((
                distil["temperature"].as_f64().unwrap(),
                setup["regime"]["layers"]["freezing"]["from"]
                    .as_f64()
                    .unwrap(),
                setup["regime"]["resize"]["from"].as_f64().unwrap(),
            ));
        }
    }
    seen.sort_by(|a, b| a.partial_cmp(b).unwrap());
    assert_eq!(
        seen,
        [
            (1.0, 0.25, 0.5),
            (1.0, 0.75, 0.5),
            (4.0, 0.25, 0.5),
            (4.0, 0.75, 0.5)
        ]
    );
}

/// Trials that go on at a later rung go on with their teacher.
#[test]
fn a_taught_run_is_taken_up_again() {
    let program = Program::new();
    let first = program.train(&["--name", "first"]);
    let file = format!(
        "name = \"rungs\"\ntarget = 0.99\nseeds = [0]\n[base]\ndevice = \"cpu\"\n[base.model]\nkind = \"mlp\"\n[base.regime.stop]\nepochs = \
         4\n[base.measure]\nidle_s = 0\nmeters = [\"simulated:steady\"]\n[base.distil]\nteacher = \"{}\"\n[[axes]]\nfield = \
         \"regime.learning_rate\"\nvalues = [0.001, 0.003]\n[searcher]\nkind = \"successive-halving\"\nfirst = {{ epochs = 1 }}\n",
        id(&first)
    );
    let path = program.library().with_file_name("rungs.toml");
    std::fs::write(&path, file).unwrap();
    program.output(&["sweep", path.to_str().unwrap(), "-q"]);
    let runs = program.json(&["runs", "--json"]);
    let taught: Vec<Value> = runs
        .as_array()
        .unwrap()
        .iter()
        .map(|run| program.json(&["show", run["run"]["id"].as_str().unwrap(), "--json"]))
        .filter(|details| details["ancestors"][0]["run_id"] == first["run"]["id"])
        .collect();
    assert_eq!(taught.len(), 2);
    let longest = taught
        .iter()
        .map(|details| details["epochs"].as_array().unwrap().len());
    assert!(longest.max().unwrap() > 1, "one of them went on");
    for details in &taught {
        assert!(details["run"]["failure"].is_null(), "{}", details["run"]);
        assert_eq!(details["ancestors"].as_array().unwrap().len(), 1);
    }
}
