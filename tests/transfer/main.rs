//! What a network has learnt before: weights from runs and files, frozen layers, and whose work is in them.

mod common;
mod hostile;
mod inference;
mod layers;
mod lifecycle;
mod program;
mod weights;
