//! Simulated meters that a user asks for, beside what the machine has.

use joulelab::power::{Discovery, Options, Origin, Part, Role, Status, TrainingGpu, discover};

#[test]
fn where_simulated_meters_are_asked_for_nothing_else_is_read() {
    let gpu = TrainingGpu {
        name: "some card".to_owned(),
        integrated: false,
        pci: "0000:41:00.0".parse().ok(),
        busy: std::sync::Arc::new(|| Some(1.0)),
        work: None,
    };
    let part = gpu.part();
    let asked = [
        "simulated:steady",
        "polled",
        "flaky",
        "laptop",
        "nonsense",
        "steady",
    ];
    let options = Options {
        simulated: asked.map(str::to_owned).to_vec(),
        gpu: Some(gpu),
        cpu_tdp_w: Some(100.0),
        ..Options::default()
    };
    let Discovery {
        meters,
        report,
        account,
        ..
    } = discover(&options);
    assert!(
        meters
            .iter()
            .all(|meter| meter.info().origin == Origin::Simulated)
    );
    let role = |id: &str| {
        &meters
            .iter()
            .find(|meter| meter.info().id == id)
            .expect("a meter")
            .role
    };
    assert_eq!(role("simulated:steady"), &Role::Part);
    assert_eq!(role("simulated:polled"), &Role::Part);
    assert_eq!(
        role("simulated:flaky:model"),
        &Role::StandBy {
            of: "simulated:flaky:card".to_owned()
        }
    );
    assert_eq!(role("simulated:laptop:battery"), &Role::CrossCheck);
    // The first card is where the one that trains would be.
    let line = account
        .iter()
        .find(|line| line.covers == [part.clone()])
        .unwrap();
    assert_eq!(line.meter.as_deref(), Some("simulated:steady"));
    assert!(account.iter().all(|line| line.meter.is_some()
        || line.covers == [Part::memory()]
        || line.covers == [Part::processors()]));
    let said = |id: &str| {
        let found = report
            .iter()
            .find(|source| source.id == id && matches!(source.status, Status::Refused { .. }));
        format!("{:?}", found.expect("a report").status)
    };
    assert!(said("sensors").contains("left alone"));
    assert!(said("nonsense").contains("unknown simulated meter"));
    assert!(said("steady").contains("is there already"));
    assert!(
        report
            .iter()
            .all(|source| !source.id.starts_with("model:") && source.id != "rapl")
    );
}
