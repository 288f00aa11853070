//! The columns of the table: what each says of a run, and how it sorts.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::rows::{Cost, Item};
use super::standing::standing;
use crate::analysis::MeanInterval;
use crate::gui::preferences::EnergyUnit;
use crate::gui::widgets::parallel::plain;
use crate::gui::widgets::written_energy;
use crate::units::{Estimate, Metric, count, duration, estimate, quantity};

/// A column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Column {
    /// Name, or identifier.
    Name,
    /// How it stands.
    Status,
    /// When it began.
    Date,
    /// Dataset.
    Dataset,
    /// Model in a few words.
    Model,
    /// Device.
    Device,
    /// Samples in a step.
    BatchSize,
    /// Base learning rate.
    LearningRate,
    /// Seed.
    Seed,
    /// Epochs so far.
    Epochs,
    /// Time on its clock.
    Time,
    /// Energy of training and evaluation.
    Energy,
    /// Grade of that.
    Grade,
    /// Latest value of the task's metric.
    FinalResult,
    /// Best value of it.
    BestResult,
    /// Whether the target was reached.
    Target,
    /// Energy a sample.
    PerSample,
    /// Carbon.
    Carbon,
    /// Labels.
    Tags,
    /// Remark.
    Note,
}

/// What a column sorts by.
enum Key<'a> {
    Text(&'a str),
    Owned(String),
    Number(f64),
    Missing,
}

impl From<Option<f64>> for Key<'_> {
    fn from(number: Option<f64>) -> Self {
        number
            .filter(|number| !number.is_nan())
            .map_or(Self::Missing, Self::Number)
    }
}

impl Column {
    /// Every column in order.
    pub const ALL: [Self; 20] = [
        Self::Name,
        Self::Status,
        Self::Date,
        Self::Dataset,
        Self::Model,
        Self::Device,
        Self::BatchSize,
        Self::LearningRate,
        Self::Seed,
        Self::Epochs,
        Self::BestResult,
        Self::FinalResult,
        Self::Target,
        Self::Energy,
        Self::Grade,
        Self::PerSample,
        Self::Carbon,
        Self::Time,
        Self::Tags,
        Self::Note,
    ];

    /// Columns that are shown at first.
    pub const AT_FIRST: [Self; 11] = [
        Self::Name,
        Self::Status,
        Self::Date,
        Self::Dataset,
        Self::Model,
        Self::Seed,
        Self::BestResult,
        Self::Energy,
        Self::Grade,
        Self::Time,
        Self::Tags,
    ];

    /// Its heading.
    pub fn label(self) -> &'static str {
        match self {
            Self::Name => "Name",
            Self::Status => "Status",
            Self::Date => "Started",
            Self::Dataset => "Dataset",
            Self::Model => "Model",
            Self::Device => "Device",
            Self::BatchSize => "Batch",
            Self::LearningRate => "Learning rate",
            Self::Seed => "Seed",
            Self::Epochs => "Epochs",
            Self::Time => "Time",
            Self::Energy => "Energy",
            Self::Grade => "Grade",
            Self::FinalResult => "Result, last",
            Self::BestResult => "Result, best",
            Self::Target => "Target",
            Self::PerSample => "Energy a sample",
            Self::Carbon => "Carbon",
            Self::Tags => "Tags",
            Self::Note => "Note",
        }
    }

    /// What it says, in a sentence.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Name => "Name, or identifier where it has none",
            Self::Status => "How the run stands",
            Self::Date => "When the run began, local time",
            Self::Dataset => "What was learnt from",
            Self::Model => "What learnt",
            Self::Device => "What trained",
            Self::BatchSize => "Samples in a step",
            Self::LearningRate => "Base learning rate",
            Self::Seed => "Seed of weights, order and dropout",
            Self::Epochs => "Epochs so far",
            Self::Time => "Time on the run's clock, idle baseline and loading included",
            Self::Energy => {
                "Energy of training and evaluation, the metered parts of the machine added up, with its 95 % interval; \
                 of a group the mean of its runs with the 95 % interval of the mean (Student's t)"
            }
            Self::Grade => {
                "How good the source of the energy is: A the best, F a model of an unknown device"
            }
            Self::FinalResult => {
                "The task's metric, such as accuracy, on the held-out samples at the last look"
            }
            Self::BestResult => {
                "The task's metric, such as accuracy, on the held-out samples at its best"
            }
            Self::Target => "Whether the target was reached",
            Self::PerSample => "Energy divided by the training samples seen",
            Self::Carbon => "Operational carbon of training and evaluation",
            Self::Tags => "Labels that you gave",
            Self::Note => "Your remark",
        }
    }

    /// Width at first, points.
    pub fn width(self) -> f32 {
        match self {
            Self::Name => 166.0,
            Self::Energy | Self::PerSample => 152.0,
            Self::Device | Self::Note | Self::Target => 136.0,
            Self::Date => 116.0,
            Self::Model => 106.0,
            Self::FinalResult | Self::BestResult | Self::Carbon => 108.0,
            Self::Status => 136.0,
            Self::Dataset | Self::LearningRate => 96.0,
            Self::Time => 76.0,
            Self::Tags => 72.0,
            Self::BatchSize | Self::Seed | Self::Epochs | Self::Grade => 56.0,
        }
    }

    /// Whether it holds figures, which stand to the right.
    pub fn is_figure(self) -> bool {
        matches!(
            self,
            Self::BatchSize
                | Self::LearningRate
                | Self::Seed
                | Self::Epochs
                | Self::Time
                | Self::Energy
                | Self::FinalResult
                | Self::BestResult
                | Self::PerSample
                | Self::Carbon
        )
    }

    /// Whether the largest is of interest first.
    pub fn begins_with_largest(self) -> bool {
        matches!(
            self,
            Self::Date | Self::FinalResult | Self::BestResult | Self::Epochs
        )
    }

    /// What it says of a run; empty where there is nothing to say.
    pub fn text(self, item: &Item, unit: EnergyUnit) -> String {
        let run = &item.listed.run;
        match self {
            Self::Name => item.name().to_owned(),
            Self::Status => standing(run).to_owned(),
            Self::Date => local_time(run.started_at),
            Self::Dataset => item.dataset(),
            Self::Model => run.setup.model.clone(),
            Self::Device => run.device.name.clone(),
            Self::BatchSize => item.asked.regime.batch_size.map(count).unwrap_or_default(),
            Self::LearningRate => item
                .asked
                .regime
                .learning_rate
                .map(plain)
                .unwrap_or_default(),
            Self::Seed => run.setup.seed.to_string(),
            Self::Epochs => run.epochs.map(count).unwrap_or_default(),
            Self::Time => duration(run.duration_s),
            Self::Energy => item.energy_j().map_or("no reading".to_owned(), |energy_j| {
                written_energy(energy_j, unit)
            }),
            Self::Grade => item
                .kind
                .as_ref()
                .map(|kind| {
                    let simulated = if kind.simulated { " simulated" } else { "" };
                    format!("{}{simulated}", kind.grade)
                })
                .unwrap_or_default(),
            Self::FinalResult => item.written(run.metrics.final_test_metric),
            Self::BestResult => item.written(run.metrics.best_test_metric),
            Self::Target => match (item.asked.target(), run.target_reached) {
                (None, _) => String::new(),
                (Some(target), Some(true)) => format!("reached {}", item.written(Some(target))),
                (Some(target), _) => format!("did not reach {}", item.written(Some(target))),
            },
            Self::PerSample => item
                .per_sample_j()
                .map(|energy_j| written_energy(energy_j, unit))
                .unwrap_or_default(),
            Self::Carbon => item
                .listed
                .carbon
                .as_ref()
                .map(|carbon| estimate(carbon.carbon_g, "gCO2e"))
                .unwrap_or_default(),
            Self::Tags => run.tags.join(", "),
            Self::Note => run.note.clone().unwrap_or_default(),
        }
    }

    fn key(self, item: &Item) -> Key<'_> {
        let run = &item.listed.run;
        let number = |count: Option<u64>| Key::from(count.map(|count| count as f64));
        match self {
            Self::Name => Key::Text(item.name()),
            Self::Status => Key::Text(standing(run)),
            Self::Date => Key::Number(run.started_at.as_millisecond() as f64),
            Self::Dataset => Key::Text(&run.setup.dataset),
            Self::Model => Key::Text(&run.setup.model),
            Self::Device => Key::Text(&run.device.name),
            Self::BatchSize => number(item.asked.regime.batch_size),
            Self::LearningRate => item.asked.regime.learning_rate.into(),
            Self::Seed => number(Some(run.setup.seed)),
            Self::Epochs => number(run.epochs),
            Self::Time => Key::Number(run.duration_s),
            Self::Energy => item.energy_j().map(|energy| energy.value).into(),
            Self::Grade => item
                .kind
                .as_ref()
                .map_or(Key::Missing, |kind| Key::Text(kind.grade.letter())),
            Self::FinalResult => item.goodness(run.metrics.final_test_metric).into(),
            Self::BestResult => item.goodness(run.metrics.best_test_metric).into(),
            Self::Target => match item.cost() {
                Cost::ToTarget(_) => Key::Number(0.0),
                Cost::NotReached(_) => Key::Number(1.0),
                Cost::Total(_) | Cost::Unknown => Key::Missing,
            },
            Self::PerSample => item.per_sample_j().map(|energy| energy.value).into(),
            Self::Carbon => item
                .listed
                .carbon
                .as_ref()
                .map(|carbon| carbon.carbon_g.value)
                .into(),
            Self::Tags if run.tags.is_empty() => Key::Missing,
            Self::Tags => Key::Owned(run.tags.join(", ")),
            Self::Note => run.note.as_deref().map_or(Key::Missing, Key::Text),
        }
    }

    /// Which of two runs comes first; what is missing comes last either way round.
    pub fn compare(self, a: &Item, b: &Item, descending: bool) -> Ordering {
        let order = match (self.key(a), self.key(b)) {
            (Key::Missing, Key::Missing) => return Ordering::Equal,
            (Key::Missing, _) => return Ordering::Greater,
            (_, Key::Missing) => return Ordering::Less,
            (Key::Number(a), Key::Number(b)) => a.total_cmp(&b),
            (Key::Text(a), Key::Text(b)) => by_letters(a, b),
            (Key::Owned(a), Key::Owned(b)) => by_letters(&a, &b),
            _ => Ordering::Equal,
        };
        if descending { order.reverse() } else { order }
    }
}

/// Alphabetical, capitals beside small letters.
fn by_letters(a: &str, b: &str) -> Ordering {
    let folded = |text: &str| {
        text.chars()
            .flat_map(char::to_lowercase)
            .collect::<String>()
    };
    if a.is_ascii() && b.is_ascii() {
        let (a, b) = (
            a.bytes().map(|b| b.to_ascii_lowercase()),
            b.bytes().map(|b| b.to_ascii_lowercase()),
        );
        return a.cmp(b);
    }
    folded(a).cmp(&folded(b))
}

/// A time of day where the user is.
pub fn local_time(at: jiff::Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::system())
        .strftime("%Y-%m-%d %H:%M")
        .to_string()
}

/// A mean value of `metric` with its interval; no more digits than the interval supports.
pub fn result_interval(metric: Metric, mean: MeanInterval) -> String {
    let MeanInterval {
        mean, half_width, ..
    } = mean;
    let (factor, unit) = metric.shown();
    match half_width.map(|width| width * factor) {
        Some(width) if width > 0.0 => {
            let places = (1.0 - width.log10().floor()).clamp(0.0, 3.0) as usize;
            let text = format!("{:.places$} ± {width:.places$}{unit}", mean * factor);
            if metric == Metric::Accuracy {
                text
            } else {
                format!("{text} {metric}")
            }
        }
        _ => metric.format_named(mean),
    }
}

/// A mean energy with the interval of the mean.
pub fn energy_interval(mean: MeanInterval, unit: EnergyUnit) -> String {
    match mean.half_width {
        Some(width) => written_energy(Estimate::plus_minus(mean.mean, width), unit),
        None => match unit {
            EnergyUnit::Joules => quantity(mean.mean, "J"),
            EnergyUnit::WattHours => quantity(mean.mean / 3600.0, "Wh"),
        },
    }
}
