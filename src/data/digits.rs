use flate2::read::GzDecoder;

use super::{
    DataError, Dataset, Features, LabelColumn, Labels, Provenance, Source, dataset::Heading,
    shipped, split,
};
use crate::setup::{InputShape, SplitSetup, Task};

/// 1,797 handwritten digits of 8×8 pixels, each the number of set points, 0 to 16, in a block of 4×4.
pub(super) struct Digits<'a>(pub &'a SplitSetup);

static FILE: &[u8] = include_bytes!("../../assets/datasets/digits.csv.gz");
const SIDE: usize = 8;
const CLASSES: usize = 10;

impl Source for Digits<'_> {
    fn load(&self) -> Result<Dataset, DataError> {
        let refuse = |value: f32| {
            let possible = (0.0..=16.0).contains(&value) && value.fract() == 0.0;
            (!possible).then_some("no whole number from 0 to 16")
        };
        let text = GzDecoder::new(FILE);
        let table = shipped::read("digits", text, SIDE * SIDE, CLASSES, refuse)?;
        let pixels = table.values.iter().map(|value| *value as u8).collect();
        let heading = Heading {
            name: "digits".to_owned(),
            title: "UCI handwritten digits".to_owned(),
            input: InputShape::Image {
                channels: 1,
                height: SIDE,
                width: SIDE,
            },
            task: Task::Classification,
            labels: vec![
                LabelColumn::new("digit", (0..CLASSES).map(|i| i.to_string())),
                LabelColumn::new("parity", ["even", "odd"]),
            ],
            target: 0,
            provenance: Provenance {
                source: "UCI Machine Learning Repository, Optical Recognition of Handwritten Digits; the test part, \
                         as scikit-learn distributes it"
                    .to_owned(),
                credit: Some("E. Alpaydin, C. Kaynak, 1998".to_owned()),
                licence: Some("CC BY 4.0".to_owned()),
            },
        };
        // Both parts are the same whichever label is learnt.
        let partition = split::stratified(&table.labels, self.0)?;
        let parity = table.labels.iter().map(|digit| digit % 2).collect();
        let labels = Labels::Classes(vec![table.labels, parity]);
        Ok(heading.with_partition(&Features::U8(pixels), &labels, &partition))
    }
}
