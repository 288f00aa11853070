use serde_json::Value;

use crate::analysis::sweep::Analysis;

/// The whole analysis as JSON, with `schema` first; numbers that are not finite are null.
pub fn json(analysis: &Analysis) -> Value {
    // Plain structs, enums and numbers: there is nothing that serde_json could refuse.
    let mut value = serde_json::to_value(analysis).unwrap_or(Value::Null);
    if let Some(fields) = value.as_object_mut() {
        fields.insert("schema".to_owned(), "analysis/1".into());
    }
    value
}
