//! Pushes all the time: everything is judged rightly in the end, and the daemon is as large as before.

use std::time::{Duration, Instant};

use crate::daemon::{Daemon, Metrics};
use crate::load::{Waiting, rest};
use crate::repository::{Kind, Repository};

/// Between two pushes.
const BETWEEN: Duration = Duration::from_millis(100);
/// Files of the largest push.
const FILES: usize = 2_000;
/// Pushes to one pull request of which the daemon hears only afterwards, all at once.
const BURST: usize = 40;
/// Descriptors that may be open in the end and were not in the beginning: connections to the store, three files each, are opened as they
/// are first needed, and one or two repositories may be open at the moment of counting.
const MORE_DESCRIPTORS: usize = 24;

/// How much is pushed to, and for how long.
struct Size {
    entities: usize,
    open: usize,
    duration: Duration,
    /// Between two moves of the watched branch, after each of which everything is judged anew.
    moves: Duration,
    /// How much more memory in the end than after the first of each kind of push, in KiB; only where it is too short for thirds.
    growth: Option<u64>,
}

impl Size {
    fn wanted() -> Self {
        let long = |entities, open, seconds: u64| Self {
            entities,
            open,
            duration: Duration::from_secs(seconds),
            moves: Duration::from_secs(30),
            growth: None,
        };
        match std::env::var("PORTCULLIS_SOAK").as_deref() {
            Err(_) => Self {
                duration: Duration::from_secs(5),
                moves: Duration::from_secs(2),
                growth: Some(96 << 10),
                ..long(300, 10, 0)
            },
            Ok("full") => long(100_000, 200, 600),
            Ok(other) => {
                let numbers: Vec<u64> = other.split('/').filter_map(|number| number.parse().ok()).collect();
                let [entities, open, seconds] = numbers[..] else {
                    panic!("PORTCULLIS_SOAK is {other:?}; it may be \"full\", or ENTITIES/OPEN/SECONDS");
                };
                long(entities as usize, (open as usize).max(2), seconds)
            }
        }
    }
}

/// What was seen of the daemon at one moment.
struct Sample {
    memory: u64,
    descriptors: usize,
    waiting: u64,
}

#[test]
fn under_pushes_all_the_time_it_says_what_is_right_and_stays_as_it_is() {
    let size = Size::wanted();
    let dir = tempfile::tempdir().unwrap();
    let mut busy = Repository::new(dir.path(), "busy", size.entities, size.open);
    let mut quiet = Repository::new(dir.path(), "quiet", 100, 1);
    let begun = Instant::now();
    let mut daemon = Daemon::start(dir.path(), &[&busy, &quiet], 2);
    rest(&[&busy, &quiet], &mut daemon);
    let ready = begun.elapsed();

    // One of each before anything is measured: what is held once is held from now on.
    let (mut of_busy, mut of_quiet) = (Waiting::default(), Waiting::default());
    of_busy.pushed(0, busy.push_files(0, FILES));
    of_busy.settle(&busy, &mut daemon);
    let large = of_busy.took[0];
    busy.move_main();
    for number in 0..size.open {
        busy.push(number, Kind::ALL[number % 3]);
    }
    rest(&[&busy, &quiet], &mut daemon);
    (of_busy.took, of_quiet.took) = (Vec::new(), Vec::new());
    let (first, before) = (sample(&daemon), daemon.metrics());

    let begun = Instant::now();
    let (mut samples, mut pushes, mut moves, mut sampled) = (Vec::new(), 0, 1, Duration::ZERO);
    while begun.elapsed() < size.duration {
        if begun.elapsed() >= BETWEEN * pushes {
            pushes += 1;
            let number = pushes as usize * 7 % size.open;
            let kind = Kind::ALL[pushes as usize / 7 % 3];
            match pushes % 600 {
                25 => of_busy.pushed(number, busy.push_files(number, FILES)),
                n if n % 20 == 0 => of_quiet.pushed(0, quiet.push(0, kind)),
                _ => of_busy.pushed(number, busy.push(number, kind)),
            }
        }
        if begun.elapsed() >= size.moves * moves {
            moves += 1;
            busy.move_main();
        }
        if begun.elapsed() >= sampled {
            sampled += Duration::from_secs(1);
            samples.push(sample(&daemon));
        }
        of_busy.look(&busy);
        of_quiet.look(&quiet);
        daemon.hear(Duration::from_millis(2));
    }
    of_busy.settle(&busy, &mut daemon);
    of_quiet.settle(&quiet, &mut daemon);
    rest(&[&busy, &quiet], &mut daemon);
    let counted = daemon.metrics();
    let judged = judgements(&counted) - judgements(&before);

    let heads = burst(&mut busy, &mut of_busy, &mut daemon);
    rest(&[&busy, &quiet], &mut daemon);
    let at_once = daemon.judged().iter().filter(|(_, head)| heads.contains(head)).count();
    let last = sample(&daemon);
    let third = |n: usize| {
        let of = &samples[samples.len() * n / 3..samples.len() * (n + 1) / 3];
        of.iter().map(|sample| sample.memory).sum::<u64>() / of.len().max(1) as u64
    };
    let deepest = samples.iter().map(|sample| sample.waiting).max().unwrap();

    println!("soak: {} entities, {} open pull requests, {} s", size.entities, size.open, size.duration.as_secs());
    println!(
        "soak: at rest after the start      {:>8.1} s; a push of {FILES} files {:.2} s",
        ready.as_secs_f64(),
        large.as_secs_f64()
    );
    println!("soak: pushes, moves, judgements    {pushes:>8} {moves:>8} {judged:>8}; keys that waited at most {deepest}");
    let mib = |kib: u64| kib as f64 / 1024.0;
    let thirds = [0, 1, 2].map(|n| mib(third(n)));
    println!("soak: memory before, by thirds, after, MiB  {:>8.1}   {thirds:.1?}   {:.1}", mib(first.memory), mib(last.memory));
    println!("soak: descriptors before, most, after  {:>4} {:>4} {:>4}", first.descriptors, most(&samples), last.descriptors);
    for (repository, waiting) in [(&busy, &of_busy), (&quiet, &of_quiet)] {
        let seen = [50, 99, 100].map(|percent| waiting.quantile(percent).as_secs_f64() * 1e3);
        println!("soak: {:>6}: from push to status, seen from outside: p50, p99, longest, ms  {seen:.1?}", repository.name);
        for name in ["push_to_verdict", "verdict_to_status", "push_to_status"] {
            let of = |percent| counted.quantile(&before, &format!("portcullis_{name}_seconds"), &repository.name, percent);
            let ((half, count), (nearly, _)) = (of(50), of(99));
            println!(
                "soak: {:>6}: {name}, by its own count of {count}: p50 and p99 below, ms  {:.1} {:.1}",
                repository.name,
                half * 1e3,
                nearly * 1e3
            );
        }
    }

    assert_eq!([busy.wrong(), quiet.wrong()].concat(), Vec::<String>::new());
    // One place for each pull request, and a few for each repository, however many pushes there are.
    assert!(deepest <= size.open as u64 + 10, "{deepest} keys waited");
    assert!((1..=2).contains(&at_once), "{at_once} judgements of {BURST} pushes that were there at once");
    let most_judged = u64::from(pushes) + u64::from(moves) * (size.open as u64 + 1);
    assert!(judged <= 2 * most_judged, "{judged} judgements, where {most_judged} are enough");
    for name in ["push_to_verdict", "verdict_to_status", "push_to_status"] {
        let (_, count) = counted.quantile(&before, &format!("portcullis_{name}_seconds"), "quiet", 50);
        assert!(count >= 1, "{name}: the pushes to the quiet repository are counted, and not {count}");
    }
    assert!(last.descriptors <= first.descriptors + MORE_DESCRIPTORS, "{} and then {}", first.descriptors, last.descriptors);
    match size.growth {
        Some(growth) => assert!(last.memory <= first.memory + growth, "{} KiB and then {}", first.memory, last.memory),
        None => assert!(third(2) * 10 <= third(1) * 11, "{} KiB and then {}", third(1), third(2)),
    }
}

/// Many pushes to one pull request that are all there when the daemon looks; their heads.
fn burst(busy: &mut Repository, waiting: &mut Waiting, daemon: &mut Daemon) -> Vec<String> {
    daemon.stop();
    let mut heads = Vec::new();
    for n in 0..BURST {
        let head = busy.push(1, Kind::ALL[n % 3]);
        waiting.pushed(1, head);
        heads.push(head.to_string());
    }
    daemon.go_on();
    waiting.settle(busy, daemon);
    heads
}

fn sample(daemon: &Daemon) -> Sample {
    let waiting = daemon.metrics().sum("portcullis_queue_depth", &[]);
    Sample { memory: daemon.memory(), descriptors: daemon.descriptors(), waiting }
}

fn judgements(counted: &Metrics) -> u64 {
    counted.sum("portcullis_judge_duration_seconds_count", &[])
}

fn most(samples: &[Sample]) -> usize {
    samples.iter().map(|sample| sample.descriptors).max().unwrap_or_default()
}
