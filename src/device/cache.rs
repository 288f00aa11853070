use std::path::Path;

use burn::cubecl::config::autotune::AutotuneLevel;
use burn::cubecl::config::cache::CacheConfig;
use burn::cubecl::config::{CubeClRuntimeConfig, RuntimeConfig};

use super::thrift::prefer_quick_to_compile;
use super::tuning::decisions;
use super::{DeviceEntry, DeviceKind};

/// Keeps tuned kernels in `folder`, so that they are tuned once a device, not once a run. Must be called before the device
/// `entry` is opened; later calls change nothing.
///
/// A software adapter is tuned as little as can be: its driver compiles for the processor, which takes seconds for each of the
/// large kernels that are tried, and again at each start where such a one has won; what they gain there is lost in the noise.
/// What earlier starts have chosen is therefore chosen anew, with an eye to what it takes to compile (`thrift`).
///
/// The environment variables of CubeCL still count, such as `CUBECL_AUTOTUNE_LEVEL`.
pub fn use_kernel_cache(folder: &Path, entry: &DeviceEntry) {
    let mut config = CubeClRuntimeConfig::default();
    if entry.kind == DeviceKind::Software {
        config.autotune.level = AutotuneLevel::Minimal;
    }
    let mut config = config.override_from_env();
    // The cache does not ask how thoroughly a kernel was chosen: what little tuning chose is kept apart.
    if matches!(config.autotune.level, AutotuneLevel::Minimal) && !has_own_environment() {
        config.environment.name = "minimal".to_owned();
    }
    config.environment.path = CacheConfig::Directory(folder.to_owned());
    if !config.autotune.decisions_enabled() && std::fs::create_dir_all(folder).is_ok() {
        config.autotune.decisions.file = Some(decisions(folder));
    }
    if entry.kind == DeviceKind::Software {
        let database = format!("{}.db", config.environment.name);
        prefer_quick_to_compile(&folder.join(database));
    }
    CubeClRuntimeConfig::try_set(config);
}

fn has_own_environment() -> bool {
    std::env::var_os("CUBECL_ENVIRONMENT").is_some()
}
