//! What the plots of a run are drawn from; the same for a run that goes on and for a stored one.
//!
//! | part | what it does |
//! |---|---|
//! | `series`, `points` | bounded series, and what they are of |
//! | `axis` | what x axes count, and where moments lie on them |
//! | `taken`, `stored` | curves of a run that goes on, and of one in the library |

mod axis;
mod points;
mod series;
mod stored;
mod taken;

use crate::units::{HeadProgress, HeadResult};

pub use axis::XAxis;
pub use points::{
    EnergyPoint, EvaluationPoint, HeadCurves, HeadPoint, PhaseSpan, PowerSeries, TrainPoint,
};
pub use series::Series;

/// Everything that the plots of one run show.
#[derive(Clone, Debug, Default)]
pub struct Curves {
    /// Changes with every addition.
    pub revision: u64,
    /// Training metrics.
    pub train: Series<TrainPoint>,
    /// Looks at the held-out samples.
    pub evaluations: Series<EvaluationPoint>,
    /// Each head, where several labels are learnt at once.
    pub heads: Vec<HeadCurves>,
    /// Cumulative energy.
    pub energy: Series<EnergyPoint>,
    /// Power by meter, in the order of the meters.
    pub power: Vec<PowerSeries>,
    /// Of meters that may take the place of one of `power`; nothing of them is drawn before they do.
    pub stand_bys: Vec<PowerSeries>,
    /// Phases in order.
    pub phases: Vec<PhaseSpan>,
}

impl Curves {
    /// Leaves out what came after step `step`, from which the run is gone on with.
    pub fn cut_after(&mut self, step: u64) {
        self.revision += 1;
        self.train.retain(|point| point.step <= step);
        self.evaluations.retain(|point| point.step <= step);
        for head in &mut self.heads {
            head.train.retain(|point| point.step <= step);
            head.held_out.retain(|point| point.step <= step);
        }
    }

    fn train_heads(&mut self, step: u64, t_s: f64, heads: &[HeadProgress]) {
        for head in heads {
            self.head(&head.head).train.push(HeadPoint {
                step,
                t_s,
                loss: head.loss,
                value: head.value,
                weight: None,
            });
        }
    }

    fn held_out_heads(&mut self, step: u64, t_s: f64, heads: &[HeadResult]) {
        for head in heads {
            let curves = self.head(&head.head);
            curves.target = head.target;
            curves.held_out.push(HeadPoint {
                step,
                t_s,
                loss: head.loss,
                value: head.value,
                weight: head.weight,
            });
        }
    }

    /// The curves of the head called `name`.
    fn head(&mut self, name: &str) -> &mut HeadCurves {
        let known = self.heads.iter().position(|head| head.name == name);
        let at = known.unwrap_or_else(|| {
            self.heads.push(HeadCurves {
                name: name.to_owned(),
                ..HeadCurves::default()
            });
            self.heads.len() - 1
        });
        &mut self.heads[at]
    }
}
