//! Reads CBOR (RFC 8949), in which CubeCL keeps what it tuned: what there is in JSON, and bytes as numbers.

use serde_json::{Map, Number, Value};

/// Levels of lists within lists that are read.
const DEPTH_MAX: usize = 64;

/// The value that `bytes` hold, all of them; `None` where they are no such.
pub fn decoded(bytes: &[u8]) -> Option<Value> {
    let mut reader = Reader { rest: bytes };
    let value = reader.value(DEPTH_MAX)?;
    reader.rest.is_empty().then_some(value)
}

/// The unsigned number that `bytes` begin with, and how many bytes it takes.
pub fn number(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut reader = Reader { rest: bytes };
    match reader.head()? {
        (0, Some(number)) => Some((number, bytes.len() - reader.rest.len())),
        _ => None,
    }
}

/// Writes an unsigned number in the shortest way.
pub fn write_number(number: u64, to: &mut Vec<u8>) {
    let bytes = number.to_be_bytes();
    let (head, length) = match number {
        0..24 => return to.push(number as u8),
        24..0x100 => (0x18, 1),
        0x100..0x1_0000 => (0x19, 2),
        0x1_0000..0x1_0000_0000 => (0x1a, 4),
        _ => (0x1b, 8),
    };
    to.push(head);
    to.extend_from_slice(&bytes[8 - length..]);
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn take(&mut self, count: usize) -> Option<&[u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    /// The kind of what comes, and its number; none for what has no stated length.
    fn head(&mut self) -> Option<(u8, Option<u64>)> {
        let first = self.take(1)?[0];
        let length = match first & 31 {
            small @ 0..24 => return Some((first >> 5, Some(u64::from(small)))),
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            31 => return Some((first >> 5, None)),
            _ => return None,
        };
        let bytes = self.take(length)?.iter();
        let number = bytes.fold(0, |number, byte| number << 8 | u64::from(*byte));
        Some((first >> 5, Some(number)))
    }

    /// Whether another item of a list of `count` comes, of which `read` were read.
    fn has_next(&mut self, count: Option<u64>, read: u64) -> Option<bool> {
        match count {
            Some(count) => Some(read < count),
            None if *self.rest.first()? == 0xff => {
                self.take(1)?;
                Some(false)
            }
            None => Some(true),
        }
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        let first = *self.rest.first()?;
        let (kind, number) = self.head()?;
        Some(match kind {
            0 => number?.into(),
            1 => Number::from_i128(-1 - i128::from(number?))?.into(),
            2 => self.take(usize::try_from(number?).ok()?)?.to_vec().into(),
            3 => {
                let text = self.take(usize::try_from(number?).ok()?)?;
                String::from_utf8(text.to_vec()).ok()?.into()
            }
            4 => {
                let mut items = Vec::new();
                while self.has_next(number, items.len() as u64)? {
                    items.push(self.value(depth)?);
                }
                items.into()
            }
            5 => {
                let (mut map, mut read) = (Map::new(), 0);
                while self.has_next(number, read)? {
                    let key = match self.value(depth)? {
                        Value::String(key) => key,
                        other => other.to_string(),
                    };
                    map.insert(key, self.value(depth)?);
                    read += 1;
                }
                map.into()
            }
            6 => self.value(depth)?,
            _ => match first & 31 {
                20 => false.into(),
                21 => true.into(),
                // Of numbers of 16 bits none is needed.
                22 | 23 | 25 => Value::Null,
                26 => f32::from_bits(number? as u32).into(),
                27 => f64::from_bits(number?).into(),
                _ => return None,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Examples of RFC 8949, appendix A.
    #[test]
    fn values_are_read() {
        let examples: [(&[u8], Value); 12] = [
            (&[0x17], json!(23)),
            (&[0x19, 0x03, 0xe8], json!(1000)),
            (&[0x38, 0x63], json!(-100)),
            (
                &[0xfb, 0x3f, 0xf1, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a],
                json!(1.1),
            ),
            (&[0xfa, 0x47, 0xc3, 0x50, 0x00], json!(100_000.0)),
            (&[0xf5], json!(true)),
            (&[0xf6], json!(null)),
            (&[0x44, 1, 2, 3, 4], json!([1, 2, 3, 4])),
            (&[0x62, 0xc3, 0xbc], json!("ü")),
            (
                &[0x83, 1, 0x82, 2, 3, 0x82, 4, 5],
                json!([1, [2, 3], [4, 5]]),
            ),
            (
                &[0xa2, 0x61, b'a', 1, 0x61, b'b', 0x82, 2, 3],
                json!({"a": 1, "b": [2, 3]}),
            ),
            (&[0xbf, 0x61, b'a', 0x9f, 1, 0xff, 0xff], json!({"a": [1]})),
        ];
        for (bytes, value) in examples {
            assert_eq!(decoded(bytes), Some(value), "{bytes:x?}");
        }
    }

    #[test]
    fn what_is_cut_off_or_too_deep_is_nothing() {
        let whole = [0xa1, 0x61, b'a', 0x82, 2, 0x19, 1, 2];
        assert!(decoded(&whole).is_some());
        for end in 0..whole.len() {
            assert_eq!(decoded(&whole[..end]), None, "{end}");
        }
        assert_eq!(
            decoded(&[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            None
        );
        assert_eq!(decoded(&[0x81; 10_000]), None);
        assert_eq!(decoded(&[1, 1]), None);
    }

    #[test]
    fn numbers_go_there_and_back() {
        for value in [0, 23, 24, 255, 256, 65_535, 65_536, u64::MAX] {
            let mut bytes = Vec::new();
            write_number(value, &mut bytes);
            assert_eq!(number(&bytes), Some((value, bytes.len())));
        }
    }
}
