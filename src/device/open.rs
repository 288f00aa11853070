use burn::tensor::Device;
use burn::tensor::wgpu::WgpuBackend;

use super::{Api, DeviceEntry, DeviceKind};

/// A device that is ready to train.
#[derive(Clone, Debug)]
pub struct Opened {
    /// For tensors; without autodiff.
    pub device: Device,
    /// Whether kernels are compiled and tuned on first use.
    pub compiles: bool,
}

impl Opened {
    /// Waits until the device has nothing left to do.
    ///
    /// # Errors
    /// What the device said, where it failed since it was last waited for.
    pub fn wait(&self) -> Result<(), String> {
        self.device.sync().map_err(|error| format!("{error:?}"))
    }
}

/// Why a device could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot train at all.
    #[error("`{name}` cannot train: {reason}; choose another one of `joulelab devices`")]
    Unfit {
        /// The device.
        name: String,
        /// Why.
        reason: &'static str,
    },
    /// Its driver refused.
    #[error("`{name}` could not be opened: {message}")]
    Driver {
        /// The device.
        name: String,
        /// What the driver said.
        message: String,
    },
}

/// Opens a device for training. Once a process.
///
/// # Errors
/// Where the driver refuses, or the adapter is of a kind that Burn does not address.
pub fn open(entry: &DeviceEntry) -> Result<Opened, OpenError> {
    let unfit = |reason| OpenError::Unfit {
        name: entry.name.clone(),
        reason,
    };
    use burn::tensor::DeviceKind as Kind;
    let kind = match entry.kind {
        DeviceKind::Cpu => {
            return Ok(Opened {
                device: Device::flex(),
                compiles: false,
            });
        }
        DeviceKind::DiscreteGpu => Kind::DiscreteGpu(entry.of_kind),
        DeviceKind::IntegratedGpu => Kind::IntegratedGpu(entry.of_kind),
        DeviceKind::VirtualGpu => Kind::VirtualGpu(entry.of_kind),
        DeviceKind::Software if entry.of_kind == 0 => Kind::Cpu,
        DeviceKind::Software => return Err(unfit("only the first software adapter is reachable")),
        DeviceKind::Other => return Err(unfit("it does not say what kind of adapter it is")),
    };
    let api = match entry.api {
        Some(Api::Vulkan) => WgpuBackend::Vulkan,
        Some(Api::Metal) => WgpuBackend::Metal,
        Some(Api::Dx12) => WgpuBackend::Dx12,
        Some(Api::Gl) | None => {
            return Err(unfit("OpenGL lacks what training needs"));
        }
    };
    let device = Device::wgpu_options()
        .device_kind(kind)
        .graphics_api(api)
        .init()
        .map_err(|error| OpenError::Driver {
            name: entry.name.clone(),
            message: error.to_string(),
        })?;
    Ok(Opened {
        device,
        compiles: true,
    })
}
