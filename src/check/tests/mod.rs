//! Stories about the judgement: each lays a catalog in YAML, lets somebody change it, and says what comes of it.

mod example;
mod told;
