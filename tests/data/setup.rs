use std::path::PathBuf;

use joulelab::{
    data::{self, DataError},
    setup::{
        CartPoleSetup, Change, Cifar100Labels, Cifar100Setup, CsvSetup, DatasetSetup, EmnistSetup,
        EmnistSplit, FolderSetup, IdxSetup, InputShape, Missing, ModelSetup, ModularAdditionSetup,
        NoOptions, Outputs, Problems, SHAPES_MAX_BYTES, SampleKind, SequenceCopySetup, Setup,
        ShapesLabel, ShapesSetup, SplitSetup, TableTask, TextCsvSetup, TextSetup, plan,
    },
};
use serde::{Deserialize, Serialize};

/// A setup file as far as it concerns datasets.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct File {
    dataset: DatasetSetup,
}

fn from_toml(text: &str) -> Result<DatasetSetup, String> {
    toml::from_str(text)
        .map(|file: File| file.dataset)
        .map_err(|error| error.to_string())
}

fn problems(setup: &DatasetSetup) -> Vec<String> {
    let mut problems = Problems::default();
    setup.validate(&mut problems);
    problems
        .0
        .iter()
        .map(|problem| problem.field.clone())
        .collect()
}

#[test]
fn every_set_survives_toml_and_json_with_all_its_options() {
    let split = SplitSetup {
        test_fraction: 0.35,
        split_seed: i64::MAX as u64,
    };
    let shapes = ShapesSetup {
        size: 32,
        channels: 3,
        samples: 500,
        noise: 0.0,
        seed: 7,
        label: ShapesLabel::Colour,
        test_fraction: 0.5,
        split_seed: 3,
    };
    let folder = PathBuf::from("data/my \"set\"");
    let setups = [
        DatasetSetup::Digits(split.clone()),
        DatasetSetup::BreastCancer(split),
        DatasetSetup::Shapes(shapes),
        DatasetSetup::Mnist(NoOptions {}),
        DatasetSetup::FashionMnist(NoOptions {}),
        DatasetSetup::Kmnist(NoOptions {}),
        DatasetSetup::Emnist(EmnistSetup {
            split: EmnistSplit::Letters,
        }),
        DatasetSetup::Cifar10(NoOptions {}),
        DatasetSetup::Cifar100(Cifar100Setup {
            labels: Cifar100Labels::Coarse,
        }),
        DatasetSetup::Idx(IdxSetup {
            folder: folder.clone(),
        }),
        DatasetSetup::Folder(FolderSetup {
            folder: folder.clone(),
            size: 64,
            channels: 1,
            test_fraction: 0.1,
            split_seed: 4,
        }),
        DatasetSetup::Csv(CsvSetup {
            file: folder.clone(),
            label: "species".to_owned(),
            task: TableTask::Regression,
            header: true,
            missing: Missing::Drop,
            test_fraction: 0.3,
            split_seed: 5,
        }),
        DatasetSetup::Text(TextSetup {
            file: folder.clone(),
            length: 32,
            vocabulary_max: 100,
            test_fraction: 0.05,
        }),
        DatasetSetup::TextCsv(TextCsvSetup {
            file: folder,
            label: "language".to_owned(),
            text: "name".to_owned(),
            header: true,
            missing: Missing::Drop,
            length: 20,
            vocabulary_max: 50,
            test_fraction: 0.3,
            split_seed: 5,
        }),
        DatasetSetup::ModularAddition(ModularAdditionSetup {
            modulus: 113,
            test_fraction: 0.7,
            split_seed: 6,
        }),
        DatasetSetup::SequenceCopy(SequenceCopySetup {
            symbols: 4,
            length: 5,
            samples: 500,
            seed: 8,
            test_fraction: 0.5,
            split_seed: 7,
        }),
        DatasetSetup::CartPole(CartPoleSetup {
            episode_steps_max: 200,
        }),
    ];
    assert_eq!(setups.len(), DatasetSetup::NAMES.len());
    for (dataset, name) in setups.into_iter().zip(DatasetSetup::NAMES) {
        assert_eq!(dataset.name(), name);
        assert!(problems(&dataset).is_empty());
        let file = File { dataset };
        let text = toml::to_string(&file).unwrap();
        assert_eq!(toml::from_str::<File>(&text).unwrap(), file, "{text}");
        let text = serde_json::to_string(&file).unwrap();
        assert_eq!(serde_json::from_str::<File>(&text).unwrap(), file, "{text}");
    }
}

#[test]
fn defaults_are_written_out() {
    let text = |name| {
        let dataset = DatasetSetup::from_name(name).unwrap();
        toml::to_string(&File { dataset }).unwrap()
    };
    assert_eq!(
        text("digits"),
        "[dataset]\nname = \"digits\"\ntest_fraction = 0.2\nsplit_seed = 0\n"
    );
    assert_eq!(
        text("shapes"),
        "[dataset]\nname = \"shapes\"\nsize = 28\nchannels = 1\nsamples = 4000\nnoise = 0.1\nseed = 0\n\
         label = \"shape\"\ntest_fraction = 0.2\nsplit_seed = 0\n"
    );
}

#[test]
fn what_is_left_out_has_its_default() {
    assert_eq!(from_toml("[dataset]"), Ok(DatasetSetup::default()));
    assert_eq!(DatasetSetup::default().name(), "digits");
    let expected = DatasetSetup::Digits(SplitSetup {
        split_seed: 5,
        ..SplitSetup::default()
    });
    assert_eq!(from_toml("[dataset]\nsplit_seed = 5"), Ok(expected));
    // The name need not come first, and a whole number will do where a fraction is meant.
    let expected = DatasetSetup::Shapes(ShapesSetup {
        noise: 1.0,
        ..ShapesSetup::default()
    });
    assert_eq!(
        from_toml("[dataset]\nnoise = 1\nname = \"shapes\""),
        Ok(expected)
    );
}

#[test]
fn unknown_names_are_refused_with_the_nearest() {
    let error = DatasetSetup::from_name("breast_cancer")
        .unwrap_err()
        .to_string();
    assert!(error.contains("did you mean `breast-cancer`?"), "{error}");
    let error = from_toml("[dataset]\nname = \"digit\"").unwrap_err();
    assert!(
        error.contains("unknown dataset `digit`, did you mean `digits`?"),
        "{error}"
    );
    let error = from_toml("[dataset]\nname = \"shapes\"\nlabel = \"color\"").unwrap_err();
    assert!(error.contains("did you mean `colour`?"), "{error}");
    let error = from_toml("[dataset]\nname = \"emnist\"\nsplit = \"letter\"").unwrap_err();
    assert!(error.contains("did you mean `letters`?"), "{error}");
    let error = from_toml("[dataset]\nname = \"csv\"\nmissing = \"dropp\"").unwrap_err();
    assert!(error.contains("did you mean `drop`?"), "{error}");
}

#[test]
fn unknown_misplaced_and_repeated_options_are_refused() {
    let error = from_toml("[dataset]\nname = \"digits\"\nnoise = 0.1").unwrap_err();
    assert!(
        error.contains("dataset `digits`: unknown field `noise`"),
        "{error}"
    );
    assert!(error.contains("`split_seed`"), "{error}");
    for name in DatasetSetup::NAMES {
        assert!(from_toml(&format!("[dataset]\nname = \"{name}\"\ncolour = 1")).is_err());
    }
    assert!(from_toml("dataset = \"digits\"").is_err());
    assert!(from_toml("[dataset]\nname = 3").is_err());
    let json = r#"{"dataset": {"name": "digits", "split_seed": 1, "split_seed": 2}}"#;
    let error = serde_json::from_str::<File>(json).unwrap_err().to_string();
    assert!(
        error.contains("`split_seed` of the dataset is given twice"),
        "{error}"
    );
}

#[test]
fn values_of_the_wrong_type_name_their_option() {
    for option in [
        "seed = -1",
        "size = \"big\"",
        "noise = [1]",
        "seed = 1979-05-27",
    ] {
        let error = from_toml(&format!("[dataset]\nname = \"shapes\"\n{option}")).unwrap_err();
        let key = option.split(' ').next().unwrap();
        assert!(
            error.contains(&format!("`{key}`")) || error.contains(&format!("in `{key}")),
            "{error}"
        );
    }
    // Beyond what TOML holds.
    let json = r#"{"dataset": {"split_seed": 18446744073709551615}}"#;
    let error = serde_json::from_str::<File>(json).unwrap_err().to_string();
    assert!(error.contains("`split_seed`"), "{error}");
}

#[test]
fn impossible_values_are_problems_with_their_field() {
    for test_fraction in [0.0, 1.0, -0.1, f64::NAN, f64::INFINITY] {
        let split = SplitSetup {
            test_fraction,
            split_seed: 1 << 63,
        };
        let setup = DatasetSetup::Digits(split);
        assert_eq!(
            problems(&setup),
            ["dataset.test_fraction", "dataset.split_seed"]
        );
        assert!(matches!(data::load(&setup), Err(DataError::Setup(_))));
        assert!(matches!(data::describe(&setup), Err(DataError::Setup(_))));
    }
    let bad = ShapesSetup {
        size: 15,
        channels: 2,
        samples: 119,
        noise: f64::NAN,
        seed: u64::MAX,
        label: ShapesLabel::Size,
        test_fraction: 2.0,
        split_seed: u64::MAX,
    };
    assert_eq!(
        problems(&DatasetSetup::Shapes(bad)),
        [
            "size",
            "channels",
            "samples",
            "noise",
            "seed",
            "test_fraction",
            "split_seed"
        ]
        .map(|field| format!("dataset.{field}"))
    );
    let too_many_bytes = ShapesSetup {
        size: 64,
        channels: 3,
        samples: SHAPES_MAX_BYTES / (64 * 64 * 3) + 1,
        ..ShapesSetup::default()
    };
    assert_eq!(
        problems(&DatasetSetup::Shapes(too_many_bytes)),
        ["dataset.samples"]
    );
    for (name, fields) in [
        ("idx", &["dataset.folder"][..]),
        ("folder", &["dataset.folder"]),
        ("csv", &["dataset.file"]),
        ("text", &["dataset.file"]),
        ("text-csv", &["dataset.file"]),
    ] {
        assert_eq!(problems(&DatasetSetup::from_name(name).unwrap()), fields);
    }
    let bad = FolderSetup {
        folder: "x".into(),
        size: 7,
        channels: 2,
        test_fraction: 1.0,
        split_seed: u64::MAX,
    };
    let fields = ["size", "channels", "test_fraction", "split_seed"];
    assert_eq!(
        problems(&DatasetSetup::Folder(bad)),
        fields.map(|field| format!("dataset.{field}"))
    );
    let bad = CsvSetup {
        file: "x".into(),
        label: "a name without a header".to_owned(),
        header: false,
        ..CsvSetup::default()
    };
    assert_eq!(problems(&DatasetSetup::Csv(bad)), ["dataset.label"]);
}

#[test]
fn impossible_texts_and_made_sets_are_problems_with_their_field() {
    let bad = TextSetup {
        file: "x".into(),
        length: 1,
        vocabulary_max: 4097,
        test_fraction: 1.0,
    };
    let fields = ["length", "vocabulary_max", "test_fraction"];
    assert_eq!(
        problems(&DatasetSetup::Text(bad)),
        fields.map(|field| format!("dataset.{field}"))
    );
    let texts = |label: &str, text: &str, header| TextCsvSetup {
        file: "x".into(),
        label: label.to_owned(),
        text: text.to_owned(),
        header,
        ..TextCsvSetup::default()
    };
    for (setup, fields) in [
        (texts("a", "b", true), &[][..]),
        (texts("1", "2", false), &[]),
        (texts("a", "0", false), &["dataset.label", "dataset.text"]),
        (texts("a", " a", true), &["dataset.text"]),
    ] {
        assert_eq!(problems(&DatasetSetup::TextCsv(setup)), fields);
    }
    for modulus in [0, 1, 1001] {
        let bad = ModularAdditionSetup {
            modulus,
            ..ModularAdditionSetup::default()
        };
        assert_eq!(
            problems(&DatasetSetup::ModularAddition(bad)),
            ["dataset.modulus"]
        );
    }
    let copy = |symbols, length, samples| {
        let setup = SequenceCopySetup {
            symbols,
            length,
            samples,
            ..SequenceCopySetup::default()
        };
        problems(&DatasetSetup::SequenceCopy(setup))
    };
    assert_eq!(
        copy(1, 0, 1),
        ["dataset.symbols", "dataset.length", "dataset.samples"]
    );
    // Of 2⁴ sequences at most half.
    assert!(copy(2, 4, 8).is_empty());
    assert_eq!(copy(2, 4, 9), ["dataset.samples"]);
    // 2 · 1000 + 1 positions each.
    assert!(copy(1000, 1000, (1 << 28) / 2001).is_empty());
    assert_eq!(copy(1000, 1000, (1 << 28) / 2001 + 1), ["dataset.samples"]);
    for episode_steps_max in [0, 100_001] {
        let bad = DatasetSetup::CartPole(CartPoleSetup { episode_steps_max });
        assert_eq!(problems(&bad), ["dataset.episode_steps_max"]);
    }
}

#[test]
fn a_set_named_without_a_model_gets_one_that_can_learn_from_it() {
    for name in DatasetSetup::NAMES {
        let kind = DatasetSetup::from_name(name).unwrap().sample_kind();
        assert_eq!(DatasetSetup::sample_kind_of(name), Some(kind));
        let mut change = Change::default();
        change.set("dataset.name", name);
        let setup = change.apply(&Setup::default()).unwrap();
        assert_eq!(setup.model, kind.default_model(), "{name}");
        change.set("model.kind", "mlp");
        let setup = change.apply(&Setup::default()).unwrap();
        assert_eq!(setup.model.kind(), "mlp", "{name}");
    }
    assert_eq!(DatasetSetup::sample_kind_of("digit"), None);
}

#[test]
fn the_models_of_a_kind_of_samples_are_those_that_can_be_planned() {
    let tokens = InputShape::Tokens {
        length: 8,
        vocabulary: 20,
    };
    let image = InputShape::Image {
        channels: 3,
        height: 32,
        width: 32,
    };
    let at_each = Outputs {
        numbers: 20,
        per_position: true,
    };
    for (samples, input, outputs) in [
        (SampleKind::Images, image, Outputs::of_sample(10)),
        (
            SampleKind::Features,
            InputShape::Features(30),
            Outputs::of_sample(2),
        ),
        (SampleKind::Tokens, tokens, Outputs::of_sample(7)),
        (SampleKind::Sequences, tokens, at_each),
        (
            SampleKind::Environment,
            InputShape::Features(4),
            Outputs::of_sample(2),
        ),
    ] {
        assert_eq!(samples.default_model().kind(), samples.models()[0]);
        for kind in ModelSetup::KINDS {
            let model = ModelSetup::from_kind(kind).unwrap();
            let is_refused = plan::plan(&model, input, outputs).is_err();
            assert_eq!(samples.suits(kind), !is_refused, "{kind} for {samples:?}");
        }
    }
    // What a set's name says of its samples is what it turns out to hold.
    for name in [
        "digits",
        "breast-cancer",
        "shapes",
        "modular-addition",
        "sequence-copy",
        "cartpole",
    ] {
        let setup = DatasetSetup::from_name(name).unwrap();
        let info = data::describe(&setup).unwrap();
        let is_possible = matches!(
            (setup.sample_kind(), info.input, info.outputs().per_position),
            (SampleKind::Images, InputShape::Image { .. }, false)
                | (
                    SampleKind::Features | SampleKind::Environment,
                    InputShape::Features(_),
                    false
                )
                | (SampleKind::Tokens, InputShape::Tokens { .. }, false)
                | (SampleKind::Sequences, InputShape::Tokens { .. }, true)
        );
        assert!(is_possible, "{name}: {info:?}");
    }
}

#[test]
fn seeds_that_toml_cannot_hold_are_an_error_not_a_panic() {
    let error = from_toml("[dataset]\nsplit_seed = 18446744073709551615").unwrap_err();
    assert!(error.contains("split_seed"), "{error}");
    let error = from_toml("[dataset]\nsplit_seed = 99999999999999999999999").unwrap_err();
    assert!(error.contains("split_seed"), "{error}");
}

#[test]
fn input_shapes_say_their_size() {
    let image = InputShape::Image {
        channels: 3,
        height: 20,
        width: 10,
    };
    assert_eq!((image.len(), image.channels()), (600, 3));
    assert_eq!(image.height_and_width(), Some((20, 10)));
    assert_eq!(image.to_string(), "3×20×10");
    let row = InputShape::Features(30);
    assert_eq!(
        (row.len(), row.channels(), row.height_and_width()),
        (30, 1, None)
    );
    assert_eq!(row.to_string(), "30 features");
    for shape in [image, row] {
        let text = serde_json::to_string(&shape).unwrap();
        assert_eq!(serde_json::from_str::<InputShape>(&text).unwrap(), shape);
    }
}
