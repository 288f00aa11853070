//! Whose work is in a run's weights, and in whose weights the work of the run is: a small graph, and the energy in three ways.

use std::collections::HashMap;

use egui::text::LayoutJob;
use egui::{
    DragValue, FontId, Pos2, Rect, Response, Role, ScrollArea, Sense, Shape, Stroke, TextFormat,
    Ui, Vec2, WidgetInfo, pos2, vec2,
};

use super::summary::line;
use crate::analysis::lineage::{Ancestry, Lineage};
use crate::gui::preferences::EnergyUnit;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{self, written_energy};
use crate::library::{Ancestor, Library, LibraryError, Relation, RunDetails};
use crate::units::{Estimate, count};

/// Runs behind this one that are drawn; of more their number is told.
const DRAWN_MAX: usize = 24;
/// Size of a run in the graph, points.
const NODE: Vec2 = vec2(196.0, 60.0);
/// Between two generations, and between two runs of one.
const GAP: Vec2 = vec2(36.0, 10.0);

/// The relatives of a run.
pub struct Family {
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    lineage: Lineage,
    /// Descendants that are not drawn.
    hidden: usize,
    reached: Option<bool>,
}

/// A run or file of the graph.
#[derive(Clone, Debug, PartialEq)]
struct Node {
    /// The run, where it is still in the library.
    run_id: Option<String>,
    title: String,
    about: String,
    energy_j: Option<Estimate>,
    /// Whether it is the run that is shown.
    is_self: bool,
    /// A word on it where it is no ordinary run.
    remark: &'static str,
    /// Generation, the oldest first.
    column: usize,
    row: usize,
    /// What it started from, or who taught it.
    parent: Option<usize>,
}

/// From one run to one in which its work is, by their places among the nodes.
type Edge = (usize, usize);

impl Family {
    /// Of a run, with its descendants as the library has them; `None` where it has no relatives.
    ///
    /// # Errors
    /// Where the library cannot be read.
    pub fn read(library: &Library, details: &RunDetails) -> Result<Option<Self>, LibraryError> {
        let descendants = library.descendants(&details.run.id)?;
        if descendants.is_empty() && details.ancestors.is_empty() {
            return Ok(None);
        }
        let drawn = descendants.iter().take(DRAWN_MAX);
        let read = drawn.map(|id| library.details(id));
        let read = read.collect::<Result<Vec<_>, _>>()?;
        let (nodes, edges) = graph_of(details, &read);
        Ok(Some(Self {
            nodes,
            edges,
            lineage: Lineage::of(details),
            hidden: descendants.len() - read.len(),
            reached: details.run.target_reached,
        }))
    }
}

fn graph_of(details: &RunDetails, descendants: &[RunDetails]) -> (Vec<Node>, Vec<Edge>) {
    let ancestors = &details.ancestors;
    let generations = ancestors.iter().map(|of| depth(of.generation)).max();
    let own_column = generations.unwrap_or(0);
    let mut nodes: Vec<Node> = Vec::new();
    for ancestor in ancestors {
        let column = own_column.saturating_sub(depth(ancestor.generation));
        let row = nodes.iter().filter(|node| node.column == column).count();
        nodes.push(Node {
            row,
            ..of_ancestor(ancestor, column)
        });
    }
    let own = nodes.len();
    let mut edges = Vec::new();
    for (at, ancestor) in ancestors.iter().enumerate() {
        let later = ancestors
            .iter()
            .position(|later| ancestor.is_of(Some(later)));
        // Where the one between is not kept, its work came to the run all the same.
        edges.push((at, later.unwrap_or(own)));
    }
    nodes.push(of_run(details, own_column, None));
    nodes[own].is_self = true;
    let mut known = HashMap::from([(details.run.id.as_str(), own)]);
    // A parent comes before its children, whichever was made last.
    let mut behind: Vec<(usize, &RunDetails)> = descendants
        .iter()
        .filter_map(|run| {
            let is_this = |of: &&Ancestor| of.run_id.as_ref() == Some(&details.run.id);
            let generation = run.ancestors.iter().find(is_this)?.generation;
            Some((depth(generation), run))
        })
        .collect();
    behind.sort_by_key(|(generation, _)| *generation);
    for (generation, run) in behind {
        // A parent that was deleted or is not drawn leaves the next known one before it.
        let found = run.ancestors.iter().find_map(|of| {
            let parent = known.get(of.run_id.as_deref()?).copied()?;
            Some((parent, of.relation()))
        });
        let (parent, relation) = found.unzip();
        known.insert(&run.run.id, nodes.len());
        edges.extend(parent.map(|parent| (parent, nodes.len())));
        nodes.push(Node {
            remark: match relation {
                Some(Relation::Teacher) => "learnt from it",
                Some(Relation::Both) => "started and learnt from it",
                Some(Relation::Start) | None => "",
            },
            ..of_run(run, own_column + generation, parent)
        });
    }
    place(&mut nodes[own..], own);
    (nodes, edges)
}

fn depth(generation: u64) -> usize {
    usize::try_from(generation).unwrap_or(usize::MAX)
}

fn of_ancestor(ancestor: &Ancestor, column: usize) -> Node {
    let (energy_j, _) = ancestor.energy();
    let trained = [&ancestor.dataset, &ancestor.model];
    let mut about: Vec<String> = trained.into_iter().flatten().cloned().collect();
    about.extend(ancestor.step.map(|step| format!("{} steps", count(step))));
    let title = match (&ancestor.run_id, &ancestor.title) {
        (None, Some(path)) => {
            let name = std::path::Path::new(path).file_name();
            name.map_or(path.clone(), |name| name.to_string_lossy().into_owned())
        }
        (_, title) => title.clone().unwrap_or_else(|| ancestor.label().to_owned()),
    };
    Node {
        run_id: ancestor.run_id.clone().filter(|_| ancestor.is_here),
        title,
        about: about.join(" · "),
        energy_j,
        is_self: false,
        remark: match (&ancestor.run_id, ancestor.is_here, ancestor.relation()) {
            (None, ..) => "a file",
            (Some(_), false, Relation::Start) => "deleted since",
            (Some(_), false, _) => "teacher, deleted since",
            (Some(_), true, Relation::Start) => "",
            (Some(_), true, Relation::Teacher) => "teacher",
            (Some(_), true, Relation::Both) => "start and teacher",
        },
        column,
        row: 0,
        parent: None,
    }
}

fn of_run(details: &RunDetails, column: usize, parent: Option<usize>) -> Node {
    let run = &details.run;
    Node {
        run_id: Some(run.id.clone()),
        title: run.name.clone().unwrap_or_else(|| run.id.clone()),
        about: format!("{} · {}", run.setup.dataset, run.setup.model),
        energy_j: Lineage::of(details).own_j,
        is_self: false,
        remark: "",
        column,
        row: 0,
        parent,
    }
}

/// Each first child stands beside its parent, the others below it; `first` is the place of the first of `nodes` among all.
fn place(nodes: &mut [Node], first: usize) {
    fn below(nodes: &mut [Node], first: usize, at: usize, row: usize) -> usize {
        nodes[at].row = row;
        let children: Vec<usize> = (0..nodes.len())
            .filter(|child| nodes[*child].parent == Some(first + at))
            .collect();
        let mut next = row;
        for child in children {
            next = below(nodes, first, child, next);
        }
        next.max(row + 1)
    }
    if !nodes.is_empty() {
        below(nodes, first, 0, 0);
    }
}

/// Draws the graph and the energies; the run that was chosen now.
pub fn show(ui: &mut Ui, family: &Family, uses: &mut u64, unit: EnergyUnit) -> Option<String> {
    widgets::section(ui, "Lineage");
    let chosen = ScrollArea::horizontal()
        .id_salt("runs-lineage")
        .show(ui, |ui| graph(ui, family, unit))
        .inner;
    if family.hidden > 0 {
        let text = format!("and {} more that started or learnt from it", family.hidden);
        widgets::caption(ui, text);
    }
    if !family.lineage.ancestors.is_empty() {
        energies(ui, family, uses, unit);
    }
    chosen
}

fn graph(ui: &mut Ui, family: &Family, unit: EnergyUnit) -> Option<String> {
    let tokens = Tokens::in_ui(ui);
    let last = |of: fn(&Node) -> usize| family.nodes.iter().map(of).max().unwrap_or(0) as f32;
    let (columns, rows) = (last(|node| node.column) + 1.0, last(|node| node.row) + 1.0);
    let size = vec2(columns, rows) * (NODE + GAP) - GAP;
    let (_, area) = ui.allocate_space(size);
    let rect = |node: &Node| {
        let at = vec2(node.column as f32, node.row as f32) * (NODE + GAP);
        Rect::from_min_size(area.min + at, NODE)
    };
    for (from, to) in &family.edges {
        let (from, to) = (&family.nodes[*from], &family.nodes[*to]);
        arrow(ui, rect(from), rect(to), tokens.dim);
    }
    let mut chosen = None;
    for (at, node) in family.nodes.iter().enumerate() {
        let energy = node
            .energy_j
            .map_or("energy not known".to_owned(), |energy| {
                written_energy(energy, unit)
            });
        let second = [node.remark, node.about.as_str()]
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join(" · ");
        let generation = match node.is_self {
            true => "This run",
            false if at < own(family) => "Ancestor",
            false => "Descendant",
        };
        let name = format!("{generation} {}: {second} · {energy}", node.title);
        let can_be_opened = node.run_id.is_some() && !node.is_self;
        let sense = if can_be_opened {
            Sense::click()
        } else {
            Sense::hover()
        };
        let response = ui.interact(rect(node), ui.scope_id().with(("lineage", at)), sense);
        let role = if can_be_opened {
            Role::Button
        } else {
            Role::Label
        };
        response.widget_info(|| WidgetInfo::labeled(role, true, &name));
        paint(
            ui,
            rect(node),
            node,
            &response,
            [&node.title, &second, &energy],
        );
        if response.on_hover_text(&name).clicked() {
            chosen.clone_from(&node.run_id);
        }
    }
    chosen
}

/// A run or file: its name, what it is, its energy, each cut where there is no room.
fn paint(ui: &Ui, rect: Rect, node: &Node, response: &Response, lines: [&str; 3]) {
    const RIM: f32 = 8.0;
    let tokens = Tokens::in_ui(ui);
    let is_touched = node.run_id.is_some() && (response.hovered() || response.has_focus());
    let fill = if is_touched {
        tokens.hovered
    } else {
        tokens.raised
    };
    let stroke = match (node.is_self || response.has_focus(), &node.run_id) {
        (true, _) => Stroke::new(2.0, tokens.accent),
        (false, Some(_)) => Stroke::new(1.0, tokens.outline),
        (false, None) => Stroke::new(1.0, tokens.line),
    };
    let painter = ui.painter();
    painter.rect(
        rect,
        theme::ROUNDING,
        fill,
        stroke,
        egui::StrokeKind::Inside,
    );
    let mut at = rect.min + Vec2::splat(RIM);
    for (number, text) in lines.into_iter().enumerate() {
        let (size, colour) = match number {
            0 => (theme::BODY, tokens.text),
            _ => (theme::CAPTION, tokens.dim),
        };
        let format = TextFormat::simple(FontId::proportional(size), colour);
        let mut job = LayoutJob::single_section(text.to_owned(), format);
        job.wrap = egui::text::TextWrapping::truncate_at_width(rect.width() - 2.0 * RIM);
        let galley = painter.layout_job(job);
        let height = galley.size().y;
        painter.galley(at, galley, colour);
        at.y += height;
    }
}

fn own(family: &Family) -> usize {
    family.lineage.ancestors.len()
}

/// From the right of `parent` to the left of `child`, around corners.
fn arrow(ui: &Ui, parent: Rect, child: Rect, colour: egui::Color32) {
    const HEAD: f32 = 4.0;
    let stroke = Stroke::new(1.5, colour);
    let (from, to) = (parent.right_center(), child.left_center());
    let middle = to.x - GAP.x / 2.0;
    let points: Vec<Pos2> = vec![from, pos2(middle, from.y), pos2(middle, to.y), to];
    ui.painter().add(Shape::line(points, stroke));
    let head = vec![
        to,
        to + vec2(-1.5 * HEAD, -HEAD),
        to + vec2(-1.5 * HEAD, HEAD),
    ];
    ui.painter()
        .add(Shape::convex_polygon(head, colour, Stroke::NONE));
}

fn energies(ui: &mut Ui, family: &Family, uses: &mut u64, unit: EnergyUnit) {
    let what = match family.reached {
        Some(true) => "Energy to the target",
        _ => "Energy of the run",
    };
    ui.horizontal_wrapped(|ui| {
        widgets::section(ui, what);
        let label = ui.label("shared among");
        ui.add(DragValue::new(uses).range(1..=1_000_000).speed(0.2))
            .labelled_by(label.id)
            .widget_info(|| {
                let mut info = WidgetInfo::drag_value(true, *uses as f64);
                info.label = Some("Uses that share the ancestry".to_owned());
                info
            });
        ui.label("uses");
    });
    for (name, ancestry) in [
        ("Its own", Ancestry::Own),
        ("With ancestry", Ancestry::Whole),
        ("Shared", Ancestry::Shared(*uses)),
    ] {
        let found = family.lineage.energy(ancestry);
        let text = match found.energy_j {
            Some(energy_j) => written_energy(energy_j, unit),
            None if found.unknown.is_empty() => "missing: no meter answered".to_owned(),
            None => format!("not known: that of {} is missing", found.unknown.join(", ")),
        };
        line(ui, name, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(column: usize, parent: Option<usize>) -> Node {
        Node {
            run_id: None,
            title: String::new(),
            about: String::new(),
            energy_j: None,
            is_self: false,
            remark: "",
            column,
            row: 0,
            parent,
        }
    }

    #[test]
    fn no_two_runs_of_a_generation_stand_in_one_place() {
        // 0 – 1 – 2, 3; 2 – 4, 5; 3 – 6.
        let mut nodes = [
            (0, None),
            (1, Some(0)),
            (2, Some(1)),
            (2, Some(1)),
            (3, Some(2)),
            (3, Some(2)),
            (3, Some(3)),
        ]
        .map(|(column, parent)| node(column, parent));
        place(&mut nodes, 0);
        let places: Vec<(usize, usize)> =
            nodes.iter().map(|node| (node.column, node.row)).collect();
        assert_eq!(
            places,
            [(0, 0), (1, 0), (2, 0), (2, 2), (3, 0), (3, 1), (3, 2)]
        );
    }
}
