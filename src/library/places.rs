//! The rows of a run itself: where it ran, what it is, what it came to.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, named_params, params};

use super::count::Count;
use super::error::Fault;
use super::records::SelfCheck;
use super::rows::{finite, parts};
use super::types::{Device, Machine, NewRun, Summary};
use super::{time, write::now};

pub(super) fn machine_key(
    transaction: &Transaction<'_>,
    machine: &Machine,
) -> rusqlite::Result<i64> {
    let values = params![
        machine.fingerprint,
        machine.hostname,
        machine.os,
        machine.kernel,
        machine.cpu_model,
        machine.logical_cores,
        machine.ram_bytes.map(Count)
    ];
    let known = transaction
        .query_row(
            "SELECT key FROM machines WHERE fingerprint = ?1 AND hostname IS ?2 AND os = ?3 AND kernel IS ?4
                 AND cpu_model IS ?5 AND logical_cores IS ?6 AND ram_bytes IS ?7",
            values,
            |row| row.get(0),
        )
        .optional()?;
    if let Some(key) = known {
        return Ok(key);
    }
    transaction.execute(
        "INSERT INTO machines (fingerprint, hostname, os, kernel, cpu_model, logical_cores, ram_bytes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        values,
    )?;
    Ok(transaction.last_insert_rowid())
}

pub(super) fn device_key(
    transaction: &Transaction<'_>,
    machine: i64,
    device: &Device,
) -> rusqlite::Result<i64> {
    let values = params![
        machine,
        device.identity,
        device.kind,
        device.name,
        device.vendor,
        device.api,
        device.driver,
        device.pci
    ];
    let known = transaction
        .query_row(
            "SELECT key FROM devices WHERE machine = ?1 AND identity = ?2 AND kind = ?3 AND name = ?4
                 AND vendor IS ?5 AND api IS ?6 AND driver IS ?7 AND pci IS ?8",
            values,
            |row| row.get(0),
        )
        .optional()?;
    if let Some(key) = known {
        return Ok(key);
    }
    transaction.execute(
        "INSERT INTO devices (machine, identity, kind, name, vendor, api, driver, pci)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        values,
    )?;
    Ok(transaction.last_insert_rowid())
}

pub(super) fn insert_run(
    transaction: &Transaction<'_>,
    run: &NewRun,
    machine: i64,
    device: i64,
) -> rusqlite::Result<i64> {
    let carbon = run.carbon.as_ref();
    transaction.execute(
        "INSERT INTO runs (id, name, note, tags, parent_id, status, created_at, started_at, last_seen_at,
             owner_machine, owner_pid, owner_token, setup_json, setup_hash, group_hash, seed, dataset, model,
             parameters, flops_per_sample, machine, device, backend, program_version,
             carbon_g_per_kwh, carbon_country_iso3, carbon_country, carbon_year, carbon_source, pue, metric, higher_is_better)
         VALUES (:id, :name, :note, :tags, :parent, 'running', :now, :started, :now,
             :owner_machine, :owner_pid, :owner_token, :setup, :hash, :group, :seed, :dataset, :model,
             :parameters, :flops, :machine, :device, :backend, :version,
             :g_per_kwh, :iso3, :country, :year, :source, :pue, :metric, :higher)",
        named_params! {
            ":id": run.id, ":name": run.name, ":note": run.note,
            ":tags": serde_json::Value::from(run.tags.clone()).to_string(),
            ":parent": run.parent_id, ":now": now(), ":started": time::text(run.started_at),
            ":owner_machine": run.owner.machine, ":owner_pid": run.owner.pid, ":owner_token": run.owner.token,
            ":setup": run.setup.json, ":hash": run.setup.hash, ":group": run.setup.group_hash,
            ":seed": run.setup.seed.to_string(), ":dataset": run.setup.dataset, ":model": run.setup.model,
            ":parameters": run.parameters.map(Count), ":flops": finite(run.flops_per_sample),
            ":machine": machine, ":device": device, ":backend": run.backend, ":version": run.program_version,
            ":g_per_kwh": carbon.map(|carbon| carbon.g_per_kwh),
            ":iso3": carbon.and_then(|carbon| carbon.country_iso3.as_ref()),
            ":country": carbon.and_then(|carbon| carbon.country.as_ref()),
            ":year": carbon.and_then(|carbon| carbon.year),
            ":source": carbon.map(|carbon| &carbon.source),
            ":pue": carbon.map(|carbon| carbon.pue),
            ":metric": run.metric.name(), ":higher": run.metric.higher_is_better(),
        },
    )?;
    Ok(transaction.last_insert_rowid())
}

pub(super) fn open_segment(
    transaction: &Transaction<'_>,
    run: i64,
    t_s: f64,
    at: Timestamp,
) -> Result<(), Fault> {
    // A run that was reopened and left again without a record starts from the same `t_s` twice.
    transaction.execute(
        "INSERT OR REPLACE INTO segments (run, t_s, started_at) VALUES (?1, ?2, ?3)",
        params![run, t_s, time::text(at)],
    )?;
    Ok(())
}

pub(super) fn self_check_key(
    transaction: &Transaction<'_>,
    check: &SelfCheck,
) -> Result<i64, Fault> {
    let values = params![
        check.device,
        check.driver,
        check.program_version,
        check.passed,
        check.tolerance,
        check.differences.to_string(),
        time::text(check.checked_at)
    ];
    let known = transaction
        .query_row(
            "SELECT key FROM self_checks WHERE device = ?1 AND driver = ?2 AND program_version = ?3 AND passed = ?4
                 AND tolerance = ?5 AND differences = ?6 AND checked_at = ?7",
            values,
            |row| row.get(0),
        )
        .optional()?;
    if let Some(key) = known {
        return Ok(key);
    }
    transaction.execute(
        "INSERT INTO self_checks (device, driver, program_version, passed, tolerance, differences, checked_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        values,
    )?;
    Ok(transaction.last_insert_rowid())
}

pub(super) fn insert_summary(
    transaction: &Transaction<'_>,
    run: i64,
    summary: &Summary,
) -> rusqlite::Result<()> {
    let [carbon, low, high] = parts(summary.carbon.as_ref().map(|carbon| carbon.carbon_g));
    transaction.execute(
        "INSERT OR REPLACE INTO summaries
             (run, json, carbon_g, carbon_low_g, carbon_high_g, carbon_boundary, calibration)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            run,
            summary.json.to_string(),
            carbon,
            low,
            high,
            summary.carbon.as_ref().map(|carbon| carbon.boundary.id()),
            summary.calibration
        ],
    )?;
    transaction.execute(
        "UPDATE runs SET target_reached = ?2 WHERE key = ?1",
        (run, summary.target_reached),
    )?;
    Ok(())
}
