//! Steps of the optimisers by their papers' formulas, on plain numbers.

use joulelab::setup::OptimiserSetup;

/// A parameter tensor: its path in the network, shape and numbers.
#[derive(Clone, Debug)]
pub struct Parameter {
    pub path: String,
    pub shape: Vec<usize>,
    pub values: Vec<f64>,
}

/// What an optimiser keeps of a parameter.
#[derive(Clone, Default)]
pub struct State {
    first: Vec<f64>,
    second: Vec<f64>,
    steps: i32,
}

/// One step of `setup` with gradient `g`; `by_muon` says whether the parameter is a matrix of Muon's own.
pub fn step(
    setup: &OptimiserSetup,
    parameter: &mut Parameter,
    g: &[f64],
    state: &mut State,
    rate: f64,
    by_muon: bool,
) {
    let zeros = vec![0.0; g.len()];
    if state.steps == 0 {
        (state.first, state.second) = (zeros.clone(), zeros);
    }
    state.steps += 1;
    let w = &mut parameter.values;
    let decayed = |w: &[f64], decay: f64| -> Vec<f64> {
        g.iter().zip(w).map(|(g, w)| g + decay * w).collect()
    };
    let adam = |g: &[f64], state: &mut State, beta_1: f64, beta_2: f64, epsilon: f64| {
        let t = state.steps;
        let mut steps = Vec::new();
        for (i, g) in g.iter().enumerate() {
            state.first[i] = beta_1 * state.first[i] + (1.0 - beta_1) * g;
            state.second[i] = beta_2 * state.second[i] + (1.0 - beta_2) * g * g;
            let m = state.first[i] / (1.0 - beta_1.powi(t));
            let v = state.second[i] / (1.0 - beta_2.powi(t));
            steps.push(m / (v.sqrt() + epsilon));
        }
        steps
    };
    let apply = |w: &mut [f64], steps: &[f64], scale: f64, decay: f64| {
        for (w, step) in w.iter_mut().zip(steps) {
            *w = *w * (1.0 - rate * decay) - rate * scale * step;
        }
    };
    match setup {
        // v ← μ·v + g, w ← w − η·v (no dampening).
        OptimiserSetup::Sgd(sgd) => {
            for (v, g) in state.first.iter_mut().zip(decayed(w, sgd.weight_decay)) {
                *v = sgd.momentum * *v + g;
            }
            apply(w, &state.first, 1.0, 0.0);
        }
        OptimiserSetup::Adam(a) => {
            let g = decayed(w, a.weight_decay);
            let steps = adam(&g, state, a.beta_1, a.beta_2, a.epsilon);
            apply(w, &steps, 1.0, 0.0);
        }
        OptimiserSetup::AdamW(a) => {
            let steps = adam(g, state, a.beta_1, a.beta_2, a.epsilon);
            apply(w, &steps, 1.0, a.weight_decay);
        }
        // s ← α·s + (1 − α)·g², w ← w − η·g / (√s + ε).
        OptimiserSetup::RmsProp(r) => {
            let g = decayed(w, r.weight_decay);
            let mut steps = Vec::new();
            for (s, g) in state.second.iter_mut().zip(&g) {
                *s = r.alpha * *s + (1.0 - r.alpha) * g * g;
                steps.push(g / (s.sqrt() + r.epsilon));
            }
            apply(w, &steps, 1.0, 0.0);
        }
        // s ← s + g², w ← w − η·g / (√s + ε) (Duchi and others 2011).
        OptimiserSetup::AdaGrad(a) => {
            let g = decayed(w, a.weight_decay);
            let mut steps = Vec::new();
            for (s, g) in state.second.iter_mut().zip(&g) {
                *s += g * g;
                steps.push(g / (s.sqrt() + a.epsilon));
            }
            apply(w, &steps, 1.0, 0.0);
        }
        // c = β₁·m + (1 − β₁)·g, w ← w − η·(sign c + λ·w), m ← β₂·m + (1 − β₂)·g (Chen and others 2023, algorithm 2).
        OptimiserSetup::Lion(l) => {
            let mut steps = Vec::new();
            for (m, g) in state.first.iter_mut().zip(g) {
                let c = l.beta_1 * *m + (1.0 - l.beta_1) * g;
                // Unlike `f64::signum`, the sign of 0 is 0.
                steps.push(if c == 0.0 { 0.0 } else { c.signum() });
                *m = l.beta_2 * *m + (1.0 - l.beta_2) * g;
            }
            apply(w, &steps, 1.0, l.weight_decay);
        }
        // r = m̂ / (√v̂ + ε) + λ·w, w ← w − η·(‖w‖ / ‖r‖)·r (You and others 2020, algorithm 2).
        OptimiserSetup::Lamb(l) => {
            let mut steps = adam(g, state, l.beta_1, l.beta_2, l.epsilon);
            for (step, w) in steps.iter_mut().zip(w.iter()) {
                *step += l.weight_decay * w;
            }
            let (w_norm, step_norm) = (norm(w), norm(&steps));
            let both = w_norm > 0.0 && step_norm > 0.0;
            let trust = if both { w_norm / step_norm } else { 1.0 };
            for (w, step) in w.iter_mut().zip(&steps) {
                *w -= rate * trust * step;
            }
        }
        OptimiserSetup::Muon(m) if by_muon => {
            let mut momentum = Vec::new();
            for (v, g) in state.first.iter_mut().zip(g) {
                *v = m.momentum * *v + g;
                momentum.push(if m.nesterov { g + m.momentum * *v } else { *v });
            }
            let rows = parameter.shape[0];
            let columns = g.len() / rows;
            let scale = 0.2 * (rows.max(columns) as f64).sqrt();
            apply(
                w,
                &orthogonal(&momentum, rows, columns),
                scale,
                m.weight_decay,
            );
        }
        OptimiserSetup::Muon(m) => {
            let steps = adam(g, state, m.beta_1, m.beta_2, m.epsilon);
            apply(w, &steps, 1.0, m.weight_decay);
        }
    }
}

fn norm(values: &[f64]) -> f64 {
    values.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// Five Newton–Schulz iterations X ← a·X + (b·A + c·A²)·X with A = X·Xᵀ, from X = G / ‖G‖ (Jordan and others 2024).
fn orthogonal(g: &[f64], rows: usize, columns: usize) -> Vec<f64> {
    let length = norm(g);
    let mut x: Vec<f64> = g.iter().map(|g| g / length).collect();
    for _ in 0..5 {
        let transposed: Vec<f64> = (0..columns * rows)
            .map(|i| x[(i % rows) * columns + i / rows])
            .collect();
        let a = product(&x, &transposed, rows, columns, rows);
        let squared = product(&a, &a, rows, rows, rows);
        let mix: Vec<f64> = a
            .iter()
            .zip(&squared)
            .map(|(a, s)| -4.775 * a + 2.0315 * s)
            .collect();
        let turned = product(&mix, &x, rows, rows, columns);
        x = x.iter().zip(&turned).map(|(x, t)| 3.4445 * x + t).collect();
    }
    x
}

fn product(a: &[f64], b: &[f64], rows: usize, inner: usize, columns: usize) -> Vec<f64> {
    let mut out = vec![0.0; rows * columns];
    for i in 0..rows {
        for k in 0..inner {
            for j in 0..columns {
                out[i * columns + j] += a[i * inner + k] * b[k * columns + j];
            }
        }
    }
    out
}
