//! Fine and coarse labels of CIFAR-100, out of files in the published layout.

use std::sync::atomic::AtomicBool;

use flate2::Compression;
use flate2::write::GzEncoder;
use joulelab::data::download::{self, Got};
use joulelab::data::registry::{self, Archive};
use joulelab::data::{self, Store};
use joulelab::setup::DatasetSetup;
use serde_json::Value;

use crate::program::Program;
use crate::recipes::{archive, recipe};

/// Records of a byte for the group, one for the kind, and 3,072 pixels. Groups are bright or dark, kinds red or blue.
fn records(count: u8) -> Vec<u8> {
    let record = |at: u8| {
        let (coarse, fine) = (at % 2, (at / 2) % 2);
        let level = if coarse == 1 { 200 } else { 40 };
        let channel = |of: u8| if fine * 2 == of { level + 50 } else { level };
        let noise = |pixel: usize| (pixel * 7 + usize::from(at) * 13) % 11;
        let pixels = (0..3_u8)
            .flat_map(move |of| (0..1024).map(move |pixel| channel(of) + noise(pixel) as u8));
        [19 * coarse, 99 * fine]
            .into_iter()
            .chain(pixels)
            .collect::<Vec<u8>>()
    };
    (0..count).flat_map(record).collect()
}

/// Puts the set in place, as `joulelab data get --from` does.
fn put(store: &Store) {
    let known = registry::recipe("cifar100").unwrap();
    let of_table = &known.files[0];
    let parts = [records(200), records(60)];
    let entries: Vec<(&str, &Vec<u8>)> = of_table
        .members
        .iter()
        .map(|member| member.path.as_str())
        .zip(&parts)
        .collect();
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, content) in &entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        tar.append_data(&mut header, path, content.as_slice())
            .unwrap();
    }
    let packed = tar.into_inner().unwrap().finish().unwrap();
    let members: Vec<(&str, u64)> = entries
        .iter()
        .map(|(path, content)| (*path, content.len() as u64))
        .collect();
    let entry = archive(&of_table.name, &packed, Archive::TarGz, &members);
    let mine = tempfile::tempdir().unwrap();
    std::fs::write(mine.path().join(&entry.name), packed).unwrap();
    let recipe = recipe("cifar100", vec![entry], vec![]);
    let off = AtomicBool::new(false);
    let got = download::get_from_folder(&recipe, store, mine.path(), &off, &mut |_| {});
    assert_eq!(got.unwrap(), Got::Now);
}

#[test]
fn groups_and_kinds_are_learnt_by_one_network() {
    let program = Program::new();
    let store = Store::in_folder(program.path("data"));
    put(&store);
    let set = data::load_from(&DatasetSetup::from_name("cifar100").unwrap(), &store).unwrap();
    let labels: Vec<(&str, usize)> = set
        .info
        .labels
        .iter()
        .map(|label| (label.name.as_str(), label.classes.len()))
        .collect();
    assert_eq!(labels, [("coarse", 20), ("fine", 100)]);
    program.train(
        "cifar",
        &[
            "-d",
            "cifar100",
            "--heads",
            "fine,coarse",
            "-t",
            "0.95",
            "--set",
            "regime.learning_rate=0.003",
        ],
    );
    let shown = program.json(&["show", "cifar", "--json"]);
    let heads = shown["summary"]["json"]["heads"].as_array().unwrap();
    for (head, name) in heads.iter().zip(["fine", "coarse"]) {
        assert_eq!(head["head"], name);
        assert!(head["value"].as_f64().unwrap() >= 0.95, "{head}");
        // More than five classes each.
        assert!(
            head["others"]["top-five"].as_f64().unwrap() >= 0.95,
            "{head}"
        );
        assert!(head["train_value"].as_f64().unwrap() > 0.5, "{head}");
    }
    let plan: Value = program.json(&[
        "info",
        "-d",
        "cifar100",
        "-m",
        "mlp",
        "--hidden",
        "32",
        "--heads",
        "fine,coarse",
        "--json",
    ]);
    let text = plan.to_string();
    assert!(
        text.contains("head.fine") && text.contains("head.coarse"),
        "{text}"
    );
    // Each head has a matrix over its own classes.
    let library = joulelab::library::Library::open(program.path("library.sqlite")).unwrap();
    for (head, classes) in [("fine", 100), ("coarse", 20)] {
        let matrices = library.confusions("cifar", Some(head), 9).unwrap();
        assert_eq!(matrices.last().unwrap().counts.len(), classes);
    }
}
