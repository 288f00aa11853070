//! The model and what it costs.

use egui::{ComboBox, Ui};

use super::form::Form;
use super::{SetupPanel, layers, model_fields};
use crate::gui::widgets;
use crate::setup::plan::Plan;
use crate::setup::{ModelSetup, SampleKind, Setup};
use crate::units::{count, quantity};

/// A kind of model: its name in a setup, its name for people, what it is.
type Kind = (&'static str, &'static str, &'static str);

/// The kinds of model by what they are made for.
const FAMILIES: [(&str, &[Kind]); 3] = [
    (
        "For anything",
        &[(
            "mlp",
            "Multilayer perceptron",
            "Layers in which every unit sees all of the layer before; for tables and small pictures",
        )],
    ),
    (
        "For pictures",
        &[
            (
                "cnn",
                "Convolutional network",
                "Small filters that are moved over the picture, in blocks of your own",
            ),
            (
                "lenet5",
                "LeNet-5",
                "Two convolutions and three linear layers, 1998; for small grey pictures",
            ),
            (
                "vgg",
                "VGG",
                "Deep stacks of 3×3 convolutions, 2014; much computing for its size",
            ),
            (
                "resnet",
                "ResNet",
                "Residual blocks whose input is added to what they give, 2015; what others are compared with",
            ),
            (
                "mobilenet-v2",
                "MobileNetV2",
                "Convolutions on each channel by itself between thin layers, 2018; little computing for its accuracy",
            ),
            (
                "vit",
                "Vision transformer",
                "Patches of the picture that look at each other, 2020; wants much data or much augmentation",
            ),
        ],
    ),
    (
        "For sequences",
        &[
            (
                "lstm",
                "LSTM",
                "Reads one position after the other, pictures row by row, with gates for what to keep, 1997",
            ),
            (
                "gru",
                "GRU",
                "As an LSTM, with fewer gates and parameters, 2014",
            ),
            (
                "transformer",
                "Transformer",
                "All positions look at each other, 2017; an encoder or a decoder",
            ),
        ],
    ),
];

/// Name of a kind of model for people.
pub fn title(kind: &str) -> &str {
    let kinds = FAMILIES.iter().flat_map(|(_, kinds)| kinds.iter());
    let mut found = kinds.filter(|(known, ..)| *known == kind);
    found.next().map_or(kind, |(_, title, _)| title)
}

/// Whether models of a kind can learn from such samples.
///
/// # Errors
/// Why not, for people.
pub fn suits(kind: &str, samples: SampleKind) -> Result<(), &'static str> {
    if samples.suits(kind) {
        return Ok(());
    }
    Err(match samples {
        SampleKind::Images => "This model cannot read pictures.",
        SampleKind::Sequences if kind == "mlp" => {
            "This model has one answer, and this set asks for one at every symbol."
        }
        SampleKind::Tokens | SampleKind::Sequences => {
            "This model needs pictures, and this set is made of symbols."
        }
        SampleKind::Features | SampleKind::Environment
            if matches!(kind, "lstm" | "gru" | "transformer") =>
        {
            "This model needs a sequence, and the numbers of this set have no order."
        }
        SampleKind::Features | SampleKind::Environment => {
            "This model needs pictures, and this set is made of rows of numbers."
        }
    })
}

impl SetupPanel {
    /// Kind of model, its fields, its layers.
    pub(super) fn model(&mut self, ui: &mut Ui, setup: &mut Setup) {
        self.choose_model(ui, setup);
        let is_known = self.checked.plan.is_some() || !self.checked.problems.is_empty();
        summary(ui, self.checked.plan.as_ref(), is_known);
        let mut form = Form {
            typed: &mut self.typed,
            problems: &self.checked.problems,
        };
        form.problems_at(ui, "model.kind");
        form.problems_at(ui, "model");
        let samples = setup.dataset.sample_kind();
        model_fields::show(&mut form, ui, &mut setup.model, samples);
        form.folded(ui, "Layers", "layers", &[], |_, ui| {
            match &self.checked.plan {
                Some(plan) => layers::table(ui, plan),
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
        let mut kind = setup.model.kind();
        let samples = setup.dataset.sample_kind();
        super::strong_row(ui, "Model", "What learns", |ui, label| {
            let combo = ComboBox::from_id_salt("model.kind")
                .width(ui.available_width())
                .height(480.0)
                .truncate();
            let response = combo.selected_text(title(kind)).show_ui(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                for (at, (family, kinds)) in FAMILIES.into_iter().enumerate() {
                    if at > 0 {
                        ui.add_space(8.0);
                    }
                    widgets::caption(ui, family);
                    for (known, title, hint) in kinds {
                        let why_not = suits(known, samples).err();
                        let item = egui::Button::selectable(kind == *known, *title);
                        let response = ui
                            .add_enabled(why_not.is_none(), item)
                            .on_hover_text(*hint)
                            .on_disabled_hover_text(why_not.unwrap_or_default());
                        if response.clicked() {
                            kind = known;
                        }
                    }
                }
            });
            response.response.labelled_by(label);
        });
        self.use_model(kind, setup);
    }

    /// Puts a model of this kind into the setup, with the fields that it had when it was last turned away from.
    pub(super) fn use_model(&mut self, kind: &str, setup: &mut Setup) {
        let before = setup.model.kind();
        if kind == before {
            return;
        }
        let known = self.kept.models.get(kind).cloned();
        if let Some(model) = known.or_else(|| ModelSetup::from_kind(kind)) {
            let left = std::mem::replace(&mut setup.model, model);
            self.kept.models.insert(before, left);
        }
    }
}

fn summary(ui: &mut Ui, plan: Option<&Plan>, is_known: bool) {
    let text = plan.map_or_else(
        || match is_known {
            true => " ".to_owned(),
            false => "Its size is known once the data are.".to_owned(),
        },
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
             {} of them forwards, in {} multiplications with an addition.",
            count(plan.parameters()),
            count(plan.training_flop()),
            count(plan.forward_flop()),
            count(plan.macs()),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_exact_until_they_are_long() {
        assert_eq!(short_count(18_949), "18,949");
        assert_eq!(short_count(9), "9");
        assert_eq!(short_count(23_456_789), "23.5 M");
    }

    #[test]
    fn every_kind_is_offered_once_with_a_name() {
        for kind in ModelSetup::KINDS {
            let offered = FAMILIES.iter().flat_map(|(_, kinds)| kinds.iter());
            let times = offered.filter(|(known, ..)| *known == kind).count();
            assert_eq!(times, 1, "{kind}");
            assert_ne!(title(kind), kind);
        }
    }

    /// What is offered can be planned, and what is not cannot.
    #[test]
    fn models_suit_the_samples_that_they_are_offered_for() {
        use crate::setup::{InputShape, Outputs, plan::plan};
        let picture = InputShape::Image {
            channels: 3,
            height: 32,
            width: 32,
        };
        let tokens = InputShape::Tokens {
            length: 16,
            vocabulary: 10,
        };
        for (samples, input) in [
            (SampleKind::Images, picture),
            (SampleKind::Features, InputShape::Features(30)),
            (SampleKind::Environment, InputShape::Features(4)),
            (SampleKind::Tokens, tokens),
            (SampleKind::Sequences, tokens),
        ] {
            let outputs = Outputs {
                numbers: 5,
                per_position: samples == SampleKind::Sequences,
            };
            for kind in ModelSetup::KINDS {
                let model = ModelSetup::from_kind(kind).expect("it is known");
                let can = plan(&model, input, outputs).is_ok();
                assert_eq!(suits(kind, samples).is_ok(), can, "{kind}, {samples:?}");
            }
            let usual = samples.default_model();
            assert!(suits(usual.kind(), samples).is_ok(), "{samples:?}");
        }
    }
}
