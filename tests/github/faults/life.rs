//! The life of a pull request, told in chapters an hour apart, so that commits come out the same whatever went wrong on the way.

use std::collections::BTreeMap;

use portcullis::controller::{Outward, Settings};
use portcullis::forge::MergeMethod;
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::fake::{Called, GitHub};
use crate::world::{CATALOG, Daemon, RUN, World};

/// A run that lacks its input.
const BAD_RUN: &str = "action: extend\nentity: prod\ninputs: {}\n";

/// What a life came to.
#[derive(Clone)]
pub struct Ended {
    pub state: Value,
    pub written: Vec<String>,
    pub calls: Vec<Called>,
    pub cost: u64,
}

impl Ended {
    /// How often each kind of request was made.
    pub fn kinds(&self) -> BTreeMap<String, usize> {
        let mut kinds = BTreeMap::new();
        for call in &self.calls {
            let path: Vec<String> = call
                .path
                .split('/')
                .map(|part| if part.bytes().any(|byte| byte.is_ascii_digit()) { "N".to_owned() } else { part.to_owned() })
                .collect();
            *kinds.entry(format!("{} {}", call.method, path.join("/"))).or_default() += 1;
        }
        kinds
    }
}

/// A life that is being lived.
pub struct Life {
    pub world: World,
    chapter: i64,
    /// How often the daemon looks in a chapter, and how many seconds pass before each look.
    pub looks: usize,
    pub pause: u64,
    comment: u64,
}

pub const CHAPTERS: usize = 5;

impl Life {
    pub async fn begins(known_as: Daemon) -> Self {
        let outward = Outward { labels: true, merge: Some(MergeMethod::Squash), ..Outward::default() };
        let world = World::with(known_as, outward, Settings::default()).await;
        world.sweep().await;
        assert_eq!(world.accepted().await, Some(world.main()));
        Self { world, chapter: 0, looks: 4, pause: 60, comment: 0 }
    }

    /// What people do in the next chapter; the daemon has not looked yet.
    pub fn people_act(&mut self) {
        self.chapter += 1;
        let World { clock, github, .. } = &self.world;
        let begins = portcullis::model::Timestamp::from_second(1_772_442_000 + 3600 * self.chapter).unwrap();
        let ahead = begins.duration_since(clock.time());
        assert!(!ahead.is_negative(), "a chapter took longer than an hour");
        clock.advance(ahead.try_into().unwrap());
        match self.chapter {
            1 => drop(self.world.proposes("bob", "longer", "runs/longer.yaml", BAD_RUN)),
            2 => {
                let mut bob = self.world.clone_of("bob");
                bob.pulls("longer").writes("runs/longer.yaml", RUN).commits("Say how long");
                bob.pushes("longer");
            }
            3 => self.comment = self.world.person("bob").comments(CATALOG, 1, "/portcullis why"),
            4 => drop(self.world.person("carol").reviews(CATALOG, 1, "APPROVED")),
            5 => drop(self.world.proposes("alice", "dev", "entities/Env/dev.yaml", "identifier: dev\nproperties: {size: 2}\n")),
            other => panic!("there is no chapter {other}"),
        }
        github.drops_deliveries();
    }

    /// The daemon looks as often as it does in a chapter.
    pub async fn daemon_looks(&self) {
        for _ in 0..self.looks {
            self.world.sweep_after(self.pause).await;
        }
    }

    pub async fn goes_on(&mut self) {
        for _ in usize::try_from(self.chapter).unwrap()..CHAPTERS {
            self.people_act();
            self.daemon_looks().await;
        }
    }

    pub fn ended(&self) -> Ended {
        let github = &self.world.github;
        let twice = github.posted_twice(CATALOG);
        assert!(twice.is_empty(), "posted twice: {twice:#?}");
        Ended { state: github.end_state(CATALOG), written: github.written(CATALOG), calls: github.calls(), cost: github.cost() }
    }
}

/// A life in which nothing goes wrong.
pub async fn untroubled() -> &'static Ended {
    static ENDED: OnceCell<Ended> = OnceCell::const_new();
    ENDED
        .get_or_init(|| async {
            let mut life = Life::begins(Daemon::App).await;
            life.world.github.forgets_calls();
            life.goes_on().await;
            life.ended()
        })
        .await
}

/// A life into which this is planted after its beginning.
pub async fn troubled(looks: usize, pause: u64, plant: impl FnOnce(&GitHub)) -> Ended {
    let mut life = Life::begins(Daemon::App).await;
    (life.looks, life.pause) = (looks, pause);
    life.world.github.forgets_calls();
    plant(&life.world.github);
    life.goes_on().await;
    let faults = life.world.github.faults_left();
    assert!(faults.is_empty(), "these did not go wrong: {faults:?}");
    life.ended()
}

/// Ends as the untroubled life does, with the same written, each once.
pub async fn ends_well(what: &str, ended: &Ended) {
    let good = untroubled().await;
    assert_same(what, &ended.state, &good.state);
    let missing: Vec<&String> = good.written.iter().filter(|line| !ended.written.contains(line)).collect();
    let strange: Vec<&String> = ended.written.iter().filter(|line| !good.written.contains(line)).collect();
    assert!(missing.is_empty() && strange.is_empty(), "{what}: not written: {missing:#?}\nwritten instead: {strange:#?}");
    assert_eq!(ended.written, good.written, "{what}: written more than once");
}

/// No more requests than the untroubled life and so many, but for those that find that nothing has changed, which cost nothing.
pub async fn wastes_no_more_than(what: &str, ended: &Ended, more: usize) {
    let good = untroubled().await;
    let (had, has) = (good.kinds(), ended.kinds());
    let grown: Vec<String> = has
        .iter()
        .filter_map(|(kind, count)| {
            let before = had.get(kind).copied().unwrap_or(0);
            (*count > before).then(|| format!("{kind}: {count} instead of {before}"))
        })
        .collect();
    let costly = |ended: &Ended| ended.calls.iter().filter(|call| call.status != 304).count();
    let extra = costly(ended).saturating_sub(costly(good));
    assert!(extra <= more, "{what}: {extra} requests more than without trouble:\n{}", grown.join("\n"));
}

pub fn assert_same(what: &str, one: &Value, other: &Value) {
    if one == other {
        return;
    }
    let lines = |value: &Value| serde_json::to_string_pretty(value).unwrap().lines().map(str::to_owned).collect::<Vec<_>>();
    let (one, other) = (lines(one), lines(other));
    let at = one.iter().zip(&other).take_while(|(one, other)| one == other).count();
    let around = |lines: &[String]| lines.iter().skip(at.saturating_sub(8)).take(24).cloned().collect::<Vec<_>>().join("\n");
    panic!("{what}: it ends otherwise.\nHere:\n{}\nThere:\n{}", around(&one), around(&other));
}
