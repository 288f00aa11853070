use sha2::{Digest, Sha256};
use sysinfo::{CpuRefreshKind, Pid, ProcessRefreshKind, ProcessesToUpdate, System};

use crate::library::{Machine, Owner};

/// This machine, and this process as the recorder of its runs.
pub fn here() -> (Machine, Owner) {
    let system = System::new().ok().map(|mut system| {
        system.refresh_memory();
        system.refresh_cpu_list(CpuRefreshKind::nothing());
        system
    });
    let cpu_model = system
        .as_ref()
        .and_then(|system| system.cpus().first())
        .map(|cpu| cpu.brand().trim().to_owned())
        .filter(|brand| !brand.is_empty());
    let hostname = System::host_name().ok();
    let ram_bytes = system
        .as_ref()
        .map(System::total_memory)
        .filter(|bytes| *bytes > 0);
    // Linux keeps an identity that outlives renaming; elsewhere the name has to do.
    let machine_id = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
    let mut hash = Sha256::new();
    for part in [
        machine_id.trim(),
        hostname.as_deref().unwrap_or_default(),
        std::env::consts::OS,
        cpu_model.as_deref().unwrap_or_default(),
    ] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let fingerprint: String = hash.finalize()[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let machine = Machine {
        fingerprint: fingerprint.clone(),
        hostname,
        os: System::long_os_version().unwrap_or_else(|_| std::env::consts::OS.to_owned()),
        kernel: System::kernel_version().ok(),
        cpu_model,
        logical_cores: std::thread::available_parallelism()
            .ok()
            .and_then(|cores| u32::try_from(cores.get()).ok()),
        ram_bytes,
    };
    let pid = std::process::id();
    let owner = Owner {
        machine: fingerprint,
        pid,
        token: token(pid).unwrap_or_default(),
    };
    (machine, owner)
}

/// Whether the process `pid` that gave itself `token` still lives on this machine.
pub fn is_alive(pid: u32, token: &str) -> bool {
    self::token(pid).is_some_and(|now| now == token)
}

/// Tells a process from a later one with the same number: its start time.
fn token(pid: u32) -> Option<String> {
    let pid = Pid::from_u32(pid);
    let mut system = System::new().ok()?;
    system.refresh_processes_specifics(
        ProcessesToUpdate::Some(&[pid]),
        true,
        ProcessRefreshKind::nothing(),
    );
    let process = system.process(pid)?;
    // A process that has died but was not yet waited for is gone as far as its work is concerned.
    let dead = matches!(
        process.status(),
        sysinfo::ProcessStatus::Zombie | sysinfo::ProcessStatus::Dead
    );
    (!dead).then(|| process.start_time().to_string())
}
