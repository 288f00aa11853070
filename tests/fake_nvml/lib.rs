//! A stand-in for NVIDIA's management library: the C functions that the program calls, answered from a script.
//!
//! The script is the file named by `FAKE_NVML_SCRIPT`, else the library's own path with `.script` behind it. It is read
//! again while the library is used, so a test can change a card's mind. Lines are `key = value`; `[card]` begins a card:
//! `name`, `pci`, `watts` (what the counter adds up), `reported_watts` (what polling tells; `watts` if left out),
//! `refresh_ms`, `counter`, `power`, `mig`, `fail` (each `yes` or `no`), `limit_watts`. Before the first card: `driver`,
//! and `init` (`no`: the driver is not loaded).
//!
//! `unsafe` all over: it is the C side of a C interface. Pointers come from the caller as NVIDIA's header says.

use std::{
    ffi::{CStr, c_char, c_int, c_uint, c_ulonglong, c_void},
    sync::{Mutex, OnceLock},
    time::{Duration, Instant},
};

const SUCCESS: c_uint = 0;
const INVALID: c_uint = 2;
const UNSUPPORTED: c_uint = 3;
const NO_DRIVER: c_uint = 9;
const LOST: c_uint = 15;

#[derive(Clone)]
struct Card {
    name: String,
    pci: String,
    watts: f64,
    reported_watts: Option<f64>,
    refresh_s: f64,
    counter: bool,
    power: bool,
    mig: bool,
    fail: bool,
    limit_watts: Option<f64>,
    /// Joules up to `since_s`, after which `watts` hold.
    base_j: f64,
    since_s: f64,
}

impl Card {
    fn new() -> Self {
        Self {
            name: "NVIDIA Fake".into(),
            pci: "00000000:01:00.0".into(),
            watts: 100.0,
            reported_watts: None,
            refresh_s: 0.02,
            counter: true,
            power: true,
            mig: false,
            fail: false,
            limit_watts: None,
            base_j: 1000.0,
            since_s: 0.0,
        }
    }

    fn energy_j(&self, t_s: f64) -> f64 {
        let published_s = (t_s / self.refresh_s).floor() * self.refresh_s;
        self.base_j + self.watts * (published_s - self.since_s).max(0.0)
    }
}

struct State {
    start: Instant,
    read: Instant,
    driver: String,
    init: bool,
    cards: Vec<Card>,
}

#[repr(C)]
struct DlInfo {
    file: *const c_char,
    base: *mut c_void,
    symbol: *const c_char,
    address: *mut c_void,
}

unsafe extern "C" {
    fn dladdr(address: *const c_void, info: *mut DlInfo) -> c_int;
}

fn script_path() -> String {
    if let Ok(path) = std::env::var("FAKE_NVML_SCRIPT") {
        return path;
    }
    let mut info = DlInfo {
        file: std::ptr::null(),
        base: std::ptr::null_mut(),
        symbol: std::ptr::null(),
        address: std::ptr::null_mut(),
    };
    let own = nvmlShutdown as *const c_void;
    // SAFETY: `info` lives through the call, and the loader's string as long as this library.
    unsafe {
        if dladdr(own, &mut info) == 0 || info.file.is_null() {
            return String::new();
        }
        format!("{}.script", CStr::from_ptr(info.file).to_string_lossy())
    }
}

fn read_script() -> (String, bool, Vec<Card>) {
    let text = std::fs::read_to_string(script_path()).unwrap_or_default();
    let (mut driver, mut init) = ("550.54.14".to_owned(), true);
    let mut cards: Vec<Card> = Vec::new();
    for line in text.lines().map(str::trim) {
        if line == "[card]" {
            cards.push(Card::new());
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            continue;
        };
        let (key, value) = (key.trim(), value.trim());
        let (yes, number) = (value == "yes", value.parse::<f64>());
        let Some(card) = cards.last_mut() else {
            match key {
                "driver" => driver = value.to_owned(),
                "init" => init = yes,
                _ => {}
            }
            continue;
        };
        match (key, number) {
            ("name", _) => card.name = value.to_owned(),
            ("pci", _) => card.pci = value.to_owned(),
            ("counter", _) => card.counter = yes,
            ("power", _) => card.power = yes,
            ("mig", _) => card.mig = yes,
            ("fail", _) => card.fail = yes,
            ("watts", Ok(watts)) => card.watts = watts,
            ("reported_watts", Ok(watts)) => card.reported_watts = Some(watts),
            ("limit_watts", Ok(watts)) => card.limit_watts = Some(watts),
            ("refresh_ms", Ok(ms)) => card.refresh_s = ms / 1e3,
            _ => {}
        }
    }
    (driver, init, cards)
}

/// Runs `f` on the state, after another look at the script if the last one is 50 ms old.
fn with<T>(f: impl FnOnce(&State, f64) -> T) -> T {
    static STATE: OnceLock<Mutex<State>> = OnceLock::new();
    let state = STATE.get_or_init(|| {
        let (driver, init, cards) = read_script();
        let start = Instant::now();
        Mutex::new(State {
            start,
            read: start,
            driver,
            init,
            cards,
        })
    });
    let mut state = state
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    let t_s = state.start.elapsed().as_secs_f64();
    if state.read.elapsed() > Duration::from_millis(50) {
        state.read = Instant::now();
        let (driver, init, mut cards) = read_script();
        for (card, old) in cards.iter_mut().zip(&state.cards) {
            (card.base_j, card.since_s) = (old.base_j, old.since_s);
            if card.watts != old.watts {
                (card.base_j, card.since_s) = (old.energy_j(t_s), t_s);
            }
        }
        (state.driver, state.init, state.cards) = (driver, init, cards);
    }
    f(&state, t_s)
}

/// Answers from the card behind a handle, which is its index plus one.
fn card(handle: *mut c_void, answer: impl FnOnce(&Card, f64) -> c_uint) -> c_uint {
    with(
        |state, t_s| match state.cards.get((handle as usize).wrapping_sub(1)) {
            Some(card) if card.fail => LOST,
            Some(card) => answer(card, t_s),
            None => INVALID,
        },
    )
}

unsafe fn put<T>(to: *mut T, value: Option<T>) -> c_uint {
    match value {
        Some(value) => {
            unsafe { to.write(value) };
            SUCCESS
        }
        None => UNSUPPORTED,
    }
}

unsafe fn put_text(text: &str, to: *mut c_char, length: usize) -> c_uint {
    let length = text.len().min(length - 1);
    unsafe {
        std::ptr::copy_nonoverlapping(text.as_ptr().cast(), to, length);
        to.add(length).write(0);
    }
    SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn nvmlInit_v2() -> c_uint {
    with(|state, _| if state.init { SUCCESS } else { NO_DRIVER })
}

#[unsafe(no_mangle)]
extern "C" fn nvmlShutdown() -> c_uint {
    SUCCESS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlSystemGetDriverVersion(to: *mut c_char, length: c_uint) -> c_uint {
    with(|state, _| unsafe { put_text(&state.driver, to, length as usize) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetCount_v2(to: *mut c_uint) -> c_uint {
    with(|state, _| unsafe { put(to, Some(state.cards.len() as c_uint)) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetHandleByIndex_v2(index: c_uint, to: *mut *mut c_void) -> c_uint {
    let known = with(|state, _| (index as usize) < state.cards.len());
    if !known {
        return INVALID;
    }
    unsafe { put(to, Some((index as usize + 1) as *mut c_void)) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetName(of: *mut c_void, to: *mut c_char, length: c_uint) -> c_uint {
    card(of, |card, _| unsafe {
        put_text(&card.name, to, length as usize)
    })
}

#[repr(C)]
struct PciInfo {
    bus_id_legacy: [c_char; 16],
    domain: c_uint,
    bus: c_uint,
    device: c_uint,
    device_id: c_uint,
    subsystem_id: c_uint,
    bus_id: [c_char; 32],
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetPciInfo_v3(of: *mut c_void, to: *mut PciInfo) -> c_uint {
    card(of, |card, _| unsafe {
        put_text(&card.pci, (&raw mut (*to).bus_id).cast(), 32)
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetTotalEnergyConsumption(
    of: *mut c_void,
    to: *mut c_ulonglong,
) -> c_uint {
    card(of, |card, t_s| {
        let mj = (card.energy_j(t_s) * 1e3) as c_ulonglong;
        unsafe { put(to, card.counter.then_some(mj)) }
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetPowerUsage(of: *mut c_void, to: *mut c_uint) -> c_uint {
    card(of, |card, _| {
        let mw = (card.reported_watts.unwrap_or(card.watts) * 1e3) as c_uint;
        unsafe { put(to, card.power.then_some(mw)) }
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetEnforcedPowerLimit(of: *mut c_void, to: *mut c_uint) -> c_uint {
    card(of, |card, _| unsafe {
        put(to, card.limit_watts.map(|watts| (watts * 1e3) as c_uint))
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetMigMode(
    of: *mut c_void,
    current: *mut c_uint,
    pending: *mut c_uint,
) -> c_uint {
    card(of, |card, _| unsafe {
        put(current, Some(card.mig.into()));
        put(pending, Some(card.mig.into()))
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetUtilizationRates(
    of: *mut c_void,
    to: *mut [c_uint; 2],
) -> c_uint {
    card(of, |_, _| unsafe { put(to, Some([87, 42])) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetTemperature(
    of: *mut c_void,
    _: c_uint,
    to: *mut c_uint,
) -> c_uint {
    card(of, |_, _| unsafe { put(to, Some(61)) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetClockInfo(of: *mut c_void, _: c_uint, to: *mut c_uint) -> c_uint {
    card(of, |_, _| unsafe { put(to, Some(1710)) })
}
