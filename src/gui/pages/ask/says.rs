//! What a network says of a sample.

use egui::{Align2, FontId, Label, Rect, RichText, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::control::{Answered, Continued};
use crate::data::own::{Encoding, OwnSample};
use crate::gui::asking::Question;
use crate::gui::pages::train::setup::form::sentence;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::protocol::{HeadSaid, Saying};
use crate::units::{count, duration, significant};

/// Classes that have a bar; of more only the likeliest have.
const BARS: usize = 10;
/// Height of a bar with the room to the next, points.
const ROW: f32 = 17.0;
/// Widest name of a class, points.
const NAME: f32 = 110.0;
/// Room for a probability, points.
const SHARE: f32 = 56.0;

/// Each head's answer in large type.
pub fn headline(ui: &mut Ui, encoding: &Encoding, sample: &OwnSample, answered: &Answered) {
    let tokens = Tokens::in_ui(ui);
    for said in answered {
        let (answer, sureness) = in_words(encoding, said);
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(&said.label).small().color(tokens.dim));
            let text = RichText::new(&answer).text_style(theme::key_figure());
            let response = ui.add(Label::new(text).wrap());
            response.widget_info(|| {
                let text = format!("{}: {answer} {sureness}", said.label);
                WidgetInfo::labeled(Role::Label, true, text.trim_end())
            });
            ui.label(RichText::new(&sureness).monospace().color(tokens.dim));
        });
        if let Some(truth) = sample.truth.get(&said.label) {
            let is_right = *truth == answer;
            let (text, colour) = match (&said.says, is_right) {
                (Saying::Number(_), _) => (format!("Right would be {truth}"), tokens.dim),
                (_, true) => ("✓ That is right".to_owned(), tokens.good),
                (_, false) => (format!("× Right would be {truth}"), tokens.error),
            };
            ui.add(Label::new(RichText::new(text).color(colour)).wrap());
        }
    }
}

/// The answer, and how sure it is.
fn in_words(encoding: &Encoding, said: &HeadSaid) -> (String, String) {
    match &said.says {
        Saying::Number(number) => (significant(*number, 4), String::new()),
        Saying::Classes(shares) => {
            let best = ranked(shares).first().copied();
            let (class, share) = best.unwrap_or_default();
            (name(encoding, &said.label, class), percent(share))
        }
        Saying::Symbols(each) => {
            let names = each
                .iter()
                .map(|(class, _)| name(encoding, &said.label, usize::from(*class)));
            (names.collect::<Vec<_>>().join(" "), String::new())
        }
    }
}

/// The probability of each class as a bar, for each head.
pub fn bars(ui: &mut Ui, encoding: &Encoding, answered: &Answered) {
    for said in answered {
        let Saying::Classes(shares) = &said.says else {
            continue;
        };
        ui.add_space(2.0 * theme::GRID);
        if answered.len() > 1 {
            widgets::caption(ui, sentence(&said.label));
        }
        let ranked = ranked(shares);
        let best = ranked.first().map(|(class, _)| *class);
        let mut shown: Vec<(usize, f64)> = ranked.into_iter().take(BARS).collect();
        // Few enough stand in their own order, so that nothing moves while one draws.
        if shares.len() <= BARS {
            shown.sort_by_key(|(class, _)| *class);
        }
        ui.spacing_mut().item_spacing.y = 0.0;
        for (class, share) in shown {
            let name = name(encoding, &said.label, class);
            bar(ui, &name, share, Some(class) == best);
        }
        if shares.len() > BARS {
            let text = format!(
                "and {} less likely ones",
                count((shares.len() - BARS) as u64)
            );
            widgets::caption(ui, text);
        }
        ui.spacing_mut().item_spacing.y = 2.0 * theme::GRID;
    }
}

fn bar(ui: &mut Ui, name: &str, share: f64, is_best: bool) {
    let tokens = Tokens::in_ui(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
    response.widget_info(|| {
        WidgetInfo::labeled(Role::Label, true, format!("{name}: {}", percent(share)))
    });
    let name_width = NAME.min(rect.width() * 0.3);
    let painter = ui.painter_at(rect);
    let colour = if is_best { tokens.text } else { tokens.dim };
    let mut job = egui::text::LayoutJob::simple_singleline(
        name.to_owned(),
        FontId::proportional(theme::BODY),
        colour,
    );
    job.wrap.max_width = name_width - 2.0 * theme::GRID;
    job.wrap.max_rows = 1;
    job.wrap.break_anywhere = true;
    let galley = painter.layout_job(job);
    let at = pos2(
        rect.left() + name_width - 2.0 * theme::GRID - galley.size().x,
        rect.center().y - galley.size().y / 2.0,
    );
    painter.galley(at, galley, colour);
    let track = Rect::from_min_max(
        pos2(rect.left() + name_width, rect.top() + 4.0),
        pos2(rect.right() - SHARE, rect.bottom() - 4.0),
    );
    painter.rect_filled(track, 2.0, tokens.raised);
    let filled = Rect::from_min_size(
        track.min,
        vec2(track.width() * share.clamp(0.0, 1.0) as f32, track.height()),
    );
    let fill = if is_best {
        tokens.accent
    } else {
        tokens.series(0).0
    };
    painter.rect_filled(filled, 2.0, fill);
    painter.text(
        pos2(rect.right(), rect.center().y),
        Align2::RIGHT_CENTER,
        percent(share),
        FontId::monospace(theme::CAPTION),
        colour,
    );
    response.on_hover_text(format!("{name}: {} %", significant(100.0 * share, 4)));
}

/// A text that the network went on with.
pub fn continued(ui: &mut Ui, question: Option<&Question<Continued>>) {
    let Some(question) = question else { return };
    match question.get() {
        None if question.is_lost() => {
            widgets::problem(ui, "Asking failed inside the program; the log says where.");
        }
        None => {
            ui.spinner();
        }
        Some(Err(why)) => widgets::problem(ui, &sentence(why)),
        Some(Ok(continued)) => {
            let text = RichText::new(&continued.text).monospace();
            ui.add(Label::new(text).wrap().selectable(true));
            widgets::caption(
                ui,
                format!(
                    "{} answers in {}",
                    count(continued.answers),
                    duration(continued.seconds)
                ),
            );
        }
    }
}

fn name(encoding: &Encoding, label: &str, class: usize) -> String {
    let names = encoding.classes(label);
    names
        .get(class)
        .cloned()
        .unwrap_or_else(|| class.to_string())
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// Classes with their probabilities, the likeliest first.
fn ranked(shares: &[f64]) -> Vec<(usize, f64)> {
    let mut ranked: Vec<(usize, f64)> = shares.iter().copied().enumerate().collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    ranked
}
