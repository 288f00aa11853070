//! Which source answers for which part of the machine, and everything about each source.

mod tree;

use super::wrap::hanging;
use super::{Exit, Failed, Place, meters, show};
use crate::control::{self, Diagnosis};
use crate::protocol::{Source, SourceStatus};
use crate::setup::MeasureSetup;
use crate::units::quantity;

/// Arguments of `joulelab doctor`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Device whose meter to look for: `auto`, `cpu`, a number of `joulelab devices`, or part of a name
    #[arg(long, short = 'D', default_value = "auto")]
    device: String,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Tries every meter.
pub fn run(args: &Args, place: &Place) -> Result<Exit, Failed> {
    let worker = place.worker()?;
    let found = control::doctor(
        &worker,
        &args.device,
        &MeasureSetup::default(),
        place.knowledge(),
    )?;
    if args.json {
        show::print_json(&serde_json::json!({
            "device": found.device,
            "sources": found.sources,
            "account": found.account,
        }))?;
    } else {
        let account = tree::sorted(found.account);
        show::print(&report(&Diagnosis { account, ..found }))?;
    }
    Ok(Exit::Success)
}

fn report(found: &Diagnosis) -> String {
    let device = &found.device;
    let mut text = hanging(
        "",
        "",
        &format!(
            "Power of this machine for a run on {} ({})",
            device.name, device.backend
        ),
    );
    text.push('\n');
    text.push_str(&tree::draw(&found.account, &found.sources));
    text.push_str(&beside(&found.sources));
    text.push('\n');
    text.push_str(&sum(found));
    text.push_str("\nevery source that was tried\n");
    for source in &found.sources {
        text.push_str(&detail(source));
    }
    text
}

/// Sources that are read beside the sum.
fn beside(sources: &[Source]) -> String {
    let mut text = String::new();
    let is_beside = |source: &&Source| source.status == SourceStatus::CrossCheck;
    for source in sources.iter().filter(is_beside) {
        if text.is_empty() {
            text.push_str("\nread beside it and never added, since it contains other parts\n");
        }
        let said = format!(
            "{} · {} · {} · grade {}",
            source.id, source.source, source.boundary, source.grade
        );
        text.push_str(&hanging("   ", "     ", &said));
    }
    text
}

/// What the sum of a run is made of, and what is not in it.
fn sum(found: &Diagnosis) -> String {
    let parts = found.account.iter().filter_map(|line| {
        let origin = line.origin.as_deref().unwrap_or("sensor");
        Some((line.meter.as_deref()?, origin))
    });
    let mut text = hanging("", "    ", &format!("sum = {}", meters::made_of(parts)));
    let missing: Vec<String> = found
        .account
        .iter()
        .filter(|line| line.meter.is_none())
        .map(|line| line.title())
        .collect();
    if !missing.is_empty() {
        let said = format!("missing from it: {}", missing.join("; "));
        text.push_str(&hanging("", "    ", &said));
    }
    let is_whole = |part: &String| part == "machine";
    let whole = found
        .account
        .iter()
        .any(|line| line.meter.is_some() && line.covers.iter().any(is_whole));
    let never = if whole {
        "losses of the power supply"
    } else {
        meters::NEVER_IN_IT
    };
    text.push_str(&hanging("", "    ", &format!("never in it: {never}")));
    text
}

/// Everything about one source.
fn detail(source: &Source) -> String {
    let (mark, word) = match &source.status {
        SourceStatus::Used => ("+", "used"),
        SourceStatus::CrossCheck => ("=", "read beside the sum"),
        SourceStatus::StandBy { .. } => (" ", "stands by"),
        SourceStatus::Available { .. } => (" ", "not used"),
        SourceStatus::Refused { .. } => ("-", "refused"),
    };
    let title = format!(
        "{}: {} · {} · {word}",
        source.id, source.source, source.device
    );
    let mut text = format!("\n{}", hanging(&format!("{mark} "), "    ", &title));
    let mut line = |name: &str, value: &str| {
        let head = format!("    {name:<9}");
        text.push_str(&hanging(&head, "             ", value));
    };
    line("covers", source.boundary.label());
    line(
        "grade",
        &format!("{} ({})", source.grade, source.grade.meaning()),
    );
    line("reads", source.raw.as_deref().unwrap_or("nothing"));
    if let Some(refresh_s) = source.refresh_s {
        line("refresh", &quantity(refresh_s, "s"));
    }
    match &source.status {
        SourceStatus::Used => {}
        SourceStatus::CrossCheck => line(
            "because",
            "it contains other parts, so it is never added to them",
        ),
        SourceStatus::StandBy { of } => line(
            "because",
            &format!("{of} is better; it is read if that gives nothing more"),
        ),
        SourceStatus::Available { reason } | SourceStatus::Refused { reason, .. } => {
            line("because", reason);
        }
    }
    for note in &source.notes {
        line("note", note);
    }
    if let SourceStatus::Refused {
        remedy: Some(remedy),
        ..
    } = &source.status
    {
        text.push_str(&self::remedy(remedy));
    }
    text
}

/// One sentence is wrapped; more is there to be copied, and stays as it is.
fn remedy(remedy: &str) -> String {
    let head = "    remedy   ";
    if remedy.lines().count() <= 1 {
        return hanging(head, "             ", remedy);
    }
    let mut text = String::new();
    for (at, line) in remedy.lines().enumerate() {
        let before = if at == 0 { head } else { "             " };
        text.push_str(&format!("{before}{line}\n"));
    }
    text
}
