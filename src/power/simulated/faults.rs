/// What can go wrong with a simulated meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It does not answer.
    Vanish,
    /// It says what it said before.
    Freeze,
    /// A counter begins again at 0.
    Jump,
    /// Power is no number.
    Nan,
    /// It says what no such device can draw.
    Absurd,
}

impl Fault {
    pub(super) const ALL: [Self; 5] = [
        Self::Vanish,
        Self::Freeze,
        Self::Jump,
        Self::Nan,
        Self::Absurd,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Vanish => "vanish",
            Self::Freeze => "freeze",
            Self::Jump => "jump",
            Self::Nan => "nan",
            Self::Absurd => "absurd",
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Self::Vanish => "vanishes",
            Self::Freeze => "stands still",
            Self::Jump => "jumps back to 0",
            Self::Nan => "is no number",
            Self::Absurd => "is absurd",
        }
    }
}

/// What goes wrong when: fault, from, to, in seconds since the meter was made.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Faults(pub Vec<(Fault, f64, f64)>);

impl Faults {
    /// The fault at `age_s`, and since when it is there.
    pub(super) fn at(&self, age_s: f64) -> Option<(Fault, f64)> {
        let now = |(_, from_s, to_s): &&(Fault, f64, f64)| (*from_s..*to_s).contains(&age_s);
        self.0
            .iter()
            .find(now)
            .map(|(fault, from_s, _)| (*fault, *from_s))
    }

    /// When a counter last jumped back before `age_s`.
    pub(super) fn jumped_s(&self, age_s: f64) -> Option<f64> {
        self.0
            .iter()
            .filter(|(fault, from_s, _)| *fault == Fault::Jump && *from_s <= age_s)
            .map(|(_, from_s, _)| *from_s)
            .reduce(f64::max)
    }

    /// The schedule, for the meter's notes.
    pub(super) fn in_words(&self) -> Option<String> {
        let list: Vec<String> = self
            .0
            .iter()
            .map(|(fault, from_s, to_s)| {
                if *fault == Fault::Jump {
                    format!("{} after {from_s} s", fault.in_words())
                } else if to_s.is_finite() {
                    format!("{} from {from_s} to {to_s} s", fault.in_words())
                } else {
                    format!("{} after {from_s} s", fault.in_words())
                }
            })
            .collect();
        (!list.is_empty()).then(|| format!("faults on purpose: {}", list.join(", ")))
    }
}
