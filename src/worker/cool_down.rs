//! The pause between two runs, so that the heat of one is not in the figures of the next: hot silicon leaks more.

use std::time::{Duration, Instant};

use crate::power::{IdleBaseline, Origin, Role, Sampler, WindowId};
use crate::protocol::CooledDown;
use crate::setup::sweep::CoolDown;
use crate::units::quantity;

/// Time over which power is averaged while the machine comes to rest: a few refreshes of a usual counter.
const SLICE: Duration = Duration::from_millis(300);
/// How often a wish to stop is looked for.
const TICK: Duration = Duration::from_millis(50);

/// Waits as `plan` says; `idle` is what the machine draws at rest. Nothing where there is no pause.
pub fn wait(
    sampler: &Sampler,
    plan: CoolDown,
    idle: Option<&IdleBaseline>,
    keep_going: &dyn Fn() -> bool,
) -> Option<CooledDown> {
    match plan {
        CoolDown::None => None,
        CoolDown::Fixed { seconds } => {
            let begun = Instant::now();
            sleep(Duration::from_secs_f64(seconds), keep_going);
            let waited_s = begun.elapsed().as_secs_f64();
            Some(told(waited_s, None, "a pause of a set length"))
        }
        CoolDown::NearIdle { within, at_most_s } => {
            let Some(idle) = idle else {
                let why = "none: what the idle machine draws is not known yet";
                return Some(told(0.0, None, why));
            };
            let limits = limits(sampler, idle, within);
            if limits.is_empty() {
                let why =
                    "none: no sensor tells what the machine draws; set a length to have a pause";
                return Some(told(0.0, None, why));
            }
            Some(near_idle(sampler, &limits, at_most_s, keep_going))
        }
    }
}

/// A meter that is waited for.
struct Limit {
    meter: String,
    idle_w: f64,
    near_w: f64,
}

/// What each sensor of a part of the machine may tell for it to count as near its idle power. Models tell what the program
/// does and not what the machine draws.
fn limits(sampler: &Sampler, idle: &IdleBaseline, within: f64) -> Vec<Limit> {
    let meters = sampler.meters().iter().zip(sampler.places());
    meters
        .filter(|(info, place)| info.origin != Origin::Model && place.role == Role::Part)
        .filter_map(|(info, _)| {
            let known = idle.meters.iter().find(|known| known.meter == info.id)?;
            let idle_w = known.power_w?.value;
            Some(Limit {
                meter: info.id.clone(),
                idle_w,
                // As far as idle power wanders by itself is near too.
                near_w: idle_w * (1.0 + within) + 2.0 * known.scatter_w,
            })
        })
        .collect()
}

fn near_idle(
    sampler: &Sampler,
    limits: &[Limit],
    at_most_s: f64,
    keep_going: &dyn Fn() -> bool,
) -> CooledDown {
    let begun = Instant::now();
    let waited_s = || begun.elapsed().as_secs_f64();
    let idle_w = limits.iter().map(|limit| limit.idle_w).sum();
    let mut window: Option<WindowId> = None;
    loop {
        let close: Vec<WindowId> = window.take().into_iter().collect();
        let edge = match sampler.edge(&close, &["cool-down"]) {
            Ok(edge) => edge,
            Err(error) => {
                let why = format!("ended early: the meters do not answer ({error})");
                return told(waited_s(), Some(false), &why);
            }
        };
        let power_w = |limit: &Limit| {
            let figures = edge.closed.first()?;
            let figure = figures.iter().find(|figure| figure.meter == limit.meter)?;
            Some(figure.mean_power_w()?.value)
        };
        // A counter that was not renewed within the slice tells nothing yet.
        let powers: Option<Vec<f64>> = limits.iter().map(power_w).collect();
        let near = powers.as_ref().is_some_and(|powers| {
            let mut each = limits.iter().zip(powers);
            each.all(|(limit, power_w)| *power_w <= limit.near_w)
        });
        let text = match &powers {
            _ if !keep_going() => Some("ended by the user".to_owned()),
            Some(_) if near => Some("until power was near that of the idle machine".to_owned()),
            _ if waited_s() < at_most_s => None,
            Some(powers) => Some(format!(
                "given up: power was still {} where the idle machine draws {}",
                quantity(powers.iter().sum(), "W"),
                quantity(idle_w, "W")
            )),
            None => Some("given up: the meters told no power".to_owned()),
        };
        if let Some(text) = text {
            // Closed, so that nothing of it is left in the figures of the run.
            if let Err(error) = sampler.edge(&edge.opened, &[]) {
                tracing::warn!("the pause before the run has no end in the meters: {error}");
            }
            return CooledDown {
                waited_s: waited_s(),
                reached: Some(near),
                power_w: powers.map(|powers| powers.iter().sum()),
                idle_w: Some(idle_w),
                text,
            };
        }
        window = edge.opened.first().copied();
        sleep(SLICE, keep_going);
    }
}

fn told(waited_s: f64, reached: Option<bool>, text: &str) -> CooledDown {
    CooledDown {
        waited_s,
        reached,
        power_w: None,
        idle_w: None,
        text: text.to_owned(),
    }
}

fn sleep(duration: Duration, keep_going: &dyn Fn() -> bool) {
    let until = Instant::now() + duration;
    while keep_going() && Instant::now() < until {
        std::thread::sleep(until.saturating_duration_since(Instant::now()).min(TICK));
    }
}
