//! The one place that decides which of all the sources that answer are read, which of them add up, and which only stand
//! by or are looked at beside.
//!
//! Every meter says which parts of the machine it covers ([`Part`]). From best to worst a meter is taken unless it shares
//! hardware with one that was taken before, so no joule is counted twice, whatever the sources and however they nest.

use serde::{Deserialize, Serialize};

use super::{
    Meter, MeterInfo, Origin, Part, ReadError, Reading, SourceReport, Status,
    part::{covers, overlap},
};

/// What a meter is read for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "kebab-case")]
pub enum Role {
    /// Its figures are part of the sum over the machine.
    Part,
    /// It is read when `of` gives nothing more, and takes its place from then on.
    StandBy {
        /// Identifier of the meter whose place it takes.
        of: String,
    },
    /// It covers the whole machine, or has parts in common with others in a way that is no sum: shown beside it.
    CrossCheck,
}

impl Role {
    /// Stable name, as stored and exported.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Part => "part",
            Self::StandBy { .. } => "stand-by",
            Self::CrossCheck => "cross-check",
        }
    }
}

/// Where a meter sits and what it is read for: what a sum over parts goes by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Identifier of the meter.
    pub meter: String,
    /// The parts that it covers.
    pub covers: Vec<Part>,
    /// What it is read for.
    pub role: Role,
}

/// A meter and what it is read for.
pub struct Planned {
    /// The meter.
    pub meter: Box<dyn Meter>,
    /// What for.
    pub role: Role,
}

impl Planned {
    /// What the meter is.
    pub fn info(&self) -> &MeterInfo {
        self.meter.info()
    }

    /// Where it sits.
    pub fn place(&self) -> Place {
        Place {
            meter: self.info().id.clone(),
            covers: self.info().covers.clone(),
            role: self.role.clone(),
        }
    }

    /// One reading, now.
    ///
    /// # Errors
    /// As [`Meter::read`].
    pub fn read(&mut self) -> Result<Reading, ReadError> {
        self.meter.read()
    }
}

impl From<Box<dyn Meter>> for Planned {
    fn from(meter: Box<dyn Meter>) -> Self {
        Self {
            meter,
            role: Role::Part,
        }
    }
}

impl<M: Meter + 'static> From<Box<M>> for Planned {
    fn from(meter: Box<M>) -> Self {
        Self::from(meter as Box<dyn Meter>)
    }
}

/// How a source may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// It may be part of the sum.
    Add,
    /// It may only be shown beside the sum.
    CrossCheck,
    /// It is not read, for this reason.
    Not(String),
}

/// A source that answers.
pub(super) struct Candidate {
    pub meter: Box<dyn Meter>,
    /// What it reads now, with its unit.
    pub raw: Option<String>,
    pub may: Use,
    /// Among equally good meters of the same parts, the lower goes first.
    pub rank: u8,
}

/// Decides. Gives the meters that are read, parts first in the order in which their sources were tried, and what became
/// of each, in the order in which they were offered.
pub(super) fn choose(candidates: Vec<Candidate>) -> (Vec<Planned>, Vec<SourceReport>) {
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    // Within a grade, the meter of the larger part: it leaves nothing out. A sort that keeps equals in order.
    order.sort_by_key(|&at| {
        let candidate = &candidates[at];
        let info = candidate.meter.info();
        let depth = info.covers.iter().map(Part::depth).min().unwrap_or(0);
        (info.grade, depth, candidate.rank)
    });
    let mut decided: Vec<Option<Result<Role, String>>> = candidates.iter().map(|_| None).collect();
    let mut taken: Vec<usize> = Vec::new();
    for &at in &order {
        let info = candidates[at].meter.info();
        decided[at] = Some(match &candidates[at].may {
            Use::Not(reason) => Err(reason.clone()),
            Use::CrossCheck => Ok(Role::CrossCheck),
            Use::Add => {
                let twin = taken
                    .iter()
                    .map(|&other| candidates[other].meter.info())
                    .find(|other| overlap(&other.covers, &info.covers));
                match twin {
                    None => {
                        taken.push(at);
                        Ok(Role::Part)
                    }
                    Some(twin) => beside(twin, info),
                }
            }
        });
    }
    let mut meters = Vec::new();
    let mut reports = Vec::new();
    for (candidate, decision) in candidates.into_iter().zip(decided) {
        let role = match decision {
            Some(Ok(role)) => Some(role),
            Some(Err(reason)) => {
                reports.push(report(&candidate, Status::Available { reason }));
                None
            }
            None => None,
        };
        let Some(role) = role else { continue };
        let status = match &role {
            Role::Part => Status::Used,
            Role::StandBy { of } => Status::StandBy { of: of.clone() },
            Role::CrossCheck => Status::CrossCheck,
        };
        reports.push(report(&candidate, status));
        meters.push(Planned {
            meter: candidate.meter,
            role,
        });
    }
    // Stand-bys in the order in which they would step in: the better first.
    meters.sort_by_key(|planned| match planned.role {
        Role::Part => (0, None),
        Role::CrossCheck => (1, None),
        Role::StandBy { .. } => (2, Some(planned.info().grade)),
    });
    (meters, reports)
}

/// What becomes of a meter that shares hardware with a better one: it can take its place if it covers no less.
fn beside(taken: &MeterInfo, info: &MeterInfo) -> Result<Role, String> {
    if covers(&info.covers, &taken.covers) {
        return Ok(Role::StandBy {
            of: taken.id.clone(),
        });
    }
    Err(if covers(&taken.covers, &info.covers) {
        format!("{} contains it already", taken.id)
    } else {
        format!("{} covers some of the same parts already", taken.id)
    })
}

fn report(candidate: &Candidate, status: Status) -> SourceReport {
    SourceReport::of(candidate.meter.info(), candidate.raw.clone(), status)
}

/// One line of the machine's account: a part, and who says what it draws.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccountLine {
    /// The parts that the meter covers.
    pub covers: Vec<Part>,
    /// Identifier of the meter; `None` where no source answers for the part.
    pub meter: Option<String>,
    /// Whether a sensor, a model or a simulation speaks.
    pub origin: Option<Origin>,
    /// Stand-bys, in the order in which they would step in.
    pub stand_by: Vec<String>,
}

/// The parts that make up the machine as far as anything is known of them: what was taken, and what of `expected` nobody
/// answers for.
pub(super) fn account(meters: &[Planned], expected: &[Part]) -> Vec<AccountLine> {
    let parts = || meters.iter().filter(|planned| planned.role == Role::Part);
    let mut lines: Vec<AccountLine> = parts()
        .map(|planned| {
            let info = planned.info();
            AccountLine {
                covers: info.covers.clone(),
                meter: Some(info.id.clone()),
                origin: Some(info.origin),
                stand_by: meters
                    .iter()
                    .filter(|other| matches!(&other.role, Role::StandBy { of } if *of == info.id))
                    .map(|other| other.info().id.clone())
                    .collect(),
            }
        })
        .collect();
    for part in expected {
        let known =
            parts().any(|planned| overlap(&planned.info().covers, std::slice::from_ref(part)));
        if !known {
            lines.push(AccountLine {
                covers: vec![part.clone()],
                meter: None,
                origin: None,
                stand_by: Vec::new(),
            });
        }
    }
    lines.sort_by(|a, b| a.covers.cmp(&b.covers));
    lines
}
