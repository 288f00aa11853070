//! What stands in the fields while they are typed.

use std::collections::BTreeMap;

/// What was typed into the fields, by the path of each in the setup: text that is no number stays there until it is one.
#[derive(Debug, Default)]
pub struct Typed(pub(super) BTreeMap<String, Text>);

/// The text of one field.
#[derive(Debug, Default)]
pub(super) struct Text {
    /// What stands in the field.
    pub text: String,
    /// The setup's value as it was last seen; another one replaces the text.
    pub stands_for: String,
    /// What is wrong with it.
    pub wrong: Option<String>,
    /// Whether the field was shown since it was last asked.
    pub seen: bool,
}

impl Typed {
    /// Forgets what was typed: another setup is shown.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The first field that holds no number: its path and what is wrong with it.
    pub fn first_wrong(&self) -> Option<(&str, &str)> {
        self.0
            .iter()
            .find_map(|(path, text)| Some((path.as_str(), text.wrong.as_deref()?)))
    }

    /// Forgets the fields that were not shown since the last call: they are not part of the setup any more.
    pub fn keep_seen(&mut self) {
        self.0.retain(|_, text| std::mem::take(&mut text.seen));
    }

    /// Whether a field under one of `paths` holds no number.
    pub fn wrong_under(&self, paths: &[&str]) -> bool {
        self.0
            .iter()
            .any(|(path, text)| text.wrong.is_some() && is_under(path, paths))
    }
}

/// Whether `path` is one of `paths` or a part of it.
pub fn is_under(path: &str, paths: &[&str]) -> bool {
    paths.iter().any(|of| {
        path.strip_prefix(of)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    })
}

#[cfg(test)]
mod tests {
    use super::is_under;

    #[test]
    fn parts_of_a_field_are_under_it_and_longer_names_are_not() {
        assert!(is_under("model.hidden[2]", &["model.hidden"]));
        assert!(is_under("regime.stop.steps", &["regime.stop"]));
        assert!(!is_under("regime.stop_rule", &["regime.stop"]));
    }
}
