//! Times of day as they are stored and exported: RFC 3339, UTC, three decimals, so that text order is time order.

use jiff::{SignedDuration, Timestamp};

/// `2026-11-21T01:23:45.678Z`.
pub(super) fn text(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// The time `seconds` after `origin`; `None` where that is no time that can be written.
pub(super) fn after(origin: Timestamp, seconds: f64) -> Option<Timestamp> {
    let by = SignedDuration::try_from_secs_f64(seconds).ok()?;
    origin.checked_add(by).ok()
}

/// Column `column` of `row` as a time.
pub(super) fn column(row: &rusqlite::Row<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    let index = row.as_ref().column_index(column)?;
    row.get::<_, String>(index)?.parse().map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(
            index,
            rusqlite::types::Type::Text,
            Box::<jiff::Error>::new(error),
        )
    })
}

/// Column `column` of `row` as a time that may be missing.
pub(super) fn optional_column(
    row: &rusqlite::Row<'_>,
    name: &str,
) -> rusqlite::Result<Option<Timestamp>> {
    match row.get_ref(name)? {
        rusqlite::types::ValueRef::Null => Ok(None),
        _ => column(row, name).map(Some),
    }
}

/// For `#[serde(with)]`: a time as RFC 3339 text.
pub(super) mod rfc3339 {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(in super::super) fn serialize<S: Serializer>(
        at: &Timestamp,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(&super::text(*at))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Timestamp, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// For `#[serde(with)]`: a time that may be missing.
pub(super) mod optional_rfc3339 {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(in super::super) fn serialize<S: Serializer>(
        at: &Option<Timestamp>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => to.serialize_some(&super::text(*at)),
            None => to.serialize_none(),
        }
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        Option::<String>::deserialize(from)?
            .map(|text| text.parse().map_err(D::Error::custom))
            .transpose()
    }
}
