//! The daemon's ear on the stage: the real receiver of webhooks, which wakes the stage's controller.

use std::sync::{Arc, Mutex};

use portcullis::controller::{Health, Metrics};
use portcullis::forge::github::Secret;
use portcullis::forge::github::delivery::{What, Woken};
use portcullis::server::{Receiver, WEBHOOK_PATH, router, serve};
use tokio::net::TcpListener;

use crate::world::World;

/// What deliveries are signed with.
pub const SECRET: &str = "the secret of the stage";

/// Listens until it is dropped.
pub struct Ear {
    /// Where deliveries are sent.
    pub url: String,
    heard: Arc<Mutex<Vec<Woken>>>,
    server: tokio::task::JoinHandle<()>,
}

impl Ear {
    /// What woke since it was last asked.
    pub fn heard(&self) -> Vec<Woken> {
        std::mem::take(&mut *self.heard.lock().unwrap())
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl World {
    /// Begins to listen for webhooks; each wakes what it is about.
    pub async fn listens(&self) -> Ear {
        let (waker, heard) = (self.waker(), Arc::new(Mutex::new(Vec::new())));
        let note = heard.clone();
        let wake = move |woken: Woken| {
            match (&woken.repository, &woken.what) {
                (Some(_), What::PullRequest(number)) => drop(waker.wake_pull_request("catalog", &number.to_string())),
                (Some(_), What::Repository) => drop(waker.wake_repository("catalog")),
                (Some(_), What::Standing) => drop(waker.recheck_repository("catalog")),
                _ => waker.wake_everything(),
            }
            note.lock().unwrap().push(woken);
        };
        let receiver = Receiver::new(vec![Secret::new(SECRET)], self.store.clone(), self.clock.clone(), Arc::new(wake));
        let router = router(Arc::new(Metrics::default()), Arc::new(Health::default()), Some(receiver), None);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}{WEBHOOK_PATH}", listener.local_addr().unwrap());
        let server = tokio::spawn(async { serve(listener, router, std::future::pending()).await.unwrap() });
        Ear { url, heard, server }
    }

    /// Everything that GitHub has to tell reaches the daemon, and it does what is due.
    pub async fn hears(&self, ear: &Ear) {
        let answers = self.github.deliver_all(&ear.url, SECRET).await;
        assert!(answers.iter().all(|status| (200..300).contains(status)), "{answers:?}");
        self.sweep().await;
    }
}
