use super::planner::Planner;
use crate::setup::{InputShape, RecurrentSetup};

/// What a kind of recurrent cell costs.
pub(super) struct Cell {
    name: &'static str,
    /// Gates, the candidate state included.
    gates: u64,
    /// FLOP beside the products, for each number of the state and step.
    other: u64,
}

pub(super) const LSTM: Cell = Cell {
    name: "lstm",
    gates: 4,
    other: 17,
};
pub(super) const GRU: Cell = Cell {
    name: "gru",
    gates: 3,
    other: 16,
};

impl Planner {
    pub(super) fn recurrent(&mut self, cell: Cell, recurrent: &RecurrentSetup) -> Option<usize> {
        self.sequence("a recurrent network", Some(recurrent.embedding))?;
        for layer in 0..recurrent.depth {
            self.group(format!("layers.{layer}"));
            if layer > 0 {
                self.dropout(recurrent.dropout);
            }
            self.cell(&cell, recurrent.width);
        }
        if !self.outputs.per_position {
            self.reshape("last state", InputShape::Features(recurrent.width));
        }
        self.answer(recurrent.dropout)
    }

    /// A sequence of vectors: tokens through an embedding, where a width for it is given; the rows of an image. Gives the
    /// number of positions; `None`, with the reason noted, where the samples are none.
    pub(super) fn sequence(&mut self, model: &str, embedding: Option<usize>) -> Option<usize> {
        match self.shape {
            InputShape::Tokens { length, vocabulary } => {
                if let Some(width) = embedding {
                    self.embed(length, vocabulary, width);
                }
                Some(length)
            }
            InputShape::Image {
                channels,
                height,
                width,
            } => {
                let width = channels.saturating_mul(width);
                let output = InputShape::Sequence {
                    length: height,
                    width,
                };
                self.reshape("rows", output);
                Some(height)
            }
            _ => self.refuse(&format!(
                "`mlp` for tabular data; {model} needs tokens or images"
            )),
        }
    }

    fn cell(&mut self, cell: &Cell, width: usize) {
        let InputShape::Sequence {
            length,
            width: from,
        } = self.shape
        else {
            return;
        };
        let (from, hidden, steps) = (from as u64, width as u64, length as u64);
        let units = cell.gates.saturating_mul(hidden);
        self.push(
            cell.name,
            InputShape::Sequence { length, width },
            units.saturating_mul(from + hidden + 2),
            units.saturating_mul(from + hidden).saturating_mul(steps),
            hidden.saturating_mul(cell.other).saturating_mul(steps),
        );
    }
}
