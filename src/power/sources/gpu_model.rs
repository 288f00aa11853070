//! The GPU that trains by how busy it is, where no sensor answers.

use super::{super::model::gpu_board_power_w, Found};
use crate::{
    power::{ModelMeter, Options, Parameters, Refusal, SourceReport, Status},
    units::{Boundary, Grade},
};

/// Power assumed of a GPU of which nothing is known, in watts.
const UNKNOWN_GPU_W: f64 = 150.0;

/// Offers a model of the GPU that trains.
pub(super) fn find(options: &Options, found: &mut Found) {
    let report = |device: &str, grade: Grade, status: Status| {
        SourceReport::without_meter(
            "model:gpu",
            "load model",
            device,
            Boundary::GpuBoard,
            grade,
            status,
        )
    };
    let Some(gpu) = &options.gpu else {
        let reason = "training runs on the processor: no GPU is metered".into();
        found.refuse(report("no GPU", Grade::E, Status::Available { reason }));
        return;
    };
    let limit = found
        .gpu_limit_w
        .map(|limit_w| (limit_w, "the limit that the driver enforces".to_owned()));
    let known = limit.or_else(|| {
        let (board_w, entry) = gpu_board_power_w(&gpu.name)?;
        Some((board_w, format!("board power of `{entry}`")))
    });
    let guess = (
        UNKNOWN_GPU_W,
        "a guess: the GPU is not in the table".to_owned(),
    );
    let parameters =
        Parameters::choose(options.gpu_board_power_w, options.gpu_idle_w, known, guess);
    if gpu.integrated {
        let refusal = Refusal::new(
            "the GPU is part of the processor's package, and so is its energy: the package's figure contains it",
        );
        found.refuse(report(&gpu.name, parameters.grade, refusal.into()));
        return;
    }
    found.offer_model(ModelMeter::gpu(
        &gpu.name,
        gpu.part(),
        parameters,
        gpu.busy.clone(),
    ));
}
