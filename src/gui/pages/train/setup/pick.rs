//! Which samples of a dataset are shown, and how they are written.

use egui::ColorImage;

use super::preview::{Picture, Row, Samples};
use crate::data::{Dataset, Features, Labels};
use crate::setup::{InputShape, Task};
use crate::units::significant;

/// Samples that are shown.
const SAMPLES: usize = 10;
/// Rows that are shown of a table.
const ROWS: usize = 4;
/// Lines that are shown of sequences.
const LINES: usize = 3;
/// Most symbols that are written of a sequence.
const SYMBOLS: usize = 64;

/// A few samples of `dataset`, of different classes where it has some.
pub fn samples_of(dataset: &Dataset) -> Samples {
    let info = &dataset.info;
    let classes = info.classes();
    let labels = dataset
        .train
        .labels
        .classes(info.target)
        .unwrap_or_default();
    let chosen = |count: usize| {
        // Where a number is to be foretold there are no classes to choose by.
        let count = if classes.is_empty() { 0 } else { count };
        (0..count).filter_map(move |i| {
            let class = i % classes.len();
            let of_class = labels
                .iter()
                .enumerate()
                .filter(|(_, label)| usize::from(**label) == class);
            of_class
                .map(|(at, _)| at)
                .nth(i / classes.len())
                .map(|at| (at, classes[class].clone()))
        })
    };
    let length = info.input.len();
    match (&dataset.train.features, info.input) {
        (
            Features::U8(pixels),
            InputShape::Image {
                channels,
                height,
                width,
            },
        ) => {
            // Pixels go as far as those of the set do: 16 in the digits, 255 elsewhere.
            let brightest = pixels.iter().copied().max().unwrap_or(255).max(1);
            let picture = |(at, class): (usize, String)| {
                let pixels = &pixels[at * length..(at + 1) * length];
                Picture::new(class, image(pixels, [channels, height, width], brightest))
            };
            Samples::Pictures(chosen(SAMPLES).map(picture).collect())
        }
        (Features::F32(values), _) => {
            let normalisation = &dataset.normalisation;
            let row = |(at, class): (usize, String)| Row {
                class,
                features: values[at * length..(at + 1) * length]
                    .iter()
                    .zip(normalisation.mean.iter().zip(&normalisation.std))
                    .map(|(value, (mean, std))| (value - mean) / std)
                    .collect(),
            };
            let rows = match &dataset.train.labels {
                Labels::Numbers(numbers) => spread(numbers.len(), ROWS)
                    .map(|at| (at, significant(f64::from(numbers[at]), 3)))
                    .map(row)
                    .collect(),
                _ => chosen(ROWS).map(row).collect(),
            };
            Samples::Rows(rows)
        }
        (Features::Tokens(tokens), _) => lines(dataset, tokens, chosen),
        (Features::U8(_), _) => {
            Samples::None("its samples are neither pictures nor rows of a table".to_owned())
        }
    }
}

fn image(pixels: &[u8], [channels, height, width]: [usize; 3], brightest: u8) -> ColorImage {
    let area = height * width;
    let scaled = |channel: usize, at: usize| {
        let value = u32::from(pixels[channel.min(channels - 1) * area + at]);
        (value * 255 / u32::from(brightest)) as u8
    };
    let rgb: Vec<u8> = (0..area)
        .flat_map(|at| [0, 1, 2].map(|channel| scaled(channel, at)))
        .collect();
    ColorImage::from_rgb([width, height], &rgb)
}

/// Places of `count` samples out of `of`, as far from each other as can be.
fn spread(of: usize, count: usize) -> impl Iterator<Item = usize> {
    let count = count.min(of);
    (0..count).map(move |i| i * of / count)
}

/// Sequences as people would write them.
fn lines<Chosen: Iterator<Item = (usize, String)>>(
    dataset: &Dataset,
    tokens: &[u16],
    chosen: impl FnOnce(usize) -> Chosen,
) -> Samples {
    let info = &dataset.info;
    let length = info.input.len().max(1);
    let sample = |at: usize| &tokens[at * length..(at + 1) * length];
    let samples = dataset.train.len();
    let name = |token: u16| info.classes().get(usize::from(token)).map(String::as_str);
    let lines = match (info.task, &dataset.train.labels) {
        (Task::LanguageModelling, _) => spread(samples, LINES)
            .map(|at| {
                let symbols = sample(at).iter().take(SYMBOLS);
                symbols
                    .map(|token| letter(name(*token).unwrap_or_default()))
                    .collect()
            })
            .collect(),
        (Task::Sequence, Labels::Tokens { tokens, .. }) => spread(samples, LINES)
            .map(|at| {
                let answer = &tokens[at * length..(at + 1) * length];
                let asked = answer.iter().filter(|token| **token != Labels::NOT_ASKED);
                let asked: Vec<&str> = asked
                    .take(SYMBOLS)
                    .filter_map(|token| name(*token))
                    .collect();
                let asked = asked.join(" ");
                format!("{asked} → {asked}")
            })
            .collect(),
        // The numbers are their own tokens; the two after them are the signs.
        (Task::Classification, Labels::Classes(_)) if info.name == "modular-addition" => {
            let modulus = info.classes().len();
            let sum = |at: usize| {
                let (a, b) = (usize::from(sample(at)[0]), usize::from(sample(at)[2]));
                let width = (modulus - 1).to_string().len();
                format!("{a:>width$} + {b:>width$} = {:>width$}", (a + b) % modulus)
            };
            let sums: Vec<String> = spread(samples, 3 * LINES).map(sum).collect();
            let line = |sums: &[String]| sums.join("     ");
            sums.chunks(LINES).map(line).collect()
        }
        (Task::Classification, Labels::Classes(_)) if !dataset.symbols.is_empty() => {
            let chosen = chosen(LINES);
            let text = |(at, class): (usize, String)| {
                let symbols = sample(at).iter().take(SYMBOLS);
                let names = symbols.map(|token| dataset.symbols[usize::from(*token)].as_str());
                let text: String = names.map(letter).collect();
                format!("{class}: {}", text.trim_end())
            };
            chosen.map(text).collect()
        }
        _ => return Samples::None("its samples are symbols without a name".to_owned()),
    };
    Samples::Lines(lines)
}

/// A character by its name; those that cannot be seen, and what pads a text, are blanks.
fn letter(name: &str) -> char {
    let mut letters = name.chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) => letter,
        _ => ' ',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Store, load_from};
    use crate::setup::DatasetSetup;

    fn lines_of(setup: &DatasetSetup) -> Vec<String> {
        let dataset = load_from(setup, &Store::of_user()).expect("it can be made");
        match samples_of(&dataset) {
            Samples::Lines(lines) => lines,
            _ => panic!("these are sequences"),
        }
    }

    #[test]
    fn sums_are_right_and_copies_are_copies() {
        let sums = lines_of(&DatasetSetup::from_name("modular-addition").expect("it is known"));
        assert_eq!(sums.len(), LINES);
        for sum in sums.iter().flat_map(|line| line.split("     ")) {
            let numbers: Vec<usize> = sum
                .split([' ', '+', '='])
                .filter_map(|part| part.parse().ok())
                .collect();
            assert_eq!((numbers[0] + numbers[1]) % 97, numbers[2], "{sum}");
        }
        for copy in lines_of(&DatasetSetup::from_name("sequence-copy").expect("it is known")) {
            let (before, after) = copy.split_once(" → ").expect("both are shown");
            assert_eq!(before, after);
            assert_eq!(before.split(' ').count(), 10, "{before}");
        }
    }

    #[test]
    fn texts_are_shown_with_their_classes() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("reviews.csv");
        let rows = "bad,The meter lies.\ngood,\"Counts joules, all of them.\"\n".repeat(20);
        std::fs::write(&file, format!("stars,words\n{rows}")).expect("it is written");
        let lines = lines_of(&DatasetSetup::TextCsv(crate::setup::TextCsvSetup {
            file,
            ..Default::default()
        }));
        assert_eq!(
            lines,
            [
                "bad: The meter lies.",
                "good: Counts joules, all of them.",
                "bad: The meter lies."
            ]
        );
    }

    #[test]
    fn a_text_is_shown_as_it_reads() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("text.txt");
        std::fs::write(&file, "The sum of the joules.\n".repeat(200)).expect("it is written");
        let lines = lines_of(&DatasetSetup::Text(crate::setup::TextSetup {
            file,
            ..Default::default()
        }));
        assert!(
            lines.iter().all(|line| line.contains("joules. ")),
            "{lines:?}"
        );
    }
}
