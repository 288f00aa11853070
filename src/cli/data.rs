//! The datasets on this machine: which there are, what they are, and how to be rid of them. `data_get` gets them.

use std::io::{BufRead, IsTerminal, Write};
use std::path::Path;

use serde::Serialize;

use super::table::Table;
use super::{Exit, Failed, data_get, show};
use crate::data::registry::{Recipe, recipe};
use crate::data::{State, Store};
use crate::setup::DatasetSetup;
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

/// What is said of the sets that need no download.
fn of_no_download(name: &str) -> [&'static str; 3] {
    match name {
        "digits" => [
            "1,797 grey images of 8×8, 10 handwritten digits",
            "part of the program",
            "CC BY 4.0",
        ],
        "breast-cancer" => [
            "569 rows of 30 features, 2 diagnoses",
            "part of the program",
            "CC BY 4.0",
        ],
        "shapes" => [
            "rendered shapes, as many as wanted",
            "part of the program",
            "",
        ],
        "idx" => ["IDX files in a folder", "yours", ""],
        "folder" => ["images in a folder for each class", "yours", ""],
        "csv" => ["a table in a CSV file", "yours", ""],
        "cartpole" => [
            "a pole to balance on a cart, by reinforcement",
            "part of the program",
            "",
        ],
        _ => ["", "", ""],
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
            let Ok(recipe) = recipe(name) else {
                let [what, state, licence] = of_no_download(name);
                let licence = (!licence.is_empty()).then_some(licence);
                sets.push(serde_json::json!({
                    "name": name, "what": what, "state": state, "licence": licence
                }));
                continue;
            };
            let (state, folder) = (store.state(recipe)?, store.folder(recipe)?);
            sets.push(serde_json::json!(Published::new(recipe, state, &folder)));
        }
        show::print_json(&sets)?;
        return Ok(Exit::Success);
    }
    let mut table = Table::new(["name", "what", "size", "state", "licence"]);
    for name in DatasetSetup::NAMES {
        table.push(match recipe(name) {
            Ok(recipe) => {
                let state = store.state(recipe)?;
                [
                    name.to_owned(),
                    recipe.what.clone(),
                    size(recipe, state),
                    in_words(state),
                    licence(recipe).to_owned(),
                ]
            }
            Err(_) => {
                let [what, state, licence] = of_no_download(name);
                [name, what, "", state, licence].map(str::to_owned)
            }
        });
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
    if DatasetSetup::NAMES.contains(&name) {
        let [what, state, _] = of_no_download(name);
        return Err(Failed::new(
            Exit::Usage,
            format!(
                "`{name}` ({what}, {state}) is not downloaded; `joulelab info -d {name}` describes it"
            ),
        ));
    }
    Err(unknown.into())
}

fn info(args: &InfoArgs, store: &Store) -> Result<Exit, Failed> {
    let recipe = known(&args.name)?;
    let (state, folder) = (store.state(recipe)?, store.folder(recipe)?);
    if args.json {
        let set = Published::new(recipe, state, &folder);
        show::print_json(&serde_json::json!({
            "set": set,
            "recipe": recipe,
            "kept": store.kept(recipe)?,
        }))?;
        return Ok(Exit::Success);
    }
    let mut text = format!(
        "{} ({}): {}\nstate     {}\nsize      {} to download, {} on disk\nfolder    {}\nlicence   {}\ncredit    {}\n\
         from      {}\n",
        recipe.title,
        recipe.name,
        recipe.what,
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
