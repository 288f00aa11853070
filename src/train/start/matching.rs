//! Which tensor of a source each parameter of a network takes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use burn::module::ParamId;

use super::names::{self, Prefixes};
use super::source::{Source, Stored};
use super::{StartError, some_of};
use crate::models::{Named, Network};
use crate::setup::plan::is_head;
use crate::setup::{Fit, FitKind, ModelSetup, Rename, StartReport, StartSetup, WeightLayout};

/// What fits what.
pub struct Match {
    /// Parameters that take a tensor.
    pub taken: Vec<Taken>,
    /// All of it in words.
    pub report: StartReport,
}

/// A parameter that takes a tensor.
pub struct Taken {
    /// Of the parameter.
    pub id: ParamId,
    /// The tensor.
    pub stored: Stored,
    /// Whether its rows and columns change places.
    pub is_transposed: bool,
}

impl Match {
    /// Looks for each parameter of `network`, which was built for `model`, in `source`.
    pub fn new(source: Source, setup: &StartSetup, model: &ModelSetup, network: &Network) -> Self {
        let Source { origin, tensors } = source;
        let prefixes = Prefixes::new(model);
        let mut there: BTreeMap<String, Stored> = BTreeMap::new();
        // Why a tensor stays where it is, where somebody looked at it.
        let mut refused: BTreeMap<String, String> = BTreeMap::new();
        for stored in tensors {
            let mut name = renamed(&stored.short, &setup.rename);
            if let Some(first) = there.get(&name) {
                let because = format!("`{}` has its name too, by start.rename", first.name);
                // No parameter is called like this.
                name = format!("{}?", stored.name);
                refused.insert(name.clone(), because);
            }
            there.insert(name, stored);
        }
        let mut taken = Vec::new();
        let mut parameters = Vec::new();
        let (mut taken_numbers, mut new_numbers) = (0, 0);
        for parameter in network.parameters() {
            let numbers = parameter.shape.iter().product::<usize>() as u64;
            let looked_for = names::of(&parameter, &prefixes);
            let found = looked_for.into_iter().find(|name| there.contains_key(name));
            let verdict = match &found {
                None => Err("the source has nothing of this name".to_owned()),
                Some(name) => fits(&parameter, &there[name], setup, origin.layout),
            };
            let kind = match (verdict, found) {
                (Ok(is_transposed), Some(name)) => {
                    // It was found there, and each name is looked for by one parameter.
                    let Some(stored) = there.remove(&name) else {
                        continue;
                    };
                    let from = stored.name.clone();
                    taken_numbers += numbers;
                    taken.push(Taken {
                        id: parameter.id,
                        stored,
                        is_transposed,
                    });
                    FitKind::Taken { from }
                }
                (verdict, found) => {
                    let because = verdict.err().unwrap_or_default();
                    if let Some(name) = found {
                        refused.insert(name, because.clone());
                    }
                    new_numbers += numbers;
                    FitKind::New { because }
                }
            };
            parameters.push(Fit {
                name: parameter.name,
                shape: parameter.shape,
                kind,
            });
        }
        let left = there.into_iter().map(|(name, stored)| {
            let because = refused
                .remove(&name)
                .unwrap_or_else(|| "nothing here has this name".to_owned());
            Fit {
                name: stored.name,
                shape: stored.shape,
                kind: FitKind::Left { because },
            }
        });
        Self {
            report: StartReport {
                left: left.collect(),
                origin,
                parameters,
                taken_numbers,
                new_numbers,
            },
            taken,
        }
    }

    /// That nothing does.
    pub fn nothing_fits(&self, network: &Network, path: PathBuf) -> StartError {
        let (ours, left) = (network.parameters(), &self.report.left);
        StartError::NothingFits {
            found: left.len(),
            theirs: some_of(
                left.iter()
                    .map(|fit| (fit.name.as_str(), fit.shape.as_slice())),
            ),
            ours: some_of(
                ours.iter()
                    .map(|own| (own.name.as_str(), own.shape.as_slice())),
            ),
            path,
        }
    }
}

/// Whether `parameter` takes `stored`, and whether its rows and columns change places then; else why not.
fn fits(
    parameter: &Named,
    stored: &Stored,
    setup: &StartSetup,
    layout: WeightLayout,
) -> Result<bool, String> {
    if setup.new_head && is_head(&parameter.group) {
        return Err("start.new_head wants a new head".to_owned());
    }
    if !stored.is_float() {
        return Err("it holds no floating-point numbers in the source".to_owned());
    }
    let is_matrix = parameter.holder == "Linear" && parameter.shape.len() == 2;
    let is_transposed = is_matrix && layout == WeightLayout::Pytorch;
    let mut wanted = parameter.shape.clone();
    if is_transposed {
        wanted.reverse();
    }
    if stored.shape == wanted {
        Ok(is_transposed)
    } else {
        Err(format!(
            "its shape is {:?} in the source, where {wanted:?} would fit",
            stored.shape
        ))
    }
}

/// `name` after the first rule that fits it.
fn renamed(name: &str, rules: &[Rename]) -> String {
    let rule = rules.iter().find_map(|rule| {
        let rest = name.strip_prefix(rule.from.as_str())?;
        Some(format!("{}{rest}", rule.to))
    });
    rule.unwrap_or_else(|| name.to_owned())
}
