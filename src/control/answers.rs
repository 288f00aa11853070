//! A trained network that stays loaded in a worker and is asked about samples of one's own.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::ask::AskError;
use super::infer::{InferPlan, Inferred, windows};
use super::process::{Worker, WorkerCommand};
use crate::data::Features;
use crate::data::own::{Encoding, OwnSample, Takes};
use crate::protocol::{
    AskedSample, Command, Device, Event, Failure, FailureKind, HeadSaid, InferRequest, Saying,
};

/// Samples that are asked about with one command.
const AT_ONCE: usize = 64;

/// A network that can be asked. Its worker ends when this is dropped.
pub struct Asker {
    worker: Worker,
    device: Device,
    step: u64,
    encoding: Encoding,
    last_id: u64,
}

/// What a network says of a sample, by head.
pub type Answered = Vec<HeadSaid>;

/// A text that a network went on with.
#[derive(Clone, Debug, PartialEq)]
pub struct Continued {
    /// What it added.
    pub text: String,
    /// Answers that this took: one for each character.
    pub answers: u64,
    /// Seconds of all answers together.
    pub seconds: f64,
}

/// How the next character is chosen among those that a network holds possible.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Taste {
    /// 0 takes the likeliest, 1 draws as the network says, above it what is less likely more often.
    pub temperature: f64,
    /// Of the draws.
    pub seed: u64,
}

impl Asker {
    /// Starts a worker and waits until it has read the network of `request`. `hear` is told every event on the way.
    ///
    /// # Errors
    /// Where the worker cannot be started or dies, or the network cannot be read.
    pub fn start(
        command: &WorkerCommand,
        request: InferRequest,
        mut hear: impl FnMut(&Event),
    ) -> Result<Self, AskError> {
        let mut worker = Worker::start(command)?;
        worker.send(&Command::Ask(Box::new(request)));
        let mut device = None;
        let ready = loop {
            let event = next(&mut worker)?;
            hear(&event);
            match event {
                Event::Device { device: found, .. } => device = Some(found),
                Event::AskReady(ready) => break ready,
                _ => {}
            }
        };
        let encoding = serde_json::from_value(ready.encoding)
            .map_err(|error| protocol(&format!("an encoding that cannot be read: {error}")))?;
        Ok(Self {
            worker,
            device: device.ok_or_else(|| protocol("no device"))?,
            step: ready.step,
            encoding,
            last_id: 0,
        })
    }

    /// Where it answers.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Steps that had been done when its weights were saved.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// How samples of one's own become those that it takes.
    pub fn encoding(&self) -> &Encoding {
        &self.encoding
    }

    /// What the network says of each of `samples`.
    ///
    /// # Errors
    /// Where a sample is not what the network takes, or the worker fails or dies.
    pub fn ask(&mut self, samples: &[OwnSample]) -> Result<Vec<Answered>, AskError> {
        let mut all = Vec::with_capacity(samples.len());
        for some in samples.chunks(AT_ONCE) {
            self.last_id += 1;
            self.worker.send(&Command::Question {
                id: self.last_id,
                samples: some.iter().map(asked).collect(),
            });
            loop {
                match next(&mut self.worker)? {
                    Event::Answers { id, answers } if id == self.last_id => {
                        all.extend(answers);
                        break;
                    }
                    _ => {}
                }
            }
        }
        if all.len() != samples.len() {
            return Err(protocol("not as many answers as there were samples"));
        }
        Ok(all)
    }

    /// Goes on with `text` for `characters`.
    ///
    /// # Errors
    /// As [`Self::ask`]; and where the network foretells no characters, or `text` cannot be told to it.
    pub fn go_on(
        &mut self,
        text: &str,
        characters: usize,
        taste: Taste,
    ) -> Result<Continued, AskError> {
        let refused = |message: String| {
            AskError::Refused(Failure {
                kind: FailureKind::Setup,
                message,
            })
        };
        let Takes::Text(rule) = self.encoding.takes.clone() else {
            return Err(refused("the network foretells no characters".to_owned()));
        };
        if !rule.continues {
            return Err(refused(
                "the network puts texts into classes; it foretells no characters".to_owned(),
            ));
        }
        let mut draws = ChaCha8Rng::seed_from_u64(taste.seed);
        let mut whole = text.to_owned();
        let mut continued = Continued {
            text: String::new(),
            answers: 0,
            seconds: 0.0,
        };
        for _ in 0..characters {
            let sample = self.encoding.text(&whole);
            let sample = sample.map_err(|error| refused(error.to_string()))?;
            let answers = self.ask(std::slice::from_ref(&sample))?;
            let said = answers.first().and_then(|heads| heads.first());
            let said = said.ok_or_else(|| protocol("no answer"))?;
            continued.answers += 1;
            continued.seconds += said.seconds;
            let Saying::Classes(shares) = &said.says else {
                return Err(protocol("no probabilities of characters"));
            };
            // What is no character cannot be written.
            let possible = (0..shares.len()).filter_map(|token| {
                let character = rule.character(token)?;
                Some((character, shares[token]))
            });
            let possible: Vec<(char, f64)> = possible.collect();
            let Some(character) = taken(&possible, taste.temperature, &mut draws) else {
                break;
            };
            whole.push(character);
            continued.text.push(character);
        }
        Ok(continued)
    }

    /// Measures what it takes to ask about the sample that was asked about last, as `plan` says, one at a time. `hear` is told every
    /// event, and says whether to go on.
    ///
    /// # Errors
    /// Where the worker fails or dies, or the meters do not answer.
    pub fn measure(
        &mut self,
        plan: &InferPlan,
        hear: &mut dyn FnMut(&Event) -> bool,
    ) -> Result<Inferred, AskError> {
        let plan = InferPlan {
            batch_sizes: vec![1],
            ..plan.clone()
        };
        self.worker.send(&Command::ReadMeters);
        windows(&mut self.worker, Some(self.device.clone()), &plan, hear)
    }
}

/// The character that is taken: the likeliest, or one that is drawn by shares to the power of 1 ÷ temperature.
fn taken(possible: &[(char, f64)], temperature: f64, draws: &mut ChaCha8Rng) -> Option<char> {
    if temperature <= 0.0 {
        let best = possible
            .iter()
            .copied()
            .reduce(|a, b| if b.1 > a.1 { b } else { a });
        return best.map(|(character, _)| character);
    }
    let weights = possible
        .iter()
        .map(|(_, share)| share.powf(1.0 / temperature));
    let weights: Vec<f64> = weights.collect();
    // 53 bits are what an f64 holds exactly.
    let share = (draws.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
    let mut left = share * weights.iter().sum::<f64>();
    for ((character, _), weight) in possible.iter().zip(&weights) {
        left -= weight;
        if left < 0.0 {
            return Some(*character);
        }
    }
    possible.last().map(|(character, _)| *character)
}

fn next(worker: &mut Worker) -> Result<Event, AskError> {
    match worker.events.recv() {
        Ok(Event::Failed(failure)) => Err(AskError::Refused(failure)),
        Ok(event) => Ok(event),
        Err(_) => Err(AskError::Died(worker.cause())),
    }
}

fn asked(sample: &OwnSample) -> AskedSample {
    match &sample.features {
        Features::U8(pixels) => AskedSample::Pixels(pixels.clone()),
        Features::F32(numbers) => AskedSample::Numbers(numbers.clone()),
        Features::Tokens(tokens) => AskedSample::Tokens {
            tokens: tokens.clone(),
            at: sample.at,
        },
    }
}

fn protocol(what: &str) -> AskError {
    AskError::Refused(Failure {
        kind: FailureKind::Protocol,
        message: format!("the worker told {what}"),
    })
}
