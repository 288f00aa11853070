//! What networks learn from.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};
use joulelab::models::Network;
use joulelab::setup::Outputs;

use crate::common::{Case, alone, every_kind, image};

/// The largest gradient of each parameter, with its path.
struct Gradients<'a> {
    of: &'a GradientsParams,
    path: Vec<String>,
    found: Vec<(String, f32)>,
}

impl ModuleVisitor for Gradients<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if !param.is_require_grad() {
            return;
        }
        let path = self.path.join(".");
        let gradient = self.of.get::<D>(param.id);
        let gradient = gradient.unwrap_or_else(|| panic!("{path} has no gradient"));
        let values: Vec<f32> = gradient.into_data().try_to_vec().unwrap();
        let largest =
            values.iter().fold(
                0.0_f32,
                |a, x| if x.is_nan() { f32::NAN } else { a.max(x.abs()) },
            );
        self.found.push((path, largest));
    }
}

fn gradients(network: &Network, case: &Case, device: &Device) -> Vec<(String, f32)> {
    device.seed(4);
    let answers = network.forward(case.samples(8, device));
    // Squares, so that no symmetry of the answers cancels.
    let loss = answers.add_scalar(0.3).square().mean();
    let of = GradientsParams::from_grads(loss.backward(), network);
    let mut gradients = Gradients {
        of: &of,
        path: Vec::new(),
        found: Vec::new(),
    };
    network.visit(&mut gradients);
    gradients.found
}

/// What is added to every key shifts all scores of a position alike, of which softmax sees nothing.
fn is_bias_of_key(path: &str) -> bool {
    path.ends_with("key.bias")
}

#[test]
fn every_parameter_has_a_finite_gradient_that_is_not_zero() {
    let _drawing = alone();
    let device = Device::flex().autodiff();
    for case in every_kind() {
        let network = case.network(2, &device);
        for (path, largest) in gradients(&network, &case, &device) {
            let what = format!("{:?}: {path} {largest:e}", case.model);
            assert!(largest.is_finite(), "{what}");
            assert!(largest > 1e-9 || is_bias_of_key(&path), "{what}");
        }
    }
}

#[test]
fn every_initialisation_and_activation_learns() {
    let _drawing = alone();
    let device = Device::flex().autodiff();
    let shapes = [
        ("cnn", image(1, 8, 8)),
        ("resnet\nwidth=8", image(1, 8, 8)),
        ("lstm\nwidth=8", image(1, 8, 8)),
        ("vit\nwidth=16\ndepth=1", image(1, 8, 8)),
    ];
    for (kind, input) in shapes {
        let kind = kind.replacen('\n', "'\n", 1);
        let kind = if kind.contains('\'') {
            kind
        } else {
            format!("{kind}'")
        };
        for initialisation in joulelab::setup::Initialisation::ALL {
            let fields = format!("kind='{kind}\ninitialisation='{}'", initialisation.name());
            let case = Case::new(&fields, input, Outputs::of_sample(3));
            let network = case.network(2, &device);
            let found = gradients(&network, &case, &device);
            assert!(
                found.iter().all(|(_, largest)| largest.is_finite()),
                "{fields}"
            );
            assert!(found.iter().any(|(_, largest)| *largest > 1e-6), "{fields}");
        }
    }
    for activation in joulelab::setup::Activation::ALL {
        let fields = format!("kind='cnn'\nactivation='{}'", activation.name());
        let case = Case::new(&fields, image(1, 8, 8), Outputs::of_sample(3));
        let network = case.network(2, &device);
        let found = gradients(&network, &case, &device);
        assert!(
            found.iter().all(|(_, largest)| largest.is_finite()),
            "{fields}"
        );
        assert!(found[0].1 > 1e-6, "{fields}");
    }
}
