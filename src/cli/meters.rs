//! Words about meters that several commands print.

/// What no sum over parts contains.
pub const NEVER_IN_IT: &str = "mainboard, storage, fans, displays, losses of the power supply";

/// What a sum consists of: `rapl:package-0 + model:memory (modelled)`; each part by its meter and its origin.
pub fn made_of<'a>(parts: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let parts: Vec<String> = parts
        .into_iter()
        .map(|(meter, origin)| match origin {
            "model" => format!("{meter} (modelled)"),
            "simulated" => format!("{meter} (simulated)"),
            _ => meter.to_owned(),
        })
        .collect();
    if parts.is_empty() {
        "nothing: no source answers".to_owned()
    } else {
        parts.join(" + ")
    }
}
