//! Under which names a parameter may be found in a source.

use crate::models::Named;
use crate::setup::{MobilenetSetup, ModelSetup, ResnetSetup, VggSetup};

/// Names to look for, the surest first: as Burn stores it, without the kinds of things, as PyTorch calls what it holds, and as
/// torchvision calls its place in a model that it has too.
pub fn of(parameter: &Named, torchvision: &Prefixes) -> Vec<String> {
    let mut names = vec![parameter.path.clone(), parameter.name.clone()];
    let in_pytorch = pytorch(parameter);
    names.extend(torchvision.of(&in_pytorch));
    names.push(in_pytorch);
    names
}

/// Gain and shift of a normalisation are `weight` and `bias` there.
fn pytorch(parameter: &Named) -> String {
    let is_norm = ["BatchNorm", "LayerNorm", "GroupNorm"].contains(&parameter.holder.as_str());
    let (before, last) = parameter
        .name
        .rsplit_once('.')
        .unwrap_or(("", &parameter.name));
    match (is_norm, last) {
        (true, "gamma") => format!("{before}.weight"),
        (true, "beta") => format!("{before}.bias"),
        // A layer normalisation of positions is a layer within a layer.
        _ => parameter.name.clone(),
    }
}

/// What the beginnings of names are in torchvision's models.
pub struct Prefixes(Vec<(String, String)>);

impl Prefixes {
    /// For `model`; none for what torchvision does not have.
    pub fn new(model: &ModelSetup) -> Self {
        Self(match model {
            ModelSetup::Resnet(resnet) => self::resnet(resnet),
            ModelSetup::Vgg(vgg) => self::vgg(vgg),
            ModelSetup::MobilenetV2(mobilenet) => self::mobilenet(mobilenet),
            _ => Vec::new(),
        })
    }

    /// `name` as torchvision has it.
    fn of(&self, name: &str) -> Option<String> {
        self.0.iter().find_map(|(ours, theirs)| {
            let rest = name.strip_prefix(ours.as_str())?;
            rest.starts_with('.').then(|| format!("{theirs}{rest}"))
        })
    }
}

fn pair(ours: impl Into<String>, theirs: impl Into<String>) -> (String, String) {
    (ours.into(), theirs.into())
}

fn resnet(resnet: &ResnetSetup) -> Vec<(String, String)> {
    let mut pairs = vec![
        pair("stem.conv", "conv1"),
        pair("stem.norm", "bn1"),
        pair("classes", "fc"),
    ];
    let convolutions = if resnet.has_bottlenecks() { 3 } else { 2 };
    for (index, block) in resnet.blocks().iter().enumerate() {
        let (stage, at) = block.at;
        let theirs = format!("layer{stage}.{}", at - 1);
        for i in 0..convolutions {
            let ours = format!("blocks.{index}.convolutions.{i}");
            pairs.push(pair(
                format!("{ours}.conv"),
                format!("{theirs}.conv{}", i + 1),
            ));
            pairs.push(pair(
                format!("{ours}.norm"),
                format!("{theirs}.bn{}", i + 1),
            ));
        }
        let ours = format!("blocks.{index}.shortcut");
        pairs.push(pair(
            format!("{ours}.conv"),
            format!("{theirs}.downsample.0"),
        ));
        pairs.push(pair(
            format!("{ours}.norm"),
            format!("{theirs}.downsample.1"),
        ));
    }
    pairs
}

/// `features` counts convolutions, normalisations, activations and pooling; `classifier` linear layers, activations and dropout.
fn vgg(vgg: &VggSetup) -> Vec<(String, String)> {
    let has_norm = vgg.normalisation != crate::setup::Normalisation::None;
    let mut pairs = Vec::new();
    let mut at = 0;
    for (block, (_, convolutions)) in vgg.blocks().into_iter().enumerate() {
        for i in 0..convolutions {
            let ours = format!("blocks.{block}");
            pairs.push(pair(
                format!("{ours}.convolutions.{i}"),
                format!("features.{at}"),
            ));
            at += 1;
            if has_norm {
                pairs.push(pair(format!("{ours}.norms.{i}"), format!("features.{at}")));
                at += 1;
            }
            at += 1;
        }
        at += 1;
    }
    for layer in 0..vgg.hidden.len() {
        pairs.push(pair(
            format!("hidden.{layer}"),
            format!("classifier.{}", 3 * layer),
        ));
    }
    pairs.push(pair(
        "classes",
        format!("classifier.{}", 3 * vgg.hidden.len()),
    ));
    pairs
}

fn mobilenet(mobilenet: &MobilenetSetup) -> Vec<(String, String)> {
    let mut pairs = vec![
        pair("stem.conv", "features.0.0"),
        pair("stem.norm", "features.0.1"),
        pair("classes", "classifier.1"),
    ];
    // Whether the image keeps its size changes strides alone.
    let blocks = mobilenet.blocks(true);
    for (index, block) in blocks.iter().enumerate() {
        let (ours, theirs) = (
            format!("blocks.{index}"),
            format!("features.{}.conv", index + 1),
        );
        let mut at = 0;
        let mut normed = |part: &str| {
            pairs.push(pair(
                format!("{ours}.{part}.conv"),
                format!("{theirs}.{at}.0"),
            ));
            pairs.push(pair(
                format!("{ours}.{part}.norm"),
                format!("{theirs}.{at}.1"),
            ));
            at += 1;
        };
        if block.expands() {
            normed("expansion");
        }
        normed("depthwise");
        pairs.push(pair(
            format!("{ours}.projection.conv"),
            format!("{theirs}.{at}"),
        ));
        pairs.push(pair(
            format!("{ours}.projection.norm"),
            format!("{theirs}.{}", at + 1),
        ));
    }
    let last = blocks.len() + 1;
    pairs.push(pair("last.conv", format!("features.{last}.0")));
    pairs.push(pair("last.norm", format!("features.{last}.1")));
    pairs
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use burn::tensor::Device;

    use super::*;
    use crate::models::Network;
    use crate::setup::plan::plan;
    use crate::setup::{Change, InputShape, Outputs, Setup};

    type Shapes = BTreeMap<String, BTreeMap<String, Vec<usize>>>;

    /// Names and shapes of torchvision's own models.
    fn torchvision() -> Shapes {
        let text = include_str!("../../../tests/transfer/fixtures/torchvision.json");
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn every_name_of_torchvisions_models_has_its_place() {
        let image = InputShape::Image {
            channels: 3,
            height: 224,
            width: 224,
        };
        for (name, fields) in [
            (
                "resnet18",
                serde_json::json!({ "kind": "resnet", "depth": 18 }),
            ),
            (
                "resnet50",
                serde_json::json!({ "kind": "resnet", "depth": 50 }),
            ),
            (
                "mobilenet_v2",
                serde_json::json!({ "kind": "mobilenet-v2" }),
            ),
            (
                "vgg11",
                serde_json::json!({ "kind": "vgg", "normalisation": "none", "head": "flatten", "hidden": [4096, 4096] }),
            ),
            (
                "vgg11_bn",
                serde_json::json!({ "kind": "vgg", "head": "flatten", "hidden": [4096, 4096] }),
            ),
        ] {
            let change = Change::whole(serde_json::json!({ "model": fields })).unwrap();
            let model = change.apply(&Setup::default()).unwrap().model;
            let outputs = Outputs::of_sample(1000);
            let plan = plan(&model, image, outputs).unwrap();
            let network = Network::new(&model, image, outputs, &plan, 1, &Device::flex());
            let prefixes = Prefixes::new(&model);
            let mut theirs = torchvision().remove(name).unwrap();
            for parameter in network.parameters() {
                let names = of(&parameter, &prefixes);
                let found = names.iter().find_map(|name| theirs.remove(name));
                let mut shape = found.unwrap_or_else(|| panic!("{name}: {names:?}"));
                if parameter.holder == "Linear" && shape.len() == 2 {
                    shape.reverse();
                }
                assert_eq!(shape, parameter.shape, "{name}: {names:?}");
            }
            assert!(theirs.is_empty(), "{name}: {theirs:?}");
        }
    }
}
