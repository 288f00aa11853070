use super::table::Table;
use super::{Exit, Failed, Place, show, summary};
use crate::library::{Filter, Order, RunRow, Status};
use crate::units::{Estimate, duration, estimate};

/// Arguments of `joulelab runs`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    filter: FilterFlags,

    /// Order: newest, oldest, name or best
    #[arg(long, default_value = "newest")]
    sort: String,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Which runs are meant. Every condition that is given must hold.
#[derive(Debug, Default, clap::Args)]
pub struct FilterFlags {
    /// Status: running, completed, stopped, interrupted or failed; may be given several times
    #[arg(long)]
    status: Vec<String>,

    /// Dataset
    #[arg(long)]
    dataset: Option<String>,

    /// Part of the model's description, such as `cnn`
    #[arg(long)]
    model: Option<String>,

    /// Part of the device's name
    #[arg(long)]
    device: Option<String>,

    /// Tag
    #[arg(long)]
    tag: Option<String>,

    /// Not older than this: a date such as 2026-03-01, or a time in RFC 3339
    #[arg(long, value_name = "TIME")]
    since: Option<String>,

    /// Part of identifier, name, note, dataset, model or device
    #[arg(long)]
    text: Option<String>,

    /// At most so many
    #[arg(long)]
    limit: Option<u64>,
}

impl FilterFlags {
    /// Whether no condition is given.
    pub fn is_empty(&self) -> bool {
        let Self {
            status,
            dataset,
            model,
            device,
            tag,
            since,
            text,
            limit,
        } = self;
        let texts = [dataset, model, device, tag, since, text];
        status.is_empty() && texts.iter().all(|text| text.is_none()) && limit.is_none()
    }

    /// The library's filter.
    ///
    /// # Errors
    /// Unknown status; a time that is none.
    pub fn filter(&self) -> Result<Filter, Failed> {
        let usage = |message: String| Failed::new(Exit::Usage, message);
        let status = self
            .status
            .iter()
            .map(|id| Status::from_id(id).map_err(|error| usage(error.to_string())))
            .collect::<Result<_, _>>()?;
        let since = self
            .since
            .as_deref()
            .map(|text| {
                text.parse::<jiff::Timestamp>()
                    .or_else(|_| {
                        let date: jiff::civil::Date = text.parse()?;
                        Ok(date.to_zoned(jiff::tz::TimeZone::system())?.timestamp())
                    })
                    .map_err(|error: jiff::Error| {
                        usage(format!(
                            "--since {text}: neither a date such as 2026-03-01 nor a time in RFC 3339 ({error})"
                        ))
                    })
            })
            .transpose()?;
        Ok(Filter {
            status,
            dataset: self.dataset.clone(),
            model: self.model.clone(),
            device: self.device.clone(),
            since,
            tag: self.tag.clone(),
            text: self.text.clone(),
            limit: self.limit,
            order: Order::Newest,
        })
    }
}

/// Lists runs.
pub fn run(args: &Args, place: &Place) -> Result<Exit, Failed> {
    let order = match args.sort.as_str() {
        "newest" => Order::Newest,
        "oldest" => Order::Oldest,
        "name" => Order::Name,
        "best" => Order::Best,
        other => {
            let known = ["newest", "oldest", "name", "best"];
            let error = crate::units::UnknownName::new("order", other, known);
            return Err(Failed::new(Exit::Usage, error.to_string()));
        }
    };
    let filter = Filter {
        order,
        ..args.filter.filter()?
    };
    let library = place.open()?;
    let rows = library.runs(&filter)?;
    if args.json {
        show::print_json(&rows)?;
        return Ok(Exit::Success);
    }
    if rows.is_empty() {
        eprintln!("no run here yet, or none that fits; `joulelab run` makes one");
        return Ok(Exit::Success);
    }
    let mut table = Table::new([
        "run", "status", "dataset", "model", "batch", "lr", "seed", "epochs", "test", "best",
        "train", "energy", "grade", "device", "name",
    ])
    .right(&[4, 5, 6, 7, 8, 9, 10]);
    for row in &rows {
        table.push(cells(row));
    }
    show::print(&table.to_string())?;
    if mixed(&rows) {
        eprintln!(
            "warning: these figures are of different grades or parts of the machine, so they cannot be compared as they \
             stand; `joulelab show RUN` tells which"
        );
    }
    Ok(Exit::Success)
}

fn cells(row: &RunRow) -> [String; 15] {
    let run = &row.run;
    let dash = || "-".to_owned();
    let metric = run.metrics.metric;
    let result = |value: Option<f64>| value.map_or_else(dash, |value| metric.format_named(value));
    let field = |path: &str| {
        let setup: serde_json::Value = serde_json::from_str(&run.setup.json).unwrap_or_default();
        setup
            .pointer(path)
            .map_or_else(dash, |value| value.to_string().trim_matches('"').to_owned())
    };
    let energy = summary::components(&row.training);
    let train_s = row
        .totals
        .iter()
        .find(|total| total.phase == "train")
        .map(|total| total.duration_s);
    [
        run.id.clone(),
        run.status.to_string(),
        run.setup.dataset.clone(),
        run.setup.model.clone(),
        field("/regime/batch_size"),
        field("/regime/learning_rate"),
        run.setup.seed.to_string(),
        run.epochs.map_or_else(dash, |epochs| epochs.to_string()),
        result(run.metrics.final_test_metric),
        result(run.metrics.best_test_metric),
        train_s.map_or_else(dash, duration),
        energy
            .as_ref()
            .and_then(|figure| figure.energy_j)
            .map_or_else(
                || "missing".to_owned(),
                |energy_j: Estimate| estimate(energy_j, "J"),
            ),
        energy.map_or_else(dash, |figure| {
            let simulated = if figure.is_simulated() {
                " simulated"
            } else {
                ""
            };
            format!("{}{simulated}", figure.grade)
        }),
        run.device.name.clone(),
        run.name.clone().unwrap_or_default(),
    ]
}

/// Whether figures of different boundaries or grades stand in one table.
fn mixed(rows: &[RunRow]) -> bool {
    let mut kinds: Vec<(Vec<_>, _, bool)> = rows
        .iter()
        .filter_map(|row| {
            let figure = summary::components(&row.training)?;
            let mut boundaries: Vec<_> = row
                .training
                .iter()
                .filter(|part| part.figure.energy_j.is_some())
                .map(|part| part.figure.boundary)
                // What stands beside the sum does not make it another one.
                .filter(|boundary| !boundary.is_whole())
                .collect();
            boundaries.sort();
            boundaries.dedup();
            Some((boundaries, figure.grade, figure.is_simulated()))
        })
        .collect();
    kinds.sort();
    kinds.dedup();
    kinds.len() > 1
}
