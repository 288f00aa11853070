use super::{
    DataError, Dataset, Features, LabelColumn, Labels, Provenance, Source, Split, dataset::Heading,
};
use crate::setup::{CartPoleSetup, InputShape, Task};

/// The pole on a cart. Its samples are made while a policy plays, so that there are none here.
pub(super) struct CartPole<'a>(pub &'a CartPoleSetup);

/// Place and speed of the cart, angle and speed of the pole.
const OBSERVED: usize = 4;

impl Source for CartPole<'_> {
    fn load(&self) -> Result<Dataset, DataError> {
        let nothing = || Split {
            features: Features::F32(Vec::new()),
            labels: Labels::Classes(vec![Vec::new()]),
        };
        let heading = Heading {
            name: "cartpole".to_owned(),
            title: "CartPole: a pole to balance on a cart".to_owned(),
            input: InputShape::Features(OBSERVED),
            task: Task::Reinforcement,
            labels: vec![LabelColumn::new("push", ["left", "right"])],
            target: 0,
            provenance: Provenance {
                source: format!(
                    "simulated by this program as CartPole-v1 of Gymnasium, episodes of at most {} steps",
                    self.0.episode_steps_max
                ),
                credit: Some("A. G. Barto, R. S. Sutton, C. W. Anderson, 1983".to_owned()),
                licence: None,
            },
        };
        Ok(heading.with_parts(nothing(), nothing()))
    }
}
