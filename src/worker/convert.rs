//! From the rooms' own types to those of the protocol.

use super::wall::Wall;
use crate::device::DeviceEntry;
use crate::protocol::{
    AccountLine, Device, Evaluation, Event, IdlePower, LostMeter, Meter, MeterCost, MeterNow,
    PhaseEnergy, Predictions, Progress, Sample, SamplePredictions, Saved, Source, SourceStatus,
    WindowEnergy,
};
use crate::units::EnergyFigure;
use crate::{power, train};

pub fn device(entry: &DeviceEntry) -> Device {
    Device {
        index: entry.index,
        name: entry.name.clone(),
        kind: entry.kind.name().to_owned(),
        api: entry.api.map(|api| api.name().to_owned()),
        backend: entry.backend(),
        driver: entry.driver.clone(),
        vendor: entry.vendor.clone(),
        address: entry.address.clone(),
        identity: entry.identity(),
    }
}

pub fn meter(info: &power::MeterInfo, role: &power::Role) -> Meter {
    let kind = match info.kind {
        _ if info.origin == power::Origin::Model => "model",
        power::Kind::Counter { .. } => "counter",
        power::Kind::Power => "power",
    };
    Meter {
        id: info.id.clone(),
        source: info.source.clone(),
        device: info.device.clone(),
        boundary: info.boundary,
        grade: info.grade,
        kind: kind.to_owned(),
        origin: origin(info.origin).to_owned(),
        role: role.name().to_owned(),
        covers: info.covers.iter().map(ToString::to_string).collect(),
        refresh_s: info.refresh_s,
        changes_s: info.refresh_s.unwrap_or_default(),
        notes: info.notes.clone(),
        calibration: None,
    }
}

pub fn source(report: power::SourceReport) -> Source {
    Source {
        id: report.id,
        source: report.source,
        device: report.device,
        boundary: report.boundary,
        grade: report.grade,
        raw: report.raw,
        refresh_s: report.refresh_s,
        status: match report.status {
            power::Status::Used => SourceStatus::Used,
            power::Status::CrossCheck => SourceStatus::CrossCheck,
            power::Status::StandBy { of } => SourceStatus::StandBy { of },
            power::Status::Available { reason } => SourceStatus::Available { reason },
            power::Status::Refused { reason, remedy } => SourceStatus::Refused { reason, remedy },
        },
        notes: report.notes,
    }
}

fn origin(origin: power::Origin) -> &'static str {
    match origin {
        power::Origin::Sensor => "sensor",
        power::Origin::Model => "model",
        power::Origin::Simulated => "simulated",
    }
}

/// Every source that was tried, and the machine's account; with what is known of figures at the wall.
pub fn sources(found: &power::Discovery, wall: Option<Source>) -> Event {
    Event::Sources {
        sources: found
            .report
            .iter()
            .cloned()
            .map(source)
            .chain(wall)
            .collect(),
        account: found
            .account
            .iter()
            .map(|line| AccountLine {
                covers: line.covers.iter().map(ToString::to_string).collect(),
                meter: line.meter.clone(),
                origin: line.origin.map(|origin| self::origin(origin).to_owned()),
                stand_by: line.stand_by.clone(),
            })
            .collect(),
    }
}

/// What reading the meters costs.
pub fn observing(snapshot: &power::Snapshot) -> Event {
    Event::Observing {
        rate_hz: snapshot.rate_hz,
        costs: snapshot
            .meters
            .iter()
            .filter_map(|meter| {
                Some(MeterCost {
                    meter: meter.id.clone(),
                    read_s: meter.read_s?,
                })
            })
            .collect(),
    }
}

/// What is read, and what is not; with the calibration that makes figures at the wall of it.
/// The meters that were found and are read `rate_hz` times a second, with figures at the wall.
pub fn meters(found: &power::Discovery, rate_hz: f64, wall: Option<&Wall>) -> Event {
    let at_wall = wall.map(Wall::meter);
    let planned = |planned: &power::Planned| {
        let told = meter(planned.info(), &planned.role);
        // What is no part of the sum makes no window longer by what is only assumed of it.
        let changes_s = match planned.role {
            power::Role::Part => planned.meter.changes_s(1.0 / rate_hz),
            _ => told.changes_s,
        };
        Meter { changes_s, ..told }
    };
    Event::Meters {
        meters: found.meters.iter().map(planned).chain(at_wall).collect(),
        refused: found
            .report
            .iter()
            .filter(|report| {
                matches!(
                    report.status,
                    power::Status::Available { .. } | power::Status::Refused { .. }
                )
            })
            .cloned()
            .map(source)
            .collect(),
    }
}

/// Idle power of what is read; what only stands by is left out.
pub fn idle_power(baseline: &power::IdleBaseline, sampler: &power::Sampler) -> Vec<IdlePower> {
    let meters = sampler.meters().iter().zip(sampler.places());
    meters
        .filter(|(_, place)| !matches!(place.role, power::Role::StandBy { .. }))
        .filter_map(|(info, _)| {
            let idle = baseline.meters.iter().find(|idle| idle.meter == info.id)?;
            let power_w = idle.power_w?;
            Some(IdlePower {
                meter: info.id.clone(),
                boundary: info.boundary,
                grade: info.grade,
                power_w: crate::units::Estimate {
                    value: power_w.value,
                    low: (power_w.low - idle.scatter_w).max(0.0),
                    high: power_w.high + idle.scatter_w,
                },
            })
        })
        .collect()
}

pub fn energies(
    figures: &[EnergyFigure],
    baseline: Option<&power::IdleBaseline>,
) -> Vec<PhaseEnergy> {
    figures
        .iter()
        .map(|gross| PhaseEnergy {
            gross: gross.clone(),
            net_j: baseline.and_then(|idle| power::net(gross, idle).energy_j),
        })
        .collect()
}

/// Adds the parts of the machine up. Gives the sum, and the meters that had no reading and are not in it.
pub fn sum(parts: &[PhaseEnergy], places: &[power::Place]) -> (PhaseEnergy, Vec<String>) {
    let gross: Vec<EnergyFigure> = parts.iter().map(|part| part.gross.clone()).collect();
    let net: Vec<EnergyFigure> = parts
        .iter()
        .map(|part| EnergyFigure {
            energy_j: part.net_j,
            ..part.gross.clone()
        })
        .collect();
    let total = power::components(&gross, places);
    let total_net = power::components(&net, places);
    let sum = PhaseEnergy {
        // A net sum of some of the parts would look like that of all.
        net_j: (total_net.figure.meter == total.figure.meter)
            .then_some(total_net.figure.energy_j)
            .flatten(),
        gross: total.figure,
    };
    (sum, total.missing)
}

/// What a window came to, or has come to so far.
pub fn window(
    figures: &[EnergyFigure],
    baseline: Option<&power::IdleBaseline>,
    sampler: &power::Sampler,
) -> WindowEnergy {
    let energies = energies(figures, baseline);
    let (sum, missing) = sum(&energies, sampler.places());
    WindowEnergy {
        energies,
        sum,
        missing,
        lost: lost(&sampler.snapshot()),
    }
}

pub fn meters_now(snapshot: &power::Snapshot) -> Vec<MeterNow> {
    snapshot
        .meters
        .iter()
        .map(|meter| MeterNow {
            meter: meter.id.clone(),
            power_w: meter.power_w,
            in_sum: meter.in_sum,
            lost: meter.lost.clone(),
        })
        .collect()
}

/// Meters that ended before the run did.
pub fn lost(last: &power::Snapshot) -> Vec<LostMeter> {
    last.meters
        .iter()
        .filter_map(|meter| {
            Some(LostMeter {
                meter: meter.id.clone(),
                reason: meter.lost.clone()?,
            })
        })
        .collect()
}

pub fn sample(sample: power::Sample, meters: &[power::MeterInfo], shift_s: f64) -> Option<Sample> {
    Some(Sample {
        t_s: sample.t_s + shift_s,
        meter: meters.get(sample.meter)?.id.clone(),
        metric: sample.metric.into_owned(),
        value: finite(sample.value),
        unit: sample.unit.into_owned(),
    })
}

pub fn progress(progress: &train::Progress) -> Progress {
    Progress {
        step: progress.step,
        epoch: progress.epoch,
        loss: finite(progress.loss),
        metric: finite(progress.metric),
        learning_rate: progress.learning_rate,
        samples_per_s: progress.samples_per_s,
        steps_max: progress.steps_max,
        train_s: progress.train_s,
        heads: progress.heads.clone(),
    }
}

pub fn evaluation(evaluation: &train::Evaluation) -> Evaluation {
    Evaluation {
        step: evaluation.step,
        epoch: evaluation.epoch,
        loss: finite(evaluation.loss),
        metric: finite(evaluation.metric),
        others: evaluation
            .others
            .iter()
            .filter(|(_, value)| value.is_finite())
            .copied()
            .collect(),
        heads: evaluation.heads.clone(),
        train_loss: evaluation.train_loss.and_then(finite),
        train_metric: evaluation.train_metric.and_then(finite),
        samples: evaluation.samples,
        train_s: evaluation.train_s,
    }
}

pub fn predictions(predictions: train::Predictions) -> Predictions {
    Predictions {
        head: predictions.head,
        step: predictions.step,
        epoch: predictions.epoch,
        confusion: predictions.confusion,
        samples: predictions.samples.map(|samples| SamplePredictions {
            predicted: samples.predicted,
            confidence_permille: samples.confidence_permille,
        }),
    }
}

pub fn saved(saved: &train::Saved) -> Saved {
    Saved {
        path: saved.path.clone(),
        step: saved.step,
        epoch: saved.epoch,
        bytes: saved.bytes,
        sha256: saved.network_sha256.clone(),
    }
}

/// JSON has no NaN and no infinity; what is no number is missing.
pub fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}
