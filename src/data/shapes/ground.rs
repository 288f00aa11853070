//! The textured ground: random values on a coarse and a fine lattice, smoothly joined.

use rand_chacha::rand_core::Rng;

use super::render::uniform;

/// Cells a side of the coarse lattice; the fine one has twice as many.
const CELLS: usize = 4;
const FINE_CELLS: usize = 2 * CELLS;

/// A texture between −1 and 1.
pub(super) struct Ground {
    coarse: [[f32; CELLS + 1]; CELLS + 1],
    fine: [[f32; FINE_CELLS + 1]; FINE_CELLS + 1],
}

impl Ground {
    /// Draws a texture.
    pub(super) fn draw(rng: &mut impl Rng) -> Self {
        Self {
            coarse: lattice(rng),
            fine: lattice(rng),
        }
    }

    /// The texture at `x`, `y`, each from 0 to 1 across the image.
    pub(super) fn at(&self, x: f32, y: f32) -> f32 {
        0.65 * between(&self.coarse, x, y) + 0.35 * between(&self.fine, x, y)
    }
}

fn lattice<const N: usize>(rng: &mut impl Rng) -> [[f32; N]; N] {
    let mut values = [[0.0; N]; N];
    for value in values.as_flattened_mut() {
        *value = uniform(rng, -1.0, 1.0);
    }
    values
}

fn between<const N: usize>(lattice: &[[f32; N]; N], x: f32, y: f32) -> f32 {
    let cell = |position: f32| {
        let scaled = position * (N - 1) as f32;
        let index = (scaled as usize).min(N - 2);
        let rest = scaled - index as f32;
        // Smooth at the lattice's lines, so that these do not show.
        (index, rest * rest * (3.0 - 2.0 * rest))
    };
    let ((column, right), (row, down)) = (cell(x), cell(y));
    let blend = |row: usize| {
        lattice[row][column] + (lattice[row][column + 1] - lattice[row][column]) * right
    };
    blend(row) + (blend(row + 1) - blend(row)) * down
}
