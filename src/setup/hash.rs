use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Setup;

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
            fields
                .retain(|key, _| ["schema", "dataset", "model", "regime"].contains(&key.as_str()));
        }
        value
    }
}

fn digest(value: &Value) -> String {
    let digest = Sha256::digest(value.to_string().as_bytes());
    digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
