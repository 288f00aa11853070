//! Stretches of time that may overlap: how much of the whole they cover, and the gaps between them.

/// What stretches of time come to together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spans {
    /// When the first begins, s.
    pub from_s: f64,
    /// When the last ends, s.
    pub to_s: f64,
    /// Time that at least one covers, s.
    pub busy_s: f64,
    /// Gaps between them.
    pub gaps: usize,
    /// The longest gap, s.
    pub longest_gap_s: f64,
}

/// Takes `(begin, end)` in s together, in the order of their beginnings; `None` where there is none.
pub fn spans(times: impl IntoIterator<Item = (f64, f64)>) -> Option<Spans> {
    let mut times = times.into_iter();
    let (from_s, to_s) = times.next()?;
    let mut all = Spans {
        from_s,
        to_s,
        busy_s: to_s - from_s,
        gaps: 0,
        longest_gap_s: 0.0,
    };
    for (begin_s, end_s) in times {
        let gap_s = begin_s - all.to_s;
        if gap_s > 0.0 {
            all.gaps += 1;
            all.longest_gap_s = all.longest_gap_s.max(gap_s);
        }
        all.busy_s += (end_s - begin_s.max(all.to_s)).max(0.0);
        all.to_s = all.to_s.max(end_s);
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlaps_count_once_and_gaps_are_what_is_left() {
        assert_eq!(spans([]), None);
        let all = spans([(1.0, 2.0), (1.5, 3.0), (1.75, 2.5), (4.0, 5.0), (5.5, 6.0)]).unwrap();
        let expected = Spans {
            from_s: 1.0,
            to_s: 6.0,
            busy_s: 3.5,
            gaps: 2,
            longest_gap_s: 1.0,
        };
        assert_eq!(all, expected);
        assert!((all.to_s - all.from_s - all.busy_s - 1.5).abs() < 1e-12);
    }
}
