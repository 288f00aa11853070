//! What a run teaches of the machine's power: readings of sensors that models are fitted to later, where no sensor answers.
//!
//! Only sensors teach: a model fitted to a model would look better than it is, and a made-up meter knows nothing.

use crate::device::DeviceEntry;
use crate::power::{self, IdleBaseline, MeterInfo, Origin, Part};
use crate::protocol::{CpuPoint, DevicePoint, Event, PhaseEnergy};
use crate::units::{Boundary, Estimate};

/// A reading is worth keeping if its interval reaches at most so far to both sides, as a share of it …
const WIDTH_MAX: f64 = 0.25;
/// … the meter covered at least this share of the time …
const COVERAGE_MIN: f64 = 0.9;
/// … and it lasted at least so many seconds.
const SECONDS_MIN: f64 = 1.0;

/// Work that a device has done, as it is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Done {
    /// Floating-point operations.
    pub flop: f64,
    /// Bytes moved between the device and its memory.
    pub bytes: f64,
}

/// Gathers while a run goes on.
pub struct Learn {
    device: String,
    driver: String,
    /// The sensor of the device that trains, and what it is in words.
    gpu: Option<(String, String)>,
    /// The sensors of all processors, and what they are in words.
    cpu: Option<(Vec<String>, String)>,
    /// The processors' load since it was asked last.
    load: Option<power::Load>,
    /// Figures of the train phases, by meter.
    trained: Vec<PhaseEnergy>,
    /// Figures of the stretches of training, by meter, and the processors' busy seconds in them.
    stretches: Vec<PhaseEnergy>,
    busy_s: f64,
    device_points: Vec<DevicePoint>,
    cpu_points: Vec<CpuPoint>,
}

impl Learn {
    /// For a run on `entry` with the meters that were found.
    pub fn new(entry: &DeviceEntry, found: &power::Discovery) -> Self {
        let sensor = |info: &MeterInfo| info.origin == Origin::Sensor;
        let parts = || found.parts().map(power::Planned::info);
        let card = parts().find(|info| sensor(info) && info.boundary == Boundary::GpuBoard);
        let processors = Part::processors();
        let of_cpu: Vec<&MeterInfo> = parts()
            .filter(|info| info.covers.iter().any(|part| part.overlaps(&processors)))
            .collect();
        let all_read = !of_cpu.is_empty()
            && of_cpu
                .iter()
                .all(|info| sensor(info) && info.boundary == Boundary::CpuPackage);
        let cpu = all_read.then(|| {
            let ids = of_cpu.iter().map(|info| info.id.clone()).collect();
            (ids, of_cpu[0].source.clone())
        });
        Self {
            device: entry.identity(),
            driver: entry.driver.clone(),
            gpu: card
                .filter(|_| !entry.is_cpu())
                .map(|info| (info.id.clone(), info.source.clone())),
            load: cpu
                .as_ref()
                .and_then(|_| found.watched.cpu_load("learning")),
            cpu,
            trained: Vec::new(),
            stretches: Vec::new(),
            busy_s: 0.0,
            device_points: Vec::new(),
            cpu_points: Vec::new(),
        }
    }

    /// Busy share of the processors since this was asked last, where anybody needs to know.
    pub fn busy(&self) -> Option<f64> {
        self.load.as_ref().and_then(|load| load())
    }

    /// The idle machine was measured, with the processors busy for this share of the time.
    pub fn idle(&mut self, baseline: &IdleBaseline, busy: Option<f64>) {
        let power_w = |id: &str| {
            let idle = baseline.meters.iter().find(|idle| idle.meter == id)?;
            let power_w = idle.power_w?;
            Some(Estimate {
                low: (power_w.low - idle.scatter_w).max(0.0),
                high: power_w.high + idle.scatter_w,
                ..power_w
            })
        };
        let seconds = baseline.duration_s;
        if seconds < SECONDS_MIN {
            return;
        }
        if let Some((meter, source)) = &self.gpu
            && let Some(power_w) = power_w(meter).filter(is_narrow)
        {
            let rest = Done::default();
            let point = self.device_point(power_w.scale(seconds), rest, seconds, source);
            self.device_points.push(point);
        }
        if let (Some((meters, source)), Some(busy)) = (&self.cpu, busy) {
            let powers: Option<Vec<Estimate>> = meters.iter().map(|id| power_w(id)).collect();
            let sum = powers.and_then(|powers| {
                let sum = powers.into_iter().reduce(Estimate::plus_same_source);
                sum.filter(is_narrow)
            });
            self.cpu_points
                .extend(sum.map(|power_w| cpu_point(busy, power_w, source)));
        }
    }

    /// A train phase came to this.
    pub fn train_phase(&mut self, energies: &[PhaseEnergy]) {
        if self.gpu.is_some() {
            self.trained = super::meters::sum(&self.trained, energies.to_vec());
        }
    }

    /// A stretch of training came to this, with the processors busy for this share of the time.
    pub fn stretch(&mut self, energies: &[PhaseEnergy], busy: Option<f64>) {
        let Some(busy) = busy.filter(|_| self.cpu.is_some()) else {
            return;
        };
        let seconds = energies
            .iter()
            .map(|energy| energy.gross.window_s)
            .fold(0.0, f64::max);
        // What is shorter is over before the system tells the load anew.
        if seconds >= SECONDS_MIN {
            self.stretches = super::meters::sum(&self.stretches, energies.to_vec());
            self.busy_s += busy * seconds;
        }
    }

    /// What was learnt; `done` is what the device did in the train phases.
    pub fn finish(&mut self, done: Done) -> Option<Event> {
        if let Some((meter, source)) = &self.gpu
            && let Some((energy_j, seconds)) = energy_of(&self.trained, meter)
            && done.flop > 0.0
        {
            let point = self.device_point(energy_j, done, seconds, source);
            self.device_points.push(point);
        }
        if let Some((meters, source)) = &self.cpu {
            let powers: Option<Vec<(Estimate, f64)>> = meters
                .iter()
                .map(|meter| energy_of(&self.stretches, meter))
                .collect();
            let sum = powers.and_then(|parts| {
                let window_s = parts.first()?.1;
                let powers_w = parts
                    .into_iter()
                    .map(|(energy_j, seconds)| energy_j.scale(1.0 / seconds));
                Some((powers_w.reduce(Estimate::plus_same_source)?, window_s))
            });
            if let Some((power_w, seconds)) = sum {
                let busy = (self.busy_s / seconds).clamp(0.0, 1.0);
                self.cpu_points.push(cpu_point(busy, power_w, source));
            }
        }
        let is_empty = self.device_points.is_empty() && self.cpu_points.is_empty();
        (!is_empty).then_some(Event::Learnt {
            device_points: std::mem::take(&mut self.device_points),
            cpu_points: std::mem::take(&mut self.cpu_points),
        })
    }

    fn device_point(
        &self,
        energy_j: Estimate,
        done: Done,
        seconds: f64,
        source: &str,
    ) -> DevicePoint {
        DevicePoint {
            device: self.device.clone(),
            driver: self.driver.clone(),
            energy_j,
            flop: done.flop,
            bytes: Some(done.bytes),
            seconds,
            source: source.to_owned(),
            at: jiff::Timestamp::now().to_string(),
        }
    }
}

fn cpu_point(busy: f64, power_w: Estimate, source: &str) -> CpuPoint {
    CpuPoint {
        busy,
        power_w,
        source: source.to_owned(),
        at: jiff::Timestamp::now().to_string(),
    }
}

fn is_narrow(estimate: &Estimate) -> bool {
    estimate.value > 0.0 && estimate.half_width() <= WIDTH_MAX * estimate.value
}

/// Joules and window of `meter`'s figure, where it is worth keeping. What was not covered is taken to be like the rest.
fn energy_of(energies: &[PhaseEnergy], meter: &str) -> Option<(Estimate, f64)> {
    let figure = &energies
        .iter()
        .find(|energy| energy.gross.meter == meter)?
        .gross;
    let is_whole = figure.coverage() >= COVERAGE_MIN && figure.window_s >= SECONDS_MIN;
    let energy_j = figure.energy_j.filter(|_| is_whole).filter(is_narrow)?;
    Some((
        energy_j.scale(figure.window_s / figure.covered_s),
        figure.window_s,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::{Api, DeviceKind};
    use crate::power::{
        Discovery, ErrorRule, IdlePower, Kind, Level, Meter, Planned, ReadError, Reading, Role,
    };
    use crate::units::{EnergyFigure, Grade};

    struct Made(MeterInfo);

    impl Meter for Made {
        fn info(&self) -> &MeterInfo {
            &self.0
        }

        fn read(&mut self) -> Result<Reading, ReadError> {
            Ok(Level::Watts(1.0).into())
        }
    }

    fn found(meters: &[(&str, Boundary, Part, Origin)]) -> Discovery {
        let planned = |(id, boundary, part, origin): &(&str, Boundary, Part, Origin)| Planned {
            meter: Box::new(Made(MeterInfo {
                id: (*id).to_owned(),
                source: format!("source of {id}"),
                device: (*id).to_owned(),
                boundary: *boundary,
                covers: vec![part.clone()],
                origin: *origin,
                grade: Grade::B,
                kind: Kind::Power,
                refresh_s: None,
                every_s: 0.0,
                error: ErrorRule::COUNTER,
                max_power_w: 1000.0,
                notes: Vec::new(),
                pci: None,
            })),
            role: Role::Part,
        };
        Discovery {
            meters: meters.iter().map(planned).collect(),
            ..Discovery::default()
        }
    }

    fn card(kind: DeviceKind) -> DeviceEntry {
        DeviceEntry {
            index: 0,
            name: "Made-up GPU".to_owned(),
            kind,
            api: Some(Api::Vulkan),
            driver: "550".to_owned(),
            vendor: None,
            address: Some("0000:01:00.0".to_owned()),
            of_kind: 0,
        }
    }

    fn energy(
        meter: &str,
        energy_j: f64,
        width: f64,
        covered_s: f64,
        window_s: f64,
    ) -> PhaseEnergy {
        PhaseEnergy {
            gross: EnergyFigure {
                boundary: Boundary::GpuBoard,
                meter: meter.to_owned(),
                source: String::new(),
                grade: Grade::B,
                energy_j: Some(Estimate::plus_minus(energy_j, width * energy_j)),
                covered_s,
                window_s,
            },
            net_j: None,
        }
    }

    fn idle(meter: &str, watts: f64) -> IdleBaseline {
        IdleBaseline {
            meters: vec![IdlePower {
                meter: meter.to_owned(),
                power_w: Some(Estimate::plus_minus(watts, 0.05 * watts)),
                scatter_w: 0.5,
                is_flat: false,
            }],
            duration_s: 5.0,
        }
    }

    const DONE: Done = Done {
        flop: 4e14,
        bytes: 1e12,
    };

    fn learnt(mut learn: Learn, phases: &[PhaseEnergy]) -> Vec<DevicePoint> {
        learn.idle(&idle("card", 20.0), None);
        for phase in phases {
            learn.train_phase(std::slice::from_ref(phase));
        }
        match learn.finish(DONE) {
            Some(Event::Learnt { device_points, .. }) => device_points,
            _ => Vec::new(),
        }
    }

    #[test]
    fn a_sensor_of_the_card_teaches_what_it_drew_at_rest_and_at_work() {
        let found = found(&[(
            "card",
            Boundary::GpuBoard,
            Part::training_gpu(),
            Origin::Sensor,
        )]);
        let entry = card(DeviceKind::DiscreteGpu);
        let phases = [
            energy("card", 600.0, 0.06, 4.0, 4.0),
            energy("card", 400.0, 0.06, 2.0, 2.0),
            energy("other", 9e9, 0.06, 2.0, 2.0),
        ];
        let points = learnt(Learn::new(&entry, &found), &phases);
        assert_eq!(points.len(), 2);
        assert_eq!((points[0].flop, points[0].seconds), (0.0, 5.0));
        // 20 ± 1 W and half a watt of scatter, over 5 s.
        assert_eq!(points[0].energy_j, Estimate::plus_minus(100.0, 7.5));
        assert_eq!((points[1].flop, points[1].bytes), (4e14, Some(1e12)));
        assert_eq!((points[1].energy_j.value, points[1].seconds), (1000.0, 6.0));
        assert_eq!(points[1].source, "source of card");
        assert_eq!(
            (points[1].device.as_str(), points[1].driver.as_str()),
            (entry.identity().as_str(), "550")
        );
    }

    #[test]
    fn models_made_up_meters_and_poor_readings_teach_nothing() {
        let good = energy("card", 600.0, 0.06, 4.0, 4.0);
        for origin in [Origin::Model, Origin::Simulated] {
            let found = found(&[("card", Boundary::GpuBoard, Part::training_gpu(), origin)]);
            let learn = Learn::new(&card(DeviceKind::DiscreteGpu), &found);
            assert!(learnt(learn, std::slice::from_ref(&good)).is_empty());
        }
        let found = found(&[(
            "card",
            Boundary::GpuBoard,
            Part::training_gpu(),
            Origin::Sensor,
        )]);
        // A card that only stands beside a run on the processor.
        let learn = Learn::new(&card(DeviceKind::Software), &found);
        assert!(learnt(learn, std::slice::from_ref(&good)).is_empty());
        // Too wide, with a gap, too short: only what it drew at rest is left.
        for poor in [
            energy("card", 600.0, 0.3, 4.0, 4.0),
            energy("card", 600.0, 0.06, 3.0, 4.0),
            energy("card", 600.0, 0.06, 0.5, 0.5),
        ] {
            let learn = Learn::new(&card(DeviceKind::DiscreteGpu), &found);
            let points = learnt(learn, &[poor]);
            assert_eq!(points.len(), 1, "{points:?}");
            assert_eq!(points[0].flop, 0.0);
        }
    }

    #[test]
    fn the_processors_teach_only_where_sensors_cover_all_of_them() {
        let package = |origin| ("package", Boundary::CpuPackage, Part::package("0"), origin);
        let second = (
            "second",
            Boundary::CpuPackage,
            Part::package("1"),
            Origin::Model,
        );
        let entry = card(DeviceKind::Software);
        let teaches = |meters: &[(&str, Boundary, Part, Origin)]| {
            let mut learn = Learn::new(&entry, &found(meters));
            learn.idle(&idle("package", 30.0), Some(0.125));
            let stretch = energy("package", 400.0, 0.06, 4.0, 4.0);
            learn.stretch(std::slice::from_ref(&stretch), Some(0.75));
            match learn.finish(Done::default()) {
                Some(Event::Learnt { cpu_points, .. }) => cpu_points,
                _ => Vec::new(),
            }
        };
        let points = teaches(&[package(Origin::Sensor)]);
        let told: Vec<(f64, f64)> = points
            .iter()
            .map(|point| (point.busy, point.power_w.value))
            .collect();
        assert_eq!(told, [(0.125, 30.0), (0.75, 100.0)]);
        assert!(teaches(&[package(Origin::Sensor), second]).is_empty());
        assert!(teaches(&[package(Origin::Model)]).is_empty());
    }
}
