//! What learns: the kinds of model with their fields. What their layers are is told by [`super::plan`]; the networks themselves
//! are built in the room `models`.

mod axes;
mod cnn;
mod lenet5;
mod limits;
mod mlp;
mod mobilenet;
mod recurrent;
mod resnet;
mod transformer;
mod vgg;
mod vit;

pub use axes::{
    Activation, CnnHead, Initialisation, Normalisation, Pooling, Positions, STEM_IMAGENET_MIN,
    SequencePooling, Stem, TransformerForm, groups,
};
pub use cnn::CnnSetup;
pub use lenet5::{LENET5_SIDE, Lenet5Setup};
pub use mlp::MlpSetup;
pub use mobilenet::{Inverted, MobilenetSetup};
pub use recurrent::RecurrentSetup;
pub use resnet::{Residual, ResnetSetup};
pub use transformer::{AttentionStack, TransformerSetup};
pub use vgg::VggSetup;
pub use vit::VitSetup;

use serde::{Deserialize, Serialize};

use super::Problems;

/// Writes the enum and what follows from its list of kinds, so that names, defaults and checks cannot drift apart. Options
/// implement `Default`, `Serialize`, `Deserialize` and have `validate` and `in_words`.
macro_rules! models {
    ($($(#[$doc:meta])* $variant:ident($options:ty) = $kind:literal),+ $(,)?) => {
        /// What learns. In a file: a table with `kind` and the fields of that kind; what is left out has its default.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "kind")]
        pub enum ModelSetup {
            $($(#[$doc])* #[serde(rename = $kind)] $variant($options)),+
        }

        impl ModelSetup {
            /// Every kind of model, as named in files and flags.
            pub const KINDS: [&str; [$($kind),+].len()] = [$($kind),+];

            /// The kind, as named in files and flags.
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$variant(_) => $kind),+ }
            }

            /// The kind called `kind` with the default of each field.
            pub fn from_kind(kind: &str) -> Option<Self> {
                match kind {
                    $($kind => Some(Self::$variant(<$options>::default())),)+
                    _ => None,
                }
            }

            /// The model in a few words, such as `cnn 16-32`.
            pub fn in_words(&self) -> String {
                match self { $(Self::$variant(options) => options.in_words($kind)),+ }
            }

            pub(super) fn validate(&self, problems: &mut Problems) {
                match self { $(Self::$variant(options) => options.validate(problems)),+ }
            }

            /// Reads the fields of a kind by themselves, by `reader`: read with their tag, serde forgets which field it was in.
            pub(super) fn read_fields<R: FieldsReader>(
                kind: &str,
                reader: R,
            ) -> Result<(), R::Error> {
                match kind {
                    $($kind => reader.read::<$options>(),)+
                    _ => Ok(()),
                }
            }
        }
    };
}

/// Something that reads the fields of a kind of model.
pub(super) trait FieldsReader {
    /// What is told of fields that do not fit.
    type Error;

    /// Reads them as `T`.
    fn read<T: serde::de::DeserializeOwned>(self) -> Result<(), Self::Error>;
}

models! {
    /// Multilayer perceptron.
    Mlp(MlpSetup) = "mlp",
    /// Convolutional network.
    Cnn(CnnSetup) = "cnn",
    /// LeNet-5.
    Lenet5(Lenet5Setup) = "lenet5",
    /// A network of the VGG family.
    Vgg(VggSetup) = "vgg",
    /// A residual network.
    Resnet(ResnetSetup) = "resnet",
    /// MobileNetV2.
    MobilenetV2(MobilenetSetup) = "mobilenet-v2",
    /// Vision transformer.
    Vit(VitSetup) = "vit",
    /// Long short-term memory.
    Lstm(RecurrentSetup) = "lstm",
    /// Gated recurrent units.
    Gru(RecurrentSetup) = "gru",
    /// Transformer, encoder or decoder.
    Transformer(TransformerSetup) = "transformer",
}

impl ModelSetup {
    /// Whether a network that was built for images of one size takes smaller ones: its parameters have nothing to do with the size.
    pub fn takes_other_sizes(&self) -> bool {
        match self {
            Self::Cnn(cnn) => cnn.head == CnnHead::GlobalAverage,
            Self::Vgg(vgg) => vgg.head == CnnHead::GlobalAverage,
            Self::Resnet(_) | Self::MobilenetV2(_) => true,
            Self::Mlp(_)
            | Self::Lenet5(_)
            | Self::Vit(_)
            | Self::Lstm(_)
            | Self::Gru(_)
            | Self::Transformer(_) => false,
        }
    }
}

impl Default for ModelSetup {
    fn default() -> Self {
        Self::Cnn(CnnSetup::default())
    }
}
