//! The datasets on this machine: which there are, what they are, and how to be rid of them. `data_get` gets them.

use std::io::{BufRead, IsTerminal, Write};
use std::path::Path;

use serde::Serialize;

use super::data_sets::{
    Offer, metrics_in_words, offer, show_offer, task_in_words, tasks_in_words, tasks_json,
};
use super::table::Table;
use super::{Exit, Failed, data_get, show};
use crate::data::registry::{Recipe, recipe};
use crate::data::{State, Store};
use crate::setup::{DatasetSetup, Task};
use crate::units::{bytes, count};

/// Arguments of `joulelab data`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List every dataset, and which of them are on this machine
    List(ListArgs),
    /// Download a dataset, or take it from files that you have
    Get(data_get::Args),
    /// Describe a dataset: files, addresses, checksums, licence
    Info(InfoArgs),
    /// Remove a downloaded dataset from this machine
    Remove(RemoveArgs),
}

/// Arguments of `joulelab data list`.
#[derive(Debug, clap::Args)]
struct ListArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Arguments of `joulelab data info`.
#[derive(Debug, clap::Args)]
struct InfoArgs {
    /// Name of the dataset
    name: String,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Arguments of `joulelab data remove`.
#[derive(Debug, clap::Args)]
struct RemoveArgs {
    /// Name of the dataset
    name: String,

    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// Does what was asked for with the datasets.
pub fn run(args: &Args) -> Result<Exit, Failed> {
    let store = Store::of_user();
    match &args.command {
        Command::List(args) => list(args, &store),
        Command::Get(args) => data_get::run(args, &store),
        Command::Info(args) => info(args, &store),
        Command::Remove(args) => remove(args, &store),
    }
}

/// A dataset that can be downloaded, as it is shown.
#[derive(Serialize)]
struct Published<'a> {
    name: &'a str,
    title: &'a str,
    what: &'a str,
    #[serde(flatten)]
    state: State,
    folder: &'a Path,
    download_bytes: u64,
    bytes_on_disk: u64,
    licence: Option<&'a str>,
    credit: &'a str,
    home: &'a str,
}

impl<'a> Published<'a> {
    fn new(recipe: &'a Recipe, state: State, folder: &'a Path) -> Self {
        Self {
            name: &recipe.name,
            title: &recipe.title,
            what: &recipe.what,
            state,
            folder,
            download_bytes: recipe.download_bytes(),
            bytes_on_disk: recipe.bytes_on_disk,
            licence: recipe.licence.as_deref(),
            credit: &recipe.credit,
            home: &recipe.home,
        }
    }
}

fn in_words(state: State) -> String {
    match state {
        State::Absent => "not here".to_owned(),
        State::Begun(done) => format!("begun, {}", bytes(done)),
        State::Here(_) => "here".to_owned(),
        State::Damaged => "not whole".to_owned(),
    }
}

fn size(recipe: &Recipe, state: State) -> String {
    match state {
        State::Here(on_disk) => format!("{} on disk", bytes(on_disk)),
        _ => format!("{} to download", bytes(recipe.download_bytes())),
    }
}

fn licence(recipe: &Recipe) -> &str {
    recipe.licence.as_deref().unwrap_or("none stated")
}

fn list(args: &ListArgs, store: &Store) -> Result<Exit, Failed> {
    if args.json {
        let mut sets = Vec::new();
        for name in DatasetSetup::NAMES {
            let mut set = match offer(name) {
                Some(offer) => serde_json::json!({
                    "name": name, "what": offer.what, "state": offer.state, "licence": offer.licence
                }),
                None => {
                    let recipe = recipe(name)?;
                    let (state, folder) = (store.state(recipe)?, store.folder(recipe)?);
                    serde_json::json!(Published::new(recipe, state, &folder))
                }
            };
            set["tasks"] = tasks_json(name);
            sets.push(set);
        }
        show::print_json(&sets)?;
        return Ok(Exit::Success);
    }
    let mut table = Table::new([
        "name",
        "what",
        "task",
        "judged by",
        "size",
        "state",
        "licence",
    ]);
    for name in DatasetSetup::NAMES {
        let (what, size, state, licence) = match offer(name) {
            Some(offer) => (
                offer.what,
                String::new(),
                offer.state.to_owned(),
                offer.licence.unwrap_or_default(),
            ),
            None => {
                let recipe = recipe(name)?;
                let state = store.state(recipe)?;
                let what = recipe.what.as_str();
                (what, size(recipe, state), in_words(state), licence(recipe))
            }
        };
        table.push([
            name.to_owned(),
            what.to_owned(),
            tasks_in_words(name),
            metrics_in_words(name),
            size,
            state,
            licence.to_owned(),
        ]);
    }
    show::print(&table.to_string())?;
    Ok(Exit::Success)
}

/// The recipe of a set that can be downloaded; of another set, why there is none.
pub fn known(name: &str) -> Result<&'static Recipe, Failed> {
    let unknown = match recipe(name) {
        Ok(recipe) => return Ok(recipe),
        Err(unknown) => unknown,
    };
    if let Some(Offer { what, state, .. }) = offer(name) {
        return Err(Failed::new(
            Exit::Usage,
            format!(
                "`{name}` ({what}, {state}) is not downloaded; `joulelab data info {name}` describes it"
            ),
        ));
    }
    Err(unknown.into())
}

fn info(args: &InfoArgs, store: &Store) -> Result<Exit, Failed> {
    if let Some(offer) = offer(&args.name) {
        show_offer(&args.name, &offer, args.json)?;
        return Ok(Exit::Success);
    }
    // Among all sets, not only those that can be downloaded.
    DatasetSetup::from_name(&args.name)?;
    let recipe = known(&args.name)?;
    let (state, folder) = (store.state(recipe)?, store.folder(recipe)?);
    if args.json {
        let set = Published::new(recipe, state, &folder);
        show::print_json(&serde_json::json!({
            "set": set,
            "tasks": tasks_json(&recipe.name),
            "recipe": recipe,
            "kept": store.kept(recipe)?,
        }))?;
        return Ok(Exit::Success);
    }
    let mut text = format!(
        "{} ({}): {}\ntask      {}\nstate     {}\nsize      {} to download, {} on disk\nfolder    {}\nlicence   {}\ncredit    {}\n\
         from      {}\n",
        recipe.title,
        recipe.name,
        recipe.what,
        task_in_words(Task::Classification),
        in_words(state),
        bytes(recipe.download_bytes()),
        bytes(recipe.bytes_on_disk),
        folder.display(),
        licence(recipe),
        recipe.credit,
        recipe.home,
    );
    for mirror in &recipe.mirrors {
        text.push_str(&format!("address   {mirror}\n"));
    }
    let mut table = Table::new(["variant", "to learn from", "held out", "labels"]).right(&[1, 2]);
    for variant in &recipe.variants {
        let labels: Vec<String> = variant
            .labels
            .iter()
            .map(|label| format!("{} ({} classes)", label.name, label.classes.len()))
            .collect();
        let name = match variant.name.as_str() {
            "" => recipe.name.clone(),
            name => name.to_owned(),
        };
        table.push([
            name,
            count(variant.train_samples as u64),
            count(variant.test_samples as u64),
            labels.join(", "),
        ]);
    }
    text.push_str(&format!("\n{table}"));
    let mut table = Table::new(["file", "bytes", "SHA-256"]).right(&[1]);
    for file in &recipe.files {
        table.push([file.name.clone(), count(file.bytes), file.sha256.clone()]);
    }
    text.push_str(&format!("\n{table}"));
    show::print(&text)?;
    Ok(Exit::Success)
}

fn remove(args: &RemoveArgs, store: &Store) -> Result<Exit, Failed> {
    let recipe = known(&args.name)?;
    let folder = store.folder(recipe)?;
    if !folder.exists() {
        eprintln!("{} is not here", recipe.name);
        return Ok(Exit::Success);
    }
    if !args.yes && !confirmed(recipe, &folder)? {
        eprintln!("nothing is removed");
        return Ok(Exit::Success);
    }
    let removed = store.remove(recipe)?;
    eprintln!("removed {} ({})", recipe.name, bytes(removed));
    Ok(Exit::Success)
}

fn confirmed(recipe: &Recipe, folder: &Path) -> Result<bool, Failed> {
    if !std::io::stdin().is_terminal() {
        return Err(Failed::new(
            Exit::Usage,
            format!(
                "nobody can be asked here whether to remove {}; say so with --yes",
                recipe.name
            ),
        ));
    }
    eprint!("remove {} from {}? [y/N] ", recipe.title, folder.display());
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(
        answer.trim().to_ascii_lowercase().as_str(),
        "y" | "yes"
    ))
}
