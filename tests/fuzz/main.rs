//! Hostile input, made by mutation: no panic, no hang, bounded memory. One target for each kind of thing that strangers write.
//!
//! A normal test run does a fixed number of rounds from a fixed seed. `scripts/test --long` sets `PORTCULLIS_FUZZ_SECONDS`, and then each
//! target runs so long from a seed of its own, which it prints; `PORTCULLIS_FUZZ_SEED` repeats it. What fails is saved below
//! `target/fuzz/` and belongs into `tests/fuzz/corpus/<target>/` once it is mended.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used, clippy::string_slice)] // a test that cannot go on says so

mod armour;
mod commits;
mod documents;
mod engine;
mod jq;
mod mutate;
mod notes;
mod planted;
mod templates;

use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

#[test]
fn documents() {
    engine::fuzz(documents::Documents::new, 5_000);
}

#[test]
fn commits() {
    engine::fuzz(|| commits::Commits, 12_000);
}

#[test]
fn signatures() {
    engine::fuzz(commits::Signatures::new, 1_500);
}

#[test]
fn templates() {
    engine::fuzz(templates::Templates::new, 1_200);
}

#[test]
fn notes() {
    engine::fuzz(notes::Notes::new, 600);
}

#[test]
fn jq_within_its_limits() {
    engine::fuzz(jq::Expression::new, 600);
}

/// What is planted is found: a panic, a hang and a waste of memory, each in a process of its own, as it ends that.
#[test]
fn what_is_planted_is_found() {
    for (fault, told) in [("panic", "panicked"), ("hang", "did not end within"), ("memory", "bytes of memory")] {
        let run = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "planted", "--nocapture"])
            .env("PORTCULLIS_FUZZ_PLANTED", fault)
            .env_remove("PORTCULLIS_FUZZ_SECONDS")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&run.stderr);
        assert!(run.status.code() == Some(101) && said.contains(told), "{fault}: {:?}\n{said}", run.status);
    }
    std::fs::remove_dir_all(engine::saved("planted")).unwrap();
}

#[test]
#[ignore = "fails on purpose; `what_is_planted_is_found` runs it"]
fn planted() {
    engine::fuzz(planted::Planted::new, 20_000);
}
