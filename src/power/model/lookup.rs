//! Design powers by name. Systems decorate names ("13th Gen Intel(R) Core(TM) i9-13900K", "AMD Radeon RX 6800 XT (RADV
//! NAVI21)"), so names are compared word by word: every word of the table's entry must be in the name, and every word
//! of the name that is not must be known decoration. One unexplained word ("Laptop", "Ti", "Max") and it is another
//! part, with another power.

const CPU_TABLE: &str = include_str!("../../../assets/tables/cpu_tdp.csv");
const GPU_TABLE: &str = include_str!("../../../assets/tables/gpu_board_power.csv");

/// Names that drivers print for parts that the table calls otherwise.
const GPU_ALIASES: [(&str, &str); 1] = [("NVIDIA H100 80GB HBM3", "H100 SXM5")];

/// Thermal design power in watts of the processor that the system calls `name`, and the table's name for it.
pub fn cpu_tdp_w(name: &str) -> Option<(f64, String)> {
    let rows =
        rows(CPU_TABLE).filter_map(|row| Some((row.get(0)?.to_owned(), row.get(1)?.parse().ok()?)));
    best(&cpu_words(name), rows, cpu_words, |_| false)
}

/// Board power in watts of the GPU that a driver calls `name`, and the table's name for it.
pub fn gpu_board_power_w(name: &str) -> Option<(f64, String)> {
    let name = GPU_ALIASES
        .iter()
        .find(|(alias, _)| alias.eq_ignore_ascii_case(name.trim()))
        .map_or(name, |(_, known)| known);
    let rows =
        rows(GPU_TABLE).filter_map(|row| Some((row.get(1)?.to_owned(), row.get(2)?.parse().ok()?)));
    best(&gpu_words(name), rows, gpu_words, gpu_decoration)
}

fn rows(table: &str) -> impl Iterator<Item = csv::StringRecord> + '_ {
    csv::Reader::from_reader(table.as_bytes())
        .into_records()
        .flatten()
}

/// The entry with the most words, all of them in `name`, that leaves nothing of the name unexplained. Entries that are
/// equally long but differ in power answer nothing.
fn best(
    name: &[String],
    rows: impl Iterator<Item = (String, f64)>,
    words: fn(&str) -> Vec<String>,
    decoration: fn(&str) -> bool,
) -> Option<(f64, String)> {
    if name.is_empty() {
        // The table is long, and what has no name is not in it.
        return None;
    }
    let mut best: Option<(usize, f64, String)> = None;
    let mut tied = false;
    for (entry, watts) in rows {
        let Some(length) = explained(name, &words(&entry), decoration) else {
            continue;
        };
        match &best {
            Some((longest, known_w, _)) if *longest == length => tied |= *known_w != watts,
            Some((longest, ..)) if *longest > length => {}
            _ => {
                best = Some((length, watts, entry));
                tied = false;
            }
        }
    }
    best.filter(|_| !tied)
        .map(|(_, watts, entry)| (watts, entry))
}

/// How many words of `name` the words of `entry` explain, if all of them are there and the rest is decoration.
fn explained(name: &[String], entry: &[String], decoration: fn(&str) -> bool) -> Option<usize> {
    let mut rest = name.to_vec();
    for word in entry {
        let at = rest.iter().position(|other| other == word)?;
        rest.remove(at);
    }
    let all = !entry.is_empty() && rest.iter().all(|word| decoration(word));
    all.then_some(entry.len())
}

/// Lower case, with a space for `(R)`, `(TM)` and anything else in brackets.
fn plain(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut depth = 0_u32;
    for c in name.chars() {
        match c {
            '(' => depth += 1,
            ')' => {
                depth = depth.saturating_sub(1);
                out.push(' ');
            }
            _ if depth == 0 => out.extend(c.to_lowercase()),
            _ => {}
        }
    }
    out
}

/// Words that entries and systems put in or leave out alike.
const CPU_DECORATION: [&str; 6] = ["amd", "intel", "cpu", "processor", "apu", "soc"];

fn cpu_words(name: &str) -> Vec<String> {
    let name = plain(name);
    let name = name.split('@').next().unwrap_or_default();
    let mut words: Vec<String> = Vec::new();
    for word in name.split_whitespace() {
        match word {
            // What follows is the graphics part: "with Radeon Graphics", "w/ Radeon 780M", "RADEON R5, 10 COMPUTE CORES".
            "with" | "w/" => break,
            "radeon" if !words.is_empty() => break,
            // "13th Gen": the ordinal goes with it.
            "gen" => {
                words.pop();
            }
            _ if word.ends_with("-core") || CPU_DECORATION.contains(&word) => {}
            _ => words.extend(
                word.split('-')
                    .filter(|part| !part.is_empty())
                    .map(str::to_owned),
            ),
        }
    }
    // First-generation Xeon E5 and E7 print " 0" where later ones print " v2".
    if words.len() > 1 && words.last().is_some_and(|word| word == "0") {
        words.pop();
    }
    words
}

fn gpu_words(name: &str) -> Vec<String> {
    plain(name)
        .split(|c: char| c.is_whitespace() || matches!(c, '-' | '/'))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Makers, words that say nothing of the power, and memory sizes.
fn gpu_decoration(word: &str) -> bool {
    let size = word
        .strip_suffix("gb")
        .is_some_and(|n| n.parse::<u32>().is_ok());
    size || matches!(
        word,
        "nvidia" | "amd" | "intel" | "corporation" | "graphics" | "series" | "pcie" | "sse2"
    )
}
