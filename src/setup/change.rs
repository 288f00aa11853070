use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{
    DatasetSetup, FieldsReader, GradientClipping, ModelSetup, OptimiserSetup, SampleKind, Setup,
    StopSetup, reinforcement,
};
use crate::units::{UnknownName, nearest};

/// Changes to a setup, as flags or a file give them: a tree of the fields that are named. Where a table's `kind` or
/// `name` changes, its other fields start from the new kind's defaults.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change(Map<String, Value>);

/// A change that does not fit the setup's fields.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// A name that is not among the known ones.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// Anything else that the fields refuse.
    #[error("{0}")]
    Misfit(String),
}

/// The tables that are of one of several kinds: path, the key that names the kind, what it is called, what is known.
const KINDS: [(&str, &str, &str, &[&str]); 4] = [
    ("/dataset", "name", "dataset", &DatasetSetup::NAMES),
    ("/model", "kind", "model", &ModelSetup::KINDS),
    (
        "/regime/optimiser",
        "kind",
        "optimiser",
        &OptimiserSetup::KINDS,
    ),
    (
        "/regime/gradient_clipping",
        "kind",
        "gradient clipping",
        &GradientClipping::KINDS,
    ),
];

/// What `regime.stop.target` was called when every target was an accuracy.
const TARGET_OLD_NAME: &str = "target_accuracy";

/// Tables that a setup may do without, and what is written in their place where a change or an axis takes them out: TOML has no
/// word for nothing.
const TABLES_LEFT_OUT: [&str; 5] = [
    "/start",
    "/multitask",
    "/distil",
    "/regime/resize",
    "/regime/ema",
];
const LEFT_OUT: &str = "none";

impl Change {
    /// A whole tree of fields at once, as a file holds it.
    ///
    /// # Errors
    /// Where the value is no table.
    pub fn whole(value: Value) -> Result<Self, ChangeError> {
        match value {
            Value::Object(fields) => Ok(Self(fields)),
            other => Err(ChangeError::Misfit(format!(
                "a setup is a table of fields, not `{other}`"
            ))),
        }
    }

    /// Sets the field at a dotted path, such as `regime.learning_rate`.
    pub fn set(&mut self, path: &str, value: impl Into<Value>) {
        let mut fields = &mut self.0;
        let mut keys = path.split('.').peekable();
        while let Some(key) = keys.next() {
            if keys.peek().is_none() {
                fields.insert(key.to_owned(), value.into());
                return;
            }
            let entry = fields
                .entry(key.to_owned())
                .or_insert_with(|| Value::Object(Map::new()));
            if !entry.is_object() {
                *entry = Value::Object(Map::new());
            }
            let Some(next) = entry.as_object_mut() else {
                return;
            };
            fields = next;
        }
    }

    /// Sets a field from `path=value`, where the value is read as JSON, else taken as text.
    ///
    /// # Errors
    /// Where there is no `=`.
    pub fn assign(&mut self, assignment: &str) -> Result<(), ChangeError> {
        let (path, value) = assignment.split_once('=').ok_or_else(|| {
            ChangeError::Misfit(format!(
                "`{assignment}` sets nothing; write a field and its value, such as regime.seed=3"
            ))
        })?;
        let value =
            serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.trim().to_owned()));
        self.set(path.trim(), value);
        Ok(())
    }

    /// Lays `later` over these changes.
    pub fn and(self, later: Self) -> Self {
        let mut value = Value::Object(self.0);
        // Of two kinds of one table the later counts, without the options of the earlier.
        for (path, key, ..) in KINDS {
            let later = later.0.get(path.split('/').nth(1).unwrap_or_default());
            let inner = path
                .split('/')
                .skip(2)
                .fold(later, |table, part| table?.get(part));
            let asked = inner.and_then(|table| table.get(key));
            if let Some(table) = value.pointer_mut(path)
                && asked.is_some()
                && table.get(key) != asked
            {
                *table = Value::Object(Map::new());
            }
        }
        merge(&mut value, &Value::Object(later.0));
        match value {
            Value::Object(fields) => Self(fields),
            // Laying a table over a table gives a table.
            _ => Self::default(),
        }
    }

    /// Whether nothing is changed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The setup with these changes.
    ///
    /// # Errors
    /// Unknown fields and names, with the nearest known one; values of the wrong type.
    pub fn apply(&self, base: &Setup) -> Result<Setup, ChangeError> {
        let mut value = base.to_value();
        let mut change = Value::Object(self.0.clone());
        if let Some(Value::Object(stop)) = change.pointer_mut("/regime/stop")
            && let Some(target) = stop.remove(TARGET_OLD_NAME)
        {
            // Under both names at once it would be there twice.
            stop.insert("target".to_owned(), target);
        }
        for (path, key, what, known) in KINDS {
            let Some(asked) = change.pointer(path).and_then(|table| table.get(key)) else {
                continue;
            };
            let asked = asked.as_str().unwrap_or_default();
            if !known.contains(&asked) {
                return Err(UnknownName::new(what, asked, known.iter().copied()).into());
            }
            if let Some(table) = value.pointer_mut(path)
                && table.get(key).and_then(Value::as_str) != Some(asked)
            {
                *table = Value::Object(Map::from_iter([(
                    key.to_owned(),
                    Value::String(asked.to_owned()),
                )]));
            }
        }
        if change.pointer("/dataset/name").is_some()
            && change.pointer("/model/kind").is_none()
            && let Some(kind) = change.pointer("/dataset/name").and_then(model_for)
        {
            value["model"] = serde_json::json!({ "kind": kind });
        }
        if let Some(asked) = change.pointer("/dataset/name").and_then(Value::as_str)
            && asked != base.dataset.name()
        {
            let usual = Setup::default().to_value();
            let fields = |dataset| reinforcement::regime_for(dataset);
            if let Some(was) = fields(base.dataset.name()) {
                reset(&mut value["regime"], &usual["regime"], &was);
            }
            if let Some(regime) = fields(asked) {
                merge(&mut value["regime"], &regime);
            }
        }
        let stop = change.pointer("/regime/stop");
        let names =
            |field: &str| stop.is_some_and(|stop| stop.get(field).is_some_and(|v| !v.is_null()));
        let names_epochs = stop.is_some_and(|stop| stop.get("epochs").is_some());
        if StopSetup::OTHER_BOUNDS.into_iter().any(names) && !names_epochs {
            // The default number of epochs is for runs without any other bound.
            value["regime"]["stop"]["epochs"] = Value::Null;
        }
        merge(&mut value, &change);
        for table in TABLES_LEFT_OUT {
            if let Some(table) = value.pointer_mut(table).filter(|table| **table == LEFT_OUT) {
                *table = Value::Null;
            }
        }
        check_options(&value)?;
        serde_path_to_error::deserialize(value).map_err(|error| misfit("", error))
    }
}

/// Reads the options of the tables that are of one of several kinds by themselves: read as a whole, serde forgets which
/// field it was in.
fn check_options(setup: &Value) -> Result<(), ChangeError> {
    let kind = |path: &str| {
        setup
            .pointer(path)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    ModelSetup::read_fields(kind("/model/kind"), Model(setup))?;
    let optimiser = kind("/regime/optimiser/kind");
    options_by(setup, "/regime/optimiser", |table| {
        OptimiserSetup::try_options(optimiser, table)
    })
}

/// The model of a setup.
struct Model<'a>(&'a Value);

impl FieldsReader for Model<'_> {
    type Error = ChangeError;

    fn read<T: DeserializeOwned>(self) -> Result<(), ChangeError> {
        options::<T>(self.0, "/model")
    }
}

type OptionsError = serde_path_to_error::Error<serde_json::Error>;

fn options<T: DeserializeOwned>(setup: &Value, path: &str) -> Result<(), ChangeError> {
    options_by(setup, path, |table| {
        serde_path_to_error::deserialize::<_, T>(table).map(drop)
    })
}

fn options_by(
    setup: &Value,
    path: &str,
    read: impl Fn(Value) -> Result<(), OptionsError>,
) -> Result<(), ChangeError> {
    let Some(Value::Object(mut table)) = setup.pointer(path).cloned() else {
        return Ok(());
    };
    table.remove("kind");
    let prefix = path.trim_start_matches('/').replace('/', ".");
    read(Value::Object(table)).map_err(|error| misfit(&prefix, error))
}

/// What serde said of a field, with the field's whole path.
fn misfit(prefix: &str, error: serde_path_to_error::Error<serde_json::Error>) -> ChangeError {
    let path = match (prefix, error.path().to_string().as_str()) {
        ("", ".") => String::new(),
        ("", path) => format!("{path}: "),
        (prefix, ".") => format!("{prefix}: "),
        (prefix, path) => format!("{prefix}.{path}: "),
    };
    ChangeError::Misfit(path + &with_nearest(&error.into_inner().to_string()))
}

/// The kind of model for a dataset that is named without one, where the default one would not do: a convolutional network
/// needs images.
fn model_for(dataset: &Value) -> Option<&'static str> {
    let kind = DatasetSetup::sample_kind_of(dataset.as_str()?)?;
    (kind != SampleKind::Images).then(|| kind.models()[0])
}

/// Lays `change` over `value`, table by table.
fn merge(value: &mut Value, change: &Value) {
    match (value, change) {
        (Value::Object(fields), Value::Object(changes)) => {
            for (key, change) in changes {
                merge(fields.entry(key.clone()).or_insert(Value::Null), change);
            }
        }
        (value, change) => *value = change.clone(),
    }
}

/// Gives the fields that `those` names the values that they have in `usual`.
fn reset(value: &mut Value, usual: &Value, those: &Value) {
    let (Value::Object(fields), Value::Object(those)) = (value, those) else {
        return;
    };
    for (key, inner) in those {
        match fields.get_mut(key) {
            Some(field) if field.is_object() && usual[key].is_object() => {
                reset(field, &usual[key], inner);
            }
            _ => {
                fields.insert(key.clone(), usual[key].clone());
            }
        }
    }
}

/// Adds the nearest known name to serde's `unknown field` and `unknown variant` messages.
fn with_nearest(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = message.starts_with("unknown field") || message.starts_with("unknown variant");
    match (unknown, quoted.next()) {
        (true, Some(given)) => match nearest(given, quoted) {
            Some(name) => format!("{message}; did you mean `{name}`?"),
            None => message.to_owned(),
        },
        _ => message.to_owned(),
    }
}
