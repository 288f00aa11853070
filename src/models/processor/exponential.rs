//! e^x without branches, so that compilers make one sequence for several numbers of it.

/// 1.5 · 2²³: a number added to it is rounded to the nearest integer, which stands in the lowest bits.
const ROUNDS: f32 = 12_582_912.0;

/// ln 2 in two parts, the first with few digits, so that its multiples are exact (Cody and Waite 1980).
const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];

/// e^x with a relative error below 2·10⁻⁷ for −87 ≤ x ≤ 88; beyond, as at the nearer end. What is no number stays none.
///
/// e^x = 2^n · e^r, with the polynomial of Cephes' `expf` (Moshier 1992) for |r| ≤ ln 2 / 2.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    // Not `clamp`, which would have to ask whether the bounds are in order, nor `max`, which drops what is no number.
    let x = if x < -87.0 { -87.0 } else { x };
    let x = if x > 88.0 { 88.0 } else { x };
    let shifted = x * std::f32::consts::LOG2_E + ROUNDS;
    let n = shifted - ROUNDS;
    let r = x - n * LN_2[0] - n * LN_2[1];
    let mut sum = 1.987_569_1e-4;
    for factor in [
        1.398_2e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        1.666_666_5e-1,
        0.5,
    ] {
        sum = sum * r + factor;
    }
    let of_r = sum * r * r + r + 1.0;
    // The lowest bits of `shifted` are n: moved to where the exponent of 2^n stands.
    let power = (shifted.to_bits() << 23).wrapping_add(0x3f80_0000);
    of_r * f32::from_bits(power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_near_the_exact_one_over_the_whole_range() {
        for step in -87_000..=88_000_i32 {
            let x = step as f32 / 1000.0;
            let exact = f64::from(x).exp();
            let apart = (f64::from(exp(x)) - exact).abs() / exact;
            assert!(apart < 2e-7, "{x}: {apart}");
        }
    }

    #[test]
    fn ends_and_what_is_no_number() {
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(-1e4), exp(-87.0));
        assert!(exp(-87.0) < 2e-38);
        assert_eq!(exp(1e9), exp(88.0));
        assert!(exp(f32::NAN).is_nan());
    }
}
