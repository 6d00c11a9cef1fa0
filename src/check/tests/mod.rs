//! Stories about the judgement: each lays a catalog in YAML, lets somebody change it, and says what comes of it.

mod told;
mod example;
