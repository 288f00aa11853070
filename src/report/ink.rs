/// Light or dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Dark on light, as for paper.
    Light,
    /// Light on dark.
    Dark,
}

/// What a shape is coloured for; which colour that is depends on the theme.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ink {
    /// Ground of the plot.
    Surface,
    /// What is set off from the ground.
    Raised,
    /// Axes and grids.
    Line,
    /// Words and figures that matter.
    Text,
    /// Words and figures beside them.
    Dim,
    /// Energy.
    Accent,
    /// The best.
    Good,
    /// What needs care.
    Warning,
    /// A series by number, of the palette of Okabe and Ito.
    Series(usize),
    /// A cell of a heat map from the least (0) to the most (1); the same in both themes.
    Heat(f64),
    /// Figures on such a cell.
    OnHeat(f64),
}

impl Ink {
    /// Red, green and blue.
    pub fn rgb(self, theme: Theme) -> [u8; 3] {
        let of = |light: u32, dark: u32| {
            let code = match theme {
                Theme::Light => light,
                Theme::Dark => dark,
            };
            let [_, red, green, blue] = code.to_be_bytes();
            [red, green, blue]
        };
        match self {
            Self::Surface => of(0xFFFFFF, 0x161B22),
            Self::Raised => of(0xF1F3F6, 0x1F2630),
            Self::Line => of(0xDDE2E9, 0x2A323D),
            Self::Text => of(0x14181D, 0xE8ECF1),
            Self::Dim => of(0x5B6675, 0x98A3B3),
            Self::Accent => of(0xB87300, 0xFFB020),
            Self::Good => of(0x14804A, 0x35C78A),
            Self::Warning => of(0x9A5B00, 0xF2A33A),
            Self::Series(at) => match at % 4 {
                0 => of(0x0072B2, 0x56B4E9),
                1 => of(0xC24E00, 0xE69F00),
                2 => of(0x007A5E, 0x2FBF95),
                _ => of(0xA6437F, 0xD98CB9),
            },
            Self::Heat(share) => heat(share),
            Self::OnHeat(share) => match share > 0.62 {
                true => [0xFF, 0xFF, 0xFF],
                false => [0x14, 0x18, 0x1D],
            },
        }
    }

    /// Name of the variable that holds it on a page; `None` for what is the same in both themes.
    pub(super) fn variable(self) -> Option<String> {
        Some(match self {
            Self::Surface => "surface".to_owned(),
            Self::Raised => "raised".to_owned(),
            Self::Line => "line".to_owned(),
            Self::Text => "text".to_owned(),
            Self::Dim => "dim".to_owned(),
            Self::Accent => "accent".to_owned(),
            Self::Good => "good".to_owned(),
            Self::Warning => "warning".to_owned(),
            Self::Series(at) => format!("series-{}", at % 4),
            Self::Heat(_) | Self::OnHeat(_) => return None,
        })
    }

    /// Every ink that has a variable.
    pub(super) const THEMED: [Self; 12] = [
        Self::Surface,
        Self::Raised,
        Self::Line,
        Self::Text,
        Self::Dim,
        Self::Accent,
        Self::Good,
        Self::Warning,
        Self::Series(0),
        Self::Series(1),
        Self::Series(2),
        Self::Series(3),
    ];
}

/// From a pale to a deep amber, each step darker than the one before, so that it also reads in grey.
fn heat(share: f64) -> [u8; 3] {
    const STOPS: [[f64; 3]; 4] = [
        [255.0, 246.0, 222.0],
        [255.0, 203.0, 107.0],
        [214.0, 126.0, 20.0],
        [110.0, 46.0, 6.0],
    ];
    let at = share.clamp(0.0, 1.0) * 3.0;
    let first = (at.floor() as usize).min(2);
    let part = at - first as f64;
    let mix = |channel: usize| {
        let (a, b) = (STOPS[first][channel], STOPS[first + 1][channel]);
        (a + (b - a) * part).round() as u8
    };
    [mix(0), mix(1), mix(2)]
}

/// `#RRGGBB`.
pub(super) fn hex([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}
