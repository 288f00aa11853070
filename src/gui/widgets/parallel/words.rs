//! Values of a setup as one would write them.

use serde_json::Value;

use crate::units::significant;

/// A value of a setup as one would write it.
pub fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "none".to_owned(),
        Value::Number(number) => number.as_f64().map_or_else(|| number.to_string(), plain),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => {
            let each = items
                .iter()
                .map(|item| head(item).unwrap_or_else(|| written(item)));
            each.collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// A head by its label, with what of it is not as usual; `None` where it is something else.
fn head(value: &Value) -> Option<String> {
    let (fields, label) = (value.as_object()?, value.get("label")?.as_str()?);
    let usual = |name: &str, value: &Value| match name {
        "label" => true,
        "weight" => value.as_f64() == Some(1.0),
        _ => value.is_null(),
    };
    let others = fields.iter().filter(|(name, value)| !usual(name, value));
    let others = others.map(|(name, value)| format!(" {name} {}", written(value)));
    Some(format!("{label}{}", others.collect::<String>()))
}

/// A number of a setup as one would write it.
pub fn plain(value: f64) -> String {
    let shown = value.to_string();
    if shown.len() <= 8 {
        shown
    } else {
        significant(value, 4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn heads_are_written_by_their_labels_and_lists_by_what_is_in_them() {
        let heads = json!([
            {"label": "shape", "weight": 1.0, "target": null},
            {"label": "size", "weight": 0.5, "target": 0.9},
        ]);
        assert_eq!(written(&heads), "shape, size target 0.9 weight 0.5");
        assert_eq!(written(&json!([16, 32])), "16, 32");
        assert_eq!(written(&json!([128])), "128");
        assert_eq!(written(&json!([])), "none");
    }
}
