//! Whole behaviours, told as stories on real git repositories.

mod attacks;
mod harness;
