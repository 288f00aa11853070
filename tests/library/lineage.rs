//! Whose work is in a run: kept, exported, taken over, and there when the ancestor is not.

use joulelab::analysis::lineage::{Ancestry, Lineage};
use joulelab::analysis::sweep;
use joulelab::library::export::{Format, Options, write};
use joulelab::library::{Ancestor, Filter, Library, PhaseEnergy, Record, Relation, Status};
use joulelab::units::{Boundary, Estimate};
use tempfile::tempdir;

use crate::common::{energy, gpu, new_run};

fn ancestor(generation: u64, run_id: Option<&str>, training: Vec<PhaseEnergy>) -> Ancestor {
    Ancestor {
        generation,
        path: vec![Relation::Start; usize::try_from(generation).unwrap()],
        run_id: run_id.map(str::to_owned),
        title: run_id.map_or(Some("weights.pt".to_owned()), |id| {
            Some(format!("named {id}"))
        }),
        dataset: Some("digits".to_owned()),
        model: Some("MLP 64-128-10".to_owned()),
        setup_hash: Some("abc1".to_owned()),
        step: Some(u64::from(u32::MAX)),
        duration_s: Some(12.5),
        training,
        stated_j: None,
        carbon_g: Some(Estimate::plus_minus(0.5, 0.125)),
        is_here: true,
    }
}

/// A run that took 96 J (± 6) by one meter, with these ancestors.
fn run(library: &mut Library, id: &str, parent: Option<&str>, ancestors: Vec<Ancestor>) {
    let mut run = new_run(id);
    run.parent_id = parent.map(str::to_owned);
    library.create_run(&run).unwrap();
    let records = [
        Record::Start(serde_json::json!({ "parameters": [1, 2], "taken_numbers": 3 })),
        Record::Ancestors(ancestors),
        Record::TrainingSoFar {
            t_s: 2.0,
            energies: vec![gpu(96.0, 2.0)],
        },
    ];
    library.append(id, &records).unwrap();
    library
        .finish_run(id, Status::Completed, None, None)
        .unwrap();
}

/// `c` from `b` from `a`: 96 J each, but `b` also 32 J of the processor.
fn family() -> (tempfile::TempDir, Library) {
    let folder = tempdir().unwrap();
    let mut library = Library::open(folder.path().join("library.sqlite")).unwrap();
    let cpu = energy(Boundary::CpuPackage, "rapl:0", Some(32.0), 2.0);
    let a = || ancestor(1, Some("a"), vec![gpu(96.0, 2.0)]);
    let b = ancestor(1, Some("b"), vec![gpu(96.0, 2.0), cpu]);
    let older = Ancestor {
        generation: 2,
        path: vec![Relation::Start; 2],
        ..a()
    };
    run(&mut library, "a", None, Vec::new());
    run(&mut library, "b", Some("a"), vec![a()]);
    run(&mut library, "c", Some("b"), vec![b, older]);
    (folder, library)
}

fn columns(library: &Library, id: &str, names: &[&str]) -> Vec<String> {
    let mut out = Vec::new();
    let ids = vec![id.to_owned()];
    write(library, Format::Runs, &ids, &Options::default(), &mut out).unwrap();
    let mut reader = csv::Reader::from_reader(out.as_slice());
    let header = reader.headers().unwrap().clone();
    let row = reader.records().next().unwrap().unwrap();
    let cell = |name: &&str| {
        let at = header.iter().position(|column| column == *name).unwrap();
        row.get(at).unwrap().to_owned()
    };
    names.iter().map(cell).collect()
}

const LINEAGE: [&str; 8] = [
    "parent_id",
    "ancestors",
    "ancestry_components_j",
    "ancestry_components_low_j",
    "ancestry_components_high_j",
    "whole_components_j",
    "whole_components_low_j",
    "whole_components_high_j",
];

#[test]
fn ancestors_are_read_back_as_they_were_stored() {
    let (_folder, library) = family();
    let details = library.details("c").unwrap();
    let of = |at: usize| details.ancestors[at].run_id.as_deref();
    assert_eq!((of(0), of(1)), (Some("b"), Some("a")));
    assert_eq!(
        details.ancestors[1],
        Ancestor {
            generation: 2,
            path: vec![Relation::Start; 2],
            ..ancestor(1, Some("a"), vec![gpu(96.0, 2.0)])
        }
    );
    assert_eq!(details.start.unwrap()["taken_numbers"], 3);
    assert_eq!(library.ancestors("c").unwrap(), details.ancestors);
    assert_eq!(library.descendants("a").unwrap(), ["c", "b"]);
    assert_eq!(library.descendants("c").unwrap(), Vec::<String>::new());
}

#[test]
fn energies_of_a_family_are_right_to_the_digit() {
    let (_folder, library) = family();
    let lineage = Lineage::of(&library.details("c").unwrap());
    let joules = |way| lineage.energy(way).energy_j.unwrap();
    assert_eq!(joules(Ancestry::Own), Estimate::plus_minus(96.0, 6.0));
    // All of one source: widths add up. 96 + (96 + 32) + 96, and a sixteenth of each.
    assert_eq!(joules(Ancestry::Whole), Estimate::plus_minus(320.0, 20.0));
    assert_eq!(
        joules(Ancestry::Shared(4)),
        Estimate::plus_minus(96.0 + 224.0 / 4.0, 6.0 + 14.0 / 4.0)
    );
    let row = columns(&library, "c", &LINEAGE);
    assert_eq!(row, ["b", "b a", "224", "210", "238", "320", "300", "340"]);
    assert_eq!(columns(&library, "a", &LINEAGE), [""; 8]);
}

#[test]
fn an_analysis_counts_ancestors_as_it_is_asked() {
    let (_folder, library) = family();
    let runs = library.listed(&Filter::default(), 0).unwrap();
    let ancestors = library.ancestors("c").unwrap();
    let joules = |way| {
        let mut trials = sweep::from_runs(&runs, &mut |_| None);
        let trial = trials
            .iter_mut()
            .find(|trial| trial.run.as_deref() == Some("c"))
            .unwrap();
        sweep::with_ancestry(trial, &ancestors, way);
        trial.energy.as_ref().map(|energy| energy.gross_j.value)
    };
    assert_eq!(joules(Ancestry::Own), Some(96.0));
    assert_eq!(joules(Ancestry::Whole), Some(320.0));
    assert_eq!(joules(Ancestry::Shared(2)), Some(208.0));
}

#[test]
fn what_was_kept_of_an_ancestor_outlives_it() {
    let (folder, mut library) = family();
    library.delete(&["a".to_owned()]).unwrap();
    let gone = |library: &Library| {
        let ancestors = library.ancestors("c").unwrap();
        ancestors
            .iter()
            .map(|ancestor| ancestor.is_here)
            .collect::<Vec<_>>()
    };
    assert_eq!(gone(&library), [true, false]);
    library.restore(&["a".to_owned()]).unwrap();
    assert_eq!(gone(&library), [true, true]);
    library.delete(&["a".to_owned(), "b".to_owned()]).unwrap();
    library.purge().unwrap();
    assert_eq!(gone(&library), [false, false]);
    let lineage = Lineage::of(&library.details("c").unwrap());
    assert!(lineage.ancestors.iter().all(|ancestor| ancestor.is_gone));
    assert_eq!(
        lineage.energy(Ancestry::Whole).energy_j,
        Some(Estimate::plus_minus(320.0, 20.0))
    );
    assert_eq!(columns(&library, "c", &LINEAGE)[0..2], ["b", "b a"]);

    // Taken over by another library, which has never seen them.
    let mut other = Library::open(folder.path().join("other.sqlite")).unwrap();
    other.import_from(library.path(), &mut |_, _| true).unwrap();
    assert_eq!(other.details("c").unwrap(), library.details("c").unwrap());
}

#[test]
fn a_file_counts_by_what_its_makers_state_and_else_makes_no_sum() {
    let folder = tempdir().unwrap();
    let mut library = Library::open(folder.path().join("library.sqlite")).unwrap();
    let stated = Ancestor {
        stated_j: Some(1000.0),
        ..ancestor(1, None, Vec::new())
    };
    run(&mut library, "stated", None, vec![stated]);
    run(
        &mut library,
        "silent",
        None,
        vec![ancestor(1, None, Vec::new())],
    );
    let whole = |id: &str| Lineage::of(&library.details(id).unwrap()).energy(Ancestry::Whole);
    assert_eq!(
        whole("stated").energy_j,
        Some(Estimate::plus_minus(1096.0, 6.0))
    );
    assert_eq!(
        (whole("silent").energy_j, whole("silent").unknown),
        (None, vec!["weights.pt".to_owned()])
    );
    let row = columns(&library, "silent", &LINEAGE);
    assert_eq!(row, ["", "weights.pt", "", "", "", "", "", ""]);
}

#[test]
fn a_run_is_no_ancestor_of_its_own() {
    let folder = tempdir().unwrap();
    let mut library = Library::open(folder.path().join("library.sqlite")).unwrap();
    library.create_run(&new_run("a")).unwrap();
    let own = Record::Ancestors(vec![ancestor(1, Some("a"), Vec::new())]);
    let words = library.append("a", &[own]).unwrap_err().to_string();
    assert!(words.contains("no ancestor of its own"), "{words}");
}

/// A run that started from one run and learnt from another has the ancestors of both, each with the way in which its work came there.
#[test]
fn what_taught_a_run_is_told_from_what_it_started_from() {
    use Relation::{Start, Teacher};
    let folder = tempdir().unwrap();
    let mut library = Library::open(folder.path().join("library.sqlite")).unwrap();
    let of = |path: &[Relation], id: &str| Ancestor {
        generation: path.len() as u64,
        path: path.to_vec(),
        is_here: false,
        ..ancestor(1, Some(id), vec![gpu(96.0, 2.0)])
    };
    let family = vec![
        of(&[Start], "base"),
        of(&[Teacher], "teacher"),
        of(&[Start, Start], "older"),
        of(&[Teacher, Start], "before"),
        of(&[Teacher, Relation::Both], "master"),
    ];
    run(&mut library, "student", None, family.clone());
    let mut found = library.ancestors("student").unwrap();
    let labels: Vec<&str> = found.iter().map(Ancestor::label).collect();
    // Nearest first, and of those what was started from.
    assert_eq!(labels[..3], ["base", "teacher", "older"]);
    let by_label = |a: &Ancestor, b: &Ancestor| a.label().cmp(b.label());
    found.sort_by(by_label);
    let mut expected = family;
    expected.sort_by(by_label);
    assert_eq!(found, expected);
    let named = |label: &str| found.iter().find(|of| of.label() == label).unwrap();
    assert_eq!(named("master").relation(), Relation::Both);
    assert!(named("before").is_of(Some(named("teacher"))));
    assert!(!named("before").is_of(Some(named("base"))));
    assert!(named("teacher").is_of(None) && !named("older").is_of(None));
    let relations = columns(&library, "student", &["ancestor_relations"]);
    assert_eq!(relations[0].split(' ').count(), 5);
    assert!(
        relations[0].starts_with("start teacher start "),
        "{relations:?}"
    );
}

/// Before there were teachers a run had one ancestor a generation, and no path was stored.
#[test]
fn ancestors_of_an_older_layout_are_what_was_started_from() {
    let (folder, library) = family();
    drop(library);
    let file = folder.path().join("library.sqlite");
    let connection = rusqlite::Connection::open(&file).unwrap();
    let changed = connection
        .execute("UPDATE ancestors SET path = ''", [])
        .unwrap();
    assert!(changed >= 3);
    drop(connection);
    let library = Library::open(&file).unwrap();
    let found = library.ancestors("c").unwrap();
    let paths: Vec<Vec<Relation>> = found.into_iter().map(|of| of.path).collect();
    assert_eq!(paths, [vec![Relation::Start], vec![Relation::Start; 2]]);
}
