//! Tables of texts with their classes.

use std::{collections::BTreeMap, fs};

use joulelab::{
    data::{self, DataError, Dataset},
    setup::{DatasetSetup, InputShape, Missing, Task, TextCsvSetup},
};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::parts::{classes, tokens};

fn table(content: impl AsRef<[u8]>) -> (TempDir, TextCsvSetup) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("texts.csv");
    fs::write(&file, content).unwrap();
    let setup = TextCsvSetup {
        file,
        length: 6,
        test_fraction: 0.5,
        ..TextCsvSetup::default()
    };
    (folder, setup)
}

fn load(setup: &TextCsvSetup) -> Result<Dataset, DataError> {
    let setup = DatasetSetup::TextCsv(setup.clone());
    let set = data::load(&setup);
    match &set {
        Ok(set) => assert_eq!(data::describe(&setup).unwrap(), set.info),
        Err(_) => assert!(data::describe(&setup).is_err()),
    }
    set
}

fn refused(content: impl AsRef<[u8]>, change: impl Fn(&mut TextCsvSetup)) -> String {
    let (_folder, mut setup) = table(content);
    change(&mut setup);
    let error = load(&setup).unwrap_err();
    assert!(matches!(error, DataError::Table { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.ends_with("texts.csv"), "{text}");
    text
}

/// Rows of each text and class, in both parts, with characters by the names of their tokens.
fn rows(set: &Dataset) -> BTreeMap<(String, String), usize> {
    let names = ["padding", "unknown"].map(str::to_owned);
    let mut rows = BTreeMap::new();
    let vocabulary = vocabulary(set);
    for part in [&set.train, &set.test] {
        let texts = tokens(part).chunks(set.info.input.len());
        for (text, class) in texts.zip(classes(part, 0)) {
            let character = |token: &u16| match usize::from(*token) {
                0 => "·".to_owned(),
                1 => "?".to_owned(),
                at => vocabulary[at - names.len()].to_string(),
            };
            let text: String = text.iter().map(character).collect();
            let class = set.info.classes()[usize::from(*class)].clone();
            *rows.entry((class, text)).or_default() += 1;
        }
    }
    rows
}

/// Characters of a set made of the letters a to h alone, all of which are in its training part.
fn vocabulary(set: &Dataset) -> Vec<char> {
    let InputShape::Tokens { vocabulary, .. } = set.info.input else {
        panic!("no tokens");
    };
    ('a'..='h').take(vocabulary - 2).collect()
}

fn row(class: &str, text: &str) -> (String, String) {
    (class.to_owned(), text.to_owned())
}

/// Each row four times, so that both parts have it.
fn fourfold(rows: &[&str]) -> String {
    "label,text\n".to_owned() + &rows.concat().repeat(4)
}

#[test]
fn texts_are_padded_and_cut_and_classes_are_in_order() {
    let (_folder, setup) = table(fourfold(&["z, abc \n", "y,\"abcdefgh\"\n"]));
    let set = load(&setup).unwrap();
    assert_eq!(
        set.info.input,
        InputShape::Tokens {
            length: 6,
            vocabulary: 8
        }
    );
    assert_eq!(
        (set.info.task, set.info.classes()),
        (Task::Classification, &["y".to_owned(), "z".to_owned()][..])
    );
    assert_eq!(set.info.target_label().name, "label");
    let expected = BTreeMap::from([(row("z", "abc···"), 4), (row("y", "abcdef"), 4)]);
    assert_eq!(rows(&set), expected);
    // Stratified.
    for part in [&set.train, &set.test] {
        assert_eq!(
            classes(part, 0).iter().filter(|class| **class == 0).count(),
            2
        );
    }
    let source = &set.info.provenance.source;
    assert!(source.contains("column `text`, 6 different"), "{source}");
    assert!(
        source.contains("4 of 8 texts are cut after 6 characters"),
        "{source}"
    );
}

#[test]
fn columns_are_named_or_numbered_or_the_first_two() {
    let content = "a,b,c\n".to_owned() + &"x,ab,u\ny,ba,v\n".repeat(2);
    let names = |label: &str, text: &str| {
        let (_folder, mut setup) = table(&content);
        (setup.label, setup.text) = (label.to_owned(), text.to_owned());
        let info = load(&setup).unwrap().info;
        let source = info.provenance.source.clone();
        let text = source
            .split("column `")
            .nth(1)
            .unwrap()
            .split('`')
            .next()
            .unwrap();
        format!("{} {text}", info.target_label().name)
    };
    assert_eq!(names("", ""), "a b");
    assert_eq!(names("c", ""), "c a");
    assert_eq!(names("", "a"), "b a");
    assert_eq!(names("3", " 2 "), "c b");
    let text = refused(&content, |setup| setup.text = "d".to_owned());
    assert!(
        text.contains("no column `d`, which is to be learnt from"),
        "{text}"
    );
    let text = refused(&content, |setup| {
        (setup.label, setup.text) = ("b".to_owned(), "2".to_owned());
    });
    assert!(
        text.contains("`b` is named both as the label and as the text"),
        "{text}"
    );
    let (_folder, mut setup) = table("x,ab\ny,ba\nx,ab\ny,ba\n");
    setup.header = false;
    let info = load(&setup).unwrap().info;
    assert_eq!(
        (
            info.target_label().name.as_str(),
            info.train_samples + info.test_samples
        ),
        ("1", 4)
    );
}

#[test]
fn only_characters_of_the_training_part_are_known() {
    // One row of each class is held out; each has a letter that no other has.
    let content = "label,text\nx,aab\nx,aac\ny,aad\ny,aae\n";
    let (_folder, setup) = table(content);
    let set = load(&setup).unwrap();
    assert_eq!(
        set.info.input,
        InputShape::Tokens {
            length: 6,
            vocabulary: 5
        }
    );
    let third = |at: usize, part| tokens(part)[6 * at + 2];
    for at in 0..2 {
        assert!(third(at, &set.train) > 2, "its own");
        assert_eq!(third(at, &set.test), 1, "unknown");
        assert_eq!(tokens(&set.test)[6 * at..][..2], [2, 2]);
    }
    // Room for one character only: the most frequent.
    let (_folder, mut setup) = table(content);
    setup.vocabulary_max = 3;
    let set = load(&setup).unwrap();
    assert_eq!(tokens(&set.train), [2, 2, 1, 0, 0, 0].repeat(2));
    let source = &set.info.provenance.source;
    assert!(
        source.contains("the rarest of which, 33.33 % of it, share one symbol"),
        "{source}"
    );
}

#[test]
fn rows_without_a_label_or_a_text_are_reported_or_left_out_and_counted() {
    let content = "label,text\nx,ab\n,ab\nx,\nNA,ab\nx,none\ny,?\ny,ab\n";
    let message = refused(content, |_| {});
    // A text may be `none` or a question mark; a label may not.
    assert!(
        message.contains("3 rows have missing values, the first in column `label`"),
        "{message}"
    );
    assert!(message.contains("(lines 3, 4, 5)"), "{message}");
    let (_folder, mut setup) = table(content);
    setup.missing = Missing::Drop;
    let set = load(&setup).unwrap();
    assert_eq!(
        (set.info.dropped_samples, set.train.len() + set.test.len()),
        (3, 4)
    );
    let message = refused("label,text\n,\n,\n", |setup| setup.missing = Missing::Drop);
    assert!(
        message.contains("each of the 2 rows has missing values"),
        "{message}"
    );
}

#[test]
fn what_is_no_table_of_texts_is_said_with_its_line() {
    for content in ["", "label,text\n"] {
        assert!(refused(content, |_| {}).contains("there are no rows"));
    }
    assert!(
        refused("label,text\nx,a\ny,b,c\n", |_| {}).contains("line 3 has 3 cells instead of 2")
    );
    assert!(refused("text\na\nb\n", |_| {}).contains("one column only"));
    assert!(refused("label\ttext\nx\ta\n", |_| {}).contains("divided by tabs"));
    assert!(refused(b"label,text\nx,a\ny,\xe9t\xe9\n", |_| {}).contains("line 3 is no UTF-8 text"));
    let text = refused("label,text\nx,a\nx,b\n", |_| {});
    assert!(
        text.contains("`x` in every row; there must be two classes at least"),
        "{text}"
    );
    let many: String = (0..1001).map(|row| format!("c{row},a\n")).collect();
    let text = refused("label,text\n".to_owned() + &many, |_| {});
    assert!(text.contains("more than 1000 different values"), "{text}");
    let (folder, mut setup) = table("");
    setup.file = folder.path().to_owned();
    assert!(
        load(&setup)
            .unwrap_err()
            .to_string()
            .contains("this is no file")
    );
}

proptest! {
    #[test]
    fn no_table_of_texts_brings_the_program_down(
        content in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            "[a-cäö,\"\n? ]{0,200}".prop_map(String::into_bytes),
            "([xy],[a-zé]{0,9}\n){1,20}".prop_map(String::into_bytes),
        ],
        header in any::<bool>(),
        drop in any::<bool>(),
        length in 2_usize..12,
        vocabulary_max in 3_usize..10,
    ) {
        let (_folder, mut setup) = table(&content);
        setup.header = header;
        setup.missing = if drop { Missing::Drop } else { Missing::Error };
        (setup.length, setup.vocabulary_max) = (length, vocabulary_max);
        if let Ok(set) = load(&setup) {
            let InputShape::Tokens { vocabulary, .. } = set.info.input else { panic!("no tokens") };
            prop_assert!(vocabulary <= vocabulary_max);
            for part in [&set.train, &set.test] {
                prop_assert!(!part.is_empty());
                prop_assert_eq!(tokens(part).len(), part.len() * length);
                prop_assert!(tokens(part).iter().all(|token| usize::from(*token) < vocabulary));
                let known = set.info.classes().len();
                prop_assert!(classes(part, 0).iter().all(|class| usize::from(*class) < known));
            }
        }
    }
}
