//! Which runs are chosen.

use std::collections::BTreeSet;

use egui::Modifiers;

/// Chosen runs, by identifier.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Those that are chosen.
    pub ids: BTreeSet<String>,
    /// Where the keyboard is.
    pub cursor: Option<String>,
    /// Where a stretch of runs begins.
    anchor: Option<String>,
    /// Changes with every change.
    pub revision: u64,
}

impl Selection {
    /// Chooses this run alone.
    pub fn only(&mut self, id: &str) {
        self.revision += 1;
        self.ids = BTreeSet::from([id.to_owned()]);
        self.cursor = Some(id.to_owned());
        self.anchor = Some(id.to_owned());
    }

    /// Chooses these runs and no others.
    pub fn these<'a>(&mut self, ids: impl IntoIterator<Item = &'a str>) {
        self.revision += 1;
        self.ids = ids.into_iter().map(str::to_owned).collect();
        self.anchor = self.ids.first().cloned();
    }

    /// Chooses the run if it is not chosen, and the other way round.
    pub fn toggle(&mut self, id: &str) {
        self.revision += 1;
        if !self.ids.remove(id) {
            self.ids.insert(id.to_owned());
        }
        self.cursor = Some(id.to_owned());
        self.anchor = Some(id.to_owned());
    }

    /// Chooses all runs of `order` between the last one that was chosen by itself and this.
    pub fn up_to(&mut self, id: &str, order: &[&str]) {
        let place = |id: &str| order.iter().position(|known| *known == id);
        let from = self.anchor.as_deref().and_then(place);
        let (Some(from), Some(to)) = (from, place(id)) else {
            return self.only(id);
        };
        self.revision += 1;
        let between = &order[from.min(to)..=from.max(to)];
        self.ids = between.iter().map(|id| (*id).to_owned()).collect();
        self.cursor = Some(id.to_owned());
    }

    /// A click on the run, or its key: alone, one more or less, or a stretch.
    pub fn click(&mut self, id: &str, modifiers: Modifiers, order: &[&str]) {
        if modifiers.shift {
            self.up_to(id, order);
        } else if modifiers.command {
            self.toggle(id);
        } else {
            self.only(id);
        }
    }

    /// Forgets runs that are not there any more.
    pub fn keep(&mut self, is_there: impl Fn(&str) -> bool) {
        let before = self.ids.len();
        self.ids.retain(|id| is_there(id));
        if self.ids.len() != before {
            self.revision += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clicks_choose_one_more_or_a_stretch() {
        let order = ["a", "b", "c", "d"];
        let mut selection = Selection::default();
        let chosen = |selection: &Selection| selection.ids.iter().cloned().collect::<String>();
        selection.click("b", Modifiers::NONE, &order);
        selection.click("d", Modifiers::SHIFT, &order);
        assert_eq!(chosen(&selection), "bcd");
        selection.click("a", Modifiers::SHIFT, &order);
        assert_eq!(chosen(&selection), "ab", "a stretch begins where it began");
        selection.click("d", Modifiers::COMMAND, &order);
        selection.click("a", Modifiers::COMMAND, &order);
        assert_eq!(chosen(&selection), "bd");
        selection.click("gone", Modifiers::SHIFT, &order);
        assert_eq!(chosen(&selection), "gone");
    }
}
