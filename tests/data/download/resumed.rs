//! Downloads that go on where an earlier one ended, or begin again where they cannot.

use std::fs;

use joulelab::data::{
    State,
    download::{Got, Options},
};

use super::{ETAG, content, kept, one_file, reasons};
use crate::{
    recipes::{get, get_with, names, options, store},
    server::{Reply, Seen, Server, good},
};

#[test]
fn a_download_that_is_cut_at_any_byte_goes_on_there() {
    let whole = content(300);
    for cut in 1..whole.len() {
        let body = whole.clone();
        let server = Server::new(move |seen: &Seen| match seen.before {
            0 => good(seen, &body, ETAG).cut_at(cut),
            _ => good(seen, &body, ETAG),
        });
        let recipe = one_file(&whole, &[server.mirror()]);
        let (_folder, store) = store();
        assert_eq!(get(&recipe, &store).unwrap(), Got::Now, "cut at {cut}");
        assert_eq!(kept(&store, &recipe), whole);
        let seen = server.seen();
        assert_eq!((seen[0].range.as_deref(), seen.len()), (None, 2));
        assert_eq!(
            (seen[1].from(), seen[1].if_range.as_deref()),
            (cut, Some(ETAG))
        );
    }
}

#[test]
fn a_program_that_ended_goes_on_where_it_was() {
    let whole = content(1000);
    let body = whole.clone();
    let bad = Server::new(move |seen: &Seen| good(seen, &body, ETAG).cut_at(400));
    let (_folder, store) = store();
    let impatient = Options {
        attempts: 1,
        ..options()
    };
    let first = one_file(&whole, &[bad.mirror()]);
    let result = get_with(&first, &store, &impatient, &mut |_| {});
    let why = reasons(result, &store, &first);
    assert_eq!(why.len(), 1);
    assert_eq!(store.state(&first).unwrap(), State::Begun(400));
    // Another server: no version is known of it, and the checksum tells in the end.
    let body = whole.clone();
    let server = Server::new(move |seen: &Seen| good(seen, &body, "\"other\""));
    let second = one_file(&whole, &[server.mirror()]);
    assert_eq!(get(&second, &store).unwrap(), Got::Now);
    assert_eq!(
        (server.seen()[0].from(), &server.seen()[0].if_range),
        (400, &None)
    );
    assert_eq!(kept(&store, &second), whole);
    assert_eq!(names(&store, &second), ["a.gz", "joulelab-files.json"]);
}

/// What comes of a download of which the first 400 bytes of 1000 are there, from `url` in version `v1`, when a server
/// answers so.
fn resumed(answer: impl Fn(&Seen, &[u8]) -> Reply + Send + 'static) -> (Vec<Seen>, Vec<u8>) {
    let whole = content(1000);
    let body = whole.clone();
    let server = Server::new(move |seen: &Seen| match seen.before {
        0 => good(seen, &body, ETAG).cut_at(400),
        _ => answer(seen, &body),
    });
    let recipe = one_file(&whole, &[server.mirror()]);
    let (_folder, store) = store();
    assert_eq!(get(&recipe, &store).unwrap(), Got::Now);
    (server.seen(), kept(&store, &recipe))
}

#[test]
fn a_server_that_knows_no_ranges_starts_over() {
    let (seen, kept) = resumed(|_, body| Reply::whole(body));
    assert_eq!((seen.len(), seen[1].from(), kept), (2, 400, content(1000)));
}

#[test]
fn another_version_starts_over() {
    // The server keeps to `If-Range` and sends all of the new version.
    let (seen, kept) = resumed(|seen, body| good(seen, body, "\"v2\""));
    assert_eq!((seen.len(), kept), (2, content(1000)));
    // It does not, and sends the rest of another version: that is seen by its name.
    let (seen, kept) = resumed(|seen, body| {
        let seen = Seen {
            if_range: None,
            ..seen.clone()
        };
        good(&seen, body, "\"v2\"")
    });
    assert_eq!((seen.len(), seen[2].from(), kept), (3, 0, content(1000)));
}

#[test]
fn answers_that_do_not_fit_start_over() {
    // The wrong place; no place; nothing left.
    let (seen, kept) = resumed(|seen, body| match seen.from() {
        0 => Reply::whole(body),
        _ => Reply::new(
            "206 Partial Content",
            &["Content-Range: bytes 100-999/1000".into()],
            body,
        ),
    });
    assert_eq!((seen.len(), kept), (3, content(1000)));
    let (seen, kept) = resumed(|seen, body| match seen.from() {
        0 => Reply::whole(body),
        _ => Reply::new("206 Partial Content", &[], &body[400..]),
    });
    assert_eq!((seen.len(), kept), (3, content(1000)));
    let (seen, kept) = resumed(|seen, body| match seen.from() {
        0 => Reply::whole(body),
        _ => Reply::status("416 Range Not Satisfiable"),
    });
    assert_eq!((seen.len(), kept), (3, content(1000)));
}

#[test]
fn a_mixture_of_two_contents_is_thrown_away_and_got_whole() {
    // No version is told, so the rest of another content is only seen by the checksum.
    let whole = content(1000);
    let body = whole.clone();
    let server = Server::new(move |seen: &Seen| match seen.before {
        0 => Reply::whole(&body).cut_at(400),
        1 => good(seen, &[9; 1000], "W/\"weak\""),
        _ => Reply::whole(&body),
    });
    let recipe = one_file(&whole, &[server.mirror()]);
    let (_folder, store) = store();
    assert_eq!(get(&recipe, &store).unwrap(), Got::Now);
    let from: Vec<usize> = server.seen().iter().map(Seen::from).collect();
    assert_eq!((from, kept(&store, &recipe)), (vec![0, 400, 0], whole));
}

#[test]
fn what_is_left_of_a_download_is_not_trusted() {
    let whole = content(1000);
    let body = whole.clone();
    let server = Server::new(move |seen: &Seen| good(seen, &body, ETAG));
    let recipe = one_file(&whole, &[server.mirror()]);
    let changed = [&content(400)[..399], b"x"].concat();
    let longer = content(1001);
    for left in [changed, longer, vec![5; 1000], Vec::new()] {
        let (_folder, store) = store();
        let folder = store.folder(&recipe).unwrap();
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("a.gz.part"), &left).unwrap();
        fs::write(folder.join("a.gz.part.json"), "{ no json").unwrap();
        assert_eq!(get(&recipe, &store).unwrap(), Got::Now);
        assert_eq!(kept(&store, &recipe), whole);
    }
    // All of it is there: nobody is asked.
    let (_folder, store) = store();
    let folder = store.folder(&recipe).unwrap();
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("a.gz.part"), &whole).unwrap();
    let before = server.seen().len();
    assert_eq!(get(&recipe, &store).unwrap(), Got::Now);
    assert_eq!(server.seen().len(), before);
}

#[test]
fn a_list_of_files_is_not_trusted_either() {
    let whole = content(1000);
    let body = whole.clone();
    let server = Server::new(move |seen: &Seen| good(seen, &body, ETAG));
    let recipe = one_file(&whole, &[server.mirror()]);
    let (_folder, store) = store();
    let folder = store.folder(&recipe).unwrap();
    fs::create_dir_all(&folder).unwrap();
    for list in [
        "",
        "[]",
        r#"{"files": [], "got_at": ""}"#,
        r#"{"files": [{"name": "../../a", "bytes": 1, "sha256": ""}], "got_at": ""}"#,
    ] {
        fs::write(folder.join("joulelab-files.json"), list).unwrap();
        assert!(
            !matches!(store.state(&recipe).unwrap(), State::Here(_)),
            "{list}"
        );
    }
    assert_eq!(get(&recipe, &store).unwrap(), Got::Now);
}
