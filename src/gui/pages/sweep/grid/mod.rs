//! Every trial as a cell that fills: coloured and marked by how it stands.
//!
//! | part | what it does |
//! |---|---|
//! | `plan` | where cells stand |
//! | `marks` | how each state looks, and what it is called |
//! | `cells` | cells under the pointer and the keyboard |

mod cells;
mod marks;
mod plan;

use std::sync::Arc;

use egui::epaint::Mesh;
use egui::{Pos2, RichText, Sense, Shape, Ui, Vec2};

use self::cells::Cells;
use self::marks::{cell, mesh, words};
use self::plan::Plan;
use super::stored::Read;
use crate::analysis::trials::{Spent, ToCome};
use crate::gui::preferences::EnergyUnit;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::library::TrialStatus;
use crate::units::count;

/// Cells up to which each is a button of its own.
const BUTTONS_MAX: usize = 240;

/// In which order trials stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Order {
    /// As they are run.
    #[default]
    Run,
    /// Those of a setup beside each other.
    Setup,
}

/// What is kept from frame to frame.
#[derive(Default)]
pub struct Grid {
    order: Order,
    /// The cell that the keyboard is on.
    cursor: usize,
    /// Positions of trials in the order in which they stand, of this revision and order.
    places: Option<(u64, Order, Arc<Vec<usize>>)>,
    mesh: Option<(Drawn, Arc<Mesh>)>,
    sums: Option<(u64, (Spent, Option<ToCome>))>,
}

/// What a mesh depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Drawn {
    revision: u64,
    order: Order,
    origin: Pos2,
    side: f32,
    columns: usize,
    dark: bool,
}

impl Grid {
    /// What trials took and will take, added up once a change.
    pub fn sums(
        &mut self,
        revision: u64,
        sum: impl FnOnce() -> (Spent, Option<ToCome>),
    ) -> (Spent, Option<ToCome>) {
        match self.sums {
            Some((of, sums)) if of == revision => sums,
            _ => {
                let sums = sum();
                self.sums = Some((revision, sums));
                sums
            }
        }
    }

    fn places(&mut self, read: &Read, revision: u64) -> Arc<Vec<usize>> {
        if let Some((of, order, places)) = &self.places
            && (*of, *order) == (revision, self.order)
        {
            return Arc::clone(places);
        }
        let mut places: Vec<usize> = (0..read.trials.len()).collect();
        if self.order == Order::Setup {
            places.sort_by_key(|at| {
                let trial = &read.trials[*at];
                (trial.combination, trial.repeat, trial.rung)
            });
        }
        let places = Arc::new(places);
        self.places = Some((revision, self.order, Arc::clone(&places)));
        places
    }
}

/// Draws the grid; the run that was chosen now.
pub fn show(
    grid: &mut Grid,
    ui: &mut Ui,
    read: &Read,
    revision: u64,
    unit: EnergyUnit,
) -> Option<String> {
    ui.horizontal_wrapped(|ui| {
        widgets::section(ui, "Trials");
        for (order, name, hint) in [
            (Order::Run, "As run", "In the order in which they are run"),
            (
                Order::Setup,
                "By setup",
                "Those of one setup beside each other",
            ),
        ] {
            let button = ui.selectable_label(grid.order == order, name);
            if button.on_hover_text(hint).clicked() {
                grid.order = order;
            }
        }
    });
    legend(ui, read);
    if read.trials.is_empty() {
        widgets::caption(ui, "None yet.");
        return None;
    }
    let places = grid.places(read, revision);
    grid.cursor = grid.cursor.min(places.len() - 1);
    let plan = Plan::new(ui, places.len());
    let (rect, _) = ui.allocate_exact_size(plan.size, Sense::hover());
    if ui.is_rect_visible(rect) {
        let key = Drawn {
            revision,
            order: grid.order,
            origin: rect.min,
            side: plan.side,
            columns: plan.columns,
            dark: ui.visuals().dark_mode,
        };
        let mesh = match &grid.mesh {
            Some((of, mesh)) if *of == key => Arc::clone(mesh),
            _ => {
                let mesh = Arc::new(mesh(read, &places, &plan, rect.min, &Tokens::in_ui(ui)));
                grid.mesh = Some((key, Arc::clone(&mesh)));
                mesh
            }
        };
        ui.painter().add(Shape::Mesh(mesh));
    }
    let cells = Cells {
        read,
        places: &places,
        plan,
        origin: rect.min,
        unit,
    };
    if places.len() <= BUTTONS_MAX {
        cells.buttons(ui)
    } else {
        cells.one_area(ui, rect, &mut grid.cursor)
    }
}

/// What each mark means, with how many there are.
fn legend(ui: &mut Ui, read: &Read) {
    let tokens = Tokens::in_ui(ui);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = theme::GRID;
        for status in TrialStatus::ALL {
            let of = read.count(status);
            if of == 0 {
                continue;
            }
            let (rect, _) = ui.allocate_exact_size(Vec2::splat(12.0), Sense::hover());
            let mut mesh = Mesh::default();
            cell(&mut mesh, rect, status, &tokens);
            ui.painter().add(Shape::mesh(mesh));
            let text = format!("{} {}", count(of as u64), words(status));
            ui.label(RichText::new(text).small().color(tokens.dim));
            ui.add_space(2.0 * theme::GRID);
        }
    });
}
