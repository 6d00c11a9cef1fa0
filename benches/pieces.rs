//! Measures the pieces of a judgement, each by itself: `cargo bench --bench pieces`; with `-- --test` behind it each runs once, on small catalogs.
//!
//! What must not depend on how large the catalog is, is measured in one of a thousand entities and in one of a hundred thousand.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod asking;
mod catalog;

use std::hint::black_box;

use asking::{judged, open, proposed, refs};
use catalog::{Generated, Proposals, write_repository};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput};
use portcullis::catalog::{Catalog, ChangeSet, FileDelta, Packing, ParsedFile, diff, parse_file, parse_value};
use portcullis::check::permissions::decide;
use portcullis::check::{Base, Conclusion, judge, validate, validate_changed};
use portcullis::model::{Actor, EntityKey, FilePath, Identifier, Limits};

/// An entity as nearly all are written.
const PLAIN: &str = "\
identifier: service-oxbow-0000123
title: Oxbow Heron 123
blueprint: Service
team: team-23
properties:
  language: rust
  lifecycle: production
  tier: 2
  repository: https://repository.example.com/heron/service-oxbow-0000123
  slo: 99.5
  onCall: true
relations:
  system: system-reef-0000017
  dependsOn:
    - service-elm-0000002
    - service-karst-0000421
";

/// The same entity in more of YAML: comments, quotes, an escape, flow style, a block of text.
const ORNATE: &str = r#"
# Kept by the people of reef.
identifier: "service-oxbow-0000123"
title: "Oxbow \u0048eron 123" # called so since last year
blueprint: 'Service'
team: 'team-23'
properties: { language: "rust", lifecycle: 'production', tier: 2, slo: 99.5, onCall: true,
  repository: >-
    https://repository.example.com/heron/service-oxbow-0000123
  }
relations:
  system: "system-reef-0000017" # moved
  dependsOn: [service-elm-0000002, "service-karst-0000421"]
"#;

/// And in JSON.
const JSON: &str = r#"{
  "identifier": "service-oxbow-0000123",
  "title": "Oxbow Heron 123",
  "blueprint": "Service",
  "team": "team-23",
  "properties": {
    "language": "rust",
    "lifecycle": "production",
    "tier": 2,
    "repository": "https://repository.example.com/heron/service-oxbow-0000123",
    "slo": 99.5,
    "onCall": true
  },
  "relations": { "system": "system-reef-0000017", "dependsOn": ["service-elm-0000002", "service-karst-0000421"] }
}
"#;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    reading(&mut criterion);
    packing(&mut criterion);
    in_memory(&mut criterion);
    in_git(&mut criterion);
    criterion.final_summary();
}

/// As criterion itself decides whether it measures.
fn measures() -> bool {
    let said = |word: &str| std::env::args().any(|argument| argument == word);
    said("--bench") && !said("--test")
}

fn sizes() -> [usize; 2] {
    if measures() { [1_000, 100_000] } else { [100, 1_000] }
}

/// One file: its text alone, and its text made into an entity.
fn reading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("read one entity file");
    let limits = Limits::default();
    for (style, extension, text) in [("plain YAML", "yaml", PLAIN), ("ornate YAML", "yaml", ORNATE), ("JSON", "json", JSON)] {
        let path = FilePath::new(&format!("entities/Service/7b/service-oxbow-0000123.{extension}"));
        let parsed = parse_file(&path, text.as_bytes(), &limits);
        assert_eq!((parsed.documents.len(), parsed.findings.as_slice()), (1, [].as_slice()), "{style}");
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(BenchmarkId::new("text to values", style), |bench| {
            bench.iter(|| parse_value(&path, black_box(text.as_bytes()), &limits).unwrap());
        });
        group.bench_function(BenchmarkId::new("text to entity", style), |bench| {
            bench.iter(|| parse_file(&path, black_box(text.as_bytes()), &limits));
        });
    }
    group.finish();
}

/// An entity made into what is held, and back.
fn packing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("hold one entity");
    let file = ("entities/Service/7b/service-oxbow-0000123.yaml".to_owned(), PLAIN.to_owned());
    let parsed = read(&file);
    let mut packing = Packing::default();
    group.bench_function("pack", |bench| {
        bench.iter_batched(|| parsed.clone(), |parsed| packing.pack(parsed), BatchSize::SmallInput);
    });
    let catalog = Catalog::default().apply([FileDelta::put(parsed)]);
    let key = key("Service", "service-oxbow-0000123");
    group.bench_function("unfold", |bench| bench.iter(|| catalog.entities().get(black_box(&key)).unwrap()));
    group.finish();
}

/// Two catalogs that differ by one entity.
struct Pair {
    before: Catalog,
    after: Catalog,
    edited: ParsedFile,
    changes: ChangeSet,
    who: Actor,
}

impl Pair {
    fn of(size: usize) -> Self {
        let mut made = Generated::new(size);
        let mut packing = Packing::default();
        let mut deltas: Vec<FileDelta> = made.frame().iter().map(|file| packing.pack(read(file))).collect();
        deltas.extend(made.entities().map(|file| packing.pack(read(&file))));
        let before = Catalog::default().apply(deltas);
        assert_eq!(before.entities().len(), made.len());
        assert!(validate(&before).is_empty());
        let (who, file) = made.edit();
        let edited = read(&file);
        let after = before.apply([FileDelta::put(edited.clone())]);
        let changes = diff(&before, &after);
        assert!(!changes.0.is_empty() && validate_changed(&before, &after, &changes).is_empty());
        Self { before, after, edited, changes, who: Actor::User(Identifier::new(&who).unwrap()) }
    }
}

/// What follows from one changed entity, without git.
fn in_memory(criterion: &mut Criterion) {
    for size in sizes() {
        let Pair { before, after, edited, changes, who } = Pair::of(size);
        let mut group = criterion.benchmark_group(format!("one change among {size}"));
        group.bench_function("apply", |bench| {
            bench.iter_batched(|| edited.clone(), |edited| before.apply([FileDelta::put(edited)]), BatchSize::SmallInput);
        });
        group.bench_function("diff", |bench| bench.iter(|| diff(black_box(&before), black_box(&after))));
        group.bench_function("validate", |bench| {
            bench.iter(|| validate_changed(black_box(&before), black_box(&after), &changes));
        });
        let (base, change) = (Base(before), &changes.0[0]);
        assert!(decide(&base, &after, &who, change).allowed);
        group.bench_function("rights", |bench| bench.iter(|| decide(&base, &after, black_box(&who), black_box(change))));
        // The first deployment: its service, and the system of that.
        let deployment = base.0.entities().keys_of(&Identifier::new("Deployment").unwrap()).next().unwrap();
        assert_eq!(base.0.owner_of(&deployment).len(), 1);
        group.bench_function("owner over two hops", |bench| bench.iter(|| base.0.owner_of(black_box(&deployment))));
        group.finish();
    }
}

/// What is asked of git, and the whole that is made of all pieces.
fn in_git(criterion: &mut Criterion) {
    // More than a workspace holds, so that none of them is judged from memory when its turn comes again.
    let open_ones = if measures() { 600 } else { 3 };
    for size in sizes() {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        write_repository(size, dir.path(), Proposals { open: open_ones, steps: 1 });
        let workspace = open(dir.path());
        let repository = workspace.repository().unwrap();
        let (main, moved) = (refs(dir.path(), "refs/heads/main")[0], refs(dir.path(), "refs/heads/step/")[0]);
        let proposals = refs(dir.path(), "refs/heads/pr/");
        let mut group = criterion.benchmark_group(format!("one commit among {size}"));

        let trees = [main, proposals[0]].map(|commit| Some(repository.tree_of(commit).unwrap()));
        assert_eq!(repository.changes(trees[0], trees[1], "").unwrap().files.len(), 1);
        group.bench_function("compare trees", |bench| bench.iter(|| repository.changes(trees[0], trees[1], "").unwrap()));

        // Of a base that has moved on.
        assert!(repository.merge(moved, proposals[0]).unwrap().conflicts.is_empty());
        group.bench_function("range and merge", |bench| {
            bench.iter(|| {
                let range = repository.range(moved, black_box(proposals[0]), 100).unwrap();
                (range, repository.merge(moved, black_box(proposals[0])).unwrap())
            });
        });

        workspace.snapshot(main).unwrap();
        let facts = proposed(&workspace, main, proposals[0]).proposal;
        assert_eq!(judge(&facts).conclusion, Conclusion::Success);
        group.bench_function("judge", |bench| bench.iter(|| judge(black_box(&facts))));

        let mut turn = proposals.iter().cycle();
        group.bench_function("facts and judgement", |bench| {
            bench.iter_batched(|| turn.next().unwrap(), |head| judged(&workspace, main, *head), BatchSize::PerIteration);
        });
        group.finish();
    }
}

fn read((path, text): &(String, String)) -> ParsedFile {
    parse_file(&FilePath::new(path), text.as_bytes(), &Limits::default())
}

fn key(blueprint: &str, identifier: &str) -> EntityKey {
    EntityKey { blueprint: Identifier::new(blueprint).unwrap(), identifier: Identifier::new(identifier).unwrap() }
}
