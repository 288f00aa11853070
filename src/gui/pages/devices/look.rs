//! A look at the meters off the window's thread. It ends by itself when nobody looks any more: reading meters costs
//! energy, and would be part of what a run measures.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use crate::control::{self, AskError, Heard, Watch, WorkerCommand};
use crate::gui::jobs::Sender;
use crate::library::Library;
use crate::protocol::{AccountLine, Event, IdlePower, Knowledge, MeterNow, Source};
use crate::setup::MeasureSetup;

/// Time between two looks at whether anybody still wants it.
const PATIENCE: Duration = Duration::from_millis(100);
/// A page that was not drawn for so long is no longer looked at, as when the window is minimised.
const UNSEEN_MS_MAX: u64 = 3000;

/// What the meters are looked at for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Purpose {
    /// Which there are.
    Once,
    /// Readings, as long as the page is open.
    Live,
    /// The power of the idle machine.
    Idle {
        /// For so many seconds.
        duration_s: f64,
    },
}

/// What a look is at.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// Device, as in a setup.
    pub wish: String,
    /// Overrides and sampling rate.
    pub measure: MeasureSetup,
    /// What for.
    pub purpose: Purpose,
}

/// What a look told.
#[derive(Clone, Debug)]
pub enum Told {
    /// Which device it is, by identity, and why this one.
    Device(String, String),
    /// Every meter that was tried, and the machine's account.
    Sources(Vec<Source>, Vec<AccountLine>),
    /// Each meter now, so many seconds after reading began.
    Readings(f64, Vec<MeterNow>),
    /// Idle power over so many seconds.
    Idle(f64, Vec<IdlePower>),
    /// It is over; with a reason where that was not intended.
    End(Option<String>),
}

#[derive(Debug)]
struct Attention {
    wanted: AtomicBool,
    seen_ms: AtomicU64,
}

/// A look that goes on. Ends when it is dropped.
#[derive(Debug)]
pub struct Look {
    /// Tells it from earlier ones.
    pub serial: u64,
    /// What it is at.
    pub subject: Subject,
    attention: Arc<Attention>,
}

impl Look {
    /// Begins, with what the library in file `library` knows of the machine's power; what it tells goes to the page of devices.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(
        serial: u64,
        subject: Subject,
        worker: WorkerCommand,
        library: Option<PathBuf>,
        sender: Sender,
    ) -> std::io::Result<Self> {
        let attention = Arc::new(Attention {
            wanted: AtomicBool::new(true),
            seen_ms: AtomicU64::new(now_ms()),
        });
        let feed = Feed {
            serial,
            sender,
            library,
            attention: Arc::clone(&attention),
        };
        let asked = subject.clone();
        std::thread::Builder::new()
            .name("joulelab-gui-meters".to_owned())
            .spawn(move || {
                let end = feed
                    .run(&worker, &asked)
                    .err()
                    .map(|error| error.to_string());
                feed.tell(Told::End(end));
            })?;
        Ok(Self {
            serial,
            subject,
            attention,
        })
    }

    /// Somebody looks.
    pub fn seen(&self) {
        self.attention.seen_ms.store(now_ms(), Ordering::Relaxed);
    }
}

impl Drop for Look {
    fn drop(&mut self) {
        self.attention.wanted.store(false, Ordering::Relaxed);
    }
}

struct Feed {
    serial: u64,
    sender: Sender,
    library: Option<PathBuf>,
    attention: Arc<Attention>,
}

impl Feed {
    fn run(&self, worker: &WorkerCommand, subject: &Subject) -> Result<(), AskError> {
        let Subject {
            wish,
            measure,
            purpose,
        } = subject;
        let known = self.knowledge();
        match *purpose {
            Purpose::Once => {
                let found = control::doctor(worker, wish, measure, known)?;
                self.tell(Told::Device(found.device.identity, String::new()));
                self.tell(Told::Sources(found.sources, found.account));
                Ok(())
            }
            Purpose::Live => self.follow(control::watch(worker, wish, measure, known)?),
            Purpose::Idle { duration_s } => self.follow(control::measure_idle(
                worker, wish, measure, duration_s, known,
            )?),
        }
    }

    /// What the library knows; the meters can be looked at without it.
    fn knowledge(&self) -> Knowledge {
        // Where there is no library yet, looking at meters does not make one.
        let Some(path) = self.library.as_ref().filter(|path| path.exists()) else {
            return Knowledge::default();
        };
        let known = Library::open(path).and_then(|library| control::knowledge(&library));
        known.unwrap_or_else(|error| {
            tracing::warn!("meters are looked at without what is known of them: {error}");
            Knowledge::default()
        })
    }

    fn follow(&self, mut watch: Watch) -> Result<(), AskError> {
        while self.is_wanted() {
            match watch.listen(PATIENCE)? {
                Heard::Event(event) => {
                    if !told(*event).is_none_or(|told| self.tell(told)) {
                        break;
                    }
                }
                Heard::Nothing => {}
                Heard::End => return Ok(()),
            }
        }
        watch.stop();
        Ok(())
    }

    fn is_wanted(&self) -> bool {
        let unseen_ms = now_ms().saturating_sub(self.attention.seen_ms.load(Ordering::Relaxed));
        self.attention.wanted.load(Ordering::Relaxed) && unseen_ms < UNSEEN_MS_MAX
    }

    /// `false` once there is no window.
    fn tell(&self, told: Told) -> bool {
        let serial = self.serial;
        self.sender
            .send(move |state| state.pages.devices.take(serial, told))
    }
}

fn told(event: Event) -> Option<Told> {
    match event {
        Event::Device { device, because } => Some(Told::Device(device.identity, because)),
        Event::Sources { sources, account } => Some(Told::Sources(sources, account)),
        Event::Readings { t_s, now, .. } => Some(Told::Readings(t_s, now)),
        Event::Idle { power, duration_s } => Some(Told::Idle(duration_s, power)),
        _ => None,
    }
}

fn now_ms() -> u64 {
    static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(BEGUN.elapsed().as_millis()).unwrap_or(u64::MAX)
}
