//! Secrets that sing wherever they come out: none does, in a life with troubles that is logged in full.

use std::io::Write;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tracing_subscriber::fmt::MakeWriter;

use crate::fake::{GitHub, on};
use crate::world::{CATALOG, Daemon};

use super::life::Life;

/// Everything that was logged.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<u8>>>);

impl Write for Heard {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Heard {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// What must come out nowhere: tokens, how git is shown them, and pieces of the key.
pub(crate) fn canaries(github: &GitHub, more: &[&str]) -> Vec<String> {
    let mut all: Vec<String> = github.tokens();
    let basic: Vec<String> = all.iter().map(|token| STANDARD.encode(format!("x-access-token:{token}"))).collect();
    all.extend(basic);
    all.extend(github.app_key().lines().filter(|line| line.len() > 40).map(str::to_owned));
    all.extend(more.iter().map(|secret| (*secret).to_owned()));
    // What every JWT begins with.
    all.push("eyJ".to_owned());
    all
}

pub(crate) fn sings(what: &str, text: &str, canaries: &[String]) {
    for canary in canaries {
        if let Some(at) = text.find(canary.as_str()) {
            let from = text[..at].rfind('\n').map_or(0, |at| at + 1);
            panic!("{what} tells a secret: {}", text[from..].lines().next().unwrap_or_default());
        }
    }
}

#[tokio::test]
async fn no_secret_is_logged_posted_or_put_into_an_address() {
    for known_as in [Daemon::App, Daemon::Token] {
        let heard = Heard::default();
        let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(heard.clone()).finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        let mut life = Life::begins(known_as).await;
        life.looks = 6;
        let github = life.world.github.clone();
        life.people_act();
        github.fault(on("GET", "/pulls").answers(401).times(2));
        github.fault(on("GET", "/reviews").hangs_up().times(4));
        github.fault(on("POST", "/statuses/").answers(502));
        github.fault(on("POST", "/labels").retry_after(403, 5));
        github.fault(on("GET", "/info/refs").answers(401));
        let mut secrets = canaries(&github, &[]);
        life.daemon_looks().await;
        secrets.extend(canaries(&github, &[]));
        if known_as == Daemon::App {
            github.revokes_installation_tokens();
        }
        life.people_act();
        life.daemon_looks().await;
        secrets.extend(canaries(&github, &[]));
        github.stops();
        life.world.sweep_after(60).await;
        github.starts_again();
        life.goes_on().await;
        secrets.extend(canaries(&github, &[]));
        let log = String::from_utf8(heard.0.lock().unwrap().clone()).unwrap();
        assert!(log.contains("TRACE") && log.contains("judged"), "nothing was logged");
        sings("the log", &log, &secrets);
        sings("GitHub", &github.end_state(CATALOG).to_string(), &secrets);
        let asked: Vec<String> = github
            .calls()
            .iter()
            .chain(&github.git_calls())
            .map(|call| format!("{} {} {:?}", call.path, call.query, call.body))
            .collect();
        sings("an address", &asked.join("\n"), &secrets);
        sings("a count", &life.world.controller.metrics().render(), &secrets);
    }
}
