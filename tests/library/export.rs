use std::collections::{BTreeSet, HashMap};

use jiff::tz::{Offset, TimeZone};
use joulelab::library::export::{Format, Options, SETUP_COLUMNS, write};
use joulelab::library::{Library, NewRun, Record};
use joulelab::setup::{DatasetSetup, ModelSetup, OptimiserSetup, Setup};
use serde_json::json;
use tempfile::{TempDir, tempdir};

use crate::common::{new_run, sample, whole_run};

pub(crate) fn options() -> Options {
    Options {
        time_zone: TimeZone::fixed(Offset::constant(2)),
    }
}

pub(crate) fn library_with(runs: &[NewRun]) -> (TempDir, Library) {
    let folder = tempdir().unwrap();
    let mut library = Library::open(folder.path().join("l")).unwrap();
    for run in runs {
        whole_run(&mut library, run);
    }
    (folder, library)
}

pub(crate) fn text(library: &Library, format: Format) -> String {
    let runs = library.run_ids(&Default::default()).unwrap();
    let mut out = Vec::new();
    write(library, format, &runs, &options(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The rows by column name, as another program reads them.
fn parsed(text: &str) -> Vec<HashMap<String, String>> {
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()
        .unwrap()
}

#[test]
fn samples_are_written_exactly_like_this() {
    let (_folder, library) = library_with(&[new_run("r")]);
    assert_eq!(
        text(&library, Format::Samples),
        "schema,run_id,t_s,timestamp,device,meter,metric,value,unit,source,grade\n\
         samples/1,r,6,2026-11-21T01:23:51.250Z,GeForce RTX 3080,nvml:0,power,250.5,W,energy counter,B\n\
         samples/1,r,6.1,2026-11-21T01:23:51.350Z,GeForce RTX 3080,nvml:0,power,,W,energy counter,B\n"
    );
}

#[test]
fn epochs_have_their_energy_by_boundary() {
    let (_folder, library) = library_with(&[new_run("r")]);
    let text = text(&library, Format::Epochs);
    assert!(
        text.starts_with("schema,run_id,epoch,step,t_s,timestamp,duration_s,samples,"),
        "{text}"
    );
    let rows = parsed(&text);
    assert_eq!(rows.len(), 2);
    let first = &rows[0];
    for (column, cell) in [
        ("schema", "epochs/2"),
        ("epoch", "1"),
        ("step", "10"),
        ("t_s", "7"),
        ("timestamp", "2026-11-21T01:23:52.250Z"),
        ("samples_per_s", "426.5"),
        ("train_loss", "1"),
        ("test_loss", ""),
        ("test_accuracy", "0.9"),
        ("gpu_board_gross_j", "64"),
        ("gpu_board_gross_low_j", "60.8"),
        ("gpu_board_net_j", ""),
        ("gpu_board_j_per_sample", "0.1"),
        ("gpu_board_cumulative_high_j", "68"),
        ("gpu_board_grade", "B"),
        ("wall_gross_j", ""),
        ("wall_source", ""),
    ] {
        assert_eq!(first[column], cell, "{column}");
    }
    assert_eq!(rows[1]["test_accuracy"], "");
}

#[test]
fn runs_have_setup_place_result_and_energy_by_phase_and_boundary() {
    let mut run = new_run("r");
    run.tags = vec!["a".into(), "b".into()];
    let (_folder, mut library) = library_with(&[run]);
    let mut bare = new_run("bare");
    bare.setup.json = "null".into();
    bare.carbon = None;
    library.create_run(&bare).unwrap();
    let rows = parsed(&text(&library, Format::Runs));
    let (row, bare) = (&rows[1], &rows[0]);
    assert_eq!(row.len(), Format::Runs.header().len(), "no name twice");
    for (column, cell) in [
        ("schema", "runs/2"),
        ("tags", "a b"),
        ("status", "completed"),
        ("started_at", "2026-11-21T01:23:45.250Z"),
        ("duration_s", "9.5"),
        ("seed", "18446744073709551615"),
        ("setup_dataset", "digits"),
        ("setup_model", "mlp"),
        ("setup_hidden", "[128,10]"),
        ("setup_learning_rate", "0.001"),
        ("setup_batch_size", "64"),
        ("setup_momentum", ""),
        ("cpu_model", "Ryzen 9, 16 cores"),
        ("driver", "550.54"),
        ("backend", "wgpu"),
        ("self_check_passed", "true"),
        ("best_test_metric", "0.9"),
        ("target_reached", "false"),
        ("calibration", ""),
        ("carbon_g", "0.25"),
        ("carbon_boundary", "gpu-board"),
        ("carbon_intensity_g_per_kwh", "380.9"),
        ("pue", "1.5"),
        ("idle_gpu_board_w", "20"),
        ("idle_cpu_package_w", ""),
        ("train_duration_s", "4"),
        ("train_gpu_board_j", "684"),
        ("train_gpu_board_low_j", "641.25"),
        ("train_gpu_board_net_j", "342"),
        ("train_gpu_board_source", "energy counter"),
        ("train_gpu_board_grade", "B"),
        ("train_gpu_board_coverage", "1"),
        ("evaluate_gpu_board_j", "36"),
        ("result_duration_s", "4.5"),
        ("result_gpu_board_j", "720"),
        ("result_components_j", "1080"),
        ("result_components_low_j", "1012.5"),
        ("result_wall_j", ""),
        ("evaluate_cpu_package_j", ""),
        ("warm_up_duration_s", ""),
        ("warm_up_gpu_board_j", ""),
    ] {
        assert_eq!(row[column], cell, "{column}");
    }
    assert!(
        SETUP_COLUMNS
            .iter()
            .all(|(column, _)| bare[*column].is_empty())
    );
    assert!(bare["pue"].is_empty() && bare["carbon_g"].is_empty() && bare["status"] == "running");
}

/// Setups of every dataset, model and optimiser, with everything in them that may be left out.
fn every_setup() -> Vec<serde_json::Value> {
    let whole = |part: &str, kind: &str| {
        let tag = if part == "/dataset" { "name" } else { "kind" };
        let mut setup = json!({"start": {}, "distil": {}, "multitask": {}, "dataset": {}, "model": {"kind": "cnn"}, "regime": {
            "optimiser": {"kind": "adam"}, "gradient_clipping": {"kind": "norm", "max": 1.0}, "ema": {}, "resize": {}, "reinforcement": {},
        }});
        *setup.pointer_mut(part).unwrap() = json!({tag: kind});
        serde_json::from_value::<Setup>(setup).unwrap().to_value()
    };
    let datasets = DatasetSetup::NAMES.map(|name| whole("/dataset", name));
    let models = ModelSetup::KINDS.map(|kind| whole("/model", kind));
    let optimisers = OptimiserSetup::KINDS.map(|kind| whole("/regime/optimiser", kind));
    datasets
        .into_iter()
        .chain(models)
        .chain(optimisers)
        .collect()
}

/// Paths of what is no table.
fn leaves(value: &serde_json::Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(table) => {
            for (key, value) in table {
                leaves(value, &format!("{path}.{key}"), found);
            }
        }
        _ => _ = found.insert(path.trim_start_matches('.').to_owned()),
    }
}

/// Any field can be an axis of a sweep, so each has a column of its own.
#[test]
fn every_field_of_every_setup_has_a_column_and_every_column_a_field() {
    let setups = every_setup();
    for (column, path) in SETUP_COLUMNS {
        let pointer = format!("/{}", path.replace('.', "/"));
        assert!(
            setups.iter().any(|setup| setup.pointer(&pointer).is_some()),
            "{column}: {path}"
        );
    }
    let mut fields = BTreeSet::new();
    for setup in &setups {
        leaves(setup, "", &mut fields);
    }
    assert!(fields.contains("regime.ema.decay"), "what may be left out");
    let known: BTreeSet<String> = SETUP_COLUMNS.map(|(_, path)| path.to_owned()).into();
    let without: Vec<&String> = fields.difference(&known).collect();
    assert!(without.is_empty(), "fields without a column: {without:?}");
}

#[test]
fn codecarbon_has_its_38_columns_and_says_nothing_it_does_not_know() {
    let (folder, library) = library_with(&[new_run("r")]);
    let rows = text(&library, Format::CodeCarbon);
    let header = "timestamp,project_name,run_id,experiment_id,duration,emissions,emissions_rate,cpu_power,\
        gpu_power,ram_power,cpu_energy,gpu_energy,ram_energy,energy_consumed,water_consumed,country_name,\
        country_iso_code,region,cloud_provider,cloud_region,os,python_version,codecarbon_version,cpu_count,\
        cpu_model,gpu_count,gpu_model,longitude,latitude,ram_total_size,tracking_mode,cpu_utilization_percent,\
        gpu_utilization_percent,ram_utilization_percent,ram_used_gb,on_cloud,pue,wue";
    assert_eq!(rows.lines().next(), Some(header));
    assert_eq!(Format::CodeCarbon.header().len(), 38);
    let row = &parsed(&rows)[0];
    let finished = library.run("r").unwrap().finished_at.unwrap();
    let local = finished
        .to_zoned(options().time_zone)
        .strftime("%Y-%m-%dT%H:%M:%S")
        .to_string();
    for (column, cell) in [
        ("timestamp", local.as_str()),
        ("project_name", "joulelab"),
        ("experiment_id", "abc0"),
        ("duration", "4.5"),
        ("gpu_power", "160"),
        ("cpu_power", "90"),
        ("ram_power", ""),
        ("ram_energy", ""),
        ("water_consumed", ""),
        ("country_iso_code", "DEU"),
        ("python_version", ""),
        ("codecarbon_version", "joulelab 0.1.0"),
        ("cpu_count", "32"),
        ("gpu_count", "1"),
        ("gpu_model", "GeForce RTX 3080"),
        ("ram_total_size", "64"),
        ("tracking_mode", "machine"),
        ("on_cloud", "N"),
        ("pue", "1.5"),
        ("wue", ""),
    ] {
        assert_eq!(row[column], cell, "{column}");
    }
    let number = |column: &str| row[column].parse::<f64>().unwrap();
    let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
    // 720 J of GPU and 180 J of CPU without the idle phase, times the PUE, as CodeCarbon counts.
    assert!(near(number("gpu_energy"), 720.0 * 1.5 / 3.6e6));
    assert!(near(number("cpu_energy"), 180.0 * 1.5 / 3.6e6));
    assert!(near(number("energy_consumed"), 900.0 * 1.5 / 3.6e6));
    assert!(near(
        number("emissions"),
        number("energy_consumed") * 0.3809
    ));
    assert!(near(number("emissions_rate"), number("emissions") / 4.5));
    drop(folder);
}

#[test]
fn text_that_a_spreadsheet_would_run_is_escaped_and_odd_text_survives() {
    let hostile = ["=1+1", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1"];
    let runs: Vec<NewRun> = hostile
        .iter()
        .enumerate()
        .map(|(i, text)| NewRun {
            name: Some((*text).into()),
            ..new_run(&format!("r{i}"))
        })
        .collect();
    let (_folder, mut library) = library_with(&runs);
    let odd = "quote \" comma , line\nbreak ; é 漢";
    library.set_note("r0", Some(odd)).unwrap();
    let negative = Record::Samples(vec![sample(1.0, Some(-3.5))]);
    library.create_run(&new_run("negative")).unwrap();
    library.append("negative", &[negative]).unwrap();
    let rows = parsed(&text(&library, Format::Runs));
    for (i, text) in hostile.iter().enumerate() {
        let row = rows
            .iter()
            .find(|row| row["run_id"] == format!("r{i}"))
            .unwrap();
        assert_eq!(row["name"], format!("'{text}"));
    }
    assert!(rows.iter().any(|row| row["note"] == odd));
    let samples = parsed(&text(&library, Format::Samples));
    assert!(
        samples.iter().any(|row| row["value"] == "-3.5"),
        "numbers stay numbers"
    );
}

#[test]
fn numbers_read_back_as_the_very_same() {
    let (_folder, mut library) = library_with(&[]);
    let numbers = [
        0.1 + 0.2,
        1e-300,
        -1.5e300,
        5e-324,
        1e16,
        123_456_789.123_456_78,
        0.0,
        1e-5,
        f64::MAX,
    ];
    library.create_run(&new_run("r")).unwrap();
    let samples = numbers
        .iter()
        .enumerate()
        .map(|(i, n)| sample(i as f64, Some(*n)))
        .collect();
    library.append("r", &[Record::Samples(samples)]).unwrap();
    let rows = parsed(&text(&library, Format::Samples));
    let back: Vec<f64> = rows
        .iter()
        .map(|row| row["value"].parse().unwrap())
        .collect();
    assert_eq!(back, numbers);
}

#[test]
fn times_of_a_resumed_run_leave_the_pause_in() {
    let (_folder, mut library) = library_with(&[new_run("r")]);
    let owner = new_run("r").owner;
    let t_s = library.reopen_run("r", 10, &owner, "0.1.0").unwrap().t_s;
    let resumed_at = library.segments("r").unwrap()[1].1;
    library
        .append("r", &[Record::Samples(vec![sample(t_s + 2.0, None)])])
        .unwrap();
    let rows = parsed(&text(&library, Format::Samples));
    assert_eq!(rows[0]["timestamp"], "2026-11-21T01:23:51.250Z");
    let last: jiff::Timestamp = rows[2]["timestamp"].parse().unwrap();
    assert_eq!(last.duration_since(resumed_at).as_millis(), 2000);
}

#[test]
fn a_format_is_found_by_its_name() {
    assert_eq!(Format::from_id("codecarbon"), Ok(Format::CodeCarbon));
    let message = Format::from_id("sampels").unwrap_err().to_string();
    assert!(message.contains("did you mean `samples`?"), "{message}");
    for format in Format::ALL {
        let header = format.header();
        let unique: std::collections::HashSet<_> = header.iter().collect();
        assert_eq!(unique.len(), header.len());
    }
}
