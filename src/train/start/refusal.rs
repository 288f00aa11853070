//! Why a tensor of a source stays where it is, and what mends that.

use std::fmt;

/// Why a tensor and a parameter do not come together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No tensor of the source has the parameter's name.
    NotThere,
    /// No parameter has the tensor's name.
    NoPlace,
    /// Another tensor has its name too, once the rules of `start.rename` were followed.
    Twice(String),
    /// The head is to be new.
    NewHead,
    /// It holds integers or truth values.
    NoFloat,
    /// It is of another shape.
    Shape {
        /// Its shape in the source.
        theirs: Vec<usize>,
        /// The parameter's, as the source lays weights out.
        wanted: Vec<usize>,
    },
}

impl Refusal {
    /// How to mend it.
    fn hint(&self) -> &'static str {
        match self {
            Self::NotThere | Self::NoPlace | Self::Twice(_) => "start.rename makes names fit",
            Self::NewHead => "without start.new_head the head is taken too",
            Self::NoFloat => {
                "write its weights as floating-point numbers, in PyTorch by `.float()`"
            }
            Self::Shape { .. } => "a model of those widths takes them",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotThere => to.write_str("the source has nothing of this name"),
            Self::NoPlace => to.write_str("nothing here has this name"),
            Self::Twice(first) => write!(to, "`{first}` has its name too, by start.rename"),
            Self::NewHead => to.write_str("start.new_head wants a new head"),
            Self::NoFloat => to.write_str("it holds no floating-point numbers in the source"),
            Self::Shape { theirs, wanted } => write!(
                to,
                "its shape is {theirs:?} in the source, where {wanted:?} would fit"
            ),
        }
    }
}

/// Tensors that are named in one message for one reason, and reasons.
const NAMED: usize = 4;

/// Some of the tensors that stay where they are, by why they do: names and shapes.
pub fn some_by_reason<'a>(
    left: impl IntoIterator<Item = (&'a str, &'a [usize], &'a Refusal)>,
) -> String {
    let mut groups: Vec<(&Refusal, Vec<String>)> = Vec::new();
    for (name, shape, refusal) in left {
        let tensor = format!("`{name}` {shape:?}");
        match groups.iter_mut().find(|(known, _)| *known == refusal) {
            Some((_, tensors)) => tensors.push(tensor),
            None => groups.push((refusal, vec![tensor])),
        }
    }
    let words = groups.iter().take(NAMED).map(|(refusal, tensors)| {
        let shown = &tensors[..tensors.len().min(NAMED)];
        let each = if tensors.len() > 1 { "each: " } else { "" };
        format!("{} ({each}{refusal})", shown.join(", "))
    });
    words.collect::<Vec<String>>().join("; ")
}

/// How to mend what is the matter with most of the tensors; of equals the first.
pub fn hint<'a>(refusals: impl IntoIterator<Item = &'a Refusal>) -> &'static str {
    let mut counted: Vec<(&'static str, usize)> = Vec::new();
    for hint in refusals.into_iter().map(Refusal::hint) {
        match counted.iter_mut().find(|(known, _)| *known == hint) {
            Some((_, count)) => *count += 1,
            None => counted.push((hint, 1)),
        }
    }
    let most = counted.iter().map(|(_, count)| *count).max();
    let found = counted.iter().find(|(_, count)| Some(*count) == most);
    found.map_or("another file may hold weights", |(hint, _)| hint)
}
