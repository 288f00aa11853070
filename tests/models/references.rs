//! Recurrent cells and attention against other ways to compute them.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::module::{attention, layer_norm, linear};
use burn::tensor::ops::AttentionModuleOptions;
use burn::tensor::{Device, Tensor, TensorData, activation};
use joulelab::models::{Network, Samples};
use joulelab::setup::{Activation, InputShape, Outputs};

use crate::common::{Case, alone, answers, assert_close, each_position, image, sentence, tokens};

/// A network's parameters in the order of its layers, each with its shape.
struct Parameters(std::vec::IntoIter<TensorData>);

impl Parameters {
    fn of(network: &Network) -> Self {
        struct All(Vec<TensorData>);
        impl ModuleVisitor for All {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                self.0.push(param.val().into_data());
            }
        }
        let mut all = All(Vec::new());
        network.visit(&mut all);
        Self(all.0.into_iter())
    }

    fn tensor<const D: usize>(&mut self) -> Tensor<D> {
        Tensor::from_data(self.0.next().unwrap(), &Device::flex())
    }

    /// Rows of a matrix, or the one row of a vector.
    fn rows(&mut self) -> Vec<Vec<f64>> {
        let data = self.0.next().unwrap();
        let columns = *data.shape().last().unwrap();
        let values: Vec<f32> = data.try_to_vec().unwrap();
        let rows = values.chunks(columns);
        rows.map(|row| row.iter().map(|x| f64::from(*x)).collect())
            .collect()
    }
}

fn times(x: &[f64], weight: &[Vec<f64>], bias: &[f64]) -> Vec<f64> {
    let column = |o: usize| x.iter().zip(weight).map(|(x, row)| x * row[o]).sum::<f64>();
    (0..bias.len()).map(|o| column(o) + bias[o]).collect()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The formulas of PyTorch's documentation of LSTM and GRU, step by step.
fn step(kind: &str, input: &[f64], hidden: &[f64], state: &mut [f64], cell: &mut [f64]) {
    let width = state.len();
    for i in 0..width {
        let (x, h) = (
            |gate: usize| input[gate * width + i],
            |gate: usize| hidden[gate * width + i],
        );
        let both = |gate: usize| x(gate) + h(gate);
        if kind == "lstm" {
            cell[i] = sigmoid(both(1)) * cell[i] + sigmoid(both(0)) * both(2).tanh();
            state[i] = sigmoid(both(3)) * cell[i].tanh();
        } else {
            let candidate = (x(2) + sigmoid(both(0)) * h(2)).tanh();
            let update = sigmoid(both(1));
            state[i] = (1.0 - update) * candidate + update * state[i];
        }
    }
}

#[test]
fn recurrent_cells_compute_the_published_formulas() {
    let _drawing = alone();
    let device = Device::flex();
    for kind in ["lstm", "gru"] {
        let fields = format!("kind='{kind}'\nwidth=4\nembedding=3\ndepth=2");
        let case = Case::new(&fields, tokens(5, 6), each_position(6));
        let network = case.network(9, &device);
        let sequence = [3, 1, 5, 0, 2];
        let found = answers(&network, sentence(&sequence, &device));

        let mut parameters = Parameters::of(&network);
        let embedding = parameters.rows();
        let mut x: Vec<Vec<f64>> = sequence
            .map(|token| embedding[token as usize].clone())
            .to_vec();
        for _ in 0..2 {
            let (input, input_bias) = (parameters.rows(), parameters.rows().remove(0));
            let (recurrent, bias) = (parameters.rows(), parameters.rows().remove(0));
            let (mut state, mut cell) = (vec![0.0; 4], vec![0.0; 4]);
            for x in &mut x {
                let hidden = times(&state, &recurrent, &bias);
                step(
                    kind,
                    &times(x, &input, &input_bias),
                    &hidden,
                    &mut state,
                    &mut cell,
                );
                x.clone_from(&state);
            }
        }
        let (classes, bias) = (parameters.rows(), parameters.rows().remove(0));
        let expected = x.iter().flat_map(|x| times(x, &classes, &bias));
        let expected: Vec<f32> = expected.map(|x| x as f32).collect();
        assert_close(&found, &expected, kind);
    }
}

#[test]
fn activations_are_what_they_are_called() {
    let _drawing = alone();
    let device = Device::flex();
    for activation in Activation::ALL {
        let of = |x: f64| match activation {
            Activation::Relu => x.max(0.0),
            Activation::Relu6 => x.clamp(0.0, 6.0),
            Activation::LeakyRelu => x.max(0.01 * x),
            Activation::Elu => x.min(0.0).exp_m1() + x.max(0.0),
            Activation::Gelu => x * (1.0 + erf(x / 2.0_f64.sqrt())) / 2.0,
            Activation::Silu => x * sigmoid(x),
            Activation::Mish => x * x.exp().ln_1p().tanh(),
            Activation::Tanh => x.tanh(),
            Activation::Sigmoid => sigmoid(x),
        };
        let fields = format!(
            "kind='mlp'\nhidden=[16]\nactivation='{}'",
            activation.name()
        );
        let case = Case::new(&fields, InputShape::Features(3), Outputs::of_sample(2));
        let network = case.network(4, &device);
        // Far enough to both sides for what saturates.
        let samples: [[f32; 3]; 3] = [[9.0, -7.0, 8.0], [-9.0, 12.0, 1.0], [0.1, 0.2, -0.3]];
        let found = answers(
            &network,
            Samples::Numbers(Tensor::from_floats(samples, &device)),
        );
        let mut parameters = Parameters::of(&network);
        let (hidden, hidden_bias) = (parameters.rows(), parameters.rows().remove(0));
        let (classes, bias) = (parameters.rows(), parameters.rows().remove(0));
        let expected = samples.iter().flat_map(|sample| {
            let sample = sample.map(f64::from);
            let hidden = times(&sample, &hidden, &hidden_bias);
            let hidden: Vec<f64> = hidden.into_iter().map(of).collect();
            times(&hidden, &classes, &bias)
        });
        let expected: Vec<f32> = expected.map(|x| x as f32).collect();
        assert_close(&found, &expected, activation.name());
    }
}

/// By its Taylor series, good to more than enough places for arguments of a few units.
fn erf(x: f64) -> f64 {
    if x.abs() > 5.0 {
        return x.signum();
    }
    let (mut term, mut sum) = (x, x);
    for n in 1..200 {
        term *= -x * x / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    sum * 2.0 / std::f64::consts::PI.sqrt()
}

/// One block by Burn's own attention, which has another implementation than ours.
#[test]
fn attention_computes_what_burns_own_does() {
    let _drawing = alone();
    let device = Device::flex();
    for is_causal in [true, false] {
        let form = if is_causal { "decoder" } else { "encoder" };
        let fields = format!("kind='transformer'\nwidth=12\nheads=3\ndepth=1\nform='{form}'");
        let outputs = if is_causal {
            each_position(6)
        } else {
            Outputs::of_sample(6)
        };
        let case = Case::new(&fields, tokens(5, 6), outputs);
        let network = case.network(9, &device);
        let sequence = [3, 1, 5, 0, 2];
        let found = answers(&network, sentence(&sequence, &device));

        let mut p = Parameters::of(&network);
        let chosen = Tensor::<1, burn::tensor::Int>::from_ints(sequence, &device);
        let embedded = p.tensor::<2>().select(0, chosen);
        let x = (embedded + p.tensor::<2>()).unsqueeze::<3>();
        let norm = |x, p: &mut Parameters| {
            let gain = p.tensor();
            layer_norm(x, gain, Some(p.tensor()), 1e-5)
        };
        let full = |x, p: &mut Parameters| {
            let weight = p.tensor();
            linear(x, weight, Some(p.tensor()))
        };
        let normed = norm(x.clone(), &mut p);
        let by_head = |x: Tensor<3>| x.reshape([1, 5, 3, 4]).swap_dims(1, 2);
        let [query, key, value] = [(); 3].map(|()| by_head(full(normed.clone(), &mut p)));
        let options = AttentionModuleOptions {
            is_causal,
            ..Default::default()
        };
        let sum = attention(query, key, value, None, None, options);
        let sum = sum.swap_dims(1, 2).reshape([1, 5, 12]);
        let x = x + full(sum, &mut p);
        let normed = norm(x.clone(), &mut p);
        let hidden = activation::gelu(full(normed, &mut p));
        let x = x + full(hidden, &mut p);
        let x = norm(x, &mut p);
        let x = if is_causal { x } else { x.mean_dim(1) };
        let expected = full(x, &mut p).into_data().try_to_vec().unwrap();
        assert_close(&found, &expected, form);
    }
}

/// Rows of a matrix, of a group or of a gate, are orthonormal where there are no more of them than columns, else the columns are.
fn assert_orthonormal(matrix: &[Vec<f64>], what: &str) {
    let columns: Vec<Vec<f64>> = (0..matrix[0].len())
        .map(|i| matrix.iter().map(|row| row[i]).collect())
        .collect();
    let fewer = if matrix.len() <= columns.len() {
        matrix
    } else {
        &columns
    };
    for (i, a) in fewer.iter().enumerate() {
        for (j, b) in fewer.iter().enumerate() {
            let product: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
            let expected = f64::from(u8::from(i == j));
            assert!(
                (product - expected).abs() < 1e-5,
                "{what}: {i} by {j} is {product}"
            );
        }
    }
}

/// More vectors than are orthogonalised at once, a square, matrices of either long side; groups and gates; other seeds, others.
#[test]
fn orthogonal_weights_are_orthonormal() {
    let _drawing = alone();
    let device = Device::flex();
    let mlp = "kind='mlp'\nhidden=[150,150,40]\ninitialisation='orthogonal'";
    let case = Case::new(mlp, InputShape::Features(33), Outputs::of_sample(1));
    let network = case.network(5, &device);
    let mut parameters = Parameters::of(&network);
    let first = parameters.rows();
    assert_eq!((first.len(), first[0].len()), (33, 150));
    assert_orthonormal(&first, "33 to 150");
    for (from, to) in [(150, 150), (150, 40), (40, 1)] {
        assert_eq!(parameters.rows(), [vec![0.0; from]], "biases");
        assert_orthonormal(&parameters.rows(), &format!("{from} to {to}"));
    }
    let again = Parameters::of(&case.network(5, &device)).rows();
    assert_eq!(first, again);
    assert_ne!(first, Parameters::of(&case.network(6, &device)).rows());
    // As likely to one side as to the other: a sign that R decides would show in the mean.
    let positive = first.iter().flatten().filter(|x| **x > 0.0).count();
    assert!((2200..2750).contains(&positive), "{positive} of 4950");

    let lstm = "kind='lstm'\nwidth=6\nembedding=4\ninitialisation='orthogonal'";
    let network = Case::new(lstm, tokens(5, 6), Outputs::of_sample(2)).network(5, &device);
    let mut parameters = Parameters::of(&network);
    parameters.rows();
    for what in ["input", "recurrent"] {
        let gates = parameters.rows();
        parameters.rows();
        for gate in 0..4 {
            let one: Vec<Vec<f64>> = gates
                .iter()
                .map(|row| row[gate * 6..(gate + 1) * 6].to_vec())
                .collect();
            assert_orthonormal(&one, what);
        }
    }

    let lenet = "kind='lenet5'\ninitialisation='orthogonal'";
    let images = image(1, 28, 28);
    let network = Case::new(lenet, images, Outputs::of_sample(2)).network(5, &device);
    let mut parameters = Parameters::of(&network);
    for (out, columns) in [(6, 25), (16, 150)] {
        let kernel: Vec<f64> = parameters.rows().concat();
        assert_eq!(kernel.len(), out * columns);
        let rows: Vec<Vec<f64>> = kernel.chunks(columns).map(<[f64]>::to_vec).collect();
        assert_orthonormal(&rows, "convolution");
        parameters.rows();
    }

    let mobile = "kind='mobilenet-v2'\nwidth_multiplier=0.25\ninitialisation='orthogonal'";
    let network = Case::new(mobile, images, Outputs::of_sample(2)).network(5, &device);
    let mut parameters = Parameters::of(&network);
    // The stem and its normalisation; then the first depthwise convolution, a 3×3 kernel of length 1 for each channel.
    for _ in 0..5 {
        parameters.rows();
    }
    let depthwise: Vec<f64> = parameters.rows().concat();
    assert_eq!(depthwise.len() % 9, 0);
    for kernel in depthwise.chunks(9) {
        assert_orthonormal(&[kernel.to_vec()], "depthwise");
    }
}
