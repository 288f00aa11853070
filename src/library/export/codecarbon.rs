//! Format `codecarbon`: a row a run, in the 38 columns of CodeCarbon 3.3, so that scripts written for it work.
//!
//! As CodeCarbon does, energies are multiplied by the PUE and powers are not; what CodeCarbon would guess is left
//! empty. The idle baseline is not in the figures: it is measured before the run.

use jiff::tz::TimeZone;

use super::cells::Cells;
use super::{ExportError, Options};
use crate::library::{Library, PhaseEnergy, RunDetails, at_boundary};
use crate::units::Boundary;

const HEADER: [&str; 38] = [
    "timestamp",
    "project_name",
    "run_id",
    "experiment_id",
    "duration",
    "emissions",
    "emissions_rate",
    "cpu_power",
    "gpu_power",
    "ram_power",
    "cpu_energy",
    "gpu_energy",
    "ram_energy",
    "energy_consumed",
    "water_consumed",
    "country_name",
    "country_iso_code",
    "region",
    "cloud_provider",
    "cloud_region",
    "os",
    "python_version",
    "codecarbon_version",
    "cpu_count",
    "cpu_model",
    "gpu_count",
    "gpu_model",
    "longitude",
    "latitude",
    "ram_total_size",
    "tracking_mode",
    "cpu_utilization_percent",
    "gpu_utilization_percent",
    "ram_utilization_percent",
    "ram_used_gb",
    "on_cloud",
    "pue",
    "wue",
];

const JOULES_PER_KWH: f64 = 3.6e6;

pub(super) fn header() -> Vec<String> {
    HEADER.map(str::to_owned).to_vec()
}

/// Energy and power at one boundary over the whole run.
#[derive(Clone, Copy)]
struct Drawn {
    /// kWh, without the PUE.
    energy_kwh: f64,
    /// Mean over the covered time in watts.
    power_w: Option<f64>,
}

/// What was drawn at `boundary` in all phases but the idle baseline. Missing where any phase that was measured at this
/// boundary has no reading at all: a partial total would pass for the whole.
fn drawn(details: &RunDetails, boundary: Boundary) -> Option<Drawn> {
    let phases: Vec<PhaseEnergy> = details
        .totals
        .iter()
        .filter(|total| total.phase != "idle")
        .filter_map(|total| at_boundary(&total.energies, boundary, &details.meters))
        .collect();
    let energies: Option<Vec<f64>> = phases
        .iter()
        .map(|phase| phase.figure.energy_j.map(|energy| energy.value))
        .collect();
    let energy_j: f64 = energies.filter(|parts| !parts.is_empty())?.iter().sum();
    let covered_s: f64 = phases.iter().map(|phase| phase.figure.covered_s).sum();
    Some(Drawn {
        energy_kwh: energy_j / JOULES_PER_KWH,
        power_w: (covered_s > 0.0).then(|| energy_j / covered_s),
    })
}

pub(super) fn rows(
    library: &Library,
    run: &str,
    options: &Options,
    cells: &mut Cells<'_>,
) -> Result<(), ExportError> {
    let details = library.details(run)?;
    let run = &details.run;
    let basis = run.carbon.as_ref();
    let pue = basis.map_or(1.0, |basis| basis.pue);
    let [gpu, cpu, ram] = [Boundary::GpuBoard, Boundary::CpuPackage, Boundary::Dram]
        .map(|boundary| drawn(&details, boundary));
    // The widest figure there is; without one, what the parts that were measured add up to.
    let widest = [
        Boundary::Wall,
        Boundary::System,
        Boundary::Components,
        Boundary::Soc,
    ]
    .into_iter()
    .find_map(|boundary| drawn(&details, boundary))
    .map(|whole| whole.energy_kwh);
    let energy_kwh = widest
        .or_else(|| {
            let parts: Vec<f64> = [gpu, cpu, ram]
                .into_iter()
                .flatten()
                .map(|part| part.energy_kwh)
                .collect();
            (!parts.is_empty()).then(|| parts.iter().sum())
        })
        .map(|energy| energy * pue);
    let duration_s: f64 = details
        .totals
        .iter()
        .filter(|total| total.phase != "idle")
        .map(|total| total.duration_s)
        .sum();
    let emissions_kg = energy_kwh
        .zip(basis)
        .map(|(energy, basis)| energy * basis.g_per_kwh / 1000.0);

    cells.text(&local(
        run.finished_at.unwrap_or(run.last_seen_at),
        &options.time_zone,
    ))?;
    cells.text(run.name.as_deref().unwrap_or("joulelab"))?;
    cells.text(&run.id)?;
    cells.text(&run.setup.group_hash)?;
    cells.number(duration_s)?;
    cells.number(emissions_kg)?;
    cells.number(
        emissions_kg
            .filter(|_| duration_s > 0.0)
            .map(|kg| kg / duration_s),
    )?;
    for part in [cpu, gpu, ram] {
        cells.number(part.and_then(|part| part.power_w))?;
    }
    for part in [cpu, gpu, ram] {
        cells.number(part.map(|part| part.energy_kwh * pue))?;
    }
    cells.number(energy_kwh)?;
    cells.missing()?; // water_consumed
    cells.maybe_text(basis.and_then(|basis| basis.country.as_deref()))?;
    cells.maybe_text(basis.and_then(|basis| basis.country_iso3.as_deref()))?;
    for _ in ["region", "cloud_provider", "cloud_region"] {
        cells.missing()?;
    }
    cells.text(&run.machine.os)?;
    cells.missing()?; // python_version: there was no Python
    cells.text(&format!("joulelab {}", run.program_version))?;
    cells.count(run.machine.logical_cores.map(u64::from))?;
    cells.maybe_text(run.machine.cpu_model.as_deref())?;
    let gpu_model = (!matches!(run.device.kind.as_str(), "cpu" | "software"))
        .then_some(run.device.name.as_str());
    cells.count(gpu_model.map(|_| 1))?;
    cells.maybe_text(gpu_model)?;
    for _ in ["longitude", "latitude"] {
        cells.missing()?;
    }
    // CodeCarbon's gigabyte has 1024³ bytes.
    cells.number(
        run.machine
            .ram_bytes
            .map(|bytes| bytes as f64 / 1024.0_f64.powi(3)),
    )?;
    // Nothing of what made-up meters tell was drawn by the machine.
    let is_simulated = details.meters.iter().any(|meter| {
        meter
            .info
            .get("origin")
            .is_some_and(|origin| origin == "simulated")
    });
    cells.text(if is_simulated { "simulated" } else { "machine" })?;
    for _ in ["cpu", "gpu", "ram utilization_percent", "ram_used_gb"] {
        cells.missing()?;
    }
    cells.text("N")?;
    cells.number(basis.map(|basis| basis.pue))?;
    cells.missing()?; // wue
    cells.end_row()
}

/// A time without its zone, as CodeCarbon writes it.
fn local(at: jiff::Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone())
        .strftime("%Y-%m-%dT%H:%M:%S")
        .to_string()
}
