//! One network for several tasks against a network for each: of the chosen runs, by the analysis that `joulelab multitask` tells.

use std::sync::Arc;

use egui::{Grid, Label, RichText, ScrollArea, Ui, Vec2, vec2};

use super::rows::Item;
use super::{RunsPage, compare::warning};
use crate::analysis::multitask::words::{accuracy, in_words, points, verdict};
use crate::analysis::multitask::{Branch, BranchRatio, Comparison, Mean, TaskRun, compare};
use crate::gui::preferences::EnergyUnit;
use crate::gui::state::{Shared, State};
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{self, written_energy};
use crate::library::{Library, LibraryError};
use crate::units::{Metric, count, duration, significant};

/// Runs that are compared in this way.
const RUNS_MAX: usize = 200;
/// Between the cells of its tables, points.
const SPACING: Vec2 = vec2(16.0, 4.0);
/// What is said of a figure that nobody knows.
const UNKNOWN: &str = "not known";

/// The comparison of the chosen runs, made once a change.
#[derive(Default)]
pub struct Branches {
    /// The runs, and the state of the list, that it was asked for.
    of: Option<(u64, Vec<String>)>,
    read: Option<Result<Comparison, String>>,
}

/// Draws it, where joint runs are among the chosen ones.
pub fn show(page: &mut RunsPage, ui: &mut Ui, shared: &mut Shared, chosen: &[Arc<Item>]) {
    let is_joint = |item: &&Arc<Item>| item.asked.tasks() > 1;
    let joint = chosen.iter().filter(is_joint).count();
    if joint == 0 || chosen.len() < 2 || chosen.len() > RUNS_MAX {
        return;
    }
    widgets::section(ui, "One network for several tasks against one for each");
    if joint == chosen.len() {
        let text = "These runs learn several labels each. Choose also the runs that learn one of them each, with the same seeds \
                    and targets, to see what joint training saves.";
        widgets::caption(ui, text);
        ui.add_space(2.0 * theme::GRID);
        return;
    }
    follow(page, shared, chosen);
    match &page.branches.read {
        None => {
            widgets::caption(ui, "Reading the runs");
        }
        Some(Err(why)) => {
            let text = format!("They cannot be compared in this way: {why}.");
            widgets::caption(ui, text);
        }
        Some(Ok(found)) => whole(ui, found, shared.preferences.energy_unit),
    }
    ui.add_space(2.0 * theme::GRID);
}

fn follow(page: &mut RunsPage, shared: &mut Shared, chosen: &[Arc<Item>]) {
    let ids: Vec<String> = chosen.iter().map(|item| item.id().to_owned()).collect();
    let of = (page.rows.revision, ids);
    if page.branches.of.as_ref() == Some(&of) {
        return;
    }
    if page
        .branches
        .of
        .as_ref()
        .is_none_or(|known| known.1 != of.1)
    {
        page.branches.read = None;
    }
    page.branches.of = Some(of.clone());
    let ids = of.1.clone();
    shared.with_library(
        move |library| read(library, &ids),
        move |state: &mut State, read| {
            let branches = &mut state.pages.runs.branches;
            if branches.of.as_ref() == Some(&of) {
                let read = read.map_err(|error| error.to_string());
                branches.read = Some(read.and_then(|found| found));
            }
        },
    );
}

fn read(library: &Library, ids: &[String]) -> Result<Result<Comparison, String>, LibraryError> {
    let (mut joint, mut separate) = (Vec::new(), Vec::new());
    for id in ids {
        match TaskRun::of(&library.details(id)?) {
            Ok(run) if run.tasks.len() > 1 => joint.push(run),
            Ok(run) => separate.push(run),
            Err(error) => return Ok(Err(error.to_string())),
        }
    }
    Ok(compare(&joint, &separate).map_err(|error| error.to_string()))
}

fn whole(ui: &mut Ui, found: &Comparison, unit: EnergyUnit) {
    if let Some(ratio) = &found.energy {
        ui.add(Label::new(verdict(ratio)).wrap().selectable(true));
    }
    for reason in &found.reasons {
        warning(ui, &super::summary::capital(&format!("{reason}.")));
    }
    let until = match found.tasks.iter().all(|task| task.target.is_some()) {
        true => {
            "Training and evaluation until every target was reached; separate networks are added up seed by seed."
        }
        false => {
            "Training and evaluation until the runs ended; separate networks are added up seed by seed."
        }
    };
    widgets::caption(ui, until);
    let wide = ScrollArea::horizontal().id_salt("runs-branches");
    wide.show(ui, |ui| {
        ui.horizontal_top(|ui| {
            ui.vertical(|ui| costs(ui, found, unit));
            ui.add_space(6.0 * theme::GRID);
            ui.vertical(|ui| tasks(ui, found));
        });
    });
    for remark in &found.remarks {
        widgets::caption(ui, super::summary::capital(&format!("{remark}.")));
    }
}

fn heading(ui: &mut Ui, names: &[&str]) {
    let tokens = Tokens::in_ui(ui);
    for name in names {
        ui.label(RichText::new(*name).small().color(tokens.dim));
    }
    ui.end_row();
}

fn row(ui: &mut Ui, name: &str, cells: [String; 3]) {
    ui.label(name);
    for cell in cells {
        ui.add(Label::new(RichText::new(cell).monospace()).extend());
    }
    ui.end_row();
}

fn costs(ui: &mut Ui, found: &Comparison, unit: EnergyUnit) {
    let energy = |branch: &Branch| {
        let figure = branch.energy_j.as_ref();
        figure.map_or(UNKNOWN.to_owned(), |figure| {
            written_energy(figure.estimate, unit)
        })
    };
    let time = |branch: &Branch| {
        let figure = branch.time_s.as_ref();
        figure.map_or(UNKNOWN.to_owned(), |figure| duration(figure.mean()))
    };
    let parameters = |branch: &Branch| branch.parameters.map_or(UNKNOWN.to_owned(), count);
    let of = |ratio: &Option<BranchRatio>| ratio.as_ref().map_or(UNKNOWN.to_owned(), in_words);
    let (joint, separate) = (&found.joint, &found.separate);
    let grid = Grid::new("runs-branches-costs")
        .striped(true)
        .spacing(SPACING);
    grid.show(ui, |ui| {
        heading(
            ui,
            &["mean over seeds", "joint", "separate", "joint ÷ separate"],
        );
        row(
            ui,
            "energy",
            [energy(joint), energy(separate), of(&found.energy)],
        );
        for (task, figure) in &separate.by_task_j {
            let own = written_energy(figure.estimate, unit);
            row(
                ui,
                &format!("   {task} alone"),
                [String::new(), own, String::new()],
            );
        }
        row(ui, "time", [time(joint), time(separate), of(&found.time)]);
        let share = found
            .parameters
            .map_or(UNKNOWN.to_owned(), |share| significant(share, 3));
        row(
            ui,
            "parameters",
            [parameters(joint), parameters(separate), share],
        );
        let seeds = |branch: &Branch| branch.seeds.len().to_string();
        row(ui, "seeds", [seeds(joint), seeds(separate), String::new()]);
    });
}

fn tasks(ui: &mut Ui, found: &Comparison) {
    let percent = |mean: &Option<Mean>| mean.as_ref().map_or(UNKNOWN.to_owned(), accuracy);
    let grid = Grid::new("runs-branches-tasks")
        .striped(true)
        .spacing(SPACING);
    grid.show(ui, |ui| {
        heading(
            ui,
            &[
                "accuracy",
                "joint",
                "separate",
                "joint − separate, points",
                "target",
            ],
        );
        for task in &found.tasks {
            ui.label(&task.name);
            let difference = task.difference.as_ref().map(points);
            let difference = difference.as_deref().unwrap_or("other seeds");
            for cell in [
                percent(&task.joint),
                percent(&task.separate),
                // The unit stands above.
                difference.trim_end_matches(" points").to_owned(),
            ] {
                ui.add(Label::new(RichText::new(cell).monospace()).extend());
            }
            let target = task.target.map(|target| Metric::Accuracy.format(target));
            let is_given = target.is_some();
            let target = RichText::new(target.unwrap_or("none".to_owned())).monospace();
            let cell = ui.add(Label::new(target).extend());
            if is_given {
                let of = |(reached, of): (usize, usize)| format!("{reached} of {of} runs");
                let (joint, separate) = (of(task.joint_reached), of(task.separate_reached));
                cell.on_hover_text(format!(
                    "Reached jointly in {joint}, separately in {separate}"
                ));
            }
            ui.end_row();
        }
    });
}
