use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Thompson sampling over arms whose costs are normal (Zeus, NSDI 2023, algorithm 2): each arm's mean cost has a normal
/// posterior under a flat prior, mean of its costs and their variance ÷ their number; one draw of each, and the least wins.
/// `costs` holds every arm's costs so far, at least one of each; `draw` numbers the choice, so that it can be made again.
///
/// An arm with fewer than two costs borrows the largest relative spread of the others, since its own is not known.
pub fn choose(costs: &[Vec<f64>], seed: u64, draw: u64) -> Option<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(draw.wrapping_add(1));
    let spread =
        |costs: &[f64]| Some(deviation(costs)? / mean(costs)?.abs().max(f64::MIN_POSITIVE));
    let borrowed = costs
        .iter()
        .filter_map(|costs| spread(costs))
        .fold(0.0, f64::max);
    let drawn: Vec<f64> = costs
        .iter()
        .map(|costs| {
            // Drawn for every arm, so that one arm's costs do not move the others' draws.
            let chance = normal(&mut rng);
            let mean = mean(costs).unwrap_or(f64::INFINITY);
            let deviation = deviation(costs).unwrap_or(borrowed * mean.abs());
            mean + chance * deviation / (costs.len().max(1) as f64).sqrt()
        })
        .collect();
    (0..drawn.len()).min_by(|a, b| drawn[*a].total_cmp(&drawn[*b]))
}

/// Arithmetic mean.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Standard deviation of a sample of two or more.
fn deviation(values: &[f64]) -> Option<f64> {
    let mean = mean(values)?;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (values.len() > 1).then(|| (squares / (values.len() - 1) as f64).sqrt())
}

/// A draw from the standard normal distribution (Box and Muller 1958).
fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let one: f64 = 1.0 - rng.random::<f64>();
    let two: f64 = rng.random();
    (-2.0 * one.ln()).sqrt() * (std::f64::consts::TAU * two).cos()
}
