use joulelab::library::{Library, PhaseEnergy, at_boundary, sum_of_parts};
use joulelab::units::{Boundary, Estimate, Grade};
use tempfile::tempdir;

use crate::common::{began, ended, energy, gpu, meter, new_run};

#[test]
fn phases_of_one_name_add_up_as_one_source() {
    let folder = tempdir().unwrap();
    let mut library = Library::open(folder.path().join("l")).unwrap();
    library.create_run(&new_run("r")).unwrap();
    let mut without_baseline = gpu(16.0, 1.0);
    without_baseline.net_j = None;
    let unread = energy(Boundary::Dram, "rapl:dram", None, 1.0);
    library
        .append(
            "r",
            &[
                began(0.0, "train"),
                ended(1.0, vec![gpu(32.0, 1.0), unread.clone()]),
                began(1.0, "train"),
                ended(3.0, vec![without_baseline, unread]),
            ],
        )
        .unwrap();
    let totals = &library.details("r").unwrap().totals;
    assert_eq!((totals.len(), totals[0].duration_s), (1, 3.0));
    let gpu = at_boundary(&totals[0].energies, Boundary::GpuBoard, &[]).unwrap();
    assert_eq!(
        gpu.figure.energy_j,
        Some(Estimate::plus_minus(48.0, 3.0)),
        "linear, not in quadrature"
    );
    assert_eq!(
        gpu.net_j, None,
        "half a net energy would pass for the whole"
    );
    let dram = at_boundary(&totals[0].energies, Boundary::Dram, &[]).unwrap();
    assert_eq!(
        (dram.figure.energy_j, dram.figure.coverage()),
        (None, 0.0),
        "missing is not zero"
    );
}

#[test]
fn meters_of_one_boundary_add_up_by_device_and_never_twice() {
    let [a, b] = ["rapl:package-0", "rapl:package-1"];
    let cpu = |meter: &str, joules| energy(Boundary::CpuPackage, meter, joules, 1.0);
    let value = |energies: &[_], meters: &[_]| {
        at_boundary(energies, Boundary::CpuPackage, meters)
            .unwrap()
            .figure
            .energy_j
            .map(|e| e.value)
    };
    let both = [cpu(a, Some(30.0)), cpu(b, Some(40.0))];
    assert_eq!(value(&both, &[]), Some(70.0));
    let same = [
        meter(a, Boundary::CpuPackage, "one"),
        meter(b, Boundary::CpuPackage, "one"),
    ];
    assert_eq!(value(&both, &same), Some(30.0), "two meters of one device");
    assert_eq!(
        value(&[cpu(a, Some(30.0)), cpu(b, None)], &[]),
        None,
        "a part is missing"
    );
    let summed = cpu(&format!("{a} + {b}"), Some(70.0));
    assert_eq!(
        value(&[cpu(a, Some(30.0)), summed, cpu(b, Some(40.0))], &[]),
        Some(70.0)
    );
    assert!(at_boundary(&both, Boundary::Wall, &[]).is_none());
}

#[test]
fn parts_of_the_machine_add_up_linearly_within_a_source_and_in_quadrature_across() {
    let part = |boundary, source: &str, joules: Option<f64>| {
        let mut part = energy(boundary, &format!("{boundary}"), joules, 1.0);
        part.figure.source = source.into();
        part
    };
    let gpu = part(Boundary::GpuBoard, "NVML", Some(48.0));
    let cpu = part(Boundary::CpuPackage, "RAPL", Some(32.0));
    let dram = part(Boundary::Dram, "RAPL", Some(32.0));
    let sum = sum_of_parts(&[gpu.clone(), cpu.clone(), dram.clone()]).unwrap();
    // Half-widths: 3 J of NVML, and 2 J + 2 J of RAPL.
    assert_eq!(sum.figure.energy_j, Some(Estimate::plus_minus(112.0, 5.0)));
    assert_eq!(sum.figure.boundary, Boundary::Components);
    assert_eq!(sum.figure.source, "NVML + RAPL");
    assert_eq!(sum.net_j.unwrap().value, 56.0);

    let value = |parts: &[_]| {
        sum_of_parts(parts)
            .unwrap()
            .figure
            .energy_j
            .map(|e| e.value)
    };
    // Two looks at the whole machine are no two machines.
    let psys = part(Boundary::System, "psys", Some(400.0));
    let mut battery = part(Boundary::System, "battery", Some(420.0));
    battery.figure.meter = "battery".to_owned();
    battery.figure.grade = Grade::C;
    let whole = at_boundary(&[battery.clone(), psys.clone()], Boundary::System, &[]).unwrap();
    assert_eq!(whole, psys);
    battery.figure.energy_j = None;
    assert_eq!(
        at_boundary(&[battery, psys.clone()], Boundary::System, &[]),
        Some(psys)
    );
    let chip = part(Boundary::Soc, "SMC", Some(50.0));
    let wall = part(Boundary::Wall, "plug", Some(500.0));
    assert_eq!(value(&[chip.clone(), wall.clone()]), Some(50.0));
    assert_eq!(value(&[chip, gpu.clone()]), Some(98.0));
    let unread = part(Boundary::Dram, "RAPL", None);
    assert_eq!(value(&[cpu.clone(), unread.clone()]), Some(32.0));
    assert_eq!(value(&[unread]), None);
    assert_eq!(sum_of_parts(&[wall]), None);
    let without_baseline = PhaseEnergy { net_j: None, ..gpu };
    assert_eq!(sum_of_parts(&[cpu, without_baseline]).unwrap().net_j, None);
}
