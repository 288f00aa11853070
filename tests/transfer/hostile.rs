//! Damaged, hostile and foolish files: clear words, nothing executed, nothing half-done.

use std::path::Path;

use joulelab::setup::{InputShape, Outputs, StartReport, StartSetup};
use joulelab::train::TrainError;

use crate::common::{alone, begun, fixture, from, mlp, model};

fn refused(start: StartSetup) -> String {
    match begun(&mlp(), start) {
        Err(error) => error.to_string(),
        Ok((_, report)) => panic!("taken all the same: {report:#?}"),
    }
}

fn refused_bytes(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("weights");
    std::fs::write(&file, bytes).unwrap();
    let words = refused(from(&file));
    assert!(words.contains(&file.display().to_string()), "{words}");
    words
}

#[test]
fn nothing_of_a_pickle_is_executed() {
    let _alone = alone();
    // What the file would do to whoever unpickles it is make a file of this name where it runs.
    let trace = Path::new("EXECUTED");
    assert!(!trace.exists(), "remove it: nobody else makes it");
    let words = refused(from(&fixture("hostile.pt")));
    assert!(words.contains("no tensor"), "{words}");
    let (_, report): (_, StartReport) = begun(&mlp(), from(&fixture("mlp-hostile.pt"))).unwrap();
    assert_eq!(report.new_numbers, 0, "the weights beside it are in order");
    assert!(!trace.exists(), "the pickle was executed");
}

#[test]
fn files_that_are_cut_off_are_refused() {
    let _alone = alone();
    for file in ["mlp.safetensors", "mlp.pt", "mlp-legacy.pt", "resnet.pt"] {
        let whole = std::fs::read(fixture(file)).unwrap();
        for share in [0.0, 0.01, 0.3, 0.7, 0.99] {
            let cut = (whole.len() as f64 * share) as usize;
            refused_bytes(&whole[..cut]);
        }
    }
}

#[test]
fn a_checksum_that_does_not_fit_is_seen() {
    let _alone = alone();
    let mut bytes = std::fs::read(fixture("mlp.pt")).unwrap();
    let weights = expected_bytes("hidden.0.weight");
    let at = bytes
        .windows(weights.len())
        .position(|part| part == weights);
    bytes[at.unwrap() + 5] ^= 0x10;
    let words = refused_bytes(&bytes);
    assert!(words.contains("hidden.0.weight"), "{words}");
}

/// The first numbers of a tensor, as they lie in a file: those of the safetensors file, which names their places.
fn expected_bytes(name: &str) -> Vec<u8> {
    let file = std::fs::read(fixture("mlp.safetensors")).unwrap();
    let length = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    let header: serde_json::Value = serde_json::from_slice(&file[8..8 + length]).unwrap();
    let offset = header[name]["data_offsets"][0].as_u64().unwrap() as usize;
    file[8 + length + offset..][..64].to_vec()
}

#[test]
fn lengths_that_lie_take_no_memory() {
    let _alone = alone();
    let header = |json: &str| {
        let mut bytes = (json.len() as u64).to_le_bytes().to_vec();
        bytes.extend(json.as_bytes());
        bytes
    };
    let huge = r#"{"hidden.0.weight":{"dtype":"F32","shape":[4000000000,4000000000],"data_offsets":[0,8]}}"#;
    refused_bytes(&header(huge));
    let beyond = r#"{"hidden.0.weight":{"dtype":"F32","shape":[6,5],"data_offsets":[0,120]}}"#;
    refused_bytes(&header(beyond));
    let backwards = r#"{"hidden.0.weight":{"dtype":"F32","shape":[0,5],"data_offsets":[8,0]}}"#;
    refused_bytes(&header(backwards));
    // A header of all the memory there is, and none.
    refused_bytes(&u64::MAX.to_le_bytes());
    refused_bytes(&99_999_999_u64.to_le_bytes());
    // Burn's own magic and nothing that follows.
    refused_bytes(b"NRUB");
    refused_bytes(b"NRUB\x01\x00\xff\xff\xff\xff");
    refused_bytes(b"\x80\x02}q\x00X\xff\xff\xff\x7f");
    refused_bytes(b"PK\x03\x04 and so on");
    refused_bytes(b"");
}

#[test]
fn numbers_that_are_none_are_named() {
    let _alone = alone();
    let words = refused(from(&fixture("mlp-nan.safetensors")));
    assert!(
        words.contains("`hidden.1.weight`") && words.contains("not finite"),
        "{words}"
    );
}

#[test]
fn tensors_of_integers_are_refused_for_that() {
    let _alone = alone();
    // Numbers of either kind take as much room: only the header says which they are.
    let file = std::fs::read(fixture("mlp.safetensors")).unwrap();
    let start = 8 + u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    let header = std::str::from_utf8(&file[8..start]).unwrap();
    let header = header.replace("\"F32\"", "\"I32\"");
    let words = refused_bytes(&[&file[..8], header.as_bytes(), &file[start..]].concat());
    assert!(words.contains("no floating-point numbers"), "{words}");
    assert!(
        words.contains("`.float()`") && !words.contains("start.rename"),
        "{words}"
    );
    // A linear layer of 5 to 6 is a matrix of 6 rows in PyTorch: on both sides it is told in that layout.
    assert_eq!(
        words.matches("`hidden.0.weight` [6, 5]").count(),
        2,
        "{words}"
    );
    assert!(!words.contains("[5, 6]"), "{words}");
}

#[test]
fn tensors_of_other_shapes_are_refused_for_that() {
    let _alone = alone();
    let fields = serde_json::json!({ "kind": "mlp", "hidden": [7, 3], "normalisation": "batch" });
    let wider = (
        model(fields),
        InputShape::Features(8),
        Outputs::of_sample(2),
    );
    let Err(error) = begun(&wider, from(&fixture("mlp.safetensors"))) else {
        panic!("taken all the same");
    };
    let words = error.to_string();
    assert!(
        words.contains("its shape is [6, 5] in the source, where [7, 8] would fit"),
        "{words}"
    );
    assert!(
        words.contains("a model of those widths") && !words.contains("start.rename"),
        "{words}"
    );
}

#[test]
fn what_cannot_be_meant_is_explained() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let words = refused(from(&folder.path().join("missing.pt")));
    assert!(words.contains("missing.pt"), "{words}");
    let words = refused(from(folder.path()));
    assert!(words.contains("no file"), "{words}");
    let words = refused(from(&fixture("make.py")));
    assert!(words.contains("safetensors, Burn's own format"), "{words}");
    let words = refused(from(&fixture("gru.safetensors")));
    assert!(
        words.contains("start.rename") && words.contains("`rnn."),
        "{words}"
    );
    let words = refused(StartSetup {
        key: Some("ema".to_owned()),
        ..from(&fixture("mlp-checkpoint.pt"))
    });
    assert!(
        words.contains("`ema`") && words.contains("`state_dict`"),
        "{words}"
    );
    // Of a run that nobody looked up.
    let nobody = StartSetup {
        run: Some("that-one".to_owned()),
        ..StartSetup::default()
    };
    assert!(matches!(begun(&mlp(), nobody), Err(TrainError::Start(_))));
}
