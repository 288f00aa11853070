//! What is said of each dataset: what it is, where it comes from, and what is asked of a model.

use super::{Failed, show};
use crate::data::{DataInfo, describe};
use crate::setup::{DatasetSetup, Task};
use crate::units::{bytes, count};

/// What is said of a set that needs no download.
pub struct Offer {
    /// What it is, in a line.
    pub what: &'static str,
    /// Who has it.
    pub state: &'static str,
    /// Its licence; `None` where there is none.
    pub licence: Option<&'static str>,
}

const SHIPPED: &str = "part of the program";
const YOURS: &str = "yours";

/// What is said of the set called `name`; `None` of one that can be downloaded.
pub fn offer(name: &str) -> Option<Offer> {
    let (what, state, licence) = match name {
        "digits" => (
            "1,797 grey images of 8×8, 10 handwritten digits",
            SHIPPED,
            Some("CC BY 4.0"),
        ),
        "breast-cancer" => (
            "569 rows of 30 features, 2 diagnoses",
            SHIPPED,
            Some("CC BY 4.0"),
        ),
        "shapes" => ("rendered shapes, as many as wanted", SHIPPED, None),
        "idx" => ("IDX files in a folder", YOURS, None),
        "folder" => ("images in a folder for each class", YOURS, None),
        "csv" => ("a table in a CSV file", YOURS, None),
        "text" => ("a text, character by character", YOURS, None),
        "text-csv" => ("texts with their classes in a CSV file", YOURS, None),
        "modular-addition" => ("every sum of two numbers modulo a third", SHIPPED, None),
        "sequence-copy" => ("sequences of symbols to be written again", SHIPPED, None),
        "cartpole" => ("a pole to balance on a cart", SHIPPED, None),
        _ => return None,
    };
    Some(Offer {
        what,
        state,
        licence,
    })
}

/// What can be asked of a model with the set called `name`. Only a table has a choice, by what is in its column.
pub fn tasks(name: &str) -> &'static [Task] {
    match name {
        "csv" => &[Task::Classification, Task::Regression],
        "text" => &[Task::LanguageModelling],
        "sequence-copy" => &[Task::Sequence],
        "cartpole" => &[Task::Reinforcement],
        _ => &[Task::Classification],
    }
}

/// The tasks of a set, such as `classification or regression`.
pub fn tasks_in_words(name: &str) -> String {
    let names: Vec<&str> = tasks(name).iter().map(|task| task.name()).collect();
    names.join(" or ")
}

/// The metrics by which models of a set are judged, such as `accuracy or RMSE`.
pub fn metrics_in_words(name: &str) -> String {
    let titles: Vec<&str> = tasks(name)
        .iter()
        .map(|task| task.metric().title())
        .collect();
    titles.join(" or ")
}

/// The tasks of a set with their metrics, for machines.
pub fn tasks_json(name: &str) -> serde_json::Value {
    let task = |task: &Task| {
        let metric = task.metric();
        serde_json::json!({
            "task": task.name(),
            "metric": metric.name(),
            "higher_is_better": metric.higher_is_better(),
        })
    };
    tasks(name).iter().map(task).collect()
}

/// A task and what tells how well it is done.
pub fn task_in_words(task: Task) -> String {
    let metric = task.metric();
    let better = if metric.higher_is_better() {
        "more"
    } else {
        "less"
    };
    format!(
        "{}, judged by {}: {better} is better",
        task.name(),
        metric.title()
    )
}

/// Shows a set that needs no download, with its options as they are where nothing else is said.
pub fn show_offer(name: &str, offer: &Offer, as_json: bool) -> Result<(), Failed> {
    let setup = DatasetSetup::from_name(name)?;
    // Files of the user's are not named here, so that only what the program has by itself can be described.
    let info = match offer.state {
        SHIPPED => Some(describe(&setup)?),
        _ => None,
    };
    if as_json {
        return show::print_json(&serde_json::json!({
            "set": {
                "name": name, "what": offer.what, "state": offer.state, "licence": offer.licence,
                "tasks": tasks_json(name),
            },
            "options": setup,
            "dataset": info,
        }));
    }
    let title = info.as_ref().map_or(name, |info| info.title.as_str());
    let mut text = format!(
        "{title} ({name}): {}\nstate     {}\n",
        offer.what, offer.state
    );
    for task in tasks(name) {
        text.push_str(&format!("task      {}\n", task_in_words(*task)));
    }
    if let Some(info) = &info {
        text.push_str(&of_info(info));
    }
    if let Some(licence) = offer.licence {
        text.push_str(&format!("licence   {licence}\n"));
    }
    let models = setup.sample_kind().models();
    text.push_str(&format!(
        "models    {}; the first, where none is named\n",
        models.join(", ")
    ));
    let mut options = toml::Value::try_from(&setup).map_err(|error| {
        Failed::new(
            super::Exit::Failure,
            format!("cannot show the options: {error}"),
        )
    })?;
    if let Some(table) = options.as_table_mut() {
        table.remove("name");
        if !table.is_empty() {
            text.push_str(&format!("\noptions, set with --set dataset.…\n{table}"));
        }
    }
    show::print(&text)?;
    Ok(())
}

/// Samples, label and origin of a set, a line each.
fn of_info(info: &DataInfo) -> String {
    let mut text = String::new();
    if info.task == Task::Reinforcement {
        text.push_str(&format!(
            "samples   made as it is played, each {}\n",
            info.input
        ));
    } else {
        text.push_str(&format!(
            "samples   {} to learn from, {} held out, each {}, {}\n",
            count(info.train_samples as u64),
            count(info.test_samples as u64),
            info.input,
            bytes(info.feature_bytes)
        ));
    }
    text.push_str(&format!("label     {}\n", label_in_words(info)));
    text.push_str(&format!("from      {}\n", info.provenance.source));
    if let Some(credit) = &info.provenance.credit {
        text.push_str(&format!("credit    {credit}\n"));
    }
    text
}

/// The label to be learnt with its classes, of many the first ones.
pub fn label_in_words(info: &DataInfo) -> String {
    const SHOWN: usize = 100;
    let classes = info.classes();
    let name = &info.target_label().name;
    let shown = classes[..classes.len().min(SHOWN)].join(", ");
    match classes.len() {
        0 => format!("{name}: a number"),
        1..=SHOWN => format!("{name}: {shown}"),
        more => format!("{name}: {shown} and {} more", count((more - SHOWN) as u64)),
    }
}
