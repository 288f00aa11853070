//! Everything that the window shows.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::asking::Asking;
use super::commands::{Action, Command};
use super::dialogs::Parent;
use super::inferring::Inferring;
use super::jobs::{Jobs, Lane, SharedLibrary};
use super::live::{Live, Pace, Starter};
use super::pages::Pages;
use super::preferences::Preferences;
use super::sets::{Datasets, Sets};
use super::shell::Toasts;
use super::sweeps::{LiveSweep, SweepStarter};
use crate::control::{self, RunEvent, SweepEvent, WorkerCommand};
use crate::library::{LibraryError, Status};
use crate::protocol::Device;
use crate::setup::Setup;
use crate::setup::sweep::Sweep;

/// A page of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Page {
    /// Setup and the run that goes on.
    #[default]
    Train,
    /// Many runs, and what they say.
    Sweep,
    /// The library.
    Runs,
    /// The life of a model.
    LifeCycle,
    /// Adapters and meters.
    Devices,
    /// Settings.
    Settings,
}

impl Page {
    /// Every page, in the order of the rail.
    pub const ALL: [Self; 6] = [
        Self::Train,
        Self::Sweep,
        Self::Runs,
        Self::LifeCycle,
        Self::Devices,
        Self::Settings,
    ];

    /// Its name.
    pub fn label(self) -> &'static str {
        match self {
            Self::Train => "Train",
            Self::Sweep => "Sweep",
            Self::Runs => "Runs",
            Self::LifeCycle => "Life cycle",
            Self::Devices => "Devices",
            Self::Settings => "Settings",
        }
    }
}

/// What the window is opened with.
#[derive(Clone, Debug)]
pub struct Options {
    /// How to start workers.
    pub worker: WorkerCommand,
    /// The library's file, where the command line names one; it comes before that of the preferences.
    pub library: Option<PathBuf>,
    /// The file of the preferences; nothing is remembered without one.
    pub preferences: Option<PathBuf>,
    /// The sets that can be downloaded.
    pub datasets: Datasets,
}

/// What pages share.
pub struct Shared {
    /// Work off this thread.
    pub jobs: Jobs,
    /// The library as jobs reach it.
    pub library: SharedLibrary,
    /// What is remembered.
    pub preferences: Preferences,
    /// The sets that can be downloaded, as this machine has them.
    pub sets: Sets,
    /// Short messages.
    pub toasts: Toasts,
    /// What was asked for in this frame.
    pub actions: Vec<Action>,
    /// Every device, once they are known; the error where they could not be listed.
    pub devices: Option<Result<Vec<Device>, String>>,
    /// The run that goes on, or the last one of this window.
    pub live: Option<Live>,
    /// The sweep that goes on, or the last one of this window.
    pub sweep: Option<LiveSweep>,
    /// The network that is loaded to be asked.
    pub asking: Asking,
    /// What is measured of a run's answers, or was last.
    pub inferring: Option<Inferring>,
    /// Setups that wait for their turn.
    pub queue: VecDeque<Setup>,
    /// Changes with every change to the library that this window knows of.
    pub library_revision: u64,
    /// The native window; there is none in tests.
    pub window: Option<Arc<dyn Parent>>,
    /// Whether a dialog of the platform is open: there is only one at a time.
    pub dialog_open: bool,
    /// How the window was opened.
    pub options: Options,
    /// How often runs are looked at.
    pub pace: Pace,
    serial: u64,
}

impl Shared {
    /// The library's file.
    ///
    /// # Errors
    /// Where the platform has no folder for it and none was named.
    pub fn library_path(&self) -> Result<PathBuf, LibraryError> {
        match self
            .options
            .library
            .as_ref()
            .or(self.preferences.library.as_ref())
        {
            Some(path) => Ok(path.clone()),
            None => crate::library::Library::default_path(),
        }
    }

    /// Does `work` with the library on its own thread, then makes the change that `then` gives of the result.
    pub fn with_library<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut crate::library::Library) -> Result<T, LibraryError> + Send + 'static,
        then: impl FnOnce(&mut State, Result<T, LibraryError>) + Send + 'static,
    ) {
        let (library, path) = (self.library.clone(), self.library_path());
        self.jobs.run(Lane::Library, move |_| {
            let result = path.and_then(|path| library.with(&path, work));
            Box::new(move |state: &mut State| then(state, result))
        });
    }

    /// Asks for something; done at the end of the frame.
    pub fn ask(&mut self, action: Action) {
        self.actions.push(action);
    }

    /// Asks for a command.
    pub fn command(&mut self, command: Command) {
        self.ask(Action::Command(command));
    }

    /// Whether a run goes on.
    pub fn is_training(&self) -> bool {
        self.live.as_ref().is_some_and(Live::is_going_on)
    }

    /// Whether a sweep goes on.
    pub fn is_sweeping(&self) -> bool {
        self.sweep.as_ref().is_some_and(LiveSweep::is_going_on)
    }

    /// Whether something is being measured: a run, or those of a sweep. Two at once would measure each other.
    pub fn is_busy(&self) -> bool {
        self.is_training() || self.is_sweeping()
    }

    /// Starts a sweep, or goes on with the stored one `resume`; `forecast` is kept beside what comes of it.
    pub fn start_sweep(
        &mut self,
        sweep: Sweep,
        resume: Option<String>,
        forecast: Option<serde_json::Value>,
    ) {
        let library = match self.library_path() {
            Ok(library) => library,
            Err(error) => return self.toasts.error(error.to_string()),
        };
        self.close_asking();
        self.serial += 1;
        self.sweep = Some(LiveSweep::new(self.serial, sweep.clone(), resume.clone()));
        let starter = SweepStarter {
            worker: self.options.worker.clone(),
            library,
            pace: self.pace.clone(),
        };
        starter.start(&mut self.jobs, self.serial, sweep, resume, forecast);
    }

    /// Starts a run of `setup`, or goes on with the stored run `resume`, whose setup it then is.
    pub fn start(&mut self, setup: Setup, resume: Option<String>) {
        let library = match self.library_path() {
            Ok(library) => library,
            Err(error) => return self.toasts.error(error.to_string()),
        };
        self.close_asking();
        self.serial += 1;
        self.live = Some(Live::new(self.serial, setup.clone()));
        let starter = Starter {
            worker: self.options.worker.clone(),
            library,
            pace: self.pace.clone(),
        };
        starter.start(&mut self.jobs, self.serial, setup, resume);
    }

    /// Lists the devices anew.
    pub fn look_for_devices(&mut self) {
        let worker = self.options.worker.clone();
        self.devices = None;
        self.jobs.run(Lane::Worker, move |_| {
            let devices = control::devices(&worker).map_err(|error| error.to_string());
            Box::new(move |state: &mut State| state.shared.devices = Some(devices))
        });
    }
}

/// All of it.
pub struct State {
    /// What pages share.
    pub shared: Shared,
    /// What each page shows.
    pub pages: Pages,
    /// Whether the palette is open, and what was typed into it.
    pub palette: Option<super::shell::Palette>,
    /// Whether the list of messages is open.
    pub announcements_open: bool,
    /// Whether closing was asked for while a run goes on.
    pub closing: Option<super::shell::Closing>,
}

impl State {
    /// The state of a window that has just been opened.
    ///
    /// # Errors
    /// Where the system gives no threads.
    pub fn new(ctx: &egui::Context, options: Options) -> std::io::Result<Self> {
        let preferences = options
            .preferences
            .as_deref()
            .map(Preferences::load)
            .unwrap_or_default();
        let pace = Pace::default();
        pace.set_quiet(preferences.quiet);
        let pages = Pages::new(&preferences);
        Ok(Self {
            shared: Shared {
                jobs: Jobs::start(ctx)?,
                library: SharedLibrary::default(),
                preferences,
                sets: Sets::new(options.datasets.clone()),
                toasts: Toasts::default(),
                actions: Vec::new(),
                devices: None,
                live: None,
                sweep: None,
                asking: Asking::default(),
                inferring: None,
                queue: VecDeque::new(),
                library_revision: 1,
                window: None,
                dialog_open: false,
                options,
                pace,
                serial: 0,
            },
            pages,
            palette: None,
            announcements_open: false,
            closing: None,
        })
    }

    /// Takes in what happened to run number `serial`.
    pub fn take_run_events(&mut self, serial: u64, events: Vec<RunEvent>) {
        let Some(live) = self
            .shared
            .live
            .as_mut()
            .filter(|live| live.serial == serial)
        else {
            return;
        };
        let mut is_changed = false;
        for event in events {
            is_changed |= !matches!(event, RunEvent::Worker(_));
            live.take(event);
        }
        if is_changed {
            self.shared.library_revision += 1;
        }
        self.announce_ending();
    }

    /// Takes in what happened to sweep number `serial`.
    pub fn take_sweep_events(&mut self, serial: u64, events: Vec<SweepEvent>) {
        let live = self.shared.sweep.as_mut();
        let Some(live) = live.filter(|live| live.serial == serial) else {
            return;
        };
        let mut is_changed = false;
        for event in events {
            let Some(news) = live.take(event) else {
                continue;
            };
            is_changed = true;
            if let Some(id) = live.id.as_deref() {
                self.pages.sweep.take_news(id, news);
            }
        }
        if is_changed {
            self.shared.library_revision += 1;
        }
        self.announce_sweep();
    }

    /// Says how the sweep ended, where it has.
    pub fn announce_sweep(&mut self) {
        let live = self.shared.sweep.as_ref();
        match live.and_then(LiveSweep::announcement) {
            Some(Ok(text)) => self.shared.toasts.good(text),
            Some(Err(text)) => self.shared.toasts.error(text),
            None => {}
        }
    }

    fn announce_ending(&mut self) {
        let Some(ending) = self
            .shared
            .live
            .as_ref()
            .and_then(|live| live.ending.as_ref())
        else {
            return;
        };
        let text = match (&ending.failure, ending.status) {
            (Some(failure), _) => Err(failure.message.clone()),
            (None, Status::Completed) => Ok("The run is complete and in the library".to_owned()),
            (None, _) => Ok("The run was stopped; what was recorded is in the library".to_owned()),
        };
        match text {
            Ok(text) => self.shared.toasts.good(text),
            Err(text) => self.shared.toasts.error(text),
        }
    }
}
