//! Servers that are gone, wrong, endless, silent or say anything at all.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use joulelab::data::{
    State,
    download::{self, GetError, Got, Options},
};
use proptest::prelude::*;

use super::{ETAG, content, kept, one_file, reasons};
use crate::{
    recipes::{get, get_with, names, options, store},
    server::{Reply, Seen, Server, good},
};

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
