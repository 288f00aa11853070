//! Listing, showing, writing on, deleting and exporting runs.

use crate::joulelab::Joulelab;

fn two_runs() -> (Joulelab, String, String) {
    let joulelab = Joulelab::new();
    let train = |flags: &[&str]| {
        let mut all = vec!["-m", "mlp", "-e", "2"];
        all.extend_from_slice(flags);
        let details = joulelab.train(&all);
        details["run"]["id"].as_str().expect("an id").to_owned()
    };
    let a = train(&["--name", "first", "--tag", "x"]);
    let b = train(&["-d", "breast-cancer"]);
    (joulelab, a, b)
}

#[test]
fn runs_are_listed_filtered_noted_and_deleted() {
    let (joulelab, a, b) = two_runs();
    let ids = |flags: &[&str]| -> Vec<String> {
        let mut all = vec!["runs", "--json"];
        all.extend_from_slice(flags);
        let rows = joulelab.json(&all);
        rows.as_array()
            .expect("a list")
            .iter()
            .map(|row| row["run"]["id"].as_str().expect("an id").to_owned())
            .collect()
    };
    assert_eq!(ids(&[]), [b.clone(), a.clone()]);
    assert_eq!(ids(&["--sort", "oldest", "--limit", "1"]), [a.as_str()]);
    assert_eq!(ids(&["--dataset", "breast-cancer"]), [b.as_str()]);
    assert_eq!(ids(&["--tag", "x"]), [a.as_str()]);
    assert!(ids(&["--status", "failed"]).is_empty());
    let table = joulelab.stdout(&["runs"]);
    assert!(
        table.contains(&a) && table.contains("breast-cancer"),
        "{table}"
    );

    joulelab.stdout(&["note", "first", "a remark", "--tag", "y"]);
    let details = joulelab.json(&["show", "--json", "first"]);
    assert_eq!(details["run"]["note"], "a remark");
    assert_eq!(ids(&["--tag", "y"]), [a.as_str()]);
    assert!(
        joulelab
            .stdout(&["show", "first"])
            .contains("energy of training")
    );

    joulelab.stdout(&["delete", &a]);
    assert_eq!(ids(&[]), [b.as_str()]);
    for command in [
        &["show", "first"][..],
        &["show", &a],
        &["infer", "first"],
        &["ask", "first", "--held-out", "1"],
        &["lifecycle", "first"],
        &["run", "--start", &a],
        &["run", "--teacher", "first"],
        &["note", "first", "again"],
    ] {
        let stderr = joulelab.fails(5, command);
        let back = format!("`joulelab restore {a}` brings it back");
        assert!(
            stderr.contains("was deleted on") && stderr.contains(&back),
            "{command:?}: {stderr}"
        );
    }
    joulelab.stdout(&["restore", &a]);
    assert_eq!(ids(&[]).len(), 2);
    joulelab.stdout(&["delete", &a, "--purge"]);
    assert!(!joulelab.folder().join("runs").join(&a).exists());
    assert!(joulelab.folder().join("runs").join(&b).exists());
    joulelab.fails(5, &["show", &a]);
}

#[test]
fn every_format_is_exported_whole_or_not_at_all() {
    let (joulelab, a, b) = two_runs();
    for (format, at_least) in [
        ("samples", 2),
        ("epochs", 4),
        ("runs", 2),
        ("codecarbon", 2),
    ] {
        let file = joulelab.folder().join(format!("{format}.csv"));
        let name = file.to_str().expect("a name");
        joulelab.stdout(&["export", "-f", format, "-o", name]);
        let mut reader = csv::Reader::from_path(&file).expect("a CSV");
        let columns = reader.headers().expect("a header").len();
        let rows: Vec<csv::StringRecord> =
            reader.records().map(|row| row.expect("a row")).collect();
        assert!(rows.len() >= at_least, "{format}: {} rows", rows.len());
        assert!(rows.iter().all(|row| row.len() == columns), "{format}");
        let all = std::fs::read_to_string(&file).expect("a file");
        assert!(all.contains(&a) && all.contains(&b), "{format}");
        // Not overwritten unless asked, and the same on standard output.
        joulelab.fails(5, &["export", "-f", format, "-o", name]);
        joulelab.stdout(&["export", "-f", format, "-o", name, "--force"]);
        assert_eq!(joulelab.stdout(&["export", "-f", format, "-o", "-"]), all);
    }
    let missing = joulelab.folder().join("no-such-folder").join("x.csv");
    joulelab.fails(
        5,
        &[
            "export",
            "-f",
            "runs",
            "-o",
            missing.to_str().expect("a name"),
        ],
    );
}

#[test]
fn the_setup_columns_are_filled() {
    let (joulelab, ..) = two_runs();
    let text = joulelab.stdout(&["export", "-f", "runs", "-o", "-", "first"]);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let row = reader.records().next().expect("a row").expect("a row");
    let cell = |name: &str| {
        let column = header.iter().position(|column| column == name);
        row[column.unwrap_or_else(|| panic!("no column {name} in {header:?}"))].to_owned()
    };
    assert_eq!(cell("setup_dataset"), "digits");
    assert_eq!(cell("setup_model"), "mlp");
    assert_eq!(cell("setup_optimiser"), "adam");
    assert_eq!(cell("setup_batch_size"), "64");
    assert_eq!(cell("setup_stop_epochs"), "2");
    assert_eq!(cell("setup_seed"), "0");
    assert_eq!(cell("setup_evaluate_every_epochs"), "1");
    assert_eq!(cell("setup_rate_hz"), "10");
    assert_eq!(cell("setup_precision"), "f32");
    assert_eq!(cell("setup_dataset_test_fraction"), "0.2");
    assert_eq!(cell("setup_beta_1"), "0.9");
    assert_eq!(cell("setup_flip"), "false");
    assert_eq!(cell("setup_ema_decay"), "");
}
