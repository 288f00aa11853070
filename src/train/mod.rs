//! Training: data on the device, the loop with its phases, evaluation, checkpoints.
//!
//! Depends on `models`, `data` and `setup`. Knows nothing of meters, processes or windows: whoever trains implements
//! [`Observer`], which hears of every phase and decides when to pause or stop.

mod answer;
mod averaging;
mod batches;
mod checkpoint;
mod clip;
mod confusion;
mod error;
mod evaluate;
mod half;
mod infer;
mod joint;
mod kept;
mod layers;
mod learner;
mod method;
mod metrics;
mod objective;
mod observer;
pub mod optimiser;
mod pace;
mod reinforce;
mod run;
mod start;
mod stop;
mod supervised;
mod teacher;
mod update;

pub use answer::{AnswerJob, Answerer, Said, Saying};
pub use batches::{Batch, Batches, Columns, Feed, Feeding, Residence, Scale, Shrink};
pub use checkpoint::{CheckpointError, Saved, verify_checkpoint};
pub use confusion::{CLASSES_MAX, Predictions, SAMPLES_KEPT_MAX, SamplePredictions};
pub use error::TrainError;
pub use half::check_precision;
pub use infer::{InferJob, Inferer, can_infer};
pub use objective::{Means, Targets};
pub use observer::{Evaluation, Observer, Progress, Signal, Work};
pub use reinforce::{CartPole, Episode};
pub use run::{Job, Outcome, Sources, train, train_from, train_with};
pub use start::{StartError, StartFrom, begin, check_start};
pub use stop::{Best, StopReason};
pub use teacher::{TeacherError, TeacherFrom, check_teacher};
