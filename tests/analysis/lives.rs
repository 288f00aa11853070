//! The life of a model by `joulelab lifecycle`, of stored runs whose figures are known.

use joulelab::library::{
    Ancestor, Device, Library, NewRun, PhaseEnergy, Record, Relation, Status, Summary,
};
use joulelab::setup::{DatasetSetup, HeadSetup, MultitaskSetup, Setup, StartSetup};
use joulelab::units::{Boundary, EnergyFigure, Estimate, Grade};
use serde_json::{Value, json};

use crate::command::Joulelab;
use crate::common::close;
use crate::library::new_run;

/// A finished run: joules and seconds of its training, after an idle baseline of ten seconds.
struct Stored<'a> {
    id: &'a str,
    setup: Setup,
    energy_j: f64,
    seconds: f64,
    device: &'a str,
    reached: bool,
    ancestors: Vec<Ancestor>,
}

impl<'a> Stored<'a> {
    /// On digits to 0.9, in 2 s.
    fn new(id: &'a str, seed: u64, energy_j: f64) -> Self {
        let mut setup = Setup::default();
        setup.regime.seed = seed;
        setup.regime.stop.target = Some(0.9);
        Self {
            id,
            setup,
            energy_j,
            seconds: 2.0,
            device: "A card",
            reached: true,
            ancestors: Vec::new(),
        }
    }

    fn from(mut self, ancestor: Ancestor) -> Self {
        self.setup.start = Some(StartSetup {
            run: ancestor.run_id.clone(),
            ..StartSetup::default()
        });
        self.ancestors.push(ancestor);
        self
    }

    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

fn figure(energy_j: f64, seconds: f64) -> PhaseEnergy {
    PhaseEnergy {
        figure: EnergyFigure {
            boundary: Boundary::GpuBoard,
            meter: "nvml:0".into(),
            source: "counter of the card".into(),
            grade: Grade::B,
            energy_j: Some(Estimate::plus_minus(energy_j, 0.05 * energy_j)),
            covered_s: seconds,
            window_s: seconds,
        },
        net_j: None,
    }
}

/// A run that took 1200 J in 8 s of training, and 18 s in all.
fn base() -> Ancestor {
    Ancestor {
        generation: 1,
        path: vec![Relation::Start],
        run_id: Some("base".into()),
        title: None,
        dataset: Some("shapes".into()),
        model: Some("MLP".into()),
        setup_hash: None,
        step: Some(400),
        duration_s: Some(18.0),
        training: vec![figure(1200.0, 8.0)],
        stated_j: None,
        carbon_g: None,
        is_here: true,
    }
}

fn file(stated_j: f64) -> Ancestor {
    Ancestor {
        run_id: None,
        title: Some("weights.safetensors".into()),
        duration_s: None,
        training: Vec::new(),
        stated_j: Some(stated_j),
        is_here: false,
        ..base()
    }
}

fn store(lab: &Joulelab, runs: Vec<Stored<'_>>) {
    let mut library = Library::open(lab.path("library.sqlite")).unwrap();
    for run in runs {
        write(&mut library, run);
    }
}

fn write(library: &mut Library, run: Stored<'_>) {
    let like = new_run(run.id, &run.setup);
    let new = NewRun {
        device: Device {
            identity: run.device.into(),
            name: run.device.into(),
            ..like.device.clone()
        },
        ..like
    };
    library.create_run(&new).unwrap();
    let began = |t_s: f64, phase: &str| Record::PhaseBegan {
        t_s,
        phase: phase.into(),
    };
    let records = [
        began(0.0, "idle"),
        began(10.0, "train"),
        Record::TrainingSoFar {
            t_s: 10.0 + run.seconds,
            energies: vec![figure(run.energy_j, run.seconds)],
        },
        Record::Ancestors(run.ancestors),
    ];
    library.append(run.id, &records).unwrap();
    let summary = Summary {
        json: json!({ "samples": 6400, "reason": "target" }),
        target_reached: Some(run.reached),
        carbon: None,
        calibration: None,
    };
    library
        .finish_run(run.id, Status::Completed, None, Some(&summary))
        .unwrap();
}

/// Two seeds that started from what was learnt before, and two from nothing, each changed.
fn family(change: impl Fn(&mut Stored<'_>)) -> Joulelab {
    let lab = Joulelab::new();
    let runs = vec![
        Stored::new("tuned-1", 1, 40.0).from(base()),
        Stored::new("tuned-2", 2, 60.0).from(base()),
        Stored::new("scratch-1", 1, 100.0),
        Stored::new("scratch-2", 2, 120.0),
    ];
    store(
        &lab,
        runs.into_iter().map(|run| run.with(&change)).collect(),
    );
    lab
}

fn told(lab: &Joulelab, arguments: &[&str]) -> Value {
    let all = [&["lifecycle", "--json"], arguments].concat();
    serde_json::from_str(&lab.stdout(&all)).unwrap()
}

/// When the pretraining pays off, or why that cannot be told.
fn verdict(lab: &Joulelab, arguments: &[&str]) -> String {
    let told = told(lab, arguments);
    let reason = told["no_break_even"].as_str().map(str::to_owned);
    let words = || told["break_even"]["words"].as_str().unwrap().to_owned();
    reason.unwrap_or_else(words)
}

const ALL: [&str; 5] = ["tuned-1", "tuned-2", "--scratch", "scratch-1", "scratch-2"];

#[test]
fn a_runs_time_is_the_same_before_and_as_a_model_of_its_own() {
    let lab = Joulelab::new();
    let alone = Stored::new("base", 1, 1200.0).with(|run| run.seconds = 8.0);
    store(&lab, vec![alone, Stored::new("kid", 1, 40.0).from(base())]);
    let of = |run: &str, field: &str| {
        let told = told(&lab, &[run]);
        told["life_cycle"]["stages"][0][field].as_f64().unwrap()
    };
    // Neither the idle baseline nor loading, which took none of the energy that is told.
    assert!(close(of("base", "seconds"), 8.0));
    for field in ["seconds", "embodied_g"] {
        assert!(close(of("kid", field), of("base", field)), "{field}");
    }
    let shown = lab.stdout(&["show", "kid"]);
    assert!(shown.contains("8.0 s of training"), "{shown}");
}

#[test]
fn time_that_nobody_stated_is_missing_and_not_nought() {
    let lab = Joulelab::new();
    let tuned = [1, 2].map(|seed| {
        let id = ["tuned-1", "tuned-2"][seed as usize - 1];
        Stored::new(id, seed, 50.0).from(file(100.0))
    });
    store(&lab, tuned.into());
    let stages = told(&lab, &["tuned-1", "tuned-2"])["life_cycle"]["stages"].clone();
    assert_eq!(stages[0]["energy_j"]["value"], 100.0);
    for missing in ["seconds", "embodied_g", "carbon_share"] {
        assert!(stages[0][missing].is_null(), "{missing}: {stages}");
    }
    // Its own time is known, its share of a sum that is not known is not.
    assert!(stages[1]["embodied_g"].as_f64().unwrap() > 0.0);
    assert!(stages[1]["carbon_share"].is_null(), "{stages}");
    let (csv, markdown, plots) = (lab.path("l.csv"), lab.path("l.md"), lab.path("plots"));
    let files = ["--csv", &csv, "--markdown", &markdown, "--plots", &plots];
    let text = lab.stdout(&[&["lifecycle", "tuned-1", "tuned-2"], &files[..]].concat());
    let row = |text: &str, name: &str| {
        let is_row = |line: &&str| line.trim_start_matches("| ").starts_with(name);
        text.lines().find(is_row).unwrap().to_owned()
    };
    let markdown = std::fs::read_to_string(markdown).unwrap();
    for text in [&text, &markdown] {
        let row = row(text, "pretraining");
        assert!(!row.contains(" 0 s") && !row.contains(" 0 g"), "{row}");
        assert_eq!(row.matches(" -").count(), 4, "{row}");
        let words = "ow long pretraining took is not known";
        assert!(text.contains(words), "{text}");
    }
    let mut reader = csv::Reader::from_path(csv).unwrap();
    let header = reader.headers().unwrap().clone();
    let first = reader.records().next().unwrap().unwrap();
    for name in ["time_s", "embodied_g", "carbon_share"] {
        let at = header.iter().position(|known| known == name).unwrap();
        assert_eq!(&first[at], "", "{name}");
    }
    let plot = std::fs::read_to_string(format!("{plots}/stages.svg")).unwrap();
    assert_eq!(plot.matches("not known: a stage lacks its time").count(), 2);
}

#[test]
fn only_like_is_compared_with_like() {
    let lab = family(|_| {});
    assert!(verdict(&lab, &ALL).contains("pays off after 20.0 uses"));
    let of_other_data = |run: &mut Stored<'_>| {
        run.setup.dataset = DatasetSetup::from_name("breast-cancer").unwrap();
    };
    let other_model = |run: &mut Stored<'_>| {
        let model = json!({ "kind": "mlp", "hidden": [7] });
        run.setup.model = serde_json::from_value(model).unwrap();
    };
    let scratch = |run: &mut Stored<'_>| run.id.starts_with("scratch");
    // Each change of the runs from nothing, and what the refusal names.
    let on = |change: &dyn Fn(&mut Stored<'_>)| {
        family(|run| {
            if scratch(run) {
                change(run);
            }
        })
    };
    let data = verdict(&on(&of_other_data), &ALL);
    assert!(
        data.contains("dataset.name (digits and breast-cancer)"),
        "{data}"
    );
    let device = verdict(&on(&|run| run.device = "A processor"), &ALL);
    assert!(
        device.contains("A card") && device.contains("A processor"),
        "{device}"
    );
    let part = verdict(
        &on(&|run| {
            if run.id == "scratch-2" {
                other_model(run)
            }
        }),
        &ALL,
    );
    assert!(
        part.contains("both from scratch") && part.contains("model.kind (cnn and mlp)"),
        "{part}"
    );
    // The way there may be another, and so may the model: that is what is compared.
    let rate = on(&|run| run.setup.regime.learning_rate *= 2.0);
    assert!(verdict(&rate, &ALL).contains("pays off after 20.0 uses"));
    assert_eq!(told(&rate, &ALL)["remarks"], json!([]));
    let model = told(&on(&other_model), &ALL);
    assert!(model["break_even"]["uses"].is_number(), "{model}");
    assert!(
        model["remarks"][0]
            .as_str()
            .unwrap()
            .contains("another model")
    );
    let patience = on(&|run| run.setup.regime.stop.target_patience = 3);
    assert!(verdict(&patience, &ALL).contains("3 evaluations in a row"));

    // Of one side there is no mean over two things.
    for (change, words) in [
        (&of_other_data as &dyn Fn(&mut Stored<'_>), "dataset.name"),
        (&other_model, "model.kind"),
        (
            &|run: &mut Stored<'_>| run.device = "Another",
            "their device",
        ),
    ] {
        let lab = family(|run| {
            if run.id == "tuned-2" {
                change(run);
            }
        });
        let said = lab.fails(2, &["lifecycle", "tuned-1", "tuned-2"]);
        assert!(
            said.contains("not seeds of one model") && said.contains(words),
            "{said}"
        );
    }
    let uneven = family(|run| {
        if run.id == "tuned-2" {
            run.setup.regime.learning_rate *= 2.0;
        }
    });
    let remark = told(&uneven, &ALL)["remarks"][0]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(remark.contains("regime.learning_rate"), "{remark}");
}

#[test]
fn the_target_of_each_head_counts() {
    let heads = |run: &mut Stored<'_>, targets: [Option<f64>; 2], of_all: Option<f64>| {
        let head = |label: &str, target| HeadSetup {
            label: label.into(),
            target,
            ..HeadSetup::default()
        };
        run.setup.multitask = Some(MultitaskSetup {
            heads: vec![head("digit", targets[0]), head("parity", targets[1])],
            ..MultitaskSetup::default()
        });
        run.setup.regime.stop.target = of_all;
    };
    let is_tuned = |run: &Stored<'_>| run.id.starts_with("tuned");
    let own = [Some(0.9), Some(0.95)];
    let equal = family(|run| heads(run, own, None));
    assert!(verdict(&equal, &ALL).contains("pays off after 20.0 uses"));
    // The same written otherwise.
    let written = family(|run| match is_tuned(run) {
        true => heads(run, own, None),
        false => heads(run, [None, Some(0.95)], Some(0.9)),
    });
    assert!(verdict(&written, &ALL).contains("pays off after 20.0 uses"));
    let unequal = family(|run| match is_tuned(run) {
        true => heads(run, [Some(0.6), None], Some(0.9)),
        false => heads(run, [None, None], Some(0.9)),
    });
    let said = verdict(&unequal, &ALL);
    assert!(
        said.contains("another target") && said.contains("digit 0.6"),
        "{said}"
    );
    let none = family(|run| heads(run, [None, None], None));
    assert!(verdict(&none, &ALL).contains("has no target"));
    // A label more is another task.
    let task = family(|run| {
        if is_tuned(run) {
            heads(run, own, None);
        }
    });
    assert!(
        verdict(&task, &ALL).contains("labels"),
        "{}",
        verdict(&task, &ALL)
    );
}

#[test]
fn a_run_counts_once() {
    let lab = family(|_| {});
    for arguments in [
        &["tuned-1", "tuned-1"][..],
        &["tuned-1", "--scratch", "scratch-1", "scratch-1"],
        &["tuned-1", "--scratch", "tuned-1"],
    ] {
        let said = lab.fails(2, &[&["lifecycle"], arguments].concat());
        assert!(said.contains("is named twice"), "{said}");
    }
    // One seed made twice says nothing of how far seeds differ.
    let again = Stored::new("again", 1, 41.0).from(base());
    let from_another = Stored::new("other", 1, 42.0).from(Ancestor {
        run_id: Some("base-2".into()),
        ..base()
    });
    store(
        &lab,
        vec![again, from_another, Stored::new("scratch-1b", 1, 101.0)],
    );
    for arguments in [
        &["tuned-1", "again"][..],
        &["tuned-1", "--scratch", "scratch-1", "scratch-1b"],
    ] {
        let said = lab.fails(2, &[&["lifecycle"], arguments].concat());
        assert!(said.contains("have one seed (1)"), "{said}");
    }
    // From two runs that learnt the same it is another beginning.
    let two = told(&lab, &["tuned-1", "other"]);
    assert_eq!(
        (&two["training"]["runs"], &two["pretraining"]["runs"]),
        (&json!(2), &json!(2))
    );
}

#[test]
fn a_dash_is_standard_output() {
    let lab = family(|_| {});
    let csv = lab.stdout(&["lifecycle", "tuned-1", "--uses", "3", "--csv", "-"]);
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2, "{csv}");
    assert_eq!(
        (&rows[0][0], &rows[0][1], &rows[0][2]),
        ("life/1", "pretraining", "400")
    );
    let markdown = lab.stdout(&["lifecycle", "tuned-1", "--markdown", "-"]);
    assert!(
        markdown.starts_with("# The life of a model\n"),
        "{markdown}"
    );
    for (arguments, words) in [
        (&["--csv", "-", "--markdown", "-"][..], "cannot both go"),
        (&["--json", "--csv", "-"], "cannot both go"),
        (&["--plots", "-"], "name the folder"),
    ] {
        let said = lab.fails(2, &[&["lifecycle", "tuned-1"], arguments].concat());
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn assumptions_can_be_given_in_part() {
    let lab = family(|_| {});
    let assumed = |file: &str, flags: &[&str]| {
        let path = lab.path("assumed.toml");
        std::fs::write(&path, file).unwrap();
        let all = [&["tuned-1", "--assumptions", &path], flags].concat();
        told(&lab, &all)["life_cycle"]["assumptions"].clone()
    };
    // A run on a card: 150 kg over 6 years by the table.
    let given = assumed("[embodied]\nkg_co2e = 5\n", &[]);
    let embodied = &given["embodied"];
    assert_eq!(
        (&embodied["kg_co2e"], &embodied["service_life_years"]),
        (&json!(5.0), &json!(6.0))
    );
    let source = embodied["source"].as_str().unwrap();
    assert!(
        source.contains("assumed.toml; before: Luccioni"),
        "{source}"
    );
    let years = assumed(
        "[embodied]\nservice_life_years = 3\nsource = \"mine\"\n",
        &[],
    );
    let expected = json!({ "kg_co2e": 150.0, "service_life_years": 3.0, "source": "mine" });
    assert_eq!(years["embodied"], expected);
    let flags = ["--embodied", "7"];
    let both = assumed("uses = 9\n[embodied]\nservice_life_years = 3\n", &flags);
    assert_eq!(
        (&both["uses"], &both["embodied"]["kg_co2e"]),
        (&json!(9), &json!(7.0))
    );
    assert_eq!(both["embodied"]["service_life_years"], 3.0);
    // Who gives a figure does not vouch with another's name.
    let intensity = assumed("g_per_kwh = 100\n", &[]);
    let source = intensity["intensity_source"].as_str().unwrap();
    assert!(
        source.starts_with("given by ") && source.contains("assumed.toml"),
        "{source}"
    );

    let alone = told(
        &lab,
        &["tuned-1", "--device-class", "none", "--embodied", "5"],
    );
    let alone = &alone["life_cycle"]["assumptions"]["embodied"];
    let source = "given by a flag; years of use as of the class `server`";
    let expected = json!({ "kg_co2e": 5.0, "service_life_years": 6.0, "source": source });
    assert_eq!(*alone, expected);
    let life = ["--device-class", "none", "--service-life", "5"];
    let said = lab.fails(2, &[&["lifecycle", "tuned-1"], &life[..]].concat());
    assert!(said.contains("--embodied"), "{said}");

    // What is wrong is named with its place.
    for (file, words) in [
        ("pue = 1\n[embodied]\nkg = 5\n", "kg_co2e"),
        ("pue = 1\n\n[embodied]\nkg_co2e = \"much\"\n", "line 4"),
        ("puee = 2\n", "puee"),
        ("pue = \n", "line 1"),
    ] {
        let path = lab.path("wrong.toml");
        std::fs::write(&path, file).unwrap();
        let said = lab.fails(2, &["lifecycle", "tuned-1", "--assumptions", &path]);
        assert!(
            said.contains(words) && said.contains("wrong.toml"),
            "{said}"
        );
    }
}
