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
