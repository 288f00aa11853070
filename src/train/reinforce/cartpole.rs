//! The environment: a pole on a cart.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Acceleration of free fall, m/s².
const GRAVITY: f64 = 9.8;
/// Mass of the cart, kg.
const CART_KG: f64 = 1.0;
/// Mass of the pole, kg.
const POLE_KG: f64 = 0.1;
/// Half the length of the pole, m.
const HALF_POLE_M: f64 = 0.5;
/// The push of an action, N.
const FORCE_N: f64 = 10.0;
/// Time between two actions, s.
const TAU_S: f64 = 0.02;
/// How far the cart may be from the middle, m.
const X_MAX_M: f64 = 2.4;
/// How far the pole may lean, rad: 12°.
const LEAN_MAX: f64 = 12.0 * std::f64::consts::TAU / 360.0;
/// Every number of the state at the start of an episode is between minus this and this.
const START_MAX: f64 = 0.05;

/// Numbers that are seen of a state.
pub const OBSERVED: usize = 4;
/// Actions to choose from: a push to the left (0) or to the right (1).
pub const ACTIONS: usize = 2;

/// A pole on a cart that is to be kept upright by pushing the cart (Barto, Sutton and Anderson 1983), with the numbers and
/// the bounds of Gymnasium's `CartPole-v1`. Each push earns a reward of 1, that with which the pole falls included.
///
/// The state is kept in double precision; a network sees it in single precision.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CartPole {
    /// Place of the cart, m to the right of the middle.
    pub x: f64,
    /// Its speed, m/s.
    pub x_dot: f64,
    /// Angle of the pole, rad to the right of upright.
    pub theta: f64,
    /// Its speed, rad/s.
    pub theta_dot: f64,
}

impl CartPole {
    /// The start of an episode: four numbers drawn evenly from −0.05 to 0.05.
    pub fn start(random: &mut impl Rng) -> Self {
        let mut draw = || random.random_range(-START_MAX..=START_MAX);
        Self {
            x: draw(),
            x_dot: draw(),
            theta: draw(),
            theta_dot: draw(),
        }
    }

    /// The state after a push to the right, or else to the left.
    ///
    /// The accelerations are those of Florian (2007), "Correct equations for the dynamics of the cart-pole system", without
    /// friction; they are followed for 20 ms by Euler's method, all from the state before.
    #[must_use]
    pub fn pushed(self, right: bool) -> Self {
        let force = if right { FORCE_N } else { -FORCE_N };
        let (sin, cos) = self.theta.sin_cos();
        let total_kg = CART_KG + POLE_KG;
        let pole = POLE_KG * HALF_POLE_M;
        let shared = (force + pole * self.theta_dot.powi(2) * sin) / total_kg;
        let theta_acceleration = (GRAVITY * sin - cos * shared)
            / (HALF_POLE_M * (4.0 / 3.0 - POLE_KG * cos.powi(2) / total_kg));
        let x_acceleration = shared - pole * theta_acceleration * cos / total_kg;
        Self {
            x: self.x + TAU_S * self.x_dot,
            x_dot: self.x_dot + TAU_S * x_acceleration,
            theta: self.theta + TAU_S * self.theta_dot,
            theta_dot: self.theta_dot + TAU_S * theta_acceleration,
        }
    }

    /// Whether the episode is over: the pole leans more than 12°, or the cart is more than 2.4 m from the middle.
    pub fn has_fallen(self) -> bool {
        self.x.abs() > X_MAX_M || self.theta.abs() > LEAN_MAX
    }

    /// What a network sees of it.
    pub fn observed(self) -> [f32; OBSERVED] {
        [self.x, self.x_dot, self.theta, self.theta_dot].map(|number| number as f32)
    }
}

/// An episode that is being played: its state, and the chance that is its own.
#[derive(Clone, Debug)]
pub struct Episode {
    state: CartPole,
    random: ChaCha8Rng,
    length: u32,
    length_max: u32,
    is_over: bool,
}

impl Episode {
    /// The start of episode `number` (from 0) of a run with `seed`, which ends after `length_max` steps at the latest.
    /// State and chance follow from the two numbers alone.
    pub fn start(seed: u64, number: u64, length_max: u32) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(number);
        Self {
            state: CartPole::start(&mut random),
            random,
            length: 0,
            length_max,
            is_over: false,
        }
    }

    /// Where it stands.
    pub fn state(&self) -> CartPole {
        self.state
    }

    /// Steps so far, which is the sum of rewards too.
    pub fn length(&self) -> u32 {
        self.length
    }

    /// Whether it has ended: fallen, or as long as an episode may be.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Draws an action by the network's `scores` of the actions, each with the probability that softmax gives it.
    pub fn draw(&mut self, scores: [f32; ACTIONS]) -> bool {
        let right = 1.0 / (1.0 + f64::from(scores[0] - scores[1]).exp());
        self.random.random::<f64>() < right
    }

    /// Pushes to the right, or else to the left. Nothing happens where the episode is over.
    pub fn push(&mut self, right: bool) {
        if self.is_over {
            return;
        }
        self.state = self.state.pushed(right);
        self.length += 1;
        self.is_over = self.state.has_fallen() || self.length >= self.length_max;
    }
}
