//! The model and its layers.

use egui::{ComboBox, RichText, Ui};

use super::SetupPanel;
use super::form::{Form, Look};
use super::number::Steps;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::setup::plan::Plan;
use crate::setup::{
    Activation, CnnHead, CnnSetup, MlpSetup, ModelSetup, Normalisation, Pooling, SampleKind, Setup,
};
use crate::units::{count, quantity};

const KINDS: [(&str, &str, &str); 2] = [
    (
        "mlp",
        "Multilayer perceptron",
        "Layers in which every unit sees all of the layer before; for tables and small pictures",
    ),
    (
        "cnn",
        "Convolutional network",
        "Small filters that are moved over the picture; for pictures",
    ),
];

const ACTIVATIONS: [(Activation, &str, &str); 6] = [
    (Activation::Relu, "ReLU", "max(0, x)"),
    (
        Activation::LeakyRelu,
        "Leaky ReLU",
        "x above 0, 0.01·x below",
    ),
    (
        Activation::Gelu,
        "GELU",
        "x·Φ(x), with the Gaussian distribution function",
    ),
    (Activation::Silu, "SiLU", "x·sigmoid(x), also called swish"),
    (Activation::Tanh, "tanh", "Hyperbolic tangent"),
    (Activation::Sigmoid, "Sigmoid", "1 / (1 + e^−x)"),
];

const NORMALISATIONS: [(Normalisation, &str, &str); 3] = [
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
];

const POOLINGS: [(Pooling, &str, &str); 3] = [
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

const HEADS: [(CnnHead, &str, &str); 2] = [
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

impl SetupPanel {
    /// Kind of model, its fields, its layers.
    pub(super) fn model(&mut self, ui: &mut Ui, setup: &mut Setup) {
        self.choose_model(ui, setup);
        summary(ui, self.checked.plan.as_ref());
        let mut form = Form {
            typed: &mut self.typed,
            problems: &self.checked.problems,
        };
        form.problems_at(ui, "model.kind");
        form.problems_at(ui, "model");
        match &mut setup.model {
            ModelSetup::Mlp(mlp) => self::mlp(&mut form, ui, mlp),
            ModelSetup::Cnn(cnn) => self::cnn(&mut form, ui, cnn),
            _ => {}
        }
        form.folded(ui, "Layers", "layers", &[], |_, ui| {
            match &self.checked.plan {
                Some(plan) => layers(ui, plan),
                None => {
                    widgets::caption(
                        ui,
                        "The layers are known once dataset and model are possible.",
                    );
                }
            }
        });
    }

    fn choose_model(&mut self, ui: &mut Ui, setup: &mut Setup) {
        let before = setup.model.kind();
        let mut kind = before;
        super::strong_row(ui, "Model", "What learns", |ui, label| {
            let chosen = KINDS
                .iter()
                .find(|(known, ..)| *known == kind)
                .map_or("", |(_, title, _)| title);
            let combo = ComboBox::from_id_salt("model.kind")
                .width(ui.available_width())
                .truncate();
            let response = combo.selected_text(chosen).show_ui(ui, |ui| {
                for (known, title, hint) in KINDS {
                    let is_possible =
                        known != "cnn" || setup.dataset.sample_kind() == SampleKind::Images;
                    let item = egui::Button::selectable(kind == known, title);
                    let response = ui.add_enabled(is_possible, item);
                    let response = response.on_hover_text(hint);
                    let response = response.on_disabled_hover_text(
                        "A convolutional network needs pictures; this set has none",
                    );
                    if response.clicked() {
                        kind = known;
                    }
                }
            });
            response.response.labelled_by(label);
        });
        if kind == before {
            return;
        }
        let fresh = match kind {
            "mlp" => ModelSetup::Mlp(MlpSetup::default()),
            _ => ModelSetup::Cnn(CnnSetup::default()),
        };
        let model = self.kept.models.get(kind).cloned().unwrap_or(fresh);
        let left = std::mem::replace(&mut setup.model, model);
        self.kept.models.insert(before, left);
    }
}

fn summary(ui: &mut Ui, plan: Option<&Plan>) {
    let text = plan.map_or_else(
        || " ".to_owned(),
        |plan| {
            format!(
                "{} parameters · {} a sample",
                short_count(plan.parameters()),
                quantity(plan.training_flop() as f64, "FLOP")
            )
        },
    );
    let response = widgets::caption(ui, text);
    if let Some(plan) = plan {
        response.on_hover_text(format!(
            "{} parameters: the numbers that are learnt.\n{} floating-point operations for one sample, forwards and backwards; \
             {} of them forwards.",
            count(plan.parameters()),
            count(plan.training_flop()),
            count(plan.forward_flop()),
        ));
    }
}

/// As many digits as one takes in at a glance: `18,900` for 18,949.
fn short_count(number: u64) -> String {
    if number < 10_000_000 {
        return count(number);
    }
    quantity(number as f64, "")
}

fn mlp(form: &mut Form<'_>, ui: &mut Ui, mlp: &mut MlpSetup) {
    let hint = "Units in each hidden layer, first to last; none makes a linear classifier";
    let look = Look::new("Hidden widths", "model.hidden", hint).steps(Steps::PowersOfTwo);
    form.list(ui, look, "Hidden width", &mut mlp.hidden);
    let paths = ["model.dropout"];
    form.folded(
        ui,
        "More of the model",
        "more of mlp",
        &paths,
        |form, ui| {
            activation(form, ui, &mut mlp.activation);
            normalisation(form, ui, &mut mlp.normalisation);
            dropout(form, ui, &mut mlp.dropout);
        },
    );
}

fn cnn(form: &mut Form<'_>, ui: &mut Ui, cnn: &mut CnnSetup) {
    let hint = "Channels of each block of convolutions, first to last";
    let look = Look::new("Channels", "model.channels", hint).steps(Steps::PowersOfTwo);
    form.list(ui, look, "Channels of block", &mut cnn.channels);
    let hint = "Height and width of the filters, odd";
    form.number(
        ui,
        Look::new("Kernel", "model.kernel", hint).steps(Steps::By(2)),
        &mut cnn.kernel,
    );
    let paths = [
        "model.dropout",
        "model.hidden",
        "model.convolutions",
        "model.pooling",
    ];
    form.folded(
        ui,
        "More of the model",
        "more of cnn",
        &paths,
        |form, ui| {
            let hint = "Convolutions in each block, 1 to 8";
            let look = Look::new("Convolutions", "model.convolutions", hint).steps(Steps::By(1));
            form.number(ui, look, &mut cnn.convolutions);
            activation(form, ui, &mut cnn.activation);
            normalisation(form, ui, &mut cnn.normalisation);
            form.choice(
                ui,
                Look::new("Pooling", "model.pooling", "Makes the picture smaller"),
                &mut cnn.pooling,
                &POOLINGS,
            );
            let hint = "How the last feature map becomes a row of numbers";
            form.choice(
                ui,
                Look::new("Head", "model.head", hint),
                &mut cnn.head,
                &HEADS,
            );
            let hint = "Units of hidden linear layers between head and classes; none as a rule";
            let look = Look::new("Hidden widths", "model.hidden", hint).steps(Steps::PowersOfTwo);
            form.list(ui, look, "Hidden width", &mut cnn.hidden);
            dropout(form, ui, &mut cnn.dropout);
        },
    );
}

fn activation(form: &mut Form<'_>, ui: &mut Ui, activation: &mut Activation) {
    let look = Look::new(
        "Activation",
        "model.activation",
        "The non-linearity between layers",
    );
    form.choice(ui, look, activation, &ACTIVATIONS);
}

fn normalisation(form: &mut Form<'_>, ui: &mut Ui, normalisation: &mut Normalisation) {
    let look = Look::new(
        "Normalisation",
        "model.normalisation",
        "Keeps what layers pass on at one scale",
    );
    form.choice(ui, look, normalisation, &NORMALISATIONS);
}

fn dropout(form: &mut Form<'_>, ui: &mut Ui, dropout: &mut f64) {
    let hint = "Probability of leaving a unit out while training, 0 to below 1";
    form.number(ui, Look::new("Dropout", "model.dropout", hint), dropout);
}

fn layers(ui: &mut Ui, plan: &Plan) {
    let tokens = Tokens::in_ui(ui);
    let mono = |text: String| RichText::new(text).monospace().size(theme::CAPTION);
    // Figures of one width stand below each other where blanks fill them up.
    let right = |text: &str| mono(format!("{text:>10}"));
    let flop = |number: u64| quantity(number as f64, "").trim_end().to_owned();
    let grid = egui::Grid::new("table of layers")
        .striped(true)
        .num_columns(4)
        .min_row_height(20.0)
        .spacing([2.0 * theme::GRID, 0.0]);
    grid.show(ui, |ui| {
        ui.label(RichText::new("layer").small().color(tokens.dim));
        ui.label(RichText::new("output").small().color(tokens.dim));
        ui.label(right("parameters").color(tokens.dim));
        ui.label(right("FLOP").color(tokens.dim))
            .on_hover_text("Floating-point operations for one sample in training");
        ui.end_row();
        for layer in &plan.layers {
            ui.label(RichText::new(&layer.name).small());
            ui.label(mono(layer.output.to_string().replace(" features", "")));
            ui.label(right(&count(layer.parameters)));
            ui.label(right(&flop(layer.training_flop)));
            ui.end_row();
        }
        ui.label(RichText::new("all").small().color(tokens.dim));
        ui.label("");
        ui.label(right(&count(plan.parameters())));
        ui.label(right(&flop(plan.training_flop())));
        ui.end_row();
    });
}

#[cfg(test)]
mod tests {
    use super::short_count;

    #[test]
    fn counts_are_exact_until_they_are_long() {
        assert_eq!(short_count(18_949), "18,949");
        assert_eq!(short_count(9), "9");
        assert_eq!(short_count(23_456_789), "23.5 M");
    }
}
