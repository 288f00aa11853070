//! Datasets through the library's public face.

mod allocation;
mod idx;
mod idx_hostile;
mod setup;
mod shapes;
mod shipped;
mod split;
