//! From a worker's events to the library's records.

use jiff::Timestamp;

use crate::library::{
    Ancestor, Checkpoint, Confusion, EpochEnergy, EpochRecord, IdlePower, Library, LibraryError,
    Meter, PhaseEnergy, Predictions, Record, SampleRow, SelfCheck, StepPoint, at_boundary,
    sum_of_parts,
};
use crate::protocol::{self, Event};
use crate::units::{Boundary, Estimate};

/// Collects records and stores them in one transaction each time it is told to.
pub struct Recorder {
    run_id: String,
    waiting: Vec<Record>,
    meters: Vec<Meter>,
    /// Energy of training up to the last evaluation, by boundary.
    last_training: Vec<(Boundary, Option<Estimate>, Option<Estimate>)>,
}

impl Recorder {
    /// For a run that is in the library. `trained` is the energy of training in earlier workers of a resumed run.
    pub fn new(run_id: String, meters: Vec<Meter>, trained: &[PhaseEnergy]) -> Self {
        let last_training = by_boundary(trained, &meters)
            .into_iter()
            .map(|energy| (energy.figure.boundary, energy.figure.energy_j, energy.net_j))
            .collect();
        Self {
            waiting: meters.iter().cloned().map(Record::Meter).collect(),
            run_id,
            meters,
            last_training,
        }
    }

    /// Takes an event in.
    pub fn take(&mut self, event: &Event) {
        match event {
            Event::Idle { power, .. } => self
                .waiting
                .push(Record::IdlePower(power.iter().map(idle_power).collect())),
            // Plain text and numbers, which JSON can always hold.
            Event::Started(report) => self.waiting.push(Record::Start(
                serde_json::to_value(report).unwrap_or_default(),
            )),
            Event::Observing { rate_hz, costs } => self.observing(*rate_hz, costs),
            Event::PhaseBegan { t_s, phase } => self.waiting.push(Record::PhaseBegan {
                t_s: *t_s,
                phase: phase.name().to_owned(),
            }),
            Event::PhaseEnded { t_s, energies, .. } => self.waiting.push(Record::PhaseEnded {
                t_s: *t_s,
                energies: self::energies(energies),
            }),
            Event::Energy {
                t_s,
                phase,
                training,
                ..
            } => {
                if !phase.is_empty() {
                    self.waiting.push(Record::EnergySoFar {
                        t_s: *t_s,
                        energies: energies(phase),
                    });
                }
                self.training(*t_s, training);
            }
            Event::Progress { t_s, progress } => self.waiting.push(Record::Step(StepPoint {
                step: progress.step,
                epoch: progress.epoch,
                t_s: *t_s,
                loss: progress.loss,
                metric: progress.metric,
                learning_rate: Some(progress.learning_rate),
                samples_per_s: Some(progress.samples_per_s),
                heads: progress.heads.clone(),
            })),
            Event::Evaluated {
                t_s,
                evaluation,
                training,
            } => {
                let record = self.epoch(*t_s, evaluation, &energies(training));
                self.waiting.push(Record::Epoch(record));
                self.training(*t_s, training);
            }
            Event::Predictions(predictions) => self.predictions(predictions),
            Event::Samples { samples } => self.waiting.push(Record::Samples(
                samples
                    .iter()
                    .map(|sample| SampleRow {
                        t_s: sample.t_s,
                        meter: sample.meter.clone(),
                        metric: sample.metric.clone(),
                        value: sample.value,
                        unit: sample.unit.clone(),
                    })
                    .collect(),
            )),
            Event::Saved(saved) => self.waiting.push(Record::Checkpoint(Checkpoint {
                step: saved.step,
                epoch: saved.epoch,
                path: saved.path.to_string_lossy().into_owned(),
                bytes: saved.bytes,
                sha256: saved.sha256.clone(),
                created_at: Timestamp::now(),
            })),
            Event::Finished(summary) => {
                let t_s = self.last_t_s();
                self.training(t_s, &summary.training);
            }
            _ => {}
        }
    }

    /// Keeps the device's self-check with the run.
    pub fn self_check(&mut self, check: SelfCheck) {
        self.waiting.push(Record::SelfCheck(check));
    }

    /// Keeps whose work is in the run's weights.
    pub fn ancestors(&mut self, ancestors: Vec<Ancestor>) {
        if !ancestors.is_empty() {
            self.waiting.push(Record::Ancestors(ancestors));
        }
    }

    /// Stores what has come in, and that the recorder lives.
    ///
    /// # Errors
    /// Where the library cannot be written; then nothing is lost here and it can be tried again.
    pub fn store(&mut self, library: &mut Library) -> Result<(), LibraryError> {
        library.append(&self.run_id, &self.waiting)?;
        self.waiting.clear();
        Ok(())
    }

    fn last_t_s(&self) -> f64 {
        self.waiting
            .iter()
            .rev()
            .find_map(|record| match record {
                Record::PhaseEnded { t_s, .. } | Record::PhaseBegan { t_s, .. } => Some(*t_s),
                _ => None,
            })
            .unwrap_or(0.0)
    }

    /// What reading costs is kept with each meter.
    fn observing(&mut self, rate_hz: f64, costs: &[protocol::MeterCost]) {
        for meter in &mut self.meters {
            let cost = costs.iter().find(|cost| cost.meter == meter.id);
            if let Some(info) = meter.info.as_object_mut() {
                info.insert("rate_hz".to_owned(), rate_hz.into());
                info.extend(cost.map(|cost| ("read_s".to_owned(), cost.read_s.into())));
            }
            self.waiting.push(Record::Meter(meter.clone()));
        }
    }

    fn predictions(&mut self, predictions: &protocol::Predictions) {
        self.waiting.push(Record::Confusion(Confusion {
            head: predictions.head.clone(),
            step: predictions.step,
            counts: predictions.confusion.clone(),
        }));
        // Only the latest are kept, also while the library cannot be written.
        self.waiting.retain(|record| match record {
            Record::Predictions(earlier) => earlier.head != predictions.head,
            _ => true,
        });
        if let Some(samples) = &predictions.samples {
            self.waiting.push(Record::Predictions(Predictions {
                head: predictions.head.clone(),
                step: predictions.step,
                predicted: samples.predicted.clone(),
                confidence_permille: samples.confidence_permille.clone(),
            }));
        }
    }

    fn training(&mut self, t_s: f64, training: &[protocol::PhaseEnergy]) {
        if !training.is_empty() {
            self.waiting.push(Record::TrainingSoFar {
                t_s,
                energies: energies(training),
            });
        }
    }

    fn epoch(
        &mut self,
        t_s: f64,
        evaluation: &protocol::Evaluation,
        training: &[PhaseEnergy],
    ) -> EpochRecord {
        let mut last = Vec::new();
        let energies = by_boundary(training, &self.meters)
            .into_iter()
            .map(|energy| {
                let boundary = energy.figure.boundary;
                let before = self.last_training.iter().find(|(of, ..)| *of == boundary);
                let since = |now: Option<Estimate>, before: Option<Estimate>| match (now, before) {
                    (Some(now), Some(before)) => Some(now.minus_same_source(before)),
                    (now, None) => now,
                    (None, Some(_)) => None,
                };
                last.push((boundary, energy.figure.energy_j, energy.net_j));
                EpochEnergy {
                    boundary,
                    source: energy.figure.source,
                    grade: energy.figure.grade,
                    gross_j: since(
                        energy.figure.energy_j,
                        before.and_then(|(_, gross, _)| *gross),
                    ),
                    net_j: since(energy.net_j, before.and_then(|(.., net)| *net)),
                    cumulative_j: energy.figure.energy_j,
                }
            })
            .collect();
        self.last_training = last;
        EpochRecord {
            epoch: evaluation.epoch,
            step: evaluation.step,
            t_s,
            duration_s: Some(evaluation.train_s),
            samples: Some(evaluation.samples),
            samples_per_s: (evaluation.train_s > 0.0)
                .then(|| evaluation.samples as f64 / evaluation.train_s),
            train_loss: evaluation.train_loss,
            train_metric: evaluation.train_metric,
            test_loss: evaluation.loss,
            test_metric: evaluation.metric,
            others: evaluation.others.clone(),
            heads: evaluation.heads.clone(),
            energies,
        }
    }
}

/// The protocol's idle power as the library keeps it.
pub fn idle_power(idle: &protocol::IdlePower) -> IdlePower {
    IdlePower {
        boundary: idle.boundary,
        meter: idle.meter.clone(),
        grade: idle.grade,
        power_w: idle.power_w,
    }
}

/// One figure for each boundary that any meter covers.
fn by_boundary(energies: &[PhaseEnergy], meters: &[Meter]) -> Vec<PhaseEnergy> {
    Boundary::ALL
        .into_iter()
        .filter_map(|boundary| match boundary {
            Boundary::Components => sum_of_parts(energies),
            _ => at_boundary(energies, boundary, meters),
        })
        .collect()
}

/// The protocol's meters as the library keeps them.
pub fn meters(meters: &[protocol::Meter]) -> Vec<Meter> {
    meters
        .iter()
        .map(|meter| {
            let mut info = serde_json::json!({
                "notes": meter.notes,
                "origin": meter.origin,
                "role": meter.role,
                "covers": meter.covers,
            });
            if let Some(calibration) = &meter.calibration {
                info["calibration"] = serde_json::json!(calibration);
            }
            Meter {
                id: meter.id.clone(),
                source: meter.source.clone(),
                device: Some(meter.device.clone()),
                boundary: meter.boundary,
                grade: meter.grade,
                kind: meter.kind.clone(),
                refresh_s: meter.refresh_s,
                info,
            }
        })
        .collect()
}

/// The wall calibration that a run began with, out of its meters as the library keeps them.
pub fn wall(meters: &[Meter]) -> Option<protocol::KnownWall> {
    let mut calibrations = meters
        .iter()
        .filter_map(|meter| meter.info.get("calibration"));
    calibrations.find_map(|json| serde_json::from_value(json.clone()).ok())
}

/// The protocol's energies as the library keeps them.
pub fn energies(energies: &[protocol::PhaseEnergy]) -> Vec<PhaseEnergy> {
    energies
        .iter()
        .map(|energy| PhaseEnergy {
            figure: energy.gross.clone(),
            net_j: energy.net_j,
        })
        .collect()
}

/// The library's energies as the protocol sends them.
pub fn to_protocol(energies: &[PhaseEnergy]) -> Vec<protocol::PhaseEnergy> {
    energies
        .iter()
        .map(|energy| protocol::PhaseEnergy {
            gross: energy.figure.clone(),
            net_j: energy.net_j,
        })
        .collect()
}

/// The sum over the parts of the machine, of figures as a worker tells them.
pub fn sum_of_protocol(energies: &[protocol::PhaseEnergy]) -> Option<protocol::PhaseEnergy> {
    let sum = sum_of_parts(&self::energies(energies))?;
    to_protocol(&[sum]).pop()
}

/// The protocol's self-check as the library keeps it.
pub fn self_check(check: &protocol::SelfCheck) -> SelfCheck {
    SelfCheck {
        device: check.device.clone(),
        driver: check.driver.clone(),
        program_version: check.program_version.clone(),
        passed: check.passed,
        tolerance: check.tolerance,
        differences: serde_json::json!({
            "loss": check.loss_difference,
            "gradient": check.gradient_difference,
        }),
        checked_at: Timestamp::now(),
    }
}

/// The library's self-check as the protocol sends it.
pub fn known_self_check(check: SelfCheck) -> protocol::SelfCheck {
    let difference = |name: &str| check.differences.get(name).and_then(|value| value.as_f64());
    protocol::SelfCheck {
        loss_difference: difference("loss"),
        gradient_difference: difference("gradient"),
        device: check.device,
        driver: check.driver,
        program_version: check.program_version,
        passed: check.passed,
        tolerance: check.tolerance,
        fresh: false,
    }
}
