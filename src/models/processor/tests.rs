//! Results and gradients against Burn's own, and with other numbers of threads.

use std::process::Command;

use burn::module::{Module, Param};
use burn::nn::{BatchNormConfig, LayerNormConfig, Linear};
use burn::tensor::{Bool, Device, Tensor, TensorData, activation};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

/// Whether operations of our own are to be taken, or Burn's.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Own,
    Burn,
}

/// Numbers of each tensor that came out.
type Found = Vec<Vec<f32>>;

/// Makes some tensors of numbers of the source, on the device, and gives result and gradients by the way.
type Case = fn(Way, &mut Source) -> Found;

const CASES: [(&str, Case); 11] = [
    ("sum", added),
    ("relu", rectified),
    ("gelu", gelus),
    ("linear", |way, source| linears([1001, 37, 53], way, source)),
    ("linear by all threads", |way, source| {
        linears([301, 1100, 67], way, source)
    }),
    ("layer norm", layers),
    ("batch norm", batches),
    ("batch norm's statistics", statistics),
    ("attention", |way, source| attended(way, false, source)),
    ("causal attention", |way, source| {
        attended(way, true, source)
    }),
    ("what is not in the order of memory", turned),
];

/// Numbers for tensors of a device. Not Burn's, of which there is one source for all tests, whose turns are by chance.
struct Source {
    device: Device,
    generator: ChaCha8Rng,
}

impl Source {
    fn new(device: &Device) -> Self {
        Self {
            device: device.clone(),
            generator: ChaCha8Rng::seed_from_u64(11),
        }
    }

    /// From −2 to 3, as a tensor that gradients are asked of where there are any.
    fn numbers<const D: usize>(&mut self, shape: [usize; D]) -> Tensor<D> {
        let count: usize = shape.iter().product();
        let of = |generator: &mut ChaCha8Rng| generator.random::<f32>() * 5.0 - 2.0;
        let numbers: Vec<f32> = (0..count).map(|_| of(&mut self.generator)).collect();
        let tensor = Tensor::from_data(TensorData::new(numbers, shape), &self.device);
        match self.device.is_autodiff() {
            true => tensor.require_grad(),
            false => tensor,
        }
    }

    fn parameter<const D: usize>(&mut self, shape: [usize; D]) -> Param<Tensor<D>> {
        Param::from_tensor(self.numbers(shape))
    }

    fn linear(&mut self, from: usize, to: usize) -> Linear {
        Linear {
            weight: self.parameter([from, to]),
            bias: Some(self.parameter([to])),
        }
    }
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// `out` and, where there is autodiff, the gradients of up to four tensors of any rank.
fn with_gradients<const D: usize>(out: Tensor<D>, leaves: &[&dyn Leaf]) -> Found {
    let mut found = vec![values(out.clone())];
    if out.device().is_autodiff() {
        // Neither symmetric nor constant, so that no mistake of order cancels.
        let gradients = (out.clone().sin() * out).sum().backward();
        found.extend(leaves.iter().map(|leaf| leaf.gradient(&gradients)));
    }
    found
}

trait Leaf {
    fn gradient(&self, gradients: &burn::tensor::Gradients) -> Vec<f32>;
}

impl<const D: usize> Leaf for Tensor<D> {
    fn gradient(&self, gradients: &burn::tensor::Gradients) -> Vec<f32> {
        values(self.grad(gradients).unwrap())
    }
}

fn rectified(way: Way, source: &mut Source) -> Found {
    let x = source.numbers([3, 7, 911]);
    let out = match way {
        Way::Own => relu(x.clone()),
        Way::Burn => activation::relu(x.clone()),
    };
    with_gradients(out, &[&x])
}

/// Of what is made for it, of what is held elsewhere, and of itself.
fn added(way: Way, source: &mut Source) -> Found {
    let (a, b) = (source.numbers([3, 7, 4099]), source.numbers([3, 4099, 7]));
    let turned = b.clone().swap_dims(1, 2);
    let out = match way {
        Way::Own => {
            let sum = add(a.clone() * 2.0, turned.clone());
            add(add(turned, a.clone()), add(sum.clone(), sum))
        }
        Way::Burn => {
            let sum = a.clone() * 2.0 + turned.clone();
            turned + a.clone() + (sum.clone() + sum)
        }
    };
    with_gradients(out, &[&a, &b])
}

fn gelus(way: Way, source: &mut Source) -> Found {
    let x = source.numbers([5, 64, 257]);
    // Far out as well.
    let wide = x.clone() * x.clone();
    let out = match way {
        Way::Own => gelu(wide.clone() - 8.0) + gelu(x.clone()),
        Way::Burn => activation::gelu(wide.clone() - 8.0) + activation::gelu(x.clone()),
    };
    with_gradients(out, &[&x])
}

fn linears([rows, from, to]: [usize; 3], way: Way, source: &mut Source) -> Found {
    let layer = source.linear(from, to);
    let x = source.numbers([rows, from]);
    // Else sums would be so large that what is made of them below tells more of rounding than of them.
    let small = x.clone() / from as f64;
    let out = match way {
        Way::Own => linear(&layer, small),
        Way::Burn => layer.forward(small),
    };
    let bias = layer.bias.as_ref().unwrap().val();
    with_gradients(out, &[&x, &layer.weight.val(), &bias])
}

fn layers(way: Way, source: &mut Source) -> Found {
    let mut norm = LayerNormConfig::new(83)
        .with_epsilon(EPSILON)
        .init(&source.device);
    norm.gamma = source.parameter([83]);
    norm.beta = Some(source.parameter([83]));
    let x = source.numbers([9, 41, 83]);
    // Far from zero, where the mean of squares loses digits.
    let far = x.clone() + 10.0;
    let out = match way {
        Way::Own => layer_norm(&norm, far),
        Way::Burn => norm.forward(far),
    };
    let shift = norm.beta.as_ref().unwrap().val();
    with_gradients(out, &[&x, &norm.gamma.val(), &shift])
}

fn batches(way: Way, source: &mut Source) -> Found {
    let mut found = Vec::new();
    for shape in [[17, 5, 13, 11], [4, 19, 2, 2], [3, 4, 1, 1]] {
        let mut norm = BatchNormConfig::new(shape[1]).init(&source.device);
        norm.gamma = source.parameter([shape[1]]);
        norm.beta = source.parameter([shape[1]]);
        let x = source.numbers(shape);
        let out = match way {
            Way::Own => batch_norm(&norm, x.clone() + 20.0),
            Way::Burn => norm.forward(x.clone() + 20.0),
        };
        found.extend(with_gradients(
            out,
            &[&x, &norm.gamma.val(), &norm.beta.val()],
        ));
    }
    found
}

/// What is kept of two batches, and what comes of a third with that.
fn statistics(way: Way, source: &mut Source) -> Found {
    let norm = BatchNormConfig::new(3).init(&source.device);
    let forward = |norm: &burn::nn::BatchNorm, x| match way {
        Way::Own => batch_norm(norm, x),
        Way::Burn => norm.forward(x),
    };
    for _ in 0..2 {
        forward(&norm, source.numbers([6, 3, 9, 9]));
    }
    let mut found = vec![
        values(norm.running_mean.value_sync()),
        values(norm.running_var.value_sync()),
    ];
    let x = source.numbers([6, 3, 9, 9]);
    let frozen = norm.clone().freeze();
    found.push(values(forward(&frozen, x)));
    found.push(values(frozen.running_mean.value_sync()));
    if source.device.is_autodiff() {
        for shape in [[6, 3, 9, 9], [5, 3, 1, 1]] {
            let x = source.numbers(shape).without_autodiff();
            found.push(values(forward(&norm.valid(), x)));
        }
    }
    found
}

fn attended(way: Way, is_causal: bool, source: &mut Source) -> Found {
    const HEADS: usize = 3;
    let (batch, length, width) = (11, 29, 21);
    let [query, key, value] = [(); 3].map(|()| source.numbers([batch, length, width]));
    let out = match way {
        Way::Own => attention([&query, &key, &value], HEADS, is_causal).unwrap(),
        Way::Burn => {
            let by_head = |x: &Tensor<3>| {
                let sides = [batch, length, HEADS, width / HEADS];
                x.clone().reshape(sides).swap_dims(1, 2)
            };
            let scores = by_head(&query).matmul(by_head(&key).transpose());
            let mut scores = scores / (width as f64 / HEADS as f64).sqrt();
            if is_causal {
                let unseen = Tensor::<2, Bool>::tril_mask([length, length], 0, &source.device);
                scores = scores.mask_fill(unseen.unsqueeze::<4>(), -1e4);
            }
            let sum = activation::softmax(scores, 3).matmul(by_head(&value));
            sum.swap_dims(1, 2).reshape([batch, length, width])
        }
    };
    with_gradients(out, &[&query, &key, &value])
}

/// Tensors, and gradients, that are views of others.
fn turned(way: Way, source: &mut Source) -> Found {
    let layer = source.linear(24, 40);
    let x = source.numbers([24, 600]);
    let turn = |x: Tensor<2>| x.transpose().slice([50..600, 0..24]);
    let out = match way {
        Way::Own => relu(linear(&layer, gelu(turn(x.clone()))).transpose()),
        Way::Burn => {
            let x = activation::gelu(turn(x.clone()));
            activation::relu(layer.forward(x).transpose())
        }
    };
    with_gradients(out.narrow(0, 3, 14), &[&x, &layer.weight.val()])
}

/// Largest difference over the largest number.
fn difference(own: &[f32], other: &[f32]) -> f32 {
    assert_eq!(own.len(), other.len());
    let largest =
        |values: &mut dyn Iterator<Item = f32>| values.fold(0.0_f32, |a, b| a.max(b.abs()));
    let apart = largest(&mut own.iter().zip(other).map(|(a, b)| a - b));
    apart / largest(&mut other.iter().copied()).max(f32::MIN_POSITIVE)
}

fn found(case: Case, way: Way, device: &Device) -> Found {
    case(way, &mut Source::new(device))
}

#[test]
fn results_and_gradients_are_those_of_burn() {
    for device in [Device::flex().autodiff(), Device::flex()] {
        for (name, case) in CASES {
            let own = found(case, Way::Own, &device);
            let burn = found(case, Way::Burn, &device);
            assert_eq!(own.len(), burn.len());
            for (part, (own, burn)) in own.iter().zip(&burn).enumerate() {
                assert!(own.iter().all(|number| number.is_finite()));
                let apart = difference(own, burn);
                assert!(apart <= 1e-5, "{name}, part {part}: {apart}");
            }
        }
    }
}

/// A layer whose parameters are frozen gives the gradient of what entered it all the same.
#[test]
fn frozen_parameters_let_gradients_through() {
    let device = Device::flex().autodiff();
    let mut source = Source::new(&device);
    let layer = source.linear(6, 6).freeze();
    let norm = LayerNormConfig::new(6).with_epsilon(EPSILON);
    let norm = norm.init(&device).freeze();
    let x = source.numbers([4, 6]);
    let gradient = |out: Tensor<2>| values(x.grad(&out.sin().sum().backward()).unwrap());
    let own = gradient(layer_norm(&norm, linear(&layer, x.clone())));
    let burn = gradient(norm.forward(layer.forward(x.clone())));
    assert!(difference(&own, &burn) <= 1e-5);
    let out = layer_norm(&norm, linear(&layer, x.clone()));
    assert!(layer.weight.val().grad(&out.sum().backward()).is_none());
}

#[test]
fn what_is_no_number_stays_none() {
    let device = Device::flex();
    let x = || Tensor::<1>::from_data(TensorData::from([f32::NAN, -1.0, 2.0]), &device);
    for out in [values(relu(x())), values(gelu(x()))] {
        assert!(out[0].is_nan() && !out[1].is_nan() && !out[2].is_nan());
    }
}

/// What an operation changes in place must not be what somebody else still holds.
#[test]
fn what_is_held_elsewhere_stays() {
    let device = Device::flex().autodiff();
    let x = Source::new(&device).numbers([3, 300]);
    let before = values(x.clone());
    let _ = relu(x.clone());
    let _ = gelu(x.clone());
    let first = x.clone() * 2.0;
    let out = relu(first.clone()) + gelu(first.clone());
    // Both are given the same gradient.
    let gradients = out.sum().backward();
    assert_eq!(values(x.clone()), before);
    let doubled: Vec<f32> = before.iter().map(|x| 2.0 * x).collect();
    assert_eq!(values(first), doubled);
    let burn = activation::relu(x.clone() * 2.0) + activation::gelu(x.clone() * 2.0);
    let burn = values(x.grad(&burn.sum().backward()).unwrap());
    assert!(difference(&values(x.grad(&gradients).unwrap()), &burn) <= 1e-5);
}

/// Sums are taken in an order that follows from the shapes alone.
#[test]
fn the_number_of_threads_changes_no_bit() {
    let told = |threads: &str| {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--ignored", "--nocapture"])
            .arg("models::processor::tests::tells_what_it_computed")
            .env("RAYON_NUM_THREADS", threads)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let told: Vec<_> = text
            .lines()
            .filter(|line| line.starts_with("sums "))
            .collect();
        assert_eq!(told.len(), CASES.len(), "{text}");
        told.join("\n")
    };
    assert_eq!(told("1"), told("3"));
}

#[test]
#[ignore = "a part of the test above, in a process of its own"]
fn tells_what_it_computed() {
    for (_, case) in CASES {
        let of = |values: &Vec<f32>| {
            let mix = |sum: u64, value: &f32| sum.rotate_left(5) ^ u64::from(value.to_bits());
            values.iter().fold(0, mix)
        };
        let found = found(case, Way::Own, &Device::flex().autodiff());
        println!("sums {:x?}", found.iter().map(of).collect::<Vec<_>>());
    }
}
