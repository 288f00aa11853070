//! What training costs where only some groups of layers learn.

use super::{BYTES_A_NUMBER, Plan, is_head};

/// A plan of which some groups of layers learn, and what a training step costs then.
///
/// The gradient flows from the answer back to the first layer that learns and no further. Layers before that one cost their
/// forward pass alone. A layer behind it that is frozen has no gradient of its weights, but one of its input. Several heads stand side by
/// side: where only heads learn, each that is frozen costs its forward pass alone.
#[derive(Clone, Debug)]
pub struct Trained<'a> {
    plan: &'a Plan,
    /// Whether each layer has weights that learn.
    learns: Vec<bool>,
    /// The first of them; the number of layers where none learns.
    first: usize,
}

impl Plan {
    /// This plan where those groups learn that `learns` says.
    pub fn trained(&self, learns: impl Fn(&str) -> bool) -> Trained<'_> {
        let layers = self.layers.iter();
        let learns: Vec<bool> = layers
            .map(|layer| layer.parameters > 0 && learns(&layer.group))
            .collect();
        let first = learns.iter().position(|&learns| learns);
        Trained {
            plan: self,
            first: first.unwrap_or(learns.len()),
            learns,
        }
    }
}

impl Trained<'_> {
    /// Numbers that learn.
    pub fn parameters(&self) -> u64 {
        let layers = self.plan.layers.iter().zip(&self.learns);
        layers
            .filter(|(_, learns)| **learns)
            .map(|(layer, _)| layer.parameters)
            .fold(0, u64::saturating_add)
    }

    /// Floating-point operations of a forward and backward pass over one sample; [`Plan::training_flop`] where all learn.
    pub fn flop(&self) -> u64 {
        let flop = |index: usize| {
            let layer = &self.plan.layers[index];
            let is_beside = |index: usize| self.is_frozen_beside(index);
            let times = match index {
                index if index < self.first || is_beside(index) => 1,
                index if index == self.first || self.is_head_alone(index) => 2,
                index if layer.parameters > 0 && !self.learns[index] => 2,
                _ => 3,
            };
            layer.forward_flop.saturating_mul(times)
        };
        (0..self.learns.len())
            .map(flop)
            .fold(0, u64::saturating_add)
    }

    /// Whether a layer is one of the heads, where nothing before them learns: then none needs a gradient of its input.
    fn is_head_alone(&self, index: usize) -> bool {
        let layers = &self.plan.layers;
        let first = layers.get(self.first);
        layers[index].parameters > 0
            && is_head(&layers[index].group)
            && first.is_some_and(|first| is_head(&first.group))
    }

    /// Whether a layer is a frozen head beside those that learn, where nothing before them does.
    fn is_frozen_beside(&self, index: usize) -> bool {
        !self.learns[index] && self.is_head_alone(index)
    }

    /// Bytes moved in a training step, as [`Plan::training_bytes`] counts them: of frozen weights before the first that learn
    /// one reading, of those behind it two, and none of the optimiser's; of outputs before it only their writing and reading forward.
    pub fn bytes(&self, input_numbers: u64, samples: u64, state: u64) -> f64 {
        let weights: f64 = self.weights((6 + 2 * state) as f64);
        let mut outputs = 0.0;
        for (index, layer) in self.plan.layers.iter().enumerate() {
            if layer.forward_flop > 0 || layer.parameters > 0 {
                let is_forward = index < self.first || self.is_frozen_beside(index);
                let times = if is_forward { 2.0 } else { 5.0 };
                outputs += times * layer.output.len() as f64;
            }
        }
        let weighted = self
            .plan
            .layers
            .iter()
            .position(|layer| layer.parameters > 0);
        let reads = if weighted == Some(self.first) {
            2.0
        } else {
            1.0
        };
        let a_sample = reads * input_numbers as f64 + outputs;
        BYTES_A_NUMBER * (weights + a_sample * samples as f64)
    }

    /// Bytes that each batch after the first adds to a step, as [`Plan::further_batch_bytes`].
    pub fn further_batch_bytes(&self) -> f64 {
        BYTES_A_NUMBER * self.weights(6.0)
    }

    /// Numbers moved for weights, `learning` of them for each that learns.
    fn weights(&self, learning: f64) -> f64 {
        let layers = self.plan.layers.iter().enumerate();
        layers
            .map(|(index, layer)| {
                let times = match self.learns[index] {
                    true => learning,
                    false if index < self.first || self.is_frozen_beside(index) => 1.0,
                    false => 2.0,
                };
                times * layer.parameters as f64
            })
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use crate::setup::plan::{HEAD, Head, Heads, is_head, plan, plan_with_heads};
    use crate::setup::{InputShape, MlpSetup, ModelSetup, Outputs};

    #[test]
    fn the_backward_pass_ends_at_the_first_layer_that_learns() {
        let model = ModelSetup::Mlp(MlpSetup {
            hidden: vec![3, 5],
            ..MlpSetup::default()
        });
        let plan = plan(&model, InputShape::Features(4), Outputs::of_sample(2)).unwrap();
        assert_eq!(plan.groups(), ["hidden.0", "hidden.1", HEAD]);
        let all = plan.trained(|_| true);
        assert_eq!(all.flop(), plan.training_flop());
        assert_eq!(all.parameters(), plan.parameters());
        assert_eq!(all.bytes(4, 10, 2), plan.training_bytes(4, 10, 2));
        assert_eq!(all.further_batch_bytes(), plan.further_batch_bytes());

        // Forward FLOP: 2·4·3 + 3 and 3 of the activation; 2·3·5 + 5 and 5; 2·5·2 + 2.
        let (first, second, head) = ([27, 3], [35, 5], 22);
        let alone = plan.trained(|group| group == HEAD);
        assert_eq!(alone.flop(), 27 + 3 + 35 + 5 + 2 * head);
        assert_eq!(alone.parameters(), 12);
        // 15 and 20 weights read once, 12 that learn with two numbers of state; outputs 3, 3, 5, 5 forward and 2 both ways.
        let numbers = 15.0 + 20.0 + 10.0 * 12.0 + (4.0 + 2.0 * 16.0 + 5.0 * 2.0) * 10.0;
        assert_eq!(alone.bytes(4, 10, 2), 4.0 * numbers);

        let between = plan.trained(|group| group == "hidden.0");
        let flop = 2 * first[0] + 3 * first[1] + 2 * second[0] + 3 * second[1] + 2 * head;
        assert_eq!(between.flop(), flop);
        let weights = 10.0 * 15.0 + 2.0 * (20.0 + 12.0);
        let numbers = weights + (2.0 * 4.0 + 5.0 * 18.0) * 10.0;
        assert_eq!(between.bytes(4, 10, 2), 4.0 * numbers);
    }

    #[test]
    fn heads_alone_cost_no_gradient_of_what_enters_them() {
        let model = ModelSetup::Mlp(MlpSetup {
            hidden: vec![3],
            ..MlpSetup::default()
        });
        let head = |name: &str, classes| Head {
            name: name.to_owned(),
            classes,
        };
        let heads = Heads {
            each: vec![head("a", 2), head("b", 4)],
            learns_weights: true,
        };
        let trunk = (&model, InputShape::Features(4), Outputs::of_sample(2));
        let plan = plan_with_heads(trunk, Some(heads)).unwrap();
        assert_eq!(plan.groups(), ["hidden.0", "head.a", "head.b", HEAD]);
        assert_eq!(plan.parameters(), 15 + 8 + 16 + 2);
        // Forward FLOP: 2·4·3 + 3, and 3 of the activation; 2·3·2 + 2; 2·3·4 + 4.
        let (trunk, a, b) = (27 + 3, 14, 28);
        assert_eq!(plan.forward_flop(), trunk + a + b);
        let both = plan.trained(is_head);
        assert_eq!(both.flop(), trunk + 2 * a + 2 * b);
        let one = plan.trained(|group| group == "head.b");
        assert_eq!(one.flop(), trunk + a + 2 * b);
        // 15 and 8 numbers are read once, as the two weights of the losses are; 16 learn with two numbers of state.
        // Of the outputs the 6 answers side by side are written once more.
        let outputs = 2.0 * (3.0 + 3.0 + 2.0) + 5.0 * 4.0 + 2.0 * 6.0;
        let numbers = 15.0 + 8.0 + 2.0 + 10.0 * 16.0 + (4.0 + outputs) * 10.0;
        assert_eq!(one.bytes(4, 10, 2), 4.0 * numbers);
    }
}
