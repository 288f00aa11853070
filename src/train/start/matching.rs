//! Which tensor of a source each parameter of a network takes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use burn::module::ParamId;

use super::names::{self, Prefixes};
use super::refusal::{self, Refusal};
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
    /// Why each tensor of [`StartReport::left`] stays where it is.
    left: Vec<Refusal>,
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
        let mut refused: BTreeMap<String, Refusal> = BTreeMap::new();
        for stored in tensors {
            let mut name = renamed(&stored.short, &setup.rename);
            if let Some(first) = there.get(&name) {
                let because = Refusal::Twice(first.name.clone());
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
                None => Err(Refusal::NotThere),
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
                    let because = verdict.err().unwrap_or(Refusal::NotThere);
                    if let Some(name) = found {
                        refused.insert(name, because.clone());
                    }
                    new_numbers += numbers;
                    FitKind::New {
                        because: because.to_string(),
                    }
                }
            };
            parameters.push(Fit {
                name: parameter.name,
                shape: parameter.shape,
                kind,
            });
        }
        let (mut left, mut because) = (Vec::new(), Vec::new());
        for (name, stored) in there {
            let refusal = refused.remove(&name).unwrap_or(Refusal::NoPlace);
            left.push(Fit {
                name: stored.name,
                shape: stored.shape,
                kind: FitKind::Left {
                    because: refusal.to_string(),
                },
            });
            because.push(refusal);
        }
        Self {
            report: StartReport {
                left,
                origin,
                parameters,
                taken_numbers,
                new_numbers,
            },
            taken,
            left: because,
        }
    }

    /// That nothing does. All shapes are told as the source lays weights out.
    pub fn nothing_fits(&self, network: &Network, path: PathBuf) -> StartError {
        let left = self.report.left.iter().zip(&self.left);
        let ours: Vec<(String, Vec<usize>)> = network
            .parameters()
            .into_iter()
            .map(|own| {
                let (shape, _) = laid_out(&own, self.report.origin.layout);
                (own.name, shape)
            })
            .collect();
        StartError::NothingFits {
            found: self.left.len(),
            theirs: refusal::some_by_reason(
                left.map(|(fit, why)| (fit.name.as_str(), fit.shape.as_slice(), why)),
            ),
            ours: some_of(
                ours.iter()
                    .map(|(name, shape)| (name.as_str(), shape.as_slice())),
            ),
            hint: refusal::hint(&self.left),
            path,
        }
    }
}

/// The shape that `parameter` has in a source of that layout, and whether its rows and columns change places on the way.
fn laid_out(parameter: &Named, layout: WeightLayout) -> (Vec<usize>, bool) {
    let is_matrix = parameter.holder == "Linear" && parameter.shape.len() == 2;
    let is_transposed = is_matrix && layout == WeightLayout::Pytorch;
    let mut shape = parameter.shape.clone();
    if is_transposed {
        shape.reverse();
    }
    (shape, is_transposed)
}

/// Whether `parameter` takes `stored`, and whether its rows and columns change places then; else why not.
fn fits(
    parameter: &Named,
    stored: &Stored,
    setup: &StartSetup,
    layout: WeightLayout,
) -> Result<bool, Refusal> {
    if setup.new_head && is_head(&parameter.group) {
        return Err(Refusal::NewHead);
    }
    if !stored.is_float() {
        return Err(Refusal::NoFloat);
    }
    let (wanted, is_transposed) = laid_out(parameter, layout);
    if stored.shape == wanted {
        Ok(is_transposed)
    } else {
        Err(Refusal::Shape {
            theirs: stored.shape.clone(),
            wanted,
        })
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
