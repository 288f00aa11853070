//! Attention of positions to each other: products head by head, and the softmax between them in one pass each way.

use burn::backend::flex::FlexTensor;
use burn::tensor::{Shape, Tensor};

use super::exponential::exp;
use super::matrices::{Matrix, Onto, Threads, multiply};
use super::sums::{sum, sum_of_pairs};
use super::tensors::{Back, Input, changed, numbers, operation, tensor};
use super::threads::share;

/// Scores of a piece.
const PIECE: usize = 1 << 13;

/// What positions take from each other: softmax(query · keyᵀ / √d) · value, head by head (Vaswani and others 2017), with d numbers a
/// head. All are `[batch, length, width]`; with `is_causal` no position sees those behind it. `None` where this is not computed here.
pub fn attention(
    [query, key, value]: [&Tensor<3>; 3],
    heads: usize,
    is_causal: bool,
) -> Option<Tensor<3>> {
    let [batch, length, width] = query.dims();
    if batch * length * width == 0 {
        return None;
    }
    let heads = Heads {
        sides: [batch, length, width],
        count: heads,
        is_causal,
    };
    let inputs = [Input::of(query)?, Input::of(key)?, Input::of(value)?];
    operation(inputs, |inputs, is_tracked| {
        let [query, key, value] = inputs.map(|of_all| heads.apart(of_all));
        let scores = products(&query, &key.transpose(2, 3));
        let weights = changed(scores, |scores| heads.softmax(scores));
        let out = heads.together(products(&weights, &value));
        let way = is_tracked.then_some(Attended {
            heads,
            query,
            key,
            value,
            weights,
        });
        (out, way)
    })
}

/// How the numbers of a position are shared among heads.
#[derive(Clone, Copy, Debug)]
struct Heads {
    /// Batch, length, width.
    sides: [usize; 3],
    count: usize,
    is_causal: bool,
}

impl Heads {
    /// `[batch, length, width]` as `[batch, heads, length, width of a head]`, without a copy.
    fn apart(self, of_all: FlexTensor) -> FlexTensor {
        let [batch, length, width] = self.sides;
        let sides = vec![batch, length, self.count, width / self.count];
        let of_each = of_all.to_contiguous().reshape(Shape::from(sides));
        of_each.transpose(1, 2)
    }

    /// `[batch, heads, length, width of a head]` to `[batch, length, width]`.
    fn together(self, of_each: FlexTensor) -> FlexTensor {
        let [batch, length, width] = self.sides;
        let (from, of_head) = (numbers(&of_each), width / self.count);
        let mut out = vec![0.0; batch * length * width];
        let work = 2 * out.len();
        share(&mut out, length * width, work, |sample, out| {
            let from = &from[sample * length * width..][..length * width];
            for (head, from) in from.chunks_exact(length * of_head).enumerate() {
                let rows = out.chunks_exact_mut(width);
                for (row, from) in rows.zip(from.chunks_exact(of_head)) {
                    row[head * of_head..][..of_head].copy_from_slice(from);
                }
            }
        });
        tensor(out, [batch, length, width])
    }

    /// 1 / √d, by which scores are multiplied.
    fn scale(self) -> f32 {
        let of_head = (self.sides[2] / self.count) as f64;
        (1.0 / of_head.sqrt()) as f32
    }

    /// Whole rows that make a piece.
    fn rows(self) -> usize {
        (PIECE / self.sides[1]).max(1)
    }

    /// Scores before they are scaled, `[.., length, length]`, to weights.
    fn softmax(self, scores: &mut [f32]) {
        let (length, scale, rows) = (self.sides[1], self.scale(), self.rows());
        let work = 4 * scores.len();
        share(scores, rows * length, work, |index, scores| {
            for (row, scores) in scores.chunks_exact_mut(length).enumerate() {
                let seen = match self.is_causal {
                    true => (index * rows + row) % length + 1,
                    false => length,
                };
                let (seen, unseen) = scores.split_at_mut(seen);
                let most = seen.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                for score in seen.iter_mut() {
                    *score = exp((*score - most) * scale);
                }
                let of_sum = (1.0 / sum(seen)) as f32;
                seen.iter_mut().for_each(|weight| *weight *= of_sum);
                unseen.fill(0.0);
            }
        });
    }

    /// The gradient of scores before they are scaled, of that of the `weights`.
    fn softmax_back(self, gradient: &mut [f32], weights: &[f32]) {
        let (length, scale, rows) = (self.sides[1], self.scale(), self.rows());
        let work = 4 * gradient.len();
        share(gradient, rows * length, work, |index, gradient| {
            let weights = weights[index * rows * length..].chunks_exact(length);
            for (gradient, weights) in gradient.chunks_exact_mut(length).zip(weights) {
                let along = sum_of_pairs(gradient, weights, |g, w| g * w) as f32;
                for (gradient, weight) in gradient.iter_mut().zip(weights) {
                    *gradient = weight * (*gradient - along) * scale;
                }
            }
        });
    }
}

#[derive(Clone, Debug)]
struct Attended {
    heads: Heads,
    query: FlexTensor,
    key: FlexTensor,
    value: FlexTensor,
    weights: FlexTensor,
}

impl Back<3> for Attended {
    fn back(self, gradient: FlexTensor, wanted: [bool; 3]) -> [Option<FlexTensor>; 3] {
        let heads = self.heads;
        let gradient = heads.apart(gradient);
        let of = |product: FlexTensor| Some(heads.together(product));
        let mut out = [None, None, None];
        if wanted[2] {
            let weights = self.weights.transpose(2, 3);
            out[2] = of(products(&weights, &gradient));
        }
        if wanted[0] || wanted[1] {
            let of_weights = products(&gradient, &self.value.transpose(2, 3));
            let weights = numbers(&self.weights);
            let scores = changed(of_weights, |of| heads.softmax_back(of, weights));
            out[1] = of(products(&scores.transpose(2, 3), &self.query));
            out[0] = of(products(&scores, &self.key));
        }
        out
    }
}

/// `a` `[batch, heads, rows, depth]` · `b` `[batch, heads, depth, columns]`, head by head.
fn products(a: &FlexTensor, b: &FlexTensor) -> FlexTensor {
    let shape = |tensor: &FlexTensor, side: usize| tensor.layout().shape()[side];
    let [batch, heads, rows, depth] = [0, 1, 2, 3].map(|side| shape(a, side));
    let columns = shape(b, 3);
    let mut out = vec![0.0; batch * heads * rows * columns];
    let work = out.len() * depth;
    share(&mut out, rows * columns, work, |index, out| {
        let of = |tensor| matrix(tensor, [index / heads, index % heads]);
        multiply(of(a), of(b), out, Onto::Anything, Threads::One);
    });
    tensor(out, [batch, heads, rows, columns])
}

/// The matrix of one head, as it lies in memory.
fn matrix(tensor: &FlexTensor, at: [usize; 2]) -> Matrix<'_> {
    let layout = tensor.layout();
    let step = |side: usize| {
        let step = usize::try_from(layout.strides()[side]);
        step.expect("axes of what was made here run forwards")
    };
    let first = layout.start_offset() + at[0] * step(0) + at[1] * step(1);
    let sides = [layout.shape()[2], layout.shape()[3]];
    let numbers: &[f32] = tensor.storage();
    Matrix::with_steps(&numbers[first..], sides, [step(2), step(3)])
}
