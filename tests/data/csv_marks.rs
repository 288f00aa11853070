//! Quotation marks and bytes that make no table, where rows could be lost without a word.

use crate::allocation::peak_bytes;
use crate::csv_table::{load, refused, table};

#[test]
fn a_quotation_mark_that_is_open_to_the_end_is_told_and_loses_no_rows() {
    let rows = |at: usize, row: &str| {
        let rows = (0..200).map(|number| match number == at {
            true => row.to_owned(),
            false => format!("0.{number},{}", ["x", "y", "z"][number % 3]),
        });
        "a,b\n".to_owned() + &rows.collect::<Vec<_>>().join("\n") + "\n"
    };
    for (at, open) in [(100, "0.5,\"y"), (199, "0.5,\"y"), (199, "0.5,\"")] {
        let text = refused(rows(at, open), |_| {});
        let told = format!("a quotation mark in the row of line {} is open", at + 2);
        assert!(text.contains(&told), "{text}");
    }
    let text = refused("a,\"b\n1,x\n2,y\n", |_| {});
    assert!(text.contains("in the row of line 1 is open"), "{text}");
    let text = refused("a,b\r\n1,x\r\n\r\n2,\"y\r\n3,x\r\n", |_| {});
    assert!(text.contains("in the row of line 4 is open"), "{text}");
    // Marks that are closed, doubled, or within a cell that has none at its begin are no fault; nor are cells of several lines.
    for fine in ["0.5,\"x\"", "0.5,\"x\"\"\"", "0.5,5\" pipe", "0.5,\"x\ny\""] {
        for at in [100, 199] {
            let (_folder, setup) = table(rows(at, fine));
            let set = load(&setup).expect(fine);
            assert_eq!(
                set.info.train_samples + set.info.test_samples,
                200,
                "{fine}"
            );
        }
        let (_folder, setup) = table(rows(199, fine).trim_end());
        load(&setup).expect(fine);
    }
}

#[test]
fn zero_bytes_are_no_text() {
    let text = refused("a,b\n1,x\n2,y\0\n3,x\n", |_| {});
    assert!(text.contains("line 3 holds a zero byte"), "{text}");
    let text = refused("a,b\0\n1,x\n2,y\n", |_| {});
    assert!(text.contains("line 1 holds a zero byte"), "{text}");
}

#[test]
fn an_open_quotation_mark_does_not_take_the_rest_of_the_file_in() {
    let content = "a,b\n1,x\n\"2,y\n".to_owned() + &"3,x\n".repeat(30_000_000);
    let (_folder, setup) = table(content);
    let (result, peak) = peak_bytes(|| load(&setup));
    let text = result.unwrap_err().to_string();
    assert!(
        text.contains("a row has more than 16777216 bytes; is a quotation mark left open?"),
        "{text}"
    );
    assert!(peak < 100_000_000, "{peak} bytes");
}
