use std::sync::{Arc, Mutex};

use sysinfo::{CpuRefreshKind, MINIMUM_CPU_UPDATE_INTERVAL, MemoryRefreshKind, System};

use super::super::Load;

/// The system's counters of load are asked at most this often, in seconds: sysinfo's shortest interval, which it keeps itself.
pub const CPU_LOAD_EVERY_S: f64 = MINIMUM_CPU_UPDATE_INTERVAL.as_secs_f64();

/// The processors' mean load between one question and the next, over all of them. The system's counters are asked at
/// most every [`CPU_LOAD_EVERY_S`]; in between the last answer holds. Waits that long once, so that the first answer is one.
///
/// `None` where the system does not tell.
pub fn cpu_load() -> Option<Load> {
    let mut system = System::new().ok()?;
    system.refresh_cpu_usage();
    std::thread::sleep(MINIMUM_CPU_UPDATE_INTERVAL);
    system.refresh_cpu_usage();
    if system.cpus().is_empty() {
        return None;
    }
    let system = Mutex::new(system);
    Some(Arc::new(move || {
        let mut system = system.lock().ok()?;
        system.refresh_cpu_usage();
        Some(f64::from(system.global_cpu_usage()) / 100.0)
    }))
}

/// The processor's name as the system prints it.
pub(in super::super) fn cpu_name() -> Option<String> {
    let mut system = System::new().ok()?;
    system.refresh_cpu_list(CpuRefreshKind::nothing());
    let name = system.cpus().first()?.brand().trim().to_owned();
    (!name.is_empty()).then_some(name)
}

/// Bytes of memory that the system has.
pub fn memory_bytes() -> Option<u64> {
    let mut system = System::new().ok()?;
    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    Some(system.total_memory()).filter(|bytes| *bytes > 0)
}
