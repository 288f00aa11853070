//! The program's own disk is full: in a process of its own, with a small disk.

use std::{path::Path, process::Command};

use joulelab::data::{
    DataError, State, Store,
    download::{GetError, Got},
};

use super::{ETAG, content, kept, one_file};
use crate::{
    recipes::get,
    server::{Seen, Server, good},
};

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
