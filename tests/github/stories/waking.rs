//! The two ways in which the controller hears of something: by webhooks alone, and by polling alone.

use std::sync::Arc;
use std::time::Duration;

use portcullis::controller::{Controller, Health, Judge, Metrics, Outward, Parts, Settings, Watched};
use portcullis::facts::Workspace;
use portcullis::forge::Forge;
use portcullis::forge::github::Secret;
use portcullis::forge::github::delivery::{What, Woken};
use portcullis::model::NoExpressions;
use portcullis::server::{Receiver, WEBHOOK_PATH, router, serve};
use portcullis::store::Store;
use tokio::net::TcpListener;

use super::key;
use crate::world::{Daemon, World};

const SECRET: &str = "what deliveries are signed with";
/// Longer than any story.
const NEVER: Duration = Duration::from_secs(30 * 86_400);
/// How often what we post may have us hear of ourselves before it is a loop.
const MOST_ROUNDS: usize = 6;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wakes {
    Webhooks,
    Polling,
}

/// A world, and how its controller hears of what happens there.
pub(super) struct Stage {
    pub(super) world: World,
    hears: Hears,
}

enum Hears {
    /// A sweep each time, and every delivery is lost.
    Sweeps,
    /// A controller that runs by itself and would not look for a month, were it not for the deliveries that reach the route.
    Deliveries { to: String, metrics: Arc<Metrics>, tasks: Vec<tokio::task::JoinHandle<()>>, _copy: tempfile::TempDir },
}

impl Stage {
    pub(super) async fn new(wakes: Wakes, outward: Outward) -> Self {
        Self::known_as(Daemon::App, wakes, outward).await
    }

    pub(super) async fn known_as(daemon: Daemon, wakes: Wakes, outward: Outward) -> Self {
        let world = World::with(daemon, outward, Settings::default()).await;
        let hears = match wakes {
            Wakes::Polling => Hears::Sweeps,
            Wakes::Webhooks => listens(&world).await,
        };
        let stage = Self { world, hears };
        stage.settles().await;
        stage
    }

    /// What has happened since reaches the controller, and it has done all that follows from it.
    pub(super) async fn settles(&self) {
        match &self.hears {
            Hears::Sweeps => {
                self.world.github.drops_deliveries();
                self.world.sweep_after(20).await;
                self.world.github.drops_deliveries();
            }
            Hears::Deliveries { to, metrics, .. } => {
                rests(metrics).await;
                for _ in 0..MOST_ROUNDS {
                    let answers = self.world.github.deliver_all(to, SECRET).await;
                    assert!(answers.iter().all(|status| *status == 202), "{answers:?}");
                    rests(metrics).await;
                    if answers.is_empty() {
                        return;
                    }
                }
                panic!("what we post wakes us without end");
            }
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Hears::Deliveries { tasks, .. } = &self.hears {
            tasks.iter().for_each(tokio::task::JoinHandle::abort);
        }
    }
}

/// Waits until nothing runs. What a delivery woke is in the queue when it is answered, and the loop, on this same thread, starts it when it
/// gets its turn.
async fn rests(metrics: &Metrics) {
    loop {
        for _ in 0..16 {
            tokio::task::yield_now().await;
        }
        let page = metrics.render();
        let running = page.lines().find_map(|line| line.strip_prefix("portcullis_queue_running ")).map(str::to_owned);
        if running.unwrap_or_else(|| panic!("nothing tells what runs:\n{page}")) == "0" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

async fn listens(world: &World) -> Hears {
    let copy = tempfile::tempdir().unwrap();
    git2::Repository::init_bare(copy.path()).unwrap();
    let watched = Watched {
        name: "catalog".into(),
        key: key(),
        branch: "main".into(),
        root: String::new(),
        path: copy.path().to_path_buf(),
        remote: None,
        workspace: Arc::new(Workspace::open(copy.path(), "", Arc::new(NoExpressions)).unwrap()),
        forge: world.forge.clone() as Arc<dyn Forge>,
        outward: world.outward,
        performers: world.performers.clone(),
    };
    let controller = Controller::new(Parts {
        store: world.store.clone() as Arc<dyn Store>,
        repositories: vec![watched],
        clock: world.clock.clone(),
        rng: fastrand::Rng::with_seed(1),
        judge: Judge::of_core(),
        settings: Settings { poll_interval: NEVER, resync_interval: NEVER, ..world.settings.clone() },
    });
    let (waker, metrics) = (controller.waker(), controller.metrics());
    let ourselves = world.person(&world.own_login()).id;
    let wake = Arc::new(move |woken: Woken| match woken.what {
        What::PullRequest(number) => drop(waker.wake_pull_request("catalog", &number.to_string())),
        What::Repository | What::Standing if woken.sender == Some(ourselves) => {}
        What::Repository => drop(waker.wake_repository("catalog")),
        What::Standing | What::Everything => drop(waker.recheck_repository("catalog")),
    });
    let store = world.store.clone() as Arc<dyn Store>;
    let receiver = Receiver::new(vec![Secret::new(SECRET)], store, world.clock.clone(), wake);
    let routes = router(metrics.clone(), Arc::new(Health::default()), Some(receiver), None);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = format!("http://{}{WEBHOOK_PATH}", listener.local_addr().unwrap());
    let tasks = vec![
        tokio::spawn(controller.run(std::future::pending())),
        tokio::spawn(async { serve(listener, routes, std::future::pending()).await.unwrap() }),
    ];
    Hears::Deliveries { to, metrics, tasks, _copy: copy }
}
