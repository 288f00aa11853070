//! Figures for people: no more digits than the interval supports, and always the unit.

use super::Estimate;

/// `value` with `digits` significant digits, without an exponent.
pub fn significant(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return "n/a".to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs().log10().floor() as i32;
    decimals(value, digits as i32 - 1 - magnitude)
}

/// `value` rounded to `places` decimals; negative places round to tens, hundreds, ….
fn decimals(value: f64, places: i32) -> String {
    let text = if places >= 0 {
        format!("{value:.*}", places.min(12) as usize)
    } else {
        let step = 10_f64.powi(-places);
        format!("{:.0}", (value / step).round() * step)
    };
    // What rounds to nothing has no sign.
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| matches!(c, '0' | '.')) => rest.to_owned(),
        _ => text,
    }
}

const PREFIXES: [(f64, &str); 7] = [
    (1e9, "G"),
    (1e6, "M"),
    (1e3, "k"),
    (1.0, ""),
    (1e-3, "m"),
    (1e-6, "µ"),
    (1e-9, "n"),
];

fn prefix_for(value: f64) -> (f64, &'static str) {
    let size = value.abs();
    if size == 0.0 || !size.is_finite() {
        return (1.0, "");
    }
    PREFIXES
        .into_iter()
        .find(|(scale, _)| size >= *scale * 0.9995)
        .unwrap_or(PREFIXES[6])
}

/// `value` with three significant digits and an SI prefix: `1.23 kJ`.
pub fn quantity(value: f64, unit: &str) -> String {
    let (scale, prefix) = prefix_for(value);
    format!("{} {prefix}{unit}", significant(value / scale, 3))
}

/// A value with its interval: `412 ± 21 J`, or `8 kJ (4 to 16)` where the interval is lopsided. Rounded to two
/// digits of the half-width, so that no digit is shown that the interval does not support.
pub fn estimate(estimate: Estimate, unit: &str) -> String {
    Written::of(estimate, unit).in_one()
}

/// An amount of money with its interval: `1.23 EUR (0.70 to 2.20)`; small ones in parts that are said in words, since a prefix before a
/// currency is read as millions: `130 millionths EUR (70 to 270)`.
pub fn money(estimate: Estimate, currency: &str) -> String {
    const PARTS: [(f64, &str); 4] = [
        (1.0, ""),
        (1e-3, "thousandths "),
        (1e-6, "millionths "),
        (1e-9, "billionths "),
    ];
    // Hundredths of a currency are still read at a glance.
    const PLAIN: f64 = 0.00995;
    let size = written_size(estimate);
    let fits = |part: f64| size >= if part < 1.0 { part * 0.9995 } else { PLAIN };
    let found = PARTS.into_iter().find(|(part, _)| fits(*part));
    let (part, name) = match found {
        Some(found) => found,
        None if size < NOTHING => PARTS[0],
        None => PARTS[3],
    };
    Written::scaled(estimate, part, format!("{name}{currency}")).in_one()
}

/// The same in two parts, for where the value is written larger than its interval: `412 J` and `± 21 J`, or `8 kJ` and
/// `4 to 16 kJ`; the second is empty where there is no interval.
pub fn estimate_in_parts(estimate: Estimate, unit: &str) -> (String, String) {
    let Written {
        value,
        unit,
        spread,
    } = Written::of(estimate, unit);
    let spread = match spread {
        Spread::None => String::new(),
        Spread::Even(width) => format!("± {width} {unit}"),
        Spread::Lopsided(low, high) => format!("{low} to {high} {unit}"),
    };
    (format!("{value} {unit}"), spread)
}

/// What differences of equal figures leave over: less than the smallest prefix can show, it is no quantity.
const NOTHING: f64 = 1e-12;

struct Written {
    value: String,
    unit: String,
    spread: Spread,
}

enum Spread {
    None,
    Even(String),
    Lopsided(String, String),
}

/// Of the figures that are written the largest: it says in which prefix they are read.
fn written_size(Estimate { value, low, high }: Estimate) -> f64 {
    if value.abs() < (high - low) / 2.0 {
        low.abs().max(high.abs())
    } else {
        value.abs()
    }
}

impl Written {
    fn of(estimate: Estimate, unit: &str) -> Self {
        let size = written_size(estimate);
        let (scale, prefix) = if size < NOTHING {
            (1.0, "")
        } else {
            prefix_for(size)
        };
        Self::scaled(estimate, scale, format!("{prefix}{unit}"))
    }

    fn in_one(self) -> String {
        let Self {
            value,
            unit,
            spread,
        } = self;
        match spread {
            Spread::None => format!("{value} {unit}"),
            Spread::Even(width) => format!("{value} ± {width} {unit}"),
            Spread::Lopsided(low, high) => format!("{value} {unit} ({low} to {high})"),
        }
    }

    /// In `unit`, which is `scale` of what `estimate` is in.
    fn scaled(estimate: Estimate, scale: f64, unit: String) -> Self {
        let Estimate { value, low, high } = estimate;
        let without_spread = |value: String, unit: String| Self {
            value,
            unit,
            spread: Spread::None,
        };
        if ![value, low, high].iter().all(|x| x.is_finite()) {
            return without_spread("n/a".to_owned(), unit);
        }
        if written_size(estimate) < NOTHING {
            return without_spread("0".to_owned(), unit);
        }
        let (below, above) = ((value - low) / scale, (high - value) / scale);
        let width = below.max(above);
        if width <= 0.0 {
            return without_spread(significant(value / scale, 4), unit);
        }
        let places = 1 - width.log10().floor() as i32;
        let spread = if (below - above).abs() <= 0.1 * width {
            Spread::Even(decimals(width, places))
        } else {
            Spread::Lopsided(
                decimals(low / scale, places),
                decimals(high / scale, places),
            )
        };
        Self {
            value: decimals(value / scale, places),
            unit,
            spread,
        }
    }
}

/// Seconds for people: `850 ms`, `12.3 s`, `4 min 05 s`, `2 h 03 min`.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "n/a".to_owned();
    }
    if seconds < 0.9995 {
        return quantity(seconds, "s");
    }
    if seconds < 59.95 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round() as u64;
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours == 0 {
        format!("{minutes} min {rest:02} s")
    } else {
        format!("{hours} h {minutes:02} min")
    }
}

/// A whole number with thin grouping: `12,345`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Bytes for people, in powers of 1024: `1.5 MiB`.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1023.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 {
        format!("{bytes} B")
    } else {
        format!("{} {}", significant(value, 3), UNITS[unit])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_show_only_the_digits_their_interval_supports() {
        assert_eq!(
            estimate(Estimate::plus_minus(412.345, 21.0), "J"),
            "412 ± 21 J"
        );
        assert_eq!(
            estimate(Estimate::plus_minus(1234.5, 617.25), "J"),
            "1.23 ± 0.62 kJ"
        );
        assert_eq!(
            estimate(Estimate::within_factor(8000.0, 2.0), "J"),
            "8.0 kJ (4.0 to 16.0)"
        );
        assert_eq!(
            estimate(Estimate::plus_minus(0.05, 0.0021), "g"),
            "50.0 ± 2.1 mg"
        );
        assert_eq!(
            estimate_in_parts(Estimate::within_factor(8000.0, 2.0), "J"),
            ("8.0 kJ".to_owned(), "4.0 to 16.0 kJ".to_owned())
        );
        let upwards = Estimate {
            value: 0.0,
            low: 0.0,
            high: 1.4,
        };
        assert_eq!(estimate(upwards, "J"), "0.0 J (0.0 to 1.4)");
        let across = Estimate {
            value: 0.02,
            low: -1.8,
            high: 0.4,
        };
        assert_eq!(estimate(across, "J"), "0.0 J (-1.8 to 0.4)");
        assert_eq!(estimate(Estimate::plus_minus(0.0, 0.7), "J"), "0 ± 700 mJ");
        assert_eq!(estimate(Estimate::plus_minus(4e-16, 1e-16), "J"), "0 J");
        assert_eq!(estimate(Estimate::exact(3.0), "J"), "3.000 J");
        assert_eq!(estimate(Estimate::exact(f64::NAN), "J"), "n/a J");
    }

    #[test]
    fn money_is_read_in_parts_that_no_prefix_can_be_mistaken_for() {
        for (value, written) in [
            (1.23, "1.2 EUR (0.6 to 2.5)"),
            (0.02, "0.020 EUR (0.010 to 0.040)"),
            (0.0042, "4.2 thousandths EUR (2.1 to 8.4)"),
            (0.000_134, "130 millionths EUR (70 to 270)"),
            (1.2e-7, "120 billionths EUR (60 to 240)"),
            (0.0, "0 EUR"),
        ] {
            assert_eq!(money(Estimate::within_factor(value, 2.0), "EUR"), written);
        }
        let even = Estimate::plus_minus(12.0, 0.6);
        assert_eq!(money(even, "CHF"), "12.00 ± 0.60 CHF");
    }

    #[test]
    fn durations_and_counts_read_naturally() {
        assert_eq!(duration(0.85), "850 ms");
        assert_eq!(duration(12.34), "12.3 s");
        assert_eq!(duration(245.0), "4 min 05 s");
        assert_eq!(duration(7380.0), "2 h 03 min");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(123), "123");
        assert_eq!(bytes(1536), "1.50 KiB");
    }

    #[test]
    fn the_nearest_known_name_is_suggested() {
        let known = ["relu", "gelu", "silu", "tanh"];
        assert_eq!(super::super::nearest("rleu", known), Some("relu"));
        assert_eq!(super::super::nearest("zzz", known), None);
    }
}
