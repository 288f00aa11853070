//! Columns that come from the setup, and names that several formats share.

use serde_json::Value;

use super::ExportError;
use super::cells::Cells;
use crate::units::Boundary;

/// The setup's columns: name, and path of the field in the setup's JSON. A path that a setup lacks gives an empty cell;
/// a list or table gives its JSON. Columns are only ever added at the end.
pub const SETUP_COLUMNS: [(&str, &str); 41] = [
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

/// Names of the columns that `names` gives for each boundary, such as `{}_gross_j`.
pub(super) fn by_boundary<'a>(names: &'a [&'a str]) -> impl Iterator<Item = String> + 'a {
    Boundary::ALL.into_iter().flat_map(move |boundary| {
        names
            .iter()
            .map(move |name| name.replace("{}", &snake(boundary.id())))
    })
}
