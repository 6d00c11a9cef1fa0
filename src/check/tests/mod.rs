//! Stories about the judgement: each lays a catalog in YAML, lets somebody change it, and says what comes of it.

mod attacks;
mod blueprints;
mod catalogs;
mod derived;
mod example;
mod footing;
mod footing_random;
mod properties;
mod random;
mod told;
mod vanished;
