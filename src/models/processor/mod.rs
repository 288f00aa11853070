//! Operations of our own on the CPU backend, where Burn's take many passes over memory, one thread, or copies.
//!
//! Burn makes normalisations, softmax and the step of Adam of a dozen operations each, every one a pass over memory by a single
//! thread with a result of its own, and as many on the way back. Here each is one or two passes, shared among threads. Products
//! are those of the library that Burn takes. Results are Burn's within 10⁻⁵, and the same to the last bit with any number of threads: pieces follow from the
//! shapes alone. Each function gives `None`, or falls back by itself, where its tensors are not of the CPU backend in 32 bits.
//! `docs/speed.md` has the figures.
//!
//! `tensors` leads from tensors to numbers and back, and makes an operation that can be differentiated of two functions;
//! `threads` shares work, `sums` adds up, `matrices` multiplies, `scratch` keeps memory for what is on the way; `exponential` has e^x in a form that processors compute several at a time; the other files are one
//! operation each.

mod add;
mod attention;
mod batch_norm;
mod exponential;
mod gelu;
mod layer_norm;
mod linear;
pub mod matrices;
mod product;
mod rectify;
pub mod scratch;
pub mod sums;
pub mod tensors;
pub mod threads;

pub use add::add;
pub use attention::attention;
pub use batch_norm::batch_norm;
pub use gelu::gelu;
pub use layer_norm::{EPSILON, layer_norm};
pub use linear::linear;
pub use rectify::relu;

#[cfg(test)]
mod tests;
