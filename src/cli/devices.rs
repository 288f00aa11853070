use super::table::Table;
use super::{Exit, Failed, Place};
use crate::control;

/// Arguments of `joulelab devices`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Lists every device.
pub fn run(args: &Args, place: &Place) -> Result<Exit, Failed> {
    let devices = control::devices(&place.worker()?)?;
    if args.json {
        super::show::print_json(&devices)?;
        return Ok(Exit::Success);
    }
    let mut table = Table::new(["#", "name", "kind", "backend", "address", "driver"]).right(&[0]);
    let dash = || "-".to_owned();
    for device in devices {
        table.push([
            device.index.to_string(),
            device.name,
            device.kind,
            device.backend,
            device.address.unwrap_or_else(dash),
            if device.driver.is_empty() {
                dash()
            } else {
                device.driver
            },
        ]);
    }
    super::show::print(&table.to_string())?;
    eprintln!("choose one with `--device` and its number, a part of its name, or `cpu`");
    Ok(Exit::Success)
}
