use std::{fs::File, io::Read, path::Path};

use super::super::DataError;

/// Most bytes that a text may have (256 MiB).
const BYTES_MAX: u64 = 256 << 20;

/// The text in a file, without a byte order mark.
///
/// # Errors
/// Where it cannot be read, is too long, or is no UTF-8 text.
pub(super) fn read(path: &Path) -> Result<String, DataError> {
    let failed = |source| DataError::Read {
        path: path.to_owned(),
        source,
    };
    let refused = |what: String| DataError::Text {
        what,
        path: path.to_owned(),
    };
    // Looked at before it is opened: a pipe would have to be waited for.
    let metadata = path.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(refused(
            "this is no file; dataset.file names a text file".to_owned(),
        ));
    }
    let mut bytes = Vec::new();
    // A file can grow after it was looked at.
    let mut file = File::open(path).map_err(failed)?.take(BYTES_MAX + 1);
    if metadata.len() <= BYTES_MAX {
        file.read_to_end(&mut bytes).map_err(failed)?;
    }
    if metadata.len() > BYTES_MAX || bytes.len() as u64 > BYTES_MAX {
        return Err(refused(format!(
            "the file has more than {BYTES_MAX} bytes, the most that are read; cut it"
        )));
    }
    decode(bytes).map_err(refused)
}

/// The text that these bytes are, or why they are none.
fn decode(bytes: Vec<u8>) -> Result<String, String> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err("the text is UTF-16; save it as UTF-8".to_owned());
    }
    let line = |before: &[u8]| 1 + before.iter().filter(|byte| **byte == b'\n').count();
    // No text has it, but UTF-16 without a mark and files of other kinds do.
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err(format!(
            "line {} holds a zero byte, which no text has; save the text as UTF-8",
            line(&bytes[..at])
        ));
    }
    let mut text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        format!(
            "line {} is no UTF-8 text; save the text as UTF-8",
            line(&error.as_bytes()[..at])
        )
    })?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}
