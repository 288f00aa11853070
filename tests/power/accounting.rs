use joulelab::{
    power::{ErrorRule, IdleBaseline, IdlePower, MeterInfo, Origin, components, net},
    units::{Boundary, EnergyFigure, Estimate, Grade},
};

use super::{counter, polled};

fn figure(
    meter: &str,
    boundary: Boundary,
    source: &str,
    energy: Option<(f64, f64)>,
) -> EnergyFigure {
    EnergyFigure {
        boundary,
        meter: meter.to_owned(),
        source: source.to_owned(),
        grade: Grade::B,
        energy_j: energy.map(|(value, width)| Estimate::plus_minus(value, width)),
        covered_s: 10.0,
        window_s: 10.0,
    }
}

fn near(a: Estimate, value: f64, width: f64) -> bool {
    (a.value - value).abs() < 1e-9 && (a.half_width() - width).abs() < 1e-9
}

#[test]
fn components_add_linearly_within_a_source_and_in_quadrature_across() {
    let parts = [
        figure("nvml:0", Boundary::GpuBoard, "NVML", Some((1000.0, 40.0))),
        figure(
            "rapl:package-0",
            Boundary::CpuPackage,
            "RAPL",
            Some((300.0, 15.0)),
        ),
        figure(
            "rapl:package-1",
            Boundary::CpuPackage,
            "RAPL",
            Some((200.0, 10.0)),
        ),
        figure(
            "rapl:package-0:dram",
            Boundary::Dram,
            "RAPL",
            Some((100.0, 5.0)),
        ),
    ];
    let sum = components(&parts, &[]);
    assert!(near(sum.figure.energy_j.unwrap(), 1600.0, 50.0), "{sum:?}");
    assert_eq!(sum.figure.boundary, Boundary::Components);
    assert_eq!(
        sum.figure.meter,
        "nvml:0 + rapl:package-0 + rapl:package-1 + rapl:package-0:dram"
    );
    assert!(sum.missing.is_empty() && sum.left_out.is_empty());
}

#[test]
fn a_part_without_a_reading_is_named_and_never_counts_as_zero() {
    let mut parts = vec![
        figure("nvml:0", Boundary::GpuBoard, "NVML", None),
        figure(
            "model:cpu",
            Boundary::CpuPackage,
            "load model",
            Some((300.0, 150.0)),
        ),
    ];
    parts[1].grade = Grade::E;
    parts[1].covered_s = 9.0;
    let sum = components(&parts, &[]);
    assert_eq!(sum.missing, ["nvml:0"]);
    assert_eq!(sum.figure.grade, Grade::E);
    assert_eq!(sum.figure.covered_s, 9.0);
    parts.truncate(1);
    let none = components(&parts, &[]);
    assert_eq!(none.figure.energy_j, None);
    assert_eq!(none.missing, ["nvml:0"]);
}

#[test]
fn nested_boundaries_are_never_added() {
    let soc = figure("hwmon:apu", Boundary::Soc, "hwmon", Some((500.0, 50.0)));
    let package = figure(
        "rapl:package-0",
        Boundary::CpuPackage,
        "RAPL",
        Some((300.0, 15.0)),
    );
    let wall = figure("plug", Boundary::Wall, "plug", Some((900.0, 9.0)));
    let sum = components(&[soc.clone(), package.clone(), wall, package.clone()], &[]);
    assert!(near(sum.figure.energy_j.unwrap(), 300.0, 15.0));
    let left_out: Vec<_> = sum
        .left_out
        .iter()
        .map(|(meter, _)| meter.as_str())
        .collect();
    assert_eq!(left_out, ["hwmon:apu", "plug", "rapl:package-0"]);
    let alone = components(&[soc], &[]);
    assert!(near(alone.figure.energy_j.unwrap(), 500.0, 50.0));
}

#[test]
fn net_energy_shares_the_systematic_error_of_gross_and_idle() {
    let gross = figure(
        "c",
        Boundary::CpuPackage,
        "test counter",
        Some((1000.0, 50.0)),
    );
    let idle = IdleBaseline {
        meters: vec![IdlePower {
            meter: "c".to_owned(),
            power_w: Some(Estimate::plus_minus(40.0, 2.0)),
            scatter_w: 1.0,
            is_flat: false,
        }],
        duration_s: 10.0,
    };
    let net_j = net(&gross, &idle).energy_j.unwrap();
    // 5 % of the difference, and 1 W × 10 s.
    assert!(near(net_j, 600.0, 30.0 + 10.0), "{net_j:?}");
    let other = figure(
        "d",
        Boundary::CpuPackage,
        "test counter",
        Some((1000.0, 50.0)),
    );
    assert_eq!(net(&other, &idle).energy_j, None);
}

#[test]
fn a_baseline_keeps_its_scatter_apart_from_the_meters_error() {
    let info = counter("c");
    let slice = |joules: f64| {
        let mut slice = figure(
            "c",
            Boundary::CpuPackage,
            "test counter",
            Some((joules, 0.1 * joules)),
        );
        slice.covered_s = 2.0;
        vec![slice]
    };
    let whole = figure(
        "c",
        Boundary::CpuPackage,
        "test counter",
        Some((400.0, 20.0)),
    );
    let slices = [slice(76.0), slice(80.0), slice(84.0)];
    let baseline = IdleBaseline::new(std::slice::from_ref(&info), &[whole], &slices);
    let idle = &baseline.meters[0];
    assert!(near(idle.power_w.unwrap(), 40.0, 2.0), "{idle:?}");
    assert!((idle.scatter_w - 2.0).abs() < 1e-9, "{idle:?}");
    assert_eq!(baseline.duration_s, 10.0);
}

#[test]
fn a_model_that_cannot_show_what_load_adds_does_not_claim_that_it_adds_nothing() {
    let memory = MeterInfo {
        id: "model:memory".to_owned(),
        boundary: Boundary::Dram,
        origin: Origin::Model,
        error: ErrorRule::UNKNOWN,
        max_power_w: 5.0,
        ..polled("model:memory")
    };
    let at = |energy_j: f64| EnergyFigure {
        energy_j: Some(Estimate::within_factor(energy_j, 2.0)),
        ..figure("model:memory", Boundary::Dram, "model", Some((1.0, 0.0)))
    };
    let idle = IdleBaseline::new(std::slice::from_ref(&memory), &[at(50.0)], &[]);
    assert!(idle.meters[0].is_flat);
    let net_j = net(&at(50.0), &idle).energy_j.unwrap();
    assert!(
        net_j.value.abs() < 1e-9 && net_j.low.abs() < 1e-9,
        "{net_j:?}"
    );
    assert!((net_j.high - 50.0).abs() < 1e-9, "{net_j:?}");
    // One that can is taken at its word.
    let idle = IdleBaseline::new(&[memory], &[at(20.0)], &[]);
    assert!(!idle.meters[0].is_flat);
    assert!((net(&at(50.0), &idle).energy_j.unwrap().value - 30.0).abs() < 1e-9);
}
