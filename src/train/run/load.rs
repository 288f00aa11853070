//! Loading: the data, the way of learning, and the network with what it begins from.

use burn::tensor::Device;

use super::{Job, Run, Sources};
use crate::models::Network;
use crate::setup::{DatasetSetup, Setup, plan::Plan};
use crate::train::checkpoint::Position;
use crate::train::layers::Layers;
use crate::train::learner::Learner;
use crate::train::method::{Method, Subject};
use crate::train::reinforce::Reinforced;
use crate::train::supervised::Supervised;
use crate::train::{Observer, TrainError, start};

impl Run {
    /// The run, and the learner that it starts from; they are apart because every step replaces it.
    pub(super) fn load(
        job: Job,
        sources: &Sources,
        observer: &mut dyn Observer,
    ) -> Result<(Self, Learner), TrainError> {
        let Job {
            setup,
            plan,
            device,
            compiles,
            on_processor,
            checkpoints,
            resume,
            until,
        } = job;
        let (method, subject): (Box<dyn Method>, Subject) = match &setup.dataset {
            DatasetSetup::CartPole(cartpole) => {
                let (method, subject) = Reinforced::new(&setup.regime, cartpole, &device);
                (Box::new(method), subject)
            }
            _ => {
                let teacher = sources.teacher.as_ref();
                let (method, subject) =
                    Supervised::load(&setup, &plan, &device, on_processor, teacher)?;
                (Box::new(method), subject)
            }
        };
        let autodiff = device.clone().autodiff();
        let mut network = new_network(&setup, &subject, &plan, &autodiff);
        // What is resumed has it in its checkpoint.
        if let (Some(wanted), None) = (&setup.start, &resume) {
            let (begun, report) =
                start::begin(wanted, sources.start.as_ref(), &setup.model, network)?;
            observer.started(&report);
            network = begun;
        }
        let length = setup.length(subject.samples);
        let layers = Layers::new(&setup.regime.layers, &plan, length);
        let stages = setup.stages(&plan, length);
        let learner = Learner::new(&setup.regime, network, layers.clone(), &device)?;
        let setup_hash = setup.hash();
        let (learner, position, best) = match &resume {
            Some(path) => learner.restored(path, &setup_hash, &setup.regime, &device)?,
            None => (learner, Position::default(), None),
        };
        let run = Self {
            steps_per_epoch: length.steps_per_epoch,
            layers,
            stages,
            size: None,
            best,
            is_restored: false,
            setup,
            setup_hash,
            plan,
            subject,
            device,
            autodiff,
            compiles,
            checkpoints,
            until,
            method,
            position,
        };
        Ok((run, learner))
    }
}

/// The network of `setup` for `subject`, untrained.
pub(super) fn new_network(
    setup: &Setup,
    subject: &Subject,
    plan: &Plan,
    device: &Device,
) -> Network {
    let (input, outputs) = (subject.input, subject.outputs);
    Network::new(
        &setup.model,
        input,
        outputs,
        plan,
        setup.regime.seed,
        device,
    )
}
