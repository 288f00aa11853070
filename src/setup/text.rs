//! Texts of a setup that may look like numbers: `dataset.label=2020` on the command line, or `label = 2` in a file.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserializer;
use serde::de::{Error, Visitor};

/// Reads a text, or a number or truth value as it is written.
///
/// # Errors
/// Where it is something else.
pub(super) fn text<'de, D: Deserializer<'de>, T: From<String>>(from: D) -> Result<T, D::Error> {
    from.deserialize_any(Text(PhantomData))
}

struct Text<T>(PhantomData<T>);

impl<T: From<String>> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<T, E> {
        Ok(value.to_owned().into())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<T, E> {
        Ok(value.to_string().into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<T, E> {
        Ok(value.to_string().into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<T, E> {
        Ok(value.to_string().into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<T, E> {
        Ok(value.to_string().into())
    }
}
