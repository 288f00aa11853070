/// Power as a known function of time: straight lines between points, over and over. Its energy is known exactly.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Seconds from the beginning of the cycle, and watts there; two points at one time are a step. From 0 to the end.
    points: Vec<(f64, f64)>,
    /// Joules from the beginning of the cycle to each point.
    joules: Vec<f64>,
}

impl Profile {
    /// The same power at all times, in watts.
    pub fn steady(watts: f64) -> Self {
        Self::cycle(&[(0.0, watts), (1.0, watts)])
    }

    /// A cycle through `points`, each a time in seconds and a power in watts. Times must begin at 0, not fall, and end
    /// above 0; powers must not be negative. The last time is the length of the cycle.
    ///
    /// # Panics
    /// Where the points are none of that kind: profiles are written into the program.
    pub fn cycle(points: &[(f64, f64)]) -> Self {
        let rise = points.windows(2).all(|pair| pair[0].0 <= pair[1].0);
        let ends = points.first().is_some_and(|first| first.0 == 0.0)
            && points.last().is_some_and(|last| last.0 > 0.0);
        let sane = points
            .iter()
            .all(|(t_s, watts)| t_s.is_finite() && watts.is_finite() && *watts >= 0.0);
        assert!(rise && ends && sane, "no profile: {points:?}");
        let mut joules = vec![0.0];
        let mut sum_j = 0.0;
        for pair in points.windows(2) {
            let ((from_s, from_w), (to_s, to_w)) = (pair[0], pair[1]);
            sum_j += (to_s - from_s) * f64::midpoint(from_w, to_w);
            joules.push(sum_j);
        }
        Self {
            points: points.to_vec(),
            joules,
        }
    }

    /// The same shape with `mean_w` watts on average.
    #[must_use]
    pub fn scaled_to(mut self, mean_w: f64) -> Self {
        let before_w = self.mean_w();
        if before_w > 0.0 {
            let by = mean_w / before_w;
            self.points.iter_mut().for_each(|(_, watts)| *watts *= by);
            self.joules.iter_mut().for_each(|joules| *joules *= by);
        }
        self
    }

    /// Mean power over a cycle, in watts.
    pub fn mean_w(&self) -> f64 {
        self.cycle_j() / self.cycle_s()
    }

    /// The highest power, in watts.
    pub fn peak_w(&self) -> f64 {
        self.points
            .iter()
            .map(|(_, watts)| *watts)
            .fold(0.0, f64::max)
    }

    /// Power at `t_s` seconds, in watts; of two at a step the later.
    pub fn power_w(&self, t_s: f64) -> f64 {
        let (_, at_s, after) = self.place(t_s);
        let ((from_s, from_w), (to_s, to_w)) = (self.points[after - 1], self.points[after]);
        if to_s > from_s {
            from_w + (to_w - from_w) * (at_s - from_s) / (to_s - from_s)
        } else {
            to_w
        }
    }

    /// Joules from 0 to `t_s` seconds; 0 for times before 0.
    pub fn energy_j(&self, t_s: f64) -> f64 {
        let (cycles, at_s, after) = self.place(t_s.max(0.0));
        let (from_s, from_w) = self.points[after - 1];
        let here_j = (at_s - from_s) * f64::midpoint(from_w, self.power_w(t_s.max(0.0)));
        cycles * self.cycle_j() + self.joules[after - 1] + here_j
    }

    /// Whole cycles before `t_s`, the time within the cycle, and the index of the point after it.
    fn place(&self, t_s: f64) -> (f64, f64, usize) {
        let t_s = t_s.max(0.0);
        let cycles = (t_s / self.cycle_s()).floor();
        let at_s = (t_s - cycles * self.cycle_s()).clamp(0.0, self.cycle_s());
        let after = self.points.partition_point(|(point_s, _)| *point_s <= at_s);
        (cycles, at_s, after.clamp(1, self.points.len() - 1))
    }

    fn cycle_s(&self) -> f64 {
        self.points[self.points.len() - 1].0
    }

    fn cycle_j(&self) -> f64 {
        self.joules[self.joules.len() - 1]
    }
}
