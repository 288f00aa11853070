//! Which of several runs no other beats.

/// Positions of the points that no other beats, the cheapest first: none costs less (first figure) at no lower quality
/// (second figure), or has a higher quality at no more cost. Of equal points the first counts; points that are no number
/// do not.
pub fn pareto_front(points: &[(f64, f64)]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..points.len())
        .filter(|at| points[*at].0.is_finite() && points[*at].1.is_finite())
        .collect();
    order.sort_by(|a, b| {
        let ((cost_a, quality_a), (cost_b, quality_b)) = (points[*a], points[*b]);
        cost_a
            .total_cmp(&cost_b)
            .then(quality_b.total_cmp(&quality_a))
            .then(a.cmp(b))
    });
    let mut best = f64::NEG_INFINITY;
    order.retain(|at| {
        let is_better = points[*at].1 > best;
        best = best.max(points[*at].1);
        is_better
    });
    order
}

#[cfg(test)]
mod tests {
    use super::pareto_front;

    #[test]
    fn only_what_nothing_beats_is_on_the_front() {
        let points = [
            (5.0, 0.9),
            (2.0, 0.7),
            (3.0, 0.6),
            (2.0, 0.8),
            (9.0, 0.9),
            (f64::NAN, 1.0),
            (9.0, 0.95),
        ];
        assert_eq!(pareto_front(&points), [3, 0, 6]);
        assert!(pareto_front(&[]).is_empty());
    }
}
