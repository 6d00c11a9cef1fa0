//! What a GitHub App is asked to be able to do, each with its reason, in the forms in which one is registered.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::defuse::line;

/// What the App is for; the less, the less it may.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AppWishes {
    /// The name; unique on all of GitHub.
    pub name: String,
    /// The organisation that owns it; `None` for the person who registers it.
    pub org: Option<String>,
    /// Where people find that GitHub: `https://github.com`.
    pub git: String,
    /// Where its API is.
    pub api: String,
    /// Where the daemon can be reached by GitHub; `None` where it polls.
    pub url: Option<String>,
    /// Whether it merges.
    pub merge: bool,
    /// Whether it executes runs: audit notes, and entities, are written to the repository.
    pub execute: bool,
    /// Whether it dispatches workflows.
    pub workflows: bool,
    /// Whether teams of the catalog have members that GitHub knows.
    pub teams: bool,
}

/// A permission, or an event, and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AppNeed {
    /// GitHub's name for it.
    pub name: &'static str,
    /// `read` or `write`; for an event, the permission that it hangs on, empty for none.
    pub access: &'static str,
    /// Why.
    pub reason: &'static str,
}

const fn need(name: &'static str, access: &'static str, reason: &'static str) -> AppNeed {
    AppNeed { name, access, reason }
}

/// The permissions that an App needs, the organisation's last.
pub fn app_permissions(wishes: &AppWishes) -> Vec<AppNeed> {
    let mut out = vec![need("metadata", "read", "GitHub demands it: names, rulesets, who may do what in the repository")];
    out.push(match (wishes.merge, wishes.execute) {
        (false, false) => need("contents", "read", "to fetch commits, and to read who pushed what"),
        (true, false) => need("contents", "write", "to fetch commits, to read who pushed what, and to merge (`merge` is on)"),
        (false, true) => {
            need("contents", "write", "to fetch commits, to read who pushed what, and to write down what became of runs (notes, entities)")
        }
        (true, true) => need(
            "contents",
            "write",
            "to fetch commits, to read who pushed what, to merge (`merge` is on), and to write down what became of runs (notes, entities)",
        ),
    });
    if wishes.workflows {
        out.push(need("actions", "write", "to dispatch the workflows that actions name, and to see how they end"));
    }
    out.push(need("pull_requests", "write", "to read pull requests and reviews; to comment, ask for reviews and label"));
    out.push(need("statuses", "write", "to post the three contexts that branch protection requires"));
    out.push(need("checks", "write", "to show findings on the exact lines, and to be asked to run again"));
    if wishes.url.is_some() {
        out.push(need("issues", "read", "so that GitHub tells of comments: those on pull requests are events of issues"));
        out.push(need("merge_queues", "read", "so that GitHub tells when a merge queue wants a group judged"));
    }
    if wishes.teams {
        out.push(need(
            "members",
            "read",
            "to know who is in a team of the organisation that `teams/` binds to one of the catalog",
        ));
    }
    out
}

/// The events that an App subscribes to: none where it polls. Those about installations come unasked.
pub fn app_events(wishes: &AppWishes) -> Vec<AppNeed> {
    if wishes.url.is_none() {
        return Vec::new();
    }
    let mut out = vec![
        need("pull_request", "pull_requests", "a pull request was opened, moved, retargeted, closed"),
        need("pull_request_review", "pull_requests", "somebody approved, or took it back"),
        need("push", "contents", "a branch moved"),
        need("check_run", "checks", "somebody asks to run again"),
        need("check_suite", "checks", "somebody asks to run everything again"),
        need("issue_comment", "issues", "somebody wrote `/portcullis recheck`"),
        need("merge_group", "merge_queues", "a merge queue wants a group judged"),
        need("status", "statuses", "somebody else wrote in our contexts"),
        need("repository", "metadata", "the repository was renamed or moved"),
    ];
    if wishes.teams {
        out.push(need("member", "members", "who may do what in the repository changed"));
        out.push(need("membership", "members", "somebody joined or left a team"));
        out.push(need("team", "members", "a team changed"));
        out.push(need("organization", "members", "somebody left the organisation"));
    }
    out
}

/// Where webhooks arrive, below the daemon's address.
pub const WEBHOOK_PATH: &str = "/webhooks/github";

impl AppWishes {
    /// Where deliveries go.
    pub fn hook_url(&self) -> Option<String> {
        self.url.as_ref().map(|url| format!("{}{WEBHOOK_PATH}", url.trim_end_matches('/')))
    }

    /// The page of GitHub on which an App is registered.
    pub fn page(&self) -> String {
        match &self.org {
            Some(org) => format!("{}/organizations/{org}/settings/apps/new", self.git),
            None => format!("{}/settings/apps/new", self.git),
        }
    }

    fn homepage(&self) -> String {
        match (&self.url, &self.org) {
            (Some(url), _) => url.clone(),
            (None, Some(org)) => format!("{}/{org}", self.git),
            (None, None) => self.git.clone(),
        }
    }

    /// The same page with everything filled in, to be looked over and sent by a person.
    pub fn filled_page(&self) -> String {
        let mut pairs = vec![("name".to_owned(), self.name.clone()), ("url".to_owned(), self.homepage())];
        pairs.push(("public".to_owned(), "false".to_owned()));
        pairs.push(("webhook_active".to_owned(), self.url.is_some().to_string()));
        pairs.extend(self.hook_url().map(|url| ("webhook_url".to_owned(), url)));
        pairs.extend(app_permissions(self).into_iter().map(|p| (p.name.to_owned(), p.access.to_owned())));
        pairs.extend(app_events(self).into_iter().map(|event| ("events[]".to_owned(), event.name.to_owned())));
        let query: Vec<String> = pairs.iter().map(|(key, value)| format!("{key}={}", percent(value))).collect();
        format!("{}?{}", self.page(), query.join("&"))
    }
}

/// The manifest, as GitHub takes it.
pub fn app_manifest(wishes: &AppWishes) -> Value {
    let permissions = app_permissions(wishes).into_iter().map(|p| (p.name.to_owned(), Value::from(p.access)));
    let mut manifest = json!({
        "name": wishes.name,
        "url": wishes.homepage(),
        "description": "Judges every commit to the software catalog.",
        "public": false,
        "default_permissions": permissions.collect::<Map<_, _>>(),
        "default_events": app_events(wishes).iter().map(|event| event.name).collect::<Vec<_>>(),
    });
    if let (Some(url), Some(hook)) = (&wishes.url, wishes.hook_url())
        && let Some(fields) = manifest.as_object_mut()
    {
        fields.insert("hook_attributes".to_owned(), json!({ "url": hook, "active": true }));
        fields.insert("redirect_url".to_owned(), url.clone().into());
    }
    manifest
}

/// The manifest in lines.
pub fn app_manifest_json(wishes: &AppWishes) -> String {
    format!("{:#}\n", app_manifest(wishes))
}

/// What to do, for a person at a terminal.
pub fn app_manifest_text(wishes: &AppWishes) -> String {
    let mut out = String::from("A GitHub App with these permissions, and no others:\n\n");
    let table = |out: &mut String, needs: &[AppNeed], what: fn(&AppNeed) -> String| {
        let width = needs.iter().map(|need| what(need).len()).max().unwrap_or(0);
        for need in needs {
            let _ = writeln!(out, "  {:width$}  {}", what(need), need.reason);
        }
    };
    table(&mut out, &app_permissions(wishes), |need| format!("{}: {}", need.name, need.access));
    if wishes.url.is_some() {
        out += "\nIt is told of these events; those about installations come unasked:\n\n";
        table(&mut out, &app_events(wishes), |need| need.name.to_owned());
    } else {
        out += "\nIt is told of nothing: without --url the daemon polls.\n";
    }
    let _ = write!(out, "\nNothing is registered yet. To register it:\n\n{}", steps(wishes));
    let _ = write!(out, "\nThe same as a manifest, for a program that registers Apps:\n\n{}", app_manifest_json(wishes));
    out
}

fn steps(wishes: &AppWishes) -> String {
    let mut steps =
        vec![format!("Open this page, look it over, and press \"Create GitHub App\":\n     {}", wishes.filled_page())];
    if wishes.url.is_some() {
        steps.push(
            "Before you press it: under \"Webhook\", give a secret that `openssl rand -hex 32` makes, and keep it in a file:\n     githubWebhookSecretFile"
                .to_owned(),
        );
    }
    steps.push("Note the \"App ID\" of the page that follows: githubApp".to_owned());
    steps.push("Under \"Private keys\", generate one; move the file that is downloaded to the daemon's machine, chmod 600:\n     githubPrivateKeyFile".to_owned());
    steps.push("Under \"Install App\", install it on the catalog's repository and no other".to_owned());
    steps.push("Ask `portcullis github doctor` whether everything is right".to_owned());
    steps.iter().enumerate().map(|(index, step)| format!("  {}. {step}\n", index + 1)).collect()
}

/// A page with a button that sends the manifest to GitHub; it does nothing by itself and loads nothing.
pub fn app_manifest_html(wishes: &AppWishes) -> String {
    let mut out = String::from("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n");
    let _ = writeln!(
        out,
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; form-action {}\">",
        escape(&wishes.git)
    );
    out += "<title>Register the GitHub App of Portcullis</title>\n";
    out += "<style>body{font:1rem/1.5 sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}td{padding:0 1rem .3rem 0;vertical-align:top}</style>\n";
    let _ = writeln!(out, "<h1>Register {}</h1>", escape(&wishes.name));
    out += "<p>A GitHub App with these permissions, and no others:</p>\n<table>\n";
    for need in app_permissions(wishes) {
        let _ = writeln!(out, "<tr><td><code>{}: {}</code><td>{}", need.name, need.access, escape(need.reason));
    }
    out += "</table>\n";
    if wishes.url.is_some() {
        out += "<p>It is told of these events:</p>\n<table>\n";
        for need in app_events(wishes) {
            let _ = writeln!(out, "<tr><td><code>{}</code><td>{}", need.name, escape(need.reason));
        }
        out += "</table>\n";
    }
    let _ = writeln!(
        out,
        "<form action=\"{}\" method=\"post\">\n<input type=\"hidden\" name=\"manifest\" value=\"{}\">\n<p><button>Go on to GitHub</button> which asks you once more.</p>\n</form>",
        escape(&wishes.page()),
        escape(&app_manifest(wishes).to_string())
    );
    let _ = writeln!(
        out,
        "<p>GitHub then leads to <code>…?code=CODE</code>. Within an hour, the code can be exchanged once for the App's id, its private key and the webhook's secret:</p>\n<pre>curl -X POST {}/app-manifests/CODE/conversions</pre>\n<p>Or leave it, and generate a private key and set a secret on the App's own page. Then install the App on the catalog's repository, and ask <code>portcullis github doctor</code>.</p>\n</html>",
        escape(&wishes.api)
    );
    out
}

/// For HTML, in text and between quotes.
fn escape(text: &str) -> String {
    let plain = line(text);
    plain.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// For a query: everything but letters, digits and `-._~` by its bytes.
fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => drop(write!(out, "%{byte:02X}")),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wishes() -> AppWishes {
        AppWishes {
            name: "portcullis-acme".to_owned(),
            org: Some("acme".to_owned()),
            git: "https://github.com".to_owned(),
            api: "https://api.github.com".to_owned(),
            url: Some("https://portcullis.acme.dev".to_owned()),
            merge: false,
            execute: false,
            workflows: false,
            teams: true,
        }
    }

    #[test]
    fn an_app_that_polls_asks_for_less_and_one_that_merges_for_more() {
        let polling = AppWishes { url: None, teams: false, org: None, ..wishes() };
        let names = |wishes: &AppWishes| app_permissions(wishes).iter().map(|p| p.name).collect::<Vec<_>>();
        assert_eq!(names(&polling), ["metadata", "contents", "pull_requests", "statuses", "checks"]);
        assert!(app_manifest(&polling).get("hook_attributes").is_none());
        assert_eq!(app_manifest(&wishes())["default_permissions"]["contents"], "read");
        assert_eq!(app_manifest(&AppWishes { merge: true, ..wishes() })["default_permissions"]["contents"], "write");
        let executing = AppWishes { execute: true, workflows: true, ..wishes() };
        assert_eq!(app_manifest(&executing)["default_permissions"]["contents"], "write");
        assert_eq!(app_manifest(&executing)["default_permissions"]["actions"], "write");
        assert!(app_manifest(&wishes())["default_permissions"].get("actions").is_none());
        insta::assert_snapshot!("app_manifest_polling", app_manifest_text(&polling));
    }

    #[test]
    fn every_event_hangs_on_a_permission_that_is_asked_for() {
        for wishes in [wishes(), AppWishes { teams: false, ..wishes() }] {
            let permissions: Vec<&str> = app_permissions(&wishes).iter().map(|p| p.name).collect();
            for event in app_events(&wishes) {
                assert!(permissions.contains(&event.access), "{}: {}", event.name, event.access);
            }
        }
    }

    #[test]
    fn the_words_of_setup() {
        insta::assert_snapshot!("app_manifest_text", app_manifest_text(&wishes()));
        insta::assert_snapshot!("app_manifest_html", app_manifest_html(&wishes()));
    }

    #[test]
    fn nothing_breaks_out_of_the_page() {
        let hostile = AppWishes { name: "\"><script>alert(1)</script>".to_owned(), ..wishes() };
        let page = app_manifest_html(&hostile);
        assert!(!page.contains("<script"), "{page}");
        assert!(hostile.filled_page().contains("name=%22%3E%3Cscript%3E"));
    }
}
