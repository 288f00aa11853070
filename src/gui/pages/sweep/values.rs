//! Values of a field as they are typed: `16, 32, [64, 64], relu`.

use serde_json::Value;

/// Reads values between commas, each as JSON, or as a word where it is none; commas within brackets and quotes belong to
/// a value.
///
/// # Errors
/// What is wrong, for people.
pub fn read(text: &str) -> Result<Vec<Value>, String> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    parts(text)?
        .into_iter()
        .map(|part| match part.trim() {
            "" => Err("a value is missing before or after a comma".to_owned()),
            part => one(part),
        })
        .collect()
}

/// One value.
fn one(part: &str) -> Result<Value, String> {
    if let Ok(value) = serde_json::from_str(part) {
        return Ok(value);
    }
    if part.starts_with(['[', '{', '"']) {
        return Err(format!("`{part}` is no value; write a list as [64, 64]"));
    }
    // JSON does not know `.5` and `+1`, people do.
    let number = part.parse::<f64>().ok().filter(|number| number.is_finite());
    Ok(number.map_or_else(|| Value::from(part), Value::from))
}

fn parts(text: &str) -> Result<Vec<&str>, String> {
    let (mut depth, mut in_quotes, mut begin) = (0_usize, false, 0);
    let mut found = Vec::new();
    for (at, letter) in text.char_indices() {
        match letter {
            '"' => in_quotes = !in_quotes,
            _ if in_quotes => {}
            '[' | '{' => depth += 1,
            ']' | '}' => {
                depth = depth
                    .checked_sub(1)
                    .ok_or_else(|| format!("a `{letter}` closes what was never opened"))?;
            }
            ',' if depth == 0 => {
                found.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    if depth > 0 || in_quotes {
        return Err("a bracket or quote is not closed".to_owned());
    }
    found.push(&text[begin..]);
    Ok(found)
}

/// Values as [`read`] reads them back.
pub fn written(values: &[Value]) -> String {
    let words: Vec<String> = values.iter().map(one_written).collect();
    words.join(", ")
}

fn one_written(value: &Value) -> String {
    match value {
        Value::String(word) if read(word).is_ok_and(|back| back == [value.clone()]) => word.clone(),
        Value::Array(items) => {
            // Within a list a word needs its quotes.
            let items: Vec<String> = items.iter().map(Value::to_string).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_typed_is_read_and_written_back() {
        let values = vec![
            json!(16),
            json!(0.1),
            json!([64, 64]),
            json!("relu"),
            json!("two words"),
            json!("0.5"),
            json!(true),
            json!(null),
        ];
        let text = written(&values);
        assert_eq!(
            text,
            "16, 0.1, [64, 64], relu, two words, \"0.5\", true, null"
        );
        assert_eq!(read(&text), Ok(values));
        assert_eq!(read(" "), Ok(vec![]));
        assert_eq!(read("1e-4, .5"), Ok(vec![json!(1e-4), json!(0.5)]));
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        for (text, why) in [
            ("1,,2", "missing"),
            ("[1, 2", "not closed"),
            ("1]", "never opened"),
            ("[a, b]", "no value"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
