//! Several heads on one trunk.

use serde::{Deserialize, Serialize};

use super::{HEAD, Planner};
use crate::setup::InputShape;

/// The heads of a model that learns several labels at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heads {
    /// In the order of their answers, which stand one after the other.
    pub each: Vec<Head>,
    /// Whether the weights of their losses are learnt: one number for each head.
    pub learns_weights: bool,
}

/// A head: the linear layer that answers for one label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The label.
    pub name: String,
    /// Its classes.
    pub classes: usize,
}

impl Head {
    /// Its group of layers.
    pub fn group(&self) -> String {
        format!("{HEAD}.{}", self.name)
    }
}

impl Heads {
    /// Numbers of all answers together.
    pub fn numbers(&self) -> usize {
        self.each.iter().map(|head| head.classes).sum()
    }

    /// Where in the answers those of each head begin.
    pub fn offsets(&self) -> impl Iterator<Item = usize> {
        self.each.iter().scan(0, |next, head| {
            let at = *next;
            *next += head.classes;
            Some(at)
        })
    }
}

/// Whether the layers of `group` answer: [`HEAD`], or one of several heads.
pub fn is_head(group: &str) -> bool {
    group
        .strip_prefix(HEAD)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

impl Planner {
    /// The linear layers of several heads, side by side behind the same vector.
    pub(super) fn heads(&mut self, heads: &Heads) {
        let trunk = self.shape;
        for head in &heads.each {
            self.shape = trunk;
            self.group(head.group());
            self.at(head.name.clone());
            self.linear("linear", head.classes);
        }
        self.at("");
        self.group(HEAD);
        let output = InputShape::Features(heads.numbers());
        if heads.learns_weights {
            let count = heads.each.len() as u64;
            self.push("uncertainty weights", output, count, 0, 0);
        } else {
            self.reshape("heads side by side", output);
        }
    }
}
