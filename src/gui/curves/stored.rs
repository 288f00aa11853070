//! Curves of a run that is in the library.

use super::series::POINTS_MAX;
use super::{Curves, EnergyPoint, EvaluationPoint, PhaseSpan, PowerSeries, Series, TrainPoint};
use crate::library::{Library, LibraryError, SampleFilter};
use crate::setup::Phase;
use crate::units::Boundary;

impl Curves {
    /// The curves of a stored run.
    ///
    /// # Errors
    /// Where the library cannot be read or there is no such run.
    pub fn of_run(library: &Library, run_id: &str) -> Result<Self, LibraryError> {
        let details = library.details(run_id)?;
        let mut curves = Self {
            revision: 1,
            ..Self::default()
        };
        // In the order of the setup, in which evaluations tell them.
        for head in details.epochs.iter().flat_map(|epoch| &epoch.heads) {
            curves.head(&head.head);
        }
        for point in library.steps(run_id, POINTS_MAX)? {
            curves.train_heads(point.step, point.t_s, &point.heads);
            curves.train.push(TrainPoint {
                step: point.step,
                t_s: point.t_s,
                loss: point.loss,
                metric: point.metric,
                learning_rate: point.learning_rate,
                samples_per_s: point.samples_per_s,
            });
        }
        for epoch in &details.epochs {
            curves.evaluations.push(EvaluationPoint {
                step: epoch.step,
                t_s: epoch.t_s,
                loss: epoch.test_loss,
                metric: epoch.test_metric,
            });
            curves.held_out_heads(epoch.step, epoch.t_s, &epoch.heads);
            let sum = epoch
                .energies
                .iter()
                .find(|energy| energy.boundary == Boundary::Components)
                .and_then(|energy| energy.cumulative_j);
            if let Some(energy_j) = sum {
                curves.energy.push(EnergyPoint {
                    t_s: epoch.t_s,
                    energy_j,
                });
            }
        }
        curves.power = details
            .meters
            .iter()
            .map(|meter| PowerSeries {
                meter: meter.id.clone(),
                label: format!("{} · grade {}", meter.boundary, meter.grade),
                points: Series::default(),
                idle_w: details
                    .idle_power
                    .iter()
                    .find(|idle| idle.meter == meter.id)
                    .map(|idle| idle.power_w),
            })
            .collect();
        let power = SampleFilter {
            metric: Some("power".to_owned()),
            ..SampleFilter::default()
        };
        library.each_sample(run_id, &power, |t_s, series, value| {
            let known = curves
                .power
                .iter_mut()
                .find(|known| known.meter == series.meter);
            if let (Some(known), Some(watts)) = (known, value) {
                known.points.push((t_s, watts));
            }
            Ok::<(), LibraryError>(())
        })?;
        // One that stood by and never stepped in has nothing to show.
        curves.power.retain(|series| {
            let meter = details.meters.iter().find(|meter| meter.id == series.meter);
            !series.points.points().is_empty() || meter.is_none_or(|meter| !meter.stood_by())
        });
        curves.phases = details
            .phases
            .iter()
            .filter_map(|span| {
                Some(PhaseSpan {
                    phase: Phase::ALL
                        .into_iter()
                        .find(|phase| phase.name() == span.phase)?,
                    begin_t_s: span.begin_t_s,
                    end_t_s: span.end_t_s,
                })
            })
            .collect();
        Ok(curves)
    }
}
