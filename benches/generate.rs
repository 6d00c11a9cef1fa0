//! Writes a made-up catalog repository: `cargo bench --bench generate -- --entities 100000 --out DIR`.
//!
//! Beside `DIR`, `DIR.schemas` gets a JSON Schema for each blueprint, for programs that judge files one by one.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod catalog;

use std::path::{Path, PathBuf};

use catalog::{Proposals, schemas, write_repository};
use clap::Parser;

/// A repository (bare, branch `main`) and schemas for those who judge files one by one.
#[derive(Parser)]
struct Args {
    /// How many entities.
    #[arg(long)]
    entities: usize,
    /// Where the repository is to lie; what is there is deleted.
    #[arg(long)]
    out: PathBuf,
    /// How many pull requests are open.
    #[arg(long, default_value_t = 0)]
    open: usize,
    /// How many commits are ready to follow `main`, as `step/00000` and so on.
    #[arg(long, default_value_t = 0)]
    steps: usize,
    /// Cargo says this to every bench.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let args = Args::parse();
    write_repository(args.entities, &args.out, Proposals { open: args.open, steps: args.steps });
    let beside = PathBuf::from(format!("{}.schemas", args.out.display()));
    std::fs::create_dir_all(&beside).unwrap();
    for (name, schema) in schemas() {
        std::fs::write(beside.join(Path::new(&name)), schema).unwrap();
    }
}
