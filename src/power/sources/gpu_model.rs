//! The GPU that trains by how busy it is, where no sensor answers.

use super::{super::model::gpu_board_power_w, Found};
use crate::{
    power::{
        Clock, MeterInfo, ModelMeter, Options, Parameters, Part, Refusal, RooflineFit,
        RooflineMeter, SourceReport, Status, TrainingGpu, Work, part::overlap,
    },
    units::{Boundary, Grade},
};

/// Power assumed of a GPU of which nothing is known, in watts.
const UNKNOWN_GPU_W: f64 = 150.0;

/// Why a GPU inside the processor gets no model.
fn integrated(gpu: &TrainingGpu, found: &Found) -> String {
    if let Some(meter) = found.alone(&gpu.part()) {
        return format!("a counter of its own measures it: {meter}");
    }
    // Figures with the boundary `soc` are of parts of a chip that counts each by itself.
    let apart = |info: &MeterInfo| {
        info.boundary == Boundary::Soc && overlap(&info.covers, &[Part::processors()])
    };
    match found.added().find(|info| apart(info)) {
        Some(meter) => format!(
            "the chip counts its graphics apart from the processor, whose figure ({}) does not contain them, and gives no \
             counter of them: their energy is missing",
            meter.id
        ),
        None => "the GPU is part of the processor's package, and so is its energy: the package's figure contains it"
            .to_owned(),
    }
}

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
        let refusal = Refusal::new(integrated(gpu, found));
        found.refuse(report(&gpu.name, parameters.grade, refusal.into()));
        return;
    }
    let (part, busy) = (gpu.part(), gpu.busy.clone());
    let mut model = ModelMeter::gpu(&gpu.name, part.clone(), parameters, busy);
    let given = Parameters::any_given(options.gpu_board_power_w, options.gpu_idle_w);
    if let Some(fit) = options.gpu_fit.as_ref().filter(|_| !given) {
        match usable(fit, gpu.work.as_ref()) {
            Ok(work) => {
                let meter = RooflineMeter::new(&gpu.name, part, fit.clone(), work, Clock::new());
                found.offer(meter, None);
                return;
            }
            Err(why) => model = model.with_note(why),
        }
    }
    found.offer_model(model);
}

/// Whether the work that is told here is what the constants need.
fn usable(fit: &RooflineFit, work: Option<&Work>) -> Result<Work, String> {
    let unused = |why: &str| {
        let made = fit.of.in_words(fit.points);
        Err(format!("the constants fitted {made} are not used: {why}"))
    };
    let Some(work) = work else {
        return unused("nobody counts the work that the GPU does");
    };
    let untold = work().is_some_and(|done| done.bytes.is_none());
    if fit.byte_j > 0.0 && untold {
        return unused("nobody counts the bytes that it moves");
    }
    Ok(work.clone())
}
