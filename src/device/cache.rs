use std::path::Path;

use burn::cubecl::config::cache::CacheConfig;
use burn::cubecl::config::{CubeClRuntimeConfig, RuntimeConfig};

use super::tuning::decisions;

/// Keeps tuned kernels in `folder`, so that they are tuned once a device, not once a run. Must be called before any device
/// is opened; later calls change nothing.
///
/// The environment variables of CubeCL still count, such as `CUBECL_AUTOTUNE_LEVEL`.
pub fn use_kernel_cache(folder: &Path) {
    let mut config = CubeClRuntimeConfig::default().override_from_env();
    config.environment.path = CacheConfig::Directory(folder.to_owned());
    if !config.autotune.decisions_enabled() && std::fs::create_dir_all(folder).is_ok() {
        config.autotune.decisions.file = Some(decisions(folder));
    }
    CubeClRuntimeConfig::try_set(config);
}
