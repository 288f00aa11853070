use super::data_sets::{label_in_words, task_in_words};
use super::flags::SetupFlags;
use super::table::Table;
use super::{Exit, Failed, show};
use crate::data::DataInfo;
use crate::setup::plan::Plan;
use crate::setup::{Setup, TrainedLayers};
use crate::units::{bytes, count, quantity};

/// Arguments of `joulelab info`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    setup: SetupFlags,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Describes the dataset of a setup and its model's layers, without a device. What is not possible with these data (a batch of more
/// samples than there are) is an error after the description: it takes knowing the set to put it right.
pub fn run(args: &Args) -> Result<Exit, Failed> {
    let setup = args.setup.build()?;
    setup.validate()?;
    let info = crate::data::describe(&setup.dataset)?;
    let counts = info.counts();
    let checked = setup.validate_with(&counts);
    let (plan, stages) = match &checked {
        Ok(plan) => {
            let stages = setup.stages(plan, setup.length(info.train_samples));
            (Some(plan.clone()), Some(stages))
        }
        Err(_) => (setup.plan_for(&counts).ok(), None),
    };
    if args.json {
        show::print_json(&serde_json::json!({
            "hash": setup.hash(),
            "group_hash": setup.group_hash(),
            "dataset": info,
            "plan": plan,
            "training_flop": plan.as_ref().map(|plan| setup.training_flop(plan)),
            "stages": stages,
        }))?;
    } else {
        let mut text = about_data(&info);
        if let Some(plan) = &plan {
            text.push_str(&about_layers(&setup, plan));
        }
        if let Ok(plan) = &checked {
            text.push_str(&about_stages(&setup, plan, info.train_samples));
        }
        show::print(&text)?;
    }
    checked?;
    Ok(Exit::Success)
}

/// The set: sizes, classes, where it is from.
fn about_data(info: &DataInfo) -> String {
    let mut text = format!(
        "{} ({}): {} to learn from, {} held out, each {}, {}\ntask {}\nlabel {}\n{}from {}\n",
        info.title,
        info.name,
        count(info.train_samples as u64),
        count(info.test_samples as u64),
        info.input,
        bytes(info.feature_bytes),
        task_in_words(info.task),
        label_in_words(info),
        labels(info),
        info.provenance.source,
    );
    for (name, value) in [
        ("credit", &info.provenance.credit),
        ("licence", &info.provenance.licence),
    ] {
        if let Some(value) = value {
            text.push_str(&format!("{name} {value}\n"));
        }
    }
    if info.dropped_samples > 0 {
        text.push_str(&format!(
            "{} samples left out: values are missing\n",
            count(info.dropped_samples as u64)
        ));
    }
    text
}

/// The model's layers.
fn about_layers(setup: &Setup, plan: &Plan) -> String {
    let mut table = Table::new([
        "layer",
        "group",
        "output",
        "parameters",
        "MAC",
        "FLOP",
        "training FLOP",
    ])
    .right(&[3, 4, 5, 6]);
    for layer in &plan.layers {
        table.push([
            layer.name.clone(),
            layer.group.clone(),
            layer.output.to_string(),
            count(layer.parameters),
            count(layer.macs),
            count(layer.forward_flop),
            count(layer.training_flop),
        ]);
    }
    table.push([
        "total".to_owned(),
        String::new(),
        String::new(),
        count(plan.parameters()),
        count(plan.macs()),
        count(plan.forward_flop()),
        count(plan.training_flop()),
    ]);
    format!(
        "\n{} for a sample: {} forward, {} in training\n{table}",
        setup.model.in_words(),
        quantity(plan.forward_flop() as f64, "FLOP"),
        quantity(plan.training_flop() as f64, "FLOP"),
    )
}

/// What changes in the course of a run, and what training costs because of it.
fn about_stages(setup: &Setup, plan: &Plan, train: usize) -> String {
    let length = setup.length(train);
    let stages = setup.stages(plan, length);
    let mean = quantity(setup.training_flop(plan) as f64, "FLOP");
    if stages.len() < 2 {
        return match setup.training_flop(plan) < plan.training_flop() {
            true => format!("with the layers frozen that the regime names, {mean} in training\n"),
            false => String::new(),
        };
    }
    let mut table =
        Table::new(["from step", "epoch", "images", "learning", "training FLOP"]).right(&[0, 1, 4]);
    for stage in &stages {
        let size = stage.size.or(plan.input.height_and_width());
        table.push([
            count(stage.from_step),
            format!(
                "{:.2}",
                stage.from_step as f64 / length.steps_per_epoch as f64
            ),
            size.map_or_else(String::new, |(height, width)| format!("{height}×{width}")),
            stage.learns.join(", "),
            count(stage.training_flop),
        ]);
    }
    let of_what = match setup.regime.layers.train {
        TrainedLayers::Gradual => "once all groups learn",
        _ => "in the mean over the run",
    };
    format!("\n{table}{mean} in training {of_what}\n")
}

/// The labels that can be learnt at once, where there are several.
fn labels(info: &DataInfo) -> String {
    let name =
        |label: &crate::data::LabelColumn| format!("{} ({})", label.name, label.classes.len());
    let names: Vec<String> = info.labels.iter().map(name).collect();
    match names.len() {
        0 | 1 => String::new(),
        _ => format!("labels for --heads, with classes: {}\n", names.join(", ")),
    }
}
