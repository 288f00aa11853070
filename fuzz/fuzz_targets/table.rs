//! CSV files of any content, as a table of numbers and as one of texts, with any options.

#![no_main]

use joulelab_fuzz::{
    data::Store,
    folder, load,
    setup::{CsvSetup, DatasetSetup, Missing, TableTask, TextCsvSetup},
    write,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let [how, options, content @ ..] = bytes else {
        return;
    };
    let folder = folder();
    let file = folder.path().join("table.csv");
    write(&file, content);
    let is = |bit: u8| options >> bit & 1 == 1;
    let column = |bit: u8| ["", "1", "2", "a"][usize::from(options >> bit & 3)].to_owned();
    let missing = if is(0) { Missing::Drop } else { Missing::Error };
    let setup = match how % 2 {
        0 => DatasetSetup::Csv(CsvSetup {
            file,
            label: column(2),
            task: TableTask::ALL[usize::from(how / 2) % 3],
            header: is(1),
            missing,
            ..CsvSetup::default()
        }),
        _ => DatasetSetup::TextCsv(TextCsvSetup {
            file,
            label: column(2),
            text: column(4),
            header: is(1),
            missing,
            length: 2 + usize::from(how / 2) % 8,
            vocabulary_max: 3 + usize::from(how / 16),
            ..TextCsvSetup::default()
        }),
    };
    if let Err(error) = load(&setup, &Store::in_folder(folder.path())) {
        assert!(!error.to_string().is_empty());
    }
});
