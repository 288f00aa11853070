//! Work of no use that keeps a device busy.

use std::time::{Duration, Instant};

use burn::tensor::{Device, Distribution, Tensor};

use super::Opened;

/// Sides of the matrices, of which the first is taken that keeps the device busy for long enough: small ones leave a large
/// card waiting for the next. Few, since each has to be compiled and tuned.
const SIDES: [usize; 3] = [256, 1024, 4096];
/// A product that takes less is too small for the device.
const LONG: Duration = Duration::from_millis(2);
/// How long a turn should take: long beside the moment in which the device waits for the next one, short beside the meters'
/// refresh periods.
const TURN_S: f64 = 0.02;
/// Products in a turn at most: values drift away from 1 with each.
const PRODUCTS_MAX: f64 = 64.0;

/// Multiplies matrices in `f32`, over and over.
#[derive(Debug)]
pub struct Mill {
    device: Device,
    matrix: Tensor<2>,
    start: Tensor<2>,
    side: usize,
    products: u32,
}

impl Mill {
    /// Finds a size that keeps the device busy; compiles and tunes the kernels for it, which may take minutes the first time.
    /// `keep_going` is asked in between; the mill is then as good as it is.
    ///
    /// # Errors
    /// What the device said, where it could not compute.
    pub fn new(opened: &Opened, keep_going: &dyn Fn() -> bool) -> Result<Self, String> {
        let mut side = SIDES[0];
        loop {
            let mut mill = Self::of_side(&opened.device, side);
            // The first compiles and tunes, so it tells nothing of the time that one takes.
            mill.turn()?;
            let begun = Instant::now();
            mill.turn()?;
            let took = begun.elapsed();
            let larger = SIDES.into_iter().find(|larger| *larger > side);
            match larger.filter(|_| took < LONG && keep_going()) {
                Some(larger) => side = larger,
                None => {
                    let seconds = took.as_secs_f64().max(1e-6);
                    mill.products = (TURN_S / seconds).clamp(1.0, PRODUCTS_MAX) as u32;
                    return Ok(mill);
                }
            }
        }
    }

    fn of_side(device: &Device, side: usize) -> Self {
        // Such a matrix keeps the length of most vectors about as it is: numbers that overflow or vanish cost less energy.
        let reach = (3.0 / side as f64).sqrt();
        let spread = Distribution::Uniform(-reach, reach);
        let unit = Distribution::Uniform(-1.0, 1.0);
        Self {
            matrix: Tensor::random([side, side], spread, device),
            start: Tensor::random([side, side], unit, device),
            device: device.clone(),
            side,
            products: 1,
        }
    }

    /// One turn of some hundredths of a second, until the device has nothing left to do.
    ///
    /// # Errors
    /// What the device said, where it could not compute.
    pub fn turn(&self) -> Result<(), String> {
        let mut values = self.start.clone();
        for _ in 0..self.products {
            values = self.matrix.clone().matmul(values);
        }
        self.device.sync().map_err(|error| format!("{error:?}"))
    }

    /// Floating-point operations of a turn: 2·n³ for each product.
    pub fn turn_flop(&self) -> f64 {
        2.0 * (self.side as f64).powi(3) * f64::from(self.products)
    }

    /// Bytes that a turn has to move: two matrices read and one written for each product.
    pub fn turn_bytes(&self) -> f64 {
        3.0 * 4.0 * (self.side as f64).powi(2) * f64::from(self.products)
    }
}
