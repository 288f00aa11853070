//! Columns that come from the setup, and names that several formats share.

use serde_json::Value;

use super::ExportError;
use super::cells::Cells;
use crate::units::Boundary;

/// The setup's columns: name, and path of the field in the setup's JSON. A path that a setup lacks gives an empty cell;
/// a list or table gives its JSON. Every field has a column, since every field can be an axis. Columns are only ever added at the end.
pub const SETUP_COLUMNS: [(&str, &str); 128] = [
    ("setup_dataset", "dataset.name"),
    ("setup_dataset_options", "dataset"),
    ("setup_model", "model.kind"),
    ("setup_model_options", "model"),
    ("setup_hidden", "model.hidden"),
    ("setup_channels", "model.channels"),
    ("setup_activation", "model.activation"),
    ("setup_normalisation", "model.normalisation"),
    ("setup_dropout", "model.dropout"),
    ("setup_kernel", "model.kernel"),
    ("setup_pooling", "model.pooling"),
    ("setup_head", "model.head"),
    ("setup_batch_size", "regime.batch_size"),
    ("setup_learning_rate", "regime.learning_rate"),
    ("setup_label_smoothing", "regime.label_smoothing"),
    ("setup_seed", "regime.seed"),
    ("setup_optimiser", "regime.optimiser.kind"),
    ("setup_momentum", "regime.optimiser.momentum"),
    ("setup_nesterov", "regime.optimiser.nesterov"),
    ("setup_weight_decay", "regime.optimiser.weight_decay"),
    ("setup_optimiser_options", "regime.optimiser"),
    ("setup_schedule", "regime.schedule.kind"),
    ("setup_warmup_steps", "regime.schedule.warmup_steps"),
    ("setup_schedule_options", "regime.schedule"),
    ("setup_gradient_clipping", "regime.gradient_clipping.kind"),
    (
        "setup_gradient_clipping_max",
        "regime.gradient_clipping.max",
    ),
    ("setup_stop_epochs", "regime.stop.epochs"),
    ("setup_stop_steps", "regime.stop.steps"),
    ("setup_stop_target", "regime.stop.target"),
    ("setup_stop_target_patience", "regime.stop.target_patience"),
    ("setup_stop_energy_j", "regime.stop.energy_j"),
    ("setup_stop_time_s", "regime.stop.time_s"),
    ("setup_stop_patience", "regime.stop.patience"),
    ("setup_stop_min_delta", "regime.stop.min_delta"),
    (
        "setup_evaluate_every_epochs",
        "regime.evaluation.every_epochs",
    ),
    (
        "setup_evaluate_every_steps",
        "regime.evaluation.every_steps",
    ),
    ("setup_evaluate_batch_size", "regime.evaluation.batch_size"),
    ("setup_device", "device"),
    ("setup_idle_s", "measure.idle_s"),
    ("setup_rate_hz", "measure.rate_hz"),
    ("setup_schema", "schema"),
    ("setup_micro_batch_size", "regime.micro_batch_size"),
    ("setup_precision", "regime.precision"),
    ("setup_ema_decay", "regime.ema.decay"),
    ("setup_crop_padding", "regime.augmentation.crop_padding"),
    ("setup_flip", "regime.augmentation.flip"),
    ("setup_cutout", "regime.augmentation.cutout"),
    ("setup_mixup", "regime.augmentation.mixup"),
    ("setup_discount", "regime.reinforcement.discount"),
    ("setup_entropy", "regime.reinforcement.entropy"),
    ("setup_beta_1", "regime.optimiser.beta_1"),
    ("setup_beta_2", "regime.optimiser.beta_2"),
    ("setup_epsilon", "regime.optimiser.epsilon"),
    ("setup_alpha", "regime.optimiser.alpha"),
    ("setup_centered", "regime.optimiser.centered"),
    ("setup_schedule_step_epochs", "regime.schedule.step_epochs"),
    ("setup_schedule_step_factor", "regime.schedule.step_factor"),
    (
        "setup_schedule_final_factor",
        "regime.schedule.final_factor",
    ),
    ("setup_schedule_rise_share", "regime.schedule.rise_share"),
    ("setup_convolutions", "model.convolutions"),
    ("setup_initialisation", "model.initialisation"),
    ("setup_embedding", "model.embedding"),
    ("setup_depth", "model.depth"),
    ("setup_width", "model.width"),
    ("setup_stem", "model.stem"),
    ("setup_width_multiplier", "model.width_multiplier"),
    ("setup_patch", "model.patch"),
    ("setup_heads", "model.heads"),
    ("setup_mlp_ratio", "model.mlp_ratio"),
    ("setup_form", "model.form"),
    ("setup_positions", "model.positions"),
    ("setup_dataset_test_fraction", "dataset.test_fraction"),
    ("setup_dataset_split_seed", "dataset.split_seed"),
    ("setup_dataset_size", "dataset.size"),
    ("setup_dataset_channels", "dataset.channels"),
    ("setup_dataset_samples", "dataset.samples"),
    ("setup_dataset_noise", "dataset.noise"),
    ("setup_dataset_seed", "dataset.seed"),
    ("setup_dataset_label", "dataset.label"),
    ("setup_dataset_labels", "dataset.labels"),
    ("setup_dataset_split", "dataset.split"),
    ("setup_dataset_folder", "dataset.folder"),
    ("setup_dataset_file", "dataset.file"),
    ("setup_dataset_task", "dataset.task"),
    ("setup_dataset_header", "dataset.header"),
    ("setup_dataset_missing", "dataset.missing"),
    ("setup_dataset_length", "dataset.length"),
    ("setup_dataset_vocabulary_max", "dataset.vocabulary_max"),
    ("setup_dataset_text", "dataset.text"),
    ("setup_dataset_modulus", "dataset.modulus"),
    ("setup_dataset_symbols", "dataset.symbols"),
    (
        "setup_dataset_episode_steps_max",
        "dataset.episode_steps_max",
    ),
    ("setup_country", "measure.country"),
    ("setup_pue", "measure.pue"),
    ("setup_cpu_tdp_w", "measure.cpu_tdp_w"),
    ("setup_cpu_idle_w", "measure.cpu_idle_w"),
    ("setup_gpu_board_w", "measure.gpu_board_w"),
    ("setup_gpu_idle_w", "measure.gpu_idle_w"),
    ("setup_meters", "measure.meters"),
    ("setup_wall", "measure.wall"),
    ("setup_checkpoint_every_s", "checkpoint.every_s"),
    ("setup_checkpoint_at_end", "checkpoint.at_end"),
    ("setup_start_run", "start.run"),
    ("setup_start_file", "start.file"),
    ("setup_start_key", "start.key"),
    ("setup_start_layout", "start.layout"),
    ("setup_start_rename", "start.rename"),
    ("setup_start_new_head", "start.new_head"),
    ("setup_start_file_energy_j", "start.file_energy_j"),
    ("setup_layers_train", "regime.layers.train"),
    (
        "setup_layers_unfreeze_epochs",
        "regime.layers.unfreeze_epochs",
    ),
    (
        "setup_layers_unfreeze_steps",
        "regime.layers.unfreeze_steps",
    ),
    ("setup_layers_frozen", "regime.layers.frozen"),
    ("setup_layers_rates", "regime.layers.rates"),
    ("setup_layers_rate_decay", "regime.layers.rate_decay"),
    ("setup_multitask_heads", "multitask.heads"),
    ("setup_multitask_weighting", "multitask.weighting"),
    ("setup_freezing_from", "regime.layers.freezing.from"),
    ("setup_freezing_times", "regime.layers.freezing.times"),
    ("setup_freezing_rates", "regime.layers.freezing.rates"),
    ("setup_freezing_scaled", "regime.layers.freezing.scaled"),
    ("setup_resize_from", "regime.resize.from"),
    ("setup_resize_over", "regime.resize.over"),
    ("setup_resize_stages", "regime.resize.stages"),
    ("setup_distil_teacher", "distil.teacher"),
    ("setup_distil_temperature", "distil.temperature"),
    ("setup_distil_alpha", "distil.alpha"),
    ("setup_stop_restore_best", "regime.stop.restore_best"),
];

/// Writes the cells of [`SETUP_COLUMNS`].
pub(super) fn setup(cells: &mut Cells<'_>, json: &str) -> Result<(), ExportError> {
    // A setup that is no JSON has no fields, and its columns are empty: the rest of the row is still of use.
    let setup: Value = serde_json::from_str(json).unwrap_or_default();
    for (_, path) in SETUP_COLUMNS {
        let field = path
            .split('.')
            .try_fold(&setup, |value, key| value.get(key));
        match field {
            None | Some(Value::Null) => cells.missing()?,
            Some(Value::String(text)) => cells.text(text)?,
            Some(Value::Number(number)) => match (number.as_u64(), number.as_f64()) {
                (Some(count), _) => cells.count(count)?,
                (None, number) => cells.number(number)?,
            },
            Some(Value::Bool(flag)) => cells.flag(Some(*flag))?,
            Some(nested) => cells.text(&nested.to_string())?,
        }
    }
    Ok(())
}

/// A phase or boundary as part of a column's name.
pub(super) fn snake(id: &str) -> String {
    id.replace('-', "_")
}

/// The heads of a run that learns several labels at once, as JSON.
pub(super) fn heads<T: serde::Serialize>(heads: &[T]) -> Option<String> {
    (!heads.is_empty()).then(|| serde_json::json!(heads).to_string())
}

/// Names of the columns that `names` gives for each boundary, such as `{}_gross_j`.
pub(super) fn by_boundary<'a>(names: &'a [&'a str]) -> impl Iterator<Item = String> + 'a {
    Boundary::ALL.into_iter().flat_map(move |boundary| {
        names
            .iter()
            .map(move |name| name.replace("{}", &snake(boundary.id())))
    })
}
