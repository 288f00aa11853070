//! Whether a run can teach another: the same task, samples of the same shape, the same classes.

use std::ops::Range;

use super::TeacherFrom;
use crate::data::{self, DataInfo, Normalisation};
use crate::setup::Setup;
use crate::setup::plan::Plan;
use crate::train::kept::Kept;
use crate::train::{TrainError, verify_checkpoint};

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
    /// How it sees samples was not kept with its checkpoint, and what it learnt from cannot be read any more.
    #[error("distil.teacher: how run {run} sees samples is not known: {source}")]
    Dataset {
        /// The teacher.
        run: String,
        /// What is wrong with it.
        source: Box<TrainError>,
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
    verify_checkpoint(&from.checkpoint, &from.setup.hash())?;
    Ok(Some(known.plan))
}

/// The teacher, where one is to be asked.
///
/// # Errors
/// Where one is, and nobody looked it up.
pub fn wanted<'a>(
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
pub struct Known {
    pub info: DataInfo,
    /// How it normalises samples; `None`: as this run does.
    pub normalisation: Option<Normalisation>,
    pub plan: Plan,
    /// Where in its answers the scores of each label are that this run learns.
    pub columns: Vec<Range<usize>>,
}

/// Looks at it, and whether it fits a run with `setup` and `plan` on what `ours` says.
///
/// # Errors
/// Where it does not.
pub fn known(
    from: &TeacherFrom,
    setup: &Setup,
    plan: &Plan,
    ours: &DataInfo,
) -> Result<Known, TeacherError> {
    let run = from.run_id.clone();
    let (theirs, normalisation) = if from.setup.dataset == setup.dataset {
        (ours.clone(), None)
    } else {
        let kept = Kept::load(&from.setup, &from.checkpoint);
        let encoding = kept.map_err(|source| TeacherError::Dataset {
            run: run.clone(),
            source: Box::new(source),
        });
        let encoding = encoding?.encoding;
        (encoding.info, Some(encoding.normalisation))
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
    let teacher = from.setup.plan_for(&theirs.counts());
    let teacher = teacher.map_err(|problems| TeacherError::Setup {
        run: run.clone(),
        why: problems.to_string(),
    })?;
    let columns = columns(run, &labels(&teacher, &theirs), &labels(plan, ours))?;
    Ok(Known {
        info: theirs,
        normalisation,
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
