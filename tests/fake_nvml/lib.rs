//! A stand-in for NVIDIA's management library: the C functions that the program calls, answered from a script.
//!
//! The script is the file named by `FAKE_NVML_SCRIPT`, else the library's own path with `.script` behind it. It is read
//! again while the library is used, so a test can change a card's mind. Lines are `key = value`.
//!
//! Before the first card:
//! - `driver`, `library`: their versions.
//! - `init`: `yes`, `no` (the driver is not loaded), `permission` or `mismatch`.
//! - `wakes`: a file of sysfs that says `active` once the library is initialised.
//! - `log`: a file that gets the `pci` of every card that is opened, a line each.
//!
//! `[card]` begins a card:
//! - `name`, `pci`, `architecture` (NVIDIA's number), `limit_watts`.
//! - `watts` (what the counter adds up), `reported_watts` (what polling tells; `watts` if left out), `refresh_ms`.
//! - `counter`, `power`: `no` where the card has none.
//! - `frozen`: `yes`, and the counter stands. `jump_j`: where it changes, the counter jumps by so many joules, down to 0
//!   at most.
//! - `open`, `fail`: why the card cannot be opened, and why it does not answer: `yes` (it is lost), `permission`,
//!   `system` (blocked by the operating system), `reset`, `cables`, `unsupported`.
//! - `mig`: `yes`, `ending` (off after a reset), `starting` (on after a reset). `virtual`: `passthrough`, `guest`, `host`.
//! - `utilization`, `memory_utilization`, `temperature`, `sm_clock`, `memory_clock`, `throttle` (NVIDIA's mask).
//! - `instant_watts`, `average_watts`, `memory_watts`, `module_watts`: field values; none where they are left out.
//!
//! `unsafe` all over: it is the C side of a C interface. Pointers come from the caller as NVIDIA's header says.

use std::{
    ffi::{CStr, c_char, c_int, c_longlong, c_uint, c_ulonglong, c_void},
    io::Write,
    sync::{Mutex, OnceLock},
    time::{Duration, Instant},
};

const SUCCESS: c_uint = 0;
const INVALID: c_uint = 2;
const UNSUPPORTED: c_uint = 3;
const NO_PERMISSION: c_uint = 4;
const NOT_FOUND: c_uint = 6;
const NO_CABLES: c_uint = 8;
const NO_DRIVER: c_uint = 9;
const LOST: c_uint = 15;
const NEEDS_RESET: c_uint = 16;
const BLOCKED: c_uint = 17;
const MISMATCH: c_uint = 18;

/// The error code behind a word of the script.
fn fault(word: &str) -> c_uint {
    match word {
        "no" => SUCCESS,
        "permission" => NO_PERMISSION,
        "system" => BLOCKED,
        "reset" => NEEDS_RESET,
        "cables" => NO_CABLES,
        "unsupported" => UNSUPPORTED,
        _ => LOST,
    }
}

#[derive(Clone)]
struct Card {
    name: String,
    pci: String,
    watts: f64,
    reported_watts: Option<f64>,
    refresh_s: f64,
    counter: bool,
    power: bool,
    frozen: bool,
    jump_j: f64,
    open: c_uint,
    fail: c_uint,
    /// Whether MIG is on now, and after a reset.
    mig: [c_uint; 2],
    virtualization: c_uint,
    architecture: c_uint,
    limit_watts: Option<f64>,
    utilization: [c_uint; 2],
    temperature: c_uint,
    sm_clock: c_uint,
    memory_clock: c_uint,
    throttle: c_ulonglong,
    instant_watts: Option<f64>,
    average_watts: Option<f64>,
    memory_watts: Option<f64>,
    module_watts: Option<f64>,
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
            frozen: false,
            jump_j: 0.0,
            open: SUCCESS,
            fail: SUCCESS,
            mig: [0, 0],
            virtualization: 0,
            architecture: 6,
            limit_watts: None,
            utilization: [87, 42],
            temperature: 61,
            sm_clock: 1710,
            memory_clock: 9501,
            throttle: 0,
            instant_watts: None,
            average_watts: None,
            memory_watts: None,
            module_watts: None,
            base_j: 1000.0,
            since_s: 0.0,
        }
    }

    fn energy_j(&self, t_s: f64) -> f64 {
        let published_s = (t_s / self.refresh_s).floor() * self.refresh_s;
        let watts = if self.frozen { 0.0 } else { self.watts };
        self.base_j + watts * (published_s - self.since_s).max(0.0)
    }

    /// Goes on from where the card stood before the script was read again.
    fn go_on(&mut self, old: &Self, t_s: f64) {
        (self.base_j, self.since_s) = (old.base_j, old.since_s);
        let jump_j = self.jump_j - old.jump_j;
        if self.watts != old.watts || self.frozen != old.frozen || jump_j != 0.0 {
            (self.base_j, self.since_s) = ((old.energy_j(t_s) + jump_j).max(0.0), t_s);
        }
    }

    /// The power behind a field of this number and scope, in watts.
    fn field(&self, field: c_uint, scope: c_uint) -> Option<f64> {
        match (field, scope) {
            (186, 0) => self.instant_watts,
            (185, 0) => self.average_watts,
            (185, 2) => self.memory_watts,
            (185 | 186, 1) => self.module_watts,
            _ => None,
        }
    }

    /// Sets what a line of the script says.
    fn set(&mut self, key: &str, value: &str) {
        let yes = value == "yes";
        match key {
            "name" => self.name = value.to_owned(),
            "pci" => self.pci = value.to_owned(),
            "counter" => self.counter = yes,
            "power" => self.power = yes,
            "frozen" => self.frozen = yes,
            "open" => self.open = if yes { SUCCESS } else { fault(value) },
            "fail" => self.fail = fault(value),
            "mig" => {
                self.mig = match value {
                    "yes" => [1, 1],
                    "ending" => [1, 0],
                    "starting" => [0, 1],
                    _ => [0, 0],
                }
            }
            "virtual" => {
                self.virtualization = match value {
                    "passthrough" => 1,
                    "guest" => 2,
                    "host" => 3,
                    _ => 0,
                }
            }
            _ => {}
        }
        let Ok(number) = value.parse::<f64>() else {
            return;
        };
        match key {
            "watts" => self.watts = number,
            "reported_watts" => self.reported_watts = Some(number),
            "limit_watts" => self.limit_watts = Some(number),
            "refresh_ms" => self.refresh_s = number / 1e3,
            "jump_j" => self.jump_j = number,
            "architecture" => self.architecture = number as c_uint,
            "utilization" => self.utilization[0] = number as c_uint,
            "memory_utilization" => self.utilization[1] = number as c_uint,
            "temperature" => self.temperature = number as c_uint,
            "sm_clock" => self.sm_clock = number as c_uint,
            "memory_clock" => self.memory_clock = number as c_uint,
            "throttle" => self.throttle = number as c_ulonglong,
            "instant_watts" => self.instant_watts = Some(number),
            "average_watts" => self.average_watts = Some(number),
            "memory_watts" => self.memory_watts = Some(number),
            "module_watts" => self.module_watts = Some(number),
            _ => {}
        }
    }
}

struct State {
    start: Instant,
    read: Instant,
    script: Script,
}

/// What the script says.
struct Script {
    driver: String,
    library: String,
    init: c_uint,
    wakes: Option<String>,
    log: Option<String>,
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

fn read_script() -> Script {
    let text = std::fs::read_to_string(script_path()).unwrap_or_default();
    let mut script = Script {
        driver: "550.54.14".to_owned(),
        library: "12.550.54.14".to_owned(),
        init: SUCCESS,
        wakes: None,
        log: None,
        cards: Vec::new(),
    };
    for line in text.lines().map(str::trim) {
        if line == "[card]" {
            script.cards.push(Card::new());
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            continue;
        };
        let (key, value) = (key.trim(), value.trim());
        if let Some(card) = script.cards.last_mut() {
            card.set(key, value);
            continue;
        }
        match key {
            "driver" => script.driver = value.to_owned(),
            "library" => script.library = value.to_owned(),
            "wakes" => script.wakes = Some(value.to_owned()),
            "log" => script.log = Some(value.to_owned()),
            "init" => {
                script.init = match value {
                    "yes" => SUCCESS,
                    "permission" => NO_PERMISSION,
                    "mismatch" => MISMATCH,
                    _ => NO_DRIVER,
                }
            }
            _ => {}
        }
    }
    script
}

/// Runs `f` on the state, after another look at the script if the last one is 50 ms old.
fn with<T>(f: impl FnOnce(&Script, f64) -> T) -> T {
    static STATE: OnceLock<Mutex<State>> = OnceLock::new();
    let state = STATE.get_or_init(|| {
        let script = read_script();
        let start = Instant::now();
        Mutex::new(State {
            start,
            read: start,
            script,
        })
    });
    let mut state = state
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    let t_s = state.start.elapsed().as_secs_f64();
    if state.read.elapsed() > Duration::from_millis(50) {
        state.read = Instant::now();
        let mut script = read_script();
        for (card, old) in script.cards.iter_mut().zip(&state.script.cards) {
            card.go_on(old, t_s);
        }
        state.script = script;
    }
    f(&state.script, t_s)
}

/// Answers from the card behind a handle, which is its index plus one.
fn card(handle: *mut c_void, answer: impl FnOnce(&Card, f64) -> c_uint) -> c_uint {
    with(
        |script, t_s| match script.cards.get((handle as usize).wrapping_sub(1)) {
            Some(card) if card.fail != SUCCESS => card.fail,
            Some(card) => answer(card, t_s),
            None => INVALID,
        },
    )
}

/// Opens the card that `is` picks: its handle is its index plus one.
unsafe fn open(to: *mut *mut c_void, absent: c_uint, is: impl Fn(usize, &Card) -> bool) -> c_uint {
    with(|script, _| {
        let mut cards = script.cards.iter().enumerate();
        let Some((index, card)) = cards.find(|(index, card)| is(*index, card)) else {
            return absent;
        };
        if let Some(log) = &script.log {
            let file = std::fs::OpenOptions::new().create(true).append(true).open(log);
            let written = file.and_then(|mut file| writeln!(file, "{}", card.pci));
            if written.is_err() {
                return INVALID;
            }
        }
        if card.open != SUCCESS {
            return card.open;
        }
        unsafe { put(to, Some((index + 1) as *mut c_void)) }
    })
}

/// Domain, bus, and device with function; domains are padded differently.
fn place(address: &str) -> Option<(u32, String)> {
    let (domain, rest) = address.split_once(':')?;
    Some((u32::from_str_radix(domain, 16).ok()?, rest.to_lowercase()))
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
    with(|script, _| {
        if let Some(wakes) = &script.wakes
            && std::fs::write(wakes, "active\n").is_err()
        {
            return INVALID;
        }
        script.init
    })
}

#[unsafe(no_mangle)]
extern "C" fn nvmlShutdown() -> c_uint {
    SUCCESS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlSystemGetDriverVersion(to: *mut c_char, length: c_uint) -> c_uint {
    with(|script, _| unsafe { put_text(&script.driver, to, length as usize) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlSystemGetNVMLVersion(to: *mut c_char, length: c_uint) -> c_uint {
    with(|script, _| unsafe { put_text(&script.library, to, length as usize) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetCount_v2(to: *mut c_uint) -> c_uint {
    with(|script, _| unsafe { put(to, Some(script.cards.len() as c_uint)) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetHandleByIndex_v2(index: c_uint, to: *mut *mut c_void) -> c_uint {
    unsafe { open(to, INVALID, |at, _| at == index as usize) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetHandleByPciBusId_v2(
    address: *const c_char,
    to: *mut *mut c_void,
) -> c_uint {
    let address = unsafe { CStr::from_ptr(address) }.to_string_lossy();
    let wanted = place(&address);
    unsafe { open(to, NOT_FOUND, |_, card| wanted.is_some() && place(&card.pci) == wanted) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetIndex(of: *mut c_void, to: *mut c_uint) -> c_uint {
    card(of, |_, _| unsafe { put(to, Some((of as usize - 1) as c_uint)) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetArchitecture(of: *mut c_void, to: *mut c_uint) -> c_uint {
    card(of, |card, _| unsafe { put(to, Some(card.architecture)) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetVirtualizationMode(of: *mut c_void, to: *mut c_uint) -> c_uint {
    card(of, |card, _| unsafe { put(to, Some(card.virtualization)) })
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
        put(current, Some(card.mig[0]));
        put(pending, Some(card.mig[1]))
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetUtilizationRates(
    of: *mut c_void,
    to: *mut [c_uint; 2],
) -> c_uint {
    card(of, |card, _| unsafe { put(to, Some(card.utilization)) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetTemperature(
    of: *mut c_void,
    _: c_uint,
    to: *mut c_uint,
) -> c_uint {
    card(of, |card, _| unsafe { put(to, Some(card.temperature)) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetClockInfo(
    of: *mut c_void,
    domain: c_uint,
    to: *mut c_uint,
) -> c_uint {
    card(of, |card, _| {
        let clock = match domain {
            1 => Some(card.sm_clock),
            2 => Some(card.memory_clock),
            _ => None,
        };
        unsafe { put(to, clock) }
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetCurrentClocksThrottleReasons(
    of: *mut c_void,
    to: *mut c_ulonglong,
) -> c_uint {
    card(of, |card, _| unsafe { put(to, Some(card.throttle)) })
}

#[repr(C)]
struct FieldValue {
    field: c_uint,
    scope: c_uint,
    timestamp: c_longlong,
    latency: c_longlong,
    value_type: c_uint,
    status: c_uint,
    value: c_ulonglong,
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetFieldValues(
    of: *mut c_void,
    count: c_int,
    values: *mut FieldValue,
) -> c_uint {
    const UNSIGNED_INT: c_uint = 1;
    card(of, |card, _| {
        let values = unsafe { std::slice::from_raw_parts_mut(values, count as usize) };
        for entry in values {
            let watts = card.field(entry.field, entry.scope);
            entry.status = if watts.is_some() { SUCCESS } else { UNSUPPORTED };
            entry.value_type = UNSIGNED_INT;
            entry.value = (watts.unwrap_or(0.0) * 1e3) as c_ulonglong;
        }
        SUCCESS
    })
}
