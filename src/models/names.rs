//! What the parameters of a network are called, and which group of layers each belongs to.

use burn::module::{Flag, Module, ModuleVisitor, Param, ParamId};
use burn::tensor::Tensor;

use super::Network;
use crate::setup::plan::HEAD;

/// A parameter of a network, or a running statistic.
#[derive(Clone, Debug)]
pub struct Named {
    /// By which Burn tells it from others.
    pub id: ParamId,
    /// Its whole path, as Burn stores it: `Cnn.blocks.0.norms.0.Batch.gamma`.
    pub path: String,
    /// The same without the kinds of things: `blocks.0.norms.0.gamma`.
    pub name: String,
    /// The struct that holds it, such as `Linear`.
    pub holder: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its group of layers, one of [`crate::setup::plan::Plan::groups`].
    pub group: String,
}

/// A switch of a layer between training and evaluation.
#[derive(Clone, Debug)]
pub struct NamedFlag {
    /// By which Burn tells it from others.
    pub id: ParamId,
    /// The group of layers that it belongs to; of none where layers of several groups share it.
    pub group: Option<String>,
}

impl Network {
    /// Every parameter and running statistic, in the order of the network.
    pub fn parameters(&self) -> Vec<Named> {
        let mut names = Names::default();
        self.visit(&mut names);
        names.parameters
    }

    /// Every switch between training and evaluation.
    pub fn flags(&self) -> Vec<NamedFlag> {
        let mut names = Names::default();
        self.visit(&mut names);
        names.flags
    }
}

#[derive(Default)]
struct Names {
    /// Name and whether it is the variant of an enum.
    path: Vec<(String, bool)>,
    holders: Vec<String>,
    parameters: Vec<Named>,
    flags: Vec<NamedFlag>,
}

impl Names {
    fn join(&self, with_variants: bool) -> String {
        let parts = self.path.iter();
        let parts = parts.filter(|(_, is_variant)| with_variants || !is_variant);
        let parts: Vec<&str> = parts.map(|(name, _)| name.as_str()).collect();
        parts.join(".")
    }
}

impl ModuleVisitor for Names {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path
            .push((name.to_owned(), container.starts_with("Enum:")));
        self.holders.push(container.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
        self.holders.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let name = self.join(false);
        let holder = self.holders.last().map_or("", String::as_str);
        self.parameters.push(Named {
            id: param.id,
            path: self.join(true),
            holder: holder.trim_start_matches("Struct:").to_owned(),
            shape: param.lazy_shape().to_vec(),
            group: group(&name).unwrap_or_else(|| HEAD.to_owned()),
            name,
        });
    }

    fn visit_flag(&mut self, flag: &Param<Flag>) {
        self.flags.push(NamedFlag {
            id: flag.id,
            group: group(&self.join(false)),
        });
    }
}

/// The group of the layer at `name`, as the plan of its model names it; none for what several layers share.
fn group(name: &str) -> Option<String> {
    let name = name.strip_prefix("stack.").unwrap_or(name);
    let mut parts = name.split('.');
    let first = parts.next()?;
    let numbered = |group: &str, number: Option<&str>| Some(format!("{group}.{}", number?));
    match first {
        "classes" => {
            let second = parts.next();
            // Of several heads the layers are one deeper, behind the name of the head.
            let head = second.filter(|_| parts.next().is_some());
            Some(head.map_or(HEAD.to_owned(), |name| format!("{HEAD}.{name}")))
        }
        "embedding" | "reader" | "places" | "patches" => Some("input".to_owned()),
        // A normalisation of a multilayer perceptron stands beside its layers.
        "hidden" | "norms" => numbered("hidden", parts.next()),
        "blocks" | "layers" => numbered(first, parts.next()),
        "stem" | "last" | "norm" => Some(first.to_owned()),
        _ => None,
    }
}
