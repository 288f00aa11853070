//! Everything that is not measured: each of it can be seen, changed, and has a source.

use egui::{Button, ComboBox, Ui};

use super::LifePage;
use crate::analysis::lifecycle::{AssumptionError, Assumptions, Embodied, embodied};
use crate::analysis::lookup;
use crate::gui::pages::train::setup::form::{Form, Look};
use crate::gui::pages::train::setup::number::Steps;
use crate::gui::widgets;
use crate::setup::Problem;

/// What a figure is said to come from once it was typed.
const OWN: &str = "your own figure";

const CLASSES: [(&str, &str); 3] = [
    ("accelerator", "Graphics card of its own"),
    ("server", "Server, CPU alone"),
    ("laptop", "Laptop"),
];

/// Draws it.
pub fn show(page: &mut LifePage, ui: &mut Ui) {
    let LifePage {
        chosen,
        typed,
        country,
        ..
    } = page;
    let assumed = &mut chosen.assumptions;
    ui.horizontal(|ui| {
        widgets::section(ui, "Assumptions");
        let usual = chosen.usual.as_ref();
        let button = ui
            .add_enabled(usual.is_some(), Button::new("As the run"))
            .on_hover_text("Carbon intensity, PUE and device as the run had them")
            .on_disabled_hover_text("Choose runs first");
        if let Some(usual) = usual.filter(|_| button.clicked()) {
            *assumed = Assumptions {
                uses: assumed.uses,
                inferences: assumed.inferences,
                price_per_kwh: assumed.price_per_kwh,
                currency: assumed.currency.clone(),
                ..usual.clone()
            };
        }
    });
    let problems = problems(assumed);
    let mut form = Form {
        typed,
        problems: &problems,
    };
    let hint = "Models among which what was learnt before is shared, 1 or more";
    let look = Look::new("Uses", "uses", hint).steps(Steps::By(1));
    form.number(ui, look, &mut assumed.uses);
    let hint = "Samples that the model is asked about in its life, such as 1e6";
    form.number(
        ui,
        Look::new("Samples asked", "inferences", hint),
        &mut assumed.inferences,
    );
    electricity(&mut form, ui, assumed, country);
    device(&mut form, ui, assumed);
    let hint = "Price of a kilowatt-hour; without one there is no cost of electricity";
    let unit = format!("{}/kWh", assumed.currency);
    let look = Look::new("Price", "price_per_kwh", hint).unit(&unit);
    form.ticked(
        ui,
        look,
        "Reckon the cost of electricity",
        &mut assumed.price_per_kwh,
        0.3,
    );
    if assumed.price_per_kwh.is_some() {
        let look = Look::new("Currency", "currency", "For the price, in words or letters");
        form.text(ui, look, &mut assumed.currency, "EUR");
    }
}

fn problems(assumed: &Assumptions) -> Vec<Problem> {
    match assumed.check() {
        Err(AssumptionError::Bounds {
            field,
            given,
            allowed,
        }) => vec![Problem::new(field, given, allowed)],
        _ => Vec::new(),
    }
}

fn electricity(
    form: &mut Form<'_>,
    ui: &mut Ui,
    assumed: &mut Assumptions,
    country: &mut super::CountryField,
) {
    let before = assumed.g_per_kwh;
    let hint = "Carbon intensity of the electricity, 0 to 5000 gCO2e/kWh";
    let look = Look::new("Intensity", "g_per_kwh", hint).unit("g/kWh");
    form.number(ui, look, &mut assumed.g_per_kwh);
    if assumed.g_per_kwh != before {
        OWN.clone_into(&mut assumed.intensity_source);
    }
    let look = Look::new(
        "Of a country",
        "",
        "Takes its mean of the latest year that is known",
    );
    form.row(ui, &look, |_, ui, label| {
        // Not a country's code, so that a choice can be told from none.
        let mut wanted = Some(String::new());
        country.choose(ui, "Choose…".to_owned(), &mut wanted, label);
        let is_chosen = wanted.as_deref() != Some("");
        if is_chosen && let Ok(found) = lookup(wanted.as_deref()) {
            assumed.g_per_kwh = found.g_per_kwh;
            assumed.intensity_source = match &found.country {
                Some(country) => format!("{country}: {}", found.source),
                None => found.source,
            };
        }
    });
    let look = Look::new(
        "Its source",
        "intensity_source",
        "Whose figure the intensity is",
    );
    form.long_text(ui, look, &mut assumed.intensity_source, "not said");
    let hint =
        "Power usage effectiveness: what the site draws for each watt of the machine, 1 to 10";
    form.number(ui, Look::new("PUE", "pue", hint), &mut assumed.pue);
}

fn device(form: &mut Form<'_>, ui: &mut Ui, assumed: &mut Assumptions) {
    let hint = "What making the device took: its share by the time that it is used for this";
    let look = Look::new("Device made", "embodied", hint);
    form.row(ui, &look, |_, ui, label| {
        let text = if assumed.embodied.is_some() {
            class_of(assumed)
        } else {
            "Left out"
        };
        let combo = ComboBox::from_id_salt("life-device-class")
            .width(ui.available_width())
            .truncate()
            .selected_text(text);
        let response = combo.show_ui(ui, |ui| {
            for (class, name) in CLASSES {
                let is_chosen = text == name;
                // The table that the program ships has every one of them.
                if ui.selectable_label(is_chosen, name).clicked()
                    && let Ok(found) = embodied(class)
                {
                    assumed.embodied = Some(found);
                }
            }
            if ui
                .selectable_label(text == "Left out", "Left out")
                .clicked()
            {
                assumed.embodied = None;
            }
        });
        response.response.labelled_by(label);
    });
    let Some(made) = &mut assumed.embodied else {
        return;
    };
    let before = (made.kg_co2e, made.service_life_years);
    let hint = "kgCO2e of making the device";
    let look = Look::new("Embodied", "embodied.kg_co2e", hint).unit("kgCO2e");
    form.number(ui, look, &mut made.kg_co2e);
    let hint = "Years that the device is used, above 0 to 100";
    let look = Look::new("Service life", "embodied.service_life_years", hint).unit("years");
    form.number(ui, look, &mut made.service_life_years);
    if before != (made.kg_co2e, made.service_life_years) {
        OWN.clone_into(&mut made.source);
    }
    let hint = "Whose figures these are; makers' differ by a factor of several";
    let look = Look::new("Their source", "embodied.source", hint);
    form.long_text(ui, look, &mut made.source, "not said");
}

/// The class whose figures these are.
fn class_of(assumed: &Assumptions) -> &'static str {
    let is_of = |class: &str, made: &Embodied| embodied(class).is_ok_and(|found| found == *made);
    let Some(made) = &assumed.embodied else {
        return "Left out";
    };
    let found = CLASSES.iter().find(|(class, _)| is_of(class, made));
    found.map_or("Figures of your own", |(_, name)| name)
}
