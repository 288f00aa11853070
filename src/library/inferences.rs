//! What it took to ask a run's network.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use super::count::Count;
use super::error::Fault;
use super::lookup::{json, resolve};
use super::records::{IdlePower, PhaseEnergy};
use super::types::CarbonBasis;
use super::write::bad;
use super::{Library, LibraryError, time};
use crate::units::{Estimate, Metric};

/// What 1,000 samples took, asked so many at once, on one device at one time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inference {
    /// When it was measured.
    #[serde(with = "super::time::rfc3339")]
    pub made_at: Timestamp,
    /// Version of the program.
    pub program_version: String,
    /// Fingerprint of the machine.
    pub machine: String,
    /// Name of the device.
    pub device: String,
    /// Burn's backend.
    pub backend: String,
    /// Steps that had been done when the weights were saved.
    pub step: u64,
    /// Samples asked at once.
    pub batch_size: u64,
    /// Windows that were measured.
    pub windows: u64,
    /// Seconds of each, as asked for.
    pub window_s: f64,
    /// Samples that were answered in them.
    pub samples: u64,
    /// Seconds of all windows.
    pub seconds: f64,
    /// Passes before the first window.
    pub warm_up_passes: u64,
    /// Seconds before it, kernels that were compiled included.
    pub warm_up_s: f64,
    /// From samples in main memory to answers in main memory.
    pub latency: Latency,
    /// Samples a second, one batch after the other.
    pub throughput: f64,
    /// Gross joules for 1,000 samples, over all parts of the machine.
    pub energy_j: Option<Estimate>,
    /// The same without the idle baseline.
    pub net_j: Option<Estimate>,
    /// Half the width of the interval over the windows, J for 1,000 samples: what further windows make smaller.
    pub spread_j: Option<f64>,
    /// The interval of the measurement alone, J for 1,000 samples.
    pub measured_j: Option<Estimate>,
    /// How wide the spread may be, relative to the energy.
    pub interval: f64,
    /// Whether it is within that.
    pub interval_reached: bool,
    /// All windows together, by meter.
    pub energies: Vec<PhaseEnergy>,
    /// The same added up over the parts of the machine.
    pub sum: Option<PhaseEnergy>,
    /// Parts of the machine that had no reading and are not in the sum.
    pub missing: Vec<String>,
    /// The idle machine, measured before.
    pub idle_power: Vec<IdlePower>,
    /// gCO2e for 1,000 samples.
    pub carbon_g: Option<Estimate>,
    /// For that.
    pub carbon: Option<CarbonBasis>,
    /// What the answers are judged by.
    pub metric: Metric,
    /// Value over all held-out samples, asked in batches of this size.
    pub value: Option<f64>,
    /// What the run itself found at the same step; `None` where it did not look then.
    pub run_value: Option<f64>,
    /// Whether the two agree.
    pub agrees: Option<bool>,
    /// Each head, where the network answers for several labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heads: Vec<HeadAnswers>,
}

/// How good the answers of one head are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeadAnswers {
    /// The label that it foretells.
    pub head: String,
    /// What they are judged by.
    pub metric: Metric,
    /// Value over all held-out samples.
    pub value: Option<f64>,
    /// What the run itself found at the same step; `None` where it did not look then.
    pub run_value: Option<f64>,
    /// Whether the two agree.
    pub agrees: Option<bool>,
}

/// How long answers took, s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Mean.
    pub mean_s: Option<f64>,
    /// Half of them were not longer.
    pub p50_s: Option<f64>,
    /// 90 %.
    pub p90_s: Option<f64>,
    /// 95 %.
    pub p95_s: Option<f64>,
    /// 99 %.
    pub p99_s: Option<f64>,
    /// The longest.
    pub max_s: Option<f64>,
}

impl Library {
    /// Keeps what it took to ask the network of run `id`.
    ///
    /// # Errors
    /// Where there is no such run or the library cannot be written.
    pub fn store_inference(&mut self, id: &str, inference: &Inference) -> Result<(), LibraryError> {
        self.write(|transaction| {
            let key = resolve(transaction, id)?;
            let text = serde_json::to_string(inference)
                .map_err(|error| bad(id, format!("an inference is no JSON: {error}")))?;
            let energy = inference.energy_j;
            transaction.execute(
                "INSERT OR REPLACE INTO inferences (run, made_at, batch_size, device, throughput, latency_p50_s, latency_p95_s,
                     energy_j, energy_low_j, energy_high_j, carbon_g, inference_json)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                params![
                    key,
                    time::text(inference.made_at),
                    Count(inference.batch_size),
                    inference.device,
                    inference.throughput,
                    inference.latency.p50_s,
                    inference.latency.p95_s,
                    energy.map(|energy| energy.value),
                    energy.map(|energy| energy.low),
                    energy.map(|energy| energy.high),
                    inference.carbon_g.map(|carbon| carbon.value),
                    text,
                ],
            )?;
            Ok(())
        })
    }

    /// What it took to ask the network of the run that `given` means, latest first, by samples at once.
    ///
    /// # Errors
    /// Where none or several runs could be meant, or the library cannot be read.
    pub fn inferences(&self, given: &str) -> Result<Vec<Inference>, LibraryError> {
        self.read(|connection| inferences(connection, resolve(connection, given)?))
    }
}

pub(super) fn inferences(connection: &Connection, run: i64) -> Result<Vec<Inference>, Fault> {
    Ok(connection
        .prepare_cached(
            "SELECT inference_json FROM inferences WHERE run = ?1 ORDER BY made_at DESC, batch_size",
        )?
        .query_map([run], |row| {
            let text: String = row.get(0)?;
            json(row, "inference_json", &text)
        })?
        .collect::<Result<_, _>>()?)
}
