//! The pole on the cart, against numbers that were worked out by hand from the equations.

use joulelab::train::{CartPole, Episode};

fn close(found: CartPole, wanted: [f64; 4]) {
    let found = [found.x, found.x_dot, found.theta, found.theta_dot];
    for (found, wanted) in found.into_iter().zip(wanted) {
        assert!(
            (found - wanted).abs() < 1e-14,
            "{found} instead of {wanted}"
        );
    }
}

#[test]
fn a_push_from_rest_accelerates_cart_and_pole() {
    // 10 N on 1.1 kg are 9.0909 m/s², which turn the pole by −9.0909 / (0.5·(4/3 − 0.1/1.1)) = −14.6341 rad/s²; the pole's
    // reaction makes the cart's acceleration 9.0909 + 0.05·14.6341 / 1.1 = 9.7561 m/s². Places follow only a step later.
    let rest = CartPole::default();
    close(
        rest.pushed(true),
        [0.0, 0.02 * 400.0 / 41.0, 0.0, -0.02 * 600.0 / 41.0],
    );
    close(
        rest.pushed(false),
        [0.0, -0.02 * 400.0 / 41.0, 0.0, 0.02 * 600.0 / 41.0],
    );
}

#[test]
fn a_leaning_pole_on_a_moving_cart_falls_on() {
    let moving = CartPole {
        x: 0.5,
        x_dot: -1.0,
        theta: 0.1,
        theta_dot: 1.5,
    };
    close(
        moving.pushed(false),
        [0.48, -1.1961843375103594, 0.13, 1.822157373971844],
    );
}

#[test]
fn errors_do_not_add_up_over_steps() {
    let start = CartPole {
        x: 0.01,
        x_dot: -0.02,
        theta: 0.03,
        theta_dot: 0.04,
    };
    let end = [true, false, false, true, true]
        .into_iter()
        .fold(start, CartPole::pushed);
    close(
        end,
        [
            0.00791661253107495,
            0.17298676004769037,
            0.035838631046105324,
            -0.20574851582677406,
        ],
    );
}

#[test]
fn an_episode_is_over_beyond_twelve_degrees_or_2_4_metres() {
    let at = |x: f64, degrees: f64| CartPole {
        x,
        theta: degrees.to_radians(),
        ..CartPole::default()
    };
    for standing in [
        at(0.0, 0.0),
        at(2.399, 0.0),
        at(-2.399, 0.0),
        at(0.0, 11.99),
        at(0.0, -11.99),
    ] {
        assert!(!standing.has_fallen(), "{standing:?}");
    }
    for fallen in [
        at(2.401, 0.0),
        at(-2.401, 0.0),
        at(0.0, 12.01),
        at(0.0, -12.01),
    ] {
        assert!(fallen.has_fallen(), "{fallen:?}");
    }
}

#[test]
fn an_episode_ends_when_the_pole_falls_and_the_last_push_counts() {
    let mut episode = Episode::start(0, 0, 500);
    let mut pushes = 0;
    while !episode.is_over() {
        assert!(!episode.state().has_fallen());
        episode.push(true);
        pushes += 1;
        assert!(pushes < 20, "pushed in one direction, it falls at once");
    }
    assert!(episode.state().has_fallen());
    assert_eq!(episode.length(), pushes);
    let fallen = episode.state();
    episode.push(false);
    assert_eq!((episode.state(), episode.length()), (fallen, pushes));
}

#[test]
fn an_episode_ends_after_its_longest_allowed_time() {
    let mut episode = Episode::start(0, 0, 4);
    for right in [true, false, true, false] {
        assert!(!episode.is_over());
        episode.push(right);
    }
    assert!(episode.is_over() && !episode.state().has_fallen());
    assert_eq!(episode.length(), 4);
}

#[test]
fn starts_are_spread_over_the_stated_range_and_follow_from_seed_and_number() {
    let numbers = |seed, number| {
        let state = Episode::start(seed, number, 500).state();
        [state.x, state.x_dot, state.theta, state.theta_dot]
    };
    let all: Vec<f64> = (0..500).flat_map(|number| numbers(3, number)).collect();
    assert!(all.iter().all(|number| number.abs() <= 0.05));
    let (low, high) = all.iter().fold((0.0_f64, 0.0_f64), |(low, high), &x| {
        (low.min(x), high.max(x))
    });
    assert!(low < -0.0499 && high > 0.0499, "{low} to {high}");
    let mean = all.iter().sum::<f64>() / all.len() as f64;
    // Five deviations of a mean of 2000 numbers.
    assert!(mean.abs() < 5.0 * 0.1 / 12_f64.sqrt() / 2000_f64.sqrt());

    assert_eq!(numbers(3, 7), numbers(3, 7));
    assert_ne!(numbers(3, 7), numbers(3, 8));
    assert_ne!(numbers(3, 7), numbers(4, 7));
}

#[test]
fn actions_are_drawn_with_the_probabilities_of_softmax() {
    let mut episode = Episode::start(0, 0, 500);
    let draws = 20_000;
    let right = (0..draws)
        .filter(|_| episode.draw([0.0, 3_f32.ln()]))
        .count();
    // 3/4 by softmax; five deviations of a binomial.
    let share = right as f64 / f64::from(draws);
    assert!(
        (share - 0.75).abs() < 5.0 * (0.75 * 0.25 / f64::from(draws)).sqrt(),
        "{share}"
    );
    assert!((0..100).all(|_| episode.draw([-100.0, 100.0])));
    assert!((0..100).all(|_| !episode.draw([100.0, -100.0])));
}
