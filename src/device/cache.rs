use std::path::Path;

use burn::cubecl::config::cache::CacheConfig;
use burn::cubecl::config::{CubeClRuntimeConfig, RuntimeConfig};

/// Keeps tuned kernels in `folder`, so that they are tuned once a device, not once a run. Must be called before any device
/// is opened; later calls change nothing.
///
/// The environment variables of CubeCL still count, such as `CUBECL_AUTOTUNE_LEVEL`.
pub fn use_kernel_cache(folder: &Path) {
    let mut config = CubeClRuntimeConfig::default().override_from_env();
    config.environment.path = CacheConfig::Directory(folder.to_owned());
    CubeClRuntimeConfig::try_set(config);
}
