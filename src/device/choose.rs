use super::{Api, DeviceEntry, DeviceKind};
use crate::units::nearest;

/// A device with the reason why it was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The device.
    pub entry: DeviceEntry,
    /// Why this one, for people.
    pub because: String,
}

/// No device fits what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChoiceError {
    /// An index past the end.
    #[error("there is no device {index}; `joulelab devices` lists 0 to {last}")]
    NoIndex {
        /// What was asked for.
        index: usize,
        /// The last there is.
        last: usize,
    },
    /// No name has this part.
    #[error("no device's name contains `{part}`{suggestion}; `joulelab devices` lists them")]
    NoName {
        /// What was asked for.
        part: String,
        /// The most similar name, as a phrase.
        suggestion: String,
    },
    /// Several different devices have this part in their names.
    #[error("`{part}` fits several devices: {}; use an index", names.join(", "))]
    Ambiguous {
        /// What was asked for.
        part: String,
        /// Index and name of each.
        names: Vec<String>,
    },
}

/// The device that `wish` means: `auto`, `cpu`, an index, or part of a name.
///
/// `auto` takes hardware only: a discrete GPU before an integrated one before a virtual one, the platform's own API
/// before others; where there is none, the CPU. A software adapter is never taken unless it is asked for.
///
/// # Errors
/// Where nothing fits, or several different devices do.
pub fn choose(entries: &[DeviceEntry], wish: &str) -> Result<Chosen, ChoiceError> {
    let wish = wish.trim();
    if wish.eq_ignore_ascii_case("auto") {
        return Ok(best(entries));
    }
    if wish.eq_ignore_ascii_case("cpu")
        && let Some(entry) = entries.iter().find(|entry| entry.kind == DeviceKind::Cpu)
    {
        return Ok(Chosen {
            entry: entry.clone(),
            because: "asked for".to_owned(),
        });
    }
    if let Ok(index) = wish.parse::<usize>() {
        let entry =
            entries
                .iter()
                .find(|entry| entry.index == index)
                .ok_or(ChoiceError::NoIndex {
                    index,
                    last: entries.len().saturating_sub(1),
                })?;
        return Ok(Chosen {
            entry: entry.clone(),
            because: format!("asked for as device {index}"),
        });
    }
    by_name(entries, wish)
}

fn best(entries: &[DeviceEntry]) -> Chosen {
    let hardware = entries
        .iter()
        .filter(|entry| rank(entry) < NOT_BY_ITSELF)
        .min_by_key(|entry| rank(entry));
    match hardware {
        Some(entry) => Chosen {
            entry: entry.clone(),
            because: "the best hardware adapter".to_owned(),
        },
        None => {
            let software = entries
                .iter()
                .find(|entry| entry.kind == DeviceKind::Software)
                .map(|entry| {
                    format!(
                        "; the software adapter `{}` is not taken by itself",
                        entry.name
                    )
                })
                .unwrap_or_default();
            let cpu = entries
                .iter()
                .find(|entry| entry.kind == DeviceKind::Cpu)
                .unwrap_or(&entries[entries.len() - 1]);
            Chosen {
                entry: cpu.clone(),
                because: format!("no hardware graphics adapter was found{software}"),
            }
        }
    }
}

/// Ranks from here on are taken on request only.
const NOT_BY_ITSELF: u32 = 100;

fn rank(entry: &DeviceEntry) -> u32 {
    let kind = match entry.kind {
        DeviceKind::DiscreteGpu => 0,
        DeviceKind::IntegratedGpu => 10,
        DeviceKind::VirtualGpu => 20,
        DeviceKind::Other | DeviceKind::Software | DeviceKind::Cpu => NOT_BY_ITSELF,
    };
    kind + api_rank(entry.api)
}

/// The platform's own API first. OpenGL lacks what training needs, so it is never taken by itself.
fn api_rank(api: Option<Api>) -> u32 {
    match api {
        Some(Api::Metal) => 0,
        Some(Api::Dx12) if cfg!(windows) => 0,
        Some(Api::Vulkan) => 1,
        Some(Api::Dx12) => 2,
        Some(Api::Gl) | None => NOT_BY_ITSELF,
    }
}

fn by_name(entries: &[DeviceEntry], part: &str) -> Result<Chosen, ChoiceError> {
    let wanted = part.to_lowercase();
    let mut fitting: Vec<&DeviceEntry> = entries
        .iter()
        .filter(|entry| entry.name.to_lowercase().contains(&wanted))
        .collect();
    fitting.sort_by_key(|entry| api_rank(entry.api));
    let Some(&first) = fitting.first() else {
        let suggestion = nearest(part, entries.iter().map(|entry| entry.name.as_str()))
            .map(|name| format!(", did you mean `{name}`?"))
            .unwrap_or_default();
        return Err(ChoiceError::NoName {
            part: part.to_owned(),
            suggestion,
        });
    };
    // One card over several APIs is one device; two cards of one name are two.
    let other_card = fitting.iter().any(|entry| {
        entry.name != first.name
            || entry.address != first.address
            || entry.api == first.api && entry.of_kind != first.of_kind
    });
    if other_card {
        return Err(ChoiceError::Ambiguous {
            part: part.to_owned(),
            names: fitting
                .iter()
                .map(|entry| format!("{} {} ({})", entry.index, entry.name, entry.backend()))
                .collect(),
        });
    }
    Ok(Chosen {
        entry: first.clone(),
        because: format!("asked for as `{part}`"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(index: usize, name: &str, kind: DeviceKind, api: Option<Api>) -> DeviceEntry {
        DeviceEntry {
            index,
            name: name.to_owned(),
            kind,
            api,
            driver: String::new(),
            vendor: None,
            address: None,
            of_kind: 0,
        }
    }

    fn machine() -> Vec<DeviceEntry> {
        use DeviceKind::{Cpu, DiscreteGpu, IntegratedGpu, Software};
        vec![
            entry(0, "llvmpipe", Software, Some(Api::Vulkan)),
            entry(1, "Iris Xe", IntegratedGpu, Some(Api::Vulkan)),
            entry(2, "GeForce RTX 3080", DiscreteGpu, Some(Api::Vulkan)),
            entry(3, "GeForce RTX 3080", DiscreteGpu, Some(Api::Gl)),
            entry(4, "Ryzen 9", Cpu, None),
        ]
    }

    #[test]
    fn hardware_comes_first_and_software_never_by_itself() {
        assert_eq!(choose(&machine(), "auto").unwrap().entry.index, 2);
        let mut without = machine();
        without.retain(|e| matches!(e.kind, DeviceKind::Software | DeviceKind::Cpu));
        let chosen = choose(&without, "auto").unwrap();
        assert_eq!(chosen.entry.kind, DeviceKind::Cpu);
        assert!(chosen.because.contains("llvmpipe"), "{}", chosen.because);
    }

    #[test]
    fn a_wish_is_an_index_a_part_of_a_name_or_cpu() {
        let machine = machine();
        assert_eq!(choose(&machine, "1").unwrap().entry.name, "Iris Xe");
        assert_eq!(choose(&machine, "cpu").unwrap().entry.index, 4);
        assert_eq!(choose(&machine, "rtx").unwrap().entry.index, 2);
        assert_eq!(choose(&machine, "LLVM").unwrap().entry.index, 0);
        assert!(matches!(
            choose(&machine, "9"),
            Err(ChoiceError::NoIndex { last: 4, .. })
        ));
        assert!(matches!(
            choose(&machine, "r"),
            Err(ChoiceError::Ambiguous { .. })
        ));
        let error = choose(&machine, "Iris Xf").unwrap_err().to_string();
        assert!(error.contains("Iris Xe"), "{error}");
    }
}
