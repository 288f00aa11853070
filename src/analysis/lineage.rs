//! What a run cost with the work of its ancestors: alone, with all of them, or with them shared among several uses.

use serde::{Deserialize, Serialize};

use crate::library::{Ancestor, RunDetails, sum_by_source, sum_of_parts};
use crate::units::Estimate;

/// How much of its ancestors' energy counts to a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ancestry {
    /// None of it: they were there anyway.
    #[default]
    Own,
    /// All of it: they were made for this run alone.
    Whole,
    /// Its share of so many uses, 1 or more.
    Shared(u64),
}

impl Ancestry {
    /// The part of the ancestors' energy that counts, 0 to 1.
    pub fn share(self) -> f64 {
        match self {
            Self::Own => 0.0,
            Self::Whole => 1.0,
            Self::Shared(uses) => 1.0 / uses.max(1) as f64,
        }
    }

    /// For people.
    pub fn in_words(self) -> String {
        match self {
            Self::Own => "its own".to_owned(),
            Self::Whole => "with the whole ancestry".to_owned(),
            Self::Shared(uses) => format!("with the ancestry shared among {uses} uses"),
        }
    }
}

/// What a run took, and what its ancestors did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lineage {
    /// Joules of the run itself; `None` where there was no reading.
    pub own_j: Option<Estimate>,
    /// The run's meters, in words: figures of one source share its error.
    pub own_source: Option<String>,
    /// Each ancestor, the parent first.
    pub ancestors: Vec<AncestorEnergy>,
}

/// What an ancestor took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AncestorEnergy {
    /// Its identifier, or the path of a file.
    pub name: String,
    /// Joules; `None` where nobody knows.
    pub energy_j: Option<Estimate>,
    /// By which meters, in words; `stated` of a file.
    pub source: String,
    /// Whether it is a run that is not in the library any more.
    pub is_gone: bool,
}

/// The energy of a run with some of its ancestors'.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LineageEnergy {
    /// How much of theirs counts.
    pub ancestry: Ancestry,
    /// Joules; `None` where a part that counts is not known: a sum without it would be too small.
    pub energy_j: Option<Estimate>,
    /// Ancestors whose energy counts and is not known.
    pub unknown: Vec<String>,
}

impl Lineage {
    /// Of a stored run. Energies are sums over the parts of the machine.
    pub fn of(details: &RunDetails) -> Self {
        let own = sum_of_parts(&details.training).map(|sum| sum.figure);
        let own = own.and_then(|figure| Some((figure.energy_j?, figure.source)));
        Self::new(own, &details.ancestors)
    }

    /// Of a run that took so many joules by these meters, in words, with its ancestors.
    pub fn new(own: Option<(Estimate, String)>, ancestors: &[Ancestor]) -> Self {
        let (own_j, own_source) = own.unzip();
        Self {
            own_j,
            own_source,
            ancestors: ancestors.iter().map(energy_of).collect(),
        }
    }

    /// Own energy, and that of the ancestors as far as `ancestry` says.
    ///
    /// Figures of one source share its systematic error, so that their widths add up; those of different sources add in quadrature.
    pub fn energy(&self, ancestry: Ancestry) -> LineageEnergy {
        let share = ancestry.share();
        let counted = self.ancestors.iter().filter(|_| share > 0.0);
        let unknown: Vec<String> = counted
            .clone()
            .filter(|ancestor| ancestor.energy_j.is_none())
            .map(|ancestor| ancestor.name.clone())
            .collect();
        let own = self.own_j.zip(self.own_source.as_deref());
        let parts = counted.filter_map(|ancestor| {
            let energy = ancestor.energy_j?.scale(share);
            Some((energy, ancestor.source.as_str()))
        });
        let sum = own.map(|own| sum_by_source(std::iter::once(own).chain(parts)));
        LineageEnergy {
            ancestry,
            energy_j: sum.filter(|_| unknown.is_empty()),
            unknown,
        }
    }
}

/// What went into `ancestor`.
fn energy_of(ancestor: &Ancestor) -> AncestorEnergy {
    let (energy_j, source) = ancestor.energy();
    AncestorEnergy {
        name: ancestor.label().to_owned(),
        energy_j,
        source,
        is_gone: ancestor.run_id.is_some() && !ancestor.is_here,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ancestor(name: &str, energy_j: Option<Estimate>, source: &str) -> AncestorEnergy {
        AncestorEnergy {
            name: name.to_owned(),
            energy_j,
            source: source.to_owned(),
            is_gone: false,
        }
    }

    fn lineage(ancestors: Vec<AncestorEnergy>) -> Lineage {
        Lineage {
            own_j: Some(Estimate::plus_minus(100.0, 5.0)),
            own_source: Some("RAPL".to_owned()),
            ancestors,
        }
    }

    #[test]
    fn shares_add_up_to_the_digit() {
        let parent = ancestor("a", Some(Estimate::plus_minus(640.0, 32.0)), "RAPL");
        let grandparent = ancestor("b", Some(Estimate::plus_minus(1280.0, 64.0)), "RAPL");
        let lineage = lineage(vec![parent, grandparent]);
        let energy = |ancestry| lineage.energy(ancestry).energy_j;
        assert_eq!(
            energy(Ancestry::Own),
            Some(Estimate::plus_minus(100.0, 5.0))
        );
        assert_eq!(
            energy(Ancestry::Whole),
            Some(Estimate::plus_minus(2020.0, 101.0))
        );
        assert_eq!(energy(Ancestry::Shared(1)), energy(Ancestry::Whole));
        // 100 + (640 + 1280) ÷ 8.
        assert_eq!(
            energy(Ancestry::Shared(8)),
            Some(Estimate::plus_minus(340.0, 17.0))
        );
    }

    #[test]
    fn sources_of_their_own_add_in_quadrature() {
        let parent = ancestor("a", Some(Estimate::plus_minus(50.0, 12.0)), "NVML");
        let sum = lineage(vec![parent]).energy(Ancestry::Whole).energy_j;
        assert_eq!(sum, Some(Estimate::plus_minus(150.0, 13.0)));
    }

    #[test]
    fn what_nobody_knows_makes_no_sum() {
        let known = ancestor("a", Some(Estimate::exact(50.0)), "RAPL");
        let lineage = lineage(vec![known, ancestor("weights.pt", None, "stated")]);
        assert!(lineage.energy(Ancestry::Own).energy_j.is_some());
        let whole = lineage.energy(Ancestry::Whole);
        assert_eq!(
            (whole.energy_j, whole.unknown),
            (None, vec!["weights.pt".to_owned()])
        );
    }
}
