//! `joulelab doctor`: the machine as a tree of parts, and every source that was asked.

use crate::fake_nvml::FakeNvml;
use crate::fake_sysfs::FakeSysfs;
use crate::joulelab::Joulelab;
use crate::meters::with_sysfs;

#[test]
fn the_tree_names_parts_stand_bys_and_what_the_sum_is_made_of() {
    let sysfs = FakeSysfs::new();
    sysfs
        .zone("intel-rapl:0", "package-0", 1_000_000)
        .zone("intel-rapl:1", "package-1", 1_000_000)
        .zone("intel-rapl:0:0", "core", 1_000);
    let nvml = FakeNvml::new("[card]\nname = NVIDIA H200\nwatts = 120\n");
    let joulelab = with_sysfs(&sysfs).with_env("JOULELAB_NVML_LIBRARY", &nvml.path());
    let text = joulelab.stdout(&["doctor", "--device", "cpu"]);
    let (tree, details) = text
        .split_once("every source that was tried")
        .expect("both halves");
    for line in [
        "├─ processors",
        "│  ├─ package-0  rapl:package-0 · RAPL energy counter · grade B · sensor",
        "│  └─ package-1  rapl:package-1 · RAPL energy counter · grade B · sensor",
        "└─ memory        model:memory · size model · grade F · model",
        "sum = rapl:package-0 + rapl:package-1 + model:memory (modelled)",
        "never in it: mainboard",
    ] {
        assert!(tree.contains(line), "no `{line}` in\n{tree}");
    }
    assert!(
        tree.lines().all(|line| line.chars().count() <= 80),
        "{tree}"
    );
    // What was asked and is not read, with its reason.
    for word in [
        "nvml:0",
        "NVIDIA H200",
        "no GPU trains",
        "rapl:package-0:core",
    ] {
        assert!(details.contains(word), "no `{word}` in\n{details}");
    }
    let report = joulelab.json(&["doctor", "--json", "--device", "cpu"]);
    assert_eq!(report["device"]["kind"], "cpu");
    assert!(report["account"].is_array() && report["sources"].is_array());
}

#[test]
fn stand_bys_are_named_with_the_part_whose_place_they_would_take() {
    let sysfs = FakeSysfs::new();
    sysfs.zone("intel-rapl:0", "package-0", 1_000_000);
    let text = with_sysfs(&sysfs).stdout(&["doctor", "--device", "cpu"]);
    let at = text.find("rapl:package-0 ·").expect("the part");
    let after = &text[at..];
    let next = after.lines().nth(1).expect("a line");
    assert!(next.contains("stands by: model:cpu"), "{text}");
}

#[test]
fn a_model_is_said_to_be_one_with_who_was_asked_before() {
    let text = Joulelab::new().stdout(&["doctor", "--device", "cpu"]);
    assert!(
        text.contains("sum = model:cpu (modelled) + model:memory (modelled)"),
        "{text}"
    );
    let squeezed = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(squeezed.contains("no sensor: rapl refused"), "{text}");
}
