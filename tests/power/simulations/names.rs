//! What simulated meters are called, what they say of themselves, and their settings.

use joulelab::{
    power::{
        Clock, Kind, Level, Meter, MeterInfo, Origin,
        simulated::{self, SIMULATIONS, UnknownSimulation},
    },
    units::{Boundary, Grade},
};

use super::{meters, one};

#[test]
fn every_simulation_says_what_it_is() {
    let clock = Clock::manual();
    for simulation in SIMULATIONS {
        let all = meters(simulation.name, &clock);
        assert!(!all.is_empty());
        for meter in &all {
            let MeterInfo {
                id,
                source,
                device,
                origin,
                boundary,
                notes,
                max_power_w,
                ..
            } = meter.info();
            assert!(
                id.starts_with(&format!("simulated:{}", simulation.name)),
                "{id}"
            );
            assert!(source.starts_with("simulated ") && device.starts_with("simulated "));
            assert_eq!(*origin, Origin::Simulated);
            assert!(notes[0].starts_with("made up"), "{notes:?}");
            assert!(meter.profile().peak_w() < *max_power_w);
            assert!(*boundary != Boundary::Components);
        }
        assert!(
            all.windows(2)
                .all(|pair| pair[0].info().id != pair[1].info().id)
        );
    }
    let info = |name: &str| one(name, &clock).info().clone();
    assert_eq!(
        (info("steady").grade, info("steady").refresh_s),
        (Grade::B, Some(0.02))
    );
    assert_eq!(
        (info("training").grade, info("training").refresh_s),
        (Grade::B, Some(0.1))
    );
    assert_eq!(
        (info("polled").grade, info("polled").kind),
        (Grade::C, Kind::Power)
    );
    assert_eq!(info("wrapping").boundary, Boundary::CpuPackage);
}

#[test]
fn names_and_settings_that_are_not_known_are_explained() {
    let clock = Clock::manual();
    let error = |text: &str| simulated::parse(text, &clock).map(|_| ()).unwrap_err();
    let said = error("stedy").to_string();
    assert!(
        said.contains("did you mean `steady`?") && said.contains("laptop"),
        "{said}"
    );
    assert!(matches!(error(""), UnknownSimulation::Name(_)));
    let said = error("steady,volts=3").to_string();
    assert!(
        said.contains("unknown setting `volts`") && said.contains("refresh_ms"),
        "{said}"
    );
    for (bad, allowed) in [
        ("watts=-1", "0.1 to 10000 W"),
        ("watts=NaN", "0.1 to 10000 W"),
        ("watts", "0.1 to 10000 W"),
        ("refresh_ms=0", "1 to 60000 ms"),
        ("refresh_ms=1e9", "1 to 60000 ms"),
        ("error_percent=80", "-50 to 50 %"),
    ] {
        let said = error(&format!("simulated:steady,{bad}")).to_string();
        assert!(said.contains(allowed), "{said}");
    }
    let said = error("flaky,fault=explode").to_string();
    assert!(said.contains("vanish, freeze, jump, nan, absurd"), "{said}");
    assert!(matches!(
        error("steady,fault=nan"),
        UnknownSimulation::Setting { .. }
    ));
}

#[test]
fn settings_change_what_is_simulated() {
    let clock = Clock::manual();
    let meter = one(" simulated:training , watts=80, refresh_ms = 250 ", &clock);
    assert_eq!(meter.info().refresh_s, Some(0.25));
    assert!((meter.profile().mean_w() - 80.0).abs() < 1e-9);
    let mut off = one("steady,error_percent=-10", &clock);
    clock.advance(10.0);
    assert_eq!(off.read().unwrap().level, Level::Counts(1_350_000));
    assert!(off.info().notes.iter().any(|note| note.contains("-10.0 %")));
}
