//! Runs on several devices: at the same time where that is asked for, and never two on one.

use serde_json::Value;

use crate::joulelab::{Joulelab, adapter, number};
use crate::running::{runs, statuses, trials, write};

/// When a trial began and when it ended.
fn span(trial: &Value) -> (String, String) {
    let at = |name: &str| trial[name].as_str().expect("a time").to_owned();
    // Times of one format and zone sort as text does.
    (at("began_at"), at("ended_at"))
}

/// Two runs on the CPU, then two on an adapter, in the order of the axis; sweep and trials.
fn on_two_devices(joulelab: &Joulelab, adapter: &str, parallel: bool) -> Value {
    let text = format!(
        "repeats = 1\norder = \"given\"\nparallel = {parallel}\ncool_down = {{ kind = \"none\" }}\n[base.dataset]\n\
         name = \"digits\"\n[base.model]\nkind = \"mlp\"\nhidden = [16]\n[base.measure]\n\
         meters = [\"simulated:steady,refresh_ms=1\"]\nidle_s = 0\n[base.regime.stop]\nsteps = 60\n\
         [[axes]]\nfield = \"device\"\nvalues = [\"cpu\", \"{adapter}\"]\n\
         [[axes]]\nfield = \"regime.batch_size\"\nvalues = [32, 64]\n"
    );
    let path = write(joulelab, &text);
    joulelab.json(&["sweep", path.to_str().expect("text"), "--json", "-q"])
}

#[test]
fn devices_run_at_the_same_time_and_each_has_one_run_at_a_time() {
    let joulelab = Joulelab::new();
    let Some(adapter) = adapter(&joulelab) else {
        return;
    };
    let swept = on_two_devices(&joulelab, &adapter, true);
    assert_eq!(statuses(&swept), ["done"; 4]);
    let of = |device: &str| -> Vec<(String, String)> {
        let mut spans: Vec<_> = trials(&swept)
            .iter()
            .filter(|trial| trial["values"][0]["value"] == device)
            .map(span)
            .collect();
        spans.sort();
        spans
    };
    let (cpu, card) = (of("cpu"), of(&adapter));
    for lane in [&cpu, &card] {
        assert_eq!(lane.len(), 2);
        assert!(lane[0].1 <= lane[1].0, "one after the other: {lane:?}");
    }
    assert!(
        cpu[0].0 < card[1].1 && card[0].0 < cpu[1].1,
        "at the same time: {cpu:?} {card:?}"
    );
    // Each run is on the device that its trial asked for.
    for run in runs(&joulelab) {
        let trial = trials(&swept)
            .iter()
            .find(|trial| trial["run_id"] == run["run"]["id"])
            .expect("its trial");
        let is_cpu = trial["values"][0]["value"] == "cpu";
        assert_eq!(run["run"]["backend"] == "flex", is_cpu);
        assert!(number(trial, "/result/energy_j/value") > 0.0);
    }
    // Of two devices the analysis cancels nothing, and says so.
    let text = joulelab.stdout(&["analyse", swept["sweep"]["id"].as_str().expect("text")]);
    assert!(text.contains("on 2 devices"), "{text}");
}

#[test]
fn devices_take_turns_unless_it_is_asked_for() {
    let joulelab = Joulelab::new();
    let Some(adapter) = adapter(&joulelab) else {
        return;
    };
    let swept = on_two_devices(&joulelab, &adapter, false);
    assert_eq!(statuses(&swept), ["done"; 4]);
    let mut spans: Vec<_> = trials(&swept).iter().map(span).collect();
    spans.sort();
    assert!(
        spans.windows(2).all(|two| two[0].1 <= two[1].0),
        "{spans:?}"
    );
}
