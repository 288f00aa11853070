//! Numbers as they are typed.

/// How the arrow keys change a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steps {
    /// Not at all.
    None,
    /// By this much.
    By(u64),
    /// To the next power of two.
    PowersOfTwo,
}

impl Steps {
    /// What the arrow keys do, for a hint.
    pub fn hint(self) -> &'static str {
        match self {
            Self::None => "",
            Self::By(_) => "\nArrow keys up and down change it.",
            Self::PowersOfTwo => "\nArrow keys up and down go to the next power of two.",
        }
    }
}

/// A number that can be typed into a field.
pub trait Number: Sized {
    /// As it is written into the field.
    fn written(&self) -> String;

    /// From what was typed.
    ///
    /// # Errors
    /// What is wrong, for people.
    fn read(text: &str) -> Result<Self, String>;

    /// The next one upwards or downwards.
    fn stepped(&self, steps: Steps, upwards: bool) -> Self;
}

macro_rules! whole {
    ($($kind:ty),+) => {$(
        impl Number for $kind {
            fn written(&self) -> String {
                self.to_string()
            }

            fn read(text: &str) -> Result<Self, String> {
                read_whole(text)?.try_into().map_err(|_| "too large".to_owned())
            }

            fn stepped(&self, steps: Steps, upwards: bool) -> Self {
                let stepped = step_whole(*self as u64, steps, upwards);
                stepped.try_into().unwrap_or(*self)
            }
        }
    )+};
}

whole!(usize, u64);

fn read_whole(text: &str) -> Result<u64, String> {
    let text = text.trim().replace([' ', '_'], "");
    if text.is_empty() {
        return Err("a whole number is missing".to_owned());
    }
    if text.starts_with('-') {
        return Err(format!("`{text}` is below 0"));
    }
    text.parse().map_err(|_| {
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            format!("`{text}` is too large")
        } else {
            format!("`{text}` is not a whole number such as 64")
        }
    })
}

fn step_whole(value: u64, steps: Steps, upwards: bool) -> u64 {
    match (steps, upwards) {
        (Steps::None, _) => value,
        (Steps::By(by), true) => value.saturating_add(by),
        (Steps::By(by), false) => value.checked_sub(by).unwrap_or(value),
        (Steps::PowersOfTwo, true) => value
            .checked_add(1)
            .and_then(u64::checked_next_power_of_two)
            .unwrap_or(value),
        // The greatest power of two below it.
        (Steps::PowersOfTwo, false) => match value {
            0 | 1 => value,
            _ => 1 << (value - 1).ilog2(),
        },
    }
}

impl Number for f64 {
    fn written(&self) -> String {
        let size = self.abs();
        if size > 0.0 && !(1e-4..1e9).contains(&size) {
            format!("{self:e}")
        } else {
            self.to_string()
        }
    }

    fn read(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("a number is missing".to_owned());
        }
        let (digits, scale) = match text.strip_suffix('%') {
            Some(digits) => (digits.trim_end(), 100.0),
            None => (text, 1.0),
        };
        let value: Self = digits
            .parse()
            .map_err(|_| format!("`{text}` is not a number such as 0.003 or 3e-3"))?;
        if value.is_finite() {
            Ok(value / scale)
        } else {
            Err(format!("`{text}` is not a number"))
        }
    }

    fn stepped(&self, _: Steps, _: bool) -> Self {
        *self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_numbers_are_read_or_refused_with_a_reason() {
        assert_eq!(usize::read(" 1 024 "), Ok(1024));
        for wrong in ["", "-1", "1.5", "abc", "99999999999999999999999"] {
            assert!(u64::read(wrong).is_err(), "{wrong}");
        }
        assert_eq!(f64::read("3e-3"), Ok(0.003));
        assert_eq!(f64::read("97 %"), Ok(0.97));
        for wrong in ["", "nan", "inf", "0,5", "%"] {
            assert!(f64::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_written_reads_as_the_same_number() {
        for value in [0.0, 0.003, 1e-8, 0.1 + 0.2, 1e12, -2.5] {
            assert_eq!(f64::read(&value.written()), Ok(value));
        }
    }

    #[test]
    fn arrows_go_to_the_next_power_of_two() {
        let next = |value: usize, upwards| value.stepped(Steps::PowersOfTwo, upwards);
        assert_eq!(
            [next(64, true), next(65, true), next(0, true)],
            [128, 128, 1]
        );
        assert_eq!(
            [next(64, false), next(65, false), next(1, false)],
            [32, 64, 1]
        );
        assert_eq!(3_usize.stepped(Steps::By(2), false), 1);
        assert_eq!(1_usize.stepped(Steps::By(2), false), 1);
    }
}
