//! Windows' performance counters of energy: which instance is about which hardware, and that no joule is counted twice
//! beside the energy meters that they come from.

use std::{io, sync::Arc};

use joulelab::power::{
    Discovery, Options, Part, Role, SourceReport, Status, TrainingGpu, discover,
    emi::{Device, Question},
    windows_gpu::{Counters, Instance, Luid},
};

/// Counters that stand where they are.
struct FakeCounters {
    instances: Vec<(&'static str, Option<u64>)>,
    adapters: Option<usize>,
}

impl Counters for FakeCounters {
    fn energies(&mut self) -> io::Result<Vec<Instance>> {
        if self.instances.is_empty() {
            return Err(io::Error::other("PDH status 0xc0000bb8"));
        }
        let instances = self.instances.iter();
        Ok(instances
            .map(|(name, energy)| Instance {
                name: (*name).to_owned(),
                energy: *energy,
            })
            .collect())
    }

    fn graphics_adapters(&mut self) -> Option<usize> {
        self.adapters
    }
}

fn options(
    instances: &[(&'static str, Option<u64>)],
    adapters: Option<usize>,
    gpu: Option<TrainingGpu>,
) -> Options {
    let instances = instances.to_vec();
    Options {
        sysfs_root: "/nowhere".into(),
        nvml_library: Some("/nowhere/libnvidia-ml.so".into()),
        cpu_name: Some("AMD Ryzen 9 5950X 16-Core Processor".to_owned()),
        cpu_load: Some(Arc::new(|| Some(0.5))),
        memory_bytes: Some(64 << 30),
        gpu,
        energy_counters: Some(Arc::new(move || {
            Ok(Box::new(FakeCounters {
                instances: instances.clone(),
                adapters,
            }))
        })),
        ..Options::default()
    }
}

fn card(integrated: bool) -> Option<TrainingGpu> {
    Some(TrainingGpu {
        name: "AMD Radeon RX 7900 XTX".to_owned(),
        integrated,
        pci: (!integrated).then(|| "0000:03:00.0".parse().expect("an address")),
        busy: Arc::new(|| Some(1.0)),
        work: None,
    })
}

fn parts(discovery: &Discovery) -> Vec<&str> {
    discovery
        .parts()
        .map(|part| part.info().id.as_str())
        .collect()
}

fn report<'a>(discovery: &'a Discovery, id: &str) -> &'a SourceReport {
    let found = discovery.report.iter().find(|report| report.id == id);
    found.unwrap_or_else(|| panic!("no {id} in {:#?}", discovery.report))
}

fn reason(report: &SourceReport) -> &str {
    match &report.status {
        Status::Available { reason } | Status::Refused { reason, .. } => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_counter_of_the_one_graphics_adapter_is_the_card_that_trains() {
    let discovery = discover(&options(
        &[("GPU", Some(77)), ("_Total", Some(0))],
        Some(1),
        card(false),
    ));
    let gpu = discovery
        .parts()
        .find(|part| part.info().id == "pdh:GPU")
        .expect("the card");
    let address = "0000:03:00.0".parse().expect("an address");
    assert_eq!(gpu.info().covers, [Part::card(address)]);
    let of = "pdh:GPU".to_owned();
    assert_eq!(
        report(&discovery, "model:gpu").status,
        Status::StandBy { of }
    );
}

#[test]
fn where_it_cannot_be_told_nothing_is_attributed() {
    let several = [
        ("GPU_0", Some(1)),
        ("luid_0x00000000_0x00010960_gpu", Some(2)),
    ];
    let cases: [(&[_], _, _); 3] = [
        (&several, Some(1), "which of 2 graphics counters"),
        (
            &several[1..],
            Some(2),
            "graphics adapter 0x00000000:0x00010960",
        ),
        (&several[..1], None, "does not list its graphics adapters"),
    ];
    for (instances, adapters, why) in cases {
        let discovery = discover(&options(instances, adapters, card(false)));
        assert_eq!(
            parts(&discovery),
            ["model:cpu", "model:memory", "model:gpu"]
        );
        for (name, _) in instances {
            let said = reason(report(&discovery, &format!("pdh:{name}"))).to_owned();
            assert!(said.contains(why), "{said}");
        }
    }
    let discovery = discover(&options(&several[..1], Some(1), None));
    assert!(reason(report(&discovery, "pdh:GPU_0")).contains("runs on the processor"));
}

#[test]
fn graphics_inside_the_processor_are_shown_beside_its_figure() {
    let instances = [("RAPL_Package0_PKG", Some(9)), ("GPU", Some(3))];
    let discovery = discover(&options(&instances, Some(1), card(true)));
    assert_eq!(parts(&discovery), ["pdh:RAPL_Package0_PKG", "model:memory"]);
    assert_eq!(report(&discovery, "pdh:GPU").status, Status::CrossCheck);
    assert!(reason(report(&discovery, "model:gpu")).contains("package's figure contains it"));
}

#[test]
fn counters_that_are_not_valid_or_not_there_are_named() {
    let discovery = discover(&options(
        &[("RAPL_Package0_PKG", None)],
        Some(1),
        card(false),
    ));
    assert!(reason(report(&discovery, "pdh:RAPL_Package0_PKG")).contains("not valid"));
    assert!(reason(report(&discovery, "pdh")).contains("none of them is about graphics"));
    let discovery = discover(&options(&[], Some(1), card(false)));
    assert!(reason(report(&discovery, "pdh")).contains("0xc0000bb8"));
    assert_eq!(
        parts(&discovery).len(),
        3,
        "models of processor, memory and card"
    );
}

/// An energy meter that has one package and its memory.
struct OneMeter;

impl Device for OneMeter {
    fn ask(&mut self, question: Question, _: usize) -> io::Result<Vec<u8>> {
        let names = ["RAPL_Package0_PKG", "RAPL_Package0_DRAM"];
        let mut described = vec![0; 66];
        described.extend(2_u16.to_le_bytes());
        for name in names {
            let text: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
            described.extend(0_i32.to_le_bytes());
            described.extend((text.len() as u16).to_le_bytes());
            described.extend(text);
        }
        Ok(match question {
            Question::Version => vec![2, 0],
            Question::MetadataSize => (described.len() as u32).to_le_bytes().to_vec(),
            Question::Metadata => described,
            Question::Measurement => [700_u64, 1, 800, 1]
                .iter()
                .flat_map(|n| n.to_le_bytes())
                .collect(),
        })
    }
}

#[test]
fn the_same_counters_by_two_ways_are_counted_once() {
    let instances = [
        ("RAPL_Package0_DRAM", Some(800)),
        ("RAPL_Package0_PKG", Some(700)),
        ("RAPL_Package0_PP0", Some(600)),
    ];
    let both = Options {
        energy_meters: Some(Arc::new(|| {
            Ok(vec![Ok(Box::new(OneMeter) as Box<dyn Device>)])
        })),
        ..options(&instances, Some(1), None)
    };
    let discovery = discover(&both);
    assert_eq!(parts(&discovery), ["emi:package-0", "emi:package-0:dram"]);
    let role = |id: &str| {
        let planned = discovery
            .meters
            .iter()
            .find(|planned| planned.info().id == id);
        planned.map(|planned| planned.role.clone())
    };
    let stands_by_for = |of: &str| Some(Role::StandBy { of: of.to_owned() });
    assert_eq!(
        role("pdh:RAPL_Package0_PKG"),
        stands_by_for("emi:package-0")
    );
    assert_eq!(
        role("pdh:RAPL_Package0_DRAM"),
        stands_by_for("emi:package-0:dram")
    );
    assert_eq!(role("pdh:RAPL_Package0_PP0"), None);
}

#[test]
fn luids_are_found_in_names() {
    let luid = Luid {
        high: 1,
        low: 0x1_41EB,
    };
    assert_eq!(
        Luid::in_name("luid_0x00000001_0x000141EB_phys_0"),
        Some(luid)
    );
    for name in [
        "",
        "luid",
        "luid_0x1",
        "luid_1_2",
        "luid_0xg_0x1",
        "luid_0x1ffffffff_0x0",
    ] {
        assert_eq!(Luid::in_name(name), None, "{name}");
    }
}
