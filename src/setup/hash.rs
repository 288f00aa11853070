use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{RegimeSetup, Setup};

/// Fields of the regime that the first setups did not have.
const ADDED: [&str; 6] = [
    "micro_batch_size",
    "precision",
    "ema",
    "augmentation",
    "layers",
    "resize",
];

/// Fields that tables of the regime did not have at first.
const ADDED_WITHIN: [(&str, &str); 2] = [("layers", "freezing"), ("stop", "restore_best")];

impl Setup {
    /// The setup as canonical JSON: every field written out, keys sorted, no blanks.
    pub fn canonical_json(&self) -> String {
        // `serde_json::Value` keeps its keys sorted; a setup is plain data, whose serialisation cannot fail.
        self.to_value().to_string()
    }

    /// Sixteen hexadecimal digits that stand for what is learnt and how: dataset, model and regime. Device, measuring
    /// and checkpoints are not in it, so that the same setup can be compared across machines.
    pub fn hash(&self) -> String {
        digest(&self.learning_value())
    }

    /// As [`Setup::hash`], without the seed: the same for runs that only differ in chance.
    pub fn group_hash(&self) -> String {
        let mut value = self.learning_value();
        if let Some(regime) = value.get_mut("regime").and_then(Value::as_object_mut) {
            regime.remove("seed");
        }
        digest(&value)
    }

    /// The setup as a JSON value.
    pub fn to_value(&self) -> Value {
        // Plain structs, enums and numbers: there is nothing that serde_json could refuse. NaN becomes null.
        serde_json::to_value(self).unwrap_or(Value::Null)
    }

    fn learning_value(&self) -> Value {
        let mut value = self.to_value();
        if let Some(fields) = value.as_object_mut() {
            // A run that starts from nothing hashes as before there was anything else.
            fields.retain(|key, value| {
                [
                    "schema",
                    "dataset",
                    "model",
                    "start",
                    "distil",
                    "multitask",
                    "regime",
                ]
                .contains(&key.as_str())
                    && !value.is_null()
            });
            if let Some(start) = fields.get_mut("start").and_then(Value::as_object_mut) {
                // What the file took to make changes what is told of the run, not what it learns.
                start.remove("file_energy_j");
            }
        }
        // What was added to the regime later and is at its default does nothing: the hash of an older setup, and with it
        // its checkpoints, stays what it was.
        let default = serde_json::to_value(RegimeSetup::default()).unwrap_or(Value::Null);
        if let Some(regime) = value.get_mut("regime").and_then(Value::as_object_mut) {
            for (table, field) in ADDED_WITHIN {
                let usual = default.get(table).and_then(|table| table.get(field));
                if let Some(table) = regime.get_mut(table).and_then(Value::as_object_mut)
                    && table.get(field) == usual
                {
                    table.remove(field);
                }
            }
            regime.retain(|key, value| {
                let usual = default.get(key).map(|usual| without_added(key, usual));
                !ADDED.contains(&key.as_str()) || usual.as_ref() != Some(value)
            });
        }
        value
    }
}

/// The default of a table as it was at first.
fn without_added(table: &str, usual: &Value) -> Value {
    let mut usual = usual.clone();
    for (of, field) in ADDED_WITHIN {
        if let Some(fields) = usual.as_object_mut().filter(|_| of == table) {
            fields.remove(field);
        }
    }
    usual
}

fn digest(value: &Value) -> String {
    let digest = Sha256::digest(value.to_string().as_bytes());
    digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::{EmaSetup, StartSetup};

    #[test]
    fn later_fields_of_the_regime_count_only_where_they_do_something() {
        let setup = Setup::default();
        let regime = setup.learning_value()["regime"].clone();
        for added in ADDED {
            assert!(regime.get(added).is_none(), "{added} is at its default");
        }
        assert!(regime["stop"].get("restore_best").is_none());
        let head = |freezing: bool| {
            let mut setup = Setup::default();
            setup.regime.layers.train = crate::setup::TrainedLayers::Head;
            if freezing {
                setup.regime.layers.freezing.from = 0.7;
            }
            setup
        };
        let layers = head(false).learning_value()["regime"]["layers"].clone();
        assert_eq!(layers["train"], "head");
        assert!(layers.get("freezing").is_none());
        assert_ne!(head(true).hash(), head(false).hash());
        let mut averaged = setup.clone();
        averaged.regime.ema = Some(EmaSetup::default());
        assert_ne!(setup.hash(), averaged.hash());
        assert!(setup.learning_value().get("start").is_none());
    }

    #[test]
    fn where_a_run_starts_counts_but_not_what_that_took() {
        let scratch = Setup::default();
        let from_file = |energy_j| Setup {
            start: Some(StartSetup {
                file: Some("weights.safetensors".into()),
                file_energy_j: energy_j,
                ..StartSetup::default()
            }),
            ..Setup::default()
        };
        assert_ne!(scratch.hash(), from_file(None).hash());
        assert_ne!(scratch.group_hash(), from_file(None).group_hash());
        assert_eq!(from_file(None).hash(), from_file(Some(5.0)).hash());
    }
}
