//! Choices that several kinds of model share, by their names.

use crate::setup::{
    Activation, CnnHead, Initialisation, Normalisation, Pooling, Positions, SequencePooling, Stem,
    TransformerForm,
};

/// A value, its name, and what it means.
type Choice<T> = (T, &'static str, &'static str);

pub const ACTIVATIONS: [Choice<Activation>; 9] = [
    (Activation::Relu, "ReLU", "max(0, x)"),
    (Activation::Relu6, "ReLU6", "min(max(0, x), 6)"),
    (
        Activation::LeakyRelu,
        "Leaky ReLU",
        "x above 0, 0.01·x below",
    ),
    (Activation::Elu, "ELU", "x above 0, e^x − 1 below"),
    (
        Activation::Gelu,
        "GELU",
        "x·Φ(x), with the Gaussian distribution function",
    ),
    (Activation::Silu, "SiLU", "x·sigmoid(x), also called swish"),
    (Activation::Mish, "Mish", "x·tanh(ln(1 + e^x))"),
    (Activation::Tanh, "tanh", "Hyperbolic tangent"),
    (Activation::Sigmoid, "Sigmoid", "1 / (1 + e^−x)"),
];

pub const NORMALISATIONS: [Choice<Normalisation>; 4] = [
    (Normalisation::None, "None", ""),
    (
        Normalisation::Batch,
        "Batch",
        "Over the batch, for each feature or channel",
    ),
    (
        Normalisation::Layer,
        "Layer",
        "Over the features of each sample",
    ),
    (
        Normalisation::Group,
        "Group",
        "Over groups of the features of each sample: up to 32, of at least four each",
    ),
];

pub const INITIALISATIONS: [Choice<Initialisation>; 5] = [
    (
        Initialisation::Default,
        "Default",
        "Uniform in ±1/√(inputs), as layers of Burn and PyTorch are made",
    ),
    (
        Initialisation::Kaiming,
        "Kaiming",
        "Normal with deviation √(2/inputs), for layers that are followed by ReLU",
    ),
    (
        Initialisation::Xavier,
        "Xavier",
        "Uniform in ±√(6/(inputs + outputs)), for layers that are followed by tanh",
    ),
    (
        Initialisation::Normal,
        "Normal",
        "Normal with deviation 0.02, as in BERT and GPT-2",
    ),
    (
        Initialisation::Orthogonal,
        "Orthogonal",
        "Orthonormal rows or columns, which keep lengths as they are",
    ),
];

pub const POOLINGS: [Choice<Pooling>; 3] = [
    (
        Pooling::Max,
        "Largest of 2×2",
        "Halves height and width at the end of each block",
    ),
    (
        Pooling::Average,
        "Mean of 2×2",
        "Halves height and width at the end of each block",
    ),
    (Pooling::None, "None", "Keeps the size of the picture"),
];

pub const HEADS: [Choice<CnnHead>; 2] = [
    (
        CnnHead::Flatten,
        "Flatten",
        "All numbers of the last feature map, one after the other",
    ),
    (
        CnnHead::GlobalAverage,
        "Global average",
        "One number a channel: its mean over all positions",
    ),
];

pub const STEMS: [Choice<Stem>; 3] = [
    (
        Stem::Auto,
        "By the pictures",
        "For small pictures where height or width is below 64 pixels, else for large ones",
    ),
    (
        Stem::Cifar,
        "For small pictures",
        "As for CIFAR: the beginning keeps their size",
    ),
    (
        Stem::Imagenet,
        "For large pictures",
        "As for ImageNet: the beginning makes them smaller",
    ),
];

pub const SEQUENCE_POOLINGS: [Choice<SequencePooling>; 2] = [
    (
        SequencePooling::Mean,
        "Mean over positions",
        "One vector: the mean of those at all positions",
    ),
    (
        SequencePooling::ClassToken,
        "Class token",
        "The vector at an added first position, whose input is learnt",
    ),
];

pub const POSITIONS: [Choice<Positions>; 2] = [
    (Positions::Learned, "Learnt", "A learnt vector for each"),
    (
        Positions::Sinusoidal,
        "Sinusoidal",
        "Sines and cosines of growing wavelengths; nothing to be learnt",
    ),
];

pub const FORMS: [Choice<TransformerForm>; 3] = [
    (
        TransformerForm::Auto,
        "By the task",
        "A decoder where an answer is asked at each position, else an encoder",
    ),
    (
        TransformerForm::Encoder,
        "Encoder",
        "Every position sees all",
    ),
    (
        TransformerForm::Decoder,
        "Decoder",
        "Every position sees itself and those before it",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_activation_and_initialisation_is_offered() {
        for activation in Activation::ALL {
            assert!(ACTIVATIONS.iter().any(|(known, ..)| *known == activation));
        }
        for initialisation in Initialisation::ALL {
            let mut known = INITIALISATIONS.iter();
            assert!(known.any(|(known, ..)| *known == initialisation));
        }
    }
}
