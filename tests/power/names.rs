use joulelab::power::{PciAddress, cpu_tdp_w, gpu_board_power_w, part_time_sampled};

#[test]
fn processors_are_found_under_the_names_that_systems_print() {
    let known = [
        (
            "AMD Ryzen 9 5950X 16-Core Processor",
            "AMD Ryzen 9 5950X",
            105.0,
        ),
        (
            "Intel(R) Core(TM) i7-8650U CPU @ 1.90GHz",
            "Intel Core i7-8650U",
            15.0,
        ),
        (
            "13th Gen Intel(R) Core(TM) i9-13900K",
            "Intel Core i9-13900K",
            125.0,
        ),
        (
            "Intel(R) Xeon(R) Gold 6148 CPU @ 2.40GHz",
            "Intel Xeon Gold 6148",
            150.0,
        ),
        (
            "Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz",
            "Intel Xeon E5-2680 v4",
            120.0,
        ),
        (
            "Intel(R) Xeon(R) CPU E5-2680 0 @ 2.70GHz",
            "Intel Xeon E5-2680",
            130.0,
        ),
        (
            "Intel(R) Xeon(R) Platinum 8480+",
            "Intel Xeon Platinum 8480+",
            350.0,
        ),
        ("AMD EPYC 7763 64-Core Processor", "AMD EPYC 7763", 280.0),
        (
            "AMD Ryzen Threadripper 3970X 32-Core Processor",
            "AMD Ryzen Threadripper 3970X",
            280.0,
        ),
        (
            "Intel(R) Core(TM) Ultra 7 155H",
            "Intel Core Ultra 7 155H",
            28.0,
        ),
        (
            "AMD Ryzen 5 7430U with Radeon Graphics",
            "AMD Ryzen 5 7430U",
            15.0,
        ),
        ("AMD FX(tm)-4100 Quad-Core Processor", "AMD FX-4100", 95.0),
        ("Apple M1", "Apple M1", 10.0),
    ];
    for (printed, entry, tdp_w) in known {
        assert_eq!(
            cpu_tdp_w(printed),
            Some((tdp_w, entry.to_owned())),
            "{printed}"
        );
    }
}

#[test]
fn a_processor_that_is_not_in_the_table_is_never_taken_for_another() {
    for printed in [
        "Intel(R) Xeon(R) Processor @ 2.90GHz",
        "Intel(R) Xeon(R) CPU @ 2.20GHz",
        "Intel Xeon Processor (Skylake, IBRS)",
        "AMD EPYC Processor (with IBPB)",
        "AMD EPYC-Milan Processor",
        "QEMU Virtual CPU version 2.5+",
        "Apple M1 Max",
        "ARMv8",
        "AMD",
        "5950X-like thing",
        "",
    ] {
        assert_eq!(cpu_tdp_w(printed), None, "{printed}");
    }
}

#[test]
fn gpus_are_found_under_the_names_that_drivers_print() {
    let known = [
        ("NVIDIA GeForce RTX 3080", 320.0),
        ("NVIDIA GeForce RTX 3080 Ti", 350.0),
        ("GeForce GTX 1060 6GB", 120.0),
        ("NVIDIA GeForce RTX 3080/PCIe/SSE2", 320.0),
        ("NVIDIA A100-SXM4-80GB", 400.0),
        ("NVIDIA A100-PCIE-40GB", 250.0),
        ("NVIDIA A100 80GB PCIe", 300.0),
        ("NVIDIA H100 80GB HBM3", 700.0),
        ("NVIDIA H100 PCIe", 350.0),
        ("NVIDIA H200", 700.0),
        ("Tesla V100-SXM2-16GB", 300.0),
        ("NVIDIA RTX A5000", 230.0),
        ("NVIDIA RTX 6000 Ada Generation", 300.0),
        ("NVIDIA TITAN RTX", 280.0),
        ("AMD Radeon RX 6800 XT (RADV NAVI21)", 300.0),
        ("AMD Radeon RX 6800 (RADV NAVI21)", 250.0),
        ("Radeon RX 580 Series", 185.0),
        ("Intel(R) Arc(tm) A770 Graphics (DG2)", 225.0),
        ("Intel(R) Data Center GPU Max 1550", 600.0),
    ];
    for (printed, board_w) in known {
        let found = gpu_board_power_w(printed).map(|(watts, _)| watts);
        assert_eq!(found, Some(board_w), "{printed}");
    }
}

#[test]
fn a_gpu_that_is_not_in_the_table_is_never_taken_for_another() {
    for printed in [
        "NVIDIA GeForce RTX 3080 Laptop GPU",
        "NVIDIA GeForce RTX 2080 SUPER with Max-Q Design",
        "NVIDIA RTX 4000 SFF Ada Generation",
        "NVIDIA A100",
        "NVIDIA A40-48Q",
        "NVIDIA A10G",
        "AMD Radeon RX 6700M",
        "AMD Radeon RX 6600/6600 XT/6600M (RADV NAVI23)",
        "Intel(R) Arc(TM) A770M Graphics",
        "Intel(R) UHD Graphics 620",
        "Apple M1 Max",
        "llvmpipe (LLVM 15.0.7, 256 bits)",
        "NVIDIA",
        "",
    ] {
        assert_eq!(gpu_board_power_w(printed), None, "{printed}");
    }
}

#[test]
fn pci_addresses_compare_across_paddings() {
    let sysfs: PciAddress = "0000:01:00.0".parse().unwrap();
    assert_eq!("00000000:01:00.0".parse(), Ok(sysfs));
    assert_eq!("01:00.0".parse(), Ok(sysfs));
    assert_ne!("0001:01:00.0".parse(), Ok(sysfs));
    assert_eq!(sysfs.to_string(), "0000:01:00.0");
    let json = serde_json::to_string(&sysfs).unwrap();
    assert_eq!(json, "\"0000:01:00.0\"");
    assert_eq!(serde_json::from_str::<PciAddress>(&json).unwrap(), sysfs);
    for bad in [
        "",
        "1",
        "x:y.z",
        "0:0:0:0.0",
        "00:20.0",
        "00:00.8",
        "0000:100:00.0",
    ] {
        assert!(bad.parse::<PciAddress>().is_err(), "{bad}");
    }
}

#[test]
fn part_time_sensors_are_known_by_name() {
    assert!(part_time_sampled("NVIDIA A100-SXM4-80GB"));
    assert!(part_time_sampled("NVIDIA H100 PCIe"));
    assert!(!part_time_sampled("NVIDIA RTX A1000"));
    assert!(!part_time_sampled("NVIDIA GeForce RTX 4090"));
}

#[test]
fn what_rounds_to_nothing_has_no_sign() {
    let almost = joulelab::units::Estimate {
        value: -1e-7,
        low: -2e-7,
        high: 12.0,
    };
    assert_eq!(joulelab::units::estimate(almost, "J"), "0 J (0 to 12)");
}
