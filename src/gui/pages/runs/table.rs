//! The table: only the lines in sight are drawn.

use egui::{
    Align, Button, EventFilter, Key, Label, Layout, RichText, Role, ScrollArea, Sense, Ui,
    WidgetInfo,
};
use egui_extras::{Column as Width, TableBuilder, TableRow};

use super::RunsPage;
use super::columns::{Column, energy_interval, result_interval};
use super::rows::Item;
use super::standing::{standing, standing_sign};
use super::view::{Group, Line, Sort};
use crate::gui::preferences::EnergyUnit;
use crate::gui::state::Shared;
use crate::gui::theme::{self, Tokens};
use crate::units::count;

/// Height of a line, points.
const LINE: f32 = 28.0;

/// What the table keeps from frame to frame.
#[derive(Default)]
pub struct Table {
    /// A run to bring into sight.
    pub scroll_to: Option<String>,
    /// A run whose line is to take the keyboard when it is drawn.
    focus: Option<String>,
}

/// What was done with a line.
enum Done {
    /// Nothing.
    Nothing,
    /// The run was clicked.
    Run(String),
    /// Space was pressed on the run.
    Toggled(String),
    /// An arrow key: so many lines down.
    Moved(String, isize),
    /// The group's runs are to be shown, or hidden.
    Opened(String),
    /// The group was clicked.
    Group(usize),
}

/// Draws the table in the room that is left.
pub fn show(page: &mut RunsPage, ui: &mut Ui, shared: &mut Shared) {
    let tokens = Tokens::in_ui(ui);
    if page.view.rows.is_empty() {
        let text = "Change the search or the filters, or clear them.";
        crate::gui::widgets::empty_state(ui, "No run fits", text, |_| {});
        return;
    }
    let mut done = Done::Nothing;
    let mut sort = page.look.sort;
    let columns = page.look.columns.clone();
    let lines = page.view.lines.clone();
    let scroll_to = page.table.scroll_to.take();
    let target = scroll_to.and_then(|id| {
        lines.iter().position(
            |line| matches!(line, Line::Run { row, .. } if page.rows.items[*row].id() == id),
        )
    });
    ScrollArea::horizontal()
        .id_salt("runs-table-sideways")
        .auto_shrink(false)
        .show(ui, |ui| {
            ui.visuals_mut().widgets.hovered.bg_fill = tokens.hovered;
            ui.spacing_mut().item_spacing.y = 0.0;
            let mut table = TableBuilder::new(ui)
                .id_salt(("runs-table", page.resets, &columns))
                .striped(true)
                .resizable(true)
                .sense(Sense::click())
                .cell_layout(Layout::left_to_right(Align::Center))
                .auto_shrink(false)
                .animate_scrolling(false)
                .min_scrolled_height(3.0 * LINE);
            for (number, column) in (1..).zip(&columns) {
                let is_last = number == columns.len();
                let (width, least) = if is_last {
                    (Width::remainder(), column.width())
                } else {
                    (Width::initial(column.width()), 48.0)
                };
                table = table.column(width.at_least(least).clip(true));
            }
            if let Some(line) = target {
                table = table.scroll_to_row(line, None);
            }
            table
                .header(LINE, |mut header| {
                    for column in &columns {
                        header.col(|ui| heading(ui, *column, &mut sort));
                    }
                })
                .body(|body| {
                    body.rows(LINE, lines.len(), |mut row| {
                        let line = lines[row.index()];
                        let result = match line {
                            Line::Run { row: at, is_nested } => {
                                let cells = Cells {
                                    columns: &columns,
                                    unit: shared.preferences.energy_unit,
                                    tokens,
                                };
                                run_line(page, &mut row, &cells, at, is_nested)
                            }
                            Line::Group(at) => {
                                let cells = Cells {
                                    columns: &columns,
                                    unit: shared.preferences.energy_unit,
                                    tokens,
                                };
                                group_line(page, &mut row, &cells, at)
                            }
                        };
                        if !matches!(result, Done::Nothing) {
                            done = result;
                        }
                    });
                });
        });
    page.look.sort = sort;
    let modifiers = ui.input(modifiers_of_click);
    take(page, done, modifiers);
}

/// The keys that were held when the button was let go: by the end of a slow frame they may not be any more.
fn modifiers_of_click(input: &egui::InputState) -> egui::Modifiers {
    let released = input.events.iter().rev().find_map(|event| match event {
        egui::Event::PointerButton {
            pressed: false,
            modifiers,
            ..
        }
        | egui::Event::Key {
            pressed: true,
            modifiers,
            ..
        } => Some(*modifiers),
        _ => None,
    });
    released.unwrap_or(input.modifiers)
}

fn take(page: &mut RunsPage, done: Done, modifiers: egui::Modifiers) {
    let items = page.rows.items.clone();
    let lines = || page.view.lines.iter();
    let order: Vec<&str> = lines()
        .filter_map(|line| match line {
            Line::Run { row, .. } => items.get(*row).map(|item| item.id()),
            Line::Group(_) => None,
        })
        .collect();
    match done {
        Done::Nothing => {}
        Done::Run(id) => {
            page.selection.click(&id, modifiers, &order);
            // So that the arrow keys go on from here.
            page.table.focus = Some(id);
        }
        Done::Toggled(id) => page.selection.toggle(&id),
        Done::Moved(id, by) => {
            let Some(at) = order.iter().position(|known| *known == id) else {
                return;
            };
            let to = at.saturating_add_signed(by).min(order.len() - 1);
            let next = order[to].to_owned();
            if modifiers.shift {
                page.selection.up_to(&next, &order);
            } else if modifiers.command {
                page.selection.cursor = Some(next.clone());
            } else {
                page.selection.only(&next);
            }
            page.table.scroll_to = Some(next.clone());
            page.table.focus = Some(next);
        }
        Done::Opened(key) => {
            if !page.open_groups.remove(&key) {
                page.open_groups.insert(key);
            }
        }
        Done::Group(at) => {
            if let Some(group) = page.view.groups.get(at) {
                page.selection.these(
                    group
                        .rows
                        .iter()
                        .filter_map(|row| items.get(*row))
                        .map(|item| item.id()),
                );
            }
        }
    }
}

fn heading(ui: &mut Ui, column: Column, sort: &mut Sort) {
    let tokens = Tokens::in_ui(ui);
    let is_sorted = sort.column == column;
    let arrow = match (is_sorted, sort.descending) {
        (false, _) => "",
        (true, true) => " ↓",
        (true, false) => " ↑",
    };
    let text = RichText::new(format!("{}{arrow}", column.label()))
        .small()
        .color(if is_sorted { tokens.text } else { tokens.dim });
    let layout = if column.is_figure() {
        Layout::right_to_left(Align::Center)
    } else {
        Layout::left_to_right(Align::Center)
    };
    ui.with_layout(layout, |ui| {
        ui.spacing_mut().button_padding = egui::vec2(2.0, 2.0);
        ui.spacing_mut().interact_size.y = LINE - 4.0;
        let button = ui
            .add(Button::new(text).frame_when_inactive(false).truncate())
            .on_hover_text(column.hint());
        button.widget_info(|| {
            let state = match (is_sorted, sort.descending) {
                (false, _) => "",
                (true, true) => ", largest first",
                (true, false) => ", smallest first",
            };
            WidgetInfo::labeled(
                Role::Button,
                true,
                format!("Sort by {}{state}", column.label()),
            )
        });
        if button.clicked() {
            *sort = Sort {
                column,
                descending: if is_sorted {
                    !sort.descending
                } else {
                    column.begins_with_largest()
                },
            };
        }
    });
}

struct Cells<'a> {
    columns: &'a [Column],
    unit: EnergyUnit,
    tokens: Tokens,
}

fn run_line(
    page: &mut RunsPage,
    row: &mut TableRow<'_, '_>,
    cells: &Cells<'_>,
    at: usize,
    is_nested: bool,
) -> Done {
    let Some(item) = page.rows.items.get(at).cloned() else {
        return Done::Nothing;
    };
    let is_chosen = page.selection.ids.contains(item.id());
    row.set_selected(is_chosen);
    let mut done = Done::Nothing;
    for column in cells.columns {
        row.col(|ui| match column {
            Column::Name => done = name_cell(page, ui, &item, is_chosen, is_nested),
            Column::Status => status_cell(ui, &item, &cells.tokens),
            column => cell(ui, *column, &column.text(&item, cells.unit), &cells.tokens),
        });
    }
    if row.response().clicked() && matches!(done, Done::Nothing) {
        done = Done::Run(item.id().to_owned());
    }
    done
}

fn name_cell(
    page: &mut RunsPage,
    ui: &mut Ui,
    item: &Item,
    is_chosen: bool,
    is_nested: bool,
) -> Done {
    if is_nested {
        ui.add_space(5.0 * theme::GRID);
    }
    let name = item.name();
    let pin = if item.listed.run.pinned { "★ " } else { "" };
    let text = RichText::new(format!("{pin}{name}")).color(Tokens::in_ui(ui).text);
    let button = ui
        .push_id(item.id(), |ui| {
            ui.spacing_mut().button_padding = egui::vec2(4.0, 2.0);
            ui.spacing_mut().interact_size.y = LINE - 4.0;
            ui.add(Button::new(text).frame_when_inactive(false).truncate())
        })
        .inner;
    button.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, is_chosen, name));
    if page.table.focus.as_deref() == Some(item.id()) {
        page.table.focus = None;
        button.request_focus();
    }
    let mut done = Done::Nothing;
    if button.has_focus() {
        // The arrow keys move within the table rather than to whatever lies nearest.
        let filter = EventFilter {
            vertical_arrows: true,
            ..EventFilter::default()
        };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(button.id, filter));
        let pressed = |key| ui.input(|input| input.key_pressed(key));
        let page_lines = (ui.clip_rect().height() / LINE).max(1.0) as isize;
        for (key, by) in [
            (Key::ArrowDown, 1),
            (Key::ArrowUp, -1),
            (Key::PageDown, page_lines),
            (Key::PageUp, -page_lines),
            (Key::Home, isize::MIN / 2),
            (Key::End, isize::MAX / 2),
        ] {
            if pressed(key) {
                done = Done::Moved(item.id().to_owned(), by);
            }
        }
    }
    if button.clicked() {
        let by_space = ui.input(|input| input.key_pressed(Key::Space));
        done = if by_space {
            Done::Toggled(item.id().to_owned())
        } else {
            Done::Run(item.id().to_owned())
        };
    }
    done
}

fn status_cell(ui: &mut Ui, item: &Item, tokens: &Tokens) {
    let run = &item.listed.run;
    let (sign, colour) = standing_sign(run, tokens);
    ui.label(RichText::new(sign).color(colour));
    let words = standing(run);
    // That it is over goes without saying there.
    let short = words.strip_prefix("completed, ").unwrap_or(words);
    let label = ui.add(Label::new(RichText::new(short).color(colour)).truncate());
    label.widget_info(|| WidgetInfo::labeled(Role::Label, true, words));
    if let Some(failure) = &run.failure {
        label.on_hover_text(failure);
    } else if short != words {
        label.on_hover_text(words);
    }
}

fn cell(ui: &mut Ui, column: Column, text: &str, tokens: &Tokens) {
    let is_missing = text == "no reading";
    let mut text = RichText::new(text).color(if is_missing { tokens.dim } else { tokens.text });
    if column.is_figure() && !is_missing {
        text = text.monospace();
    }
    let layout = if column.is_figure() {
        Layout::right_to_left(Align::Center)
    } else {
        Layout::left_to_right(Align::Center)
    };
    ui.with_layout(layout, |ui| {
        ui.add_space(2.0);
        ui.add(Label::new(text).truncate());
    });
}

fn group_line(page: &RunsPage, row: &mut TableRow<'_, '_>, cells: &Cells<'_>, at: usize) -> Done {
    let Some(group) = page.view.groups.get(at) else {
        return Done::Nothing;
    };
    let Some(first) = group.rows.first().and_then(|row| page.rows.items.get(*row)) else {
        return Done::Nothing;
    };
    let ids = || {
        group
            .rows
            .iter()
            .filter_map(|row| page.rows.items.get(*row))
            .map(|item| item.id())
    };
    row.set_selected(ids().all(|id| page.selection.ids.contains(id)));
    row.set_overline(true);
    let mut done = Done::Nothing;
    for column in cells.columns {
        row.col(|ui| match column {
            Column::Name => {
                let (sign, what) = if group.is_open {
                    ("−", "Hide")
                } else {
                    ("+", "Show")
                };
                let runs = group.rows.len();
                let open = ui
                    .push_id(&group.key, |ui| {
                        ui.spacing_mut().button_padding = egui::vec2(4.0, 2.0);
                        ui.spacing_mut().interact_size.y = LINE - 4.0;
                        let text = RichText::new(format!("{sign} {runs} runs"))
                            .text_style(theme::strong());
                        ui.add(Button::new(text).frame_when_inactive(false).truncate())
                    })
                    .inner;
                open.widget_info(|| {
                    let label = format!(
                        "{what} {runs} runs of {} on {}",
                        first.listed.run.setup.model, first.listed.run.device.name
                    );
                    WidgetInfo::labeled(Role::Button, true, label)
                });
                if open.clicked() {
                    done = Done::Opened(group.key.clone());
                }
            }
            column => cell(
                ui,
                *column,
                &group_text(*column, group, first, cells.unit),
                &cells.tokens,
            ),
        });
    }
    let response = row.response();
    if response.clicked() && matches!(done, Done::Nothing) {
        done = Done::Group(at);
    }
    done
}

fn group_text(column: Column, group: &Group, first: &Item, unit: EnergyUnit) -> String {
    match column {
        Column::Dataset
        | Column::Model
        | Column::Device
        | Column::BatchSize
        | Column::LearningRate => column.text(first, unit),
        Column::Seed => format!("n = {}", count(group.rows.len() as u64)),
        Column::Energy if group.is_mixed => "not comparable".to_owned(),
        Column::Energy => group
            .energy_j
            .map_or("no reading".to_owned(), |mean| energy_interval(mean, unit)),
        Column::Grade if group.is_mixed => "mixed".to_owned(),
        Column::Grade => column.text(first, unit),
        Column::FinalResult => group
            .final_result
            .map(|mean| result_interval(group.metric, mean))
            .unwrap_or_default(),
        Column::BestResult => group
            .best_result
            .map(|mean| result_interval(group.metric, mean))
            .unwrap_or_default(),
        _ => String::new(),
    }
}
