//! Samples that are no images: a row of a table each.

use egui::{Align, Label, Layout, RichText, Ui};

use super::Of;
use super::held::Held;
use super::sample::Sample;
use crate::gui::theme::Tokens;
use crate::units::{count, significant};

/// Height of a row of a table, points.
const ROW: f32 = 24.0;
/// Widths of a table's columns: sample, class, confidence; points.
const COLUMNS: [f32; 3] = [56.0, 104.0, 72.0];
/// Least width of the other columns, points.
const COLUMN_MIN: f32 = 56.0;
/// Numbers of a table's row that are written out.
const NUMBERS: usize = 6;

pub(super) fn table(ui: &mut Ui, held: &Held, of: &Of<'_>, order: &[u32]) {
    use egui_extras::{Column, TableBuilder};
    let head = |ui: &mut Ui, text: &str| {
        let tokens = Tokens::in_ui(ui);
        ui.label(RichText::new(text).small().color(tokens.dim));
    };
    // The columns are as wide as they are: what is left goes to the numbers, so that the table never widens the page.
    let spacing = ui.spacing().item_spacing.x;
    let scroll = ui.spacing().scroll.allocated_width();
    let [sample, widest_name, confidence] = COLUMNS;
    let room = ui.available_width() - sample - confidence - 4.0 * spacing - scroll;
    let name = (room / 2.0).clamp(COLUMN_MIN, widest_name);
    let rest = room - 2.0 * name;
    let has_numbers = rest >= COLUMN_MIN;
    let mut builder = TableBuilder::new(ui)
        .id_salt("gallery-table")
        .striped(true)
        .auto_shrink(false)
        .cell_layout(Layout::left_to_right(Align::Center))
        .column(Column::exact(sample))
        .columns(Column::exact(name).clip(true), 2)
        .column(Column::exact(confidence));
    if has_numbers {
        builder = builder.column(Column::exact(rest).clip(true));
    }
    builder
        .header(ROW, |mut header| {
            for text in ["sample", "truth", "predicted", "confidence"] {
                header.col(|ui| head(ui, text));
            }
            if has_numbers {
                header.col(|ui| head(ui, "numbers"));
            }
        })
        .body(|body| {
            body.rows(ROW, order.len(), |mut row| {
                let Some(&index) = order.get(row.index()) else {
                    return;
                };
                let sample = Sample::new(of, held, index);
                let label = |ui: &mut Ui, text: RichText| {
                    ui.add(Label::new(text).truncate());
                };
                row.col(|ui| label(ui, RichText::new(count(u64::from(index) + 1)).monospace()));
                row.col(|ui| label(ui, sample.truth.into()));
                row.col(|ui| label(ui, sample.predicted.into()));
                row.col(|ui| label(ui, RichText::new(&sample.confidence).monospace()));
                if has_numbers {
                    let numbers = RichText::new(numbers(held, index)).monospace();
                    row.col(|ui| label(ui, numbers));
                }
            });
        });
}

/// The numbers of a table's row, or as many as are worth writing out.
fn numbers(held: &Held, index: u32) -> String {
    let values = held.sample(index);
    let more = if values.len() > NUMBERS { " …" } else { "" };
    let written: Vec<_> = values
        .iter()
        .take(NUMBERS)
        .map(|x| significant(f64::from(*x), 4))
        .collect();
    format!("{}{more}", written.join("  "))
}
