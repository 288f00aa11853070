use super::{Exit, Failed, Place, show};
use crate::control;
use crate::protocol::{Device, Source, SourceStatus};
use crate::setup::MeasureSetup;
use crate::units::quantity;

/// Arguments of `joulelab doctor`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Device whose meter to look for: `auto`, `cpu`, a number of `joulelab devices`, or part of a name
    #[arg(long, default_value = "auto")]
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
        show::print(&report(&found.device, &found.sources))?;
    }
    Ok(Exit::Success)
}

fn report(device: &Device, sources: &[Source]) -> String {
    let mut text = format!(
        "power meters for training on {} ({})\n",
        device.name, device.backend
    );
    for source in sources {
        let (mark, word) = match &source.status {
            SourceStatus::Used => ("+", "used"),
            SourceStatus::CrossCheck => ("=", "read beside the sum"),
            SourceStatus::StandBy { .. } => (" ", "stands by"),
            SourceStatus::Available { .. } => (" ", "not used"),
            SourceStatus::Refused { .. } => ("-", "refused"),
        };
        text.push_str(&format!(
            "\n{mark} {}: {} · {} · {word}\n",
            source.id, source.source, source.device
        ));
        let mut line = |name: &str, value: &str| {
            let mut parts = value.lines();
            text.push_str(&format!(
                "    {name:<9}{}\n",
                parts.next().unwrap_or_default()
            ));
            for part in parts {
                text.push_str(&format!("             {part}\n"));
            }
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
            SourceStatus::CrossCheck => {
                line(
                    "because",
                    "it contains other parts, so it is never added to them",
                );
            }
            SourceStatus::StandBy { of } => {
                line(
                    "because",
                    &format!("{of} is better; it is read if that gives nothing more"),
                );
            }
            SourceStatus::Available { reason } => line("because", reason),
            SourceStatus::Refused { reason, remedy } => {
                line("because", reason);
                if let Some(remedy) = remedy {
                    line("remedy", remedy);
                }
            }
        }
        for note in &source.notes {
            line("note", note);
        }
    }
    text
}
