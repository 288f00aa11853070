//! Tables in CSV files.

use std::{fs, path::PathBuf};

use joulelab::{
    data::{self, DataError, Dataset},
    setup::{
        CsvSetup, DatasetSetup, InputShape, Missing, TableTask, Task, TextCsvSetup, TextSetup,
    },
};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::{allocation::peak_bytes, parts};

pub fn table(content: impl AsRef<[u8]>) -> (TempDir, CsvSetup) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("table.csv");
    fs::write(&file, content).unwrap();
    let setup = CsvSetup {
        file,
        test_fraction: 0.5,
        ..CsvSetup::default()
    };
    (folder, setup)
}

pub fn load(setup: &CsvSetup) -> Result<Dataset, DataError> {
    let setup = DatasetSetup::Csv(setup.clone());
    let set = data::load(&setup);
    if let Ok(set) = &set {
        assert_eq!(data::describe(&setup).unwrap(), set.info);
    }
    set
}

/// What is wrong with a table; the message must end with the file.
pub fn refused(content: impl AsRef<[u8]>, change: impl Fn(&mut CsvSetup)) -> String {
    let (_folder, mut setup) = table(content);
    change(&mut setup);
    let error = load(&setup).unwrap_err();
    assert!(matches!(error, DataError::Table { .. }), "{error:?}");
    assert!(data::describe(&DatasetSetup::Csv(setup)).is_err());
    let text = error.to_string();
    assert!(text.ends_with("table.csv"), "{text}");
    text
}

/// Features and class of each row of both parts, in the order of their first feature.
fn rows(set: &Dataset) -> Vec<(Vec<f32>, u16)> {
    let mut rows = Vec::new();
    for part in [&set.train, &set.test] {
        let features = parts::rows(part)
            .chunks(set.info.input.len())
            .map(<[f32]>::to_vec);
        rows.extend(features.zip(parts::classes(part, 0).iter().copied()));
    }
    rows.sort_by(|a, b| a.0[0].total_cmp(&b.0[0]));
    rows
}

const TABLE: &str = "\
size, colour ,weight,species
1,red,2.5,cat
2,\"blue\",-3e2,dog
3, red ,4,cat
4,green,0.5,dog
";

#[test]
fn numbers_categories_and_classes_are_told_apart() {
    let (_folder, setup) = table(TABLE);
    let set = load(&setup).unwrap();
    assert_eq!(set.info.input, InputShape::Features(5));
    assert_eq!(
        (set.info.target_label().name.as_str(), set.info.classes()),
        ("species", &["cat".to_owned(), "dog".to_owned()][..])
    );
    assert_eq!(
        (set.info.title.as_str(), set.info.dropped_samples),
        ("table", 0)
    );
    assert!(
        set.info
            .provenance
            .source
            .contains("for each category of `colour`")
    );
    // Size; blue, green, red; weight.
    let expected: [(&[f32], u16); 4] = [
        (&[1.0, 0.0, 0.0, 1.0, 2.5], 0),
        (&[2.0, 1.0, 0.0, 0.0, -300.0], 1),
        (&[3.0, 0.0, 0.0, 1.0, 4.0], 0),
        (&[4.0, 0.0, 1.0, 0.0, 0.5], 1),
    ];
    let expected: Vec<_> = expected
        .map(|(features, class)| (features.to_vec(), class))
        .into();
    assert_eq!(rows(&set), expected);
    assert_eq!((set.train.len(), set.test.len()), (2, 2));
    assert_eq!(set.normalisation.mean.len(), 5);
}

#[test]
fn the_label_is_named_or_numbered_or_last() {
    for (label, name) in [
        ("", "species"),
        ("colour", "colour"),
        ("1", "size"),
        (" weight ", "weight"),
    ] {
        let (_folder, mut setup) = table(TABLE);
        setup.label = label.to_owned();
        let column = load(&setup);
        match name {
            // Every row is a class of its own: nothing can be held out.
            "size" => assert!(matches!(column, Err(DataError::TooFew { .. }))),
            _ => assert_eq!(column.unwrap().info.target_label().name, name),
        }
    }
    let text = refused(TABLE, |setup| setup.label = "colours".to_owned());
    assert!(
        text.contains("no column `colours`") && text.contains("did you mean `colour`?"),
        "{text}"
    );
    assert!(
        text.contains("The 4 columns: size, colour, weight, species"),
        "{text}"
    );
    let text = refused(TABLE, |setup| setup.label = "5".to_owned());
    assert!(text.contains("no column `5`"), "{text}");
}

#[test]
fn a_table_without_a_header_numbers_its_columns() {
    let (_folder, mut setup) = table("10,1,a\n2,2,b\n10,3,a\n2,4,b\n");
    setup.header = false;
    let set = load(&setup).unwrap();
    assert_eq!(
        (set.info.target_label().name.as_str(), rows(&set).len()),
        ("3", 4)
    );
    setup.label = "1".to_owned();
    let set = load(&setup).unwrap();
    // As numbers: 2 before 10.
    assert_eq!(set.info.classes(), ["2", "10"]);
    assert_eq!(rows(&set)[0], (vec![1.0, 1.0, 0.0], 1));
}

#[test]
fn rows_with_missing_values_are_reported_or_left_out_and_counted() {
    let mut text = "a,b,c\n".to_owned();
    for row in 0..40 {
        let hole = ["", "?", "NA", "n/a", "NaN", "null", " None "]
            .get(row / 2)
            .copied();
        let value = hole.filter(|_| row % 2 == 0);
        let number = row.to_string();
        text.push_str(&format!(
            "{number},{},x{}\n",
            value.unwrap_or("1.5"),
            row % 2
        ));
    }
    let message = refused(&text, |_| {});
    assert!(
        message.contains("7 rows have missing values, the first in column `b`"),
        "{message}"
    );
    assert!(
        message.contains("(lines 2, 4, 6, 8, 10, 12, 14)"),
        "{message}"
    );
    assert!(message.contains("dataset.missing=drop"), "{message}");
    let (_folder, mut setup) = table(&text);
    setup.missing = Missing::Drop;
    let set = load(&setup).unwrap();
    assert_eq!((set.info.dropped_samples, rows(&set).len()), (7, 33));
    // What is dropped is no category either.
    assert_eq!(set.info.input, InputShape::Features(2));
    let many = "a,b\n".to_owned() + &"1,\n".repeat(30);
    let message = refused(&many, |_| {});
    assert!(
        message.contains("30 rows") && message.contains("11 and 20 more"),
        "{message}"
    );
    let message = refused(&many, |setup| setup.missing = Missing::Drop);
    assert!(
        message.contains("each of the 30 rows has missing values"),
        "{message}"
    );
}

#[test]
fn what_is_no_table_is_said_with_its_line() {
    let text = refused("a,b\n1,x\n2,y,3\n", |_| {});
    assert!(text.contains("line 3 has 3 cells instead of 2"), "{text}");
    let text = refused("a,b\n1,x\n\n2\n", |_| {});
    assert!(
        text.contains("line 4 has 1 cell instead of 2; give each row as many"),
        "{text}"
    );
    for open in ["a,b\n\"1,x\n2,y\n", "a,b\r\n1,x\r\n\r\n\"2,y\r\n3,z\r\n"] {
        let text = refused(open, |_| {});
        assert!(
            text.contains("has 1 cell instead of 2; close the quotation mark"),
            "{text}"
        );
    }
    // As Windows ends lines, and a cell of two lines before.
    let text = refused("a,b\r\n\"1\r\n0\",x\r\n\r\n\r\n2,,\r\n", |_| {});
    assert!(text.contains("line 6 has 3 cells instead of 2"), "{text}");
    let text = refused("a,b\r\n1,x\r\n\r\n2,\r\n", |_| {});
    assert!(
        text.contains("a row has missing values, in column `b` (line 4)"),
        "{text}"
    );
    let text = refused(b"a,b\n1,x\n2,\xff\xfe\n", |_| {});
    assert!(text.contains("line 3 is no UTF-8 text"), "{text}");
    // UTF-16, as spreadsheets save "Unicode text".
    let utf16: Vec<u8> = "\u{feff}a,b\n1,x\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert!(refused(utf16, |_| {}).contains("is no UTF-8 text"));
    assert!(refused("a;b\n1;x\n2;y\n", |_| {}).contains("divided by semicolons"));
    assert!(refused("a\tb\n1\tx\n2\ty\n", |_| {}).contains("divided by tabs"));
    assert!(refused("a\n1\n2\n", |_| {}).contains("one column only"));
    assert!(refused("", |_| {}).contains("there are no rows"));
    assert!(refused("a,b\n", |_| {}).contains("there are no rows"));
    assert!(refused("a,a,b\n1,2,x\n3,4,y\n", |_| {}).contains("two columns are called `a`"));
    assert!(
        refused("a,b\n1,x\n2,x\n", |_| {})
            .contains("is `x` in every row; there must be two classes")
    );
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_name() {
    let (_folder, mut setup) = table("\u{feff}label,b\nx,1\ny,2\nx,3\ny,4\n");
    setup.label = "label".to_owned();
    assert_eq!(load(&setup).unwrap().info.classes(), ["x", "y"]);
}

#[test]
fn too_many_categories_and_classes_are_refused() {
    let with = |cell: &dyn Fn(usize) -> String, rows: usize| {
        let rows = (0..rows).map(|row| format!("{},{}\n", cell(row), row % 2));
        "a,b\n".to_owned() + &rows.collect::<String>()
    };
    let (_folder, setup) = table(with(&|row| format!("t{}", row % 100), 200));
    assert_eq!(load(&setup).unwrap().info.input, InputShape::Features(100));
    let text = refused(with(&|row| format!("t{}", row % 101), 202), |_| {});
    assert!(
        text.contains("column `a` has more than 100 different texts, such as `t0`"),
        "{text}"
    );
    // A column of numbers with a slip of the pen.
    let slip = |row: usize| {
        if row == 150 {
            "1O".to_owned()
        } else {
            row.to_string()
        }
    };
    let text = refused(with(&slip, 200), |_| {});
    assert!(
        text.contains("line 152, column `a`: `1O` is no number"),
        "{text}"
    );
    for (cell, advice) in [
        ("t", "name another with dataset.label"),
        ("", "or learn its numbers with dataset.task=regression"),
    ] {
        let text = refused(with(&|row| format!("{cell}{row}"), 1100), |setup| {
            setup.label = "a".to_owned();
            setup.task = TableTask::Classification;
        });
        let what = "`a`, which is to be learnt, has more than 1000 different values";
        assert!(text.contains(what) && text.contains(advice), "{text}");
    }
    for cell in ["inf", "-Infinity", "1e99"] {
        let (_folder, setup) = table(with(&|row| [cell, "1"][row % 2].to_owned(), 4));
        // No number that can be learnt from, so a category.
        assert_eq!(load(&setup).unwrap().info.input, InputShape::Features(2));
    }
}

/// A table whose last column, `y`, is this of each of so many rows.
fn with_target(rows: usize, cell: impl Fn(usize) -> String) -> String {
    let rows = (0..rows).map(|row| format!("{row},{}\n", cell(row)));
    "x,y\n".to_owned() + &rows.collect::<String>()
}

#[test]
fn a_number_is_foretold_where_the_values_are_quantities() {
    let (_folder, mut setup) = table(with_target(10, |row| format!("{}.5", 2 * row)));
    let set = load(&setup).unwrap();
    assert_eq!(set.info.task, Task::Regression);
    let label = set.info.target_label();
    assert_eq!((label.name.as_str(), label.classes.len()), ("y", 0));
    assert_eq!(set.info.outputs().numbers, 1);
    assert_eq!((set.train.len(), set.test.len()), (5, 5));
    // Each number stays with its row, and each row is in one part.
    let mut seen = Vec::new();
    for part in [&set.train, &set.test] {
        for (x, y) in parts::rows(part).iter().zip(parts::numbers(part)) {
            assert_eq!(2.0 * x + 0.5, *y);
            seen.push(*x);
        }
    }
    seen.sort_by(f32::total_cmp);
    assert_eq!(seen, (0..10).map(|x| x as f32).collect::<Vec<_>>());
    // What is to be foretold is no feature, and what is held out is drawn by the seed.
    assert_eq!(set.normalisation.mean.len(), 1);
    setup.split_seed = 1;
    assert_ne!(load(&setup).unwrap().test, set.test);
    setup.task = TableTask::Classification;
    assert!(matches!(load(&setup), Err(DataError::TooFew { .. })));
}

#[test]
fn classes_and_quantities_are_told_apart_by_a_stated_rule() {
    let task = |rows: usize, cell: &dyn Fn(usize) -> String, task: TableTask| {
        let (_folder, mut setup) = table(with_target(rows, cell));
        setup.task = task;
        load(&setup).unwrap().info.task
    };
    let auto = TableTask::Auto;
    let whole = |values: usize| move |row: usize| (row % values).to_string();
    assert_eq!(task(400, &whole(100), auto), Task::Classification);
    assert_eq!(task(400, &whole(101), auto), Task::Regression);
    // Beyond what can be classes at all.
    assert_eq!(task(1200, &whole(1200), auto), Task::Regression);
    let fractions = |row: usize| ["0.5", "1"][row % 2].to_owned();
    assert_eq!(task(8, &fractions, auto), Task::Regression);
    assert_eq!(
        task(8, &fractions, TableTask::Classification),
        Task::Classification
    );
    // Whole numbers however they are written.
    let written = |row: usize| ["1.0", "2e0"][row % 2].to_owned();
    assert_eq!(task(8, &written, auto), Task::Classification);
    assert_eq!(task(8, &written, TableTask::Regression), Task::Regression);
    let with_a_text = |row: usize| {
        if row.is_multiple_of(4) {
            "none of it".to_owned()
        } else {
            "0.5".to_owned()
        }
    };
    assert_eq!(task(8, &with_a_text, auto), Task::Classification);
}

#[test]
fn a_number_that_cannot_be_foretold_is_refused() {
    let regression = |setup: &mut CsvSetup| setup.task = TableTask::Regression;
    let text = refused("x,y\n1,0.5\n2,much\n3,1\n", regression);
    assert!(
        text.contains("line 3, column `y`") && text.contains("`much` is no number"),
        "{text}"
    );
    for content in ["x,y\n1,2.5\n2,2.50\n3,25e-1\n", "x,y\n1,2.5\n"] {
        assert!(refused(content, |_| {}).contains("the same number in every row"));
    }
    for cell in ["inf", "NaN", "1e39"] {
        let text = refused(format!("x,y\n1,0.5\n2,{cell}\n3,1\n"), regression);
        assert!(
            text.contains("line 3") || text.contains("lines 3"),
            "{text}"
        );
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let csv = CsvSetup {
        file: pipe.clone(),
        ..CsvSetup::default()
    };
    let texts = TextCsvSetup {
        file: pipe.clone(),
        ..TextCsvSetup::default()
    };
    let text = TextSetup {
        file: pipe,
        ..TextSetup::default()
    };
    for setup in [
        DatasetSetup::Csv(csv),
        DatasetSetup::TextCsv(texts),
        DatasetSetup::Text(text),
    ] {
        let error = data::load(&setup).unwrap_err().to_string();
        assert!(error.contains("this is no file"), "{error}");
    }
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let (folder, mut setup) = table(TABLE);
    setup.file = folder.path().join("none.csv");
    assert!(matches!(load(&setup), Err(DataError::Read { .. })));
    setup.file = PathBuf::from(folder.path());
    let error = load(&setup).unwrap_err().to_string();
    assert!(error.contains("this is no file"), "{error}");
    // Zeros that take no room on the disk.
    setup.file = folder.path().join("large.csv");
    let large = fs::File::create(&setup.file).unwrap();
    for (bytes, of) in [
        (4_u64 << 30, DatasetSetup::Csv(setup.clone())),
        (
            1 << 30,
            DatasetSetup::TextCsv(TextCsvSetup {
                file: setup.file.clone(),
                ..TextCsvSetup::default()
            }),
        ),
    ] {
        large.set_len(bytes + 1).unwrap();
        let (result, peak) = peak_bytes(|| data::load(&of));
        let error = result.unwrap_err().to_string();
        assert!(
            error.contains(&format!("more than the {bytes} that are read")),
            "{error}"
        );
        assert!(peak < 1 << 20, "{peak} bytes");
    }
}

proptest! {
    #[test]
    fn no_table_brings_the_program_down(
        content in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            "[a-c0-9,\"\n?. ]{0,200}".prop_map(String::into_bytes),
            "(([0-9]|x|y|),([0-9]|x|y|),[ab]\n){1,20}".prop_map(String::into_bytes),
        ],
        header in any::<bool>(),
        drop in any::<bool>(),
        task in prop::sample::select(TableTask::ALL.to_vec()),
    ) {
        let (_folder, mut setup) = table(&content);
        setup.header = header;
        setup.task = task;
        setup.missing = if drop { Missing::Drop } else { Missing::Error };
        if let Ok(set) = load(&setup) {
            prop_assert!(!set.train.is_empty() && !set.test.is_empty());
            prop_assert_eq!(set.train.len() + set.test.len(), set.info.train_samples + set.info.test_samples);
            prop_assert!(parts::rows(&set.train).iter().all(|value| value.is_finite()));
        }
    }
}
