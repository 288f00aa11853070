//! What is learnt from, by what and from whom: looked up before there is a run, and told.

use super::{failure, training_failure};
use crate::data::{self, DataInfo};
use crate::protocol::{self, Data, Event, Failure, FailureKind};
use crate::setup::plan::Plan;
use crate::setup::{InputShape, Setup};
use crate::train::{self, TeacherFrom};
use crate::worker::outbox::Outbox;

/// Looks the dataset up, plans the model for it, and tells both.
pub fn describe(setup: &Setup, outbox: &Outbox) -> Result<(Plan, InputShape), Failure> {
    let (info, plan) = planned(setup)?;
    let input = info.input;
    tell(setup, info, plan.clone(), None, outbox);
    Ok((plan, input))
}

/// As [`describe`], with the layers of the run that teaches this one, where one is to.
pub fn describe_taught(
    setup: &Setup,
    teacher: Option<&TeacherFrom>,
    outbox: &Outbox,
) -> Result<(Plan, Option<Plan>), Failure> {
    let (info, plan) = planned(setup)?;
    let teacher = train::check_teacher(setup, &plan, teacher).map_err(training_failure)?;
    tell(setup, info, plan.clone(), teacher.clone(), outbox);
    Ok((plan, teacher))
}

/// A run that teaches, as the train room takes it.
pub fn teacher_from(teacher: protocol::Teacher) -> TeacherFrom {
    TeacherFrom {
        run_id: teacher.run_id,
        setup: teacher.setup,
        checkpoint: teacher.checkpoint,
    }
}

fn planned(setup: &Setup) -> Result<(DataInfo, Plan), Failure> {
    setup.validate().map_err(failure(FailureKind::Setup))?;
    let info = data::describe(&setup.dataset).map_err(failure(FailureKind::Data))?;
    let plan = setup
        .validate_with(&info.counts())
        .map_err(failure(FailureKind::Setup))?;
    Ok((info, plan))
}

fn tell(setup: &Setup, info: DataInfo, plan: Plan, teacher: Option<Plan>, outbox: &Outbox) {
    outbox.send(Event::Data(Data {
        task: info.task,
        steps_per_epoch: setup.steps_per_epoch(info.train_samples) as u64,
        classes: info.classes().to_vec(),
        head_classes: info.head_classes(&plan),
        train: info.train_samples,
        test: info.test_samples,
        name: info.name,
        title: info.title,
        input: info.input,
        plan,
        teacher,
    }));
}
