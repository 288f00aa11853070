//! Datasets through the library's public face.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod allocation;
mod csv_marks;
mod csv_table;
mod download;
mod from_folder;
mod idx;
mod idx_hostile;
mod image_folder;
mod made;
mod parts;
mod published;
mod recipes;
mod registry;
mod server;
mod setup;
mod shapes;
mod shipped;
mod split;
mod text;
mod text_csv;
