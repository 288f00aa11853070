//! Matrices with orthonormal rows or columns (Saxe, McClelland and Ganguli 2014).

use burn::tensor::{Device, Distribution, Tensor, TensorData};

/// Vectors that are made orthogonal to each other on the host; what they have in common with those before them is taken off by
/// products of matrices, which is most of the work of a large matrix.
const PANEL: usize = 64;

/// `[rows, columns]`, drawn on `device` from its generator: orthonormal rows where there are no more of them than columns,
/// else orthonormal columns. Drawn evenly from all such matrices: normal numbers, orthogonalised by Gram and Schmidt's method,
/// whose factor R has a positive diagonal (Mezzadri 2007). Burn's own takes minutes for a layer of a thousand numbers.
pub fn orthogonal(rows: usize, columns: usize, device: &Device) -> Tensor<2> {
    let (count, length) = (rows.min(columns), rows.max(columns));
    let mut panels: Vec<Tensor<2>> = Vec::new();
    for first in (0..count).step_by(PANEL) {
        let size = PANEL.min(count - first);
        let drawn = Distribution::Normal(0.0, 1.0);
        let mut panel = Tensor::<2>::random([size, length], drawn, device);
        // Twice: what rounding left of the others the first time is as small as rounding the second time.
        for _ in 0..2 {
            for before in &panels {
                let common = panel.clone().matmul(before.clone().transpose());
                panel = panel - common.matmul(before.clone());
            }
            panel = within(panel, device);
        }
        panels.push(panel);
    }
    let vectors = Tensor::cat(panels, 0);
    if rows <= columns {
        vectors
    } else {
        vectors.transpose()
    }
}

/// The rows of `panel` orthonormal among themselves, by the modified method.
fn within(panel: Tensor<2>, device: &Device) -> Tensor<2> {
    let [size, length] = panel.dims();
    let drawn: Vec<f64> = panel.into_data().iter::<f64>().collect();
    let mut done: Vec<f64> = Vec::with_capacity(drawn.len());
    for vector in drawn.chunks(length) {
        let mut vector = vector.to_vec();
        for before in done.chunks(length) {
            let common = product(&vector, before);
            for (number, other) in vector.iter_mut().zip(before) {
                *number -= common * other;
            }
        }
        // A vector of nothing stays one: it happens to none that is drawn, but a division by 0 would.
        let size = product(&vector, &vector).sqrt().max(f64::MIN_POSITIVE);
        done.extend(vector.iter().map(|number| number / size));
    }
    let done = done.into_iter().map(|number| number as f32).collect();
    Tensor::from_data(TensorData::new(done, [size, length]), device)
}

fn product(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
