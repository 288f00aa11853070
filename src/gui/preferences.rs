//! What the window remembers between two starts: how it looks and what was last asked for. Runs are in the library.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::state::Page;
use crate::setup::Setup;

/// Version of the file; a file of another version is left alone and the defaults are used.
const VERSION: u32 = 1;

/// Ground of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThemeChoice {
    /// Dark ground.
    #[default]
    Dark,
    /// Light ground.
    Light,
    /// As the system has it.
    System,
}

/// In what energy is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EnergyUnit {
    /// Joules.
    #[default]
    Joules,
    /// Watt-hours.
    WattHours,
}

/// What is remembered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// Version of the file.
    pub version: u32,
    /// Ground of the window.
    pub theme: ThemeChoice,
    /// Scale of everything in the window, 0.5 to 3.
    pub zoom: f32,
    /// Unit of energy.
    pub energy_unit: EnergyUnit,
    /// Whether the window draws only twice a second while a run is measured.
    pub quiet: bool,
    /// Library to use instead of the platform's.
    pub library: Option<PathBuf>,
    /// What is logged, from the next start on.
    pub log: String,
    /// The page that was open.
    pub page: Page,
    /// The setup in the panel.
    pub setup: Setup,
    /// Size of the window in points.
    pub window_size: Option<[f32; 2]>,
    /// Whether the window filled the screen.
    pub maximised: bool,
    /// What pages want to remember of their own, by name.
    pub pages: std::collections::BTreeMap<String, serde_json::Value>,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            version: VERSION,
            theme: ThemeChoice::default(),
            zoom: 1.0,
            energy_unit: EnergyUnit::default(),
            quiet: false,
            library: None,
            log: "warn".to_owned(),
            page: Page::default(),
            setup: Setup::default(),
            window_size: None,
            maximised: false,
            pages: std::collections::BTreeMap::new(),
        }
    }
}

impl Preferences {
    /// The platform's place for them; `None` where the platform has no such place.
    pub fn default_path() -> Option<PathBuf> {
        directories::ProjectDirs::from("", "", "joulelab")
            .map(|folders| folders.config_dir().join("window.json"))
    }

    /// What is remembered in the file at `path`; the defaults where there is none, or none that can be understood: how
    /// a window looked is not worth an error.
    pub fn load(path: &Path) -> Self {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Self::default(),
            Err(error) => {
                tracing::warn!(
                    "cannot read what the window remembers: {error}: {}",
                    path.display()
                );
                return Self::default();
            }
        };
        match serde_json::from_str::<Self>(&text) {
            Ok(read) if read.version == VERSION => read.sane(),
            Ok(_) => Self::default(),
            Err(error) => {
                tracing::warn!(
                    "what the window remembers is damaged: {error}: {}",
                    path.display()
                );
                Self::default()
            }
        }
    }

    fn sane(mut self) -> Self {
        if !(0.5..=3.0).contains(&self.zoom) {
            self.zoom = 1.0;
        }
        self
    }

    /// Writes the file at `path`: beside it first, then renamed.
    ///
    /// # Errors
    /// Where the disk refuses.
    pub fn save(&self, path: &Path) -> std::io::Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let beside = path.with_extension("json.new");
        std::fs::write(&beside, serde_json::to_vec_pretty(self)?)?;
        std::fs::rename(&beside, path)
    }

    /// What page `name` remembers, where it does and can still be understood.
    pub fn of_page<T: serde::de::DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_value(self.pages.get(name)?.clone()).ok()
    }

    /// Remembers `value` for page `name`.
    pub fn remember<T: Serialize>(&mut self, name: &str, value: &T) {
        if let Ok(value) = serde_json::to_value(value) {
            self.pages.insert(name.to_owned(), value);
        }
    }
}
