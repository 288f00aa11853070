use joulelab::analysis::sweep::Trial;
use joulelab::report::{
    Colours, Theme, Weight, html, json, markdown, plots, png, setups_csv, setups_header, svg, width,
};
use serde_json::json;

use crate::common::*;

fn sweep() -> Vec<Trial> {
    let mut trials = Vec::new();
    for (at, size) in [16_u64, 32, 64, 128].into_iter().enumerate() {
        for (column, rate) in [0.01, 0.1].into_iter().enumerate() {
            let middle = 100.0 + 60.0 * at as f64 + 130.0 * column as f64;
            let mut three = paper(size, rate, &[middle * 0.97, middle, middle * 1.03]);
            for trial in &mut three {
                trial.parameters = Some(1000 + 10 * size);
                trial.final_value = Some(0.97 + 0.001 * at as f64);
            }
            trials.extend(three);
        }
    }
    trials.extend(
        paper(256, 0.1, &[10.0, 10.0, 10.0])
            .into_iter()
            .map(not_reached),
    );
    trials
}

#[test]
fn every_plot_is_well_formed_svg_and_a_png_of_its_size() {
    let plots = plots(&analysed(&sweep()));
    let names: Vec<&str> = plots.iter().map(|plot| plot.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "energy",
            "heat-map-batch-size-learning-rate",
            "pareto",
            "main-effects-energy",
            "main-effects-time",
            "main-effects-energy-per-sample",
            "main-effects-accuracy",
            "correlations",
        ]
    );
    for plot in &plots {
        for colours in [
            Colours::Of(Theme::Light),
            Colours::Of(Theme::Dark),
            Colours::Page,
        ] {
            let text = svg(&plot.scene, colours);
            assert_balanced(&text);
            assert!(
                !text.contains("NaN") && !text.contains("inf"),
                "{}",
                plot.name
            );
        }
        let bytes = png(&plot.scene, Theme::Light, 2.0).unwrap();
        let decoder = png::Decoder::new(std::io::Cursor::new(&bytes));
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!(f64::from(info.width), (plot.scene.width * 2.0).round());
        // There is ink on the ground.
        let dark = pixels
            .chunks(3)
            .filter(|pixel| pixel.iter().all(|part| *part < 0x60))
            .count();
        assert!(dark > 500, "{}: {dark} dark pixels", plot.name);
    }
}

/// Every element is closed in the order in which it was opened.
fn assert_balanced(text: &str) {
    let mut open: Vec<&str> = Vec::new();
    for part in text.split('<').skip(1) {
        let (tag, _) = part.split_once('>').unwrap();
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{tag}");
        } else if !tag.ends_with('/') {
            open.push(tag.split_whitespace().next().unwrap());
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn names_of_the_users_own_cannot_break_out_of_a_page() {
    let hostile = "</text><script>alert('&')</script>";
    let trials = [
        seeds(&[("model.activation", json!(hostile))], &[1.0]),
        seeds(&[("model.activation", json!("=HYPERLINK(1)|*"))], &[2.0]),
    ]
    .concat();
    let analysis = analysed(&trials);
    let plots = plots(&analysis);
    let page = html(&analysis, hostile, hostile, &plots);
    assert!(!page.contains("<script"), "{page}");
    for plot in &plots {
        assert_balanced(&svg(&plot.scene, Colours::Page));
    }
    let text = markdown(&analysis, hostile, &[]);
    // What Markdown or HTML would take for its own is escaped.
    assert_eq!(
        text.matches("<script").count(),
        text.matches("\\<script").count()
    );
    assert!(text.contains("HYPERLINK(1)\\|\\*"), "{text}");
    let mut csv = Vec::new();
    setups_csv(&analysis, &mut csv).unwrap();
    let csv = String::from_utf8(csv).unwrap();
    assert!(csv.contains("'=HYPERLINK"), "{csv}");
}

#[test]
fn a_page_needs_nothing_else() {
    let analysis = analysed(&sweep());
    let page = html(
        &analysis,
        "Batch size",
        "Made by a test.",
        &plots(&analysis),
    );
    for outside in ["src=", "href=", "url(", "@import", "<link"] {
        assert!(!page.contains(outside), "{outside}");
    }
    // The only address is the name of SVG's language.
    let addresses: Vec<&str> = page.matches("http").collect();
    assert_eq!(
        addresses.len(),
        page.matches("http://www.w3.org/2000/svg").count()
    );
    assert!(page.contains("prefers-color-scheme: dark") && page.contains("@media print"));
    assert!(page.contains(&analysis.headline.replace(" %", "&nbsp;%")));
    assert!(page.contains("not reached"));
    for variable in page.split("var(--").skip(1) {
        let name = variable.split(')').next().unwrap();
        assert_eq!(page.matches(&format!("--{name}:")).count(), 3, "{name}");
    }
}

#[test]
fn the_csv_keeps_its_columns_and_reads_back() {
    let analysis = analysed(&sweep());
    let mut bytes = Vec::new();
    assert_eq!(setups_csv(&analysis, &mut bytes).unwrap(), 9);
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let header: Vec<String> = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    assert_eq!(header, setups_header(&analysis));
    assert_eq!(header[..4], ["schema", "rank", "setup", "standing"]);
    assert_eq!(
        header[16..20],
        [
            "energy_j",
            "energy_low_j",
            "energy_high_j",
            "energy_spread_j"
        ]
    );
    assert_eq!(
        header[header.len() - 2..],
        ["axis_regime.batch_size", "axis_regime.learning_rate"]
    );
    let at = |name: &str| header.iter().position(|found| found == name).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let first = &rows[0];
    let number = |name: &str| first[at(name)].parse::<f64>().unwrap();
    assert_eq!(
        (&first[0], &first[1], &first[2]),
        ("setups/1", "1", "batch 16 at 0.01")
    );
    assert!(close(number("energy_j"), 100.0) && number("times_best") == 1.0);
    assert_eq!(&first[at("on_front")], "true");
    // What did not get there: no rank, no energy, no ratio; never 0.
    let last = &rows[8];
    for name in [
        "rank",
        "energy_j",
        "energy_low_j",
        "times_best",
        "zeus_cost_j",
    ] {
        assert_eq!(&last[at(name)], "", "{name}");
    }
    assert_eq!(
        (&last[at("standing")], &last[at("not_reached")]),
        ("not reached", "3")
    );
}

#[test]
fn json_and_markdown_hold_the_result() {
    let analysis = analysed(&sweep());
    let value = json(&analysis);
    assert_eq!(value["schema"], "analysis/1");
    assert_eq!(value["headline"], analysis.headline.as_str());
    assert!(close(
        value["setups"][0]["energy_j"]["estimate"]["value"]
            .as_f64()
            .unwrap(),
        100.0
    ));
    let plots = plots(&analysis);
    let figures: Vec<_> = plots
        .into_iter()
        .map(|plot| (plot, "my figures/a.png".to_owned()))
        .collect();
    let text = markdown(&analysis, "T", &figures);
    assert!(
        text.contains("](my%20figures/a.png)")
            && text.contains("| 1 | batch 16 at 0.01 | 3 of 3 |"),
        "{text}"
    );
}

#[test]
fn a_thousand_setups_still_make_pictures() {
    let mut trials = Vec::new();
    for at in 0..1000_u64 {
        trials.extend(batch(at + 1, &[1.0 + at as f64]));
    }
    let analysis = analysed(&trials);
    for plot in plots(&analysis) {
        assert!(plot.scene.height < 4000.0, "{}", plot.name);
        assert!(png(&plot.scene, Theme::Dark, 1.0).is_some());
    }
}

#[test]
fn text_has_the_width_of_its_font() {
    let narrow = width("iii", 12.0, Weight::Regular);
    let wide = width("mmm", 12.0, Weight::Regular);
    assert!(
        narrow > 5.0 && wide > 2.0 * narrow && wide < 45.0,
        "{narrow} {wide}"
    );
    assert!(near(width("mmm", 24.0, Weight::Regular), 2.0 * wide, 1e-6));
}
