//! A stored run that teaches: its network's answers to what is learnt from, for knowledge distillation.

use std::ops::Range;
use std::path::PathBuf;

use burn::module::Module;
use burn::store::ModuleRecord;
use burn::tensor::{Bytes, Device, Int, Tensor, TensorData};

use super::batches::{Batches, Feed, part_of};
use super::{CheckpointError, Observer, TrainError, Work, checkpoint};
use crate::data::{self, DataError, DataInfo, Normalisation};
use crate::models::{Network, Samples};
use crate::setup::plan::Plan;
use crate::setup::{Length, Setup};

/// Bytes of a teacher's answers that are kept on the device, where they can be.
const KEPT_BYTES_MAX: u64 = 256 << 20;

/// A run that is to teach another.
#[derive(Clone, Debug, PartialEq)]
pub struct TeacherFrom {
    /// The run.
    pub run_id: String,
    /// Its setup.
    pub setup: Setup,
    /// Folder of its checkpoint.
    pub checkpoint: PathBuf,
}

/// Why a run cannot teach another.
#[derive(Debug, thiserror::Error)]
pub enum TeacherError {
    /// A run was named and nobody looked it up.
    #[error("distil.teacher = `{0}` names a run, and there is no library here to find it in")]
    NoLibrary(String),
    /// It has learnt something else.
    #[error(
        "distil.teacher: run {run} was asked for {theirs}, and this run is asked for {ours}; only a run of the same task can teach"
    )]
    Task {
        /// The teacher.
        run: String,
        /// Its task.
        theirs: &'static str,
        /// The task of this run.
        ours: &'static str,
    },
    /// It reads other samples.
    #[error(
        "distil.teacher: run {run} reads samples of {theirs}, and here they have {ours}; only a run on samples of the same shape can \
         teach"
    )]
    Shape {
        /// The teacher.
        run: String,
        /// Shape of what it reads.
        theirs: String,
        /// Shape of the samples of this run.
        ours: String,
    },
    /// It tells other classes apart.
    #[error(
        "distil.teacher: run {run} tells apart {theirs}, and this run {ours}; only a run with the same classes can teach"
    )]
    Classes {
        /// The teacher.
        run: String,
        /// Its labels with their classes.
        theirs: String,
        /// Those of this run that it lacks.
        ours: String,
    },
    /// What it learnt from cannot be read any more, whose mean and deviation its samples are to be brought to.
    #[error(
        "distil.teacher: the dataset that run {run} learnt from is needed for how it sees samples: {source}"
    )]
    Dataset {
        /// The teacher.
        run: String,
        /// What is wrong with it.
        source: Box<DataError>,
    },
    /// Its setup is none that this version can build.
    #[error("distil.teacher: the network of run {run} cannot be built: {why}")]
    Setup {
        /// The teacher.
        run: String,
        /// What is wrong.
        why: String,
    },
}

/// Whether the teacher that `setup` names can teach, and its layers; before a device is touched. `None` where there is none, or it is not
/// asked.
///
/// # Errors
/// Where it has learnt another task or other classes, reads samples of another shape, or its checkpoint or dataset cannot be read.
pub fn check_teacher(
    setup: &Setup,
    plan: &Plan,
    from: Option<&TeacherFrom>,
) -> Result<Option<Plan>, TrainError> {
    let Some(from) = wanted(setup, from)? else {
        return Ok(None);
    };
    let info = data::describe(&setup.dataset)?;
    let known = known(from, setup, plan, &info)?;
    super::verify_checkpoint(&from.checkpoint, &from.setup.hash())?;
    Ok(Some(known.plan))
}

/// The teacher, where one is to be asked.
fn wanted<'a>(
    setup: &Setup,
    from: Option<&'a TeacherFrom>,
) -> Result<Option<&'a TeacherFrom>, TeacherError> {
    match (setup.distil.as_ref().filter(|distil| distil.asks()), from) {
        (None, _) => Ok(None),
        (Some(_), Some(from)) => Ok(Some(from)),
        (Some(distil), None) => Err(TeacherError::NoLibrary(distil.teacher.clone())),
    }
}

/// What is known of a teacher before its weights are read.
struct Known {
    info: DataInfo,
    plan: Plan,
    /// Where in its answers the scores of each label are that this run learns.
    columns: Vec<Range<usize>>,
}

fn known(
    from: &TeacherFrom,
    setup: &Setup,
    plan: &Plan,
    ours: &DataInfo,
) -> Result<Known, TeacherError> {
    let run = from.run_id.clone();
    let theirs = if from.setup.dataset == setup.dataset {
        ours.clone()
    } else {
        data::describe(&from.setup.dataset).map_err(|source| TeacherError::Dataset {
            run: run.clone(),
            source: Box::new(source),
        })?
    };
    if theirs.task != ours.task {
        return Err(TeacherError::Task {
            run,
            theirs: theirs.task.name(),
            ours: ours.task.name(),
        });
    }
    if theirs.input != ours.input {
        return Err(TeacherError::Shape {
            run,
            theirs: theirs.input.to_string(),
            ours: ours.input.to_string(),
        });
    }
    let teacher = from.setup.validate_with(&theirs.counts());
    let teacher = teacher.map_err(|problems| TeacherError::Setup {
        run: run.clone(),
        why: problems.to_string(),
    })?;
    let columns = columns(run, &labels(&teacher, &theirs), &labels(plan, ours))?;
    Ok(Known {
        info: theirs,
        plan: teacher,
        columns,
    })
}

/// A label with its classes, in the order of a network's answers.
type Label = (String, Vec<String>);

fn labels(plan: &Plan, info: &DataInfo) -> Vec<Label> {
    let label = |label: &data::LabelColumn| (label.name.clone(), label.classes.clone());
    match &plan.heads {
        None => vec![label(info.target_label())],
        Some(heads) => {
            let columns = info.columns(&heads.each).into_iter();
            columns
                .filter_map(|column| info.labels.get(column).map(label))
                .collect()
        }
    }
}

/// Where the scores of `ours` are in the answers of a network for `theirs`.
fn columns(
    run: String,
    theirs: &[Label],
    ours: &[Label],
) -> Result<Vec<Range<usize>>, TeacherError> {
    let mut places = Vec::with_capacity(theirs.len());
    let mut next = 0;
    for (_, classes) in theirs {
        places.push(next..next + classes.len());
        next += classes.len();
    }
    let single = theirs.len() == 1 && ours.len() == 1;
    let mut columns = Vec::with_capacity(ours.len());
    for (name, classes) in ours {
        let found = theirs
            .iter()
            .position(|(known, of)| (single || known == name) && of == classes);
        let Some(found) = found else {
            return Err(TeacherError::Classes {
                run,
                theirs: in_words(theirs),
                ours: in_words(&[(name.clone(), classes.clone())]),
            });
        };
        columns.push(places[found].clone());
    }
    Ok(columns)
}

/// Labels with their classes, as far as there is room for them.
fn in_words(labels: &[Label]) -> String {
    const SHOWN_MAX: usize = 12;
    let one = |(name, classes): &Label| {
        let shown: Vec<&str> = classes.iter().take(SHOWN_MAX).map(String::as_str).collect();
        let more = if classes.len() > SHOWN_MAX {
            ", …"
        } else {
            ""
        };
        let count = classes.len();
        format!("`{name}` ({count} classes: {}{more})", shown.join(", "))
    };
    labels.iter().map(one).collect::<Vec<_>>().join(" and ")
}

/// A network that is asked and does not learn.
pub struct Teacher {
    /// Without autodiff.
    network: Network,
    view: Option<View>,
    /// Which of its scores are learnt; none where all are, in their order.
    columns: Option<Vec<Range<usize>>>,
    /// Numbers of an answer.
    numbers: usize,
    /// Samples that are asked about at once.
    at_once: usize,
    /// Whether its answers are the same each time it is asked about a sample, and are kept.
    keeps: bool,
    /// Whether the run has begun: what is asked before is thrown away.
    has_begun: bool,
    /// Its answers to all samples, `[samples, numbers of a sample]`.
    kept: Option<Tensor<2>>,
}

/// From samples as one dataset normalises them to how another does: `x · scale + shift`, `[1, numbers]` each.
struct View {
    scale: Tensor<2>,
    shift: Tensor<2>,
}

/// The run that is taught.
pub struct Taught<'a> {
    /// Its setup.
    pub setup: &'a Setup,
    /// Its layers.
    pub plan: &'a Plan,
    /// What it learns from.
    pub info: &'a DataInfo,
    /// How that is normalised.
    pub normalisation: &'a Normalisation,
    /// How long it is.
    pub length: Length,
    /// Where it is trained, without autodiff.
    pub device: &'a Device,
}

impl Teacher {
    /// Reads the weights of the run that the setup names: its averaged ones, where it made an average. `None` where none is to be asked.
    /// `is_resident`: whether the samples lie on the device, so that its answers can too.
    ///
    /// # Errors
    /// As [`check_teacher`].
    pub fn load(
        taught: &Taught<'_>,
        from: Option<&TeacherFrom>,
        is_resident: bool,
    ) -> Result<Option<Self>, TrainError> {
        let (setup, device) = (taught.setup, taught.device);
        let Some(from) = wanted(setup, from)? else {
            return Ok(None);
        };
        let Known {
            info,
            plan,
            columns,
        } = known(from, setup, taught.plan, taught.info)?;
        super::verify_checkpoint(&from.checkpoint, &from.setup.hash())?;
        let view = if from.setup.dataset == setup.dataset {
            None
        } else {
            let theirs = data::load(&from.setup.dataset)
                .map_err(|source| TeacherError::Dataset {
                    run: from.run_id.clone(),
                    source: Box::new(source),
                })?
                .normalisation;
            View::new(taught.normalisation, &theirs, info.input.len(), device)
        };
        let (outputs, seed) = (info.outputs(), from.setup.regime.seed);
        let network = Network::new(&from.setup.model, info.input, outputs, &plan, seed, device);
        let weights = checkpoint::weights(&from.checkpoint)?;
        let unreadable = |message: String| CheckpointError::Damaged {
            message,
            path: weights.path.clone(),
        };
        let bytes = std::fs::read(&weights.path).map_err(|error| unreadable(error.to_string()))?;
        let network = ModuleRecord::from_bytes(Bytes::from_bytes_vec(bytes))
            .and_then(|record| network.try_load_record(record))
            .map_err(|error| unreadable(error.to_string()))?;

        let regime = &setup.regime;
        let numbers: usize = columns.iter().map(Range::len).sum();
        let positions = if outputs.per_position {
            info.input.len()
        } else {
            1
        };
        let bytes =
            taught.info.train_samples as u64 * (numbers * positions * size_of::<f32>()) as u64;
        // Otherwise it is asked about no sample twice.
        let is_long = taught
            .length
            .steps_max
            .is_none_or(|steps| steps > taught.length.steps_per_epoch);
        let all = plan
            .heads
            .as_ref()
            .map_or(outputs.numbers, |heads| heads.numbers());
        let in_order: Vec<usize> = columns.iter().cloned().flatten().collect();
        let is_all = in_order.into_iter().eq(0..all);
        Ok(Some(Self {
            network: network.valid(),
            view,
            columns: (!is_all).then_some(columns),
            numbers,
            at_once: regime.batch_size / regime.accumulation_steps(),
            keeps: is_resident
                && !regime.augmentation.is_active()
                && is_long
                && bytes <= KEPT_BYTES_MAX,
            has_begun: false,
            kept: None,
        }))
    }

    /// From now on what it is asked counts.
    pub fn begin(&mut self) {
        self.has_begun = true;
        self.kept = None;
    }

    /// Its scores for the batch of step `step`, whose samples are `samples`, `[answers, numbers]`, without autodiff. Waits for nothing; tells
    /// `observer` of the work.
    ///
    /// # Errors
    /// Where the samples cannot be had.
    pub fn scores(
        &mut self,
        step: u64,
        samples: &Samples,
        feed: &mut Feed,
        observer: &mut dyn Observer,
    ) -> Result<Tensor<2>, TrainError> {
        if self.keeps && self.has_begun {
            if self.kept.is_none() {
                self.kept = Some(self.all(feed.batches(), observer)?);
            }
            if let (Some(kept), Some(chosen)) = (&self.kept, feed.chosen(step)) {
                return Ok(self.looked_up(kept, chosen.inner()));
            }
        }
        let count = (len(samples) / self.at_once.max(1)).max(1);
        let parts = (0..count).map(|index| self.ask(part_of(samples, index, count)));
        let scores = Tensor::cat(parts.collect(), 0);
        observer.worked(Work::Teach {
            samples: len(samples) as u64,
            batches: count as u64,
        });
        if self.keeps {
            // The warm-up is to know the kernel that looks answers up, too.
            let [rows, numbers] = scores.dims();
            let batch = len(samples);
            let own = rows / batch * numbers;
            let all: Vec<i32> = (0..batch as i32).collect();
            let all = Tensor::from_data(TensorData::new(all, [batch]), &scores.device());
            return Ok(self.looked_up(&scores.reshape([batch, own]), all));
        }
        Ok(scores)
    }

    /// The rows `chosen` of `kept`, `[answers, numbers]`.
    fn looked_up(&self, kept: &Tensor<2>, chosen: Tensor<1, Int>) -> Tensor<2> {
        let [batch] = chosen.dims();
        let [_, own] = kept.dims();
        let rows = batch * (own / self.numbers.max(1));
        kept.clone().select(0, chosen).reshape([rows, self.numbers])
    }

    /// Its answers to every sample, `[samples, numbers of a sample]`: each once, however long the run is.
    fn all(&self, batches: &Batches, observer: &mut dyn Observer) -> Result<Tensor<2>, TrainError> {
        let (samples, size) = (batches.len(), self.at_once.min(batches.len()).max(1));
        let count = samples.div_ceil(size);
        // Batches of one shape: the last is filled up with samples that were there before.
        let order = (0..count * size).map(|place| (place % samples) as u32);
        let order = batches.order(order.collect());
        let mut all = Vec::with_capacity(count);
        for index in 0..count {
            let batch = batches.batch(&order, index * size, size, None)?;
            all.push(self.ask(batch.samples));
        }
        observer.worked(Work::Teach {
            samples: (count * size) as u64,
            batches: count as u64,
        });
        let all = Tensor::cat(all, 0);
        let [rows, numbers] = all.dims();
        let own = rows / (count * size) * numbers;
        Ok(all.reshape([count * size, own]).narrow(0, 0, samples))
    }

    /// Its scores, without autodiff.
    fn ask(&self, samples: Samples) -> Tensor<2> {
        let samples = match samples {
            Samples::Numbers(numbers) => {
                let numbers = numbers.inner();
                Samples::Numbers(match &self.view {
                    Some(view) => numbers * view.scale.clone() + view.shift.clone(),
                    None => numbers,
                })
            }
            Samples::Tokens(tokens) => Samples::Tokens(tokens.inner()),
            Samples::Images(images) => Samples::Images(images.inner()),
        };
        let scores = self.network.forward(samples);
        match &self.columns {
            None => scores,
            Some(columns) => {
                let part =
                    |range: &Range<usize>| scores.clone().narrow(1, range.start, range.len());
                Tensor::cat(columns.iter().map(part).collect(), 1)
            }
        }
    }
}

impl View {
    /// From `ours` to `theirs` for samples of `len` numbers; `None` where they are the same.
    fn new(
        ours: &Normalisation,
        theirs: &Normalisation,
        len: usize,
        device: &Device,
    ) -> Option<Self> {
        if ours == theirs || ours.mean.is_empty() {
            return None;
        }
        let run = (len / ours.mean.len()).max(1);
        let pairs = ours.mean.iter().zip(&ours.std);
        let pairs = pairs.zip(theirs.mean.iter().zip(&theirs.std));
        let (mut scale, mut shift) = (Vec::with_capacity(len), Vec::with_capacity(len));
        for ((mean, std), (their_mean, their_std)) in pairs {
            scale.extend(std::iter::repeat_n(std / their_std, run));
            shift.extend(std::iter::repeat_n((mean - their_mean) / their_std, run));
        }
        let row = |values: Vec<f32>| {
            let shape = [1, values.len()];
            Tensor::from_data(TensorData::new(values, shape), device)
        };
        Some(Self {
            scale: row(scale),
            shift: row(shift),
        })
    }
}

fn len(samples: &Samples) -> usize {
    match samples {
        Samples::Numbers(numbers) => numbers.dims()[0],
        Samples::Tokens(tokens) => tokens.dims()[0],
        Samples::Images(images) => images.dims()[0],
    }
}
