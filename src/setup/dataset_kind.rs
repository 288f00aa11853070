use super::{DatasetSetup, TableTask, Task};

/// What the samples of a dataset are, as far as its name tells it: what decides which models can learn from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleKind {
    /// Pictures.
    Images,
    /// Rows of a table: numbers without a neighbourhood from which a convolutional network could learn.
    Features,
    /// Symbols one after the other, whose numbers are names and not quantities.
    Tokens,
    /// What is seen of the state of an environment, as numbers.
    Environment,
}

impl SampleKind {
    /// The kind of model for a dataset of such samples that is named without a model.
    pub fn default_model(self) -> &'static str {
        match self {
            Self::Images => "cnn",
            Self::Features | Self::Environment => "mlp",
            Self::Tokens => "transformer",
        }
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
