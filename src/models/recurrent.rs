use burn::module::Module;
use burn::nn::{Dropout, Linear};
use burn::tensor::activation::{sigmoid, tanh};
use burn::tensor::module::linear;
use burn::tensor::{Device, Tensor};

use super::Samples;
use super::head::{Answer, Head};
use super::layers::{drop, dropout, of_each};
use super::sequence::Reader;
use super::weights::Maker;
use crate::setup::{InputShape, Outputs, RecurrentSetup};

/// Recurrent network of one or more layers.
#[derive(Module, Debug)]
pub struct Recurrent {
    reader: Reader,
    layers: Vec<Cell>,
    dropout: Option<Dropout>,
    pub(super) classes: Head,
    per_position: bool,
}

/// One layer: its gates side by side, so that a step is one product for all of them.
#[derive(Module, Debug)]
struct Cell {
    input: Linear,
    recurrent: Linear,
    is_lstm: bool,
}

impl Recurrent {
    /// For samples of shape `input`, of LSTM cells or else GRU cells.
    pub fn new(
        setup: &RecurrentSetup,
        is_lstm: bool,
        input: InputShape,
        outputs: Outputs,
        answer: Answer<'_>,
        device: &Device,
    ) -> Self {
        let make = Maker::new(setup.initialisation, device);
        let reader = Reader::new(input, setup.embedding, 1.0, false, &make);
        let mut from = reader.width();
        let layers = (0..setup.depth).map(|_| {
            let gates = if is_lstm { 4 } else { 3 };
            let cell = Cell {
                input: make.gates(from, setup.width, gates),
                recurrent: make.gates(setup.width, setup.width, gates),
                is_lstm,
            };
            from = setup.width;
            cell
        });
        Self {
            layers: layers.collect(),
            reader,
            dropout: dropout(setup.dropout),
            classes: Head::new(&make, setup.width, answer),
            per_position: outputs.per_position,
        }
    }

    /// Samples to answers `[answers, answer]`.
    pub fn forward(&self, samples: Samples) -> Tensor<2> {
        let mut x = self.reader.forward(samples);
        let mut states = Vec::new();
        for (i, layer) in self.layers.iter().enumerate() {
            if i > 0 {
                x = drop(&self.dropout, Tensor::stack(states, 1));
            }
            states = layer.forward(x.clone());
        }
        let x = if self.per_position {
            Tensor::stack::<3>(states, 1).flatten(0, 1)
        } else {
            states
                .pop()
                .expect("a sequence has a position, and a model a layer")
        };
        self.classes.forward(drop(&self.dropout, x))
    }
}

impl Cell {
    /// `[batch, length, width]` to the state after each step, `[batch, state]`.
    fn forward(&self, x: Tensor<3>) -> Vec<Tensor<2>> {
        if self.is_lstm {
            self.lstm(x)
        } else {
            self.gru(x)
        }
    }

    /// i, f, g, o: input, forget, candidate, output. c' = f·c + i·g, h' = o·tanh(c').
    fn lstm(&self, x: Tensor<3>) -> Vec<Tensor<2>> {
        // The products with the input do not wait for a state: one for all steps. Both biases are added to all gates alike.
        let bias = match (&self.input.bias, &self.recurrent.bias) {
            (Some(input), Some(recurrent)) => Some(input.val() + recurrent.val()),
            _ => None,
        };
        let gates = steps(linear(x, self.input.weight.val(), bias));
        let weight = self.recurrent.weight.val();
        let mut states: Vec<Tensor<2>> = Vec::with_capacity(gates.len());
        let mut cell: Option<Tensor<2>> = None;
        for mut gate in gates {
            // The first state is zero: there is nothing to multiply.
            if let Some(state) = states.last() {
                gate = gate + state.clone().matmul(weight.clone());
            }
            let [i, f, g, o] = split(gate);
            let taken = sigmoid(i) * tanh(g);
            let next = match cell {
                Some(cell) => sigmoid(f) * cell + taken,
                None => taken,
            };
            states.push(sigmoid(o) * tanh(next.clone()));
            cell = Some(next);
        }
        states
    }

    /// r, z, n: reset, update, candidate. h' = (1 − z)·n + z·h.
    fn gru(&self, x: Tensor<3>) -> Vec<Tensor<2>> {
        let mut states: Vec<Tensor<2>> = Vec::new();
        for gate in steps(of_each(&self.input, x)) {
            let before = states.last().cloned();
            let hidden = match &before {
                Some(state) => self.recurrent.forward(state.clone()),
                // The product with a state of zero is zero, and leaves the bias.
                None => match &self.recurrent.bias {
                    Some(bias) => bias.val().unsqueeze(),
                    None => gate.zeros_like(),
                },
            };
            let [reset, update, candidate] = split(gate);
            let [hidden_reset, hidden_update, hidden_candidate] = split(hidden);
            let reset = sigmoid(reset + hidden_reset);
            let update = sigmoid(update + hidden_update);
            let candidate = tanh(candidate + reset * hidden_candidate);
            states.push(match before {
                Some(state) => candidate.clone() + update * (state - candidate),
                None => candidate.clone() - update * candidate,
            });
        }
        states
    }
}

/// The gates of a step, side by side, one by one.
fn split<const N: usize>(gates: Tensor<2>) -> [Tensor<2>; N] {
    let width = gates.dims()[1] / N;
    std::array::from_fn(|i| gates.clone().narrow(1, i * width, width))
}

/// The positions of `[batch, length, width]` one by one, `[batch, width]` each.
///
/// By halves: the gradient of a slice is as large as what it was cut from, so that cutting each step from the whole would take
/// time and memory with the square of the length, and this takes length · log(length).
fn steps(x: Tensor<3>) -> Vec<Tensor<2>> {
    let [batch, length, width] = x.dims();
    if length <= 1 {
        return vec![x.reshape([batch, width])];
    }
    let half = length / 2;
    let mut all = steps(x.clone().narrow(1, 0, half));
    all.append(&mut steps(x.narrow(1, half, length - half)));
    all
}
