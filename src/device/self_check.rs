//! Whether a device computes what the CPU computes: loss and gradients of a small network on a fixed batch, and a batch that the
//! program's own kernel puts together.

use burn::module::{Module, ModuleVisitor, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Int, Tensor, TensorData, activation};

use super::gather_check;

/// Largest difference that passes, relative to the gradient's size: well above what the order of summation alone makes in
/// single precision, and far below what a wrong kernel makes.
pub const SELF_CHECK_TOLERANCE: f64 = 2e-3;

const BATCH: usize = 16;
const CLASSES: usize = 10;
const SEED: u64 = 0x05e1_fc4e;

/// What a self-check found.
#[derive(Clone, Debug, PartialEq)]
pub struct SelfCheckReport {
    /// Whether every difference was within the tolerance.
    pub passed: bool,
    /// Difference of the loss, relative.
    pub loss_difference: f64,
    /// Largest difference of a gradient, relative to the largest value in its tensor, or to a hundredth of the largest of
    /// all where its own are smaller: a bias before a normalisation has a gradient of zero, and only noise in it.
    pub gradient_difference: f64,
}

/// Compares `device` with Burn's CPU backend.
///
/// # Errors
/// What the device said, where it could not compute at all; or by how much batches are off that the program's own kernel puts
/// together.
pub fn self_check(device: &Device) -> Result<SelfCheckReport, String> {
    let cpu = Device::flex();
    if *device != cpu {
        let difference = gather_check::difference(device)?;
        if difference.is_nan() || difference > SELF_CHECK_TOLERANCE {
            return Err(format!(
                "the kernel that puts batches of images together is off by {difference:.3e} deviations (at most \
                 {SELF_CHECK_TOLERANCE:.0e}); another driver may help, or `--device cpu`"
            ));
        }
    }
    cpu.seed(SEED);
    let network = Check::new(&cpu);
    // A clone draws the parameters, which are lazy, so both sides start from the same.
    let (cpu_loss, cpu_gradients) = gradients(network.clone(), &cpu)?;
    let (loss, found) = gradients(network, device)?;
    let loss_difference = (loss - cpu_loss).abs() / cpu_loss.abs().max(f64::MIN_POSITIVE);
    let floor = cpu_gradients
        .iter()
        .map(|gradient| largest(gradient))
        .fold(0.0, f32::max)
        / 100.0;
    let gradient_difference = cpu_gradients
        .iter()
        .zip(&found)
        .map(|(expected, found)| relative_difference(expected, found, floor))
        .fold(0.0, worse);
    // Written so that a NaN does not pass.
    let passed = cpu_gradients.len() == found.len()
        && loss_difference <= SELF_CHECK_TOLERANCE
        && gradient_difference <= SELF_CHECK_TOLERANCE;
    Ok(SelfCheckReport {
        passed,
        loss_difference,
        gradient_difference,
    })
}

fn largest(values: &[f32]) -> f32 {
    values.iter().fold(0.0, |largest, x| largest.max(x.abs()))
}

/// The larger of two differences; `f64::max` would drop a NaN, which is the worst of all.
fn worse(a: f64, b: f64) -> f64 {
    if b > a || b.is_nan() { b } else { a }
}

fn relative_difference(expected: &[f32], found: &[f32], floor: f32) -> f64 {
    if expected.len() != found.len() {
        return f64::INFINITY;
    }
    let scale = largest(expected).max(floor).max(f32::MIN_POSITIVE);
    expected
        .iter()
        .zip(found)
        .map(|(a, b)| f64::from((a - b).abs() / scale))
        .fold(0.0, worse)
}

/// The kernels that carry most of a run: convolution, normalisation, pooling, linear layers, and their backward passes.
#[derive(Module, Debug)]
struct Check {
    convolution: Conv2d,
    norm: BatchNorm,
    pool: MaxPool2d,
    hidden: Linear,
    classes: Linear,
}

impl Check {
    fn new(device: &Device) -> Self {
        Self {
            convolution: Conv2dConfig::new([1, 8], [3, 3])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .init(device),
            norm: BatchNormConfig::new(8).init(device),
            pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
            hidden: LinearConfig::new(8 * 4 * 4, 32).init(device),
            classes: LinearConfig::new(32, CLASSES).init(device),
        }
    }

    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let x = self.norm.forward(self.convolution.forward(images));
        let x = self.pool.forward(activation::relu(x));
        let x = x.reshape([BATCH, 8 * 4 * 4]);
        self.classes
            .forward(activation::gelu(self.hidden.forward(x)))
    }
}

/// Loss, and the gradient of every parameter in the order of the network.
fn gradients(network: Check, device: &Device) -> Result<(f64, Vec<Vec<f32>>), String> {
    let device = device.clone().autodiff();
    let network = network.to_device(&device).train();
    // A fixed pattern without symmetry: neither zeros nor repeats that a wrong index could hide behind.
    let pixels: Vec<f32> = (0..BATCH * 64)
        .map(|i| ((i * i + 3 * i) % 257) as f32 / 128.0 - 1.0)
        .collect();
    let labels: Vec<i32> = (0..BATCH).map(|i| ((i * 7 + 3) % CLASSES) as i32).collect();
    let images = Tensor::<4>::from_data(TensorData::new(pixels, [BATCH, 1, 8, 8]), &device);
    let labels = Tensor::<1, Int>::from_data(TensorData::new(labels, [BATCH]), &device);
    let loss = CrossEntropyLossConfig::new()
        .init(&device)
        .forward(network.forward(images), labels);
    let gradients = GradientsParams::from_grads(loss.backward(), &network);
    let loss = values(loss.inner())?
        .first()
        .map_or(f64::NAN, |x| f64::from(*x));
    let mut collect = Collect {
        gradients,
        found: Ok(Vec::new()),
    };
    network.visit(&mut collect);
    Ok((loss, collect.found?))
}

struct Collect {
    gradients: GradientsParams,
    found: Result<Vec<Vec<f32>>, String>,
}

impl ModuleVisitor for Collect {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = self.gradients.remove::<D>(param.id) else {
            return;
        };
        match (values(gradient), &mut self.found) {
            (Ok(values), Ok(found)) => found.push(values),
            (Err(error), found @ Ok(_)) => *found = Err(error),
            (_, Err(_)) => {}
        }
    }
}

pub(super) fn values<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, String> {
    let data = tensor
        .try_into_data()
        .map_err(|error| format!("{error:?}"))?;
    Ok(data.iter::<f32>().collect())
}
