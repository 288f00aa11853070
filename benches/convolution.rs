//! Convolutions of Burn's CPU backend part by part, against the same in matrix products of plain tensor operations, and
//! against PyTorch where there is one.
//!
//! All take turns within a round, so that they meet the same machine; what counts are the ratios. See `benches/README.md`.

use std::error::Error;
use std::process::Command;
use std::time::Instant;

use burn::tensor::ops::{ConvOptions, ConvTransposeOptions, PadMode};
use burn::tensor::{Device, Distribution, Tensor, module, s};

const ROUNDS: usize = 5;
/// Seconds that a measurement takes about.
const MEASURE_S: f64 = 0.3;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/convolution.py");

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A convolution of square images, padded so that a stride of 1 keeps their size.
struct Case {
    name: &'static str,
    batch: usize,
    from: usize,
    to: usize,
    side: usize,
    kernel: usize,
    stride: usize,
    groups: usize,
}

/// Order: name, batch, channels in and out, side, kernel, stride, groups.
const CASES: [Case; 7] = [
    case("digits, first", [64, 1, 16, 8], [3, 1, 1]),
    case("digits, second", [64, 16, 32, 4], [3, 1, 1]),
    case("3×3, 64 on 32²", [32, 64, 64, 32], [3, 1, 1]),
    case("3×3, 256 on 8²", [32, 256, 256, 8], [3, 1, 1]),
    case("3×3, stride 2", [32, 64, 128, 32], [3, 2, 1]),
    case("1×1, 64 to 128", [32, 64, 128, 16], [1, 1, 1]),
    case("3×3, depthwise", [32, 64, 64, 32], [3, 1, 64]),
];

const fn case(
    name: &'static str,
    [batch, from, to, side]: [usize; 4],
    [kernel, stride, groups]: [usize; 3],
) -> Case {
    Case {
        name,
        batch,
        from,
        to,
        side,
        kernel,
        stride,
        groups,
    }
}

/// What is measured, in ms: forward, gradient of the input, of the weights, and all that a training step does.
const PARTS: [&str; 4] = ["forward", "input gradient", "weight gradient", "training"];

fn main() -> Result<()> {
    let python = python()?;
    let device = Device::flex();
    let mut burn: Vec<Vec<[Option<f64>; 4]>> = vec![Vec::new(); CASES.len()];
    let (mut products, mut peer) = (burn.clone(), burn.clone());
    for round in 0..ROUNDS {
        let torch = python.as_deref().map(pytorch).transpose()?;
        for (index, case) in CASES.iter().enumerate() {
            eprintln!("round {} of {ROUNDS}: {}", round + 1, case.name);
            burn[index].push(case.burn(&device));
            products[index].push(case.products(&device));
            if let Some(torch) = &torch {
                peer[index].push(torch[index]);
            }
        }
    }
    for (index, case) in CASES.iter().enumerate() {
        println!("{}, batch {}", case.name, case.batch);
        for (part, name) in PARTS.iter().enumerate() {
            let Some(own) = median(burn[index].iter().map(|round| round[part])) else {
                continue;
            };
            print!("  {name:<16} burn {own:9.3} ms");
            for (who, rounds) in [("products", &products[index]), ("pytorch", &peer[index])] {
                let ratio = burn[index]
                    .iter()
                    .zip(rounds)
                    .map(|(burn, other)| Some(burn[part]? / other[part]?));
                if let Some(ratio) = median(ratio) {
                    print!(", {ratio:6.2} × {who}");
                }
            }
            println!();
        }
    }
    if python.is_none() {
        println!("PyTorch: not measured; see benches/README.md");
    }
    Ok(())
}

/// The interpreter of `--python`, else of the variable PYTHON.
fn python() -> Result<Option<String>> {
    let mut arguments = std::env::args().skip(1).filter(|one| one != "--bench");
    match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => Ok(std::env::var("PYTHON").ok()),
        (Some("--python"), Some(path)) => Ok(Some(path)),
        _ => Err("only --python PATH is known".into()),
    }
}

/// Median ms of `work`, after one time that does not count.
fn time(mut work: impl FnMut()) -> Option<f64> {
    work();
    let begun = Instant::now();
    work();
    let times = (MEASURE_S / begun.elapsed().as_secs_f64()).clamp(3.0, 200.0) as usize;
    median((0..times).map(|_| {
        let begun = Instant::now();
        work();
        Some(begun.elapsed().as_secs_f64() * 1e3)
    }))
}

fn median(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect::<Option<_>>()?;
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// Samples, weights, biases and the gradient of the result.
struct Tensors {
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Tensor<1>,
    grad: Tensor<4>,
}

impl Case {
    fn padding(&self) -> usize {
        self.kernel / 2
    }

    fn out(&self) -> usize {
        (self.side + 2 * self.padding() - self.kernel) / self.stride + 1
    }

    fn tensors(&self, device: &Device) -> Tensors {
        let normal = Distribution::Normal(0.0, 1.0);
        let (out, kernel) = (self.out(), self.kernel);
        let shape = [self.to, self.from / self.groups, kernel, kernel];
        let tensors = Tensors {
            x: Tensor::random(
                [self.batch, self.from, self.side, self.side],
                normal,
                device,
            ),
            weight: Tensor::random(shape, normal, device),
            bias: Tensor::zeros([self.to], device),
            grad: Tensor::random([self.batch, self.to, out, out], normal, device),
        };
        if !device.is_autodiff() {
            return tensors;
        }
        Tensors {
            x: tensors.x.require_grad(),
            weight: tensors.weight.require_grad(),
            bias: tensors.bias.require_grad(),
            grad: tensors.grad,
        }
    }

    /// Burn as it is; the gradients as its autodiff asks for them.
    fn burn(&self, device: &Device) -> [Option<f64>; 4] {
        let (stride, padding, groups) = ([self.stride; 2], [self.padding(); 2], self.groups);
        let forward = |t: &Tensors| {
            let options = ConvOptions::new(stride, padding, [1, 1], groups);
            module::conv2d(t.x.clone(), t.weight.clone(), Some(t.bias.clone()), options)
        };
        let t = self.tensors(device);
        let left = self.side + 2 * padding[0] - self.kernel - (self.out() - 1) * self.stride;
        let input = || {
            let options = ConvTransposeOptions::new(stride, padding, [left; 2], [1, 1], groups);
            module::conv_transpose2d(t.grad.clone(), t.weight.clone(), None, options)
        };
        let weight = || {
            let options = ConvOptions::new([1, 1], padding, stride, 1);
            let (x, grad) = (t.x.clone().swap_dims(0, 1), t.grad.clone().swap_dims(0, 1));
            module::conv2d(x, grad, None, options)
        };
        let autodiff = self.tensors(&device.clone().autodiff());
        [
            time(|| drop(forward(&t))),
            time(|| drop(input())),
            // With groups it is one such convolution for each of them.
            (groups == 1).then(|| time(|| drop(weight()))).flatten(),
            time(|| {
                drop(
                    (forward(&autodiff) * autodiff.grad.clone())
                        .sum()
                        .backward(),
                )
            }),
        ]
    }

    /// The same as a product of weights and patches, which are laid beside each other by plain tensor operations.
    fn products(&self, device: &Device) -> [Option<f64>; 4] {
        if self.groups > 1 {
            return [None; 4];
        }
        let t = self.tensors(device);
        let autodiff = self.tensors(&device.clone().autodiff());
        [
            time(|| drop(self.as_product(&t))),
            None,
            None,
            time(|| {
                drop(
                    (self.as_product(&autodiff) * autodiff.grad.clone())
                        .sum()
                        .backward(),
                )
            }),
        ]
    }

    fn as_product(&self, t: &Tensors) -> Tensor<4> {
        let (out, kernel, padding) = (self.out(), self.kernel, self.padding());
        let columns = if kernel == 1 && self.stride == 1 {
            t.x.clone().reshape([self.batch, self.from, out * out])
        } else {
            let edges = (padding, padding, padding, padding);
            let x = t.x.clone().pad(edges, PadMode::Constant(0.0));
            let (reach, step) = ((out - 1) * self.stride + 1, self.stride as isize);
            let patches = (0..kernel * kernel).map(|tap| {
                let (i, j) = (tap / kernel, tap % kernel);
                x.clone()
                    .slice(s![.., .., i..i + reach;step, j..j + reach;step])
                    .reshape([self.batch, self.from, out * out])
            });
            Tensor::cat(patches.collect(), 1)
        };
        let weight = t.weight.clone().permute([0, 2, 3, 1]);
        let weight = weight.reshape([1, self.to, kernel * kernel * self.from]);
        let result = weight
            .matmul(columns)
            .reshape([self.batch, self.to, out, out]);
        result + t.bias.clone().reshape([1, self.to, 1, 1])
    }
}

/// PyTorch's times for every case, in a process of its own.
fn pytorch(python: &str) -> Result<Vec<[Option<f64>; 4]>> {
    let sizes = CASES.iter().map(|case| {
        let Case {
            batch,
            from,
            to,
            side,
            kernel,
            stride,
            groups,
            ..
        } = case;
        format!("{batch},{from},{to},{side},{kernel},{stride},{groups}")
    });
    let output = Command::new(python)
        .arg(SCRIPT)
        .args(sizes)
        .output()
        .map_err(|error| format!("cannot start Python: {error}: {python}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let times: Vec<[f64; 4]> = serde_json::from_slice(&output.stdout)?;
    Ok(times.into_iter().map(|case| case.map(Some)).collect())
}
