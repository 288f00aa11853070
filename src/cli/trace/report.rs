//! A trace as tables and sentences.

use std::collections::HashMap;

use super::super::table::Table;
use crate::analysis::{Spans, spans};
use crate::control::Traced;
use crate::protocol::{DeviceTrace, Stretch, TracedStep};
use crate::setup::StepPart;
use crate::units::{count, duration};

/// Kinds of kernels that are listed.
const KERNELS_SHOWN: usize = 10;

/// Everything that is said of a trace.
pub fn text(traced: &Traced) -> String {
    let mut out = String::new();
    for stretch in &traced.stretches {
        out.push_str(&match &stretch.device {
            None => host(stretch, traced.stretches.len() > 1),
            Some(device) => kernels(stretch, device),
        });
    }
    out
}

fn length_s(step: &TracedStep, part: StepPart) -> f64 {
    let parts = step.parts.iter().filter(|found| found.part == part);
    parts.map(|found| found.end_s - found.begin_s).sum()
}

/// The host's part of each step.
fn host(stretch: &Stretch, has_device: bool) -> String {
    let has = |part: &StepPart| {
        let mut parts = stretch.steps.iter().flat_map(|step| &step.parts);
        parts.any(|found| found.part == *part)
    };
    let parts: Vec<StepPart> = StepPart::ALL.into_iter().filter(has).collect();
    let mut header = vec!["step".to_owned()];
    header.extend(parts.iter().map(|part| part.name().to_owned()));
    header.extend(["in all", "handed over at"].map(str::to_owned));
    let mut table = Table::with(header).all_right();
    let ms = |seconds: f64| format!("{:.3}", seconds * 1e3);
    let mut before_s = 0.0;
    for (index, step) in stretch.steps.iter().enumerate() {
        let end_s = step.parts.last().map_or(step.handed_over_s, |last| {
            last.end_s.max(step.handed_over_s)
        });
        let mut row = vec![(index + 1).to_string()];
        row.extend(parts.iter().map(|part| ms(length_s(step, *part))));
        row.extend([ms(end_s - before_s), ms(step.handed_over_s)]);
        table.push_row(row);
        before_s = end_s;
    }
    let sum = |part| -> f64 { stretch.steps.iter().map(|step| length_s(step, part)).sum() };
    let mut row = vec!["sum".to_owned()];
    row.extend(parts.iter().map(|part| ms(sum(*part))));
    row.extend([ms(before_s), String::new()]);
    table.push_row(row);
    let mut out = format!("host, ms of the thread that trains\n{table}\n");
    out.push_str(&waits(stretch, has_device));
    out
}

/// Whether the loop waited.
fn waits(stretch: &Stretch, has_device: bool) -> String {
    let steps = stretch.steps.len();
    let handed_s = stretch.steps.last().map_or(0.0, |step| step.handed_over_s);
    let all = duration(stretch.done_s);
    if !has_device {
        return format!(
            "{steps} steps in {all}. The CPU backend computes what it is asked for at once: the host's time is the device's, \
             and there is no queue and no kernel to be timed by itself.\n"
        );
    }
    let reads = || {
        let steps = stretch.steps.iter().flat_map(|step| &step.parts);
        steps.filter(|found| matches!(found.part, StepPart::Read | StepPart::Play))
    };
    let waited_s: f64 = reads().map(|found| found.end_s - found.begin_s).sum();
    let waits = match reads().count() {
        0 => "The loop waited for the device in none of them.".to_owned(),
        number => format!(
            "The loop waited for the device {number} {}, {} in all: to read the metrics, about four times a second, or where \
             experience is played.",
            if number == 1 { "time" } else { "times" },
            duration(waited_s)
        ),
    };
    format!(
        "{steps} steps were handed over within {} and done after {all}. {waits}\n",
        duration(handed_s)
    )
}

/// The device's part.
fn kernels(stretch: &Stretch, device: &DeviceTrace) -> String {
    let times = device
        .kernels
        .iter()
        .map(|kernel| (kernel.begin_s, kernel.end_s));
    let Some(Spans {
        from_s,
        to_s,
        busy_s,
        gaps,
        longest_gap_s,
    }) = spans(times)
    else {
        return "\ndevice: its driver tells no times of kernels, so that busy time and gaps are not known\n".to_owned();
    };
    let steps = stretch.steps.len();
    let window_s = to_s - from_s;
    let mut out = format!(
        "\ndevice, {steps} further steps with each kernel timed on its own clock\n\
         busy     {} of {} ({:.1} %), {} a step\n\
         gaps     {} in all, {} of them, the longest {}\n\
         kernels  {} ({} a step)\n",
        duration(busy_s),
        duration(window_s),
        100.0 * busy_s / window_s.max(f64::MIN_POSITIVE),
        duration(busy_s / steps as f64),
        duration(window_s - busy_s),
        count(gaps as u64),
        duration(longest_gap_s),
        count(device.kernels.len() as u64),
        count((device.kernels.len() / steps) as u64),
    );
    if device.untimed > 0 {
        out.push_str(&format!(
            "         {} launches have no time and are missing above\n",
            count(device.untimed)
        ));
    }
    out.push_str(
        "note     to time a kernel costs the host a word with the device's thread, so that gaps between kernels are longer than \
         in steps as they are; the kernels are not\n\n",
    );
    out.push_str(&slowest(device, busy_s, steps));
    out
}

/// The kinds of kernels that take most of the time.
fn slowest(device: &DeviceTrace, busy_s: f64, steps: usize) -> String {
    let mut kinds: HashMap<&str, (usize, f64)> = HashMap::new();
    for kernel in &device.kernels {
        let kind = kinds.entry(kernel.name.as_str()).or_default();
        kind.0 += 1;
        kind.1 += kernel.end_s - kernel.begin_s;
    }
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    kinds.sort_by(|(a, (_, long)), (b, (_, short))| short.total_cmp(long).then(a.cmp(b)));
    let mut table = Table::new(["kernel", "a step", "ms a step", "share"]).right(&[1, 2, 3]);
    for (name, (number, seconds)) in kinds.iter().take(KERNELS_SHOWN) {
        table.push([
            (*name).to_owned(),
            format!("{:.1}", *number as f64 / steps as f64),
            format!("{:.3}", seconds * 1e3 / steps as f64),
            format!("{:.1} %", 100.0 * seconds / busy_s.max(f64::MIN_POSITIVE)),
        ]);
    }
    let more = kinds.len().saturating_sub(KERNELS_SHOWN);
    let rest = match more {
        0 => String::new(),
        more => format!("and {more} further kinds of kernels\n"),
    };
    format!("{table}{rest}")
}
