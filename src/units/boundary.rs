use serde::{Deserialize, Serialize};

/// What hardware an energy figure covers. Figures of different boundaries are different quantities: they may only be
/// compared with a visible warning, and nested ones are never added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Boundary {
    /// A graphics card with its memory and voltage regulators.
    GpuBoard,
    /// A processor socket: cores, caches, memory controller, on-package graphics.
    CpuPackage,
    /// Memory modules.
    Dram,
    /// A system on a chip: CPU, GPU and their memory in one package.
    Soc,
    /// The parts of the machine that were measured or modelled, added up; disks, fans, mainboard, display and the
    /// losses of the power supply are not in it.
    Components,
    /// The whole machine behind its power supply.
    System,
    /// The whole machine at the socket, losses of the power supply included.
    Wall,
}

impl Boundary {
    /// Every boundary, narrowest first.
    pub const ALL: [Self; 7] = [
        Self::GpuBoard,
        Self::CpuPackage,
        Self::Dram,
        Self::Soc,
        Self::Components,
        Self::System,
        Self::Wall,
    ];

    /// Whether it is the whole machine, or a sum over its parts: such a figure stands beside any sum and is never in one.
    pub fn is_whole(self) -> bool {
        matches!(self, Self::Components | Self::System | Self::Wall)
    }

    /// Stable identifier, as stored and exported.
    pub fn id(self) -> &'static str {
        match self {
            Self::GpuBoard => "gpu-board",
            Self::CpuPackage => "cpu-package",
            Self::Dram => "dram",
            Self::Soc => "soc",
            Self::Components => "components",
            Self::System => "system",
            Self::Wall => "wall",
        }
    }

    /// The boundary with this identifier.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|boundary| boundary.id() == id)
    }

    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::GpuBoard => "GPU board",
            Self::CpuPackage => "CPU package",
            Self::Dram => "DRAM",
            Self::Soc => "SoC",
            Self::Components => "components",
            Self::System => "system",
            Self::Wall => "wall",
        }
    }
}

impl std::fmt::Display for Boundary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.label())
    }
}
