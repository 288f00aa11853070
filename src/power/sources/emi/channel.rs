//! What the channels of the energy meters of Windows cover, by their names.
//!
//! Windows' own processor drivers name theirs `RAPL_Package{N}_PKG`, `_PP0`, `_PP1`, `_DRAM` and, on AMD, one
//! `_Core{M}_CORE` for each core, often each in a meter of its own; these nest as RAPL does. AMD's driver for notebooks
//! adds `Current Socket Energy` and voltage rails (both in Chromium's `energy_metrics_provider_win.cc`; shown by the
//! performance counters as `… Power`). Snapdragon notebooks have `CPU_CLUSTER_{N}`, `GPU`, `SYS` and supplies.

/// What a channel covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Covers {
    /// A processor package, by its number.
    Package(String),
    /// The memory modules of a package.
    Memory {
        /// The package's number.
        package: String,
    },
    /// Something inside a package, whose own channel contains it.
    InPackage {
        /// The package's number.
        package: String,
        /// What it is, such as `core` or `uncore`.
        part: &'static str,
    },
    /// The whole machine behind its power supply.
    Machine,
    /// Graphics, on a card or in the processor.
    Graphics,
    /// Nothing that is known.
    Unknown,
}

/// What the channel `name` covers. Upper and lower case are not told apart: the performance counters change them.
pub fn covers(name: &str) -> Covers {
    let lower = name.trim().to_ascii_lowercase();
    if let Some(rest) = lower.strip_prefix("rapl_package") {
        return rapl(rest).unwrap_or(Covers::Unknown);
    }
    let words: Vec<&str> = words(&lower).collect();
    match words.as_slice() {
        // Of one socket: AMD names no others.
        ["current", "socket", "energy" | "power"] => Covers::Package("0".to_owned()),
        ["psys" | "sys" | "system"] => Covers::Machine,
        _ if words.iter().any(|word| is_gpu(word)) => Covers::Graphics,
        _ => Covers::Unknown,
    }
}

fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
}

/// `gpu`, `gpu0`, `dgpu`, `igpu`.
fn is_gpu(word: &str) -> bool {
    let word = word.trim_end_matches(|c: char| c.is_ascii_digit());
    matches!(word, "gpu" | "dgpu" | "igpu")
}

/// What follows `rapl_package`.
fn rapl(rest: &str) -> Option<Covers> {
    let (package, part) = rest.split_once('_')?;
    let is_number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    if !is_number(package) {
        return None;
    }
    let package = package.to_owned();
    let inside = |part| Covers::InPackage {
        package: package.clone(),
        part,
    };
    Some(match part {
        "pkg" => Covers::Package(package),
        "dram" => Covers::Memory { package },
        "pp0" => inside("core"),
        "pp1" => inside("uncore"),
        "psys" | "platform" => Covers::Machine,
        core => {
            let core = core.strip_prefix("core")?.strip_suffix("_core")?;
            is_number(core).then(|| inside("single core"))?
        }
    })
}
