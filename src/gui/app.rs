use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{CentralPanel, Context, Frame, Ui, ViewportCommand};

use super::commands::{Action, Command};
use super::dialogs::Parent;
use super::jobs::Lane;
use super::live::{Earlier, Wish};
use super::preferences::{Preferences, ThemeChoice};
use super::shell::{self, Closing};
use super::state::{Options, Page, State};
use super::sweeps::LiveSweep;
use super::theme::{self, Tokens};
use crate::setup::MeasureSetup;

/// Time between two looks at whether anything changed that is to be remembered.
const REMEMBER_EVERY: Duration = Duration::from_secs(5);

/// The window's program: one frame after the other.
pub struct App {
    state: State,
    remembered: Preferences,
    remembered_at: Instant,
    may_close: bool,
    made_at: Instant,
    is_drawn: bool,
}

impl App {
    /// The program for a window that draws with `ctx`.
    ///
    /// # Errors
    /// Where the system gives no threads.
    pub fn new(ctx: &Context, options: Options) -> std::io::Result<Self> {
        theme::install(ctx);
        let state = State::new(ctx, options)?;
        let mut app = Self {
            remembered: state.shared.preferences.clone(),
            remembered_at: Instant::now(),
            state,
            may_close: false,
            made_at: Instant::now(),
            is_drawn: false,
        };
        app.apply_look(ctx);
        let shared = &mut app.state.shared;
        shared.look_for_devices();
        shared.sets.look(&mut shared.jobs);
        Ok(app)
    }

    /// Everything that is shown.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Takes in what came round since the last frame and does what follows from it; draws nothing.
    pub fn logic(&mut self, ctx: &Context) {
        let changes: Vec<_> = self.state.shared.jobs.done().collect();
        for change in changes {
            change(&mut self.state);
        }
        // The user may have got a set from the command line, or removed one.
        let is_back = |event: &egui::Event| matches!(event, egui::Event::WindowFocused(true));
        if ctx.input(|input| input.events.iter().any(is_back)) {
            let shared = &mut self.state.shared;
            shared.sets.look(&mut shared.jobs);
        }
        self.start_next();
        self.close_if_asked(ctx);
        self.remember(ctx);
    }

    /// Draws one frame.
    pub fn ui(&mut self, ui: &mut Ui) {
        if !std::mem::replace(&mut self.is_drawn, true) {
            tracing::info!(
                "the first frame begins {:?} after the program",
                self.made_at.elapsed()
            );
        }
        self.shortcuts(ui);
        let tokens = Tokens::in_ui(ui);
        shell::rail(ui, &mut self.state.shared);
        CentralPanel::default()
            .frame(Frame::new().fill(tokens.canvas))
            .show(ui, |ui| {
                self.state.pages.show(ui, &mut self.state.shared);
            });
        shell::overlays(ui, &mut self.state);
        let actions = std::mem::take(&mut self.state.shared.actions);
        for action in actions {
            self.perform(ui.ctx(), action);
        }
    }

    fn shortcuts(&mut self, ui: &Ui) {
        let all = || Command::ALL.into_iter().chain([Command::Palette]);
        let mut shortcuts: Vec<_> = all()
            .filter_map(|command| Some((command, command.shortcut()?)))
            .collect();
        // A key without Shift is taken for one with it, too.
        shortcuts.sort_by_key(|(_, shortcut)| !shortcut.modifiers.shift);
        for (command, shortcut) in shortcuts {
            if ui.input_mut(|input| input.consume_shortcut(&shortcut)) {
                self.state.shared.command(command);
            }
        }
        let dropped = ui.input(|input| input.raw.dropped_files.clone());
        let paths: Vec<_> = dropped
            .into_iter()
            .map(|file| file.path().to_path_buf())
            .collect();
        if !paths.is_empty() {
            self.state.pages.take_files(paths, &mut self.state.shared);
        }
    }

    fn perform(&mut self, ctx: &Context, action: Action) {
        let shared = &mut self.state.shared;
        match action {
            Action::Command(command) => self.command(ctx, command),
            Action::UseSetup(mut setup) => {
                // Site and machine are those of this window, whatever another run was measured with.
                setup.measure = MeasureSetup {
                    idle_s: setup.measure.idle_s,
                    ..shared.preferences.setup.measure.clone()
                };
                shared.preferences.setup = *setup;
                shared.preferences.page = Page::Train;
                self.state.pages.train.setup_was_replaced();
            }
            Action::Enqueue(setups) => {
                shared.toasts.info(match setups.len() {
                    1 => "Added to the queue".to_owned(),
                    several => format!("{several} setups added to the queue"),
                });
                shared.queue.extend(setups);
            }
            Action::ResumeRun(run_id) => {
                if shared.is_busy() || shared.is_inferring() {
                    shared
                        .toasts
                        .warn("A run or a measurement goes on; stop it before another is resumed");
                    return;
                }
                let id = run_id.clone();
                shared.with_library(
                    move |library| Earlier::read(library, &run_id),
                    move |state, earlier| match earlier {
                        Ok(earlier) => earlier.go_on(&mut state.shared, id),
                        Err(error) => state.shared.toasts.error(error.to_string()),
                    },
                );
            }
            Action::Unqueue(index) => {
                shared.queue.remove(index);
            }
            Action::ShowRun(run_id) => {
                shared.preferences.page = Page::Runs;
                self.state.pages.runs.show_run(run_id);
            }
            Action::ShowCost(run_id) => {
                shared.preferences.page = Page::Runs;
                self.state.pages.runs.show_cost(run_id);
            }
            Action::LibraryChanged => shared.library_revision += 1,
            Action::LookChanged => self.apply_look(ctx),
        }
    }

    fn command(&mut self, ctx: &Context, command: Command) {
        let shared = &mut self.state.shared;
        match command {
            Command::Start => self.start(),
            Command::Enqueue => match self.state.pages.train.ready_setup(shared) {
                Ok(setup) => shared.ask(Action::Enqueue(vec![setup])),
                Err(why) => shared.toasts.warn(why),
            },
            Command::PauseOrResume => self.pause_or_resume(),
            Command::Stop => self.stop(),
            Command::Checkpoint => {
                let control = shared.live.as_ref().and_then(|live| live.control.as_ref());
                match control.filter(|_| shared.is_training()) {
                    Some(control) => {
                        control.checkpoint();
                        shared.toasts.info("A checkpoint is saved after this step");
                    }
                    None => shared.toasts.warn("No run goes on"),
                }
            }
            Command::CloneSetup => self.state.pages.clone_setup(shared),
            Command::NewSetup => {
                shared.ask(Action::UseSetup(Box::default()));
            }
            Command::OpenSetup => self.state.pages.train.open_setup(shared),
            Command::SaveSetup => self.state.pages.train.save_setup(shared),
            Command::ExportRuns => {
                shared.preferences.page = Page::Runs;
                self.state.pages.runs.export(shared);
            }
            Command::NewSweep => self.state.pages.sweep.new_sweep(shared),
            Command::OpenSweep => self.state.pages.sweep.open_sweep(shared),
            Command::SaveSweep => self.state.pages.sweep.save_sweep(shared),
            Command::BeginSweep => self.state.pages.sweep.begin(shared),
            Command::TakeUpSweep => self.state.pages.sweep.take_up(shared),
            Command::ExportSweep => self.state.pages.sweep.export(shared, None),
            Command::ExportLifeCycle => self.state.pages.life.export(shared),
            Command::Go(page) => shared.preferences.page = page,
            Command::Palette => {
                self.state.palette = match self.state.palette.take() {
                    Some(_) => None,
                    None => Some(shell::Palette::default()),
                };
            }
            Command::ResetLayout => {
                self.state.pages.reset_layout();
                shared.preferences.pages.clear();
            }
            Command::Announcements => {
                self.state.announcements_open = !self.state.announcements_open;
            }
            Command::NextTheme => {
                let theme = &mut shared.preferences.theme;
                *theme = match theme {
                    ThemeChoice::Dark => ThemeChoice::Light,
                    ThemeChoice::Light => ThemeChoice::System,
                    ThemeChoice::System => ThemeChoice::Dark,
                };
                self.apply_look(ctx);
            }
            Command::ZoomIn => self.zoom(ctx, 0.1),
            Command::ZoomOut => self.zoom(ctx, -0.1),
            Command::ZoomReset => {
                self.state.shared.preferences.zoom = 1.0;
                self.apply_look(ctx);
            }
            Command::QuietMeasurement => {
                shared.preferences.quiet = !shared.preferences.quiet;
                shared.pace.set_quiet(shared.preferences.quiet);
            }
            Command::RefreshDevices => {
                shared.look_for_devices();
                self.state.pages.devices.refresh();
            }
            Command::Quit => ctx.send_viewport_cmd(ViewportCommand::Close),
        }
    }

    fn start(&mut self) {
        let shared = &mut self.state.shared;
        match self.state.pages.train.ready_setup(shared) {
            Ok(setup) if shared.is_busy() || shared.is_inferring() => {
                shared.ask(Action::Enqueue(vec![setup]))
            }
            Ok(setup) => {
                shared.preferences.page = Page::Train;
                shared.start(setup, None);
            }
            Err(why) => shared.toasts.warn(why),
        }
    }

    fn start_next(&mut self) {
        let shared = &mut self.state.shared;
        if shared.is_busy() || shared.is_inferring() || self.state.closing.is_some() {
            return;
        }
        if let Some(setup) = shared.queue.pop_front() {
            shared.start(setup, None);
        }
    }

    fn pause_or_resume(&mut self) {
        let shared = &mut self.state.shared;
        let live = shared.live.as_mut().filter(|live| live.is_going_on());
        match live {
            Some(live) => {
                let is_held = live.is_paused() || live.wish == Some(Wish::Pause);
                let Some(control) = &live.control else { return };
                if is_held {
                    control.resume();
                    live.wish = None;
                } else {
                    control.pause();
                    live.wish = Some(Wish::Pause);
                }
            }
            None => match going_on(&mut shared.sweep) {
                Some(sweep) => sweep.pause_or_resume(),
                None => shared.toasts.warn("No run goes on"),
            },
        }
    }

    fn stop(&mut self) {
        let shared = &mut self.state.shared;
        match shared.live.as_mut().filter(|live| live.is_going_on()) {
            Some(live) => {
                if let Some(control) = &live.control {
                    control.stop();
                }
                live.wish = Some(Wish::Stop);
            }
            None => match going_on(&mut shared.sweep) {
                Some(sweep) => sweep.stop(),
                None => shared.toasts.warn("No run goes on"),
            },
        }
    }

    fn zoom(&mut self, ctx: &Context, by: f32) {
        let zoom = &mut self.state.shared.preferences.zoom;
        *zoom = ((*zoom + by) * 10.0).round().clamp(5.0, 30.0) / 10.0;
        self.apply_look(ctx);
    }

    fn apply_look(&mut self, ctx: &Context) {
        let preferences = &self.state.shared.preferences;
        ctx.set_theme(match preferences.theme {
            ThemeChoice::Dark => egui::ThemePreference::Dark,
            ThemeChoice::Light => egui::ThemePreference::Light,
            ThemeChoice::System => egui::ThemePreference::System,
        });
        ctx.options_mut(|options| options.zoom_with_keyboard = false);
        ctx.set_zoom_factor(preferences.zoom);
    }

    /// A window that is closed during a run or a sweep asks first; the record is kept whatever the answer.
    fn close_if_asked(&mut self, ctx: &Context) {
        let shared = &mut self.state.shared;
        if ctx.input(|input| input.viewport().close_requested()) {
            if self.may_close || !shared.is_busy() {
                self.write_preferences();
                return;
            }
            ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            if self.state.closing.is_none() {
                self.state.closing = Some(Closing::Asked);
            }
        }
        let shared = &mut self.state.shared;
        match self.state.closing {
            Some(Closing::Stopping) if !shared.is_busy() => {}
            Some(Closing::AtOnce) => {
                if let Some(control) = shared.live.as_ref().and_then(|live| live.control.as_ref()) {
                    control.kill();
                }
                if let Some(sweep) = going_on(&mut shared.sweep) {
                    sweep.kill();
                }
                if shared.is_busy() {
                    return;
                }
            }
            _ => return,
        }
        self.may_close = true;
        ctx.send_viewport_cmd(ViewportCommand::Close);
    }

    fn remember(&mut self, ctx: &Context) {
        let preferences = &mut self.state.shared.preferences;
        ctx.input(|input| {
            let viewport = input.viewport();
            preferences.maximised = viewport.maximized.unwrap_or(preferences.maximised);
            if let Some(size) = viewport.inner_rect.filter(|_| !preferences.maximised) {
                // In points of the system, whatever the scale of the window.
                let size = size.size() * preferences.zoom;
                preferences.window_size = Some([size.x.round(), size.y.round()]);
            }
        });
        if self.remembered_at.elapsed() < REMEMBER_EVERY {
            return;
        }
        self.remembered_at = Instant::now();
        self.state.pages.remember(preferences);
        if *preferences == self.remembered {
            return;
        }
        self.remembered = preferences.clone();
        let Some(path) = self.state.shared.options.preferences.clone() else {
            return;
        };
        let preferences = preferences.clone();
        self.state.shared.jobs.run(Lane::Files, move |_| {
            if let Err(error) = preferences.save(&path) {
                tracing::warn!(
                    "cannot remember how the window looks: {error}: {}",
                    path.display()
                );
            }
            Box::new(|_| {})
        });
    }

    /// At the end, when no job would be done any more.
    fn write_preferences(&mut self) {
        let shared = &mut self.state.shared;
        self.state.pages.remember(&mut shared.preferences);
        if let Some(path) = &shared.options.preferences
            && let Err(error) = shared.preferences.save(path)
        {
            tracing::warn!(
                "cannot remember how the window looks: {error}: {}",
                path.display()
            );
        }
    }
}

fn going_on(sweep: &mut Option<LiveSweep>) -> Option<&mut LiveSweep> {
    sweep.as_mut().filter(|sweep| sweep.is_going_on())
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &Context, frame: &mut eframe::Frame) {
        let window = &mut self.state.shared.window;
        if window.is_none() {
            *window = frame.winit_window().map(|window| {
                let window: Arc<dyn Parent> = Arc::clone(window) as _;
                window
            });
        }
        App::logic(self, ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        App::ui(self, ui);
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }
}
