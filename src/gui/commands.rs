//! Everything that can be asked for by name: one list gives menus, shortcuts and the palette their label, hint and key.

use egui::{Key, KeyboardShortcut, Modifiers};

use super::state::Page;
use crate::setup::Setup;

/// Something that the user can ask for from anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Train the setup in the panel.
    Start,
    /// Put the setup in the panel into the queue.
    Enqueue,
    /// Hold the run, or let it go on.
    PauseOrResume,
    /// End the run after the step that is going on.
    Stop,
    /// Save the state of the run.
    Checkpoint,
    /// Take the setup of the run that is shown.
    CloneSetup,
    /// Begin with the default setup.
    NewSetup,
    /// Read a setup from a file.
    OpenSetup,
    /// Write the setup to a file.
    SaveSetup,
    /// Write chosen runs to files.
    ExportRuns,
    /// Begin with an empty sweep.
    NewSweep,
    /// Read a sweep from a file.
    OpenSweep,
    /// Write the sweep that is put together to a file.
    SaveSweep,
    /// Make the runs of the sweep that is put together.
    BeginSweep,
    /// Go on with the sweep that is shown.
    TakeUpSweep,
    /// Write what the sweep that is shown came to.
    ExportSweep,
    /// Write what the life of the model takes that is shown.
    ExportLifeCycle,
    /// Open a page.
    Go(Page),
    /// Open the palette.
    Palette,
    /// Plots where they were at first.
    ResetLayout,
    /// What was announced.
    Announcements,
    /// Dark, light, as the system has it.
    NextTheme,
    /// Everything larger.
    ZoomIn,
    /// Everything smaller.
    ZoomOut,
    /// Everything at its own size.
    ZoomReset,
    /// Draw less while measuring, or as usual.
    QuietMeasurement,
    /// Look for devices and meters again.
    RefreshDevices,
    /// Close the window.
    Quit,
}

const CTRL: Modifiers = Modifiers::COMMAND;
const CTRL_SHIFT: Modifiers = Modifiers {
    shift: true,
    ..Modifiers::COMMAND
};

impl Command {
    /// Every command, in the order in which the palette lists them.
    pub const ALL: [Self; 32] = [
        Self::Start,
        Self::PauseOrResume,
        Self::Stop,
        Self::Checkpoint,
        Self::Enqueue,
        Self::NewSetup,
        Self::OpenSetup,
        Self::SaveSetup,
        Self::CloneSetup,
        Self::ExportRuns,
        Self::NewSweep,
        Self::OpenSweep,
        Self::SaveSweep,
        Self::BeginSweep,
        Self::TakeUpSweep,
        Self::ExportSweep,
        Self::ExportLifeCycle,
        Self::Go(Page::Train),
        Self::Go(Page::Sweep),
        Self::Go(Page::Runs),
        Self::Go(Page::LifeCycle),
        Self::Go(Page::Devices),
        Self::Go(Page::Settings),
        Self::RefreshDevices,
        Self::ResetLayout,
        Self::QuietMeasurement,
        Self::Announcements,
        Self::NextTheme,
        Self::ZoomIn,
        Self::ZoomOut,
        Self::ZoomReset,
        Self::Quit,
    ];

    /// Name on buttons, menus and in the palette.
    pub fn label(self) -> &'static str {
        match self {
            Self::Start => "Start training",
            Self::Enqueue => "Add to queue",
            Self::PauseOrResume => "Pause or resume",
            Self::Stop => "Stop",
            Self::Checkpoint => "Save a checkpoint",
            Self::CloneSetup => "Use this run's setup",
            Self::NewSetup => "New setup",
            Self::OpenSetup => "Open setup…",
            Self::SaveSetup => "Save setup…",
            Self::ExportRuns => "Export runs…",
            Self::NewSweep => "New sweep",
            Self::OpenSweep => "Open sweep…",
            Self::SaveSweep => "Save sweep…",
            Self::BeginSweep => "Begin sweep",
            Self::TakeUpSweep => "Take up the sweep",
            Self::ExportSweep => "Export the sweep's result…",
            Self::ExportLifeCycle => "Export the life cycle…",
            Self::Go(page) => match page {
                Page::Train => "Go to Train",
                Page::Sweep => "Go to Sweep",
                Page::Runs => "Go to Runs",
                Page::LifeCycle => "Go to Life cycle",
                Page::Devices => "Go to Devices",
                Page::Settings => "Go to Settings",
            },
            Self::Palette => "Command palette…",
            Self::ResetLayout => "Reset layout",
            Self::Announcements => "Show messages",
            Self::NextTheme => "Switch theme",
            Self::ZoomIn => "Zoom in",
            Self::ZoomOut => "Zoom out",
            Self::ZoomReset => "Reset zoom",
            Self::QuietMeasurement => "Quiet measurement",
            Self::RefreshDevices => "Look for devices again",
            Self::Quit => "Quit",
        }
    }

    /// What it does, in a sentence.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Start => "Train the network of the setup panel and measure what it costs",
            Self::Enqueue => "Train the setup of the panel after the runs that wait",
            Self::PauseOrResume => {
                "Hold the run after the step that is going on, a sweep after its run; or let it go on"
            }
            Self::Stop => {
                "End the run, or the sweep, after the step that is going on; its record is kept"
            }
            Self::Checkpoint => {
                "Save the state of the run now, so that it can be resumed from here"
            }
            Self::CloneSetup => "Put the setup of the run that is shown into the panel",
            Self::NewSetup => "Put the default setup into the panel",
            Self::OpenSetup => "Read a setup from a TOML or JSON file",
            Self::SaveSetup => "Write the setup of the panel to a TOML or JSON file",
            Self::ExportRuns => "Write the chosen runs as CSV or JSON",
            Self::NewSweep => "Put a sweep together from the setup of the Train page",
            Self::OpenSweep => "Read a sweep from a TOML or JSON file",
            Self::SaveSweep => "Write the sweep that is put together to a TOML or JSON file",
            Self::BeginSweep => "Make the runs of the sweep that is put together",
            Self::TakeUpSweep => "Go on with the sweep that is shown, where it was left",
            Self::ExportSweep => {
                "Write what the sweep that is shown came to: table, page, Markdown, plots"
            }
            Self::ExportLifeCycle => {
                "Write what the life of the model takes: table, JSON, Markdown, plots"
            }
            Self::Go(_) => "Open the page",
            Self::Palette => "Find a command by its name",
            Self::ResetLayout => "Put plots and panels where they were at first",
            Self::Announcements => "What was announced since the window was opened",
            Self::NextTheme => "Dark, light, or as the system has it",
            Self::ZoomIn => "Make everything larger",
            Self::ZoomOut => "Make everything smaller",
            Self::ZoomReset => "Make everything its own size",
            Self::QuietMeasurement => {
                "Draw only twice a second during a run: the window's own load is measured too"
            }
            Self::RefreshDevices => "List devices and try every meter again",
            Self::Quit => "Close the window; a run that goes on is asked about",
        }
    }

    /// Its key, where it has one.
    pub fn shortcut(self) -> Option<KeyboardShortcut> {
        let (modifiers, key) = match self {
            Self::Start => (CTRL, Key::Enter),
            Self::Enqueue => (CTRL_SHIFT, Key::Enter),
            Self::PauseOrResume => (CTRL, Key::P),
            Self::Stop => (CTRL, Key::Period),
            Self::Checkpoint => (CTRL_SHIFT, Key::S),
            Self::NewSetup => (CTRL, Key::N),
            Self::OpenSetup => (CTRL, Key::O),
            Self::SaveSetup => (CTRL, Key::S),
            Self::CloneSetup => (CTRL, Key::D),
            Self::ExportRuns => (CTRL, Key::E),
            Self::Go(Page::Train) => (CTRL, Key::Num1),
            Self::NewSweep => (CTRL_SHIFT, Key::N),
            Self::OpenSweep => (CTRL_SHIFT, Key::O),
            Self::BeginSweep => (CTRL, Key::B),
            Self::ExportSweep => (CTRL_SHIFT, Key::E),
            Self::Go(Page::Sweep) => (CTRL, Key::Num2),
            Self::Go(Page::Runs) => (CTRL, Key::Num3),
            Self::Go(Page::LifeCycle) => (CTRL, Key::Num4),
            Self::Go(Page::Devices) => (CTRL, Key::Num5),
            Self::Go(Page::Settings) => (CTRL, Key::Comma),
            Self::Palette => (CTRL, Key::K),
            Self::RefreshDevices => (CTRL, Key::R),
            Self::ZoomIn => (CTRL, Key::Plus),
            Self::ZoomOut => (CTRL, Key::Minus),
            Self::ZoomReset => (CTRL, Key::Num0),
            Self::Quit => (CTRL, Key::Q),
            Self::SaveSweep
            | Self::TakeUpSweep
            | Self::ExportLifeCycle
            | Self::ResetLayout
            | Self::Announcements
            | Self::NextTheme
            | Self::QuietMeasurement => return None,
        };
        Some(KeyboardShortcut::new(modifiers, key))
    }
}

/// Something that a page asks of the window.
#[derive(Clone, Debug)]
pub enum Action {
    /// A command.
    Command(Command),
    /// Put this setup into the panel and open it.
    UseSetup(Box<Setup>),
    /// Train these setups, one after the other.
    Enqueue(Vec<Setup>),
    /// Go on with a stored run from its last checkpoint.
    ResumeRun(String),
    /// Take a waiting setup out of the queue.
    Unqueue(usize),
    /// Show a stored run.
    ShowRun(String),
    /// Show what the answers of a stored run cost, and how to measure that.
    ShowCost(String),
    /// The library was changed: lists of runs are to be read again.
    LibraryChanged,
    /// The theme or scale was changed.
    LookChanged,
}

#[cfg(test)]
mod tests {
    use super::Command;

    #[test]
    fn no_two_commands_have_one_key() {
        let keys: Vec<_> = Command::ALL
            .into_iter()
            .chain([Command::Palette])
            .filter_map(Command::shortcut)
            .collect();
        for (i, key) in keys.iter().enumerate() {
            assert!(!keys[..i].contains(key), "{key:?}");
        }
    }
}
