//! Who teaches the network beside the right answers: nobody, or a run of the library.

use egui::Ui;

use super::SetupPanel;
use super::form::{Form, Look, sentence};
use super::source::{Found, Known};
use crate::gui::pages::run_chooser::RunChooser;
use crate::gui::state::Shared;
use crate::gui::widgets;
use crate::setup::{
    DataCounts, DistilSetup, InputShape, Outputs, Setup, StartSetup, Task, goes_by_seed,
};

/// The part of the panel that says who teaches.
#[derive(Default)]
pub struct TeacherPart {
    chooser: RunChooser,
    known: Known,
    /// What was asked for before it was turned away from.
    kept: Option<DistilSetup>,
    /// Operations of the teacher's forward pass, and of which run and data.
    flop: Option<((String, InputShape, Outputs), u64)>,
}

/// The teacher as a source that weights could be taken from: what is looked up is the same.
fn source(distil: &DistilSetup) -> StartSetup {
    StartSetup {
        run: Some(distil.teacher.clone()),
        ..StartSetup::default()
    }
}

impl TeacherPart {
    /// Whether the setup names a run that can teach.
    ///
    /// # Errors
    /// Why not, for people.
    pub fn is_ready(&self, setup: &Setup) -> Result<(), String> {
        let Some(distil) = setup.distil.as_ref().filter(|distil| distil.asks()) else {
            return Ok(());
        };
        if distil.teacher.trim().is_empty() {
            return Err("Teacher: the run is to be chosen first".to_owned());
        }
        match self.wrong(setup, distil) {
            Some(wrong) => Err(format!("Teacher: {wrong}")),
            None => Ok(()),
        }
    }

    /// Why the run that is named cannot teach this one, as far as it is known.
    fn wrong(&self, setup: &Setup, distil: &DistilSetup) -> Option<String> {
        match self.known_of(distil)? {
            Err(error) => Some(error.clone()),
            Ok(found) => misfit(found, setup),
        }
    }

    fn known_of(&self, distil: &DistilSetup) -> Option<&Result<Found, String>> {
        let is_this = self.known.is_of(&source(distil));
        self.known.found().filter(|_| is_this)
    }

    /// Forgets what was turned away from: another setup is shown.
    pub fn forget_kept(&mut self) {
        self.kept = None;
    }

    /// The setup with the teacher's identifier in place of its name, which is not to mean another run later.
    pub fn resolved(&self, mut setup: Setup) -> Setup {
        if let Some(distil) = &mut setup.distil
            && !goes_by_seed(&distil.teacher)
            && let Some(Ok(found)) = self.known_of(distil)
            && let Some(id) = &found.run_id
        {
            distil.teacher.clone_from(id);
        }
        setup
    }

    /// Operations of the teacher's forward pass over a sample of this data; 0 where none is asked, and as long as none is known.
    pub fn forward_flop(&mut self, setup: &Setup, counts: &DataCounts) -> u64 {
        let Some(distil) = setup.distil.as_ref().filter(|distil| distil.asks()) else {
            return 0;
        };
        let of = (distil.teacher.clone(), counts.input, counts.outputs);
        if let Some((known, flop)) = &self.flop
            && *known == of
        {
            return *flop;
        }
        let Some(Ok(found)) = self.known_of(distil) else {
            return 0;
        };
        let teacher = found.setup.as_ref();
        let plan = teacher.and_then(|teacher| teacher.plan_for(counts).ok());
        let flop = plan.map_or(0, |plan| plan.forward_flop());
        self.flop = Some((of, flop));
        flop
    }
}

/// Why a run that was found cannot teach a run with `setup`, as far as their setups tell.
fn misfit(found: &Found, setup: &Setup) -> Option<String> {
    let Some(teacher) = &found.setup else {
        return Some("its setup is of another version: choose another run".to_owned());
    };
    let (theirs, ours) = (teacher.dataset.task()?, setup.dataset.task()?);
    if theirs == Task::Reinforcement {
        return Some("it learnt by reward and has no classes to teach".to_owned());
    }
    (theirs != ours).then(|| {
        format!(
            "it was asked for {}, and this run is asked for {}",
            theirs.name(),
            ours.name()
        )
    })
}

const OPTIONS: [(bool, &str, &str); 2] = [
    (false, "Nobody", "The right answers alone are learnt"),
    (
        true,
        "A run of the library",
        "Its answers are learnt beside the right ones: knowledge distillation",
    ),
];

impl SetupPanel {
    /// Who teaches, folded away; the title tells whom that is.
    pub(super) fn teacher(&mut self, ui: &mut Ui, setup: &mut Setup, shared: &mut Shared) {
        let Self {
            typed,
            checked,
            teacher: part,
            ..
        } = self;
        let named = setup.distil.as_ref().map(source);
        part.known.follow(shared, named.as_ref(), setup.regime.seed);
        let name = setup.distil.as_ref().map(|distil| part.name(distil));
        let title = match &name {
            Some(name) => format!("Teacher: {name}"),
            None => "Teacher".to_owned(),
        };
        let mut form = Form {
            typed,
            problems: &checked.problems,
        };
        form.folded(ui, &title, "teacher", &["distil"], |form, ui| {
            let mut is_taught = setup.distil.is_some();
            let hint = "Who teaches the network beside the right answers. The energy of the teacher is kept with the run, as that of what \
                        it starts from.";
            let look = Look::new("Taught by", "distil", hint);
            form.choice(ui, look, &mut is_taught, &OPTIONS);
            match (setup.distil.is_some(), is_taught) {
                (false, true) => setup.distil = Some(part.kept.take().unwrap_or_default()),
                (true, false) => part.kept = setup.distil.take(),
                _ => {}
            }
            part.fields(form, ui, setup, shared);
        });
    }
}

impl TeacherPart {
    /// What the run that teaches is called.
    fn name(&self, distil: &DistilSetup) -> String {
        match self.known_of(distil) {
            _ if distil.teacher.trim().is_empty() => "Choose a run…".to_owned(),
            Some(Ok(found)) => found.name.clone(),
            _ => distil.teacher.clone(),
        }
    }

    fn fields(&mut self, form: &mut Form<'_>, ui: &mut Ui, setup: &mut Setup, shared: &mut Shared) {
        let wrong = setup
            .distil
            .as_ref()
            .and_then(|distil| self.wrong(setup, distil));
        let Some(distil) = &mut setup.distil else {
            return;
        };
        let (given, text) = (distil.teacher.clone(), self.name(distil));
        let hint = "The run whose answers are learnt, by its newest checkpoint. It must tell the same classes apart, in samples of the same \
                    shape.";
        let look = Look::new("Run", "distil.teacher", hint);
        form.row(ui, &look, |_, ui, _| {
            let (button, chosen) = self.chooser.show(ui, shared, &text, "Run that teaches");
            if !given.is_empty() {
                button.on_hover_text(&given);
            }
            if let Some(chosen) = chosen {
                distil.teacher = chosen.id;
            }
        });
        if !given.is_empty() {
            match (wrong, self.known_of(distil)) {
                (Some(wrong), _) => widgets::problem(ui, &sentence(&wrong)),
                (None, Some(Ok(found))) => {
                    widgets::caption(ui, &found.about);
                }
                (None, _) => {}
            }
            form.problems_at(ui, look.path);
        }
        let hint = "By which the scores of both are divided before they are compared, above 0: the higher, the more the teacher's small \
                    scores say";
        let look = Look::new("Temperature", "distil.temperature", hint);
        form.number(ui, look, &mut distil.temperature);
        let hint = "How much the teacher's answers count against the right ones, 0 to 1";
        let look = Look::new("Teacher's share", "distil.alpha", hint);
        form.number(ui, look, &mut distil.alpha);
    }
}
