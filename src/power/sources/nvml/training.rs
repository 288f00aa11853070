//! Which card is the one that trains.

use super::{card::Card, sleep::SysfsCard};
use crate::power::TrainingGpu;

/// The card that trains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Training {
    /// Its place in the list of cards.
    pub at: usize,
    /// Only its name says so.
    pub by_name: bool,
}

/// Why no card is known to be the one that trains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NotKnown {
    /// In words, said of every card.
    pub reason: String,
    /// Places in the list of the cards that may be the one all the same: adding their energy to that of a model of the GPU
    /// that trains would count it twice.
    pub perhaps: Vec<usize>,
}

impl From<String> for NotKnown {
    fn from(reason: String) -> Self {
        Self {
            reason,
            perhaps: Vec::new(),
        }
    }
}

/// Whether a graphics driver's name of a GPU is one of NVIDIA's.
pub(super) fn is_nvidia(name: &str) -> bool {
    name.to_lowercase().contains("nvidia")
}

/// The one of `cards` that trains, or why it is none of them. `asleep` are cards that could not be asked for their
/// names; `chip` tells which chip sits at the place of a card.
pub(super) fn find(
    gpu: Option<&TrainingGpu>,
    cards: &[Card],
    asleep: &[SysfsCard],
    chip: impl Fn(&Card) -> Option<String>,
) -> Result<Training, NotKnown> {
    let Some(gpu) = gpu else {
        return Err("no GPU trains".to_owned().into());
    };
    if let Some(pci) = gpu.pci {
        let at = cards.iter().position(|card| card.pci == Some(pci));
        return at.map(|at| Training { at, by_name: false }).ok_or_else(|| {
            NotKnown::from(format!(
                "the GPU that trains sits at {pci}, and this is not it"
            ))
        });
    }
    let name = gpu.name.trim();
    let alike: Vec<usize> = (0..cards.len())
        .filter(|&at| cards[at].name.eq_ignore_ascii_case(name))
        .collect();
    let unsure = |reason: String, perhaps: Vec<usize>| Err(NotKnown { reason, perhaps });
    match alike[..] {
        [at] => match chip(&cards[at]) {
            Some(chip) if asleep.iter().any(|card| card.chip == chip) => unsure(
                format!(
                    "a card that sleeps has the same chip as this one, and the PCI address of the one that trains, \
                     {name}, is not known: attributed to none"
                ),
                alike,
            ),
            _ => Ok(Training { at, by_name: true }),
        },
        [] if is_nvidia(name) && !gpu.integrated => unsure(
            format!(
                "the GPU that trains is called {name}, which is the name of no card here, and its PCI address is not \
                 known: attributed to none"
            ),
            (0..cards.len()).collect(),
        ),
        [] => Err(format!("the GPU that trains is another one: {name}").into()),
        _ => unsure(
            format!(
                "several cards are called {name}, and the PCI address of the one that trains is not known: attributed \
                 to none"
            ),
            alike,
        ),
    }
}
