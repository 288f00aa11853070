#![cfg(target_os = "linux")]

use joulelab::library::Status;

use crate::window::{Window, long};

/// Process ids of the workers that this process started and that train into `library`'s folder.
fn workers(folder: &std::path::Path) -> Vec<u32> {
    let folder = folder.to_string_lossy().into_owned();
    let entries = std::fs::read_dir("/proc").expect("Linux has it");
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| {
            // The sysfs of a test lies in its folder, so that its workers can be told from those of other tests.
            let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&environment).contains(&folder)
                && String::from_utf8_lossy(&command).contains("worker")
        })
        .collect()
}

#[test]
fn a_worker_that_is_killed_leaves_its_record_and_an_offer_to_go_on() {
    let mut window = Window::new(long());
    window.click("Start training");
    window.until_evaluated();
    window.until("a checkpoint", |window| {
        let runs = std::fs::read_dir(window.folder().join("runs"));
        runs.into_iter().flatten().flatten().any(|run| {
            std::fs::read_dir(run.path().join("checkpoints"))
                .into_iter()
                .flatten()
                .flatten()
                .any(|entry| entry.file_name().to_string_lossy().starts_with("step-"))
        })
    });
    for pid in workers(window.folder()) {
        let killed = std::process::Command::new("kill")
            .args(["-9", &pid.to_string()])
            .status();
        assert!(killed.expect("kill is everywhere on Unix").success());
    }
    window.until("the failure", |window| window.has("The worker died"));
    let runs = window.runs();
    assert!(matches!(
        runs[0].run.status,
        Status::Failed | Status::Interrupted
    ));
    assert!(runs[0].run.steps.is_some_and(|steps| steps > 0));
    window.click("Go on from the last checkpoint");
    window.until("training again", |window| window.has("Training"));
    window.click("Stop");
    window.until("the end", |window| window.has("Stopped"));
    assert_eq!(window.runs().len(), 1, "a resumed run stays one run");
}
