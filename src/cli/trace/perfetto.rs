//! A trace in the JSON format of Chrome's trace viewer, which Perfetto reads too ("Trace Event Format"): spans with beginning
//! and length in µs, on tracks named by process and thread.

use serde_json::{Value, json};

use crate::control::Traced;
use crate::protocol::Stretch;

/// Track of the thread that trains.
const HOST: u32 = 1;
/// Track of the device.
const DEVICE: u32 = 2;

/// The file's text.
pub fn text(traced: &Traced) -> String {
    let mut events = Vec::new();
    for (index, stretch) in traced.stretches.iter().enumerate() {
        stretch_events(&mut events, index as u32 + 1, stretch, &traced.device.name);
    }
    json!({ "traceEvents": events, "displayTimeUnit": "ms" }).to_string()
}

/// Each stretch is a process of its own, so that both begin at 0 and lie one under the other.
fn stretch_events(events: &mut Vec<Value>, process: u32, stretch: &Stretch, device: &str) {
    let title = match &stretch.device {
        None => "steps as they are",
        Some(_) => "steps with each kernel timed",
    };
    let mut name = |what: &str, thread: u32, name: &str| {
        events.push(json!({
            "ph": "M", "name": what, "pid": process, "tid": thread, "args": { "name": name },
        }));
    };
    name("process_name", HOST, title);
    name("thread_name", HOST, "host: the thread that trains");
    if stretch.device.is_some() {
        name("thread_name", DEVICE, &format!("device: {device}"));
    }
    let mut span = |name: &str, category: &str, thread: u32, begin_s: f64, end_s: f64| {
        events.push(json!({
            "ph": "X", "name": name, "cat": category, "pid": process, "tid": thread,
            "ts": begin_s * 1e6, "dur": (end_s - begin_s).max(0.0) * 1e6,
        }));
    };
    for (index, step) in stretch.steps.iter().enumerate() {
        if let Some(first) = step.parts.first() {
            let name = format!("step {}", index + 1);
            span(&name, "step", HOST, first.begin_s, step.handed_over_s);
        }
        for part in &step.parts {
            span(part.part.name(), "part", HOST, part.begin_s, part.end_s);
        }
    }
    let kernels = stretch.device.iter().flat_map(|device| &device.kernels);
    for kernel in kernels {
        span(&kernel.name, "kernel", DEVICE, kernel.begin_s, kernel.end_s);
    }
}
