use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Problems, goes_by_seed, with_seed};
use crate::units::count;

/// What a network has learnt before it is trained: the weights of another run, or of a file. Layers are matched by name and
/// shape; those that find nothing start anew.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StartSetup {
    /// The run whose newest checkpoint is taken: identifier, its beginning, or name. `{seed}` stands for the seed of the run that
    /// starts, so that each seed of a setup can start from a run of its own.
    pub run: Option<String>,
    /// The file whose weights are taken: safetensors, Burn's own, or a PyTorch checkpoint.
    pub file: Option<PathBuf>,
    /// Of a file: the table that holds the weights, such as `state_dict`. Left out: the usual ones are looked for.
    pub key: Option<String>,
    /// Of a file: how its weights lie.
    pub layout: WeightLayout,
    /// Names in the source that begin with `from` begin with `to` here; the first that fits counts.
    pub rename: Vec<Rename>,
    /// Whether the head starts anew also where it would fit.
    pub new_head: bool,
    /// Of a file: joules that its weights took, where its makers say so; for figures with the whole ancestry.
    pub file_energy_j: Option<f64>,
}

/// A change of names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rename {
    /// What a name begins with in the source.
    pub from: String,
    /// What it begins with here.
    pub to: String,
}

/// How the weights of a file lie: linear layers by outputs and inputs (PyTorch), or by inputs and outputs (Burn).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WeightLayout {
    /// Burn's where the file says that Burn wrote it, else PyTorch's.
    #[default]
    Auto,
    /// `[outputs, inputs]`.
    Pytorch,
    /// `[inputs, outputs]`.
    Burn,
}

impl StartSetup {
    /// The run that a run of seed `seed` starts from, as it was written.
    pub fn run_for(&self, seed: u64) -> Option<String> {
        self.run.as_ref().map(|run| with_seed(run, seed))
    }

    /// Whether each seed starts from a run of its own.
    pub fn goes_by_seed(&self) -> bool {
        self.run.as_deref().is_some_and(goes_by_seed)
    }

    pub(super) fn validate(&self, problems: &mut Problems) {
        let given = match (&self.run, &self.file) {
            (Some(_), None) | (None, Some(_)) => None,
            (None, None) => Some("neither"),
            (Some(_), Some(_)) => Some("both"),
        };
        problems.require(
            given.is_none(),
            "start",
            given.unwrap_or_default(),
            "either start.run or start.file; for a run from nothing, no table `start`",
        );
        let empty =
            |text: &Option<String>| text.as_ref().is_some_and(|text| text.trim().is_empty());
        problems.require(
            !empty(&self.run),
            "start.run",
            "",
            "an identifier or name of `joulelab runs`",
        );
        problems.require(
            self.file
                .as_ref()
                .is_none_or(|file| !file.as_os_str().is_empty()),
            "start.file",
            "",
            "a path",
        );
        if self.run.is_some() {
            for (field, is_set) in [
                ("key", self.key.is_some()),
                ("layout", self.layout != WeightLayout::Auto),
                ("file_energy_j", self.file_energy_j.is_some()),
            ] {
                problems.require(
                    !is_set,
                    format!("start.{field}"),
                    "a value",
                    "none with start.run: its checkpoint and its record say all",
                );
            }
        }
        for (index, rename) in self.rename.iter().enumerate() {
            problems.require(
                !rename.from.is_empty() || !rename.to.is_empty(),
                format!("start.rename.{index}"),
                "nothing to nothing",
                "`from`, `to`, or both",
            );
        }
        if let Some(energy_j) = self.file_energy_j {
            problems.require(
                energy_j.is_finite() && energy_j >= 0.0,
                "start.file_energy_j",
                energy_j,
                "a finite number, 0 or more",
            );
        }
    }
}

/// What a run started from: of each layer what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StartReport {
    /// Where the weights come from.
    pub origin: Origin,
    /// Every parameter of the network in its order, running statistics among them.
    pub parameters: Vec<Fit>,
    /// Weights of the source that have no place in the network, by name.
    pub left: Vec<Fit>,
    /// Numbers that were taken.
    pub taken_numbers: u64,
    /// Numbers that start anew.
    pub new_numbers: u64,
}

/// Where weights come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// The run, where they are of one.
    pub run_id: Option<String>,
    /// Steps that it had done.
    pub step: Option<u64>,
    /// The file.
    pub path: PathBuf,
    /// What kind of file.
    pub format: WeightsFormat,
    /// How its weights lie; never `auto`.
    pub layout: WeightLayout,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

/// A kind of file with weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WeightsFormat {
    /// Burn's own, `.bpk`.
    Burnpack,
    /// Safetensors.
    Safetensors,
    /// What `torch.save` writes.
    Pytorch,
}

/// What became of one tensor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fit {
    /// Its name: of a parameter in the network, of what is left in the source.
    pub name: String,
    /// Its shape there.
    pub shape: Vec<usize>,
    /// What became of it.
    #[serde(flatten)]
    pub kind: FitKind,
}

/// What became of a tensor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fit", rename_all = "kebab-case")]
pub enum FitKind {
    /// A parameter has the numbers of the source.
    Taken {
        /// Its name there.
        from: String,
    },
    /// A parameter starts anew.
    New {
        /// Why.
        because: String,
    },
    /// Nothing in the network takes it.
    Left {
        /// Why.
        because: String,
    },
}

impl StartReport {
    /// How many parameters were taken.
    pub fn taken(&self) -> usize {
        let taken = |fit: &&Fit| matches!(fit.kind, FitKind::Taken { .. });
        self.parameters.iter().filter(taken).count()
    }

    /// A report in a sentence or two; a run by its name, where `name` has one.
    pub fn in_words(&self, name: Option<&str>) -> String {
        let origin = &self.origin;
        let from = match (&origin.run_id, origin.step) {
            (Some(run), Some(step)) => {
                let run = name.map_or_else(|| format!("run {run}"), str::to_owned);
                format!("{run}, after {}", several(step, "step"))
            }
            _ => {
                let lies = match origin.layout {
                    WeightLayout::Burn => "laid out as Burn does",
                    _ => "laid out as PyTorch does",
                };
                format!(
                    "{} ({}, {lies})",
                    origin.path.display(),
                    origin.format.title()
                )
            }
        };
        let has_statistics = self.parameters.iter().any(|fit| is_running(&fit.name));
        let numbers = several(self.taken_numbers, "number");
        let counted = if has_statistics {
            "; running means and variances are counted too"
        } else {
            ""
        };
        format!(
            "from {from}: {} of {} taken ({numbers}{counted}), {} new, {} left in the source",
            self.taken(),
            several(self.parameters.len() as u64, "tensor"),
            several(self.new_numbers, "number"),
            several(self.left.len() as u64, "tensor"),
        )
    }
}

/// `1 step`, `2 steps`.
fn several(number: u64, one: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {one}{ending}", count(number))
}

/// Whether a tensor of a network holds statistics of normalisation, which are no parameters that learn.
fn is_running(name: &str) -> bool {
    name.rsplit('.')
        .next()
        .is_some_and(|last| last.starts_with("running_"))
}

impl WeightsFormat {
    /// For people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Burnpack => "Burn's own format",
            Self::Safetensors => "safetensors",
            Self::Pytorch => "a PyTorch checkpoint",
        }
    }
}
