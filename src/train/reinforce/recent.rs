use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::setup::EPISODES_JUDGED;

/// The returns of the last episodes, by which a policy is judged; part of a checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Recent(VecDeque<f64>);

impl Recent {
    /// Adds the returns of further episodes, in their order.
    pub fn add(&mut self, returns: impl IntoIterator<Item = f64>) {
        self.0.extend(returns);
        let surplus = self.0.len().saturating_sub(EPISODES_JUDGED);
        self.0.drain(..surplus);
    }

    /// Their mean; NaN where there is none.
    pub fn mean(&self) -> f64 {
        self.0.iter().sum::<f64>() / self.0.len() as f64
    }

    /// Whether there are as many as a policy is judged by.
    pub fn is_whole(&self) -> bool {
        self.0.len() == EPISODES_JUDGED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_hundred_count() {
        let mut recent = Recent::default();
        recent.add([1000.0; 10]);
        recent.add((0..99).map(f64::from));
        assert!(recent.is_whole());
        assert_eq!(recent.mean(), (1000.0 + 4851.0) / 100.0);
        recent.add([0.0; 250]);
        assert_eq!(recent.mean(), 0.0);
    }
}
