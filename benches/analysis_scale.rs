//! Time that the analysis of ten thousand runs takes: a grid of 3,334 setups with three seeds each over four axes, one of them
//! continuous; once all of them comparable, once with gaps and failures. Then that of `joulelab analyse --runs` over a library
//! of ten thousand runs, from the start of the program to its end.
//!
//! `cargo bench --bench analysis_scale`

#![allow(missing_docs, reason = "a program, not a library")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use joulelab::analysis::sweep::{Options, State, ToTarget, Trial, TrialEnergy, analyse};
use joulelab::report;
use joulelab::units::{Boundary, Estimate, Grade, Metric};
use serde_json::json;

const SETUPS: u64 = 3_334;
const SEEDS: u64 = 3;
const ROUNDS: usize = 7;
const GOAL: Duration = Duration::from_secs(1);

fn main() {
    for (name, gaps) in [("every target reached", false), ("gaps and failures", true)] {
        let trials: Vec<Trial> = (0..SETUPS)
            .flat_map(|setup| (0..SEEDS).map(move |seed| trial(setup, seed, gaps)))
            .collect();
        let mut times: Vec<Duration> = (0..ROUNDS)
            .map(|_| {
                let begun = Instant::now();
                let analysis = analyse(&trials, &Options::default());
                let taken = begun.elapsed();
                assert!(analysis.is_some_and(|analysis| analysis.setups.len() > 3000));
                taken
            })
            .collect();
        times.sort();
        let median = times[ROUNDS / 2];
        let verdict = if median <= GOAL { "reached" } else { "MISSED" };
        println!(
            "{} runs, {name}: {:.0} ms (median of {ROUNDS}; goal {:.0} ms: {verdict})",
            trials.len(),
            median.as_secs_f64() * 1e3,
            GOAL.as_secs_f64() * 1e3
        );
        let analysis = analyse(&trials, &Options::default()).expect("there are trials");
        let begun = Instant::now();
        let plots = report::plots(&analysis);
        let page = report::html(&analysis, "bench", "", &plots);
        println!(
            "    its page of {} plots and {:.1} MB: {:.0} ms",
            plots.len(),
            page.len() as f64 / 1e6,
            begun.elapsed().as_secs_f64() * 1e3
        );
    }
    of_a_library();
}

/// `joulelab analyse --runs` over a library on the disk.
fn of_a_library() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let library = folder.path().join("library.sqlite");
    let joulelab = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_joulelab"));
        command.args(arguments).arg("--library").arg(&library);
        command.stdout(Stdio::null());
        let status = command.status().expect("joulelab starts");
        assert!(status.success(), "joulelab {arguments:?}: {status}");
    };
    joulelab(&[
        "run",
        "-q",
        "-D",
        "cpu",
        "-m",
        "mlp",
        "-e",
        "1",
        "--idle",
        "0",
        "--meter",
        "simulated:steady,refresh_ms=1",
    ]);
    let count = SETUPS * SEEDS;
    multiply(&library, count);
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let begun = Instant::now();
            joulelab(&["analyse", "--runs", "--json"]);
            begun.elapsed()
        })
        .collect();
    times.sort();
    let median = times[ROUNDS / 2];
    let verdict = if median <= GOAL { "reached" } else { "MISSED" };
    println!(
        "joulelab analyse --runs, {count} runs in a library: {:.0} ms (median of {ROUNDS}; goal {:.0} ms: {verdict})",
        median.as_secs_f64() * 1e3,
        GOAL.as_secs_f64() * 1e3
    );
}

/// Copies the only run of a library until there are `count`, with other batch sizes, rates, seeds and energies.
fn multiply(library: &Path, count: u64) {
    let connection = rusqlite::Connection::open(library).expect("the library");
    let numbers = format!(
        "WITH RECURSIVE n (value) AS (SELECT 2 UNION ALL SELECT value + 1 FROM n WHERE value < {count})"
    );
    let copy = |table: &str, change: &dyn Fn(&str) -> Option<&'static str>| {
        let mut columns = connection
            .prepare("SELECT name FROM pragma_table_info(?1)")
            .expect("a statement");
        let columns: Vec<String> = columns
            .query_map([table], |row| row.get(0))
            .expect("columns")
            .collect::<Result<_, _>>()
            .expect("names");
        let values: Vec<String> = columns
            .iter()
            .map(|column| change(column).map_or_else(|| format!("t.{column}"), str::to_owned))
            .collect();
        let first = columns[0].as_str();
        let sql = format!(
            "INSERT INTO {table} {numbers} SELECT {} FROM n, {table} t WHERE t.{first} = 1",
            values.join(", ")
        );
        connection.execute(&sql, []).expect("copies");
    };
    connection.execute_batch("BEGIN").expect("a transaction");
    copy("runs", &|column| {
        Some(match column {
            "key" => "n.value",
            "id" => "printf('20260101-000000-%05d', n.value)",
            "seed" => "CAST(n.value % 3 AS TEXT)",
            "group_hash" => "printf('%016x', n.value / 3)",
            "setup_json" => {
                "json_set(t.setup_json, '$.regime.seed', n.value % 3, '$.regime.batch_size', 1 << (n.value / 3 % 9),
                    '$.regime.learning_rate', 0.0001 * (1 + n.value / 27))"
            }
            _ => return None,
        })
    });
    copy("training_energy", &|column| {
        Some(match column {
            "run" => "n.value",
            "energy_j" => "t.energy_j * (1 + n.value % 97 / 97.0)",
            "low_j" => "t.low_j * (1 + n.value % 97 / 97.0)",
            "high_j" => "t.high_j * (1 + n.value % 97 / 97.0)",
            _ => return None,
        })
    });
    copy("summaries", &|column| {
        (column == "run").then_some("n.value")
    });
    connection.execute_batch("COMMIT").expect("it is written");
}

fn trial(setup: u64, seed: u64, gaps: bool) -> Trial {
    // Figures that look random and are the same each time.
    let noise = {
        let mut state = (setup * SEEDS + seed + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        state ^= state >> 31;
        state = state.wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let (batch, depth, width) = (1 << (setup % 9), 1 + setup / 9 % 6, 16 << (setup / 54 % 5));
    let rate = 10_f64.powf(-4.0 + 3.0 * (setup as f64 / SETUPS as f64));
    let energy_j = 100.0 * (1.0 + depth as f64) * (width as f64).sqrt() / (batch as f64).powf(0.2)
        * (0.95 + 0.1 * noise);
    let reached = !gaps || noise < 0.9;
    let gross_j = Estimate::plus_minus(energy_j, 0.05 * energy_j);
    Trial {
        run: Some(format!("20260301-142530-{setup:04}{seed}")),
        axes: BTreeMap::from([
            ("regime.batch_size".to_owned(), json!(batch)),
            ("regime.learning_rate".to_owned(), json!(rate)),
            ("model.depth".to_owned(), json!(depth)),
            ("model.width".to_owned(), json!(width)),
        ]),
        seed,
        state: if reached || noise < 0.95 {
            State::Finished
        } else {
            State::Failed
        },
        reason: None,
        device: "machine device".to_owned(),
        metric: Metric::Accuracy,
        target: Some(0.97),
        to_target: reached.then_some(ToTarget {
            gross_j: Some(gross_j),
            time_s: energy_j / 50.0 * (0.9 + 0.2 * noise),
            steps: Some(1000),
        }),
        final_value: Some(0.97 + 0.01 * noise),
        best_value: None,
        energy: Some(TrialEnergy {
            gross_j,
            net_j: None,
            boundary: Boundary::Components,
            parts: vec![Boundary::GpuBoard],
            meter: "nvml:0".to_owned(),
            source: "NVML energy counter".to_owned(),
            grade: Grade::B,
            simulated: false,
            coverage: 1.0,
        }),
        time_s: Some(energy_j / 50.0),
        max_power_w: Some(60.0),
        steps: Some(1000),
        samples: Some(1000 * batch),
        parameters: Some(depth * width * width),
        flops_per_sample: Some((6 * depth * width * width) as f64),
        macs: Some((depth * width * width + 100) as f64),
        utilisation: Some(noise),
    }
}
