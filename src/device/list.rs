use serde::{Deserialize, Serialize};

/// Graphics API that reaches an adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Api {
    /// Vulkan.
    Vulkan,
    /// Metal.
    Metal,
    /// Direct3D 12.
    Dx12,
    /// OpenGL or OpenGL ES.
    Gl,
}

impl Api {
    /// Name, as stored, exported and shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vulkan => "vulkan",
            Self::Metal => "metal",
            Self::Dx12 => "dx12",
            Self::Gl => "gl",
        }
    }
}

/// What sort of hardware a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceKind {
    /// A graphics card of its own.
    DiscreteGpu,
    /// Graphics that share the processor's package or memory.
    IntegratedGpu,
    /// A graphics card passed through to a virtual machine.
    VirtualGpu,
    /// Graphics computed on the processor, such as llvmpipe or WARP.
    Software,
    /// An adapter that does not say.
    Other,
    /// The processor itself, through Burn's `flex` backend.
    Cpu,
}

impl DeviceKind {
    /// Name, as stored, exported and shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::DiscreteGpu => "discrete-gpu",
            Self::IntegratedGpu => "integrated-gpu",
            Self::VirtualGpu => "virtual-gpu",
            Self::Software => "software",
            Self::Other => "other",
            Self::Cpu => "cpu",
        }
    }
}

/// One device that can train.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceEntry {
    /// Number in the list, for `--device`.
    pub index: usize,
    /// Name, as its driver gives it.
    pub name: String,
    /// What sort of hardware it is.
    pub kind: DeviceKind,
    /// Graphics API; `None` for the CPU.
    pub api: Option<Api>,
    /// Driver with its version; empty where there is none.
    pub driver: String,
    /// PCI vendor, such as `NVIDIA`, or its number in hexadecimal.
    pub vendor: Option<String>,
    /// PCI address, or the platform's like.
    pub address: Option<String>,
    /// Which one it is of its kind and API, counted from 0.
    pub of_kind: usize,
}

impl DeviceEntry {
    /// Stays the same over restarts and upgrades of the driver; tells two cards of one name apart where they have
    /// addresses.
    pub fn identity(&self) -> String {
        let place = match &self.address {
            Some(address) => address.clone(),
            None => self.of_kind.to_string(),
        };
        let api = self.api.map_or("flex", Api::name);
        format!("{api}:{}:{place}:{}", self.kind.name(), self.name)
    }

    /// Burn's backend on it, such as `wgpu/vulkan` or `flex`.
    pub fn backend(&self) -> String {
        match self.api {
            Some(api) => format!("wgpu/{}", api.name()),
            None => "flex".to_owned(),
        }
    }

    /// Whether it is computed on the processor.
    pub fn is_cpu(&self) -> bool {
        matches!(self.kind, DeviceKind::Cpu | DeviceKind::Software)
    }
}

/// Every adapter over every graphics API, in the order of the APIs, then the CPU. Asks every driver, so it may take a
/// while, and a broken driver may take the process with it: call it from a worker.
pub fn list() -> Vec<DeviceEntry> {
    let mut entries: Vec<DeviceEntry> = Vec::new();
    for (backend, api) in [
        (wgpu::Backends::VULKAN, Api::Vulkan),
        (wgpu::Backends::METAL, Api::Metal),
        (wgpu::Backends::DX12, Api::Dx12),
        (wgpu::Backends::GL, Api::Gl),
    ] {
        if !wgpu::Instance::enabled_backend_features().contains(backend) {
            continue;
        }
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
            backends: backend,
            ..wgpu::InstanceDescriptor::new_without_display_handle()
        });
        let adapters = burn::cubecl::future::block_on(instance.enumerate_adapters(backend));
        for adapter in adapters {
            let entry = entry(&adapter.get_info(), api, &entries);
            entries.push(entry);
        }
    }
    entries.push(DeviceEntry {
        index: entries.len(),
        ..cpu_entry()
    });
    entries
}

fn entry(info: &wgpu::AdapterInfo, api: Api, earlier: &[DeviceEntry]) -> DeviceEntry {
    let kind = match info.device_type {
        wgpu::DeviceType::DiscreteGpu => DeviceKind::DiscreteGpu,
        wgpu::DeviceType::IntegratedGpu => DeviceKind::IntegratedGpu,
        wgpu::DeviceType::VirtualGpu => DeviceKind::VirtualGpu,
        wgpu::DeviceType::Cpu => DeviceKind::Software,
        wgpu::DeviceType::Other => DeviceKind::Other,
    };
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    DeviceEntry {
        index: earlier.len(),
        name: info.name.clone(),
        kind,
        api: Some(api),
        driver: [info.driver.as_str(), info.driver_info.as_str()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" "),
        vendor: vendor(info.vendor),
        address: text(&info.device_pci_bus_id),
        of_kind: earlier
            .iter()
            .filter(|other| other.kind == kind && other.api == Some(api))
            .count(),
    }
}

fn vendor(id: u32) -> Option<String> {
    let name = match id {
        0 => return None,
        0x10de => "NVIDIA",
        0x1002 => "AMD",
        0x8086 => "Intel",
        0x106b => "Apple",
        0x13b5 => "Arm",
        0x5143 => "Qualcomm",
        0x10005 => "Mesa",
        other => return Some(format!("{other:#06x}")),
    };
    Some(name.to_owned())
}

/// The CPU alone, without asking any graphics driver; its index is only right in [`list`].
pub fn cpu_entry() -> DeviceEntry {
    let brand = sysinfo::System::new()
        .ok()
        .and_then(|mut system| {
            system.refresh_cpu_list(sysinfo::CpuRefreshKind::nothing());
            let cpu = system.cpus().first()?;
            Some(cpu.brand().trim().to_owned())
        })
        .filter(|brand| !brand.is_empty());
    DeviceEntry {
        index: 0,
        name: brand.unwrap_or_else(|| "CPU".to_owned()),
        kind: DeviceKind::Cpu,
        api: None,
        driver: String::new(),
        vendor: None,
        address: None,
        of_kind: 0,
    }
}
