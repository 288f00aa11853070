use serde::{Deserialize, Serialize};

/// One thing that is wrong with a setup: which field, what was given, what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Path of the field, such as `regime.learning_rate`.
    pub field: String,
    /// What was given, as text.
    pub given: String,
    /// What is allowed, as a phrase: `a number above 0`.
    pub allowed: String,
}

impl Problem {
    /// A problem with `field`.
    pub fn new(
        field: impl Into<String>,
        given: impl std::fmt::Display,
        allowed: impl Into<String>,
    ) -> Self {
        Self {
            field: field.into(),
            given: given.to_string(),
            allowed: allowed.into(),
        }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}: `{}` is not possible; allowed: {}",
            self.field, self.given, self.allowed
        )
    }
}

/// Everything that is wrong with a setup, found in one go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// Notes a problem unless `condition` holds.
    pub fn require(
        &mut self,
        condition: bool,
        field: impl Into<String>,
        given: impl std::fmt::Display,
        allowed: impl Into<String>,
    ) {
        if !condition {
            self.0.push(Problem::new(field, given, allowed));
        }
    }

    /// `Ok` where nothing was noted.
    pub fn into_result(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl std::fmt::Display for Problems {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, problem) in self.0.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
