//! The machine as a tree of parts, with who answers for each.

use egui::{Grid, RichText, Ui};

use super::meters::power_now;
use super::mono;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::protocol::{AccountLine, MeterNow};

/// One row a part; `now` where the meters are being read.
pub(super) fn account(ui: &mut Ui, lines: &[AccountLine], now: Option<&[MeterNow]>) {
    let tokens = Tokens::in_ui(ui);
    ui.label(RichText::new("What the sum over the machine is made of").text_style(theme::strong()));
    ui.spacing_mut().interact_size.y = 0.0;
    Grid::new("account")
        .num_columns(3)
        .spacing([4.0 * theme::GRID, theme::GRID])
        .show(ui, |ui| {
            for line in lines {
                ui.label(line.title());
                match &line.meter {
                    Some(meter) => {
                        // The one that counts now, where it has taken another's place.
                        let reading = now.map(|now| reading(meter, &line.stand_by, now));
                        let (id, power) = reading.unwrap_or((meter, None));
                        let origin = line.origin.as_deref().unwrap_or("sensor");
                        let text = if origin == "sensor" || id != meter {
                            mono(id)
                        } else {
                            mono(&format!("{id} ({origin})"))
                        };
                        ui.label(text).on_hover_ui(|ui| hover(ui, line));
                        ui.label(mono(&power.unwrap_or_default()));
                    }
                    None => {
                        ui.label(RichText::new("nobody answers: missing").color(tokens.warning));
                    }
                }
                ui.end_row();
            }
        });
    widgets::caption(
        ui,
        "Never in it: mainboard, storage, fans, displays, losses of the power supply.",
    );
    ui.add_space(theme::GRID);
}

/// The meter that answers for a part now, with its power.
fn reading<'a>(
    meter: &'a str,
    stand_by: &'a [String],
    now: &[MeterNow],
) -> (&'a str, Option<String>) {
    let ids = std::iter::once(meter).chain(stand_by.iter().map(String::as_str));
    for id in ids {
        let found = now.iter().find(|now| now.meter == id && now.in_sum);
        if let Some(found) = found {
            let power = found.power_w.map(|power_w| power_now(id, power_w));
            return (id, Some(power.unwrap_or("no reading".to_owned())));
        }
    }
    (meter, None)
}

fn hover(ui: &mut Ui, line: &AccountLine) {
    ui.set_max_width(320.0);
    ui.label(line.covers.join(", "));
    if line.stand_by.is_empty() {
        ui.label("No other source could take its place.");
    } else {
        ui.label(format!("Stands by: {}", line.stand_by.join(", ")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(meter: &str, in_sum: bool) -> MeterNow {
        MeterNow {
            meter: meter.to_owned(),
            power_w: Some(12.0),
            in_sum,
            lost: None,
        }
    }

    #[test]
    fn the_meter_that_took_a_place_is_the_one_that_is_shown() {
        let stand_by = ["model:cpu".to_owned()];
        let of = |now: &[MeterNow]| {
            let (id, power) = reading("rapl:package-0", &stand_by, now);
            (id.to_owned(), power)
        };
        let power = Some("12.0 W".to_owned());
        let healthy = [now("rapl:package-0", true)];
        assert_eq!(of(&healthy), ("rapl:package-0".to_owned(), power));
        let replaced = [now("rapl:package-0", false), now("model:cpu", true)];
        let modelled = Some("≈ 12 W".to_owned());
        assert_eq!(of(&replaced), ("model:cpu".to_owned(), modelled));
        assert_eq!(of(&[]).1, None);
    }
}
