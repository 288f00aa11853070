//! Options of a sweep: order, learning-rate rule, pauses, searcher, limits.

use egui::Ui;

use super::super::train::setup::form::{Form, Look};
use super::super::train::setup::number::Steps;
use crate::setup::sweep::{
    Consent, CoolDown, Halving, LearningRateRule, Order, RandomSearch, SearcherSetup, Sweep, Until,
    Zeus,
};

/// Draws the options.
pub fn show(form: &mut Form<'_>, ui: &mut Ui, sweep: &mut Sweep) {
    searcher(form, ui, &mut sweep.searcher);
    const ORDERS: [(Order, &str, &str); 2] = [
        (
            Order::Shuffled,
            "Shuffled",
            "Each repeat shuffled by itself, so that a machine that warms up favours no end of an axis",
        ),
        (
            Order::Given,
            "As the axes count",
            "The last axis fastest, repeat after repeat",
        ),
    ];
    let look = Look::new("Order", "order", "In which order the runs are made");
    form.choice(ui, look, &mut sweep.order, &ORDERS);
    if sweep.order == Order::Shuffled {
        let look = Look::new("Order seed", "order_seed", "Seed of the shuffling");
        form.number(ui, look.steps(Steps::By(1)), &mut sweep.order_seed);
    }
    const RULES: [(LearningRateRule, &str, &str); 3] = [
        (
            LearningRateRule::None,
            "As it is",
            "The same rate at every batch size",
        ),
        (
            LearningRateRule::Linear,
            "Linear",
            "In proportion to the batch size (Goyal et al. 2017)",
        ),
        (
            LearningRateRule::SquareRoot,
            "Square root",
            "With the square root of the batch size (Krizhevsky 2014)",
        ),
    ];
    let hint =
        "How the learning rate, which is meant for the base's batch size, follows the batch size";
    let look = Look::new("Rate by batch", "learning_rate_rule", hint);
    form.choice(ui, look, &mut sweep.learning_rate_rule, &RULES);
    cool_down(form, ui, &mut sweep.cool_down);
    let paths = ["idle_valid_s", "parallel", "consent"];
    form.folded(ui, "More", "sweep-more", &paths, |form, ui| {
        let hint = "Seconds for which one measurement of the idle machine serves the runs after it; at 0 each run has its own";
        let look = Look::new("Idle holds for", "idle_valid_s", hint).unit("s");
        form.number(ui, look, &mut sweep.idle_valid_s);
        let hint = "Runs on different devices at the same time, where an axis is over `device`; what they share is in the \
                    figures of both";
        let look = Look::new("In parallel", "parallel", hint);
        form.toggle(ui, look, &mut sweep.parallel);
        consent(form, ui, &mut sweep.consent);
    });
}

fn consent(form: &mut Form<'_>, ui: &mut Ui, consent: &mut Consent) {
    let look = Look::new(
        "Ask above",
        "consent.runs",
        "Runs above which it asks before it begins",
    );
    form.number(ui, look.unit("runs"), &mut consent.runs);
    let hint = "Joules above which it asks, where a forecast tells";
    let look = Look::new("or above", "consent.energy_j", hint);
    form.number(ui, look.unit("J"), &mut consent.energy_j);
    let hint = "Hours above which it asks, where a forecast tells";
    let look = Look::new("or above", "consent.hours", hint);
    form.number(ui, look.unit("h"), &mut consent.hours);
}

fn cool_down(form: &mut Form<'_>, ui: &mut Ui, cool_down: &mut CoolDown) {
    const OPTIONS: [(u8, &str, &str); 3] = [
        (
            0,
            "Until near idle",
            "Until the machine draws hardly more than at rest, so that no run pays for the heat of the one before",
        ),
        (1, "A set time", ""),
        (2, "None", "The next run begins at once"),
    ];
    let before = match cool_down {
        CoolDown::NearIdle { .. } => 0,
        CoolDown::Fixed { .. } => 1,
        CoolDown::None => 2,
    };
    let mut kind = before;
    let look = Look::new("Cool-down", "cool_down", "The pause between two runs");
    form.choice(ui, look, &mut kind, &OPTIONS);
    if kind != before {
        *cool_down = match kind {
            0 => CoolDown::default(),
            1 => CoolDown::Fixed { seconds: 10.0 },
            _ => CoolDown::None,
        };
    }
    match cool_down {
        CoolDown::None => {}
        CoolDown::Fixed { seconds } => {
            let look = Look::new("Pause", "cool_down.seconds", "Length of the pause");
            form.number(ui, look.unit("s"), seconds);
        }
        CoolDown::NearIdle { within, at_most_s } => {
            let hint = "How far above idle power still counts as near: 0.1 is 10 %";
            form.number(ui, Look::new("Within", "cool_down.within", hint), within);
            let hint = "Seconds after which the next run begins in any case";
            let look = Look::new("At most", "cool_down.at_most_s", hint);
            form.number(ui, look.unit("s"), at_most_s);
        }
    }
}

fn searcher(form: &mut Form<'_>, ui: &mut Ui, searcher: &mut SearcherSetup) {
    const OPTIONS: [(usize, &str, &str); 4] = [
        (0, "Grid", "Every combination"),
        (1, "Random", "Some combinations, drawn by chance"),
        (
            2,
            "Successive halving",
            "Many for a short while, the better ones, in performance and energy, for longer",
        ),
        (
            3,
            "Zeus",
            "The batch size of least cost, over runs that recur; its one axis is the batch size, and it needs a target",
        ),
    ];
    let kinds = SearcherSetup::KINDS;
    let before = kinds
        .iter()
        .position(|kind| *kind == searcher.kind())
        .unwrap_or(0);
    let mut kind = before;
    let look = Look::new(
        "Searcher",
        "searcher",
        "Which combinations are tried, and for how long",
    );
    form.choice(ui, look, &mut kind, &OPTIONS);
    if kind != before {
        *searcher = match kind {
            0 => SearcherSetup::Grid,
            1 => SearcherSetup::Random(RandomSearch {
                combinations: 16,
                seed: 0,
            }),
            2 => SearcherSetup::SuccessiveHalving(Halving::default()),
            _ => SearcherSetup::Zeus(Zeus::default()),
        };
    }
    match searcher {
        SearcherSetup::Grid => {}
        SearcherSetup::Random(random) => {
            let hint = "Different combinations to draw; each is run with every seed";
            let look = Look::new("Combinations", "searcher.combinations", hint);
            form.number(ui, look.steps(Steps::By(1)), &mut random.combinations);
            seed(form, ui, &mut random.seed);
        }
        SearcherSetup::SuccessiveHalving(options) => halving(form, ui, options),
        SearcherSetup::Zeus(options) => zeus(form, ui, options),
    }
}

fn seed(form: &mut Form<'_>, ui: &mut Ui, seed: &mut u64) {
    let look = Look::new("Search seed", "searcher.seed", "Seed of the draws");
    form.number(ui, look.steps(Steps::By(1)), seed);
}

fn halving(form: &mut Form<'_>, ui: &mut Ui, halving: &mut Halving) {
    let hint = "One in so many goes on to the next rung, for so many times as long";
    let look = Look::new("Keep one in", "searcher.keep_one_in", hint).steps(Steps::By(1));
    form.number(ui, look, &mut halving.keep_one_in);
    const UNITS: [(bool, &str, &str); 2] = [(false, "Epochs", ""), (true, "Steps", "")];
    let (mut by_steps, mut length) = match halving.first {
        Until::Epochs(epochs) => (false, epochs),
        Until::Steps(steps) => (true, steps),
    };
    let look = Look::new(
        "First rung in",
        "searcher.first.unit",
        "How the first rung is counted",
    );
    form.choice(ui, look, &mut by_steps, &UNITS);
    let look = Look::new("First rung", "searcher.first", "Where the first rung ends");
    form.number(ui, look.steps(Steps::By(1)), &mut length);
    halving.first = match by_steps {
        false => Until::Epochs(length),
        true => Until::Steps(length),
    };
    let hint = "What energy counts against performance: 0 is performance alone, 1 energy alone";
    let look = Look::new("Energy weight", "searcher.energy_weight", hint);
    form.number(ui, look, &mut halving.energy_weight);
    let hint = "Combinations to begin with, drawn by chance; all of them without it";
    let look = Look::new("Combinations", "searcher.combinations", hint);
    form.ticked(
        ui,
        look,
        "Draws some combinations",
        &mut halving.combinations,
        16,
    );
    seed(form, ui, &mut halving.seed);
}

fn zeus(form: &mut Form<'_>, ui: &mut Ui, zeus: &mut Zeus) {
    let hint = "η: what energy counts against time: 0 is time alone, 1 energy alone";
    let look = Look::new("Energy share", "searcher.energy_share", hint);
    form.number(ui, look, &mut zeus.energy_share);
    let hint = "β: a run is stopped where its cost passes so many times the least one seen";
    let look = Look::new("Stop at", "searcher.stop_at", hint);
    form.number(ui, look.unit("×"), &mut zeus.stop_at);
    let hint = "Walks over the batch sizes in which those that do not reach the target are pruned";
    let look = Look::new("Walks", "searcher.pruning_rounds", hint).steps(Steps::By(1));
    form.number(ui, look, &mut zeus.pruning_rounds);
    let look = Look::new(
        "Runs in all",
        "searcher.runs",
        "Runs in all, those of the walks among them",
    );
    form.number(ui, look.steps(Steps::By(1)), &mut zeus.runs);
    let hint = "Power that weighs time; without it the highest mean power of the runs so far";
    let look = Look::new("Max power", "searcher.power_max_w", hint).unit("W");
    form.ticked(
        ui,
        look,
        "Has a given max power",
        &mut zeus.power_max_w,
        100.0,
    );
    seed(form, ui, &mut zeus.seed);
}
