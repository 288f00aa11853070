//! Drives workers: starts one, speaks the protocol, records what it tells into the library. The window and the command
//! line both work through this.
//!
//! Depends on `protocol`, `library`, `analysis` (carbon, searchers), `data` (samples of one's own) and `setup`. Touches no device and no meter: a worker that dies
//! takes neither its controller nor the record with it.

mod answers;
mod ask;
mod folders;
mod infer;
mod knowledge;
mod lineage;
mod machine;
mod measured;
mod outlook;
mod process;
mod record;
mod run_control;
mod session;
mod sweep;
mod teacher;
mod watch;

pub use answers::{Answered, Asker, Continued, Taste};
pub use ask::{AskError, Diagnosis, Traced, devices, doctor, fit_wall, replay, trace};
pub use folders::Folders;
pub use infer::{InferPlan, Inferred, InferredBatch, each_once, infer};
pub use knowledge::{keep as keep_learnt, knowledge};
pub use machine::{here, is_alive};
pub use measured::{disagreement, measured};
pub use outlook::past_runs;
pub use process::{StartError, WorkerCommand};
pub use record::sum_of_protocol as sum_of_parts;
pub use run_control::RunControl;
pub use session::{Ending, Launch, RunEvent, RunSession, new_id, start};
pub use sweep::{
    SweepControl, SweepEnding, SweepEvent, SweepFailure, SweepLaunch, SweepSession, check_starts,
    start_sweep,
};
pub use teacher::{FoundTeacher, NoTeacher, teacher};
pub use watch::{Heard, LoadPlan, Watch, load, measure, measure_idle, watch};
