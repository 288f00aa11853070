use joulelab::library::{Filter, Library, LibraryError, Order, Status};
use tempfile::{TempDir, tempdir};

use crate::common::{new_run, whole_run};

fn three() -> (TempDir, Library) {
    let folder = tempdir().unwrap();
    let mut library = Library::open(folder.path().join("l")).unwrap();
    let mut first = new_run("20261121-012345-k3f9");
    first.name = Some("baseline".into());
    first.tags = vec!["100%".into()];
    whole_run(&mut library, &first);
    let mut second = new_run("20261121-020000-aaaa");
    second.setup.dataset = "shapes".into();
    second.setup.model = "CNN 16-32".into();
    library.create_run(&second).unwrap();
    library
        .finish_run(&second.id, Status::Failed, Some("device lost"), None)
        .unwrap();
    let mut third = new_run("20261122-000000-bbbb");
    third.name = Some("20261121".into());
    third.note = Some("the Läb machine".into());
    third.device.name = "AMD Radeon".into();
    library.create_run(&third).unwrap();
    (folder, library)
}

#[test]
fn a_run_is_found_by_identifier_name_or_the_beginning_of_its_identifier() {
    let (_folder, library) = three();
    let found = |given: &str| library.run(given).unwrap().id;
    assert_eq!(found("20261121-012345-k3f9"), "20261121-012345-k3f9");
    assert_eq!(found("baseline"), "20261121-012345-k3f9");
    assert_eq!(found("20261121-01"), "20261121-012345-k3f9");
    assert_eq!(
        found("20261121"),
        "20261122-000000-bbbb",
        "a name comes first"
    );

    let Err(LibraryError::AmbiguousRun { matches, .. }) = library.run("20261121-0") else {
        panic!("not ambiguous");
    };
    assert_eq!(matches, ["20261121-020000-aaaa", "20261121-012345-k3f9"]);
    let message = library.run("basline").unwrap_err().to_string();
    assert!(message.contains("did you mean `baseline`?"), "{message}");
    for odd in ["", "%", "_", "'; DROP TABLE runs"] {
        assert!(
            matches!(library.run(odd), Err(LibraryError::UnknownRun { .. })),
            "{odd}"
        );
    }
}

#[test]
fn a_deleted_run_is_told_to_be_deleted_and_how_it_comes_back() {
    let (_folder, mut library) = three();
    let id = "20261121-012345-k3f9";
    library.delete(&[id.to_owned()]).unwrap();
    for given in [id, "baseline", "20261121-01"] {
        let error = library.run(given).unwrap_err();
        let LibraryError::DeletedRun {
            id: found, others, ..
        } = &error
        else {
            panic!("{given}: {error}");
        };
        assert_eq!((found.as_str(), *others), (id, 0));
        let (words, today) = (error.to_string(), jiff::Timestamp::now().to_string());
        assert!(
            words.contains(given) && words.contains(&today[..4]),
            "{words}"
        );
        assert!(
            words.contains("was deleted on")
                && words.contains("`joulelab restore 20261121-012345-k3f9`"),
            "{words}"
        );
        assert!(!words.contains("did you mean"), "{words}");
    }
    // Deleting it again is no other matter.
    let again = library.delete(&[id.to_owned()]);
    assert!(matches!(again, Err(LibraryError::DeletedRun { .. })));
    // A run that is there comes before one that is not.
    library
        .set_name("20261121-020000-aaaa", Some("baseline"))
        .unwrap();
    assert_eq!(library.run("baseline").unwrap().id, "20261121-020000-aaaa");
    // Of two deleted ones with a name the later one is told, and that there is another.
    library
        .delete(&["20261121-020000-aaaa".to_owned()])
        .unwrap();
    let words = library.run("baseline").unwrap_err().to_string();
    assert!(words.contains("the latest of 2 deleted runs"), "{words}");

    library.restore(&[id.to_owned()]).unwrap();
    assert_eq!(library.run("baseline").unwrap().id, id);
    library.delete(&[id.to_owned()]).unwrap();
    library.purge().unwrap();
    for given in [id, "baseline"] {
        assert!(
            matches!(library.run(given), Err(LibraryError::UnknownRun { .. })),
            "nothing brings {given} back"
        );
    }
}

#[test]
fn lists_are_filtered_and_ordered() {
    let (_folder, mut library) = three();
    let ends = |filter: Filter| -> Vec<String> {
        let ids = library.run_ids(&filter).unwrap();
        ids.iter().map(|id| id[id.len() - 4..].to_owned()).collect()
    };
    let all = Filter::default;
    assert_eq!(ends(all()), ["bbbb", "aaaa", "k3f9"]);
    assert_eq!(
        ends(Filter {
            order: Order::Oldest,
            limit: Some(2),
            ..all()
        }),
        ["k3f9", "aaaa"]
    );
    assert_eq!(
        ends(Filter {
            order: Order::Name,
            ..all()
        }),
        ["bbbb", "k3f9", "aaaa"]
    );
    assert_eq!(
        ends(Filter {
            order: Order::Best,
            limit: Some(1),
            ..all()
        }),
        ["k3f9"]
    );
    let status = vec![Status::Failed, Status::Running];
    assert_eq!(ends(Filter { status, ..all() }), ["bbbb", "aaaa"]);
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        ends(Filter {
            dataset: some("shapes"),
            ..all()
        }),
        ["aaaa"]
    );
    assert_eq!(
        ends(Filter {
            model: some("cnn"),
            ..all()
        }),
        ["aaaa"]
    );
    assert_eq!(
        ends(Filter {
            device: some("radeon"),
            ..all()
        }),
        ["bbbb"]
    );
    assert_eq!(
        ends(Filter {
            tag: some("100%"),
            ..all()
        }),
        ["k3f9"]
    );
    assert_eq!(
        ends(Filter {
            text: some("machine"),
            ..all()
        }),
        ["bbbb"]
    );
    assert!(
        ends(Filter {
            text: some("%"),
            ..all()
        })
        .is_empty(),
        "no wildcard"
    );
    let tomorrow = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24);
    assert!(
        ends(Filter {
            since: Some(tomorrow),
            ..all()
        })
        .is_empty()
    );

    library.set_name("baseline", Some("renamed")).unwrap();
    library.set_note("renamed", Some("a note")).unwrap();
    library.set_tags("renamed", &["x".to_owned()]).unwrap();
    library.set_pinned("renamed", true).unwrap();
    let row = &library
        .runs(&Filter {
            tag: Some("x".into()),
            ..Filter::default()
        })
        .unwrap()[0];
    assert_eq!(
        (row.run.note.as_deref(), row.run.pinned),
        (Some("a note"), true)
    );
    assert_eq!(
        row.totals
            .iter()
            .map(|t| t.phase.as_str())
            .collect::<Vec<_>>(),
        ["idle", "train", "evaluate"]
    );
    library.set_name("renamed", None).unwrap();
    assert!(library.run("renamed").is_err());
}
