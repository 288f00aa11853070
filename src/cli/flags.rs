//! The setup from flags and a file: flags win.

use std::path::{Path, PathBuf};

use super::{Exit, Failed};
use crate::setup::{Change, Setup, file};

/// What to train, from a file and flags; a field that neither names keeps its default.
#[derive(Debug, Default, clap::Args)]
pub struct SetupFlags {
    /// Setup file, TOML or JSON; flags win over it
    #[arg(long, value_name = "FILE")]
    setup: Option<PathBuf>,

    /// Set any field of the setup, such as `regime.schedule.final_factor=0.01`; may be given several times
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    set: Vec<String>,

    /// Device: `auto`, `cpu`, a number of `joulelab devices`, or part of a name
    #[arg(long, short = 'D')]
    device: Option<String>,

    /// Dataset, such as digits, shapes or mnist; `joulelab data list` shows all
    #[arg(long, short = 'd', help_heading = "Dataset")]
    dataset: Option<String>,

    /// Files of yours: a folder of IDX files (implies `--dataset idx`), a folder of nothing but folders, with images (implies
    /// `--dataset folder`), a CSV file (implies `--dataset csv`), a text that ends in `.txt` (implies `--dataset text`), or
    /// with `--dataset text-csv` a table of texts
    #[arg(long, value_name = "PATH", help_heading = "Dataset")]
    data: Option<PathBuf>,

    /// Share of the samples that is held out, where the set has no split of its own
    #[arg(long, value_name = "SHARE", help_heading = "Dataset")]
    test_fraction: Option<f64>,

    /// Labels to learn at once, a head for each, such as `shape,colour,size`; `joulelab info` lists those of a dataset
    #[arg(
        long,
        value_name = "LABELS",
        value_delimiter = ',',
        help_heading = "Dataset"
    )]
    heads: Vec<String>,

    /// How the losses of several heads are added up: fixed, or uncertainty, which learns their weights
    #[arg(long, value_name = "HOW", help_heading = "Dataset")]
    weighting: Option<String>,

    /// Model: mlp, cnn, lenet5, vgg, resnet, mobilenet-v2, vit, lstm, gru or transformer
    #[arg(long, short = 'm', help_heading = "Model")]
    model: Option<String>,

    /// Widths of hidden layers, such as `128,64`; `none` for no hidden layer
    #[arg(long, value_name = "WIDTHS", help_heading = "Model")]
    hidden: Option<String>,

    /// Channels of each block of a CNN, such as `16,32`
    #[arg(long, value_name = "CHANNELS", help_heading = "Model")]
    channels: Option<String>,

    /// Kernel size of a CNN, odd
    #[arg(long, help_heading = "Model")]
    kernel: Option<u64>,

    /// Depth of a vgg (11, 13, 16, 19) or resnet (18, 34, 50); layers of an lstm or gru; blocks of a vit or transformer
    #[arg(long, help_heading = "Model")]
    depth: Option<u64>,

    /// Width: channels of the first block of a vgg or resnet, numbers at a position of the sequence models
    #[arg(long, help_heading = "Model")]
    width: Option<u64>,

    /// Activation: relu, relu6, leaky-relu, elu, gelu, silu, mish, tanh or sigmoid
    #[arg(long, help_heading = "Model")]
    activation: Option<String>,

    /// Normalisation: none, batch, layer or group
    #[arg(long, visible_alias = "normalization", help_heading = "Model")]
    normalisation: Option<String>,

    /// Dropout probability
    #[arg(long, help_heading = "Model")]
    dropout: Option<f64>,

    /// Weights before the first step: default, kaiming, xavier, normal or orthogonal
    #[arg(
        long,
        visible_alias = "initialization",
        value_name = "WEIGHTS",
        help_heading = "Model"
    )]
    initialisation: Option<String>,

    /// Start from the weights of this run: identifier, its beginning, or name
    #[arg(
        long,
        value_name = "RUN",
        help_heading = "Start",
        conflicts_with = "start_file"
    )]
    start: Option<String>,

    /// Start from the weights in this file: safetensors, Burn's own (.bpk), or a PyTorch checkpoint
    #[arg(long, value_name = "PATH", help_heading = "Start")]
    start_file: Option<PathBuf>,

    /// Layers that learn: all; head; gradual, which begins with the head and lets one more group learn each epoch; or freezing, which begins
    /// with all and lets one group less learn, from the samples on
    #[arg(long, value_name = "LAYERS", help_heading = "Start")]
    train_layers: Option<String>,

    /// Share of the run after which the first group of layers freezes (implies `--train-layers freezing`) [default: 0.5]
    #[arg(long, value_name = "SHARE", help_heading = "Start")]
    freeze_from: Option<f64>,

    /// Groups of layers that never learn, such as `stem,blocks.0`; `joulelab info` lists them
    #[arg(
        long,
        value_name = "GROUPS",
        value_delimiter = ',',
        help_heading = "Start"
    )]
    freeze: Vec<String>,

    /// Learn from the answers of this run beside the right ones: identifier, its beginning, or name
    #[arg(long, value_name = "RUN", help_heading = "Teacher")]
    teacher: Option<String>,

    /// Temperature at which the teacher's scores are learnt [default: 4]
    #[arg(long, value_name = "NUMBER", help_heading = "Teacher")]
    temperature: Option<f64>,

    /// How much the teacher's answers count against the right ones, 0 to 1 [default: 0.9]
    #[arg(long, value_name = "SHARE", help_heading = "Teacher")]
    alpha: Option<f64>,

    /// Optimiser: sgd, adam, adamw, rmsprop, adagrad, lion, muon or lamb
    #[arg(
        long,
        short = 'o',
        visible_alias = "optimizer",
        help_heading = "Regime"
    )]
    optimiser: Option<String>,

    /// Base learning rate
    #[arg(long, visible_alias = "learning-rate", help_heading = "Regime")]
    lr: Option<f64>,

    /// Samples in a step
    #[arg(
        long,
        short = 'b',
        help_heading = "Regime",
        allow_negative_numbers = true
    )]
    batch_size: Option<i64>,

    /// Momentum of sgd or rmsprop
    #[arg(long, help_heading = "Regime")]
    momentum: Option<f64>,

    /// Nesterov momentum of sgd
    #[arg(long, help_heading = "Regime")]
    nesterov: bool,

    /// Weight decay
    #[arg(long, help_heading = "Regime")]
    weight_decay: Option<f64>,

    /// Learning-rate schedule: constant, step, cosine or one-cycle
    #[arg(long, help_heading = "Regime")]
    schedule: Option<String>,

    /// Steps of linear warm-up of the learning rate
    #[arg(long, value_name = "STEPS", help_heading = "Regime")]
    warmup: Option<u64>,

    /// Scale the gradient down to this norm
    #[arg(long, value_name = "NORM", help_heading = "Regime")]
    clip_norm: Option<f64>,

    /// Label smoothing
    #[arg(long, help_heading = "Regime")]
    label_smoothing: Option<f64>,

    /// Begin with images of this share of their height and width, which grow to their own over the first half of the run
    #[arg(long, value_name = "SHARE", help_heading = "Regime")]
    resize: Option<f64>,

    /// Seed of initial weights, shuffling and dropout
    #[arg(long, short = 's', help_heading = "Regime")]
    seed: Option<u64>,

    /// Look at the held-out samples after every so many epochs [default: 1]
    #[arg(long, value_name = "EPOCHS", help_heading = "Regime")]
    evaluate_epochs: Option<u64>,

    /// Look at the held-out samples after every so many steps, instead of by epochs
    #[arg(long, value_name = "STEPS", help_heading = "Regime")]
    evaluate_steps: Option<u64>,

    /// Stop after so many epochs [default: 30, where there is no other bound]
    #[arg(long, short = 'e', help_heading = "Stop rule: whichever comes first")]
    epochs: Option<u64>,

    /// Stop after so many steps
    #[arg(long, help_heading = "Stop rule: whichever comes first")]
    steps: Option<u64>,

    /// Stop when the held-out samples reach this value of the task's metric, such as 0.97 of them right
    #[arg(
        long,
        short = 't',
        value_name = "VALUE",
        help_heading = "Stop rule: whichever comes first"
    )]
    target: Option<f64>,

    /// Stop when training and evaluation have used so many joules
    #[arg(
        long,
        value_name = "JOULES",
        help_heading = "Stop rule: whichever comes first"
    )]
    energy_budget: Option<f64>,

    /// Stop after so many seconds of training and evaluation
    #[arg(
        long,
        value_name = "SECONDS",
        help_heading = "Stop rule: whichever comes first"
    )]
    time_budget: Option<f64>,

    /// Stop after so many evaluations without a lower held-out loss
    #[arg(
        long,
        value_name = "EVALUATIONS",
        help_heading = "Stop rule: whichever comes first"
    )]
    patience: Option<u64>,

    /// How much lower the loss must be to count as lower [default: 0]
    #[arg(
        long,
        value_name = "LOSS",
        help_heading = "Stop rule: whichever comes first"
    )]
    min_delta: Option<f64>,

    /// End with the weights of the evaluation that had the lowest held-out loss, instead of the last ones
    #[arg(long, help_heading = "Stop rule: whichever comes first")]
    restore_best: bool,

    /// Seconds of idle baseline before the run; 0 skips it
    #[arg(long, value_name = "SECONDS", help_heading = "Measuring")]
    idle: Option<f64>,

    /// Readings of each meter a second, 1 to 100
    #[arg(long, value_name = "HERTZ", help_heading = "Measuring")]
    rate: Option<f64>,

    /// Country whose mean carbon intensity is used: three-letter code or name [default: world mean]
    #[arg(long, help_heading = "Measuring")]
    country: Option<String>,

    /// Power usage effectiveness of the site, 1 or more
    #[arg(long, help_heading = "Measuring")]
    pue: Option<f64>,

    /// Power of the CPU at full load in W, where no sensor answers
    #[arg(long, value_name = "WATTS", help_heading = "Measuring")]
    cpu_tdp: Option<f64>,

    /// Power of the GPU board at full load in W, where no sensor answers
    #[arg(long, value_name = "WATTS", help_heading = "Measuring")]
    gpu_power: Option<f64>,

    /// Use this meter instead of the machine's: `simulated:NAME` or `replay:FILE`; may be given several times
    #[arg(long = "meter", value_name = "METER", help_heading = "Measuring")]
    meters: Vec<String>,

    /// Apply this machine's wall calibration (see `joulelab calibrate`), for a figure at the wall
    #[arg(long, help_heading = "Measuring")]
    wall: bool,
}

impl SetupFlags {
    /// Whether any field is set, by a file or a flag.
    pub fn is_empty(&self) -> bool {
        self.setup.is_none() && self.change().is_ok_and(|change| change.is_empty())
    }

    /// Steps, where the flag says how many.
    pub fn steps(&self) -> Option<u64> {
        self.steps
    }

    /// The setup that file and flags ask for.
    ///
    /// # Errors
    /// Unreadable files, unknown names, values of the wrong type.
    pub fn build(&self) -> Result<Setup, Failed> {
        let flags = self.change()?;
        let Some(path) = &self.setup else {
            return Ok(flags.apply(&Setup::default())?);
        };
        let file = file::read_change(path)?;
        // Read by itself first, so that what is wrong with the file is said of the file.
        file::read(path)?;
        Ok(file.and(flags).apply(&Setup::default())?)
    }

    fn change(&self) -> Result<Change, Failed> {
        let mut change = Change::default();
        macro_rules! set {
            ($($flag:expr => $path:literal),* $(,)?) => {$(
                if let Some(value) = $flag {
                    change.set($path, value);
                }
            )*};
        }
        set! {
            self.device.clone() => "device",
            self.dataset.clone() => "dataset.name",
            self.test_fraction => "dataset.test_fraction",
            self.weighting.clone() => "multitask.weighting",
            self.model.clone() => "model.kind",
            self.hidden.as_deref().map(list) => "model.hidden",
            self.channels.as_deref().map(list) => "model.channels",
            self.kernel => "model.kernel",
            self.depth => "model.depth",
            self.width => "model.width",
            self.activation.clone() => "model.activation",
            self.normalisation.clone() => "model.normalisation",
            self.dropout => "model.dropout",
            self.initialisation.clone() => "model.initialisation",
            self.start.clone() => "start.run",
            self.train_layers.clone() => "regime.layers.train",
            self.freeze_from.map(number) => "regime.layers.freezing.from",
            self.teacher.clone() => "distil.teacher",
            self.temperature.map(number) => "distil.temperature",
            self.alpha.map(number) => "distil.alpha",
            self.resize.map(number) => "regime.resize.from",
            self.optimiser.clone() => "regime.optimiser.kind",
            self.lr.map(number) => "regime.learning_rate",
            self.batch_size => "regime.batch_size",
            self.momentum => "regime.optimiser.momentum",
            self.weight_decay => "regime.optimiser.weight_decay",
            self.schedule.clone() => "regime.schedule.kind",
            self.warmup => "regime.schedule.warmup_steps",
            self.label_smoothing => "regime.label_smoothing",
            self.seed => "regime.seed",
            self.evaluate_epochs => "regime.evaluation.every_epochs",
            self.evaluate_steps => "regime.evaluation.every_steps",
            self.epochs => "regime.stop.epochs",
            self.steps => "regime.stop.steps",
            self.target => "regime.stop.target",
            self.energy_budget => "regime.stop.energy_j",
            self.time_budget => "regime.stop.time_s",
            self.patience => "regime.stop.patience",
            self.min_delta.map(number) => "regime.stop.min_delta",
            self.idle => "measure.idle_s",
            self.rate => "measure.rate_hz",
            self.country.clone() => "measure.country",
            self.pue => "measure.pue",
            self.cpu_tdp => "measure.cpu_tdp_w",
            self.gpu_power => "measure.gpu_board_w",
        }
        if let Some(path) = &self.data {
            let ends_in = |end: &str| {
                path.extension()
                    .is_some_and(|of| of.eq_ignore_ascii_case(end))
            };
            let implied = match () {
                () if ends_in("csv") => "csv",
                () if ends_in("txt") => "text",
                () if holds_folders(path) => "folder",
                () => "idx",
            };
            if self.dataset.is_none() && implied == "idx" && path.is_file() {
                let message = format!(
                    "--data: the name of this file does not tell what it is; say it with `-d csv`, `-d text` or `-d text-csv`: {}",
                    path.display()
                );
                return Err(Failed::new(Exit::Usage, message));
            }
            let name = self.dataset.as_deref().unwrap_or(implied);
            let is_file = ["csv", "text", "text-csv"].contains(&name);
            let field = if is_file { "file" } else { "folder" };
            change.set("dataset.name", name);
            change.set(
                &format!("dataset.{field}"),
                path.to_string_lossy().into_owned(),
            );
        }
        if let Some(path) = &self.start_file {
            change.set("start.file", path.to_string_lossy().into_owned());
        }
        match self
            .train_layers
            .as_deref()
            .filter(|_| self.freeze_from.is_some())
        {
            None if self.freeze_from.is_some() => change.set("regime.layers.train", "freezing"),
            None | Some("freezing") => {}
            Some(other) => {
                let message = format!(
                    "--freeze-from is for layers that freeze, and --train-layers says {other}; leave one of the two out"
                );
                return Err(Failed::new(Exit::Usage, message));
            }
        }
        if self.restore_best {
            change.set("regime.stop.restore_best", true);
        }
        if !self.freeze.is_empty() {
            change.set("regime.layers.frozen", self.freeze.clone());
        }
        if !self.heads.is_empty() {
            let heads = self.heads.iter();
            let heads = heads.map(|label| serde_json::json!({ "label": label.trim() }));
            change.set("multitask.heads", heads.collect::<Vec<_>>());
        }
        if !self.meters.is_empty() {
            change.set("measure.meters", self.meters.clone());
        }
        if self.wall {
            change.set("measure.wall", true);
        }
        if self.nesterov {
            change.set("regime.optimiser.nesterov", true);
        }
        if let Some(norm) = self.clip_norm {
            change.set("regime.gradient_clipping.kind", "norm");
            change.set("regime.gradient_clipping.max", norm);
        }
        for assignment in &self.set {
            change.assign(assignment)?;
        }
        Ok(change)
    }
}

/// JSON has no NaN; as text it reaches the check of the field's type, which names it.
fn number(value: f64) -> serde_json::Value {
    if value.is_finite() {
        value.into()
    } else {
        value.to_string().into()
    }
}

/// `128,64` as a list of numbers; what is no number stays text, for the setup's own error to name.
fn list(text: &str) -> serde_json::Value {
    if text.trim().is_empty() || text.trim() == "none" {
        return serde_json::Value::Array(Vec::new());
    }
    text.split(',')
        .map(|part| {
            let part = part.trim();
            part.parse::<i64>()
                .map_or_else(|_| part.into(), serde_json::Value::from)
        })
        .collect()
}

/// Whether the folder at `path` holds folders and no file, hidden ones left aside.
fn holds_folders(path: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(path) else {
        return false;
    };
    let is_shown =
        |entry: &std::fs::DirEntry| !entry.file_name().as_encoded_bytes().starts_with(b".");
    let mut shown = entries.flatten().filter(is_shown).peekable();
    shown.peek().is_some() && shown.all(|entry| entry.path().is_dir())
}
