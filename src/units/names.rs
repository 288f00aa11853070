/// The one of `known` that is most like `given`, if any is like it at all.
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given = given.to_lowercase();
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&given, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// A name that is none of the allowed ones; says which are, and which is most like it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownName {
    /// What kind of thing was asked for, such as `activation`.
    pub what: String,
    /// What was given.
    pub given: String,
    /// What is allowed.
    pub known: Vec<String>,
}

impl UnknownName {
    /// An error for `given`, which is not among `known`.
    pub fn new<'a>(what: &str, given: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            what: what.to_owned(),
            given: given.to_owned(),
            known: known.into_iter().map(str::to_owned).collect(),
        }
    }
}

impl std::fmt::Display for UnknownName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "unknown {} `{}`", self.what, self.given)?;
        if let Some(name) = nearest(&self.given, self.known.iter().map(String::as_str)) {
            write!(f, ", did you mean `{name}`?")?;
        }
        write!(f, " (known: {})", self.known.join(", "))
    }
}

impl std::error::Error for UnknownName {}
