//! Smaller images of those that there are, for training that begins with such.

use burn::tensor::{Device, Tensor, TensorData};

use crate::models::Samples;

/// Makes images of one size smaller by the mean over areas: each pixel of the result is the mean of the rectangle that it covers in
/// the image, pixels that it covers in part counting by that part. It is one product of matrices along the width and one along the height.
pub struct Shrink {
    channels: usize,
    from: (usize, usize),
    to: (usize, usize),
    /// Shares of columns, `[width, new width]`, and of rows, `[height, new height]`.
    columns: Tensor<2>,
    rows: Tensor<2>,
}

impl Shrink {
    /// From images of `channels` with height and width `from` to those of `to`, none of them larger, on `device`.
    pub fn new(channels: usize, from: (usize, usize), to: (usize, usize), device: &Device) -> Self {
        let matrix = |from: usize, to: usize| {
            Tensor::from_data(TensorData::new(shares(from, to), [from, to]), device)
        };
        Self {
            channels,
            from,
            to,
            rows: matrix(from.0, to.0),
            columns: matrix(from.1, to.1),
        }
    }

    /// `[batch, channels · height · width]` to smaller images; what is no image stays as it is.
    pub fn apply(&self, samples: Samples) -> Samples {
        let Samples::Numbers(numbers) = samples else {
            return samples;
        };
        let [batch, _] = numbers.dims();
        let ((height, width), (to_height, to_width)) = (self.from, self.to);
        let images = batch * self.channels;
        let narrow = numbers
            .reshape([images * height, width])
            .matmul(self.columns.clone())
            .reshape([images, height, to_width]);
        let small = narrow
            .swap_dims(1, 2)
            .reshape([images * to_width, height])
            .matmul(self.rows.clone())
            .reshape([images, to_width, to_height])
            .swap_dims(1, 2);
        Samples::Images(small.reshape([batch, self.channels, to_height, to_width]))
    }
}

/// How much of each of `from` pixels in a line is in each of `to`, `[from, to]`: those of one sum up to 1.
fn shares(from: usize, to: usize) -> Vec<f32> {
    let mut shares = vec![0.0; from * to];
    let length = from as f64 / to as f64;
    for new in 0..to {
        let (begin, end) = (new as f64 * length, (new + 1) as f64 * length);
        for (old, shares) in shares.chunks_exact_mut(to).enumerate() {
            let covered = end.min((old + 1) as f64) - begin.max(old as f64);
            if covered > 0.0 {
                shares[new] = (covered / length) as f32;
            }
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixel_is_the_mean_of_what_it_covers() {
        // Of 3 pixels into 2 each covers one and a half.
        let two_thirds = 2.0_f32 / 3.0;
        let third = 1.0_f32 / 3.0;
        let expected = [two_thirds, 0.0, third, third, 0.0, two_thirds];
        let found = shares(3, 2);
        let worst = expected.iter().zip(&found).map(|(a, b)| (a - b).abs());
        assert!(worst.fold(0.0, f32::max) < 1e-6, "{found:?}");
        assert_eq!(shares(4, 2), [0.5, 0.0, 0.5, 0.0, 0.0, 0.5, 0.0, 0.5]);
        let same = shares(2, 2);
        assert_eq!(same, [1.0, 0.0, 0.0, 1.0]);
    }
}
