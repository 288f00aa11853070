//! Convolutions on the CPU backend part by part: our own operation against Burn's, and against PyTorch where there is one.
//!
//! All take turns within a round, so that they meet the same machine; what counts are the ratios. See `benches/README.md`.

use std::error::Error;
use std::process::Command;
use std::time::Instant;

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::backend::ops::{ConvOptions, ModuleOps};
use burn::module::Param;
use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::tensor::{Device, Distribution, Tensor};
use joulelab::models::convolve::{Convolution, Geometry, convolve};

const ROUNDS: usize = 3;
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
const CASES: [Case; 11] = [
    case("digits, first", [64, 1, 16, 8], [3, 1, 1]),
    case("digits, second", [64, 16, 32, 4], [3, 1, 1]),
    case("3×3, 64 on 32²", [32, 64, 64, 32], [3, 1, 1]),
    case("3×3, 256 on 8²", [32, 256, 256, 8], [3, 1, 1]),
    case("3×3, 512 on 4²", [32, 512, 512, 4], [3, 1, 1]),
    case("3×3, stride 2", [32, 64, 128, 32], [3, 2, 1]),
    case("1×1, 64 to 128", [32, 64, 128, 16], [1, 1, 1]),
    case("1×1, stride 2", [32, 64, 128, 16], [1, 2, 1]),
    case("3×3, depthwise", [32, 64, 64, 32], [3, 1, 64]),
    case("depthwise, stride 2", [32, 64, 64, 32], [3, 2, 64]),
    case("MNIST, first", [64, 1, 32, 28], [3, 1, 1]),
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
    let mut own: Vec<Vec<[f64; 4]>> = vec![Vec::new(); CASES.len()];
    let (mut burn, mut peer) = (own.clone(), own.clone());
    for round in 0..ROUNDS {
        let torch = python.as_deref().map(pytorch).transpose()?;
        for (index, case) in CASES.iter().enumerate() {
            eprintln!("round {} of {ROUNDS}: {}", round + 1, case.name);
            own[index].push(case.own(&device)?);
            burn[index].push(case.burn(&device)?);
            if let Some(torch) = &torch {
                peer[index].push(torch[index]);
            }
        }
    }
    for (index, case) in CASES.iter().enumerate() {
        println!("{}, batch {}", case.name, case.batch);
        for (part, name) in PARTS.iter().enumerate() {
            let time = median(own[index].iter().map(|round| round[part]));
            print!("  {name:<16} {time:9.3} ms");
            for (who, rounds) in [("burn", &burn[index]), ("pytorch", &peer[index])] {
                if !rounds.is_empty() {
                    let rounds = own[index].iter().zip(rounds);
                    let ratio = median(rounds.map(|(own, other)| own[part] / other[part]));
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
fn time<T>(mut work: impl FnMut() -> T) -> f64 {
    drop(work());
    let begun = Instant::now();
    drop(work());
    let times = (MEASURE_S / begun.elapsed().as_secs_f64()).clamp(3.0, 200.0) as usize;
    median((0..times).map(|_| {
        let begun = Instant::now();
        drop(work());
        begun.elapsed().as_secs_f64() * 1e3
    }))
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Images, the layer and the gradient of its result.
struct Layer {
    x: Tensor<4>,
    conv: Conv2d,
    gradient: Tensor<4>,
}

/// The same as the backend sees it.
struct Primitives {
    x: FlexTensor,
    weight: FlexTensor,
    bias: FlexTensor,
    gradient: FlexTensor,
}

impl Case {
    fn convolution(&self) -> Convolution {
        Convolution {
            geometry: Geometry {
                batch: self.batch,
                from: self.from,
                to: self.to,
                side: [self.side; 2],
                kernel: [self.kernel; 2],
                stride: [self.stride; 2],
                padding: [self.kernel / 2; 2],
            },
            groups: self.groups,
        }
    }

    fn layer(&self, device: &Device) -> Layer {
        let normal = Distribution::Normal(0.0, 1.0);
        let padding = self.kernel / 2;
        let [height, width] = self.convolution().geometry.out();
        let mut conv = Conv2dConfig::new([self.from, self.to], [self.kernel; 2])
            .with_stride([self.stride; 2])
            .with_padding(PaddingConfig2d::Explicit(
                padding, padding, padding, padding,
            ))
            .with_groups(self.groups)
            .init(device);
        conv.bias = Some(Param::from_tensor(Tensor::random(
            [self.to],
            normal,
            device,
        )));
        let x = Tensor::random(
            [self.batch, self.from, self.side, self.side],
            normal,
            device,
        );
        Layer {
            x: if device.is_autodiff() {
                x.require_grad()
            } else {
                x
            },
            conv,
            gradient: Tensor::random([self.batch, self.to, height, width], normal, device),
        }
    }

    fn primitives(&self, device: &Device) -> Result<Primitives> {
        let layer = self.layer(device);
        let of = |tensor: Tensor<4>| {
            let primitive = tensor.try_into_primitive::<Flex>();
            primitive.map_err(|error| format!("{error:?}"))
        };
        let bias = layer.conv.bias.as_ref().ok_or("no bias")?.val();
        Ok(Primitives {
            x: of(layer.x)?,
            weight: of(layer.conv.weight.val())?,
            bias: bias
                .try_into_primitive::<Flex>()
                .map_err(|error| format!("{error:?}"))?,
            gradient: of(layer.gradient)?,
        })
    }

    fn training(&self, device: &Device, with: fn(&Conv2d, Tensor<4>) -> Tensor<4>) -> f64 {
        let Layer { x, conv, gradient } = self.layer(&device.clone().autodiff());
        time(|| (with(&conv, x.clone()) * gradient.clone()).sum().backward())
    }

    fn own(&self, device: &Device) -> Result<[f64; 4]> {
        let convolution = self.convolution();
        let Primitives {
            x,
            weight,
            bias,
            gradient,
        } = self.primitives(device)?;
        Ok([
            time(|| convolution.forward(x.clone(), weight.clone(), Some(bias.clone()))),
            time(|| convolution.input_gradient(x.clone(), weight.clone(), gradient.clone())),
            time(|| convolution.weight_gradient(x.clone(), gradient.clone())),
            self.training(device, convolve),
        ])
    }

    fn burn(&self, device: &Device) -> Result<[f64; 4]> {
        let Primitives {
            x,
            weight,
            bias,
            gradient,
        } = self.primitives(device)?;
        let options = || {
            let Geometry {
                stride, padding, ..
            } = self.convolution().geometry;
            ConvOptions::new(stride, padding, [1, 1], self.groups)
        };
        let (x, weight, gradient) = (|| x.clone(), || weight.clone(), || gradient.clone());
        Ok([
            time(|| Flex::conv2d(x(), weight(), Some(bias.clone()), options())),
            time(|| Flex::conv2d_x_backward(x(), weight(), gradient(), options())),
            time(|| Flex::conv2d_weight_backward(x(), weight(), gradient(), options())),
            self.training(device, |conv, x| conv.forward(x)),
        ])
    }
}

/// PyTorch's times for every case, in a process of its own.
fn pytorch(python: &str) -> Result<Vec<[f64; 4]>> {
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
    Ok(serde_json::from_slice(&output.stdout)?)
}
