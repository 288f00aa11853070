//! One run under control: its worker, its record, and whoever watches.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use super::folders::Folders;
use super::lineage;
use super::machine::here;
use super::outlook::{self, Outlook};
use super::process::{StartError, Worker, WorkerCommand};
use super::record::{self, Recorder};
use super::run_control::{CHECKPOINT, KILL, PAUSE, RESUME, RunControl, STOP};
use super::teacher::{NoTeacher, teacher};
use crate::analysis::{self, CarbonError, CarbonIntensity, operational};
use crate::library::{
    self, Ancestor, CarbonBasis, CarbonSummary, Library, LibraryError, NewRun, PhaseEnergy, Status,
};
use crate::protocol::{
    self, Command, Data, Device, Event, Failure, FailureKind, Resume, RunRequest, SelfCheck,
    Summary, Terms,
};
use crate::setup::{Setup, StartSetup};

/// Time between two transactions.
const STORE_EVERY: Duration = Duration::from_millis(500);
/// How often wishes of the user are looked for.
const TICK: Duration = Duration::from_millis(50);
/// How long a library that cannot be written is tried again before the run is ended.
const STORE_PATIENCE: Duration = Duration::from_secs(30);
/// How long a worker may take to end after its last word.
const END_PATIENCE: Duration = Duration::from_secs(10);
/// Events that may wait for whoever watches.
const EVENTS_WAITING: usize = 4096;

/// A run to be started.
#[derive(Clone, Debug)]
pub struct Launch {
    /// What to train. For a resumed run, its own setup.
    pub setup: Setup,
    /// Name, where the user gave one.
    pub name: Option<String>,
    /// Remark, where the user made one.
    pub note: Option<String>,
    /// Labels.
    pub tags: Vec<String>,
    /// Identifier of the run to go on with.
    pub resume: Option<String>,
    /// File to which every raw reading of the meters is written.
    pub record: Option<PathBuf>,
    /// How to start the worker.
    pub worker: WorkerCommand,
    /// The library.
    pub library: PathBuf,
}

/// What whoever watches a run hears of.
#[derive(Clone, Debug)]
pub enum RunEvent {
    /// The worker said something.
    Worker(Box<Event>),
    /// The run is in the library now.
    Recorded {
        /// Its identifier.
        run_id: String,
    },
    /// The run is over; the last event.
    Ended(Box<Ending>),
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Ending {
    /// Its identifier, where it came to be recorded.
    pub run_id: Option<String>,
    /// How it stands in the library.
    pub status: Status,
    /// What went wrong.
    pub failure: Option<Failure>,
    /// Whether the worker died, rather than ending by itself.
    pub worker_died: bool,
    /// Whether the library failed, rather than the run.
    pub library_failed: bool,
    /// What it came to.
    pub summary: Option<Summary>,
    /// Its carbon.
    pub carbon: Option<CarbonSummary>,
}

/// A run that is going on.
pub struct RunSession {
    /// What happens; ends after [`RunEvent::Ended`].
    pub events: Receiver<RunEvent>,
    /// What the user can do.
    pub control: RunControl,
}

/// Starts a run; it goes on whether or not its events are taken.
///
/// # Errors
/// Where the worker cannot be started.
pub fn start(launch: Launch) -> Result<RunSession, StartError> {
    let worker = Worker::start(&launch.worker)?;
    let (sender, events) = sync_channel(EVENTS_WAITING);
    let control = RunControl::default();
    let wishes = control.clone();
    std::thread::Builder::new()
        .name("joulelab-record".to_owned())
        .spawn(move || {
            let told = sender.clone();
            // Whoever watches may be slow or gone; the record does not wait for them.
            let watcher = move |event| {
                if told.try_send(event).is_err() {
                    tracing::debug!("nobody took an event of the run in time");
                }
            };
            let place = Among {
                run_id: launch.resume.clone().unwrap_or_else(new_id),
                terms: Terms::default(),
            };
            let (ending, _) = run_in(worker, launch, place, wishes, Box::new(watcher));
            // Whoever watched may be gone; the record is complete either way.
            let _ = sender.send(RunEvent::Ended(Box::new(ending)));
        })
        .map_err(StartError::Start)?;
    Ok(RunSession { events, control })
}

/// Where a run stands among others.
pub(super) struct Among {
    /// Its identifier: of a resumed run its own, else a new one.
    pub run_id: String,
    /// What holds around it.
    pub terms: Terms,
}

/// Hears of everything that a run tells, on the thread that records it: it must not wait.
pub(super) type Watcher<'a> = Box<dyn FnMut(RunEvent) + 'a>;

/// Makes a run with `worker` on the calling thread. Gives the worker back where it takes another one.
pub(super) fn run_in(
    worker: Worker,
    launch: Launch,
    place: Among,
    wishes: RunControl,
    watcher: Watcher<'_>,
) -> (Ending, Option<Worker>) {
    Session::new(launch, worker, place, wishes, watcher).run()
}

struct Session<'a> {
    launch: Launch,
    terms: Terms,
    folders: Folders,
    worker: Worker,
    wishes: RunControl,
    watcher: Watcher<'a>,
    run_id: String,
    /// Whether the worker has ended the run and takes another one.
    is_free: bool,
    device: Option<Device>,
    data: Option<Data>,
    self_check: Option<library::SelfCheck>,
    intensity: Option<CarbonIntensity>,
    recorder: Option<Recorder>,
    /// What the run will come to; not of a resumed one, which is told by its beginning.
    outlook: Option<Outlook>,
    /// Identifier of the wall calibration that is applied.
    calibration: Option<String>,
    /// What the worker learnt of the machine's power.
    learnt: Option<Event>,
    /// Of a resumed run: its device, and the step that it goes on from.
    resumes_on: Option<String>,
    from_step: u64,
    /// The run that it starts from, and whose work is in its weights.
    parent: Option<String>,
    ancestors: Vec<Ancestor>,
    store_now: bool,
    killed: bool,
}

/// What ended the loop over the worker's events.
enum End {
    Finished(Box<Summary>),
    Failed(Failure),
    WorkerGone,
    Library(LibraryError),
}

impl<'a> Session<'a> {
    fn new(
        launch: Launch,
        worker: Worker,
        place: Among,
        wishes: RunControl,
        watcher: Watcher<'a>,
    ) -> Self {
        Self {
            folders: Folders::beside(&launch.library),
            launch,
            worker,
            wishes,
            watcher,
            run_id: place.run_id,
            terms: place.terms,
            is_free: false,
            device: None,
            data: None,
            self_check: None,
            intensity: None,
            recorder: None,
            outlook: None,
            calibration: None,
            learnt: None,
            resumes_on: None,
            from_step: 0,
            parent: None,
            ancestors: Vec::new(),
            store_now: false,
            killed: false,
        }
    }

    fn run(mut self) -> (Ending, Option<Worker>) {
        let mut library = match Library::open(&self.launch.library) {
            Ok(library) => library,
            Err(error) => return self.ending(None, End::Library(error)),
        };
        let end = match self.ask(&library) {
            Ok(trained) => self.listen(&mut library, &trained),
            Err(end) => end,
        };
        self.ending(Some(&mut library), end)
    }

    /// Asks the worker for the run; gives the energy of earlier workers.
    fn ask(&mut self, library: &Library) -> Result<Vec<PhaseEnergy>, End> {
        let mut knowledge = super::knowledge(library).map_err(End::Library)?;
        let mut taught_at = None;
        let (resume, trained) = match &self.launch.resume {
            None => (None, Vec::new()),
            Some(id) => {
                let details = library.details(id).map_err(End::Library)?;
                let refuse = |kind: FailureKind, message: String| {
                    Err(End::Failed(Failure { kind, message }))
                };
                if details.run.status == Status::Completed {
                    let message = format!(
                        "run {id} has ended by its stop rule; there is nothing to go on with"
                    );
                    return refuse(FailureKind::Setup, message);
                }
                let Some((checkpoint, step)) = self.folders.newest_checkpoint(id) else {
                    let message =
                        format!("run {id} has no checkpoint to go on from; start it anew");
                    return refuse(FailureKind::Storage, message);
                };
                taught_at = lineage::teacher_step(&details.ancestors);
                self.resumes_on = Some(details.run.device.identity.clone());
                self.from_step = step;
                // One line for the whole run, whatever was calibrated since.
                knowledge.walls = record::wall(&details.meters).into_iter().collect();
                let resume = Resume {
                    checkpoint,
                    t_s: details.run.duration_s,
                    training: record::to_protocol(&details.training),
                };
                (Some(resume), details.training)
            }
        };
        let start = match (&self.launch.resume, &self.launch.setup.start) {
            (None, Some(start)) => self.begin_from(library, &start.clone())?,
            _ => None,
        };
        let teacher = self.taught_by(library, taught_at)?;
        let self_checks = library
            .self_checks()
            .map_err(End::Library)?
            .into_iter()
            .map(record::known_self_check)
            .collect();
        self.worker.send(&Command::Run(Box::new(RunRequest {
            setup: self.launch.setup.clone(),
            checkpoints: Some(self.folders.checkpoints(&self.run_id)),
            kernel_cache: Folders::kernel_cache(),
            self_checks,
            resume,
            record: self.launch.record.clone(),
            knowledge,
            terms: self.terms.clone(),
            start,
            teacher,
        })));
        Ok(trained)
    }

    /// Finds what the run is to start from, and whose work that is.
    fn begin_from(
        &mut self,
        library: &Library,
        start: &StartSetup,
    ) -> Result<Option<protocol::Start>, End> {
        let Some(given) = start.run_for(self.launch.setup.regime.seed) else {
            self.ancestors = vec![lineage::of_file(start)];
            return Ok(None);
        };
        let parent = library.details(&given).map_err(|error| {
            End::Failed(Failure {
                kind: FailureKind::Setup,
                message: format!("start.run: {error}"),
            })
        })?;
        let run_id = parent.run.id.clone();
        let Some((checkpoint, step)) = self.folders.newest_checkpoint(&run_id) else {
            return Err(End::Failed(Failure {
                kind: FailureKind::Storage,
                message: format!(
                    "start.run: run {run_id} has no checkpoint on this machine; train it again, or start from another run or \
                     from a file"
                ),
            }));
        };
        self.ancestors = lineage::of_run(&parent, step);
        self.parent = Some(run_id.clone());
        Ok(Some(protocol::Start { run_id, checkpoint }))
    }

    /// Finds the run that is to teach, where one is, and adds it and its own ancestors to those of this run. A run that goes on after
    /// it was taught by `taught_at` steps of its teacher is to be taught by the same.
    fn taught_by(
        &mut self,
        library: &Library,
        taught_at: Option<u64>,
    ) -> Result<Option<protocol::Teacher>, End> {
        let distil = self.launch.setup.distil.as_ref();
        let found = teacher(
            library,
            &self.folders,
            (distil, self.launch.setup.regime.seed),
        )
        .map_err(|error| match error {
            NoTeacher::Refused(failure) => End::Failed(failure),
            NoTeacher::Library(error) => End::Library(error),
        })?;
        let Some(found) = found else {
            return Ok(None);
        };
        let run_id = &found.teacher.run_id;
        if let Some(before) = taught_at.filter(|before| *before != found.step) {
            return Err(End::Failed(Failure {
                kind: FailureKind::Setup,
                message: format!(
                    "distil.teacher: run {run_id} taught this run after {before} steps and has {} now; start this run anew",
                    found.step
                ),
            }));
        }
        if self.launch.resume.is_none() {
            let theirs = lineage::of_teacher(&found.details, found.step);
            let own = std::mem::take(&mut self.ancestors);
            self.ancestors = lineage::together(own, theirs);
        }
        Ok(Some(found.teacher))
    }

    fn listen(&mut self, library: &mut Library, trained: &[PhaseEnergy]) -> End {
        let mut stored = Instant::now();
        let mut failing_since: Option<Instant> = None;
        loop {
            self.obey();
            match self.worker.events.recv_timeout(TICK) {
                Ok(event) => {
                    if let Some(end) = self.hear(event, library, trained) {
                        return end;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return End::WorkerGone,
            }
            if stored.elapsed() < STORE_EVERY && !std::mem::take(&mut self.store_now) {
                continue;
            }
            stored = Instant::now();
            let Some(recorder) = &mut self.recorder else {
                continue;
            };
            match recorder.store(library) {
                Ok(()) => failing_since = None,
                Err(error) => {
                    // Another program may hold the library for a moment, or the disk may be freed.
                    let since = *failing_since.get_or_insert_with(Instant::now);
                    if error.is_permanent() || since.elapsed() > STORE_PATIENCE {
                        return End::Library(error);
                    }
                    tracing::warn!("the record is late: {error}");
                }
            }
        }
    }

    fn obey(&mut self) {
        let wishes = self.wishes.take();
        for (wish, command) in [
            (PAUSE, Command::Pause),
            (RESUME, Command::Resume),
            (CHECKPOINT, Command::Checkpoint),
            (STOP, Command::Stop),
        ] {
            if wishes & wish != 0 {
                self.worker.send(&command);
            }
        }
        if wishes & KILL != 0 {
            self.killed = true;
            self.worker.kill();
        }
    }

    fn hear(
        &mut self,
        event: Event,
        library: &mut Library,
        trained: &[PhaseEnergy],
    ) -> Option<End> {
        match &event {
            Event::Device { device, .. } => {
                if self
                    .resumes_on
                    .as_ref()
                    .is_some_and(|other| *other != device.identity)
                {
                    return Some(End::Failed(Failure {
                        kind: FailureKind::Device,
                        message: format!(
                            "run {} was made on another device ({}); figures of two devices do not add up, so start it \
                             anew",
                            self.run_id,
                            self.resumes_on.as_deref().unwrap_or_default()
                        ),
                    }));
                }
                self.device = Some(device.clone());
            }
            Event::Data(data) => self.data = Some(data.clone()),
            Event::SelfCheck(check) => match kept(library, check) {
                Ok(check) => self.self_check = Some(check),
                Err(error) => return Some(End::Library(error)),
            },
            Event::Meters { meters, .. } => {
                let walls = meters.iter().filter_map(|meter| meter.calibration.as_ref());
                self.calibration = walls.map(|wall| wall.id.clone()).next();
                if let Err(end) = self.create(library, record::meters(meters), trained) {
                    return Some(end);
                }
            }
            Event::Learnt { .. } => self.learnt = Some(event.clone()),
            _ => {}
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.take(&event);
        }
        let forecast = self
            .outlook
            .as_mut()
            .and_then(|outlook| outlook.take(&event));
        if let Some(forecast) = forecast {
            keep_forecast(library, &self.run_id, &forecast);
        }
        self.tell(RunEvent::Worker(Box::new(event.clone())));
        // A run that is resumed goes on from here, so what led here should be in the library.
        self.store_now = matches!(event, Event::Saved(_));
        match event {
            Event::Finished(summary) => {
                self.is_free = self.terms.stays;
                Some(End::Finished(summary))
            }
            Event::Failed(failure) => {
                // As the worker does: it stays where it refused a setup before it measured.
                let refused = failure.kind == FailureKind::Setup && self.recorder.is_none();
                self.is_free = self.terms.stays && refused;
                Some(End::Failed(failure))
            }
            _ => None,
        }
    }

    fn tell(&mut self, event: RunEvent) {
        (self.watcher)(event);
    }

    /// Puts the run into the library: everything about it is known now, and its clock is about to start.
    fn create(
        &mut self,
        library: &mut Library,
        meters: Vec<library::Meter>,
        trained: &[PhaseEnergy],
    ) -> Result<(), End> {
        let (Some(device), Some(data)) = (&self.device, &self.data) else {
            return Err(End::Failed(Failure {
                kind: FailureKind::Protocol,
                message: "the worker named no device or dataset".to_owned(),
            }));
        };
        let (machine, owner) = here();
        let refused = |error: CarbonError| {
            End::Failed(Failure {
                kind: FailureKind::Setup,
                message: error.to_string(),
            })
        };
        let measure = &self.launch.setup.measure;
        let intensity = analysis::lookup(measure.country.as_deref()).map_err(refused)?;
        let basis = intensity.basis(measure.pue).map_err(refused)?;
        if self.launch.resume.is_some() {
            let version = env!("CARGO_PKG_VERSION");
            library
                .reopen_run(&self.run_id, self.from_step, &owner, version)
                .map_err(End::Library)?;
        } else {
            library
                .create_run(&self.new_run(device, data, machine, owner, basis))
                .map_err(End::Library)?;
            let setup = &self.launch.setup;
            match outlook::before(library, (setup, data, device)) {
                Ok(Some(forecast)) => keep_forecast(library, &self.run_id, &forecast),
                Ok(None) => {}
                Err(error) => tracing::warn!("the run has no forecast: {error}"),
            }
            self.outlook = Some(Outlook::new(setup, data));
        }
        self.intensity = Some(intensity);
        let mut recorder = Recorder::new(self.run_id.clone(), meters, trained);
        if let Some(check) = self.self_check.take() {
            recorder.self_check(check);
        }
        recorder.ancestors(std::mem::take(&mut self.ancestors));
        self.recorder = Some(recorder);
        self.tell(RunEvent::Recorded {
            run_id: self.run_id.clone(),
        });
        Ok(())
    }

    fn new_run(
        &self,
        device: &Device,
        data: &Data,
        machine: library::Machine,
        owner: library::Owner,
        carbon: CarbonBasis,
    ) -> NewRun {
        let setup = &self.launch.setup;
        NewRun {
            id: self.run_id.clone(),
            name: self.launch.name.clone(),
            note: self.launch.note.clone(),
            tags: self.launch.tags.clone(),
            parent_id: self.parent.clone(),
            setup: library::Setup {
                json: setup.canonical_json(),
                hash: setup.hash(),
                group_hash: setup.group_hash(),
                seed: setup.regime.seed,
                dataset: data.name.clone(),
                model: setup.model.in_words(),
            },
            machine,
            device: library::Device {
                identity: device.identity.clone(),
                kind: device.kind.clone(),
                name: device.name.clone(),
                vendor: device.vendor.clone(),
                api: device.api.clone(),
                driver: Some(device.driver.clone()).filter(|driver| !driver.is_empty()),
                pci: device.address.clone(),
            },
            backend: device.backend.clone(),
            program_version: env!("CARGO_PKG_VERSION").to_owned(),
            owner,
            started_at: jiff::Timestamp::now(),
            metric: data.task.metric(),
            parameters: Some(data.plan.parameters()),
            flops_per_sample: Some(data.training_flop(setup) as f64),
            carbon: Some(carbon),
        }
    }

    /// Ends the record as `end` says.
    fn ending(mut self, library: Option<&mut Library>, end: End) -> (Ending, Option<Worker>) {
        let mut ending = Ending {
            run_id: None,
            status: Status::Failed,
            failure: None,
            worker_died: false,
            library_failed: false,
            summary: None,
            carbon: None,
        };
        match end {
            End::Finished(summary) => {
                self.let_worker_end();
                ending.status = match summary.reason.as_str() {
                    "user" | "pause" => Status::Stopped,
                    "diverged" => Status::Failed,
                    _ => Status::Completed,
                };
                if summary.reason == "diverged" {
                    ending.failure = Some(Failure {
                        kind: FailureKind::Training,
                        message: format!(
                            "training diverged at step {}: the loss is no number any more; a lower learning rate, \
                             gradient clipping or a warm-up may help",
                            summary.steps
                        ),
                    });
                }
                ending.carbon = self.carbon(&summary);
                ending.summary = Some(*summary);
            }
            End::Failed(failure) => {
                self.let_worker_end();
                ending.failure = Some(failure);
            }
            End::WorkerGone => {
                ending.worker_died = true;
                ending.status = if self.killed {
                    Status::Interrupted
                } else {
                    Status::Failed
                };
                let cause = self.worker.cause();
                ending.failure = (!self.killed).then(|| Failure {
                    kind: FailureKind::Training,
                    message: format!("the worker died: {cause}"),
                });
            }
            End::Library(error) => {
                self.worker.kill();
                ending.library_failed = true;
                ending.status = Status::Interrupted;
                ending.failure = Some(Failure {
                    kind: FailureKind::Storage,
                    message: error.to_string(),
                });
            }
        }
        if let (Some(library), Some(mut recorder)) = (library, self.recorder.take()) {
            ending.run_id = Some(self.run_id.clone());
            let calibration = self.calibration.take();
            if let Err(error) = close(library, &mut recorder, &self.run_id, &ending, calibration) {
                // A run that could not be closed shows as interrupted when the library is opened next.
                tracing::error!("the end of the run could not be recorded: {error}");
                ending.library_failed = true;
                ending.failure.get_or_insert(Failure {
                    kind: FailureKind::Storage,
                    message: error.to_string(),
                });
            }
            if matches!(ending.status, Status::Completed | Status::Stopped) {
                self.keep_learnt(library);
            }
        }
        let worker = self.is_free.then_some(self.worker);
        (ending, worker)
    }

    fn let_worker_end(&mut self) {
        if !self.is_free {
            self.worker.finish(END_PATIENCE);
        }
    }

    /// Keeps what the run taught of the machine's power. The run is complete without it.
    fn keep_learnt(&self, library: &mut Library) {
        let Some(Event::Learnt {
            device_points,
            cpu_points,
        }) = &self.learnt
        else {
            return;
        };
        let run_id = Some(self.run_id.as_str());
        if let Err(error) = super::keep_learnt(library, run_id, device_points, cpu_points) {
            tracing::warn!("what the run taught of the machine's power was not kept: {error}");
        }
    }

    fn carbon(&self, summary: &Summary) -> Option<CarbonSummary> {
        let energy_j = summary.components.gross.energy_j?;
        let pue = self.launch.setup.measure.pue;
        // Intensity and PUE were checked when the run began.
        let figure = operational(energy_j, self.intensity.as_ref()?, pue).ok()?;
        Some(CarbonSummary {
            carbon_g: figure.carbon_g,
            boundary: summary.components.gross.boundary,
        })
    }
}

/// The self-check as the library keeps it: a new one is stored, an earlier one has its own date.
/// A forecast is worth no run: where it cannot be kept, the log says so.
fn keep_forecast(library: &mut Library, run_id: &str, forecast: &library::ForecastRecord) {
    if let Err(error) = library.store_forecast(run_id, forecast) {
        tracing::warn!("a forecast was not kept: {error}");
    }
}

fn kept(library: &mut Library, check: &SelfCheck) -> Result<library::SelfCheck, LibraryError> {
    if !check.fresh
        && let Some(earlier) =
            library.find_self_check(&check.device, &check.driver, &check.program_version)?
    {
        return Ok(earlier);
    }
    let check = record::self_check(check);
    library.record_self_check(&check)?;
    Ok(check)
}

fn close(
    library: &mut Library,
    recorder: &mut Recorder,
    run_id: &str,
    ending: &Ending,
    calibration: Option<String>,
) -> Result<(), LibraryError> {
    recorder.store(library)?;
    let summary = ending.summary.as_ref().map(|summary| library::Summary {
        // A summary is plain numbers and text, which JSON can always hold.
        json: serde_json::to_value(summary).unwrap_or_default(),
        target_reached: summary.target_reached,
        carbon: ending.carbon.clone(),
        calibration,
    });
    let failure = ending
        .failure
        .as_ref()
        .map(|failure| failure.message.as_str());
    library.finish_run(run_id, ending.status, failure, summary.as_ref())
}

/// A new identifier: date and time (UTC) for people, and four random characters against clashes.
pub fn new_id() -> String {
    use rand::RngExt;
    const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
    let mut rng = rand::rng();
    let chance: String = (0..4)
        .map(|_| char::from(LETTERS[rng.random_range(0..LETTERS.len())]))
        .collect();
    let now = jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S");
    format!("{now}-{chance}")
}
