//! The processors by how busy they are, where no counter answers.

use super::{super::model::cpu_tdp_w, Found, sysfs::sockets};
use crate::{
    power::{Load, ModelMeter, Options, Parameters, Refusal, SourceReport},
    units::Boundary,
};

/// Offers a model of all processors together; where there are several packages and sensors of some of them, also one of
/// each package, to stand in where a single one has no reading.
pub(super) fn find(options: &Options, found: &mut Found) {
    let name = options.cpu_name.as_deref().unwrap_or_default();
    let packages = sockets(&options.sysfs_root).len().max(1);
    let table = cpu_tdp_w(name).map(|(tdp_w, entry)| {
        let from = format!("{packages} × {tdp_w} W design power of `{entry}`");
        (tdp_w * packages as f64, from)
    });
    let (full_w, idle_w) = (options.cpu_tdp_w, options.cpu_idle_w);
    let parameters = match &options.cpu_points {
        Some(points) if !Parameters::any_given(full_w, idle_w) => Parameters::fitted(points),
        _ => Parameters::choose(full_w, idle_w, table, unknown_cpu()),
    };
    let Some(load) = options
        .cpu_load
        .clone()
        .or_else(|| options.watched.cpu_load("model"))
    else {
        let refusal = Refusal::new("the system does not tell the processors' load");
        let mut report = SourceReport::without_meter(
            "model:cpu",
            "load model",
            name,
            Boundary::CpuPackage,
            parameters.grade,
            refusal,
        );
        report.notes.push(parameters.origin);
        found.refuse(report);
        return;
    };
    // Integrated graphics draw from the package's own design power, and the processors' load does not show their work;
    // where a counter of their own does, they are not this model's.
    let load = match &options.gpu {
        Some(gpu) if gpu.integrated && found.alone(&gpu.part()).is_none() => {
            busier(load, gpu.busy.clone())
        }
        _ => load,
    };
    if found
        .packages
        .iter()
        .any(|package| found.has_sensor(package))
    {
        for package in found.packages.clone() {
            let share = parameters.share(found.packages.len());
            let meter = ModelMeter::package(name, &package, share, load.clone());
            found.offer_model(meter);
        }
    }
    found.offer_model(ModelMeter::cpu(name, parameters, load));
}

/// The higher of two loads, where any is known.
fn busier(a: Load, b: Load) -> Load {
    std::sync::Arc::new(move || match (a(), b()) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    })
}

/// Power assumed of processors of which nothing is known: 10 W and 5 W for each logical processor, 15 to 400 W.
fn unknown_cpu() -> (f64, String) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let watts = (10.0 + 5.0 * threads as f64).clamp(15.0, 400.0);
    (
        watts,
        format!("a guess from {threads} logical processors: the processor is not in the table"),
    )
}
