use std::collections::HashMap;

use serde_json::Value;

use crate::setup::Setup;

/// Multiply-accumulate operations of a forward pass over one sample, by dataset, model and heads, each computed once.
#[derive(Debug, Default)]
pub struct Operations(HashMap<[String; 3], Option<f64>>);

impl Operations {
    /// Those of a setup. `None` where it is of another version or its data are not here: then the figure is missing, which is
    /// no error.
    pub fn macs(&mut self, setup: &Value) -> Option<f64> {
        let part = |name: &str| setup.get(name).map_or_else(String::new, Value::to_string);
        let key = ["dataset", "model", "multitask"].map(part);
        *self.0.entry(key).or_insert_with(|| macs(setup))
    }
}

fn macs(setup: &Value) -> Option<f64> {
    let setup: Setup = serde_json::from_value(setup.clone()).ok()?;
    let counts = super::describe(&setup.dataset).ok()?.counts();
    let plan = setup.plan_for(&counts).ok()?;
    Some(plan.macs() as f64)
}
