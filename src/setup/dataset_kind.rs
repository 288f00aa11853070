use super::model::ModelSetup;

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
    /// The kinds of model that are usual for such samples, the most usual first.
    fn usual_models(self) -> &'static [&'static str] {
        match self {
            Self::Images => &["cnn"],
            Self::Features | Self::Environment => &["mlp"],
            Self::Tokens => &["transformer", "mlp"],
        }
    }

    /// The kind of model for a dataset of such samples that is named without a model.
    pub fn default_model(self) -> &'static str {
        let known = |kind: &&&str| ModelSetup::KINDS.contains(*kind);
        self.usual_models().iter().find(known).unwrap_or(&"mlp")
    }
}
