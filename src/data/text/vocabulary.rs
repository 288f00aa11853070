use std::cmp::Reverse;

use crate::data::own::TextRule;

/// Numbers that a character can have.
const CODE_POINTS: usize = char::MAX as usize + 1;

/// The characters that have a token, in the order of their code points, after the tokens that are no characters.
pub(crate) struct Vocabulary {
    /// What comes before the characters.
    special: Vec<&'static str>,
    characters: Vec<char>,
    /// By code point; a table, as a text is long.
    tokens: Vec<u16>,
    /// Different characters, those without a token of their own included.
    different: usize,
    /// Characters in all, and those of them without a token of their own.
    total: u64,
    without: u64,
}

/// Name of the token that fills up what is too short.
const PADDING: &str = "padding";
/// Name of the token of all characters that have none of their own.
const UNKNOWN: &str = "unknown";

impl Vocabulary {
    /// Token of what fills up a text that is too short, where there is one.
    pub(crate) const PADDING: u16 = 0;

    /// At most `most` symbols for `text`: a token for each character. Only where there are more different ones, the rarest (of
    /// equally rare ones those with the higher code point) share a token.
    pub(crate) fn of(text: impl Iterator<Item = char>, most: usize) -> Self {
        Self::with(text, most, false)
    }

    /// At most `most` symbols, with one to pad texts and one for characters that are not in `text`.
    pub(crate) fn padded(text: impl Iterator<Item = char>, most: usize) -> Self {
        Self::with(text, most, true)
    }

    fn with(text: impl Iterator<Item = char>, most: usize, is_padded: bool) -> Self {
        let mut counts = vec![0_u64; CODE_POINTS];
        for character in text {
            counts[character as usize] += 1;
        }
        let total = counts.iter().sum();
        let mut counts: Vec<(char, u64)> = ('\0'..=char::MAX)
            .map(|character| (character, counts[character as usize]))
            .filter(|(_, count)| *count > 0)
            .collect();
        let different = counts.len();
        let mut special = Vec::new();
        if is_padded {
            special.push(PADDING);
        }
        let mut unknown = 0;
        if is_padded || different > most {
            unknown = special.len() as u16;
            special.push(UNKNOWN);
        }
        counts.sort_unstable_by_key(|(character, count)| (Reverse(*count), *character));
        let kept = different.min(most.saturating_sub(special.len()));
        let without = counts[kept..].iter().map(|(_, count)| count).sum();
        let mut characters: Vec<char> = counts[..kept].iter().map(|(c, _)| *c).collect();
        characters.sort_unstable();
        let mut tokens = vec![unknown; CODE_POINTS];
        for (character, token) in characters.iter().zip(special.len() as u16..) {
            tokens[*character as usize] = token;
        }
        Self {
            special,
            characters,
            tokens,
            different,
            total,
            without,
        }
    }

    /// Number of tokens.
    pub(crate) fn len(&self) -> usize {
        self.special.len() + self.characters.len()
    }

    /// Number of different characters in the text.
    pub(crate) fn different(&self) -> usize {
        self.different
    }

    /// Whether some characters share a token.
    pub(crate) fn has_unknown(&self) -> bool {
        self.without > 0
    }

    /// How much of the text has no token of its own, in words.
    pub(crate) fn share_unknown(&self) -> String {
        let share = 100.0 * self.without as f64 / self.total.max(1) as f64;
        match share {
            ..0.01 => "less than 0.01 %".to_owned(),
            share => format!("{share:.2} %"),
        }
    }

    /// The token of a character.
    pub(crate) fn token(&self, character: char) -> u16 {
        self.tokens[character as usize]
    }

    /// How a text of one's own becomes tokens, of which a model sees `length`.
    pub(crate) fn rule(&self, length: usize, continues: bool) -> TextRule {
        let unknown = self.special.iter().position(|name| *name == UNKNOWN);
        TextRule {
            length,
            characters: self.characters.iter().collect(),
            first: self.special.len() as u16,
            unknown: unknown.map(|token| token as u16),
            continues,
        }
    }

    /// What tokens stand for, by token: characters as they are, if they can be seen.
    pub(crate) fn names(&self) -> Vec<String> {
        let special = self.special.iter().map(|name| (*name).to_owned());
        special
            .chain(self.characters.iter().map(|character| name(*character)))
            .collect()
    }
}

/// A character for people. Those that cannot be seen are written as in a string of Rust, so that no two are alike.
fn name(character: char) -> String {
    match character {
        ' ' => "space".to_owned(),
        _ if character.is_whitespace() || character.is_control() => {
            character.escape_default().to_string()
        }
        _ => match character.escape_debug().collect::<String>() {
            // Quotation marks and the backslash are escaped too, but can be seen.
            escaped if escaped.starts_with("\\u") => escaped,
            _ => character.to_string(),
        },
    }
}
