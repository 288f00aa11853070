//! The simulated meters that ship with the program, and what sampling makes of them when they fail.

mod asked_for;
mod faults;
mod names;
mod truth;

use joulelab::{
    power::{
        Clock, Planned, Role, Rounds, SamplerOptions,
        simulated::{self, SimulatedMeter},
    },
    units::EnergyFigure,
};

const USUAL: SamplerOptions = SamplerOptions { rate_hz: 10.0 };

fn meters(simulation: &str, clock: &Clock) -> Vec<SimulatedMeter> {
    simulated::parse(simulation, clock).unwrap_or_else(|error| panic!("{error}"))
}

fn one(simulation: &str, clock: &Clock) -> SimulatedMeter {
    meters(simulation, clock).remove(0)
}

fn planned(meter: SimulatedMeter, role: Role) -> Planned {
    let meter = Box::new(meter);
    Planned { meter, role }
}

fn value(figure: &EnergyFigure) -> f64 {
    figure.energy_j.expect("an energy").value
}

/// Rounds at 10 Hz for `seconds`.
fn pass(rounds: &mut Rounds, clock: &Clock, seconds: f64) {
    for _ in 0..(seconds * 10.0).round() as u32 {
        clock.advance(0.1);
        rounds.round();
    }
}
