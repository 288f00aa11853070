//! The window: pick a setup, watch it train, see what it costs.
//!
//! Depends on `control`, `analysis`, `library`, `protocol`, `data` (previews, downloads) and `setup`; never on Burn, a graphics API or a
//! meter, which live in workers. The window's thread only draws: whatever touches a disk, a database or a worker is a
//! job on a thread of its own ([`jobs`]) and comes back as a change to the [`state`].
//!
//! | part | what it does |
//! |---|---|
//! | `launch` | opens the native window |
//! | `app` | one frame: what came in, the shell, the page, what the user asked for |
//! | `state` | everything that is shown |
//! | `jobs` | work off the window's thread, with progress and cancellation |
//! | `commands` | one list for menus, shortcuts and the palette |
//! | `live` | the run that goes on, and the queue |
//! | `sweeps` | the sweep that goes on |
//! | `curves` | what a run's plots are drawn from |
//! | `dialogs` | files and folders by the platform's dialogs |
//! | `sets`, `pace_of_bytes` | which sets are on the disk, and downloading them |
//! | `mistakes` | what a run's network takes for what |
//! | `theme` | colours, type, spacing |
//! | `widgets`, `plot` | parts that pages share |
//! | `shell` | navigation rail, palette, toasts, dialogs |
//! | `pages` | train, sweep, runs, life cycle, devices, settings |

mod app;
mod asking;
mod commands;
mod curves;
mod dialogs;
mod export;
mod inferring;
mod jobs;
mod launch;
mod live;
mod mistakes;
mod pace_of_bytes;
mod pages;
pub mod plot;
mod preferences;
mod sets;
mod shell;
mod state;
mod sweeps;
mod theme;
mod widgets;

pub use app::App;
pub use commands::{Action, Command};
pub use launch::{WindowError, open};
pub use preferences::{EnergyUnit, Preferences, ThemeChoice};
pub use sets::Datasets;
pub use state::Options;
pub use state::Page;
