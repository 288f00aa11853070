//! The setup from flags and files.

use crate::joulelab::Joulelab;

fn hash(joulelab: &Joulelab, flags: &[&str]) -> String {
    let mut arguments = vec!["info", "--json"];
    arguments.extend_from_slice(flags);
    joulelab.json(&arguments)["hash"]
        .as_str()
        .expect("a hash")
        .to_owned()
}

#[test]
fn a_printed_setup_reproduces_itself() {
    let joulelab = Joulelab::new();
    let flags = [
        "run",
        "--print-setup",
        "-d",
        "shapes",
        "-m",
        "cnn",
        "--channels",
        "8,16",
        "-o",
        "sgd",
        "--momentum",
        "0.8",
        "--lr",
        "0.05",
        "-b",
        "32",
        "--schedule",
        "cosine",
        "--clip-norm",
        "1.5",
        "-t",
        "0.9",
        "--seed",
        "7",
    ];
    let printed = joulelab.stdout(&flags);
    let file = joulelab.folder().join("setup.toml");
    std::fs::write(&file, &printed).expect("a file");
    let file = file.to_str().expect("a name");
    assert_eq!(
        joulelab.stdout(&["run", "--print-setup", "--setup", file]),
        printed
    );
    // The same as JSON.
    let value: toml::Value = toml::from_str(&printed).expect("TOML");
    let json = joulelab.folder().join("setup.json");
    std::fs::write(&json, serde_json::to_string(&value).expect("JSON")).expect("a file");
    let json = json.to_str().expect("a name");
    assert_eq!(
        joulelab.stdout(&["run", "--print-setup", "--setup", json]),
        printed
    );
}

#[test]
fn flags_win_over_the_file() {
    let joulelab = Joulelab::new();
    let file = joulelab.folder().join("setup.toml");
    std::fs::write(&file, "[regime]\nbatch_size = 16\nseed = 3\n").expect("a file");
    let file = file.to_str().expect("a name");
    let printed = joulelab.stdout(&["run", "--print-setup", "--setup", file, "-b", "128"]);
    assert!(printed.contains("batch_size = 128"), "{printed}");
    assert!(printed.contains("seed = 3"), "{printed}");
}

#[test]
fn the_hash_is_of_what_is_learnt_alone() {
    let joulelab = Joulelab::new();
    let base = hash(&joulelab, &[]);
    assert_eq!(base.len(), 16);
    assert_eq!(
        base,
        hash(
            &joulelab,
            &["--device", "cpu", "--idle", "1", "--country", "DEU"]
        )
    );
    assert_ne!(base, hash(&joulelab, &["--seed", "1"]));
    assert_ne!(base, hash(&joulelab, &["--lr", "0.1"]));
    let group = |flags: &[&str]| {
        let mut arguments = vec!["info", "--json"];
        arguments.extend_from_slice(flags);
        joulelab.json(&arguments)["group_hash"].clone()
    };
    assert_eq!(group(&[]), group(&["--seed", "1"]));
    assert_ne!(group(&[]), group(&["-b", "32"]));
}

#[test]
fn a_table_gets_an_mlp_unless_a_model_is_named() {
    let joulelab = Joulelab::new();
    let printed = joulelab.stdout(&["run", "--print-setup", "-d", "breast-cancer"]);
    assert!(printed.contains("kind = \"mlp\""), "{printed}");
}

#[test]
fn parameters_and_flop_follow_the_stated_formula() {
    let joulelab = Joulelab::new();
    let info = joulelab.json(&["info", "--json", "-m", "mlp", "--hidden", "128"]);
    let layers = info["plan"]["layers"].as_array().expect("layers");
    let total = |field: &str| -> u64 {
        layers
            .iter()
            .filter_map(|layer| layer[field].as_u64())
            .sum()
    };
    // 64·128 + 128 and 128·10 + 10.
    assert_eq!(total("parameters"), 8320 + 1290);
    assert_eq!(total("macs"), 64 * 128 + 128 * 10);
    // Twice the MAC, a bias for each output, an activation for each hidden unit.
    assert_eq!(total("forward_flop"), 2 * (8192 + 1280) + 128 + 10 + 128);
    // The first layer needs no gradient of its input.
    assert_eq!(
        total("training_flop"),
        2 * (2 * 8192 + 128) + 3 * 128 + 3 * (2 * 1280 + 10)
    );
    let info = joulelab.json(&["info", "--json", "-m", "cnn"]);
    let conv = &info["plan"]["layers"][0];
    assert_eq!(conv["parameters"], 3 * 3 * 16 + 16);
    assert_eq!(conv["macs"], 3 * 3 * 16 * 64);
}

#[test]
fn help_completions_and_manual_come_from_one_description() {
    let joulelab = Joulelab::new();
    assert!(joulelab.stdout(&["--help"]).contains("Exit codes"));
    assert!(
        joulelab
            .stdout(&["completions", "bash"])
            .contains("joulelab")
    );
    assert!(joulelab.stdout(&["man"]).contains(".TH joulelab"));
}
