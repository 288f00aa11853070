//! Texts by character.

use std::fs;

use joulelab::{
    data::{self, DataError, Dataset, Split},
    setup::{DatasetSetup, InputShape, Metric, Task, TextSetup},
};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::parts::{answers, tokens};

fn text(content: impl AsRef<[u8]>, length: usize, test_fraction: f64) -> (TempDir, TextSetup) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("poem.txt");
    fs::write(&file, content).unwrap();
    let setup = TextSetup {
        file,
        length,
        test_fraction,
        ..TextSetup::default()
    };
    (folder, setup)
}

fn load(setup: &TextSetup) -> Result<Dataset, DataError> {
    let setup = DatasetSetup::Text(setup.clone());
    let set = data::load(&setup);
    match &set {
        Ok(set) => {
            assert_eq!(data::describe(&setup).unwrap(), set.info);
            assert_eq!(
                (set.train.len(), set.test.len()),
                (set.info.train_samples, set.info.test_samples)
            );
        }
        Err(_) => assert!(data::describe(&setup).is_err()),
    }
    set
}

fn refused(content: impl AsRef<[u8]>) -> String {
    let (_folder, setup) = text(content, 4, 0.25);
    let error = load(&setup).unwrap_err();
    assert!(matches!(error, DataError::Text { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.ends_with("poem.txt"), "{text}");
    text
}

/// What tokens stand for, written out.
fn written(set: &Dataset, tokens: &[u16]) -> String {
    let name = |token: &u16| match set.info.classes()[usize::from(*token)].as_str() {
        "space" => " ".to_owned(),
        "\\n" => "\n".to_owned(),
        name => name.to_owned(),
    };
    tokens.iter().map(name).collect()
}

/// Windows of a part with their answers, written out.
fn windows(set: &Dataset, part: &Split) -> Vec<(String, String)> {
    let length = set.info.input.len();
    let windows = tokens(part)
        .chunks(length)
        .zip(answers(part).chunks(length));
    windows
        .map(|(seen, asked)| (written(set, seen), written(set, asked)))
        .collect()
}

#[test]
fn the_next_character_is_asked_for_in_windows_side_by_side() {
    // 16 characters to learn from, 8 held out.
    let (_folder, setup) = text("to be, or not to\nbe: öl!", 5, 1.0 / 3.0);
    let set = load(&setup).unwrap();
    let own = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        let own = pairs
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()));
        own.collect()
    };
    assert_eq!(
        windows(&set, &set.train),
        own(&[("to be", "o be,"), (", or ", " or n"), ("not t", "ot to")])
    );
    // The held-out part begins where the other ends, and what is left of it is too short.
    assert_eq!(windows(&set, &set.test), own(&[("\nbe: ", "be: ö")]));
    let vocabulary = [
        "\\n", "space", "!", ",", ":", "b", "e", "l", "n", "o", "r", "t", "ö",
    ];
    assert_eq!(set.info.classes(), vocabulary);
    assert_eq!(
        set.info.input,
        InputShape::Tokens {
            length: 5,
            vocabulary: 13
        }
    );
    assert_eq!(
        (set.info.task, set.info.task.metric()),
        (Task::LanguageModelling, Metric::BitsPerCharacter)
    );
    assert_eq!(
        (set.info.outputs().numbers, set.info.title.as_str()),
        (13, "poem")
    );
    let source = &set.info.provenance.source;
    assert!(
        source.contains("24 characters, 13 different; the last 8 are held out"),
        "{source}"
    );
    assert!(!source.contains("share one symbol"), "{source}");
    assert!(set.normalisation.mean.is_empty());
}

#[test]
fn only_too_many_characters_share_a_symbol_and_it_is_said() {
    // Of five characters the most frequent two have a symbol of their own, of c and d, equally rare, neither.
    let (_folder, mut setup) = text("aaaaaaaabbbbbbbbccddeaab", 2, 0.25);
    setup.vocabulary_max = 3;
    let set = load(&setup).unwrap();
    assert_eq!(set.info.classes(), ["unknown", "a", "b"]);
    // The 18 to learn from: aaaaaaaa bbbbbbbb cc.
    assert_eq!(answers(&set.train)[14..], [2, 0]);
    let source = &set.info.provenance.source;
    assert!(
        source.contains("the rarest, 20.83 % of the text, share one symbol"),
        "{source}"
    );
    setup.vocabulary_max = 5;
    let set = load(&setup).unwrap();
    assert_eq!(set.info.classes(), ["a", "b", "c", "d", "e"]);
    setup.vocabulary_max = 4;
    // Of the equally rare ones the first.
    let set = load(&setup).unwrap();
    assert_eq!(set.info.classes(), ["unknown", "a", "b", "c"]);
}

#[test]
fn characters_that_cannot_be_seen_have_names_that_differ() {
    let odd = "\t\r\n \u{a0}\u{2003}\u{200b}\u{7}\u{301}\\\"'\u{feff}x";
    let (_folder, setup) = text(odd.repeat(4), 4, 0.3);
    let set = load(&setup).unwrap();
    let mut names = set.info.classes().to_vec();
    for name in [
        "\\t",
        "\\r",
        "\\n",
        "space",
        "\\u{a0}",
        "\\u{200b}",
        "\\u{7}",
        "\\",
        "\"",
        "'",
        "x",
    ] {
        assert!(names.iter().any(|known| known == name), "{name}: {names:?}");
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 14);
    assert!(names.iter().all(|name| !name.chars().any(char::is_control)));
}

#[test]
fn a_byte_order_mark_is_no_character() {
    let (_folder, setup) = text("\u{feff}abcabcabcabc", 2, 0.3);
    assert_eq!(load(&setup).unwrap().info.classes(), ["a", "b", "c"]);
}

#[test]
fn what_is_no_text_is_said_with_its_line() {
    let utf16 = |mark: &str| -> Vec<u8> {
        let text = format!("{mark}some text\nof two lines");
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    };
    assert!(refused(utf16("\u{feff}")).contains("the text is UTF-16; save it as UTF-8"));
    assert!(refused(utf16("")).contains("line 1 holds a zero byte"));
    assert!(refused(b"one\ntwo\nthr\xe9e four five six").contains("line 3 is no UTF-8 text"));
    assert!(refused(b"one\ntwo\n\0\0\0\0\0\0\0\0").contains("line 3 holds a zero byte"));
    // Cut in the middle of a character.
    assert!(refused(&"one two three four ö".as_bytes()[..20]).contains("line 1 is no UTF-8 text"));
    assert!(refused("a".repeat(100)).contains("one character over and over"));
}

#[test]
fn a_text_that_is_too_short_for_its_windows_is_refused() {
    assert!(refused("").contains("0 characters to learn from are less than the 5"));
    // 15 and 4, 16 and 5.
    let text_of = |characters: usize| "abcde".repeat(8)[..characters].to_owned();
    assert!(refused(text_of(17)).contains("4 characters to hold out are less than the 5"));
    let (_folder, setup) = text(text_of(20), 4, 0.25);
    let set = load(&setup).unwrap();
    assert_eq!((set.train.len(), set.test.len()), (3, 1));
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let (folder, mut setup) = text("abc", 2, 0.5);
    setup.file = folder.path().join("none.txt");
    assert!(matches!(load(&setup), Err(DataError::Read { .. })));
    setup.file = folder.path().to_owned();
    let error = load(&setup).unwrap_err().to_string();
    assert!(error.contains("this is no file"), "{error}");
    // A file of zeros that takes no room on the disk.
    setup.file = folder.path().join("large.txt");
    let large = fs::File::create(&setup.file).unwrap();
    large.set_len((256 << 20) + 1).unwrap();
    let (result, peak) = crate::allocation::peak_bytes(|| load(&setup));
    let error = result.unwrap_err().to_string();
    assert!(error.contains("more than 268435456 bytes"), "{error}");
    assert!(peak < 1 << 20, "{peak} bytes");
}

proptest! {
    #[test]
    fn no_text_brings_the_program_down(
        content in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..300),
            any::<String>().prop_map(String::into_bytes),
            "[ab\u{feff}\u{301}é\n]{0,300}".prop_map(String::into_bytes),
        ],
        length in 2_usize..20,
        vocabulary_max in 3_usize..10,
        test_fraction in 0.01..0.99,
    ) {
        let (_folder, mut setup) = text(&content, length, test_fraction);
        setup.vocabulary_max = vocabulary_max;
        if let Ok(set) = load(&setup) {
            let InputShape::Tokens { vocabulary, .. } = set.info.input else { panic!("no tokens") };
            prop_assert!(vocabulary <= vocabulary_max);
            prop_assert_eq!(set.info.classes().len(), vocabulary);
            for part in [&set.train, &set.test] {
                prop_assert!(!part.is_empty());
                prop_assert_eq!(tokens(part).len(), part.len() * length);
                // An answer is the input of the next position, over the edges of windows too.
                prop_assert_eq!(&tokens(part)[1..], &answers(part)[..tokens(part).len() - 1]);
                prop_assert!(answers(part).iter().all(|token| usize::from(*token) < vocabulary));
            }
        }
    }
}
