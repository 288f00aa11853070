//! What windows of asking come to, as the library keeps it.

use super::infer::{InferPlan, Inferred, InferredBatch};
use super::machine::here;
use crate::analysis::inference::{agrees, heads_against_run, is_within, sum_up, value_of_run};
use crate::analysis::{CarbonIntensity, operational};
use crate::library::{EpochRecord, Inference};

/// The figures of one batch size of `inferred`, which was asked as `plan` says. `epochs` are those of the run; `electricity` is carbon
/// intensity and power usage effectiveness.
pub fn measured(
    inferred: &Inferred,
    batch: &InferredBatch,
    epochs: &[EpochRecord],
    plan: &InferPlan,
    (intensity, pue): (&CarbonIntensity, f64),
) -> Inference {
    let summed = sum_up(&batch.windows);
    let energy = summed.energy.as_ref();
    let answered = &batch.answered;
    let run_value = value_of_run(epochs, inferred.step);
    let both = answered.value.zip(run_value);
    let (machine, _) = here();
    Inference {
        made_at: jiff::Timestamp::now(),
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
        machine: machine.fingerprint,
        device: inferred.device.name.clone(),
        backend: inferred.device.backend.clone(),
        step: inferred.step,
        batch_size: answered.batch_size as u64,
        windows: batch.windows.len() as u64,
        window_s: inferred.window_s,
        samples: summed.samples,
        seconds: summed.seconds,
        warm_up_passes: answered.warm_up_passes,
        warm_up_s: answered.warm_up_s,
        latency: summed.latency,
        throughput: summed.throughput,
        energy_j: energy.map(|figure| figure.estimate),
        net_j: summed.net.map(|figure| figure.estimate),
        spread_j: energy.and_then(|figure| figure.spread),
        measured_j: energy.map(|figure| figure.measured),
        interval: plan.interval,
        interval_reached: energy.is_some_and(|figure| is_within(figure, plan.interval)),
        energies: summed.energies,
        sum: summed.sum,
        missing: batch.missing.clone(),
        idle_power: inferred.idle_power.clone(),
        carbon_g: energy
            .and_then(|figure| operational(figure.estimate, intensity, pue).ok())
            .map(|figure| figure.carbon_g),
        carbon: intensity.basis(pue).ok(),
        metric: answered.metric,
        value: answered.value,
        run_value,
        agrees: both
            .map(|(value, of_run)| agrees(answered.metric, value, of_run, inferred.samples)),
        heads: heads_against_run(&answered.heads, epochs, inferred.step, inferred.samples),
    }
}

/// Why nothing is kept of an inference whose answers are not those of the run: they cost nothing that is worth knowing. Of several heads
/// each is looked at by itself. `None` where all are.
pub fn disagreement(inference: &Inference) -> Option<String> {
    let whole = (
        "",
        inference.metric,
        inference.value,
        inference.run_value,
        inference.agrees,
    );
    let heads = inference.heads.iter();
    let heads = heads.map(|head| {
        let name = head.head.as_str();
        (name, head.metric, head.value, head.run_value, head.agrees)
    });
    let each = heads.chain(inference.heads.is_empty().then_some(whole));
    let differ = each.filter_map(|(name, metric, value, of_run, agrees)| {
        let of_run = of_run.filter(|_| agrees == Some(false))?;
        let found = value.map_or("no number".to_owned(), |value| metric.format(value));
        let of = match name {
            "" => String::new(),
            name => format!("head {name}: "),
        };
        let of_run = metric.format(of_run);
        Some(format!("{of}{metric} {found}, where the run had {of_run}"))
    });
    let differ: Vec<String> = differ.collect();
    (!differ.is_empty()).then(|| {
        format!(
            "the answers on {} in batches of {} are not those of the run: {}; nothing of it is kept. `joulelab doctor` and the run's \
             self-check may tell why",
            inference.device,
            inference.batch_size,
            differ.join("; ")
        )
    })
}
