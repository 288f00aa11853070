//! A trained network that stays loaded and is asked about samples of the user's own.

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Instant;

use super::busy::{Busy, Costs};
use super::controls::Controls;
use super::infer::{Answering, Ask, Asked};
use super::known::Known;
use super::outbox::Outbox;
use super::session::{self, failure, training_failure};
use super::watch::{Watching, all_answer};
use super::{convert, task, wall};
use crate::data::Features;
use crate::device::{self, DeviceEntry};
use crate::power::{self, Clock};
use crate::protocol::{
    AskReady, AskedSample, Event, Failure, FailureKind, HeadSaid, InferRequest, Saying,
};
use crate::train::{self, AnswerJob, Answerer, Means, Said, TrainError, can_infer};
use crate::units::Metric;

/// What the controller asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// What the network says of these.
    Samples {
        /// Comes back with the answers.
        id: u64,
        /// They.
        samples: Vec<AskedSample>,
    },
    /// To find the meters and to measure the idle machine.
    ReadMeters,
    /// What it takes to ask about the last sample.
    Measure(Ask),
}

/// A network to be asked.
pub struct Answer {
    /// Which.
    pub request: InferRequest,
    /// What the controller asks for.
    pub asked: Receiver<Question>,
}

impl Answer {
    /// Answers on a thread of its own; the process ends with it.
    pub fn start(self, outbox: Outbox, controls: Arc<Controls>) {
        task::start(
            "joulelab-train",
            outbox,
            controls,
            move |outbox, controls| self.run(outbox, controls),
        );
    }

    fn run(self, outbox: &Outbox, controls: &Controls) -> Result<(), Failure> {
        let begun = Instant::now();
        let request = self.request;
        let setup = &request.setup;
        if !can_infer(&setup.dataset) {
            return Err(Failure {
                kind: FailureKind::Setup,
                message: "a policy of reinforcement learning cannot be asked about samples: what it sees comes from its \
                          environment"
                    .to_owned(),
            });
        }
        let chosen = session::choose(&setup.device)?;
        let entry = chosen.entry;
        outbox.send(Event::Device {
            device: convert::device(&entry),
            because: chosen.because,
        });
        if let Some(folder) = &request.kernel_cache {
            device::use_kernel_cache(folder, &entry);
        }
        let opened = device::open(&entry).map_err(failure(FailureKind::Device))?;
        let answerer = Answerer::load(AnswerJob {
            setup: setup.clone(),
            device: opened.device.clone(),
            checkpoint: request.checkpoint.clone(),
        });
        let answerer = answerer.map_err(training_failure)?;
        outbox.send(Event::AskReady(Box::new(AskReady {
            step: answerer.step(),
            encoding: serde_json::to_value(&answerer.kept().encoding).unwrap_or_default(),
            seconds: begun.elapsed().as_secs_f64(),
        })));
        let answers = Answers {
            outbox,
            controls,
            request,
            entry,
        };
        answers.serve(answerer, &self.asked)
    }
}

struct Answers<'a> {
    outbox: &'a Outbox,
    controls: &'a Controls,
    request: InferRequest,
    entry: DeviceEntry,
}

impl<'a> Answers<'a> {
    /// Answers until the controller wants no more. Nothing is read of the meters before they are asked for.
    fn serve(&self, mut answerer: Answerer, asked: &Receiver<Question>) -> Result<(), Failure> {
        while let Ok(question) = asked.recv() {
            if self.controls.is_stopped() {
                return Ok(());
            }
            match question {
                Question::Samples { id, samples } => self.answer(&mut answerer, id, samples)?,
                Question::ReadMeters => return self.measured(answerer, asked),
                Question::Measure(_) => {
                    self.refuse("the meters are not read yet; send `read-meters` first")
                }
            }
        }
        Ok(())
    }

    /// The same, while the meters are read.
    fn measured(&self, answerer: Answerer, asked: &Receiver<Question>) -> Result<(), Failure> {
        let mut answering = self.read_meters(answerer)?;
        while let Ok(question) = asked.recv() {
            if self.controls.is_stopped() {
                return Ok(());
            }
            match question {
                Question::Samples { id, samples } => {
                    self.answer(&mut answering.inferer.answerer, id, samples)?;
                    // Another sample is warmed up to anew.
                    answering.inferer.is_begun = false;
                }
                Question::ReadMeters => {
                    // The idle machine may have changed since.
                    let Answering {
                        inferer, watching, ..
                    } = answering;
                    drop(watching);
                    answering = self.read_meters(inferer.answerer)?;
                }
                Question::Measure(ask) if ask.batch_size != 1 => {
                    self.refuse("one sample is asked about at a time");
                }
                Question::Measure(ask) => {
                    answering.measure(ask)?;
                    if self.controls.is_stopped() {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    fn read_meters(&self, answerer: Answerer) -> Result<Answering<'a, OneSample>, Failure> {
        let setup = &self.request.setup;
        let knowledge = &self.request.knowledge;
        let busy = Busy::default();
        busy.count(Costs::of_run(setup, answerer.plan(), 1, |_| true));
        let known = Known::of(knowledge, &self.entry);
        let mut found = power::discover(&known.options(&self.entry, &setup.measure, &busy));
        known.remark(&mut found);
        let at_wall = wall::report(&knowledge.walls, &self.entry.identity(), &found);
        self.outbox.send(convert::sources(&found, at_wall));
        self.outbox
            .send(convert::meters(&found, setup.measure.rate_hz, None));
        all_answer(&setup.measure, &found)?;
        let rate_hz = setup.measure.rate_hz;
        let mut watching = Watching::start(found, Clock::new(), rate_hz, None, self.outbox)?;
        if setup.measure.idle_s > 0.0 {
            watching.measure_idle(setup.measure.idle_s, self.controls)?;
        }
        self.ready(&answerer);
        Ok(Answering {
            inferer: OneSample {
                answerer,
                is_begun: false,
            },
            busy,
            watching,
            outbox: self.outbox,
            controls: self.controls,
        })
    }

    fn ready(&self, answerer: &Answerer) {
        self.outbox.send(Event::InferenceReady {
            step: answerer.step(),
            samples: 1,
        });
    }

    /// What is wrong with a sample is told, and others can be asked about; a device that fails ends it.
    fn answer(
        &self,
        answerer: &mut Answerer,
        id: u64,
        samples: Vec<AskedSample>,
    ) -> Result<(), Failure> {
        let mut answers = Vec::with_capacity(samples.len());
        for sample in samples {
            let (features, at) = match sample {
                AskedSample::Pixels(pixels) => (Features::U8(pixels), None),
                AskedSample::Numbers(numbers) => (Features::F32(numbers), None),
                AskedSample::Tokens { tokens, at } => (Features::Tokens(tokens), at),
            };
            match answerer.answer(&features, at) {
                Ok(said) => answers.push(said.into_iter().map(told).collect()),
                Err(error @ TrainError::Unfit(_)) => {
                    self.outbox.send(Event::Failed(training_failure(error)));
                    return Ok(());
                }
                Err(error) => return Err(training_failure(error)),
            }
        }
        self.outbox.send(Event::Answers { id, answers });
        Ok(())
    }

    fn refuse(&self, message: &str) {
        self.outbox.send(Event::Failed(Failure {
            kind: FailureKind::Protocol,
            message: message.to_owned(),
        }));
    }
}

fn told(said: Said) -> HeadSaid {
    HeadSaid {
        label: said.label,
        says: match said.what {
            train::Saying::Classes(shares) => Saying::Classes(shares),
            train::Saying::Number(number) => Saying::Number(number),
            train::Saying::Symbols(each) => Saying::Symbols(each),
        },
        seconds: said.seconds,
    }
}

/// The network, asked about its last sample over and over.
struct OneSample {
    answerer: Answerer,
    is_begun: bool,
}

impl Asked for OneSample {
    fn batch_size(&self) -> usize {
        usize::from(self.is_begun)
    }

    fn metric(&self) -> Metric {
        self.answerer.metric()
    }

    /// How good one answer is, nobody can tell.
    fn begin(&mut self, _: usize) -> Result<Means, TrainError> {
        self.is_begun = true;
        Ok(Means {
            loss: f64::NAN,
            metric: f64::NAN,
            others: Vec::new(),
            heads: Vec::new(),
        })
    }

    fn pass(&mut self) -> Result<(), TrainError> {
        self.answerer.pass()
    }
}
