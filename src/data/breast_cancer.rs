use super::{
    DataError, Dataset, Features, LabelColumn, Provenance, Source,
    dataset::Heading,
    own::{RowRule, Takes},
    shipped,
};
use crate::setup::{InputShape, SplitSetup, Task};

/// 569 tumours, each with 30 features of the cell nuclei in a digitised image.
pub(super) struct BreastCancer<'a>(pub &'a SplitSetup);

static FILE: &str = include_str!("../../assets/datasets/breast_cancer.csv");
const NAME: &str = "breast-cancer";
/// What is measured of the nuclei of an image; of each its mean, its standard error, and the mean of the three largest.
const MEASURES: [&str; 10] = [
    "radius",
    "texture",
    "perimeter",
    "area",
    "smoothness",
    "compactness",
    "concavity",
    "concave points",
    "symmetry",
    "fractal dimension",
];

impl Source for BreastCancer<'_> {
    fn load(&self) -> Result<Dataset, DataError> {
        let damaged = |what: &str| DataError::Shipped {
            name: NAME,
            what: format!("first line: {what}"),
        };
        // The first line is `rows,features,class names`, in the order of the labels.
        let (first, rows) = FILE.split_once('\n').unwrap_or((FILE, ""));
        let mut cells = first.trim_end().split(',');
        let mut number = || cells.next()?.parse::<usize>().ok();
        let (samples, columns) = number()
            .zip(number())
            .ok_or_else(|| damaged("no numbers of rows and features"))?;
        let classes: Vec<&str> = cells.collect();

        let table = shipped::read(NAME, rows.as_bytes(), columns, classes.len(), |_| None)?;
        if table.labels.len() != samples {
            return Err(damaged(&format!(
                "promises {samples} rows, but there are {}",
                table.labels.len()
            )));
        }
        let heading = Heading {
            name: NAME.to_owned(),
            title: "UCI breast cancer, Wisconsin (diagnostic)".to_owned(),
            input: InputShape::Features(columns),
            task: Task::Classification,
            labels: vec![LabelColumn::new("diagnosis", classes)],
            target: 0,
            provenance: Provenance {
                source: "UCI Machine Learning Repository, Breast Cancer Wisconsin (Diagnostic); as scikit-learn \
                         distributes it"
                    .to_owned(),
                credit: Some(
                    "W. Wolberg, O. Mangasarian, N. Street, W. Street, 1995".to_owned(),
                ),
                licence: Some("CC BY 4.0".to_owned()),
            },
        };
        let mut set = heading.with_samples(&Features::F32(table.values), table.labels, self.0)?;
        let of = ["mean", "error", "worst"];
        let names = of
            .iter()
            .flat_map(|of| MEASURES.map(|what| format!("{of} {what}")));
        set.takes = Takes::Row(RowRule::named(names, "diagnosis"));
        Ok(set)
    }
}
