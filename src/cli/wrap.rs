//! Text that keeps within a terminal of the usual width.

/// Columns that text is kept within: what every terminal has.
pub const COLUMNS: usize = 80;

/// `text` in lines of at most `width` characters, broken between words; a longer word has a line of its own.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            let taken = line.chars().count();
            if taken > 0 && taken + 1 + word.chars().count() > width {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}

/// `text` after `head`, its further lines after `indent`; everything within [`COLUMNS`].
pub fn hanging(head: &str, indent: &str, text: &str) -> String {
    let taken = head.chars().count().max(indent.chars().count());
    let mut out = String::new();
    for (at, line) in wrap(text, COLUMNS.saturating_sub(taken)).iter().enumerate() {
        let before = if at == 0 { head } else { indent };
        out.push_str(format!("{before}{line}").trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_and_no_word_is_lost() {
        let text =
            "power that nobody measures is missing, never nothing, andthisisaverylongword ends";
        let lines = wrap(text, 20);
        assert!(
            lines
                .iter()
                .all(|line| line.chars().count() <= 20 || !line.contains(' ')),
            "{lines:?}"
        );
        assert_eq!(lines.join(" "), text);
        assert_eq!(wrap("", 20), Vec::<String>::new());
        assert_eq!(hanging("a  ", "   ", "b\nc"), "a  b\n   c\n");
    }
}
