//! What is wrong is said with field, value and what is allowed, before anything is touched.

use crate::joulelab::Joulelab;

/// Each must fail with code 2 and say all of these words.
fn refused(flags: &[&str], words: &[&str]) {
    let joulelab = Joulelab::new();
    let mut arguments = vec!["run", "--device", "cpu"];
    arguments.extend_from_slice(flags);
    let stderr = joulelab.fails(2, &arguments);
    for word in words {
        assert!(stderr.contains(word), "{flags:?}: no `{word}` in: {stderr}");
    }
    assert!(!joulelab.library().exists(), "{flags:?} made a library");
}

#[test]
fn unknown_names_get_the_nearest_known_one() {
    refused(&["-d", "digit"], &["digit", "did you mean `digits`"]);
    refused(&["-m", "ccn"], &["did you mean `cnn`"]);
    refused(&["-o", "adamm"], &["did you mean `adam`"]);
    refused(
        &["--activation", "rleu"],
        &["activation", "did you mean `relu`"],
    );
    refused(
        &["--set", "regime.learning_rat=1"],
        &["learning_rat", "did you mean `learning_rate`"],
    );
    refused(&["--country", "Germny"], &["did you mean `Germany`"]);
}

#[test]
fn impossible_values_are_named_with_what_is_allowed() {
    refused(&["--lr", "NaN"], &["regime.learning_rate", "NaN"]);
    refused(&["--lr", "0"], &["regime.learning_rate", "above 0"]);
    refused(&["--lr", "1e-300"], &["regime.learning_rate", "32 bits"]);
    refused(&["--lr", "1e300"], &["regime.learning_rate", "32 bits"]);
    refused(&["--lr=-1"], &["regime.learning_rate", "-1", "above 0"]);
    refused(&["-b", "0"], &["regime.batch_size", "1 or more"]);
    refused(&["-b", "-5"], &["regime.batch_size", "-5"]);
    refused(&["-b", "5000"], &["regime.batch_size", "5000", "1438"]);
    refused(&["-m", "mlp", "--hidden", "16,-4"], &["model.hidden", "-4"]);
    refused(
        &["-m", "mlp", "--hidden", "0"],
        &["model.hidden[0]", "1 to"],
    );
    refused(&["--kernel", "9"], &["model.kernel", "9", "8"]);
    refused(&["--kernel", "4"], &["model.kernel", "odd"]);
    refused(&["--channels", "4,4,4,4,4"], &["model.pooling"]);
    refused(
        &["-d", "breast-cancer", "-m", "cnn"],
        &["model.kind", "mlp"],
    );
    refused(&["--dropout", "1"], &["model.dropout"]);
    refused(&["-t", "97"], &["regime.stop.target", "0.97"]);
    refused(&["--pue", "0.5"], &["measure.pue", "1 to 10"]);
    refused(
        &["--set", "regime.stop.epochs=null"],
        &["regime.stop", "at least one"],
    );
    refused(
        &[
            "--schedule",
            "cosine",
            "--set",
            "regime.stop.epochs=null",
            "--time-budget",
            "1",
        ],
        &["regime.schedule.kind"],
    );
    refused(&["-o", "adam", "--momentum", "0.9"], &["momentum"]);
}

#[test]
fn what_no_machine_can_hold_is_refused_before_any_of_it_is_allocated() {
    let joulelab = Joulelab::new();
    // 17 thousand million parameters, four numbers each, and five layers of 65,536 results for each of 50,000 samples.
    let stderr = joulelab.fails(
        2,
        &[
            "run",
            "-q",
            "--device",
            "cpu",
            "-d",
            "shapes",
            "--set",
            "dataset.samples=80000",
            "-b",
            "50000",
            "-m",
            "mlp",
            "--hidden",
            "65536,65536,65536,65536,65536",
        ],
    );
    for word in [
        "needs more memory than this machine has",
        "17,",
        "regime.micro_batch_size",
    ] {
        assert!(stderr.contains(word), "no `{word}` in: {stderr}");
    }
    assert_eq!(joulelab.json(&["runs", "--json"]), serde_json::json!([]));
}

#[test]
fn an_episode_cannot_return_more_than_its_steps() {
    refused(
        &[
            "-d",
            "cartpole",
            "-t",
            "475",
            "--set",
            "dataset.episode_steps_max=100",
        ],
        &["regime.stop.target", "475", "at most 100"],
    );
}

#[test]
fn several_problems_are_told_at_once() {
    refused(
        &["--lr", "0", "-t", "2"],
        &["regime.learning_rate", "regime.stop.target"],
    );
}

#[test]
fn setup_files_that_are_none_are_told_with_their_line() {
    let joulelab = Joulelab::new();
    let file = joulelab.folder().join("broken.toml");
    std::fs::write(&file, "[regime]\nseed = \n").expect("a file");
    let stderr = joulelab.fails(2, &["run", "--setup", file.to_str().expect("a name")]);
    assert!(
        stderr.contains("line 2") && stderr.contains("broken.toml"),
        "{stderr}"
    );
    let stderr = joulelab.fails(2, &["run", "--setup", "nowhere.toml"]);
    assert!(stderr.contains("nowhere.toml"), "{stderr}");
}

#[test]
fn devices_that_do_not_exist_have_their_own_code() {
    let joulelab = Joulelab::new();
    let stderr = joulelab.fails(4, &["run", "-q", "--device", "99"]);
    assert!(stderr.contains("joulelab devices"), "{stderr}");
    let stderr = joulelab.fails(4, &["run", "-q", "--device", "Voodoo 2"]);
    assert!(stderr.contains("Voodoo 2"), "{stderr}");
}

#[test]
fn datasets_that_cannot_be_read_have_their_own_code() {
    let joulelab = Joulelab::new();
    let empty = joulelab.folder().join("nothing-here");
    std::fs::create_dir(&empty).expect("a folder");
    let stderr = joulelab.fails(3, &["run", "--data", empty.to_str().expect("a name")]);
    assert!(stderr.contains("nothing-here"), "{stderr}");
    // A header that promises more than the file has.
    for (name, magic) in [
        ("train-images-idx3-ubyte", 0x0803_u32),
        ("t10k-images-idx3-ubyte", 0x0803),
    ] {
        let mut bytes = magic.to_be_bytes().to_vec();
        for size in [4_000_000_000_u32, 28, 28] {
            bytes.extend(size.to_be_bytes());
        }
        std::fs::write(empty.join(name), bytes).expect("a file");
    }
    for name in ["train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"] {
        std::fs::write(empty.join(name), [0, 0, 8, 1, 0, 0, 0, 0]).expect("a file");
    }
    joulelab.fails(3, &["run", "--data", empty.to_str().expect("a name")]);
}

#[test]
fn libraries_that_cannot_be_used_are_left_alone_and_told() {
    let joulelab = Joulelab::new();
    let garbage = b"this is no database, and somebody may need it".repeat(100);
    std::fs::write(joulelab.library(), &garbage).expect("a file");
    let stderr = joulelab.fails(5, &["run", "-q", "--device", "cpu"]);
    assert!(stderr.contains("library.sqlite"), "{stderr}");
    joulelab.fails(5, &["runs"]);
    assert_eq!(std::fs::read(joulelab.library()).expect("a file"), garbage);
}

#[test]
fn unknown_runs_and_formats_are_told() {
    let joulelab = Joulelab::new();
    assert!(joulelab.fails(5, &["show", "nothing"]).contains("nothing"));
    let stderr = joulelab.fails(2, &["export", "-f", "sample", "-o", "-"]);
    assert!(stderr.contains("did you mean `samples`"), "{stderr}");
    joulelab.fails(2, &["runs", "--since", "yesterdayish"]);
}
