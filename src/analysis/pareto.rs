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

/// As [`pareto_front`] for three costs, all of which are better when less: positions of the points than which no other is at
/// most as much in all three. Of equal points the first counts; points with a figure that is no number do not. The
/// cheapest in the first cost come first. In O(n log n): taken in order of the first cost, a point is beaten if one before
/// it has neither more of the second nor of the third, and of those before only a staircase has to be kept.
pub fn pareto_front_of_three(points: &[[f64; 3]]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..points.len())
        .filter(|at| points[*at].iter().all(|cost| cost.is_finite()))
        .collect();
    order.sort_by(|a, b| {
        let (p, q) = (points[*a], points[*b]);
        (0..3)
            .map(|cost| p[cost].total_cmp(&q[cost]))
            .fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
            .then(a.cmp(b))
    });
    // The second cost rises along the staircase, the third falls.
    let mut staircase: Vec<(f64, f64)> = Vec::new();
    order.retain(|at| {
        let [_, second, third] = points[*at];
        let behind = staircase.partition_point(|step| step.0 <= second);
        if behind > 0 && staircase[behind - 1].1 <= third {
            return false;
        }
        // Steps that the new one beats: of the same second cost, or more, and no less of the third.
        let first = staircase.partition_point(|step| step.0 < second);
        let beaten = staircase[first..]
            .iter()
            .take_while(|step| step.1 >= third)
            .count();
        staircase.splice(first..first + beaten, [(second, third)]);
        true
    });
    order
}

#[cfg(test)]
mod tests {
    use super::{pareto_front, pareto_front_of_three};

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

    #[test]
    fn three_costs_agree_with_looking_at_every_pair() {
        // Small whole numbers, so that ties are many.
        let mut state = 7_u64;
        let mut draw = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            ((state >> 33) % 12) as f64
        };
        for _ in 0..50 {
            let points: Vec<[f64; 3]> = (0..60).map(|_| [draw(), draw(), draw()]).collect();
            let is_beaten = |at: usize| {
                (0..points.len()).any(|other| {
                    let no_worse = (0..3).all(|cost| points[other][cost] <= points[at][cost]);
                    no_worse && (points[other] != points[at] || other < at)
                })
            };
            let mut found = pareto_front_of_three(&points);
            found.sort_unstable();
            let expected: Vec<usize> = (0..points.len()).filter(|at| !is_beaten(*at)).collect();
            assert_eq!(found, expected);
        }
        assert_eq!(
            pareto_front_of_three(&[[1.0, f64::NAN, 1.0], [2.0, 2.0, 2.0]]),
            [1]
        );
    }
}
