//! What sources that are files of Linux have in common: numbers in files, and graphics cards on the PCI bus with the
//! folder in which their driver publishes what it measures (hwmon).

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::power::{Extra, Options, PciAddress, ReadError};

/// How long a sensor is watched for its refresh period.
const WATCH: Duration = Duration::from_millis(300);
/// Changes that are enough to know the period.
const CHANGES: usize = 6;
/// Load, temperature and clocks change slowly and cost a file each: read this often.
const EXTRAS_EVERY: Duration = Duration::from_secs(1);

/// The whole number in a file.
pub(super) fn number(path: &Path) -> Result<u64, ReadError> {
    let text = fs::read_to_string(path).map_err(|error| ReadError::Io {
        error,
        path: path.to_owned(),
    })?;
    text.trim().parse().map_err(|_| ReadError::NotANumber {
        text: text.trim().chars().take(40).collect(),
        path: path.to_owned(),
    })
}

/// What a file says, without the space around it; `None` where it says nothing.
pub(super) fn text(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// The folders and files in `folder`, sorted; none where there is no such folder.
pub(super) fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    paths
}

/// Numbers of the processor packages that the kernel knows of (`physical_package_id`).
pub(super) fn sockets(sysfs_root: &Path) -> BTreeSet<u32> {
    entries(&sysfs_root.join("devices/system/cpu"))
        .iter()
        .filter_map(|cpu| {
            text(&cpu.join("topology/physical_package_id"))?
                .parse()
                .ok()
        })
        .collect()
}

/// A graphics card or accelerator on the PCI bus.
pub(super) struct Card {
    pub address: PciAddress,
    /// The number of its make among those of its vendor, such as `0x744c`.
    pub device: String,
    /// Its folder in sysfs.
    pub folder: PathBuf,
    /// Where its driver publishes what it measures, and that driver's name.
    pub hwmon: Option<(String, PathBuf)>,
}

/// The cards of a vendor, whose hwmon folder has one of the names in `drivers`. Nothing that is read here wakes a card.
pub(super) fn cards(sysfs_root: &Path, vendor: &str, drivers: &[&str]) -> Vec<Card> {
    let card = |folder: PathBuf| {
        let address = folder.file_name()?.to_str()?.parse().ok()?;
        let says = |file: &str| text(&folder.join(file)).unwrap_or_default();
        // Class 0x03…: display controllers; 0x12…: accelerators without display, such as AMD's Instinct. A card's sound
        // and USB functions have others.
        let class = says("class");
        if says("vendor") != vendor || !(class.starts_with("0x03") || class.starts_with("0x12")) {
            return None;
        }
        let device = says("device");
        let hwmon = entries(&folder.join("hwmon")).into_iter().find_map(|path| {
            let name = text(&path.join("name"))?;
            drivers.contains(&name.as_str()).then_some((name, path))
        });
        Some(Card {
            address,
            device,
            folder,
            hwmon,
        })
    };
    entries(&sysfs_root.join("bus/pci/devices"))
        .into_iter()
        .filter_map(card)
        .collect()
}

impl Card {
    /// Whether it sleeps: reading its sensors would wake it, or be refused.
    pub fn sleeps(&self) -> bool {
        sleeps(&self.folder)
    }
}

/// Whether the device in `folder` sleeps. The kernel answers this without waking it.
pub(super) fn sleeps(folder: &Path) -> bool {
    text(&folder.join("power/runtime_status")).as_deref() == Some("suspended")
}

/// The card that trains among `cards`, and whether only its maker says so; else why there is none. sysfs knows no names of
/// cards: where the address is not known, one that is alone of its kind is the one. `words` are in the names that drivers
/// give to cards of this vendor.
pub(super) fn training_card(
    options: &Options,
    cards: &[&Card],
    words: &[&str],
) -> Result<(PciAddress, bool), String> {
    let Some(gpu) = &options.gpu else {
        return Err("no GPU trains".to_owned());
    };
    if let Some(pci) = gpu.pci {
        return match cards.iter().any(|card| card.address == pci) {
            true => Ok((pci, false)),
            false => Err(format!(
                "the GPU that trains sits at {pci}, and this is not it"
            )),
        };
    }
    let name = gpu.name.to_lowercase();
    let other = format!("the GPU that trains is another one: {}", gpu.name);
    match cards {
        _ if !words.iter().any(|word| name.contains(word)) => Err(other),
        [card] => Ok((card.address, true)),
        [] => Err(other),
        _ => Err(format!(
            "there are several cards of this maker, and the PCI address of the one that trains ({}) is not known: attributed \
             to none",
            gpu.name
        )),
    }
}

/// Watches a sensor for up to 0.3 s. Gives the median time between changes of its value in seconds, where at least three
/// were seen; a steady power may publish the same value twice, so it is an upper bound.
pub(super) fn refresh_s<T: PartialEq>(mut read: impl FnMut() -> Option<T>) -> Option<f64> {
    let start = Instant::now();
    let mut changes: Vec<f64> = Vec::new();
    let mut last = None;
    while start.elapsed() < WATCH && changes.len() <= CHANGES {
        let value = read()?;
        if last.as_ref().is_some_and(|last| *last != value) {
            changes.push(start.elapsed().as_secs_f64());
        }
        last = Some(value);
        std::thread::sleep(Duration::from_millis(1));
    }
    let mut steps: Vec<f64> = changes.windows(2).map(|pair| pair[1] - pair[0]).collect();
    steps.sort_by(f64::total_cmp);
    (steps.len() >= 2).then(|| steps[steps.len() / 2])
}

/// A further quantity in a file.
pub(super) struct ExtraFile {
    pub metric: &'static str,
    pub path: PathBuf,
    /// What one of the file's counts is in `unit`.
    pub scale: f64,
    pub unit: &'static str,
}

/// Further quantities, told once a second.
pub(super) struct Extras {
    files: Vec<ExtraFile>,
    told: Option<Instant>,
}

impl Extras {
    /// Those of `files` that are there; the first of each metric.
    pub fn new(files: impl IntoIterator<Item = ExtraFile>) -> Self {
        let mut there: Vec<ExtraFile> = Vec::new();
        for file in files {
            let known = there.iter().any(|other| other.metric == file.metric);
            if !known && file.path.exists() {
                there.push(file);
            }
        }
        Self {
            files: there,
            told: None,
        }
    }

    /// What they say, if a second has passed since the last time.
    pub fn due(&mut self) -> Vec<Extra> {
        if self.told.is_some_and(|at| at.elapsed() < EXTRAS_EVERY) {
            return Vec::new();
        }
        self.told = Some(Instant::now());
        let tell = |file: &ExtraFile| {
            let value = number(&file.path).ok()? as f64 * file.scale;
            Some(Extra::new(file.metric, value, file.unit))
        };
        self.files.iter().filter_map(tell).collect()
    }
}

/// Why a sensor's file could not be read, in words.
pub(super) fn in_words(error: &ReadError) -> String {
    match error {
        ReadError::Io { error, path } if error.kind() == io::ErrorKind::PermissionDenied => {
            format!("the driver refuses to read it now: {}", path.display())
        }
        other => other.to_string(),
    }
}
