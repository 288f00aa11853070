use super::{DatasetSetup, ModelSetup, TableTask, Task};

/// What the samples of a dataset are, as far as its name tells it: what decides which models can learn from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleKind {
    /// Pictures.
    Images,
    /// Rows of a table: numbers without a neighbourhood from which a convolutional network could learn.
    Features,
    /// Symbols one after the other, whose numbers are names and not quantities; one answer for all.
    Tokens,
    /// Symbols one after the other, with an answer at each.
    Sequences,
    /// What is seen of the state of an environment, as numbers.
    Environment,
}

impl SampleKind {
    /// The kinds of model that can learn from such samples, first the one that is taken where none is named. The layers of a
    /// kind may still be refused, for an image too small for them.
    pub fn models(self) -> &'static [&'static str] {
        match self {
            Self::Images => &[
                "cnn",
                "mlp",
                "lenet5",
                "vgg",
                "resnet",
                "mobilenet-v2",
                "vit",
                "lstm",
                "gru",
                "transformer",
            ],
            Self::Features | Self::Environment => &["mlp"],
            Self::Tokens => &["transformer", "lstm", "gru", "mlp"],
            Self::Sequences => &["transformer", "lstm", "gru"],
        }
    }

    /// The model for a dataset of such samples that is named without one, with the default of each field.
    pub fn default_model(self) -> ModelSetup {
        ModelSetup::from_kind(self.models()[0]).expect("a test goes through all kinds")
    }

    /// Whether models of `kind` can learn from such samples.
    pub fn suits(self, kind: &str) -> bool {
        self.models().contains(&kind)
    }
}

impl DatasetSetup {
    /// What is asked of a model; `None` where only the files tell.
    pub fn task(&self) -> Option<Task> {
        Some(match self {
            Self::Csv(csv) => match csv.task {
                TableTask::Auto => return None,
                TableTask::Classification => Task::Classification,
                TableTask::Regression => Task::Regression,
            },
            Self::Text(_) => Task::LanguageModelling,
            Self::SequenceCopy(_) => Task::Sequence,
            Self::CartPole(_) => Task::Reinforcement,
            _ => Task::Classification,
        })
    }
}
