//! The fields of each kind in files and flags.

use joulelab::setup::{Change, ModelSetup, Setup};

use crate::common::model;

fn with(model: ModelSetup) -> Setup {
    Setup {
        model,
        ..Setup::default()
    }
}

#[test]
fn every_kind_is_written_and_read() {
    for kind in ModelSetup::KINDS {
        let default = ModelSetup::from_kind(kind).unwrap();
        assert_eq!(default.kind(), kind);
        assert_eq!(model(&format!("kind='{kind}'")), default);
        let setup = with(default);
        let text = toml::to_string(&setup).unwrap();
        assert_eq!(toml::from_str::<Setup>(&text).unwrap(), setup);
        let json = serde_json::to_string(&setup).unwrap();
        assert_eq!(serde_json::from_str::<Setup>(&json).unwrap(), setup);
        assert!(setup.validate().is_ok(), "{kind}");
        assert!(!setup.model.in_words().is_empty());
    }
    assert!(ModelSetup::from_kind("perceptron").is_none());
}

#[test]
fn files_from_before_there_were_so_many_fields_are_read() {
    let old = "kind='cnn'\nchannels=[8, 16]\nconvolutions=2\nkernel=5\nnormalisation='layer'\n\
               activation='gelu'\npooling='average'\nhead='global-average'\nhidden=[32]\ndropout=0.1";
    assert_eq!(model(old).in_words(), "cnn 8-16");
    let old = "kind='mlp'\nhidden=[64]\nactivation='tanh'\nnormalisation='batch'\ndropout=0.5";
    assert_eq!(model(old).in_words(), "mlp 64");
}

#[test]
fn a_change_of_kind_starts_from_its_defaults_and_names_what_is_wrong() {
    let mut change = Change::default();
    change.set("model.kind", "resnet");
    change.assign("model.depth=34").unwrap();
    let setup = change.apply(&Setup::default()).unwrap();
    assert_eq!(setup.model, model("kind='resnet'\ndepth=34"));
    assert_eq!(setup.model.in_words(), "resnet-34");

    for (kind, assignment, said) in [
        ("resnet", "model.channels=[3]", "model.channels"),
        ("vit", "model.patch=\"large\"", "model.patch"),
        ("transformer", "model.form=\"both\"", "model.form"),
        ("lstm", "model.widht=3", "`width`"),
        ("mobilenet-v2", "model.stem=\"cifra\"", "`cifar`"),
    ] {
        let mut change = Change::default();
        change.set("model.kind", kind);
        change.assign(assignment).unwrap();
        let error = change.apply(&Setup::default()).unwrap_err().to_string();
        assert!(error.contains(said), "{kind} {assignment}: {error}");
    }
    let mut change = Change::default();
    change.set("model.kind", "resnte");
    let error = change.apply(&Setup::default()).unwrap_err().to_string();
    assert!(error.contains("did you mean `resnet`"), "{error}");
}

#[test]
fn impossible_fields_are_named() {
    for (fields, field) in [
        ("kind='mlp'\nembedding=0", "model.embedding"),
        ("kind='lenet5'\npooling='none'", "model.pooling"),
        ("kind='vgg'\ndepth=12", "model.depth"),
        ("kind='vgg'\nwidth=0", "model.width"),
        ("kind='resnet'\ndepth=101", "model.depth"),
        ("kind='resnet'\ndropout=1.0", "model.dropout"),
        (
            "kind='mobilenet-v2'\nwidth_multiplier=0",
            "model.width_multiplier",
        ),
        (
            "kind='mobilenet-v2'\nwidth_multiplier=nan",
            "model.width_multiplier",
        ),
        ("kind='vit'\npatch=0", "model.patch"),
        ("kind='vit'\nheads=3", "model.heads"),
        ("kind='vit'\nheads=0", "model.heads"),
        ("kind='lstm'\ndepth=0", "model.depth"),
        ("kind='gru'\nembedding=70000", "model.embedding"),
        ("kind='transformer'\nmlp_ratio=0", "model.mlp_ratio"),
        (
            "kind='transformer'\nwidth=5\nheads=1\npositions='sinusoidal'",
            "model.width",
        ),
    ] {
        let problems = with(model(fields)).validate().unwrap_err();
        let found: Vec<&str> = problems
            .0
            .iter()
            .map(|problem| problem.field.as_str())
            .collect();
        assert_eq!(found, [field], "{fields}");
    }
}

#[test]
fn models_in_words() {
    for (fields, words) in [
        ("kind='lenet5'", "lenet5"),
        ("kind='vgg'\ndepth=16", "vgg-16"),
        ("kind='resnet'\nwidth=8", "resnet-18 width 8"),
        ("kind='mobilenet-v2'", "mobilenet-v2"),
        (
            "kind='mobilenet-v2'\nwidth_multiplier=0.5",
            "mobilenet-v2 ×0.5",
        ),
        ("kind='vit'", "vit 6×128 patch 4"),
        ("kind='lstm'\ndepth=2", "lstm 2×128"),
        ("kind='gru'", "gru 1×128"),
        ("kind='transformer'", "transformer 2×128"),
        ("kind='transformer'\nform='decoder'", "decoder 2×128"),
    ] {
        assert_eq!(model(fields).in_words(), words);
    }
}

#[test]
fn a_table_is_not_given_a_convolutional_network() {
    let mut change = Change::default();
    change.set("dataset.name", "breast-cancer");
    let setup = change.apply(&Setup::default()).unwrap();
    assert_eq!(setup.model.kind(), "mlp");
}
