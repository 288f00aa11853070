//! The fields of each kind of model: what one turns to first, then the rest folded away.

use egui::Ui;

use super::form::{Form, Look};
use super::model_axes::{
    ACTIVATIONS, FORMS, HEADS, INITIALISATIONS, NORMALISATIONS, POOLINGS, POSITIONS,
    SEQUENCE_POOLINGS, STEMS,
};
use super::number::Steps;
use crate::setup::{
    Activation, CnnSetup, Initialisation, Lenet5Setup, MlpSetup, MobilenetSetup, ModelSetup,
    Normalisation, RecurrentSetup, ResnetSetup, SampleKind, SequencePooling, Stem,
    TransformerSetup, VggSetup, VitSetup,
};

/// The fields of `model`, which learns from such samples.
pub fn show(form: &mut Form<'_>, ui: &mut Ui, model: &mut ModelSetup, samples: SampleKind) {
    match model {
        ModelSetup::Mlp(mlp) => self::mlp(form, ui, mlp, samples),
        ModelSetup::Cnn(cnn) => self::cnn(form, ui, cnn),
        ModelSetup::Lenet5(lenet) => lenet5(form, ui, lenet),
        ModelSetup::Vgg(vgg) => self::vgg(form, ui, vgg),
        ModelSetup::Resnet(resnet) => self::resnet(form, ui, resnet),
        ModelSetup::MobilenetV2(mobilenet) => self::mobilenet(form, ui, mobilenet),
        ModelSetup::Vit(vit) => self::vit(form, ui, vit),
        ModelSetup::Lstm(recurrent) | ModelSetup::Gru(recurrent) => {
            self::recurrent(form, ui, recurrent, samples);
        }
        ModelSetup::Transformer(transformer) => self::transformer(form, ui, transformer),
    }
}

fn mlp(form: &mut Form<'_>, ui: &mut Ui, mlp: &mut MlpSetup, samples: SampleKind) {
    let hint = "Units in each hidden layer, first to last; none makes a linear classifier";
    hidden(form, ui, hint, &mut mlp.hidden);
    if matches!(samples, SampleKind::Tokens | SampleKind::Sequences) {
        embedding(form, ui, &mut mlp.embedding);
    }
    more(form, ui, &["model.dropout"], |form, ui| {
        activation(form, ui, &mut mlp.activation);
        normalisation(form, ui, &mut mlp.normalisation);
        dropout(form, ui, &mut mlp.dropout);
        initialisation(form, ui, &mut mlp.initialisation);
    });
}

fn cnn(form: &mut Form<'_>, ui: &mut Ui, cnn: &mut CnnSetup) {
    let hint = "Channels of each block of convolutions, first to last";
    let look = Look::new("Channels", "model.channels", hint).steps(Steps::PowersOfTwo);
    form.list(ui, look, "Channels of block", &mut cnn.channels);
    let hint = "Height and width of the filters, odd";
    let look = Look::new("Kernel", "model.kernel", hint).steps(Steps::By(2));
    form.number(ui, look, &mut cnn.kernel);
    let paths = [
        "model.dropout",
        "model.hidden",
        "model.convolutions",
        "model.pooling",
    ];
    more(form, ui, &paths, |form, ui| {
        let hint = "Convolutions in each block, 1 to 8";
        let look = Look::new("Convolutions", "model.convolutions", hint).steps(Steps::By(1));
        form.number(ui, look, &mut cnn.convolutions);
        activation(form, ui, &mut cnn.activation);
        normalisation(form, ui, &mut cnn.normalisation);
        let look = Look::new("Pooling", "model.pooling", "Makes the picture smaller");
        form.choice(ui, look, &mut cnn.pooling, &POOLINGS);
        let look = Look::new("Head", "model.head", HEAD);
        form.choice(ui, look, &mut cnn.head, &HEADS);
        hidden(form, ui, HIDDEN_AFTER_HEAD, &mut cnn.hidden);
        dropout(form, ui, &mut cnn.dropout);
        initialisation(form, ui, &mut cnn.initialisation);
    });
}

fn lenet5(form: &mut Form<'_>, ui: &mut Ui, lenet: &mut Lenet5Setup) {
    activation(form, ui, &mut lenet.activation);
    more(form, ui, &["model.dropout", "model.pooling"], |form, ui| {
        let look = Look::new("Pooling", "model.pooling", "Makes the picture smaller");
        // LeNet-5 always pools.
        form.choice(ui, look, &mut lenet.pooling, &POOLINGS[..2]);
        normalisation(form, ui, &mut lenet.normalisation);
        dropout(form, ui, &mut lenet.dropout);
        initialisation(form, ui, &mut lenet.initialisation);
    });
}

fn vgg(form: &mut Form<'_>, ui: &mut Ui, vgg: &mut VggSetup) {
    let hint = "Layers with weights, the paper's two hidden linear layers among them: its configurations A, B, D and E";
    family_depth(form, ui, hint, &mut vgg.depth, &VggSetup::DEPTHS);
    let hint = "Channels of the first block; the next have 2, 4, 8 and 8 times as many";
    width(form, ui, hint, &mut vgg.width);
    more(form, ui, &["model.dropout", "model.hidden"], |form, ui| {
        activation(form, ui, &mut vgg.activation);
        normalisation(form, ui, &mut vgg.normalisation);
        let look = Look::new("Head", "model.head", HEAD);
        form.choice(ui, look, &mut vgg.head, &HEADS);
        hidden(form, ui, HIDDEN_AFTER_HEAD, &mut vgg.hidden);
        dropout(form, ui, &mut vgg.dropout);
        initialisation(form, ui, &mut vgg.initialisation);
    });
}

fn resnet(form: &mut Form<'_>, ui: &mut Ui, resnet: &mut ResnetSetup) {
    let hint = "Layers with weights: 18 and 34 are made of basic blocks, 50 of bottlenecks";
    family_depth(form, ui, hint, &mut resnet.depth, &ResnetSetup::DEPTHS);
    let hint = "Channels of the first stage; the next have 2, 4 and 8 times as many";
    width(form, ui, hint, &mut resnet.width);
    more(form, ui, &["model.dropout"], |form, ui| {
        stem(form, ui, &mut resnet.stem);
        activation(form, ui, &mut resnet.activation);
        normalisation(form, ui, &mut resnet.normalisation);
        dropout(form, ui, &mut resnet.dropout);
        initialisation(form, ui, &mut resnet.initialisation);
    });
}

fn mobilenet(form: &mut Form<'_>, ui: &mut Ui, mobilenet: &mut MobilenetSetup) {
    let hint = "Factor of all channels, above 0 to 4; they are rounded to multiples of 8";
    let look = Look::new("Width factor", "model.width_multiplier", hint);
    form.number(ui, look, &mut mobilenet.width_multiplier);
    more(form, ui, &["model.dropout"], |form, ui| {
        stem(form, ui, &mut mobilenet.stem);
        activation(form, ui, &mut mobilenet.activation);
        normalisation(form, ui, &mut mobilenet.normalisation);
        dropout(form, ui, &mut mobilenet.dropout);
        initialisation(form, ui, &mut mobilenet.initialisation);
    });
}

fn vit(form: &mut Form<'_>, ui: &mut Ui, vit: &mut VitSetup) {
    let hint = "Height and width of a patch; divides height and width of the picture";
    let look = Look::new("Patch", "model.patch", hint).steps(Steps::PowersOfTwo);
    form.number(ui, look.unit("px"), &mut vit.patch);
    depth(form, ui, BLOCKS, &mut vit.depth);
    width(form, ui, AT_EACH_POSITION, &mut vit.width);
    heads(form, ui, &mut vit.heads);
    more(form, ui, &OF_ATTENTION, |form, ui| {
        ratio(form, ui, &mut vit.mlp_ratio);
        activation(form, ui, &mut vit.activation);
        pooling(form, ui, &mut vit.pooling);
        dropout(form, ui, &mut vit.dropout);
        initialisation(form, ui, &mut vit.initialisation);
    });
}

fn recurrent(
    form: &mut Form<'_>,
    ui: &mut Ui,
    recurrent: &mut RecurrentSetup,
    samples: SampleKind,
) {
    let hint = "Layers, each of which reads the states of the one below, 1 to 64";
    depth(form, ui, hint, &mut recurrent.depth);
    width(form, ui, "Numbers of a layer's state", &mut recurrent.width);
    if matches!(samples, SampleKind::Tokens | SampleKind::Sequences) {
        embedding(form, ui, &mut recurrent.embedding);
    }
    more(form, ui, &["model.dropout"], |form, ui| {
        dropout(form, ui, &mut recurrent.dropout);
        initialisation(form, ui, &mut recurrent.initialisation);
    });
}

fn transformer(form: &mut Form<'_>, ui: &mut Ui, transformer: &mut TransformerSetup) {
    depth(form, ui, BLOCKS, &mut transformer.depth);
    width(form, ui, AT_EACH_POSITION, &mut transformer.width);
    heads(form, ui, &mut transformer.heads);
    let paths = ["model.dropout", "model.mlp_ratio", "model.form"];
    more(form, ui, &paths, |form, ui| {
        let look = Look::new("Form", "model.form", "What positions see of each other");
        form.choice(ui, look, &mut transformer.form, &FORMS);
        ratio(form, ui, &mut transformer.mlp_ratio);
        activation(form, ui, &mut transformer.activation);
        let hint = "How a position is told from the others";
        let look = Look::new("Positions", "model.positions", hint);
        form.choice(ui, look, &mut transformer.positions, &POSITIONS);
        pooling(form, ui, &mut transformer.pooling);
        dropout(form, ui, &mut transformer.dropout);
        initialisation(form, ui, &mut transformer.initialisation);
    });
}

const BLOCKS: &str = "Blocks of attention and two linear layers, 1 to 64";
const AT_EACH_POSITION: &str = "Numbers at each position; a multiple of the heads";
const OF_ATTENTION: [&str; 2] = ["model.dropout", "model.mlp_ratio"];
const HEAD: &str = "How the last feature map becomes a row of numbers";
const HIDDEN_AFTER_HEAD: &str =
    "Units of hidden linear layers between head and answer; none as a rule";

fn more(
    form: &mut Form<'_>,
    ui: &mut Ui,
    paths: &[&str],
    add: impl FnOnce(&mut Form<'_>, &mut Ui),
) {
    form.folded(ui, "More of the model", "more of the model", paths, add);
}

fn family_depth(
    form: &mut Form<'_>,
    ui: &mut Ui,
    hint: &str,
    depth: &mut usize,
    known: &'static [usize],
) {
    let names: Vec<String> = known.iter().map(usize::to_string).collect();
    let options: Vec<(usize, &str, &str)> = known
        .iter()
        .zip(&names)
        .map(|(depth, name)| (*depth, name.as_str(), ""))
        .collect();
    form.choice(ui, Look::new("Depth", "model.depth", hint), depth, &options);
}

fn depth(form: &mut Form<'_>, ui: &mut Ui, hint: &str, depth: &mut usize) {
    let look = Look::new("Depth", "model.depth", hint).steps(Steps::By(1));
    form.number(ui, look, depth);
}

fn width(form: &mut Form<'_>, ui: &mut Ui, hint: &str, width: &mut usize) {
    let look = Look::new("Width", "model.width", hint).steps(Steps::PowersOfTwo);
    form.number(ui, look, width);
}

fn heads(form: &mut Form<'_>, ui: &mut Ui, heads: &mut usize) {
    let hint = "Heads of each attention; each has an equal share of the width";
    let look = Look::new("Heads", "model.heads", hint).steps(Steps::PowersOfTwo);
    form.number(ui, look, heads);
}

fn ratio(form: &mut Form<'_>, ui: &mut Ui, ratio: &mut usize) {
    let hint = "Units between a block's two linear layers, as a multiple of the width, 1 to 64";
    let look = Look::new("MLP ratio", "model.mlp_ratio", hint).steps(Steps::By(1));
    form.number(ui, look, ratio);
}

fn pooling(form: &mut Form<'_>, ui: &mut Ui, pooling: &mut SequencePooling) {
    let hint = "How the vectors of all positions become one";
    let look = Look::new("Pooling", "model.pooling", hint);
    form.choice(ui, look, pooling, &SEQUENCE_POOLINGS);
}

fn embedding(form: &mut Form<'_>, ui: &mut Ui, embedding: &mut usize) {
    let hint = "Numbers that each symbol becomes";
    let look = Look::new("Embedding", "model.embedding", hint).steps(Steps::PowersOfTwo);
    form.number(ui, look, embedding);
}

fn hidden(form: &mut Form<'_>, ui: &mut Ui, hint: &str, hidden: &mut Vec<usize>) {
    let look = Look::new("Hidden widths", "model.hidden", hint).steps(Steps::PowersOfTwo);
    form.list(ui, look, "Hidden width", hidden);
}

fn stem(form: &mut Form<'_>, ui: &mut Ui, stem: &mut Stem) {
    let look = Look::new("Beginning", "model.stem", "What comes before the blocks");
    form.choice(ui, look, stem, &STEMS);
}

fn activation(form: &mut Form<'_>, ui: &mut Ui, activation: &mut Activation) {
    let hint = "The non-linearity between layers";
    let look = Look::new("Activation", "model.activation", hint);
    form.choice(ui, look, activation, &ACTIVATIONS);
}

fn normalisation(form: &mut Form<'_>, ui: &mut Ui, normalisation: &mut Normalisation) {
    let hint = "Keeps what layers pass on at one scale";
    let look = Look::new("Normalisation", "model.normalisation", hint);
    form.choice(ui, look, normalisation, &NORMALISATIONS);
}

fn dropout(form: &mut Form<'_>, ui: &mut Ui, dropout: &mut f64) {
    let hint = "Probability of leaving a unit out while training, 0 to below 1";
    form.number(ui, Look::new("Dropout", "model.dropout", hint), dropout);
}

fn initialisation(form: &mut Form<'_>, ui: &mut Ui, initialisation: &mut Initialisation) {
    let hint = "What the weights are before the first step";
    let look = Look::new("First weights", "model.initialisation", hint);
    form.choice(ui, look, initialisation, &INITIALISATIONS);
}
