//! Texts by character, and symbols by name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Encoding, OwnError, OwnSample, Takes};
use crate::data::Features;
use crate::units::count;

/// Most bytes of a text.
const BYTES_MAX: usize = 1 << 20;

/// How texts become tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TextRule {
    /// Characters that are seen.
    pub length: usize,
    /// The characters that have a token, in the order of their tokens.
    pub characters: String,
    /// The token of the first of them; those before it are no characters.
    pub first: u16,
    /// The token of all other characters; `None` where there is none.
    pub unknown: Option<u16>,
    /// Whether the next character is foretold; else the text is put into a class, and filled up with token 0 where it is short.
    pub continues: bool,
}

/// How symbols with names become tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SymbolRule {
    /// Names by token.
    pub names: Vec<String>,
    /// Symbols that are given.
    pub given: usize,
    /// Tokens that follow them.
    pub tail: Vec<u16>,
    /// An example of what can be asked.
    pub example: String,
}

impl TextRule {
    /// Tokens of `text`, the characters that have none, and whether it was cut.
    fn tokens(&self, text: &str) -> (Vec<u16>, Vec<char>, bool) {
        let all: Vec<char> = text.chars().collect();
        let surplus = all.len().saturating_sub(self.length);
        // The end of a text is what its next character depends on most; a class goes by the beginning, as in training.
        let seen = if self.continues {
            &all[surplus..]
        } else {
            &all[..all.len() - surplus]
        };
        let mut strange = Vec::new();
        let mut tokens = Vec::with_capacity(self.length);
        for character in seen {
            let known = self
                .characters
                .chars()
                .position(|known| known == *character);
            match (known, self.unknown) {
                (Some(at), _) => tokens.push(self.first + at as u16),
                (None, unknown) => {
                    strange.push(*character);
                    tokens.extend(unknown);
                }
            }
        }
        strange.sort_unstable();
        strange.dedup();
        (tokens, strange, surplus > 0)
    }

    /// The character of a token; `None` where the token is none.
    pub fn character(&self, token: usize) -> Option<char> {
        let at = token.checked_sub(usize::from(self.first))?;
        self.characters.chars().nth(at)
    }
}

impl Encoding {
    /// A text, or symbols divided by blanks.
    ///
    /// # Errors
    /// Where the network takes none, it is empty, or has what the network has never seen and cannot be told.
    pub fn text(&self, text: &str) -> Result<OwnSample, OwnError> {
        if text.len() > BYTES_MAX {
            let message = format!(
                "the text has {} bytes, more than the {} that are read",
                count(text.len() as u64),
                count(BYTES_MAX as u64)
            );
            return Err(OwnError::Given(message));
        }
        let (tokens, at, notes) = match &self.takes {
            Takes::Text(rule) => of_text(rule, text)?,
            Takes::Symbols(rule) => (of_symbols(rule, text)?, None, Vec::new()),
            _ => {
                return Err(OwnError::Given(format!(
                    "the network takes no text, but {}",
                    self.wants()
                )));
            }
        };
        Ok(OwnSample {
            name: "text".to_owned(),
            features: Features::Tokens(tokens),
            at,
            truth: BTreeMap::new(),
            notes,
        })
    }
}

type Encoded = (Vec<u16>, Option<usize>, Vec<String>);

fn of_text(rule: &TextRule, text: &str) -> Result<Encoded, OwnError> {
    let text = if rule.continues { text } else { text.trim() };
    let (mut tokens, strange, is_cut) = rule.tokens(text);
    let strange_in_words = strange
        .iter()
        .map(|character| format!("`{}`", character.escape_debug()))
        .collect::<Vec<_>>()
        .join(", ");
    if !strange.is_empty() && rule.unknown.is_none() {
        let message =
            format!("the network has never seen {strange_in_words}; write the text without");
        return Err(OwnError::Given(message));
    }
    if tokens.is_empty() {
        return Err(OwnError::Given("the text is empty".to_owned()));
    }
    let at = rule.continues.then(|| tokens.len() - 1);
    tokens.resize(rule.length, 0);
    let mut notes = Vec::new();
    if is_cut {
        let part = if rule.continues { "last" } else { "first" };
        let length = count(rule.length as u64);
        notes.push(format!("only the {part} {length} characters are seen"));
    }
    if !strange.is_empty() {
        notes.push(format!(
            "the network has no symbol of their own for {strange_in_words}"
        ));
    }
    Ok((tokens, at, notes))
}

fn of_symbols(rule: &SymbolRule, text: &str) -> Result<Vec<u16>, OwnError> {
    let mut tokens = Vec::new();
    for symbol in text.split_whitespace() {
        let found = rule.names.iter().position(|name| name == symbol);
        let found = found.ok_or_else(|| {
            OwnError::Given(format!(
                "the network has no symbol `{symbol}`; ask such as `{}`",
                rule.example
            ))
        })?;
        tokens.push(found as u16);
    }
    if tokens.len() == rule.given + rule.tail.len() && tokens.ends_with(&rule.tail) {
        return Ok(tokens);
    }
    if tokens.len() != rule.given {
        let message = format!(
            "{} symbols instead of {}, divided by blanks; ask such as `{}`",
            tokens.len(),
            rule.given,
            rule.example
        );
        return Err(OwnError::Given(message));
    }
    tokens.extend(&rule.tail);
    Ok(tokens)
}
