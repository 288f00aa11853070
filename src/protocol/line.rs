use serde::Serialize;
use serde::de::DeserializeOwned;

/// Longest line that is accepted; a message is far shorter.
pub const LINE_BYTES_MAX: usize = 16 << 20;

/// A line that is no message.
#[derive(Debug, thiserror::Error)]
#[error("not a message of this protocol ({error}): {line}")]
pub struct LineError {
    /// What the parser said.
    pub error: String,
    /// The line, or its beginning.
    pub line: String,
}

/// One message as one line, with its line end.
pub fn encode<T: Serialize>(message: &T) -> Result<String, LineError> {
    serde_json::to_string(message)
        .map(|mut line| {
            line.push('\n');
            line
        })
        .map_err(|error| LineError {
            error: error.to_string(),
            line: String::new(),
        })
}

/// The message of one line.
///
/// # Errors
/// Where the line is no JSON, or a message of another version.
pub fn decode<T: DeserializeOwned>(line: &str) -> Result<T, LineError> {
    serde_json::from_str(line).map_err(|error| LineError {
        error: error.to_string(),
        line: line.chars().take(200).collect(),
    })
}
