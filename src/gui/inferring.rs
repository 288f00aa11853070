//! Measuring what the answers of a run cost, off the window's thread.

use std::sync::{Arc, Mutex, PoisonError};

use super::asking::Place;
use super::jobs::{Lane, Progress};
use super::state::{Shared, State};
use crate::analysis;
use crate::control::{self, InferPlan, disagreement};
use crate::library::Inference;
use crate::protocol::Event;

/// What is being measured of a run's answers, or was last.
pub struct Inferring {
    /// Which run.
    pub run_id: String,
    /// How it is asked.
    pub plan: InferPlan,
    /// How far it is, and how to end it.
    pub progress: Arc<Progress>,
    /// What it does now.
    pub doing: Arc<Mutex<String>>,
    /// How it ended: records that were stored, or why there are none.
    pub ended: Option<Result<usize, String>>,
}

impl Inferring {
    /// Whether it goes on.
    pub fn is_going_on(&self) -> bool {
        self.ended.is_none()
    }

    /// What it does now, in words.
    pub fn doing(&self) -> String {
        self.doing
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Shared {
    /// Whether it is measured what answers cost.
    pub fn is_inferring(&self) -> bool {
        self.inferring.as_ref().is_some_and(Inferring::is_going_on)
    }

    /// Measures what the answers of run `run_id` cost, as `plan` says, and stores it.
    pub fn infer(&mut self, run_id: String, plan: InferPlan) {
        self.close_asking();
        let place = Place::of(self);
        let doing = Arc::new(Mutex::new("Reading the network".to_owned()));
        let told = Arc::clone(&doing);
        let sender = self.jobs.sender();
        let (id, asked) = (run_id.clone(), plan.clone());
        let title = "Measuring what answers cost";
        let progress = self.jobs.run_shown(Lane::Ask, title, move |progress| {
            let mut listening = Listening {
                plan: &asked,
                sizes: 0,
                windows: 0,
            };
            let mut hear = |event: &Event| {
                if let Some((words, share)) = listening.take(event) {
                    *told.lock().unwrap_or_else(PoisonError::into_inner) = words;
                    progress.set(share);
                    // Only wakes the window.
                    sender.send(|_| {});
                }
                !progress.is_cancelled()
            };
            let result = place.infer(&id, &asked, &mut hear);
            Box::new(move |state: &mut State| state.inferred(&id, result))
        });
        self.inferring = Some(Inferring {
            run_id,
            plan,
            progress,
            doing,
            ended: None,
        });
    }
}

impl State {
    fn inferred(&mut self, run_id: &str, result: Result<usize, String>) {
        let shared = &mut self.shared;
        match &result {
            Ok(0) => shared
                .toasts
                .info("Measuring was cancelled; nothing was kept"),
            Ok(_) => shared
                .toasts
                .good("What answers cost is measured and in the library"),
            Err(why) => shared.toasts.error(why.clone()),
        }
        shared.library_revision += 1;
        let inferring = shared.inferring.as_mut();
        if let Some(inferring) = inferring.filter(|one| one.run_id == run_id) {
            inferring.ended = Some(result);
        }
    }
}

impl Place {
    /// Measures and stores; how many records there are now more.
    fn infer(
        &self,
        run_id: &str,
        plan: &InferPlan,
        hear: &mut dyn FnMut(&Event) -> bool,
    ) -> Result<usize, String> {
        let (request, details) = self.request(run_id)?;
        let pue = request.setup.measure.pue;
        let intensity = analysis::lookup(request.setup.measure.country.as_deref())
            .map_err(|error| error.to_string())?;
        let inferred = control::infer(&self.worker, request, plan, hear);
        let inferred = inferred.map_err(|error| error.to_string())?;
        let mut found: Vec<Inference> = Vec::new();
        for batch in &inferred.batches {
            let electricity = (&intensity, pue);
            let one = control::measured(&inferred, batch, &details.epochs, plan, electricity);
            if let Some(why) = disagreement(&one) {
                return Err(why);
            }
            found.push(one);
        }
        self.with(|library| {
            for one in &found {
                library.store_inference(run_id, one)?;
            }
            Ok(())
        })?;
        Ok(found.len())
    }
}

/// How far measuring is, by what the worker tells.
struct Listening<'a> {
    plan: &'a InferPlan,
    /// Batch sizes that were begun.
    sizes: usize,
    /// Windows of the last of them.
    windows: usize,
}

impl Listening<'_> {
    /// What it does now and how much is done, where `event` tells something new.
    fn take(&mut self, event: &Event) -> Option<(String, f64)> {
        let words = match event {
            Event::Meters { .. } => "Measuring the idle machine".to_owned(),
            Event::InferenceReady { .. } => "Asking about all held-out samples".to_owned(),
            Event::InferenceBegun(begun) => {
                self.sizes += 1;
                self.windows = 0;
                format!("{} at once: first window", begun.batch_size)
            }
            Event::Inferred(window) => {
                self.windows += 1;
                format!(
                    "{} at once: {} of at most {} windows",
                    window.batch_size, self.windows, self.plan.windows_max
                )
            }
            _ => return None,
        };
        // Few need all windows that they may have.
        let of_size = self.windows as f64 / self.plan.windows_max.max(1) as f64;
        let done = self.sizes.saturating_sub(1) as f64 + of_size;
        Some((words, done / self.plan.batch_sizes.len().max(1) as f64))
    }
}
