//! What is known of the machine's power from earlier, put to use: fits of models, and where to look for meters.

use super::busy::Busy;
use crate::device::{DeviceEntry, DeviceKind};
use crate::power::{self, CpuPoints, Fitted, LoadReading, RooflineFit, RooflinePoint};
use crate::protocol::{CpuPoint, DevicePoint, Knowledge};
use crate::setup::MeasureSetup;

/// Models that were fitted to readings of sensors.
#[derive(Clone, Debug, Default)]
pub struct Known {
    gpu: Option<Fit<RooflineFit>>,
    cpu: Option<Fit<CpuPoints>>,
}

/// A fit, or why the readings give none.
type Fit<T> = Result<T, String>;

impl Known {
    /// Fits what is known of `entry`, with the driver that it has now, and of the processors.
    pub fn of(knowledge: &Knowledge, entry: &DeviceEntry) -> Self {
        let identity = entry.identity();
        let of_device: Vec<&DevicePoint> = knowledge
            .device_points
            .iter()
            .filter(|point| point.device == identity && point.driver == entry.driver)
            .collect();
        Self {
            gpu: gpu_fit(&of_device, entry),
            cpu: cpu_fit(&knowledge.cpu_points),
        }
    }

    /// Where to look for meters when `entry` trains.
    pub fn options(
        &self,
        entry: &DeviceEntry,
        measure: &MeasureSetup,
        busy: &Busy,
    ) -> power::Options {
        let gpu = (!entry.is_cpu()).then(|| power::TrainingGpu {
            name: entry.name.clone(),
            integrated: entry.kind == DeviceKind::IntegratedGpu,
            pci: entry
                .address
                .as_deref()
                .and_then(|address| address.parse().ok()),
            busy: busy.load(),
            work: Some(busy.work()),
        });
        power::Options {
            cpu_tdp_w: measure.cpu_tdp_w,
            cpu_idle_w: measure.cpu_idle_w,
            gpu_board_power_w: measure.gpu_board_w,
            gpu_idle_w: measure.gpu_idle_w,
            cpu_points: self.cpu.clone().and_then(Result::ok),
            gpu_fit: self.gpu.clone().and_then(Result::ok),
            gpu,
            simulated: measure.meters.clone(),
            ..power::Options::from_env()
        }
    }

    /// Says with the models' reports why readings that are known gave no fit.
    pub fn remark(&self, found: &mut power::Discovery) {
        let no_fit = |model: &str| match model {
            "model:gpu" => self.gpu.as_ref()?.as_ref().err(),
            "model:cpu" => self.cpu.as_ref()?.as_ref().err(),
            _ => None,
        };
        for report in &mut found.report {
            report.notes.extend(no_fit(&report.id).cloned());
        }
    }
}

fn gpu_fit(points: &[&DevicePoint], entry: &DeviceEntry) -> Option<Fit<RooflineFit>> {
    let last = points.last()?;
    let of = Fitted {
        device: entry.identity(),
        driver: Some(entry.driver.clone()).filter(|driver| !driver.is_empty()),
        made_at: last.at.clone(),
        source: sources(points.iter().map(|point| point.source.as_str())),
    };
    let points: Vec<RooflinePoint> = points
        .iter()
        .map(|point| RooflinePoint {
            energy_j: point.energy_j,
            flop: point.flop,
            bytes: point.bytes,
            seconds: point.seconds,
        })
        .collect();
    Some(RooflineFit::fit(of, &points).map_err(|error| format!("no fit yet: {error}")))
}

fn cpu_fit(points: &[CpuPoint]) -> Option<Fit<CpuPoints>> {
    let last = points.last()?;
    let of = Fitted {
        device: "processors".to_owned(),
        driver: None,
        made_at: last.at.clone(),
        source: sources(points.iter().map(|point| point.source.as_str())),
    };
    let readings: Vec<LoadReading> = points
        .iter()
        .map(|point| LoadReading {
            busy: point.busy,
            power_w: point.power_w,
        })
        .collect();
    Some(CpuPoints::fit(of, &readings).map_err(|error| format!("no fit yet: {error}")))
}

/// Each source once, in the order in which they come.
fn sources<'a>(all: impl Iterator<Item = &'a str>) -> String {
    let mut known: Vec<&str> = Vec::new();
    for source in all {
        if !known.contains(&source) {
            known.push(source);
        }
    }
    known.join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Api;
    use crate::units::{Estimate, Grade};

    fn card() -> DeviceEntry {
        DeviceEntry {
            index: 0,
            name: "Made-up GPU".to_owned(),
            kind: DeviceKind::DiscreteGpu,
            api: Some(Api::Vulkan),
            driver: "550".to_owned(),
            vendor: None,
            address: Some("0000:01:00.0".to_owned()),
            of_kind: 0,
        }
    }

    /// A stretch of a card that draws 20 W always and 0.5 pJ for each operation.
    fn point(driver: &str, flop: f64, seconds: f64) -> DevicePoint {
        let energy_j = 20.0 * seconds + 0.5e-12 * flop;
        DevicePoint {
            device: card().identity(),
            driver: driver.to_owned(),
            energy_j: Estimate::plus_minus(energy_j, 0.05 * energy_j),
            flop,
            bytes: Some(0.0),
            seconds,
            source: "NVML energy counter".to_owned(),
            at: "2026-11-21T10:00:00Z".to_owned(),
        }
    }

    /// What became of the model of the card, where no sensor answers.
    fn model(points: Vec<DevicePoint>) -> power::SourceReport {
        let knowledge = Knowledge {
            device_points: points,
            ..Knowledge::default()
        };
        let known = Known::of(&knowledge, &card());
        let nowhere = std::path::PathBuf::from("/nowhere/at/all");
        let options = power::Options {
            sysfs_root: nowhere.clone(),
            nvml_library: Some(nowhere),
            ..known.options(&card(), &MeasureSetup::default(), &Busy::default())
        };
        let mut found = power::discover(&options);
        known.remark(&mut found);
        let mut reports = found.report.into_iter();
        reports.find(|report| report.id == "model:gpu").unwrap()
    }

    #[test]
    fn a_device_that_was_ever_measured_has_a_model_of_grade_d() {
        let report = model(vec![point("550", 0.0, 5.0), point("550", 1e15, 10.0)]);
        assert_eq!(report.grade, Grade::D);
        let notes = report.notes.join("; ");
        assert!(
            notes.contains("0.500 pJ/FLOP") && notes.contains("20.0 W always"),
            "{notes}"
        );
        assert!(
            notes.contains("driver 550") && notes.contains("residual"),
            "{notes}"
        );
    }

    #[test]
    fn readings_under_another_driver_or_of_one_kind_make_no_fit() {
        let other = model(vec![point("535", 0.0, 5.0), point("535", 1e15, 10.0)]);
        assert!(other.grade > Grade::D, "{other:?}");
        assert!(!other.notes.join("; ").contains("fit"), "{other:?}");
        let one_kind = model(vec![point("550", 1e15, 10.0), point("550", 2e15, 20.0)]);
        assert!(one_kind.grade > Grade::D, "{one_kind:?}");
        let notes = one_kind.notes.join("; ");
        assert!(
            notes.contains("no fit yet") && notes.contains("at rest"),
            "{notes}"
        );
    }
}
