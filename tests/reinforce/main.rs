//! Reinforcement learning through its public faces: the environment, the loop, its stop rules and its checkpoints.

#![allow(
    clippy::float_cmp_const,
    reason = "what is compared is exact: counts, starts and repeated runs"
)]

mod environment;
mod learning;
mod recorder;
mod resuming;
mod setup;
mod stopping;
