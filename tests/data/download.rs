//! Downloads from servers that are good, bad and gone.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use joulelab::data::{
    DataError, State, Store,
    download::{self, Doing, GetError, Got, Options, Route},
    registry::Recipe,
};
use proptest::prelude::*;

use crate::{
    recipes::{file, get, get_with, names, options, recipe, store},
    server::{Reply, Seen, Server, good},
};

const ETAG: &str = "\"v1\"";

fn content(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|i| (i * 7 % 251) as u8).collect()
}

/// A set of one file, `a.gz`.
fn one_file(content: &[u8], mirrors: &[String]) -> Recipe {
    recipe("mnist", vec![file("a.gz", content)], mirrors.to_vec())
}

fn kept(store: &Store, recipe: &Recipe) -> Vec<u8> {
    fs::read(store.folder(recipe).unwrap().join("a.gz")).unwrap()
}

/// Why each attempt failed; the set must not be there.
fn reasons(result: Result<Got, GetError>, store: &Store, recipe: &Recipe) -> Vec<String> {
    assert!(!matches!(store.state(recipe).unwrap(), State::Here(_)));
    match result {
        Err(GetError::Unreachable { attempts, .. }) => {
            attempts.into_iter().map(|attempt| attempt.why).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_set_is_downloaded_checked_and_put_in_place() {
    let contents = [content(200_000), content(10)];
    let of_server = contents.clone();
    let server = Server::new(move |seen: &Seen| {
        let file = usize::from(seen.path == "/b.gz");
        good(seen, &of_server[file], ETAG)
    });
    let files = vec![file("a.gz", &contents[0]), file("b.gz", &contents[1])];
    let recipe = recipe("mnist", files, vec![server.mirror()]);
    let (_folder, store) = store();
    assert_eq!(store.state(&recipe).unwrap(), State::Absent);
    let mut seen = Vec::new();
    let got = get_with(&recipe, &store, &options(), &mut |progress| {
        seen.push((progress.doing, progress.done, progress.total));
    });
    assert_eq!(got.unwrap(), Got::Now);
    assert!(seen.is_sorted_by_key(|(_, done, _)| *done), "{seen:?}");
    assert_eq!(seen.last(), Some(&(Doing::Downloading, 200_010, 200_010)));
    assert_eq!(
        names(&store, &recipe),
        ["a.gz", "b.gz", "joulelab-files.json"]
    );
    assert_eq!(store.state(&recipe).unwrap(), State::Here(200_010));
    assert_eq!(kept(&store, &recipe), contents[0]);
    // Once more: checked, and nobody asked.
    assert_eq!(get(&recipe, &store).unwrap(), Got::WasHere);
    assert_eq!(server.seen().len(), 2);
    // A file that is not what it was is got again, the others are not.
    let path = store.folder(&recipe).unwrap().join("b.gz");
    fs::write(&path, [0; 10]).unwrap();
    assert_eq!(get(&recipe, &store).unwrap(), Got::Now);
    assert_eq!(server.seen()[2].path, "/b.gz");
    assert_eq!(
        (fs::read(&path).unwrap(), server.seen().len()),
        (content(10), 3)
    );
    fs::remove_file(&path).unwrap();
    assert_eq!(store.state(&recipe).unwrap(), State::Damaged);
    assert_eq!(get(&recipe, &store).unwrap(), Got::Now);
    assert_eq!(store.remove(&recipe).unwrap() / 200_000, 1);
    assert_eq!(store.state(&recipe).unwrap(), State::Absent);
    assert_eq!(store.remove(&recipe).unwrap(), 0);
}

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
fn mirrors_are_tried_in_order_and_reasons_are_kept() {
    let whole = content(500);
    let body = whole.clone();
    let gone = Server::new(|_: &Seen| Reply::status("404 Not Found"));
    let other = Server::new(|_: &Seen| Reply::whole(&[1; 500]));
    let longer = Server::new(|_: &Seen| Reply::whole(&[1; 501]));
    let server = Server::new(move |seen: &Seen| good(seen, &body, ETAG));
    // Nobody listens there any more.
    let closed = Server::new(|_: &Seen| Reply::default()).mirror();
    let bad = [closed, gone.mirror(), other.mirror(), longer.mirror()];
    let (_folder, store) = store();
    let recipe = one_file(&whole, &bad);
    let why = reasons(get(&recipe, &store), &store, &recipe);
    assert_eq!(why.len(), 4, "{why:?}");
    assert_eq!(why[0], "no server answers there");
    assert_eq!(why[1], "the server answers 404");
    assert!(why[2].contains("SHA-256 is") && why[2].contains(&recipe.files[0].sha256));
    assert_eq!(why[3], "the file there has 501 bytes instead of 500");
    assert!(names(&store, &recipe).is_empty(), "nothing wrong is left");
    assert!(
        !store.folder(&recipe).unwrap().exists(),
        "nor an empty folder"
    );

    let error = get(&recipe, &store).unwrap_err().to_string();
    for bad in &bad {
        assert!(error.contains(&format!("\n{bad}a.gz: ")), "{error}");
    }
    assert!(
        error.contains("joulelab data get mnist --from FOLDER"),
        "{error}"
    );

    let all = [&bad[..], &[server.mirror()]].concat();
    let recipe = one_file(&whole, &all);
    assert_eq!(get(&recipe, &store).unwrap(), Got::Now);
    assert_eq!(kept(&store, &recipe), whole);
}

#[test]
fn never_more_is_taken_than_the_table_says() {
    let server = Server::new(|_: &Seen| {
        let chunk = [b"10000\r\n".to_vec(), vec![7; 65536], b"\r\n".to_vec()].concat();
        Reply {
            is_endless: true,
            ..Reply::new("200 OK", &["Transfer-Encoding: chunked".into()], &chunk)
        }
    });
    let recipe = one_file(&content(100_000), &[server.mirror()]);
    let (_folder, store) = store();
    let mut most = 0;
    let result = get_with(&recipe, &store, &options(), &mut |progress| {
        most = most.max(progress.done);
    });
    let why = reasons(result, &store, &recipe);
    assert_eq!(why, ["it sends more than the 100000 bytes"]);
    assert!(most <= 100_000 && names(&store, &recipe).is_empty());

    let short = Server::new(|_: &Seen| Reply::new("200 OK", &[], &[7; 99]));
    let recipe = one_file(&content(100), &[short.mirror()]);
    let once = Options {
        attempts: 1,
        ..options()
    };
    let result = get_with(&recipe, &store, &once, &mut |_| {});
    let why = reasons(result, &store, &recipe);
    assert_eq!(why, ["it ended after 99 of 100 bytes"]);
}

#[test]
fn redirects_are_followed_but_not_for_ever() {
    let whole = content(100);
    let body = whole.clone();
    let server = Server::new(move |seen: &Seen| match seen.path.as_str() {
        "/round/a.gz" => Reply::new("302 Found", &["Location: /round/a.gz".into()], b""),
        "/a.gz" => Reply::new("301 Moved", &["Location: /there".into()], b""),
        _ => good(seen, &body, ETAG),
    });
    let (_folder, store) = store();
    let round = one_file(&whole, &[format!("{}round/", server.mirror())]);
    let why = reasons(get(&round, &store), &store, &round);
    assert_eq!(why, ["more than 5 redirects"]);
    assert!(server.seen().len() <= 6);
    assert_eq!(
        get(&one_file(&whole, &[server.mirror()]), &store).unwrap(),
        Got::Now
    );
}

#[test]
fn a_server_that_falls_silent_is_given_up() {
    let whole = content(1000);
    let body = whole.clone();
    let server = Server::new(move |_: &Seen| Reply {
        silence: Duration::from_secs(60),
        ..Reply::whole(&body).cut_at(300)
    });
    let recipe = one_file(&whole, &[server.mirror()]);
    let (_folder, store) = store();
    let impatient = Options {
        silence: Duration::from_millis(300),
        attempts: 1,
        ..options()
    };
    let begun = Instant::now();
    let result = get_with(&recipe, &store, &impatient, &mut |_| {});
    let why = reasons(result, &store, &recipe);
    assert!(why[0].contains("nothing was heard for 0.3 s"), "{why:?}");
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(store.state(&recipe).unwrap(), State::Begun(300));
}

#[test]
fn calling_it_off_takes_effect_at_once_and_keeps_what_came() {
    let whole = content(1000);
    let body = whole.clone();
    let server = Server::new(move |seen: &Seen| match seen.before {
        0 => Reply {
            silence: Duration::from_secs(60),
            ..Reply::whole(&body).cut_at(300)
        },
        _ => good(seen, &body, ETAG),
    });
    let recipe = one_file(&whole, &[server.mirror()]);
    let (_folder, store) = store();
    let cancel = AtomicBool::new(false);
    let mut called_off = None;
    let result = download::get(&recipe, &store, &options(), &cancel, &mut |progress| {
        if progress.done == 300 {
            cancel.store(true, Ordering::Relaxed);
            called_off = Some(Instant::now());
        }
    });
    assert!(matches!(result, Err(GetError::Cancelled)), "{result:?}");
    assert!(called_off.unwrap().elapsed() < Duration::from_secs(2));
    assert_eq!(store.state(&recipe).unwrap(), State::Begun(300));
    drop(server);
    let body = whole.clone();
    let server = Server::new(move |seen: &Seen| good(seen, &body, ETAG));
    let recipe = one_file(&whole, &[server.mirror()]);
    assert_eq!(get(&recipe, &store).unwrap(), Got::Now);
    assert_eq!(
        (server.seen()[0].from(), kept(&store, &recipe)),
        (300, whole)
    );
    // Before anything is done at all.
    let (_folder, store) = self::store();
    let result = download::get(
        &recipe,
        &store,
        &options(),
        &AtomicBool::new(true),
        &mut |_| {},
    );
    assert!(matches!(result, Err(GetError::Cancelled)), "{result:?}");
}

#[test]
fn two_programs_do_not_write_the_same_set() {
    let whole = content(1000);
    let body = whole.clone();
    let server = Server::new(move |seen: &Seen| good(seen, &body, ETAG));
    let recipe = one_file(&whole, &[server.mirror()]);
    let (_folder, store) = store();
    let mut others = Vec::new();
    get_with(&recipe, &store, &options(), &mut |_| {
        others.push(get(&recipe, &store).map_err(|error| error.to_string()));
        let removed = store.remove(&recipe);
        assert!(
            matches!(removed, Err(DataError::Busy { .. })),
            "{removed:?}"
        );
    })
    .unwrap();
    assert!(!others.is_empty());
    for other in others {
        assert!(other.unwrap_err().contains("another program is getting"));
    }
    // Another set is free at the same time, and this one is when it is done.
    assert_eq!(get(&recipe, &store).unwrap(), Got::WasHere);
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

#[test]
fn a_folder_that_cannot_be_written_is_named_with_what_helps() {
    let (folder, store) = store();
    fs::write(folder.path().join("datasets"), "a file").unwrap();
    let recipe = one_file(&content(10), &["http://127.0.0.1:1/".into()]);
    let error = get(&recipe, &store).unwrap_err().to_string();
    assert!(
        error.contains("cannot write") && error.contains("JOULELAB_DATA"),
        "{error}"
    );
    assert!(error.contains("datasets"), "{error}");
}

/// A proxy that joins whoever asks with whomever he asks for, once.
fn proxy() -> (String, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let thread = thread::Builder::new()
        .name("test-proxy".to_owned())
        .spawn(move || {
            let (mut client, _) = listener.accept().unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                client.read_exact(&mut byte).unwrap();
                head.extend(byte);
            }
            let head = String::from_utf8(head).unwrap();
            let target = head.split(' ').nth(1).unwrap();
            let mut server = TcpStream::connect(target).unwrap();
            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            let (mut request, mut to_server) =
                (client.try_clone().unwrap(), server.try_clone().unwrap());
            thread::Builder::new()
                .name("test-proxy-requests".to_owned())
                .spawn(move || std::io::copy(&mut request, &mut to_server))
                .unwrap();
            std::io::copy(&mut server, &mut client).unwrap();
            let _ = client.shutdown(std::net::Shutdown::Both);
            head
        })
        .unwrap();
    (address, thread)
}

#[test]
fn requests_go_through_a_proxy_where_one_is_named() {
    let whole = content(1000);
    let body = whole.clone();
    let server = Server::new(move |seen: &Seen| good(seen, &body, ETAG));
    let recipe = one_file(&whole, &[server.mirror()]);
    let (_folder, store) = store();
    let (address, proxy) = proxy();
    let through = Options {
        route: Route::Proxy(address),
        ..options()
    };
    let got = get_with(&recipe, &store, &through, &mut |_| {});
    assert_eq!(got.unwrap(), Got::Now);
    let head = proxy.join().unwrap();
    assert!(head.starts_with("CONNECT 127.0.0.1:"), "{head}");

    let (_folder, store) = self::store();
    let closed = Server::new(|_: &Seen| Reply::default()).mirror();
    let through = Options {
        route: Route::Proxy(closed.trim_end_matches('/').to_owned()),
        ..options()
    };
    let result = get_with(&recipe, &store, &through, &mut |_| {});
    let why = reasons(result, &store, &recipe);
    assert!(why[0].contains("(through the proxy 127.0.0.1:"), "{why:?}");
    let none = Options {
        route: Route::Proxy("no proxy".into()),
        ..options()
    };
    let result = get_with(&recipe, &store, &none, &mut |_| {});
    assert!(matches!(result, Err(GetError::Proxy(_))), "{result:?}");
}

/// The program's own disk is full: in a process of its own, with a small disk.
#[cfg(target_os = "linux")]
mod disk {
    use std::{path::Path, process::Command};

    use super::*;

    const FOLDER: &str = "JOULELAB_TEST_SMALL_DISK";

    #[test]
    #[ignore = "a process of its own with a small disk, started by the test below"]
    fn on_a_small_disk() {
        let Some(folder) = std::env::var_os(FOLDER) else {
            return;
        };
        let whole = content(2_000_000);
        let body = whole.clone();
        let server = Server::new(move |seen: &Seen| good(seen, &body, ETAG));
        let recipe = one_file(&whole, &[server.mirror()]);
        let store = Store::in_folder(Path::new(&folder));
        let error = get(&recipe, &store).unwrap_err();
        let GetError::Data(DataError::Write { source, .. }) = &error else {
            panic!("{error:?}");
        };
        assert_eq!(source.kind(), std::io::ErrorKind::StorageFull);
        assert!(
            error.to_string().contains("make room on that disk"),
            "{error}"
        );
        // What came is kept; with room, it goes on from there.
        let State::Begun(bytes) = store.state(&recipe).unwrap() else {
            panic!("nothing is kept");
        };
        assert!(bytes > 100_000, "{bytes}");
        assert!(
            Command::new("mount")
                .args(["-o", "remount,size=8m"])
                .arg(&folder)
                .status()
                .unwrap()
                .success()
        );
        assert_eq!(get(&recipe, &store).unwrap(), Got::Now);
        assert!(server.seen()[1].from() > 100_000);
        assert_eq!(kept(&store, &recipe), whole);
    }

    #[test]
    fn a_full_disk_is_named_and_what_came_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let allowed = Command::new("unshare").args(["-rm", "true"]).status();
        if !allowed.is_ok_and(|status| status.success()) {
            eprintln!("not checked: this system lets nobody mount a small disk");
            return;
        }
        let script = format!(
            "mount -t tmpfs -o size=1m none '{}' && exec \"$0\" \"$@\"",
            folder.path().display()
        );
        let output = Command::new("unshare")
            .args(["-rm", "sh", "-c", &script])
            .arg(std::env::current_exe().unwrap())
            .args([
                "download::disk::on_a_small_disk",
                "--exact",
                "--ignored",
                "--nocapture",
            ])
            .env(FOLDER, folder.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && said.contains("1 passed"),
            "{said}{errors}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever a server says: no panic, and nothing is taken for the set that is not.
    #[test]
    fn no_answer_is_believed_without_its_checksum(
        head in prop_oneof![
            Just("HTTP/1.1 200 OK\r\n\r\n".to_owned()),
            Just("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-9/10\r\n\r\n".to_owned()),
            Just("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned()),
            "HTTP/1.1 [0-9]{3} [a-z]{0,8}\r\nContent-(Length|Range): [-0-9 a-z/]{0,20}\r\n\r\n",
            "\\PC{0,60}",
        ],
        body in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let of_server = body.clone();
        let server = Server::new(move |_: &Seen| Reply {
            head: head.clone(),
            body: of_server.clone(),
            ..Reply::default()
        });
        let recipe = one_file(&content(10), &[server.mirror()]);
        let (_folder, store) = store();
        let impatient = Options { silence: Duration::from_millis(500), attempts: 2, ..options() };
        let result = get_with(&recipe, &store, &impatient, &mut |_| {});
        prop_assert_eq!(result.is_ok(), matches!(store.state(&recipe).unwrap(), State::Here(10)));
        if result.is_ok() {
            prop_assert_eq!(kept(&store, &recipe), content(10));
        }
    }
}
