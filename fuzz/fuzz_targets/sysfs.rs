//! Files of a sysfs tree with any content: every source finds its meters or says why not, no hardware is counted twice, and
//! no reading panics. Each piece of the input between bytes of 0xFF is a file's content after a byte that names the file.

#![no_main]

use std::{fs, path::PathBuf, sync::Arc};

use joulelab_fuzz::{
    check,
    power::{Clock, Options, Planned, Rounds, SamplerOptions, discover},
};
use libfuzzer_sys::fuzz_target;

/// What may be there. The kernel's performance counters are left out: they would be opened for real.
const FILES: &[&str] = &[
    "class/powercap/intel-rapl:0/name",
    "class/powercap/intel-rapl:0/energy_uj",
    "class/powercap/intel-rapl:0/max_energy_range_uj",
    "class/powercap/intel-rapl:0:0/name",
    "class/powercap/intel-rapl:0:0/energy_uj",
    "class/powercap/intel-rapl:0:0/max_energy_range_uj",
    "class/powercap/intel-rapl:1/name",
    "class/powercap/intel-rapl:1/energy_uj",
    "class/powercap/intel-rapl:1/max_energy_range_uj",
    "class/powercap/intel-rapl-mmio:0/name",
    "class/powercap/intel-rapl-mmio:0/energy_uj",
    "class/powercap/intel-rapl:x:y:z/name",
    "bus/pci/devices/0000:03:00.0/class",
    "bus/pci/devices/0000:03:00.0/vendor",
    "bus/pci/devices/0000:03:00.0/device",
    "bus/pci/devices/0000:03:00.0/product_name",
    "bus/pci/devices/0000:03:00.0/gpu_busy_percent",
    "bus/pci/devices/0000:03:00.0/power/runtime_status",
    "bus/pci/devices/0000:03:00.0/hwmon/hwmon0/name",
    "bus/pci/devices/0000:03:00.0/hwmon/hwmon0/power1_average",
    "bus/pci/devices/0000:03:00.0/hwmon/hwmon0/power1_input",
    "bus/pci/devices/0000:03:00.0/hwmon/hwmon0/power1_label",
    "bus/pci/devices/0000:03:00.0/hwmon/hwmon0/energy1_input",
    "bus/pci/devices/0000:03:00.0/hwmon/hwmon0/energy1_label",
    "bus/pci/devices/0000:03:00.0/hwmon/hwmon0/energy2_input",
    "bus/pci/devices/0000:03:00.0/hwmon/hwmon0/energy2_label",
    "bus/pci/devices/0000:03:00.0/hwmon/hwmon0/temp1_input",
    "bus/pci/devices/0000:00:02.0/class",
    "bus/pci/devices/0000:00:02.0/vendor",
    "bus/pci/devices/0000:00:02.0/hwmon/hwmon1/name",
    "bus/pci/devices/0000:00:02.0/hwmon/hwmon1/energy1_input",
    "bus/pci/devices/0000:00:02.0/hwmon/hwmon1/energy2_input",
    "bus/pci/devices/0000:00:02.0/hwmon/hwmon1/power1_max",
    "class/power_supply/BAT0/type",
    "class/power_supply/BAT0/scope",
    "class/power_supply/BAT0/present",
    "class/power_supply/BAT0/status",
    "class/power_supply/BAT0/capacity",
    "class/power_supply/BAT0/power_now",
    "class/power_supply/BAT0/current_now",
    "class/power_supply/BAT0/voltage_now",
    "devices/system/cpu/cpu0/topology/physical_package_id",
    "devices/system/cpu/cpu1/topology/physical_package_id",
    "hypervisor/type",
    "class/dmi/id/sys_vendor",
    "class/dmi/id/product_name",
];

thread_local! {
    static ROOT: tempfile::TempDir = tempfile::tempdir().expect("a temporary folder");
}

fuzz_target!(|bytes: &[u8]| {
    let root: PathBuf = ROOT.with(|root| root.path().to_owned());
    for folder in ["class", "bus", "devices", "hypervisor"] {
        // Of the input before; not there at first.
        let _ = fs::remove_dir_all(root.join(folder));
    }
    for piece in bytes.split(|byte| *byte == 0xFF).take(24) {
        let Some((name, content)) = piece.split_first() else {
            continue;
        };
        let path = root.join(FILES[usize::from(*name) % FILES.len()]);
        let folder = path.parent().expect("a file is in a folder");
        fs::create_dir_all(folder).expect("folders");
        fs::write(&path, content).expect("a file");
    }
    let options = Options {
        sysfs_root: root,
        nvml_library: Some(PathBuf::from("/nowhere/libnvidia-ml.so")),
        // Without a name there is no looking it up in a long table.
        cpu_name: Some(String::new()),
        cpu_load: Some(Arc::new(|| Some(0.5))),
        memory_bytes: Some(16 << 30),
        every_gpu: true,
        ..Options::default()
    };
    let discovery = discover(&options);
    let parts: Vec<_> = discovery.parts().map(Planned::info).collect();
    for (at, a) in parts.iter().enumerate() {
        for b in &parts[at + 1..] {
            let twice = a
                .covers
                .iter()
                .any(|a| b.covers.iter().any(|b| a.overlaps(b)));
            assert!(!twice, "{} and {} share hardware", a.id, b.id);
        }
    }
    let clock = Clock::manual();
    let rounds = Rounds::begin(
        discovery.meters,
        clock.clone(),
        SamplerOptions::default(),
        None,
    );
    let Ok(mut rounds) = rounds else {
        return;
    };
    let opened = rounds.edge(&[], &["w"], true).expect("an edge").opened;
    for _ in 0..12 {
        clock.advance(0.1);
        rounds.round();
    }
    let closed = rounds.edge(&opened, &[], true).expect("an edge").closed;
    closed.iter().flatten().for_each(check);
});
