//! Curves of a run that goes on, from what its worker tells.

use super::{Curves, EnergyPoint, EvaluationPoint, PhaseSpan, PowerSeries, TrainPoint};
use crate::protocol::{Event, Meter, PhaseEnergy};

impl Curves {
    /// Takes in what a worker said.
    pub fn take(&mut self, event: &Event) {
        self.revision += 1;
        match event {
            Event::Meters { meters, .. } => {
                // A resumed run goes on with what its meters read before.
                let before = std::mem::take(&mut self.power);
                let (stand_bys, read): (Vec<&Meter>, Vec<&Meter>) =
                    meters.iter().partition(|meter| meter.stands_by());
                self.stand_bys = stand_bys.into_iter().map(power_series).collect();
                self.power = read
                    .into_iter()
                    .map(|meter| {
                        let same = before.iter().find(|series| series.meter == meter.id);
                        same.cloned().unwrap_or_else(|| power_series(meter))
                    })
                    .collect();
            }
            Event::Idle { power, .. } => {
                for idle in power {
                    if let Some(series) = self
                        .power
                        .iter_mut()
                        .find(|series| series.meter == idle.meter)
                    {
                        series.idle_w = Some(idle.power_w);
                    }
                }
            }
            Event::PhaseBegan { t_s, phase } => {
                self.phases.push(PhaseSpan {
                    phase: *phase,
                    begin_t_s: *t_s,
                    end_t_s: None,
                });
            }
            Event::PhaseEnded { t_s, phase, .. } => {
                if let Some(span) = self.phases.last_mut().filter(|span| span.phase == *phase) {
                    span.end_t_s = Some(*t_s);
                }
            }
            Event::Progress { t_s, progress } => {
                self.train.push(TrainPoint {
                    step: progress.step,
                    t_s: *t_s,
                    loss: progress.loss,
                    metric: progress.metric,
                    learning_rate: Some(progress.learning_rate),
                    samples_per_s: Some(progress.samples_per_s),
                });
                self.train_heads(progress.step, *t_s, &progress.heads);
            }
            Event::Evaluated {
                t_s,
                evaluation,
                training,
            } => {
                self.evaluations.push(EvaluationPoint {
                    step: evaluation.step,
                    t_s: *t_s,
                    loss: evaluation.loss,
                    metric: evaluation.metric,
                });
                self.held_out_heads(evaluation.step, *t_s, &evaluation.heads);
                self.take_energy(*t_s, training);
            }
            Event::Samples { samples } => {
                for sample in samples.iter().filter(|sample| sample.metric == "power") {
                    let of_meter = |series: &PowerSeries| series.meter == sample.meter;
                    if let Some(at) = self.stand_bys.iter().position(of_meter) {
                        // It has stepped in: from here on it has a curve.
                        self.power.push(self.stand_bys.remove(at));
                    }
                    let series = self
                        .power
                        .iter_mut()
                        .find(|series| series.meter == sample.meter);
                    if let (Some(series), Some(power_w)) = (series, sample.value) {
                        series.points.push((sample.t_s, power_w));
                    }
                }
            }
            Event::Energy { t_s, training, .. } => self.take_energy(*t_s, training),
            _ => {}
        }
    }

    fn take_energy(&mut self, t_s: f64, training: &[PhaseEnergy]) {
        let sum = crate::control::sum_of_parts(training).and_then(|sum| sum.gross.energy_j);
        // An evaluation is told after readings that came while it went on; plots go forward in time alone.
        let is_late = self
            .energy
            .points()
            .last()
            .is_some_and(|last| t_s < last.t_s);
        if let Some(energy_j) = sum.filter(|_| !is_late) {
            self.energy.push(EnergyPoint { t_s, energy_j });
        }
    }
}

fn power_series(meter: &Meter) -> PowerSeries {
    PowerSeries {
        meter: meter.id.clone(),
        label: format!("{} · grade {}", meter.boundary, meter.grade),
        ..PowerSeries::default()
    }
}
