//! The row below the axes, in which a stretch of one is set by its two figures.

use egui::{DragValue, Ui};

use super::Parallel;
use super::axis::parsed;
use crate::gui::preferences::EnergyUnit;
use crate::gui::widgets;

/// The same without a pointer: from where to where on an axis.
pub(super) fn bounds(parallel: &mut Parallel, ui: &mut Ui, unit: EnergyUnit) {
    ui.horizontal_wrapped(|ui| {
        let id = ui.scope_id().with("parallel-axis");
        let mut chosen = ui
            .data(|data| data.get_temp::<usize>(id))
            .unwrap_or(0)
            .min(parallel.axes.len() - 1);
        let label = widgets::field_label(
            ui,
            "Narrow by",
            "The same as drawing over a stretch of an axis",
        );
        let combo = egui::ComboBox::from_id_salt("parallel-narrow")
            .selected_text(&parallel.axes[chosen].name)
            .width(104.0)
            .truncate()
            .show_ui(ui, |ui| {
                for (at, axis) in parallel.axes.iter().enumerate() {
                    ui.selectable_value(&mut chosen, at, &axis.name);
                }
            });
        combo.response.labelled_by(label.id);
        ui.data_mut(|data| data.insert_temp(id, chosen));
        let axis = &parallel.axes[chosen];
        let (mut low, mut high) = parallel
            .brushes
            .get(&axis.name)
            .copied()
            .unwrap_or((0.0, 1.0));
        let mut is_changed = false;
        for (name, end, range) in [("from", &mut low, 0.0..=1.0), ("to", &mut high, 0.0..=1.0)] {
            let label = widgets::field_label(ui, name, "");
            // The figure goes from 0 to 1 along the axis and is written as what it stands for.
            let value = DragValue::new(end)
                .range(range)
                .speed(0.01)
                .custom_formatter(|place, _| axis.written(place, unit))
                .custom_parser(|text| parsed(axis, text, unit));
            is_changed |= ui.add(value).labelled_by(label.id).changed();
        }
        if is_changed {
            parallel
                .brushes
                .insert(axis.name.clone(), (low.min(high), low.max(high)));
        }
    });
}
