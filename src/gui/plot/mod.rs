//! Plots that stay fast whatever the length of a line.
