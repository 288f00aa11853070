//! The machine as a tree of parts, with who answers for each.

use crate::cli::wrap::hanging;
use crate::protocol::{AccountLine, Source, SourceStatus};
use crate::units::Boundary;

/// Where the words beside the tree begin at the latest.
const COLUMN_MAX: usize = 34;

/// A part of the machine.
#[derive(Default)]
struct Node {
    name: String,
    /// What is to be said of it, a paragraph each.
    said: Vec<String>,
    inside: Vec<Node>,
}

impl Node {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    /// The part at `path` inside this one, made where it is not there yet.
    fn at<'a>(&mut self, mut path: impl Iterator<Item = &'a str>) -> &mut Self {
        let Some(name) = path.next() else {
            return self;
        };
        let known = self.inside.iter().position(|node| node.name == name);
        let at = known.unwrap_or_else(|| {
            self.inside.push(Self::new(name));
            self.inside.len() - 1
        });
        self.inside[at].at(path)
    }

    /// Width of the widest name with the branches before it.
    fn width(&self) -> usize {
        let inside = self.inside.iter().map(|node| BRANCH + node.width());
        inside.max().unwrap_or(0).max(self.name.chars().count())
    }

    fn sort(&mut self) {
        self.inside.sort_by_key(|node| rank(&node.name));
        self.inside.iter_mut().for_each(Self::sort);
    }

    /// Draws it after `branch`, what belongs to it after `below`.
    fn draw(&self, branch: &str, below: &str, column: usize, out: &mut String) {
        let mut label = format!("{branch}{}", self.name);
        let trunk = if self.inside.is_empty() {
            below.to_owned()
        } else {
            format!("{below}│")
        };
        let pad = |text: &str| {
            let blanks = column.saturating_sub(text.chars().count()).max(2);
            format!("{text}{}", " ".repeat(blanks))
        };
        if self.said.is_empty() {
            out.push_str(&format!("{label}\n"));
        }
        for said in &self.said {
            out.push_str(&hanging(&pad(&label), &pad(&trunk), said));
            label.clone_from(&trunk);
        }
        for (at, node) in self.inside.iter().enumerate() {
            let is_last = at + 1 == self.inside.len();
            let (branch, beside) = if is_last {
                ("└─ ", "   ")
            } else {
                ("├─ ", "│  ")
            };
            node.draw(
                &format!("{below}{branch}"),
                &format!("{below}{beside}"),
                column,
                out,
            );
        }
    }
}

/// Processors come first, then memory, then whatever else there is.
fn rank(name: &str) -> u8 {
    match name {
        "processors" => 0,
        "memory" => 1,
        _ => 2,
    }
}

/// In the order of the tree.
pub fn sorted(mut account: Vec<AccountLine>) -> Vec<AccountLine> {
    account.sort_by_key(|line| {
        let name = line.covers.first().and_then(|part| part.split('/').nth(1));
        rank(name.unwrap_or_default())
    });
    account
}

/// Width of a branch.
const BRANCH: usize = 3;

/// The tree as text.
pub fn draw(account: &[AccountLine], sources: &[Source]) -> String {
    let mut root = Node::new("machine");
    for line in account {
        for (at, part) in line.covers.iter().enumerate() {
            let names = part.split('/').skip(1);
            root.at(names).said = if at == 0 {
                describe(line, sources)
            } else {
                let meter = line.meter.as_deref().unwrap_or("the same");
                vec![format!("in {meter} as well")]
            };
        }
    }
    root.sort();
    let mut out = String::new();
    let column = (root.width() + 2).min(COLUMN_MAX);
    root.draw("", "", column, &mut out);
    out
}

/// Who answers for a part, how well, and who stands by; or that nobody does, and who was asked.
fn describe(line: &AccountLine, sources: &[Source]) -> Vec<String> {
    let mut said = Vec::new();
    match &line.meter {
        Some(meter) => {
            let origin = line.origin.as_deref().unwrap_or("sensor");
            said.push(match sources.iter().find(|source| source.id == *meter) {
                Some(source) => format!(
                    "{meter} · {} · grade {} · {origin}",
                    source.source, source.grade
                ),
                None => format!("{meter} · {origin}"),
            });
            if !line.stand_by.is_empty() {
                said.push(format!("stands by: {}", line.stand_by.join(", ")));
            }
            if origin == "model" {
                said.extend(refused(line, sources).map(|ids| format!("no sensor: {ids}")));
            }
        }
        None => {
            said.push("missing: no source answers".to_owned());
            said.extend(refused(line, sources).map(|ids| format!("asked: {ids}")));
        }
    }
    said
}

/// The sources of such a part that were refused.
fn refused(line: &AccountLine, sources: &[Source]) -> Option<String> {
    let fits = |boundary: Boundary| {
        line.covers.iter().any(|part| match boundary {
            Boundary::CpuPackage => part.starts_with("machine/processors"),
            Boundary::Dram => part.starts_with("machine/memory"),
            Boundary::GpuBoard => part.starts_with("machine/gpu"),
            Boundary::Soc | Boundary::Components | Boundary::System | Boundary::Wall => false,
        })
    };
    let ids: Vec<&str> = sources
        .iter()
        .filter(|source| matches!(source.status, SourceStatus::Refused { .. }))
        .filter(|source| fits(source.boundary))
        .map(|source| source.id.as_str())
        .collect();
    (!ids.is_empty()).then(|| format!("{} refused; see below", ids.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Grade;

    fn line(covers: &[&str], meter: Option<&str>, stand_by: &[&str]) -> AccountLine {
        AccountLine {
            covers: covers.iter().map(|&part| part.to_owned()).collect(),
            meter: meter.map(str::to_owned),
            origin: meter.map(|_| "sensor".to_owned()),
            stand_by: stand_by.iter().map(|&id| id.to_owned()).collect(),
        }
    }

    #[test]
    fn what_nobody_answers_for_is_named_as_missing_with_who_was_asked() {
        let refused = Source {
            id: "nvml".to_owned(),
            source: "NVML energy counter".to_owned(),
            device: "NVIDIA cards".to_owned(),
            boundary: Boundary::GpuBoard,
            grade: Grade::B,
            raw: None,
            refresh_s: None,
            status: SourceStatus::Refused {
                reason: "no driver".to_owned(),
                remedy: None,
            },
            notes: Vec::new(),
        };
        let account = [
            line(&["machine/gpu-0000:01:00.0"], None, &[]),
            line(
                &["machine/processors/package-0", "machine/memory"],
                Some("soc:0"),
                &["model:cpu"],
            ),
        ];
        let drawn = draw(&account, &[refused]);
        assert_eq!(
            drawn,
            "\
machine
├─ processors
│  └─ package-0      soc:0 · sensor
│                    stands by: model:cpu
├─ memory            in soc:0 as well
└─ gpu-0000:01:00.0  missing: no source answers
                     asked: nvml refused; see below
"
        );
    }
}
