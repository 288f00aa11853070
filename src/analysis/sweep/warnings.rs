use super::kind::Group;
use super::setups::{SetupResult, Standing};
use super::trial::{State, Trial};
use crate::units::Grade;

/// Share of the time that meters must cover for a figure to go without a word.
const COVERAGE_MIN: f64 = 0.95;

/// What a reader must know before the figures are compared.
pub(super) fn warnings(
    trials: &[&Trial],
    setups: &[SetupResult],
    groups: &[Group],
    chosen: usize,
) -> Vec<String> {
    let mut found = Vec::new();
    let energies = || trials.iter().filter_map(|trial| trial.energy.as_ref());
    if energies().any(|energy| energy.simulated) {
        found.push("The energies are simulated: nothing of them was drawn here.".to_owned());
    }
    for (at, group) in groups.iter().enumerate().filter(|(at, _)| *at != chosen) {
        found.push(format!(
            "{} {} of another kind and left out: {}; --group {} looks at those alone.",
            trials_in_words(group.count),
            if group.count == 1 { "is" } else { "are" },
            group.kind.in_words(),
            at + 1
        ));
    }
    let missing = trials
        .iter()
        .filter(|trial| trial.state == State::Finished && trial.energy.is_none())
        .count();
    if missing > 0 {
        found.push(format!(
            "{} finished without an energy.",
            trials_in_words(missing)
        ));
    }
    let gaps = energies()
        .filter(|energy| energy.coverage < COVERAGE_MIN)
        .count();
    if gaps > 0 {
        found.push(format!(
            "In {} the meters covered less than {:.0} % of the time; what they missed is in no figure.",
            trials_in_words(gaps),
            COVERAGE_MIN * 100.0
        ));
    }
    if let Some(grade) = energies()
        .map(|energy| energy.grade)
        .find(|grade| *grade >= Grade::D)
    {
        found.push(format!(
            "The energies are modelled (grade {grade}: {}). A model may take one setup for dearer than another by its own \
             mistake, which cancels in no ratio.",
            grade.meaning()
        ));
    }
    let mut devices: Vec<&str> = trials.iter().map(|trial| trial.device.as_str()).collect();
    devices.sort_unstable();
    devices.dedup();
    if devices.len() > 1 {
        found.push(format!(
            "The trials ran on {} devices; between them the errors of the meters do not cancel.",
            devices.len()
        ));
    }
    let ranked = || setups.iter().filter(|setup| setup.rank.is_some());
    let single = ranked().filter(|setup| setup.reached < 2).count();
    if single > 0 {
        found.push(format!(
            "{single} of {} ranked setups have a single seed, which says nothing of the spread.",
            ranked().count()
        ));
    } else if ranked().any(|setup| setup.reached < 3) {
        found.push("Some ranked setups have only two seeds; three or more are advised.".to_owned());
    }
    let of = |standing: Standing| {
        setups
            .iter()
            .filter(|setup| setup.standing == standing)
            .count()
    };
    for (standing, what) in [
        (
            Standing::Partly,
            "did not get there with every seed and are not ranked",
        ),
        (
            Standing::NotReached,
            "did not get there with any seed and are not ranked",
        ),
        (
            Standing::Unmeasured,
            "got there, but lack energies, and are not ranked",
        ),
        (Standing::Unfinished, "are not over yet"),
    ] {
        match of(standing) {
            0 => {}
            1 => found.push(
                format!("1 setup: {what}.")
                    .replace(" are ", " is ")
                    .replace("lack ", "lacks "),
            ),
            count => found.push(format!("{count} setups {what}.")),
        }
    }
    found
}

fn trials_in_words(count: usize) -> String {
    match count {
        1 => "1 trial".to_owned(),
        several => format!("{several} trials"),
    }
}
