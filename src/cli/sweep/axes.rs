//! An axis in a line.

use crate::analysis::sweep::axes::text;
use crate::setup::sweep::{Axis, AxisValues, OneOf, Range};

/// Values that are written out; of more, the ends are.
const VALUES_MAX: u64 = 8;

/// `regime.learning_rate: 0.001, 0.01, 0.1, where regime.optimiser.kind is sgd`.
pub fn in_words(axis: &Axis) -> String {
    format!("{}: {}{}", axis.field, values(axis), conditions(axis))
}

fn values(axis: &Axis) -> String {
    let Some(count) = axis.len() else {
        let (AxisValues::Linear(Range { from, to, .. })
        | AxisValues::Logarithmic(Range { from, to, .. })) = &axis.values
        else {
            return "drawn by chance".to_owned();
        };
        return format!("drawn from {from} to {to}");
    };
    let written = |index: u64| axis.value(index).map_or_else(String::new, |it| text(&it));
    if count <= VALUES_MAX {
        let all: Vec<String> = (0..count).map(written).collect();
        return all.join(", ");
    }
    format!(
        "{count} values, {}, {}, … {}",
        written(0),
        written(1),
        written(count - 1)
    )
}

fn conditions(axis: &Axis) -> String {
    let each: Vec<String> = axis
        .when
        .iter()
        .map(|(field, allowed)| match allowed {
            OneOf::One(one) => format!("{field} is {}", text(one)),
            OneOf::Any(several) => {
                let several: Vec<String> = several.iter().map(text).collect();
                format!("{field} is {}", several.join(" or "))
            }
        })
        .collect();
    if each.is_empty() {
        return String::new();
    }
    format!(", where {}", each.join(" and "))
}
