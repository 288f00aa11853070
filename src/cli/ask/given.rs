//! What was given on the command line, as samples.

use std::path::{Path, PathBuf};

use crate::cli::{Exit, Failed};
use crate::data;
use crate::data::own::{Encoding, Invert, OwnError, OwnSample, ROWS_MAX, Takes};
use crate::setup::DatasetSetup;
use crate::units::count;

/// Most bytes of a text file (1 MiB).
const TEXT_BYTES_MAX: u64 = 1 << 20;

/// What was given.
pub struct Given<'a> {
    /// Images, tables or texts, as the network takes them.
    pub files: &'a [PathBuf],
    /// Rows of a table.
    pub rows: &'a [String],
    /// Texts.
    pub texts: &'a [String],
    /// Samples of the dataset, from 1.
    pub held_out: &'a [usize],
    /// Whether images are inverted.
    pub invert: Invert,
    /// The dataset.
    pub dataset: &'a DatasetSetup,
}

impl Given<'_> {
    /// All of it as samples that the network takes, and the texts among it.
    pub fn samples(&self, encoding: &Encoding) -> Result<(Vec<OwnSample>, Vec<String>), Failed> {
        let mut samples = Vec::new();
        let mut texts = Vec::new();
        for path in self.files {
            match &encoding.takes {
                Takes::Picture(_) => {
                    samples.push(encoding.read_picture(path, self.invert).map_err(failed)?);
                }
                Takes::Row(_) => samples.extend(encoding.read_rows(path).map_err(failed)?),
                Takes::Text(_) | Takes::Symbols(_) => {
                    let text = read(path)?;
                    let mut sample = encoding.text(&text).map_err(|error| in_file(error, path))?;
                    sample.name = path
                        .file_name()
                        .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
                    samples.push(sample);
                    texts.push(text);
                }
                Takes::Nothing => {
                    return Err(Failed::new(
                        Exit::Usage,
                        format!("the network takes {}", encoding.wants()),
                    ));
                }
            }
        }
        for (number, row) in (1..).zip(self.rows) {
            let mut sample = encoding.row_of_text(row).map_err(failed)?;
            sample.name = format!("row {number}");
            samples.push(sample);
        }
        for (number, text) in (1..).zip(self.texts) {
            let mut sample = encoding.text(text).map_err(failed)?;
            sample.name = format!("text {number}");
            samples.push(sample);
            texts.push(text.clone());
        }
        samples.extend(self.held_out()?);
        if samples.len() > ROWS_MAX {
            let message = format!(
                "{} samples are more than the {} that are asked about at once",
                count(samples.len() as u64),
                count(ROWS_MAX as u64)
            );
            return Err(Failed::new(Exit::Usage, message));
        }
        Ok((samples, texts))
    }

    fn held_out(&self) -> Result<Vec<OwnSample>, Failed> {
        if self.held_out.is_empty() {
            return Ok(Vec::new());
        }
        let dataset = data::load(self.dataset)?;
        let sample = |number: &usize| {
            dataset.held_out(number - 1).ok_or_else(|| {
                let message = format!(
                    "--held-out: there is no sample {}; {} are held out",
                    count(*number as u64),
                    count(dataset.test.len() as u64)
                );
                Failed::new(Exit::Usage, message)
            })
        };
        self.held_out.iter().map(sample).collect()
    }
}

fn read(path: &Path) -> Result<String, Failed> {
    let refuse = |what: String| Failed::new(Exit::Data, format!("{what}: {}", path.display()));
    let metadata = std::fs::metadata(path).map_err(|error| refuse(error.to_string()))?;
    if !metadata.is_file() {
        return Err(refuse("this is no file".to_owned()));
    }
    if metadata.len() > TEXT_BYTES_MAX {
        return Err(refuse(format!(
            "the text has {} bytes, more than the {TEXT_BYTES_MAX} that are read",
            metadata.len()
        )));
    }
    let bytes = std::fs::read(path).map_err(|error| refuse(error.to_string()))?;
    String::from_utf8(bytes).map_err(|_| refuse("the file is no UTF-8 text".to_owned()))
}

fn in_file(error: OwnError, path: &Path) -> Failed {
    Failed::new(Exit::Data, format!("{error}: {}", path.display()))
}

fn failed(error: OwnError) -> Failed {
    let exit = match error {
        OwnError::Given(_) => Exit::Usage,
        OwnError::File { .. } | OwnError::Data(_) => Exit::Data,
    };
    Failed::new(exit, error.to_string())
}
