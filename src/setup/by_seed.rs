//! Names of runs that go by the seed of the run that names them.

/// What stands for the seed.
const SEED: &str = "{seed}";

/// `name` for a run of seed `seed`.
pub fn with_seed(name: &str, seed: u64) -> String {
    name.replace(SEED, &seed.to_string())
}

/// Whether `name` means a run of its own for each seed.
pub fn goes_by_seed(name: &str) -> bool {
    name.contains(SEED)
}
